"""Servers that are started for a measurement, watched while it runs, and stopped after it."""

import os
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from types import TracebackType
from typing import Self

from benchmarks.load import Address

ROOT = Path(__file__).parent.parent
START_SECONDS = 60.0
STOP_SECONDS = 10.0
QUIET_SECONDS = 0.3
"""How long what was answered may still cause work: the journal writes every quarter of a second."""

FOGBANK = ("-m", "fogbank", "serve", "--host", "127.0.0.1", "--port", "{port}")
BARE_BY_DEFAULT = (
    "-m",
    "uvicorn",
    "benchmarks.bare:app",
    "--host",
    "127.0.0.1",
    "--port",
    "{port}",
)
"""uvicorn as it comes, with the application of `bare.py`: it logs a line for each request."""
BARE = (
    *BARE_BY_DEFAULT,
    *("--http", "httptools", "--ws", "none", "--lifespan", "off", "--log-level", "warning"),
    *("--no-access-log", "--no-proxy-headers", "--no-server-header"),
)
"""The same as fogbank runs it: what it does not need is switched off."""


class Server:
    """One server process on a free port; `words` are what follows the interpreter's name."""

    def __init__(self, words: tuple[str, ...]) -> None:
        self.address: Address = ("127.0.0.1", _free_port())
        self.endpoint_url = f"http://127.0.0.1:{self.address[1]}"
        self._words = [word.format(port=self.address[1]) for word in words]
        self._log = tempfile.TemporaryFile()  # noqa: SIM115
        self._process: subprocess.Popen[bytes] | None = None

    def start(self, probe: bytes) -> float:
        """Start it; answers the seconds from there till it has answered the probe."""
        started = time.perf_counter()
        self._process = subprocess.Popen(
            [sys.executable, *self._words],
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            stdout=self._log,
            stderr=self._log,
            env=_environment(),
        )
        while time.perf_counter() - started < START_SECONDS:
            if self._process.poll() is not None:
                break
            try:
                with socket.create_connection(self.address, timeout=START_SECONDS) as connection:
                    connection.sendall(probe)
                    if connection.recv(65536).startswith(b"HTTP/1.1 200"):
                        return time.perf_counter() - started
            except OSError:
                time.sleep(0.002)
        self._log.seek(0)
        raise RuntimeError(f"no server: {self._log.read().decode(errors='replace')[-2000:]}")

    @property
    def pid(self) -> int:
        """Its process."""
        assert self._process is not None
        return self._process.pid

    def cpu_seconds(self) -> float:
        """Processor time it has used so far, in user mode and in the kernel, by all threads."""
        # The kernel keeps a clock for each process; its number is made of the pid.
        return time.clock_gettime((~self.pid << 3) | 2)

    def memory_mib(self) -> float:
        """What it holds in memory."""
        return self._status("VmRSS")

    def peak_mib(self) -> float:
        """The most it has held."""
        return self._status("VmHWM")

    def _status(self, name: str) -> float:
        for line in Path(f"/proc/{self.pid}/status").read_text().splitlines():
            if line.startswith(f"{name}:"):
                return int(line.split()[1]) / 1024
        raise LookupError(name)

    def stop(self) -> None:
        """End it, in order if it can."""
        if self._process is not None and self._process.poll() is None:
            self._process.terminate()
            try:
                self._process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
        self._log.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()


def quiet() -> None:
    """Let a server finish what it does after its answers, so that it counts."""
    time.sleep(QUIET_SECONDS)


def _environment() -> dict[str, str]:
    """This process's, without what would make fogbank another than it is by itself."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("FOGBANK_")}
    return {**kept, "FOGBANK_COMPATIBILITY": "off"}


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port
