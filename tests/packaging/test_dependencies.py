"""Dependencies: each is declared, each is used, each may be used by everybody."""

import ast
import importlib.metadata
import re
import sys
import tomllib
from pathlib import Path
from typing import Any

from tests.packaging.checkout import ROOT, SHIPPED, run, tracked

PROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
PERMISSIVE = re.compile(r"Apache|MIT|BSD|PSF|Python Software Foundation|ISC")
NEVER_IMPORTED = {
    "botocore": "its model files are read, its code is not",
    "httptools": "uvicorn picks it up",
    "xmltodict": "for services whose request bodies are rare and deep",
}


def names(requirements: list[str]) -> set[str]:
    """The distributions that requirements name."""
    return {re.split(r"[^\w-]", requirement, maxsplit=1)[0] for requirement in requirements}


DECLARED = names(PROJECT["dependencies"])
OPTIONAL = {name for some in PROJECT["optional-dependencies"].values() for name in names(some)}


def _imports(path: Path) -> set[str]:
    """Top-level names of all modules that a file imports."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module.partition(".")[0])
    return found


def foreign(*folders: str) -> dict[str, str]:
    """What these folders import of others' packages, each with a file that does."""
    found: dict[str, str] = {}
    for name in tracked(*folders):
        if name.endswith(".py"):
            for top in _imports(ROOT / name):
                if top not in sys.stdlib_module_names and top not in SHIPPED:
                    found.setdefault(top, name)
    return found


def test_what_is_imported_is_declared() -> None:
    imported = foreign("server", "protocols", "runtime", "services")
    assert {top: name for top, name in imported.items() if top not in DECLARED} == {}


def test_what_is_declared_earns_its_place() -> None:
    imported = foreign("server", "protocols", "runtime", "services")
    assert DECLARED - set(imported) == set(NEVER_IMPORTED)


def test_everybody_may_use_them() -> None:
    for name in DECLARED:
        assert PERMISSIVE.search(licence(name)), f"{name}: {licence(name)}"
    for name in OPTIONAL - {"fogbank"}:  # what tests need is not passed on
        assert re.search(f"MPL|{PERMISSIVE.pattern}", licence(name)), f"{name}: {licence(name)}"


def licence(name: str) -> str:
    """What a distribution says of its licence, wherever it does."""
    found: Any = importlib.metadata.metadata(name)
    classifiers = [text for text in found.get_all("Classifier") or () if "License" in text]
    texts = [found.get("License-Expression"), found.get("License"), *classifiers]
    return " ".join(filter(None, texts))


def test_what_is_installed_is_what_is_asked_for() -> None:
    for requirement in PROJECT["dependencies"]:
        name, _, least = requirement.partition(";")[0].strip().partition(">=")
        assert least, f"{name} takes any version"
        assert numbers(importlib.metadata.version(name)) >= numbers(least)


def numbers(version: str) -> tuple[int, ...]:
    """A version as what can be compared."""
    return tuple(map(int, re.findall(r"\d+", version)[:3]))


def test_what_runs_in_a_users_process_imports_only_boto3_and_the_standard_library() -> None:
    allowed = {*sys.stdlib_module_names, "fogbank", "boto3", "botocore"}
    for name in tracked("fogbank"):
        if name.endswith(".py"):
            extra = {"pytest"} if name == "fogbank/pytest_plugin.py" else set()
            extra |= {"server"} if name == "fogbank/__main__.py" else set()
            assert _imports(ROOT / name) <= allowed | extra, name


def test_a_start_imports_nothing_that_is_slow() -> None:
    slow = "botocore boto3 starlette argparse defusedxml awscrt cryptography aiosqlite"
    script = (
        "import sys, server.main, server.app;"
        f"print([name for name in {slow!r}.split() if name in sys.modules])"
    )
    assert run([sys.executable, "-c", script], cwd=ROOT) == "[]\n"
