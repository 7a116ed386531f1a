"""Requests: the journal in pages, filtered and live."""

import json
import threading
from collections.abc import Iterator
from http.client import HTTPResponse
from typing import Any

import pytest
from botocore.exceptions import ClientError

from fogbank import Server
from tests.server.control.calling import call, refusal


def shown(server: Server, query: str = "") -> dict[str, Any]:
    found: dict[str, Any] = call(server, "GET", f"/_fogbank/requests{query}").json
    return found


def operations(server: Server, query: str = "") -> list[str]:
    return [request["operation"] for request in shown(server, query)["requests"]]


@pytest.fixture
def busy(server: Server) -> Server:
    """A server that has been called four times."""
    sqs = server.client("sqs")
    sqs.create_queue(QueueName="orders")
    with pytest.raises(ClientError):
        sqs.get_queue_url(QueueName="missing")
    server.client("sts", account="111122223333", region="eu-west-1").get_caller_identity()
    server.client("sts").get_caller_identity()
    return server


def test_a_call_as_it_is_shown(busy: Server) -> None:
    first = shown(busy)["requests"][0]
    assert first["service"] == "sqs"
    assert first["operation"] == "CreateQueue"
    assert first["account"] == "000000000000"
    assert first["region"] == "us-east-1"
    assert first["principal"] == "arn:aws:iam::000000000000:root"
    assert first["status"] == 200
    assert first["error_code"] is None
    assert first["parent"] == ""
    assert first["request"]["QueueName"] == "orders"
    assert first["response"]["QueueUrl"].endswith("/orders")
    assert first["duration_ms"] > 0
    assert first["time"].endswith("Z")
    assert first["id"]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", "CreateQueue GetQueueUrl GetCallerIdentity GetCallerIdentity"),
        ("?service=sqs", "CreateQueue GetQueueUrl"),
        ("?service=sqs&operation=CreateQueue", "CreateQueue"),
        ("?status=200&service=sqs", "CreateQueue"),
        ("?error=QueueDoesNotExist", "GetQueueUrl"),
        ("?account=111122223333", "GetCallerIdentity"),
        ("?region=eu-west-1", "GetCallerIdentity"),
        ("?principal=arn:aws:iam::111122223333:root", "GetCallerIdentity"),
        ("?service=nonsense", ""),
        ("?parent=x", ""),
        ("?since=2000-01-01", "CreateQueue GetQueueUrl GetCallerIdentity GetCallerIdentity"),
        ("?since=946684800", "CreateQueue GetQueueUrl GetCallerIdentity GetCallerIdentity"),
        ("?since=2999-01-01T00:00:00Z", ""),
        ("?order=newest&limit=3", "GetCallerIdentity GetCallerIdentity GetQueueUrl"),
        ("?service=&limit=", "CreateQueue GetQueueUrl GetCallerIdentity GetCallerIdentity"),
    ],
)
def test_filters(busy: Server, query: str, found: str) -> None:
    assert operations(busy, query) == found.split()


@pytest.mark.parametrize("order", ["oldest", "newest"])
def test_pages(busy: Server, order: str) -> None:
    whole = operations(busy, f"?order={order}")
    found: list[str] = []
    cursor = ""
    for _ in range(len(whole)):
        page = shown(busy, f"?limit=1&order={order}{cursor}")
        found += [request["operation"] for request in page["requests"]]
        cursor = f"&cursor={page['cursor']}"
    assert found == whole
    assert page["cursor"] is None


def test_since_counts_the_moment_itself(busy: Server) -> None:
    moment = shown(busy)["requests"][0]["time"]
    assert len(operations(busy, f"?since={moment}")) == 4


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("limit=0", "limit"),
        ("limit=1001", "limit"),
        ("limit=many", "limit"),
        ("limit=-1", "limit"),
        ("cursor=x", "cursor"),
        ("status=ok", "status"),
        ("status=99", "status"),
        ("since=yesterday", "since"),
        ("order=random", "order"),
        ("user=me", "user"),
    ],
)
def test_what_is_not_understood_is_refused(server: Server, query: str, field: str) -> None:
    assert refusal(server, "GET", f"/_fogbank/requests?{query}")[1] == field


def events(stream: HTTPResponse) -> Iterator[dict[str, Any]]:
    while line := stream.readline():
        if line.startswith(b"data: "):
            yield json.loads(line[6:])


def test_calls_are_streamed_as_they_end(server: Server) -> None:
    with server.control.open("GET", "requests/stream") as stream:
        assert stream.getheader("content-type") == "text/event-stream; charset=utf-8"
        assert stream.readline() == b"retry: 1000\n"
        server.client("sts").get_caller_identity()
        event = next(events(stream))
    assert (event["service"], event["operation"], event["status"]) == (
        "sts",
        "GetCallerIdentity",
        200,
    )
    assert event == shown(server)["requests"][0]


def test_a_stream_can_be_filtered(server: Server) -> None:
    query = {"service": "sqs", "status": "400"}
    with server.control.open("GET", "requests/stream", query=query) as stream:
        stream.readline()
        server.client("sts").get_caller_identity()
        server.client("sqs").create_queue(QueueName="orders")
        with pytest.raises(ClientError):
            server.client("sqs").get_queue_url(QueueName="missing")
        event = next(events(stream))
    assert event["operation"] == "GetQueueUrl"


def test_an_open_stream_does_not_keep_the_server_from_stopping() -> None:
    with Server() as server, server.control.open("GET", "requests/stream") as stream:
        stream.readline()
        stopped = threading.Thread(target=server.stop)
        stopped.start()
        assert list(events(stream)) == []
        stopped.join(8)
        assert not stopped.is_alive()
