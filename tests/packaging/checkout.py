"""A clean checkout to build from, and environments to install into; no network for any of it."""

import json
import os
import signal
import subprocess
import sys
import sysconfig
import venv
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from itertools import takewhile
from pathlib import Path

from fogbank import Connection, connect

ROOT = Path(__file__).resolve().parents[2]
SHIPPED = ("fogbank", "server", "protocols", "runtime", "services")
SITE_PACKAGES = sysconfig.get_path("purelib")


def tracked(*folders: str) -> list[str]:
    """The files that git has, relative to the root."""
    answer = run(["git", "ls-files", "-z", "--", *folders], cwd=ROOT)
    return [name for name in answer.split("\0") if name and (ROOT / name).exists()]


def copy(target: Path) -> Path:
    """What a clone would hold, with this working tree's content."""
    for name in tracked():
        path = target / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes((ROOT / name).read_bytes())
        path.chmod((ROOT / name).stat().st_mode)
    return target


def surroundings(**variables: str) -> dict[str, str]:
    """This process's environment, without what would lead a command away from its defaults."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("PYTHON", "COV_", "PIP_", "FOGBANK_", "AWS_", "MAKE", "MFLAGS"))
    }
    return {**kept, "PYTHONDONTWRITEBYTECODE": "1", **variables}


def run(command: Sequence[str | Path], *, cwd: Path | None = None, **variables: str) -> str:
    """Standard output of a command that must succeed."""
    finished = subprocess.run(
        command,
        cwd=cwd,
        env=surroundings(**variables),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert finished.returncode == 0, f"{command}\n{finished.stdout}\n{finished.stderr}"
    return finished.stdout


@contextmanager
def served(
    command: Sequence[str | Path], port_file: Path, *, cwd: Path, **variables: str
) -> Iterator[Connection]:
    """A command that serves and says where in a file, for the length of a block."""
    process = subprocess.Popen(
        command,
        cwd=cwd,
        env=surroundings(**variables),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
        text=True,
    )
    try:
        assert process.stdout is not None
        lines = list(takewhile("Ready.\n".__ne__, process.stdout))
        assert port_file.exists(), "".join(lines)
        yield connect(json.loads(port_file.read_text())["endpoint_url"])
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGTERM)
        process.communicate(timeout=20)


def build(source: Path, kind: str, target: Path) -> Path:
    """Build a `wheel` or an `sdist` with the backend of this environment."""
    run([sys.executable, "-m", "hatchling", "build", "-t", kind, "-d", target], cwd=source)
    (found,) = target.glob("*.whl" if kind == "wheel" else "*.tar.gz")
    return found


def environment(folder: Path) -> Path:
    """An environment that finds this one's distributions, but not this checkout; its `bin`."""
    venv.create(folder, with_pip=False, symlinks=True)
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    site_packages = folder / "lib" / version / "site-packages"
    (site_packages / "dependencies.pth").write_text(f"{SITE_PACKAGES}\n")
    return folder / "bin"


def install(bin_folder: Path, *words: str | Path) -> None:
    """`pip install` into an environment, from what is on this disk."""
    run(
        [
            *(sys.executable, "-m", "pip", "--python", bin_folder / "python", "install"),
            *("--quiet", "--no-deps", "--no-index", "--disable-pip-version-check"),
            *("--no-build-isolation", "--ignore-installed"),
            *words,
        ]
    )
