"""The clock: AWS's time in a test's hands."""

import threading
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from fogbank import Server
from tests.server.control.calling import call, refusal


def test_it_runs_with_real_time_at_first(server: Server) -> None:
    state = call(server, "GET", "/_fogbank/clock").json
    assert state.keys() == {"now", "frozen", "offset_seconds"}
    assert not state["frozen"]
    assert abs(state["offset_seconds"]) < 0.001
    assert state["now"].endswith("Z")
    assert abs(server.clock.now() - datetime.now(UTC)) < timedelta(seconds=5)


def test_freeze_advance_and_resume(server: Server) -> None:
    moment = server.clock.freeze("2026-02-28T23:59:00Z")
    assert moment == server.clock.now() == datetime(2026, 2, 28, 23, 59, tzinfo=UTC)
    assert server.clock.frozen
    assert server.clock.advance(90.5) == 0
    assert server.clock.now() == datetime(2026, 3, 1, 0, 0, 30, 500_000, tzinfo=UTC)
    resumed = server.clock.resume()
    assert not server.clock.frozen
    assert timedelta() <= server.clock.now() - resumed < timedelta(seconds=5)


def test_freeze_takes_what_people_write(server: Server) -> None:
    for text in ("2026-03-01", "2026-03-01T01:00:00+01:00", 1772323200, "1772323200"):
        answer = call(server, "POST", "/_fogbank/clock/freeze", {"at": text})
        assert answer.json["now"] == "2026-03-01T00:00:00.000000Z"
    before = server.clock.now()
    assert call(server, "POST", "/_fogbank/clock/freeze").json["frozen"]
    assert server.clock.now() == before


@pytest.mark.parametrize("at", ["yesterday", "", True, [], -5, 10**30, "9999-12-31", "nan", {}])
def test_what_is_no_moment_is_refused(server: Server, at: Any) -> None:
    assert refusal(server, "POST", "/_fogbank/clock/freeze", {"at": at})[1] == "at"
    assert not server.clock.frozen


@pytest.mark.parametrize("seconds", [-1, "1", True, None, 10**12])
def test_what_is_no_length_of_time_is_refused(server: Server, seconds: Any) -> None:
    body = {"seconds": seconds}
    assert refusal(server, "POST", "/_fogbank/clock/advance", body)[1] == "seconds"


def test_time_ends_with_dates(server: Server) -> None:
    server.clock.freeze("9800-01-01")
    message, _ = refusal(server, "POST", "/_fogbank/clock/advance", {"seconds": 3_000_000_000})
    assert message == "time ends with the year 9999"


def test_an_advance_by_fifteen_minutes_shows_what_was_delayed(server: Server) -> None:
    server.clock.freeze()
    sqs = server.client("sqs")
    url = sqs.create_queue(QueueName="orders", Attributes={"VisibilityTimeout": "300"})["QueueUrl"]
    for body, delay in (("late", 900), ("early", 60), ("now", 0)):
        sqs.send_message(QueueUrl=url, MessageBody=body, DelaySeconds=delay)

    def received() -> set[str]:
        answer = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10)
        return {message["Body"] for message in answer.get("Messages", [])}

    assert received() == {"now"}
    server.clock.advance(60)
    assert received() == {"early"}
    server.clock.advance(timedelta(minutes=15))
    assert received() == {"late", "early", "now"}


def test_a_waiting_receiver_gets_what_an_advance_brings(server: Server) -> None:
    sqs = server.client("sqs")
    url = sqs.create_queue(QueueName="orders")["QueueUrl"]
    sqs.send_message(QueueUrl=url, MessageBody="delayed", DelaySeconds=10)
    found: list[Any] = []
    receiver = threading.Thread(
        target=lambda: found.append(sqs.receive_message(QueueUrl=url, WaitTimeSeconds=20))
    )
    receiver.start()
    while "fogbank_waiters 1" not in call(server, "GET", "/_fogbank/metrics").content.decode():
        assert receiver.is_alive()
    server.clock.advance(10)
    receiver.join(5)
    assert found[0]["Messages"][0]["Body"] == "delayed"
