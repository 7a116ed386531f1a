"""The log: for people and as JSON, at the chosen level, and the line `Ready.`."""

import io
import logging
import sys
from collections.abc import Iterator
from datetime import datetime
from types import SimpleNamespace
from typing import Any

import orjson
import pytest

from protocols.errors import Error
from runtime.settings import Settings
from server import logs


@pytest.fixture(autouse=True)
def _logging_as_before() -> Iterator[None]:
    names = (None, "fogbank", "uvicorn.error")
    before = {name: logging.getLogger(name).level for name in names}
    handlers = logging.getLogger().handlers[:]
    yield
    logging.getLogger().handlers[:] = handlers
    for name, level in before.items():
        logging.getLogger(name).setLevel(level)


def lines(capsys: pytest.CaptureFixture[str]) -> list[str]:
    return capsys.readouterr().err.splitlines()


def test_a_line_for_people(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure(Settings())
    logging.getLogger("fogbank.hooks").warning("%s is odd", "this")
    (line,) = lines(capsys)
    moment, _, rest = line.partition(" ")
    assert moment.endswith("Z")
    assert len(moment) == len("2026-11-25T10:20:30.123Z")
    assert datetime.fromisoformat(moment)
    assert rest == "WARNING fogbank.hooks  this is odd"


def test_levels_line_up() -> None:
    record = logging.LogRecord("fogbank", logging.INFO, "", 0, "text", (), None)
    assert logs.Human().format(record).endswith("Z INFO  fogbank  text")


def test_what_went_wrong_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure(Settings())
    try:
        raise LookupError("lost")
    except LookupError:
        logs.log.exception("it failed")
    text = lines(capsys)
    assert text[0].endswith("ERROR fogbank  it failed")
    assert text[1] == "Traceback (most recent call last):"
    assert text[-1] == "LookupError: lost"


def test_json_is_one_line_each(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure(Settings(log_format="json"))
    try:
        raise LookupError("lost\nfor good")
    except LookupError:
        logs.log.exception("two\nlines", extra={"fields": {"bucket": "photos"}})
    (line,) = lines(capsys)
    content = orjson.loads(line)
    assert content["level"] == "error"
    assert content["logger"] == "fogbank"
    assert content["message"] == "two\nlines"
    assert content["bucket"] == "photos"
    assert content["exception"].endswith("LookupError: lost\nfor good")
    assert datetime.fromisoformat(content["time"])


@pytest.mark.parametrize(
    ("level", "seen"),
    [
        ("debug", ["debug", "info", "warning", "error"]),
        ("info", ["info", "warning", "error"]),
        ("warning", ["warning", "error"]),
        ("error", ["error"]),
    ],
)
def test_the_level_is_that_of_our_own(
    level: str, seen: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    logs.configure(Settings(log_level=level))
    for name in logs.LEVELS:
        getattr(logging.getLogger("fogbank.some.part"), name)(name)
    assert [line.split()[-1] for line in lines(capsys)] == seen


def test_others_are_heard_when_they_complain(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure(Settings(log_level="debug"))
    for name in ("asyncio", "uvicorn.error"):
        logging.getLogger(name).info("not this")
        logging.getLogger(name).warning("this")
    assert [line.split("Z ")[1] for line in lines(capsys)] == [
        "WARNING asyncio  this",
        "WARNING uvicorn.error  this",
    ]


class Terminal(io.StringIO):
    """A stream that a person looks at."""

    def isatty(self) -> bool:
        """It is one."""
        return True


def on_terminal(monkeypatch: pytest.MonkeyPatch, **variables: str) -> str:
    for name in ("NO_COLOR", "TERM"):
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    logs.configure(Settings())
    logs.log.error("bad")
    return terminal.getvalue()


def test_colours_are_for_terminals_alone(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    logs.configure(Settings())
    logs.log.error("bad")
    assert "\x1b" not in lines(capsys)[0]
    assert "\x1b[31mERROR\x1b[0m fogbank  bad" in on_terminal(monkeypatch)
    assert "\x1b" not in on_terminal(monkeypatch, NO_COLOR="1")
    assert "\x1b" not in on_terminal(monkeypatch, TERM="dumb")


@pytest.mark.parametrize("form", ["human", "json"])
def test_ready_is_a_line_by_itself_on_standard_output(
    form: str, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = Settings(log_format=form)
    logs.configure(settings)
    logs.ready(settings, "http://127.0.0.1:4566")
    captured = capsys.readouterr()
    assert captured.out == "Ready.\n"
    assert "http://127.0.0.1:4566" in captured.err


@pytest.mark.parametrize("stream", [None, io.StringIO()])
def test_a_server_without_standard_output_is_ready_too(
    stream: io.StringIO | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Gone(io.StringIO):
        def write(self, text: str) -> int:
            raise BrokenPipeError

    monkeypatch.setattr(sys, "stdout", Gone() if stream else None)
    logs.ready(Settings(), "http://127.0.0.1:4566")


def context() -> Any:
    clock = SimpleNamespace(monotonic=lambda: 10.25)
    return SimpleNamespace(
        runtime=SimpleNamespace(clock=clock),
        service="sqs",
        operation="SendMessage",
        account="111111111111",
        region="eu-west-1",
        request_id="an-id",
    )


def test_a_request_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure(Settings(log_level="debug"))
    logs.request_line(context(), 200, None, 10.0)
    logs.request_line(context(), 400, Error("QueueDoesNotExist", "no"), 10.0)
    assert [line.split("Z ")[1] for line in lines(capsys)] == [
        "DEBUG fogbank.requests  200 sqs.SendMessage 111111111111 250.0 ms",
        "DEBUG fogbank.requests  400 sqs.SendMessage 111111111111 QueueDoesNotExist 250.0 ms",
    ]


def test_a_request_as_json_has_its_parts(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure(Settings(log_level="debug", log_format="json"))
    logs.request_line(context(), 200, None, 10.0)
    (line,) = lines(capsys)
    content = orjson.loads(line)
    assert content["service"] == "sqs"
    assert content["status"] == 200
    assert content["milliseconds"] == 250.0
    assert content["error"] is None
