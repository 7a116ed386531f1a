"""A server of one's own: a child process on a free port that ends with whoever started it."""

import json
import os
import subprocess
import sys
import tempfile
import time
import weakref
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Self, TypedDict, Unpack

from fogbank.connection import DEFAULT_REGION, Connection

STOP_SECONDS = 10.0
_POLL_SECONDS = 0.01
_MAIN = Path(__file__).with_name("__main__.py")


class StartError(Exception):
    """The server did not start; the message holds the end of its log."""


class Options(TypedDict, total=False):
    """What `fogbank serve` takes (its `--help` explains it), `-` written as `_`."""

    host: str | list[str]
    tls: bool
    tls_certificate: str | Path
    tls_key: str | Path
    hostname: str
    served_hostnames: list[str]
    allowed_hosts: list[str]
    cors_origins: list[str]
    default_account: str
    iam: str
    signatures: str
    limits: str
    latency: str
    validation: str
    s3_namespace: str
    sqs_endpoint_strategy: str
    services: list[str]
    eager: bool
    hooks: list[str | Path]
    log_level: str
    log_format: str
    debug: bool
    strict_answers: bool
    seed: int
    journal_rows: int
    journal_bytes: int


class Server(Connection):
    """A server process of one's own.

    It runs from here to `stop()` or the end of the `with` block, and no longer than this process,
    however that ends. Without `data` its state goes with it; with a folder, the state is durable
    and a later server finds it there. Only what is given here counts: variables such as SERVICES or
    DEBUG, which the server otherwise reads for LocalStack's sake, are the user's own program's in a
    test.
    """

    def __init__(
        self,
        port: int = 0,
        data: str | Path | None = None,
        *,
        region: str = DEFAULT_REGION,
        start_timeout: float = 60.0,
        **options: Unpack[Options],
    ) -> None:
        self._log: IO[bytes] = tempfile.TemporaryFile(prefix="fogbank-log-")  # noqa: SIM115
        with tempfile.TemporaryDirectory(prefix="fogbank-start-") as folder:
            port_file = Path(folder, "port.json")
            chosen = {"host": "127.0.0.1", "region": region, **options}
            if data is not None:
                chosen["data"] = data
            fixed = {"port": port, "port_file": port_file, "parent_pid": os.getpid()}
            self._process = subprocess.Popen(
                [
                    sys.executable,
                    "-P",
                    str(_MAIN),
                    "serve",
                    *arguments({**chosen, **fixed}),
                ],
                stdin=subprocess.DEVNULL,
                stdout=self._log,
                stderr=subprocess.STDOUT,
                env={**os.environ, "FOGBANK_COMPATIBILITY": "off"},
                start_new_session=True,  # Ctrl-C is for the user's program, which then stops us
            )
            self._finalizer = weakref.finalize(self, _stop, self._process, self._log, os.getpid())
            address = self._wait(port_file, start_timeout)
        super().__init__(_endpoint_url(chosen, address["port"]), region=region)

    def _wait(self, port_file: Path, timeout_seconds: float) -> dict[str, Any]:
        """The port file's content once the server has written it."""
        deadline = time.monotonic() + timeout_seconds
        while time.monotonic() < deadline:
            address = _read(port_file)
            if address is not None:
                return address
            try:
                status = self._process.wait(_POLL_SECONDS)
            except subprocess.TimeoutExpired:
                continue
            log = self.log
            self.stop()
            raise StartError(f"the server ended with status {status}:\n{_tail(log)}")
        log = self.log
        self.stop()
        raise StartError(f"the server was not ready after {timeout_seconds} s:\n{_tail(log)}")

    @property
    def pid(self) -> int:
        """The server's process."""
        return self._process.pid

    @property
    def running(self) -> bool:
        """Whether the process lives."""
        return self._process.poll() is None

    @property
    def log(self) -> str:
        """What it has written to its log so far."""
        if self._log.closed:
            return ""
        size = os.fstat(self._log.fileno()).st_size
        return os.pread(self._log.fileno(), size, 0).decode(errors="replace")

    def stop(self) -> None:
        """End the process, in order if it can; a second time does nothing."""
        self._finalizer()

    def kill(self) -> None:
        """End the process at once, as a crash would (SIGKILL)."""
        self._process.kill()
        self._process.wait()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()


def arguments(options: Mapping[str, Any]) -> list[str]:
    """Options as the words of `fogbank serve`."""
    words: list[str] = []
    for name, value in options.items():
        flag = name.replace("_", "-")
        if value is None:
            continue
        if isinstance(value, bool):
            words.append(f"--{flag}" if value else f"--no-{flag}")
        elif isinstance(value, list | tuple):
            words.append(f"--{flag}={','.join(map(str, value))}")
        else:
            words.append(f"--{flag}={value}")
    return words


def _endpoint_url(options: Mapping[str, Any], port: int) -> str:
    hosts = options["host"]
    host = hosts if isinstance(hosts, str) else hosts[0]
    host = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(host, f"[{host}]" if ":" in host else host)
    return f"{'https' if options.get('tls') else 'http'}://{host}:{port}"


def _read(port_file: Path) -> dict[str, Any] | None:
    try:
        content: dict[str, Any] = json.loads(port_file.read_text())
    except (FileNotFoundError, ValueError):  # not there yet, or half there
        return None
    return content


def _tail(log: str) -> str:
    return "\n".join(log.rstrip().splitlines()[-40:]) or "(its log is empty)"


def _stop(process: "subprocess.Popen[bytes]", log: IO[bytes], owner: int) -> None:
    if os.getpid() != owner:  # a fork of the process that started it
        return
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
    log.close()
