"""The container image, as far as it can be told without an engine: its steps are run, its promises
are read.
"""

import json
import os
import re
import shlex
import subprocess
import sys
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

import pytest
import yaml

from fogbank import Connection
from fogbank.testing import Aws
from tests.packaging.checkout import ROOT, SHIPPED, SITE_PACKAGES, copy, run, tracked

DOCKER = ROOT / "docker"


def instructions(path: Path) -> list[tuple[str, str]]:
    """A Dockerfile's instructions, continued lines joined."""
    text = re.sub(r"^\s*#.*\n", "", path.read_text(), flags=re.MULTILINE)
    lines = text.replace("\\\n", " ").splitlines()
    words = [line.strip().partition(" ") for line in lines if line.strip()]
    return [(word.upper(), rest.strip()) for word, _, rest in words]


@pytest.fixture(scope="module")
def image() -> dict[str, list[str]]:
    """The last stage of the Dockerfile: instruction to arguments."""
    found: dict[str, list[str]] = {}
    for word, rest in instructions(DOCKER / "Dockerfile"):
        if word == "FROM":
            found = {}
        found.setdefault(word, []).append(rest)
    return found


def test_it_is_slim_and_runs_as_nobody_special(image: dict[str, list[str]]) -> None:
    assert image["FROM"] == ["python:${PYTHON}-slim"]
    (user,) = image["USER"]
    assert user == "fogbank"
    assert any("useradd" in step and user in step for step in image["RUN"])


def test_it_keeps_its_promises_to_compose_files(image: dict[str, list[str]]) -> None:
    assert image["VOLUME"] == ["/var/lib/fogbank"]
    assert image["EXPOSE"] == ["4566"]
    assert json.loads(image["ENTRYPOINT"][0]) == ["fogbank"]
    assert json.loads(image["CMD"][0]) == ["serve"]


def test_its_settings_are_understood(image: dict[str, list[str]]) -> None:
    from server.environment import read

    variables = dict(pair.split("=", 1) for pair in shlex.split(image["ENV"][0]))
    surroundings = read(variables)
    assert surroundings.own["hosts"] == ["0.0.0.0", "::"]
    assert "fogbank" in surroundings.own["allowed_hosts"]
    assert surroundings.warnings == []


def test_what_it_copies_is_there_and_reaches_the_engine() -> None:
    ignored = [
        line
        for line in (ROOT / ".dockerignore").read_text().splitlines()
        if line and not line.startswith("#")
    ]
    copied = [
        source
        for word, rest in instructions(DOCKER / "Dockerfile")
        if word == "COPY" and "--from" not in rest
        for source in rest.split()[:-1]
    ]
    assert set(SHIPPED) <= set(copied)
    for source in copied:
        assert (ROOT / source).exists(), source
        rule = [line for line in ignored if fnmatch(source, line.removeprefix("!"))][-1]
        assert rule == f"!{source}"


@pytest.fixture(scope="module")
def prefix(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What `build-image.sh install` makes, with the distributions of this environment."""
    source = copy(tmp_path_factory.mktemp("source"))
    target = tmp_path_factory.mktemp("image") / "prefix"
    run(
        ["sh", source / "docker" / "build-image.sh", "install", source, target],
        PATH=f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        PYTHONPATH=SITE_PACKAGES,
        PIP_OPTIONS="--no-deps --no-build-isolation --no-index",
    )
    return target


def test_its_installation_holds_fogbank_and_nothing_to_build_with(prefix: Path) -> None:
    (site_packages,) = prefix.glob("lib/python3*/site-packages")
    assert {path.name.partition("-")[0] for path in site_packages.iterdir()} == {"fogbank"}
    assert list((site_packages / "fogbank" / "app" / "server").glob("__pycache__/cli.*.pyc"))


def test_its_command_runs(prefix: Path) -> None:
    answer = run([prefix / "bin" / "fogbank", "--version"], PYTHONPATH=SITE_PACKAGES)
    assert answer.startswith("fogbank ")


def test_its_folders_are_those_that_the_image_takes(
    tmp_path: Path, image: dict[str, list[str]]
) -> None:
    run(["sh", DOCKER / "build-image.sh", "folders", tmp_path])
    for owner in ("fogbank", "localstack"):
        stages = {path.name for path in (tmp_path / "etc" / owner / "init").iterdir()}
        assert stages == {"boot.d", "start.d", "ready.d", "shutdown.d"}
    assert (tmp_path / "var/lib/fogbank").stat().st_mode & 0o1777 == 0o1777
    for arguments in image["COPY"]:
        source = arguments.split()[-2]
        if source.startswith("/image"):
            assert (tmp_path / source.removeprefix("/image/")).is_dir()


def test_its_health_check_tells_a_server_from_none(
    image: dict[str, list[str]], fogbank: Connection, tmp_path: Path
) -> None:
    port_file = tmp_path / "port.json"
    command = json.loads(image["HEALTHCHECK"][0].partition("CMD")[2])
    assert command[:2] == ["python", "-c"]
    variables = dict(pair.split("=", 1) for pair in shlex.split(image["ENV"][0]))
    script = command[2].replace(variables["FOGBANK_PORT_FILE"], str(port_file))
    assert script != command[2]

    def status() -> int:
        return subprocess.run(
            [sys.executable, "-c", script], capture_output=True, timeout=20, check=False
        ).returncode

    assert status() != 0
    port_file.write_text(json.dumps({"port": int(fogbank.endpoint_url.rpartition(":")[2])}))
    assert status() == 0
    port_file.write_text(json.dumps({"port": 1}))
    assert status() != 0


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    """docker/compose.yaml."""
    found: dict[str, Any] = yaml.safe_load((DOCKER / "compose.yaml").read_text())
    return found


def test_the_compose_file_starts_tests_beside_a_healthy_server(compose: dict[str, Any]) -> None:
    services = compose["services"]
    assert services["tests"]["depends_on"]["fogbank"]["condition"] == "service_healthy"
    assert services["tests"]["environment"]["AWS_ENDPOINT_URL"] == "http://fogbank:4566"
    context = DOCKER / services["fogbank"]["build"]["context"]
    assert (context / services["fogbank"]["build"]["dockerfile"]).resolve() == DOCKER / "Dockerfile"
    assert (DOCKER / services["tests"]["build"] / "Dockerfile").exists()
    for volume in services["fogbank"]["volumes"]:
        source, target = volume.split(":")[:2]
        assert source in compose["volumes"] or list((DOCKER / source).glob("*.sh"))
        assert target in ("/var/lib/fogbank", "/etc/fogbank/init/ready.d")


def test_its_hooks_can_be_run() -> None:
    hooks = [ROOT / name for name in tracked("docker/example/init")]
    assert hooks
    assert all(os.access(hook, os.X_OK) for hook in hooks)
    for hook in hooks:
        run(["sh", "-n", hook])


def test_the_example_apps_tests_pass(aws: Aws, tmp_path: Path) -> None:
    answer = run(
        [
            *(sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"),
            *("-c", os.devnull, f"--rootdir={tmp_path}", DOCKER / "example"),
        ],
        cwd=tmp_path,
        **aws.environment(),
    )
    assert "2 passed" in answer
