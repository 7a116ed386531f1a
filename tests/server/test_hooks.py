"""Init hooks: which scripts run, in what order and surroundings, and what becomes of bad ones."""

import asyncio
import logging
import os
import signal
import sys
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path

import pytest
import uvloop

from runtime.settings import Settings
from server.hooks import Hooks, command

Loop = Callable[[], asyncio.AbstractEventLoop]
ENDPOINT = "https://127.0.0.1:4599"


@pytest.fixture(params=[uvloop.new_event_loop, asyncio.new_event_loop], ids=["uvloop", "asyncio"])
def loop(request: pytest.FixtureRequest) -> Loop:
    """A kind of event loop."""
    made: Loop = request.param
    return made


@pytest.fixture(autouse=True)
def _all_is_logged(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    with caplog.at_level(logging.INFO, "fogbank"):
        yield


def run(work: Awaitable[None], loop: Loop = uvloop.new_event_loop) -> None:
    async def wait() -> None:
        await work

    with asyncio.Runner(loop_factory=loop) as runner:
        runner.run(wait())


def write(path: Path, text: str, mode: int = 0o755) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(mode)
    return path


def output(caplog: pytest.LogCaptureFixture) -> list[str]:
    """What the scripts wrote, without their names."""
    texts = [record.getMessage() for record in caplog.records if record.name == "fogbank.hooks"]
    return [text.partition(": ")[2] for text in texts if ": " in text]


def hooks(*folders: Path) -> Hooks:
    made = Hooks(Settings(hooks=list(folders)))
    made.endpoint_url = ENDPOINT
    return made


def test_without_scripts_nothing_happens(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "ready.d").mkdir()
    monkeypatch.setattr(asyncio, "create_subprocess_exec", None)
    made = hooks(tmp_path, tmp_path / "missing")
    for stage in ("boot", "start", "ready"):
        run(made.run(stage))
    assert not caplog.records
    assert made.state() == {
        "completed": {"BOOT": True, "START": True, "READY": True, "SHUTDOWN": False},
        "scripts": [],
    }


def test_order_is_by_name_over_all_folders_and_files_come_before_folders(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, loop: Loop
) -> None:
    ours, theirs = tmp_path / "ours", tmp_path / "theirs"
    for folder, names in (
        (theirs, ("10-a.sh", "30-c.sh", "a/20-f.sh", "a/b/x.sh", "40-note.txt", ".20-no.sh")),
        (ours, ("20-b.py", "30-c.sh", "a/10-e.sh", "b/g.sh", ".git/x.sh")),
    ):
        for name in names:
            text = f"print('{name}')" if name.endswith(".py") else f"echo {name} {folder.name}"
            write(folder / "ready.d" / name, text)
    write(ours / "start.d" / "other.sh", "echo other")
    made = hooks(theirs, ours)
    run(made.run("ready"), loop)
    assert output(caplog) == [
        "10-a.sh theirs",
        "20-b.py",
        "30-c.sh theirs",
        "30-c.sh ours",
        "a/10-e.sh ours",
        "a/20-f.sh theirs",
        "a/b/x.sh theirs",
        "b/g.sh ours",
    ]
    assert [entry["name"] for entry in made.state("ready")["scripts"]][-2:] == [
        "a/b/x.sh",
        "b/g.sh",
    ]


def test_a_script_that_fails_is_told_and_the_others_go_on(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, loop: Loop
) -> None:
    write(tmp_path / "ready.d" / "1.sh", "echo before >&2; exit 3")
    write(tmp_path / "ready.d" / "2.py", "raise SystemError('no')")
    write(tmp_path / "ready.d" / "3.sh", "kill -KILL $$")
    write(tmp_path / "ready.d" / "4.sh", "#!/no/such/interpreter\n")
    write(tmp_path / "ready.d" / "5.sh", "echo after")
    made = hooks(tmp_path)
    assert [entry["state"] for entry in made.state()["scripts"]] == ["UNKNOWN"] * 5
    run(made.run("ready"), loop)
    states = {entry["name"]: entry["state"] for entry in made.state("READY")["scripts"]}
    assert states == {
        "1.sh": "ERROR",
        "2.py": "ERROR",
        "3.sh": "ERROR",
        "4.sh": "ERROR",
        "5.sh": "SUCCESSFUL",
    }
    assert made.state("ready")["completed"]
    errors = [one.getMessage() for one in caplog.records if one.levelno == logging.ERROR]
    assert errors[:3] == [
        "ready.d/1.sh ended with status 3",
        "ready.d/2.py ended with status 1",
        "ready.d/3.sh ended by signal 9",
    ]
    assert errors[3].startswith("ready.d/4.sh cannot be run")
    said = output(caplog)
    assert said[0] == "before"
    assert "SystemError: no" in said
    assert said[-1] == "after"


def test_surroundings_lead_to_this_server(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    for name in tuple(os.environ):
        if name.startswith("AWS_"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_PROFILE", "production")
    monkeypatch.setenv("AWS_ENDPOINT_URL_SQS", "https://sqs.eu-west-1.amazonaws.com")
    monkeypatch.setenv("PATH", "/usr/bin:/bin")
    script = write(tmp_path / "ready.d" / "a.sh", "env | sort; command -v awslocal fogbank")
    run(hooks(tmp_path).run("ready"))
    said = output(caplog)
    variables = dict(line.split("=", 1) for line in said if line.startswith("AWS_"))
    assert variables == {
        "AWS_ENDPOINT_URL": "http://127.0.0.1:4599",  # no certificate has to be trusted
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_DEFAULT_REGION": "us-east-1",
    }
    path = next(line for line in said if line.startswith("PATH=")).split(":")
    assert path[-1] == str(Path(sys.executable).parent)
    assert [Path(line).name for line in said[-2:]] == ["awslocal", "fogbank"]
    assert script.exists()


def test_the_users_own_keys_stay(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "111111111111")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")
    write(
        tmp_path / "boot.d" / "a.sh",
        "echo $AWS_ACCESS_KEY_ID $AWS_SECRET_ACCESS_KEY $AWS_DEFAULT_REGION",
    )
    run(hooks(tmp_path).run("boot"))
    assert output(caplog) == ["111111111111 secret eu-west-1"]


def test_our_commands_are_on_the_path(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    write(tmp_path / "ready.d" / "a.sh", "fogbank --version && awslocal --version")
    run(hooks(tmp_path).run("ready"))
    version, cli = output(caplog)
    assert version.startswith("fogbank ")
    assert cli.startswith("aws-cli/")


def test_what_a_script_makes_is_seen_by_the_next_stage(tmp_path: Path) -> None:
    target = tmp_path / "ready.d" / "made.sh"
    write(tmp_path / "boot.d" / "a.sh", f"mkdir {target.parent}; echo true > {target}")
    made = hooks(tmp_path)
    run(made.run("boot"))
    run(made.run("ready"))
    assert made.state("ready")["scripts"] == [
        {"stage": "READY", "name": "made.sh", "state": "SUCCESSFUL"}
    ]


def test_an_unknown_stage_is_a_key_error() -> None:
    with pytest.raises(KeyError):
        hooks().state("lunch")


def test_long_and_strange_output_is_logged(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, loop: Loop
) -> None:
    write(
        tmp_path / "ready.d" / "a.py",
        "import os\nos.write(1, b'x' * 300_000 + b'\\n\\xff\\r\\nlast')",
    )
    run(hooks(tmp_path).run("ready"), loop)
    said = output(caplog)
    assert "".join(said[:-2]) == "x" * 300_000
    assert said[-2:] == ["\ufffd", "last"]


def test_what_runs_on_in_the_background_keeps_nobody(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("server.hooks._DRAIN_SECONDS", 0.05)
    number = tmp_path / "pid"
    write(tmp_path / "ready.d" / "a.sh", f"sleep 60 & echo $! > {number}")
    made = hooks(tmp_path)
    try:
        run(made.run("ready"))
    finally:
        os.kill(int(number.read_text()), signal.SIGKILL)
    assert made.state("ready")["scripts"][0]["state"] == "SUCCESSFUL"


def test_a_script_ends_with_the_server(tmp_path: Path, loop: Loop) -> None:
    running, ended = tmp_path / "running", tmp_path / "ended"
    os.mkfifo(running)
    write(
        tmp_path / "ready.d" / "a.sh",
        f"#!/bin/sh\ntrap 'echo > {ended}; exit' TERM\necho > {running}\n"
        "while :; do sleep 0.05; done",
    )
    made = hooks(tmp_path)

    async def stopped() -> None:
        task = asyncio.ensure_future(made.run("ready"))
        await asyncio.to_thread(running.read_text)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    run(stopped(), loop)
    assert ended.exists()
    assert made.state("ready") == {
        "completed": False,
        "scripts": [{"stage": "READY", "name": "a.sh", "state": "ERROR"}],
    }


def test_how_a_script_is_run(tmp_path: Path) -> None:
    path = "/usr/bin:/bin"
    executable = write(tmp_path / "a.sh", "#!/bin/sh\n")
    assert command(executable, path) == [str(executable)]
    not_so = write(tmp_path / "b.sh", "#!/usr/bin/env bash\n", 0o644)
    assert command(not_so, path) == ["/usr/bin/env", "bash", str(not_so)]
    bare = write(tmp_path / "c.sh", "echo\n", 0o644)
    assert command(bare, path)[0].endswith("sh")
    assert command(bare, "")[0] == "sh"
    python = write(tmp_path / "d.py", "", 0o644)
    assert command(python, path) == [sys.executable, str(python)]
