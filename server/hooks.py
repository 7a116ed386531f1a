"""Init hooks: scripts that run when the server boots, starts, is ready, and shuts down.

Files `<folder>/<stage>.d/*.sh` and `*.py`, of all folders together in the order of their names, one
after the other, each a process of its own in which boto3, `awslocal` and `fogbank aws` reach this
server. One that fails is logged, and the server goes on.
"""

import asyncio
import logging
import os
import sys
import tempfile
from pathlib import Path

from runtime.settings import Settings

log = logging.getLogger("fogbank.hooks")

STAGES = ("boot", "start", "ready", "shutdown")
_MAIN = Path(__file__).parent.parent / "fogbank" / "__main__.py"
_INSTALLED = Path(__file__).parent.parent.parent / "__main__.py"


class Script:
    """One hook: its state is UNKNOWN, RUNNING, SUCCESSFUL or ERROR."""

    def __init__(self, stage: str, path: Path, name: str) -> None:
        self.stage = stage
        self.path = path
        self.name = name
        self.state = "UNKNOWN"


class Hooks:
    """All hooks of a server, found once."""

    def __init__(self, settings: Settings) -> None:
        self.endpoint_url = ""
        self._region = settings.region
        self._completed: set[str] = set()
        self._scripts = [script for stage in STAGES for script in _found(settings.hooks, stage)]
        self._bin: tempfile.TemporaryDirectory[str] | None = None

    async def run(self, stage: str) -> None:
        """Run a stage's scripts."""
        for script in self._scripts:
            if script.stage == stage:
                await self._run(script)
        self._completed.add(stage)
        if stage == "shutdown" and self._bin is not None:
            self._bin.cleanup()

    async def _run(self, script: Script) -> None:
        script.state = "RUNNING"
        program = ["sh"] if script.path.suffix == ".sh" else [sys.executable]
        if script.path.suffix == ".sh" and os.access(script.path, os.X_OK):
            program = []
        try:
            process = await asyncio.create_subprocess_exec(
                *program,
                str(script.path),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.STDOUT,
                env=self._environment(),
            )
        except OSError as failure:
            script.state = "ERROR"
            log.error("%s.d/%s cannot be run: %s", script.stage, script.name, failure)
            return
        assert process.stdout is not None
        while line := await process.stdout.readline():
            text = line.decode(errors="replace").rstrip()
            log.info("%s.d/%s: %s", script.stage, script.name, text)
        status = await process.wait()
        script.state = "SUCCESSFUL" if status == 0 else "ERROR"
        if status:
            log.error("%s.d/%s ended with status %d", script.stage, script.name, status)

    def _environment(self) -> dict[str, str]:
        variables = {
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "AWS_DEFAULT_REGION": self._region,
            **os.environ,
        }
        if self.endpoint_url:
            variables["AWS_ENDPOINT_URL"] = self.endpoint_url
            variables["FOGBANK_ENDPOINT"] = self.endpoint_url
        variables["PATH"] = f"{self._programs()}{os.pathsep}{variables.get('PATH', os.defpath)}"
        return variables

    def _programs(self) -> str:
        """A folder with `awslocal` and `fogbank`, for scripts that want them on the path."""
        if self._bin is None:
            self._bin = tempfile.TemporaryDirectory(prefix="fogbank-bin-")
            main = _MAIN if _MAIN.is_file() else _INSTALLED
            python = Path(sys.executable)
            for name, word in (("fogbank", ""), ("awslocal", " aws")):
                path = Path(self._bin.name, name)
                path.write_text(
                    "#!/bin/sh\n"
                    f'PATH="$PATH:{python.parent}" exec "{python}" -P "{main}"{word} "$@"\n'
                )
                path.chmod(0o755)
        return self._bin.name

    def state(self, stage: str | None = None) -> dict[str, object]:
        """Which stages are over and how each script stands, as /_localstack/init answers it."""
        wanted = [stage.lower()] if stage else list(STAGES)
        scripts = [
            {"stage": script.stage.upper(), "name": script.name, "state": script.state}
            for script in self._scripts
            if script.stage in wanted
        ]
        if stage:
            return {"completed": stage.lower() in self._completed, "scripts": scripts}
        return {
            "completed": {name.upper(): name in self._completed for name in STAGES},
            "scripts": scripts,
        }


def _found(folders: list[Path], stage: str) -> list[Script]:
    scripts: list[Script] = []
    for folder in folders:
        root = folder / f"{stage}.d"
        if root.is_dir():
            for path in root.rglob("*"):
                if path.suffix in (".sh", ".py") and path.is_file():
                    scripts.append(Script(stage, path, str(path.relative_to(root))))
    return sorted(scripts, key=lambda script: script.name)
