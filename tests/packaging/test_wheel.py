"""The wheel: it holds exactly git's files, and makes nothing but `fogbank` importable."""

import ast
import re
import sys
import tarfile
import tomllib
import zipfile
from pathlib import Path, PurePosixPath
from typing import Any

import pytest

from tests.packaging.checkout import (
    ROOT,
    SHIPPED,
    build,
    copy,
    environment,
    install,
    run,
    tracked,
)

PROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
NEVER_IMPORTED = {"botocore", "uvloop", "httptools"}
"""Dependencies that work without being named: botocore's data, and what uvicorn picks up."""


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A clean checkout."""
    return copy(tmp_path_factory.mktemp("source"))


@pytest.fixture(scope="module")
def wheel(source: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel built from it."""
    return build(source, "wheel", tmp_path_factory.mktemp("wheel"))


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The `bin` of an environment into which the wheel was installed."""
    folder = environment(tmp_path_factory.mktemp("environment"))
    install(folder, wheel)
    return folder


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A user's folder, with packages that are named as ours are."""
    for name in ("services", "server", "runtime", "protocols", "tests"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "__init__.py").write_text("OWNER = 'the user'\n")
    return tmp_path


def test_the_wheel_holds_exactly_what_git_has(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = {name for name in archive.namelist() if ".dist-info/" not in name}
    expected = {
        name if name.startswith("fogbank/") else f"fogbank/app/{name}" for name in tracked(*SHIPPED)
    }
    assert names == expected


def test_every_folder_of_modules_is_a_package() -> None:
    modules = [PurePosixPath(name) for name in tracked(*SHIPPED) if name.endswith(".py")]
    folders = {module.parent for module in modules}
    assert folders - {module.parent for module in modules if module.name == "__init__.py"} == set()


def test_the_source_distribution_holds_what_the_wheel_is_made_of(
    source: Path, tmp_path: Path
) -> None:
    with tarfile.open(build(source, "sdist", tmp_path)) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    assert set(tracked(*SHIPPED)) | {"pyproject.toml", "README.md", "LICENSE"} <= names


def test_what_is_imported_is_declared() -> None:
    declared = {
        re.split(r"[^\w-]", dependency, maxsplit=1)[0].replace("-", "_")
        for dependency in PROJECT["dependencies"]
    }
    found: dict[str, str] = {}
    for name in tracked("server", "protocols", "runtime", "services"):
        if name.endswith(".py"):
            for top in _imports(ROOT / name):
                found.setdefault(top, name)
    foreign = {
        top: name
        for top, name in found.items()
        if top not in sys.stdlib_module_names and top not in SHIPPED
    }
    optional = {
        re.split(r"[^\w-]", dependency, maxsplit=1)[0].replace("-", "_")
        for dependencies in PROJECT["optional-dependencies"].values()
        for dependency in dependencies
    }
    assert {top: name for top, name in foreign.items() if top not in declared | optional} == {}


def test_what_runs_in_a_users_process_imports_only_boto3_and_the_standard_library() -> None:
    allowed = {*sys.stdlib_module_names, "fogbank", "boto3", "botocore"}
    for name in tracked("fogbank"):
        if name.endswith(".py"):
            extra = {"pytest"} if name == "fogbank/pytest_plugin.py" else set()
            extra |= {"server"} if name == "fogbank/__main__.py" else set()
            assert _imports(ROOT / name) <= allowed | extra, name


def test_the_command_works_beside_a_users_own_packages(installed: Path, project: Path) -> None:
    version = run([installed / "fogbank", "--version"], cwd=project)
    assert version == f"fogbank {_version()}\n"
    assert run([installed / "python", "-m", "fogbank", "--version"], cwd=project) == version
    theirs = "import services, server, runtime; print(services.OWNER, server.OWNER)"
    assert run([installed / "python", "-c", theirs], cwd=project) == "the user the user\n"
    after = f"import fogbank, fogbank.process, fogbank.testing; {theirs}"
    assert run([installed / "python", "-c", after], cwd=project) == "the user the user\n"


def test_nothing_generic_becomes_importable(installed: Path, tmp_path: Path) -> None:
    names = ("server", "services", "runtime", "protocols", "tests")
    script = (
        "import importlib.util, fogbank;"
        f"print([n for n in {names!r} if importlib.util.find_spec(n)], fogbank.__version__)"
    )
    assert run([installed / "python", "-c", script], cwd=tmp_path) == f"[] {_version()}\n"


def test_an_editable_install_uses_the_checkout(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    source = copy(tmp_path_factory.mktemp("editable"))
    folder = environment(tmp_path_factory.mktemp("environment"))
    install(folder, "--editable", source)
    module = source / "server" / "__init__.py"
    module.write_text(module.read_text().replace(_version(), "9.9.9"))
    assert run([folder / "fogbank", "--version"], cwd=folder) == "fogbank 9.9.9\n"
    script = "import fogbank.__main__ as m; print(m.APPLICATION)"
    assert run([folder / "python", "-c", script], cwd=folder) == f"{source}\n"


def _imports(path: Path) -> set[str]:
    """Top-level names of all modules that a file imports."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module.partition(".")[0])
    return found


def _version() -> str:
    match = re.search(r'__version__ = "(.+)"', (ROOT / "server" / "__init__.py").read_text())
    assert match
    return match[1]
