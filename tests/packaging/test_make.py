"""The ten words of the Makefile, and what `.ci/run` does."""

import json
import os
import re
import sys
from pathlib import Path

from tests.packaging.checkout import ROOT, SITE_PACKAGES, copy, run, served, tracked

WORDS = [
    "help",
    "setup",
    "serve",
    "demo",
    "test",
    "lint",
    "types",
    "bench",
    "docs",
    "image",
    "clean",
]

OFFLINE = """#!/bin/sh
# A Python whose environments find this one's distributions, so that pip has nothing to download.
"{python}" "$@" || exit
if [ "$1 $2" = "-m venv" ]; then
  for folder in "$3"/lib/python3*/site-packages; do
    echo "{site_packages}" > "$folder/dependencies.pth"
  done
fi
"""


def test_each_word_is_there_and_says_what_it_does() -> None:
    shown = re.findall(r"^  make (\w+) +(\S.*)$", run(["make", "help"], cwd=ROOT), re.MULTILINE)
    assert [word for word, _ in shown] == WORDS


def test_help_is_what_make_alone_answers() -> None:
    assert run(["make"], cwd=ROOT) == run(["make", "help"], cwd=ROOT)


def test_serving_a_clean_clone_takes_an_environment_and_what_is_needed(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_bytes((ROOT / "pyproject.toml").read_bytes())
    (tmp_path / "Makefile").write_bytes((ROOT / "Makefile").read_bytes())
    steps = run(["make", "--dry-run", "serve"], cwd=tmp_path)
    assert re.search(r"python3\S* -m venv .venv\n", steps)
    assert "pip install --quiet --disable-pip-version-check --editable .\n" in steps
    assert steps.rstrip().endswith("fogbank serve")
    assert "dev" not in steps


def test_a_clean_clone_serves_with_one_word(tmp_path: Path) -> None:
    clone = copy(tmp_path / "clone")
    python = tmp_path / "python"
    python.write_text(OFFLINE.format(python=sys.executable, site_packages=SITE_PACKAGES))
    python.chmod(0o755)
    port_file = tmp_path / "port.json"
    command = ["make", f"PYTHON={python}", f"ARGS=--port=0 --port-file={port_file}", "serve"]
    with served(command, port_file, cwd=clone, PIP_NO_INDEX="1", PIP_NO_BUILD_ISOLATION="0"):
        endpoint_url = json.loads(port_file.read_text())["endpoint_url"]
        answer = run(
            [clone / ".venv/bin/fogbank", "aws", "sts", "get-caller-identity"],
            PATH=f"{Path(sys.executable).parent}:{os.environ['PATH']}",
            FOGBANK_ENDPOINT=endpoint_url,
        )
        assert json.loads(answer)["Account"] == "000000000000"
    steps = run([*command[:-1], "--dry-run", "serve"], cwd=clone)
    assert "pip" not in steps


def test_an_environment_is_installed_into_again_when_the_project_file_changes(
    tmp_path: Path,
) -> None:
    project = tmp_path / "pyproject.toml"
    project.write_text("")
    (tmp_path / "Makefile").write_bytes((ROOT / "Makefile").read_bytes())
    python = tmp_path / ".venv" / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.write_text("")
    stamp = tmp_path / ".venv" / ".serves"
    stamp.write_text("")
    os.utime(project, (1_000_000_000, 1_000_000_000))
    assert "pip install" not in run(["make", "--dry-run", "serve"], cwd=tmp_path)
    os.utime(stamp, (999_999_999, 999_999_999))
    assert "pip install" in run(["make", "--dry-run", "serve"], cwd=tmp_path)


def test_the_checks_of_a_change_are_the_tests_lint_and_types() -> None:
    script = ROOT / ".ci" / "run"
    assert os.access(script, os.X_OK)
    run(["bash", "-n", script])
    text = script.read_text()
    assert "make test" in text
    assert "make lint types" in text


def test_no_file_names_a_package_registry() -> None:
    names = [Path(name).name for name in tracked()]
    assert [name for name in names if re.search(r"[-.]lock\b", name)] == []
