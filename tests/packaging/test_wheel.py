"""The wheel: it holds exactly git's files, and makes nothing but `fogbank` importable."""

import re
import tarfile
import zipfile
from pathlib import Path, PurePosixPath

import pytest

from tests.packaging.checkout import (
    ROOT,
    SHIPPED,
    build,
    copy,
    environment,
    install,
    run,
    served,
    tracked,
)


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


def test_the_source_distribution_holds_what_git_has_and_nothing_else(
    source: Path, tmp_path: Path
) -> None:
    junk = ("data/state.db", "tests/javascript/node_modules/x/index.js", "server/__pycache__/x.pyc")
    for name in (*junk, ".venv/bin/python", ".hypothesis/examples", "dist/old.whl"):
        path = source / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    with tarfile.open(build(source, "sdist", tmp_path)) as archive:
        names = {member.name.partition("/")[2] for member in archive if member.isfile()}
    expected = {name for name in tracked() if not name.startswith(".ci/")}
    assert names - {"PKG-INFO"} == expected


def test_the_command_works_beside_a_users_own_packages(installed: Path, project: Path) -> None:
    version = run([installed / "fogbank", "--version"], cwd=project)
    assert version == f"fogbank {_version()}\n"
    assert run([installed / "python", "-m", "fogbank", "--version"], cwd=project) == version
    theirs = "import services, server, runtime; print(services.OWNER, server.OWNER)"
    assert run([installed / "python", "-c", theirs], cwd=project) == "the user the user\n"
    after = f"import fogbank, fogbank.process, fogbank.testing; {theirs}"
    assert run([installed / "python", "-c", after], cwd=project) == "the user the user\n"


def test_the_installed_server_serves_beside_them(installed: Path, project: Path) -> None:
    port_file = project / "port.json"
    command: list[str | Path] = [installed / "fogbank", "--port=0", f"--port-file={port_file}"]
    with served(command, port_file, cwd=project) as server:
        sqs = server.client("sqs")
        url = sqs.create_queue(QueueName="of-a-wheel")["QueueUrl"]
        assert sqs.send_message(QueueUrl=url, MessageBody="one")["MessageId"]
        with server.control.open("GET", "ui/") as console:
            assert b"fogbank" in console.read()
        assert server.control.call("GET", "coverage")["services"]["sqs"]["real"]


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
    site_packages = next(folder.parent.glob("lib/python3*/site-packages"))
    for copied in site_packages.glob("fogbank/app/server/__init__.py"):  # hatch leaves one
        assert "9.9.9" not in copied.read_text()
    script = "import fogbank.__main__ as m; print(m.APPLICATION)"
    assert run([folder / "python", "-c", script], cwd=folder) == f"{source}\n"


def _version() -> str:
    match = re.search(r'__version__ = "(.+)"', (ROOT / "server" / "__init__.py").read_text())
    assert match
    return match[1]
