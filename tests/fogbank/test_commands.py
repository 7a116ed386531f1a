"""The `fogbank` command's client words."""

import argparse
import json
import os
import stat
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from fogbank import Server
from fogbank.commands import WORDS, run, seconds
from fogbank.words import DEFINED

Output = pytest.CaptureFixture[str]


@pytest.fixture(autouse=True)
def reached(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """The environment's server is the tests' own."""
    monkeypatch.setenv("FOGBANK_ENDPOINT", server.endpoint_url)


def said(capsys: Output, *words: str, status: int = 0) -> str:
    """What a word prints."""
    assert run(words) == status
    captured = capsys.readouterr()
    assert captured.err == ""
    return captured.out


def complained(capsys: Output, *words: str, status: int = 2) -> str:
    """What a word complains about."""
    assert run(words) == status
    return capsys.readouterr().err


def test_help_names_every_word(capsys: Output) -> None:
    for words in (["--help"], ["-h"], ["help"]):
        text = said(capsys, *words)
        assert all(f"  {word} " in text for word in WORDS)
    assert set(DEFINED) == set(WORDS) - {"serve", "aws"}


@pytest.mark.parametrize("word", DEFINED)
def test_every_word_has_help(word: str, capsys: Output) -> None:
    with pytest.raises(SystemExit) as ending:
        run([word, "--help"])
    assert ending.value.code == 0
    assert f"usage: fogbank {word}" in capsys.readouterr().out


def test_what_is_no_word(capsys: Output) -> None:
    assert "did you mean `fogbank status`?" in complained(capsys, "statsu")
    assert "did you mean `fogbank serve`?" in complained(capsys, "start")
    assert "there is no word 'xyzzy' (see" in complained(capsys, "xyzzy")


def test_no_server(capsys: Output, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FOGBANK_ENDPOINT", "http://127.0.0.1:1")
    assert complained(capsys, "status", status=1).startswith(
        "fogbank: no server answers at http://127.0.0.1:1: "
    )


def test_the_servers_address(
    server: Server, capsys: Output, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("FOGBANK_ENDPOINT")
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
    assert "127.0.0.1:1" in complained(capsys, "status", status=1)
    assert server.endpoint_url in said(capsys, "status", "--endpoint-url", server.endpoint_url)


def test_status(server: Server, capsys: Output) -> None:
    server.client("sts").get_caller_identity()
    server.clock.freeze("2030-01-01")
    text = said(capsys, "status")
    assert f"at {server.endpoint_url}: ok" in text
    assert "AWS's time is 2030-01-01T00:00:00.000000Z (frozen)" in text
    assert "sts" in text.splitlines()[-1]
    assert json.loads(said(capsys, "status", "--json"))["status"] == "ok"


def test_reset(server: Server, capsys: Output) -> None:
    server.client("sqs").create_queue(QueueName="orders")
    narrowed = ("--service", "s3", "--service", "sqs", "--account", "111122223333")
    assert said(capsys, "reset", *narrowed) == "dropped: s3 sqs 111122223333\n"
    assert len(server.client("sqs").list_queues()["QueueUrls"]) == 1
    assert said(capsys, "reset") == "dropped: everything\n"
    assert "QueueUrls" not in server.client("sqs").list_queues()
    assert "fogbank: there is no service 'x' here" in complained(
        capsys, "reset", "--service", "x", status=1
    )


def test_clock(server: Server, capsys: Output) -> None:
    frozen = "2026-02-28T23:59:00Z"
    assert said(capsys, "clock", "freeze", frozen) == "2026-02-28T23:59:00.000000Z (frozen)\n"
    assert said(capsys, "clock", "advance", "1m30s") == (
        "2026-03-01T00:00:30.000000Z (frozen), 0 things happened\n"
    )
    assert "(frozen)" in said(capsys, "clock")
    assert "(frozen)" not in said(capsys, "clock", "resume")
    assert json.loads(said(capsys, "clock", "advance", "5", "--json"))["fired"] == 0
    assert "advance how far?" in complained(capsys, "clock", "advance")
    assert "'soon' is no length of time" in complained(capsys, "clock", "advance", "soon")
    assert "at must be a moment" in complained(capsys, "clock", "freeze", "soon", status=1)


@pytest.mark.parametrize(
    ("text", "length"),
    [("900", 900), ("15m", 900), ("1h30m", 5400), ("2d", 172800), ("1.5h", 5400), ("1w", 604800)],
)
def test_lengths_of_time(text: str, length: float) -> None:
    assert seconds(text) == length


@pytest.mark.parametrize("text", ["", "m", "1x", "1h-3m", "-5", "1.2.3"])
def test_what_is_no_length_of_time(text: str) -> None:
    with pytest.raises(argparse.ArgumentTypeError):
        seconds(text)


def test_settle(capsys: Output) -> None:
    assert said(capsys, "settle") == "settled\n"
    assert json.loads(said(capsys, "settle", "--timeout", "1s", "--json"))["settled"]


def test_snapshots(server: Server, capsys: Output, tmp_path: Path) -> None:
    server.client("sqs").create_queue(QueueName="orders")
    file = str(tmp_path / "file.tar.gz")
    assert said(capsys, "snapshot", "save", "one") == "saved: one\n"
    assert said(capsys, "snapshot", "export", "one", file) == "exported: one\n"
    assert said(capsys, "snapshot", "delete", "one") == "deleted: one\n"
    assert said(capsys, "snapshot", "list") == ""
    assert said(capsys, "snapshot", "import", "two", file) == "imported: two\n"
    server.reset()
    assert said(capsys, "snapshot", "restore", "two") == "restored: two\n"
    assert len(server.client("sqs").list_queues()["QueueUrls"]) == 1
    assert said(capsys, "snapshot", "list").startswith("two  2")
    assert json.loads(said(capsys, "snapshot", "list", "--json"))[0]["name"] == "two"
    missing = complained(capsys, "snapshot", "restore", "x", status=1)
    assert missing == "fogbank: there is no snapshot 'x'\n"


def test_requests(server: Server, capsys: Output) -> None:
    assert said(capsys, "requests") == ""
    for _ in range(3):
        server.client("sts").get_caller_identity()
    server.client("sqs").list_queues()
    lines = said(capsys, "requests", "--service", "sts").splitlines()
    assert len(lines) == 3
    assert "000000000000 us-east-1  sts GetCallerIdentity  200  " in lines[0]
    assert lines[0].endswith(" ms")
    assert "(there are more: --limit 20" in said(capsys, "requests", "--limit", "2")
    page = json.loads(said(capsys, "requests", "--json", "--operation", "ListQueues"))
    assert len(page["requests"]) == 1


def test_requests_are_followed(server: Server) -> None:
    command = [sys.executable, "-m", "fogbank", "requests", "--follow", "--service", "sqs"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        # It follows once a call is seen; those before are not told.
        calling = threading.Event()

        def call() -> None:
            while not calling.wait(0.05):
                server.client("sts").get_caller_identity()
                server.client("sqs").list_queues()

        thread = threading.Thread(target=call)
        thread.start()
        line = process.stdout.readline()
        calling.set()
        thread.join()
        process.terminate()
    assert "sqs ListQueues  200" in line


def test_faults(server: Server, capsys: Output) -> None:
    assert said(capsys, "faults") == "no fault rules\n"
    rule = ("service=sqs", "error=ServiceUnavailable", "probability=0.5")
    text = said(capsys, "faults", "put", "flaky", *rule)
    assert text.startswith("flaky: service=sqs error={'code': 'ServiceUnavailable'")
    assert "probability=0.5" in text
    assert json.loads(said(capsys, "faults", "list", "--json"))[0]["name"] == "flaky"
    said(capsys, "faults", "put", "slow", "latency-ms=5")
    assert said(capsys, "faults", "remove", "flaky").startswith("slow: latency_ms=5")
    assert said(capsys, "faults", "clear") == "no fault rules\n"
    assert "put which rule?" in complained(capsys, "faults", "put")
    assert "'sqs' is not KEY=VALUE" in complained(capsys, "faults", "put", "x", "sqs")
    assert "unknown field" in complained(capsys, "faults", "put", "x", "a=1", status=1)


def test_config(server: Server, capsys: Output) -> None:
    assert "limits=off\n" in said(capsys, "config")
    try:
        changed = said(capsys, "config", "limits=enforce", "default-account=111122223333")
        assert "limits=enforce\n" in changed
        assert "default_account=111122223333\n" in changed
        assert json.loads(said(capsys, "config", "--json"))["limits"] == "enforce"
    finally:
        server.config(limits="off", default_account="000000000000")
    assert "limits must be one of" in complained(capsys, "config", "limits=some", status=1)
    assert "'limits' is not KEY=VALUE" in complained(capsys, "config", "limits")


def test_coverage(capsys: Output) -> None:
    services = said(capsys, "coverage")
    assert "sqs" in services
    operations = said(capsys, "coverage", "sqs")
    assert operations.splitlines()[0].split() == ["AddPermission", "real"]
    assert "none" in said(capsys, "coverage", "s3", "--missing")
    assert "none" not in said(capsys, "coverage", "s3").split()
    assert "SendMessage" in json.loads(said(capsys, "coverage", "sqs", "--json"))["operations"]
    assert "no operation of 'x' is there" in complained(capsys, "coverage", "x", status=1)


# aws ---------------------------------------------------------------------------------------------


def aws(tmp_path: Path, *words: str, **variables: str) -> list[str]:
    """What `fogbank aws` gives to the AWS CLI: its words, then the variables it sees."""
    program = tmp_path / "aws"
    program.write_text('#!/bin/sh\nprintf "%s\\n" "$*"\nenv | grep ^AWS_ | sort\n')
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    kept = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    path = f"{tmp_path}:{os.environ['PATH']}"
    ran = subprocess.run(
        [sys.executable, "-m", "fogbank", "aws", *words],
        env={**kept, "PATH": path, **variables},
        capture_output=True,
        text=True,
        check=True,
    )
    return ran.stdout.splitlines()


def test_the_aws_cli_is_pointed_at_the_server(server: Server, tmp_path: Path) -> None:
    words, *variables = aws(tmp_path, "s3", "ls", AWS_PROFILE="prod", AWS_SESSION_TOKEN="real")
    assert words == f"--endpoint-url {server.endpoint_url} s3 ls"
    found = dict(variable.split("=", 1) for variable in variables)
    assert found["AWS_ENDPOINT_URL"] == server.endpoint_url
    assert found["AWS_ACCESS_KEY_ID"] == "test"
    assert found["AWS_DEFAULT_REGION"] == "us-east-1"
    assert "AWS_PROFILE" not in found
    assert "AWS_SESSION_TOKEN" not in found


def test_the_users_own_keys_and_region_count(tmp_path: Path) -> None:
    given = {
        "AWS_ACCESS_KEY_ID": "111122223333",
        "AWS_SECRET_ACCESS_KEY": "x",
        "AWS_REGION": "eu-west-1",
    }
    words, *variables = aws(tmp_path, "--endpoint-url=http://other", "sts", **given)
    assert words == "--endpoint-url=http://other sts"
    assert "AWS_ACCESS_KEY_ID=111122223333" in variables
    assert "AWS_DEFAULT_REGION=eu-west-1" in variables


def test_the_real_aws_cli(server: Server) -> None:
    command = [sys.executable, "-m", "fogbank", "aws", "sts", "get-caller-identity"]
    bin_folder = Path(sys.executable).parent
    environment = {**os.environ, "PATH": f"{bin_folder}:{os.environ['PATH']}"}
    ran = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    assert json.loads(ran.stdout)["Account"] == "000000000000"
