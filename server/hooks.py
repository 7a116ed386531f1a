"""Init hooks: the user's scripts that run when the server boots, starts, is ready and shuts down.

    boot       before the state is opened          /etc/localstack/init/boot.d/*.sh, *.py
    start      requests are answered               .../start.d/
    ready      after the log's line `Ready.`       .../ready.d/
    shutdown   told to stop, and still answering   .../shutdown.d/

The scripts of all folders run one after the other, by name; those of a subfolder after the files
beside it. Each is a process of its own: LocalStack runs Python scripts inside its own interpreter,
where one can break the server. A script that fails is logged and the others go on.
"""

import asyncio
import contextlib
import logging
import os
import shutil
import signal
import sys
import weakref
from pathlib import Path
from typing import IO, Any

from runtime.settings import Settings

log = logging.getLogger("fogbank.hooks")

STAGES = ("boot", "start", "ready", "shutdown")
_DRAIN_SECONDS = 1.0
_END_SECONDS = 2.0
_LONGEST_LINE_BYTES = 64 * 1024
_FOREIGN = ("AWS_PROFILE", "AWS_DEFAULT_PROFILE", "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS")
"""What could lead a script past us, to a real account."""


class Hook:
    """One script of one stage."""

    def __init__(self, stage: str, name: str, path: Path) -> None:
        self.stage = stage
        self.name = name
        """Its path below the stage's folder."""
        self.path = path
        self.state = "UNKNOWN"

    def __str__(self) -> str:
        return f"{self.stage}.d/{self.name}"


class Hooks:
    """The init hooks of this server."""

    def __init__(self, settings: Settings) -> None:
        self.endpoint_url = ""
        """Where the scripts find the server, once it answers."""
        self._settings = settings
        self._completed = dict.fromkeys(STAGES, False)
        self._begun: dict[str, list[Hook]] = {}
        self._commands: Path | None = None

    def state(self, stage: str | None = None) -> dict[str, Any]:
        """What `GET /_localstack/init` and `GET /_localstack/init/{stage}` tell.

        Raises KeyError for a stage that doesn't exist.
        """
        if stage is not None:
            stage = stage.lower()
            return {"completed": self._completed[stage], "scripts": self._told(stage)}
        return {
            "completed": {name.upper(): completed for name, completed in self._completed.items()},
            "scripts": [entry for name in STAGES for entry in self._told(name)],
        }

    def _told(self, stage: str) -> list[dict[str, str]]:
        hooks = self._begun.get(stage)
        if hooks is None:  # scripts may still come, as the work of earlier ones
            hooks = self._find(stage)
        return [{"stage": stage.upper(), "name": hook.name, "state": hook.state} for hook in hooks]

    async def run(self, stage: str) -> None:
        """Run a stage's scripts; none of them can fail the server."""
        hooks = self._begun[stage] = self._find(stage)
        for hook in hooks:
            await self._run(hook)
        self._completed[stage] = True

    # scripts -----------------------------------------------------------------------------------

    def _find(self, stage: str) -> list[Hook]:
        found: list[tuple[tuple[tuple[bool, str], ...], int, Hook]] = []
        for order, folder in enumerate(self._settings.hooks):
            root = folder / f"{stage}.d"
            if not root.is_dir():
                continue
            for parent, folders, names in os.walk(root, followlinks=True):
                folders[:] = [name for name in folders if not name.startswith(".")]
                for name in names:
                    if name.endswith((".sh", ".py")) and not name.startswith("."):
                        path = Path(parent, name)
                        parts = path.relative_to(root).parts
                        # files before the folders beside them
                        key = (*((True, part) for part in parts[:-1]), (False, name))
                        found.append((key, order, Hook(stage, "/".join(parts), path)))
        return [entry[2] for entry in sorted(found, key=lambda entry: entry[:2])]

    async def _run(self, hook: Hook) -> None:
        log.info("%s runs", hook)
        hook.state = "RUNNING"
        try:
            status = await self._process(hook)
        except OSError as failure:
            hook.state = "ERROR"
            log.error("%s cannot be run: %s", hook, failure)
            return
        except asyncio.CancelledError:
            hook.state = "ERROR"
            log.warning("%s was ended: the server stops", hook)
            raise
        if status == 0:
            hook.state = "SUCCESSFUL"
        else:
            hook.state = "ERROR"
            how = f"with status {status}" if status > 0 else f"by signal {-status}"
            log.error("%s ended %s", hook, how)

    async def _process(self, hook: Hook) -> int:
        """Run a script to its end; answers its exit status."""
        environment = self._environment()
        words = command(hook.path, environment["PATH"])
        output = Output(hook)
        try:
            process = await asyncio.create_subprocess_exec(
                *words,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=output.writer,
                stderr=asyncio.subprocess.STDOUT,
                env=environment,
                start_new_session=True,  # Ctrl-C is for us, who then end the script
            )
        except OSError:
            output.close()
            raise
        finally:
            os.close(output.writer)
        try:
            status = await process.wait()
        except asyncio.CancelledError:
            await _end(process)
            output.close()
            raise
        # What it left running in the background may hold its output open for long.
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_DRAIN_SECONDS):
                await output.ended.wait()
        return status

    def _environment(self) -> dict[str, str]:
        """The server's own, with AWS's variables pointing here and our commands on the path."""
        variables = {
            name: value
            for name, value in os.environ.items()
            if name not in _FOREIGN and not name.startswith("AWS_ENDPOINT_URL")
        }
        if self.endpoint_url:
            # With TLS the same port speaks http too, for which nobody has to trust a certificate.
            plain = self.endpoint_url.replace("https://", "http://")
            variables |= {"AWS_ENDPOINT_URL": plain, "FOGBANK_ENDPOINT": plain}
        if not variables.get("AWS_ACCESS_KEY_ID"):
            variables |= {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"}
            variables.pop("AWS_SESSION_TOKEN", None)
        if not variables.get("AWS_DEFAULT_REGION"):
            region = variables.get("AWS_REGION") or self._settings.region
            variables["AWS_DEFAULT_REGION"] = region
        variables.setdefault("PYTHONUNBUFFERED", "1")
        path = variables.get("PATH") or os.defpath
        # The folder of our own Python comes last: `aws` may be there and nowhere else.
        folders = (str(self._folder()), path, str(Path(sys.executable).parent))
        variables["PATH"] = os.pathsep.join(folders)
        return variables

    def _folder(self) -> Path:
        """A folder with the commands `awslocal` and `fogbank`, made for the first script."""
        if self._commands is None:
            import tempfile

            self._commands = Path(tempfile.mkdtemp(prefix="fogbank-commands-"))
            weakref.finalize(self, shutil.rmtree, self._commands, ignore_errors=True)
            for name, word in (("fogbank", ""), ("awslocal", " aws")):
                script = self._commands / name
                words = f"{_quoted(sys.executable)} -P {_quoted(str(_main()))}{word}"
                script.write_text(f'#!/bin/sh\nexec {words} "$@"\n')
                script.chmod(0o755)
        return self._commands


def command(path: Path, search: str) -> list[str]:
    """The words that run a script: its own first line has the say, as far as it can.

    LocalStack wants shell scripts executable; one that lost that on its way (a mount from Windows,
    an archive) is run all the same. Raises OSError when it can't be read.
    """
    if path.suffix == ".py":
        return [sys.executable, str(path)]
    with path.open("rb") as script:
        first = _first_line(script)
    if not first.startswith(b"#!"):
        return [shutil.which("bash", path=search) or "sh", str(path)]
    if os.access(path, os.X_OK):
        return [str(path)]
    return [*first[2:].decode(errors="replace").split(maxsplit=1), str(path)]


def _first_line(script: IO[bytes]) -> bytes:
    return script.readline(1024).strip()


def _main() -> Path:
    """The `fogbank` command: around us when installed, beside us in a checkout."""
    root = Path(__file__).resolve().parent.parent
    beside = root / "fogbank" / "__main__.py"
    return beside if beside.exists() else root.parent / "__main__.py"


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "'\\''") + "'"


class Output:
    """A script's output on its way into the log, line by line as it comes.

    A pipe of our own: the loop closes its pipes only after their end, which can be far away.
    """

    def __init__(self, hook: Hook) -> None:
        self._hook = hook
        self._loop = asyncio.get_running_loop()
        self._reader, self.writer = os.pipe()
        self._rest = b""
        self.ended = asyncio.Event()
        """Set when nobody can write any more."""
        os.set_blocking(self._reader, False)
        self._loop.add_reader(self._reader, self._read)

    def close(self) -> None:
        """Read no more, and log what is left."""
        if self.ended.is_set():
            return
        self._loop.remove_reader(self._reader)
        os.close(self._reader)
        self.ended.set()
        if self._rest:
            self._say(self._rest)

    def _read(self) -> None:
        try:
            piece = os.read(self._reader, _LONGEST_LINE_BYTES)
        except BlockingIOError:
            return
        if not piece:
            self.close()
            return
        *lines, self._rest = (self._rest + piece).split(b"\n")
        if len(self._rest) > _LONGEST_LINE_BYTES:
            lines.append(self._rest)
            self._rest = b""
        for line in lines:
            self._say(line)

    def _say(self, line: bytes) -> None:
        log.info("%s: %s", self._hook, line.decode(errors="replace").rstrip())


async def _end(process: asyncio.subprocess.Process) -> None:
    """End a script and what it started, in order if they can."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, number)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_END_SECONDS):
                await process.wait()
            return
