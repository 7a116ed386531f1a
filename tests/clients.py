"""Clients in processes of their own: the AWS CLI, and AWS's SDK for JavaScript.

Where one is not installed, the test that wants it is skipped and says so.
"""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from fogbank.testing import Aws

TIMEOUT_SECONDS = 60
_JAVASCRIPT = Path(__file__).parent / "javascript"


def aws_cli(aws: Aws, service: str, *arguments: str) -> str:
    """What the AWS CLI writes."""
    command = Path(sys.executable).with_name("aws")
    if not command.exists():
        pytest.skip("the AWS CLI is not installed beside this Python")
    return _output(aws, [str(command), "--endpoint-url", aws.endpoint_url, service, *arguments])


def javascript(aws: Aws, script: str, *modules: str) -> Any:
    """What a script that needs these modules of @aws-sdk writes, which is JSON."""
    node = shutil.which("node")
    if node is None:
        pytest.skip("node is not installed; `make setup` installs it where it can")
    if not all((_JAVASCRIPT / "node_modules" / "@aws-sdk" / name).is_dir() for name in modules):
        pytest.skip("tests/javascript/node_modules is missing; `make setup` makes it")
    words = [node, "--no-warnings", "--input-type=module", "--eval", script]
    return json.loads(_output(aws, words))


def _output(aws: Aws, words: list[str]) -> str:
    run = subprocess.run(
        words,
        cwd=_JAVASCRIPT,
        env={**os.environ, **aws.environment(), "PYTHONWARNINGS": "ignore"},
        capture_output=True,
        text=True,
        timeout=TIMEOUT_SECONDS,
    )
    assert run.returncode == 0, run.stderr
    return run.stdout
