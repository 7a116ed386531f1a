"""The package itself: what it offers, and what importing it costs."""

import subprocess
import sys
from importlib.metadata import version

import pytest

import fogbank


def test_all_that_is_offered_is_there() -> None:
    for name in fogbank.__all__:
        assert getattr(fogbank, name) is not None
    assert fogbank.__version__ == version("fogbank")


def test_what_is_not_there_is_said_so() -> None:
    with pytest.raises(AttributeError, match="module 'fogbank' has no attribute 'Sever'"):
        fogbank.Sever  # noqa: B018


def test_importing_it_and_its_plugin_imports_nothing_heavy() -> None:
    script = (
        "import sys, pytest; before = set(sys.modules)\n"
        "import fogbank, fogbank.pytest_plugin\n"
        "print(*sorted({name.partition('.')[0] for name in set(sys.modules) - before}))"
    )
    ran = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert ran.stdout.split() == ["fogbank"]
