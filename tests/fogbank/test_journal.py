"""The journal as tests read it, and what it says when an assertion fails."""

from datetime import timedelta

import pytest
from botocore.exceptions import ClientError

from fogbank import Server, journal


def test_nothing_happened(server: Server) -> None:
    found = server.requests()
    assert not found
    assert repr(found) == "no request, nor any other"
    assert repr(server.requests("sqs", "SendMessage")) == "no sqs SendMessage, nor any other"


def test_calls_in_order(server: Server) -> None:
    sqs = server.client("sqs")
    url = sqs.create_queue(QueueName="orders")["QueueUrl"]
    sqs.send_message(QueueUrl=url, MessageBody="one")
    assert server.requests().operations == ["CreateQueue", "SendMessage"]
    sent = server.requests("sqs", "SendMessage").one()
    assert sent.status == 200
    assert sent.request["MessageBody"] == "one"
    assert sent["region"] == "us-east-1"
    assert str(sent).startswith("sqs SendMessage 200 {")
    assert repr(sent) == f"<{sent}>"
    with pytest.raises(AttributeError, match="a request of the journal has no 'body'"):
        _ = sent.body


def test_errors_are_found_by_their_code(server: Server) -> None:
    with pytest.raises(ClientError):
        server.client("sqs").get_queue_url(QueueName="missing")
    failed = server.requests(error="QueueDoesNotExist").one()
    assert failed.status == 400
    assert server.requests(status=400).one() == failed
    assert "400 QueueDoesNotExist" in str(failed)


def test_what_there_was_instead(server: Server) -> None:
    server.client("sts").get_caller_identity()
    found = server.requests("sqs", "SendMessage")
    assert repr(found) == "no sqs SendMessage, but 1 request: sts GetCallerIdentity 200 {}"
    with pytest.raises(AssertionError, match="no sqs SendMessage, but 1 request"):
        found.one()


def test_one_is_one(server: Server) -> None:
    for _ in range(2):
        server.client("sts").get_caller_identity()
    with pytest.raises(AssertionError, match="2 sts GetCallerIdentity: "):
        server.requests("sts", "GetCallerIdentity").one()


def test_since(server: Server) -> None:
    server.clock.freeze()
    server.client("sts").get_caller_identity()
    server.clock.advance(timedelta(minutes=1))
    moment = server.clock.now()
    assert not server.requests(since=moment)
    server.client("sts").get_caller_identity()
    assert len(server.requests(since=moment)) == 1


def test_more_than_a_page(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(journal, "PAGE", 2)
    for _ in range(5):
        server.client("sts").get_caller_identity()
    found = server.requests()
    assert len(found) == 5
    assert len({request.id for request in found}) == 5


def test_many_are_shown_in_part() -> None:
    members = {"service": "sqs", "operation": "X", "status": 200, "request": {"a": "b" * 500}}
    shown = repr(journal.Requests([journal.Request(members)] * 20))
    assert shown.startswith("20 requests: sqs X 200 {'a': 'bbb")
    assert shown.endswith("...; and 8 more")
    assert len(shown) < 2500


def test_calls_between_services_are_shown_when_wanted(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = {"requests": [{"id": "1", "parent": ""}, {"id": "2", "parent": "1"}], "cursor": None}
    monkeypatch.setattr(server.control, "call", lambda *arguments, **named: page)
    assert [request.id for request in server.requests()] == ["1"]
    assert [request.id for request in server.requests(internal=True)] == ["1", "2"]
