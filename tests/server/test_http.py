"""What is taken from uvicorn, and what is left behind."""

import subprocess
import sys

import pytest

from tests.guards.sources import ROOT

_BEFORE = "import uvicorn.main\nbefore = sys.modules['uvicorn.main']\n"


def told(script: str) -> str:
    """What a Python of its own says."""
    return subprocess.run(
        [sys.executable, "-c", f"import sys\n{script}"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=30,
        check=True,
    ).stdout.strip()


def test_the_command_line_is_not_imported() -> None:
    found = told(
        "import server.http\n"
        "print([name for name in ('click', 'uvicorn.main', 'uvicorn') if name in sys.modules])"
    )
    assert found == "['uvicorn']"


@pytest.mark.parametrize("first", ["", "import server.http\n"])
def test_who_wants_the_command_line_has_it(first: str) -> None:
    script = f"{first}{_BEFORE}import server.http\n"
    script += "print(callable(before.run), sys.modules['uvicorn.main'] is before)"
    assert told(script) == "True True"


def test_a_failing_import_leaves_no_stand_in() -> None:
    script = (
        "sys.modules['httptools'] = None\n"
        "try:\n    import server.http\n"
        "except ImportError:\n    print('uvicorn.main' in sys.modules)"
    )
    assert told(script) == "False"
