"""The examples in Python run as they stand: scripts one by one, tests in a pytest of their own."""

import os
import re
import sys
from pathlib import Path
from typing import Any

import pytest

from docs.blocks import ROOT
from fogbank.testing import Aws
from tests.docs.test_pages import blocks
from tests.packaging.checkout import run

_IS_TESTS = re.compile(r"^def test_", re.MULTILINE)


def examples(*, tests: bool) -> list[Any]:
    """The scripts, or the modules of tests, each with the page that it stands on."""
    found = list(blocks("python"))
    names = [
        f"{page.relative_to(ROOT).as_posix()}-{number}" for number, (page, _) in enumerate(found)
    ]
    return [
        pytest.param(code, id=name)
        for name, (_, code) in zip(names, found, strict=True)
        if (_IS_TESTS.search(code) is not None) == tests
    ]


@pytest.mark.parametrize("code", examples(tests=False))
def test_a_script_runs(code: str, aws: Aws) -> None:
    ours = code.replace("http://127.0.0.1:4566", aws.endpoint_url).replace(
        '"test", "test"', f'"{aws.account}", "test"'
    )
    exec(compile(ours, "<example>", "exec"), {"__name__": "__main__"})


def test_the_tests_pass(tmp_path: Path) -> None:
    modules = [parameters.values[0] for parameters in examples(tests=True)]
    for number, code in enumerate(modules):
        (tmp_path / f"test_example_{number}.py").write_text(code)
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-c", os.devnull]
    answer = run([*command, f"--rootdir={tmp_path}", tmp_path], cwd=tmp_path)
    count = sum(len(_IS_TESTS.findall(code)) for code in modules)
    assert f"{count} passed" in answer


def test_the_first_example_takes_fifteen_lines() -> None:
    page, code = next(blocks("python"))
    assert page.name == "README.md"
    assert len([line for line in code.splitlines() if line]) <= 15
