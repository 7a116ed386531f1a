"""Looking at messages without receiving them."""

from collections.abc import Iterator

import pytest

from protocols.errors import Error
from services.sqs.peek import peek
from tests.services.sqs.in_process import ACCOUNT, REGION, InProcess, sqs_in_process


@pytest.fixture
def sqs() -> Iterator[InProcess]:
    """SQS with nothing in it."""
    with sqs_in_process() as found:
        yield found


def test_messages_are_shown_with_all_they_have_and_stay_as_they_are(sqs: InProcess) -> None:
    url = sqs.create("orders")
    attributes = {"Foo": {"DataType": "Binary", "BinaryValue": b"\x00"}}
    sqs("SendMessage", QueueUrl=url, MessageBody="x", MessageAttributes=attributes)
    for _ in range(2):
        (message,) = peek(sqs.context("ReceiveMessage"), url)
        assert message["Body"] == "x"
        assert message["MessageAttributes"] == attributes
        assert message["Attributes"]["ApproximateReceiveCount"] == "0"
        assert "ApproximateFirstReceiveTimestamp" not in message["Attributes"]
    assert sqs.counts(url) == (1, 0, 0)


def test_hidden_messages_are_shown_to_who_wants_them(sqs: InProcess) -> None:
    url = sqs.create("orders")
    sqs("SendMessage", QueueUrl=url, MessageBody="in flight")
    sqs("ReceiveMessage", QueueUrl=url, VisibilityTimeout=30)
    sqs("SendMessage", QueueUrl=url, MessageBody="delayed", DelaySeconds=60)
    sqs("SendMessage", QueueUrl=url, MessageBody="available")

    def shown(**options: bool) -> list[str]:
        return [message["Body"] for message in peek(sqs.context("ReceiveMessage"), url, **options)]

    assert shown() == ["available"]
    assert shown(show_invisible=True) == ["in flight", "available"]
    assert shown(show_delayed=True) == ["delayed", "available"]
    assert shown(show_invisible=True, show_delayed=True) == ["in flight", "delayed", "available"]
    sqs.advance(60)
    assert shown() == ["in flight", "delayed", "available"]
    sqs.advance(345_600)
    assert shown() == []


def test_a_queue_is_found_in_every_region(sqs: InProcess) -> None:
    sqs.create("orders")
    context = sqs.context("ReceiveMessage")
    context.region = "us-east-1"
    context.account = "000000000000"
    assert peek(context, f"http://localhost:4566/{ACCOUNT}/orders") == []
    assert peek(context, f"http://localhost:4566/queue/{REGION}/{ACCOUNT}/orders") == []
    for url in (
        "http://localhost:4566/orders",
        f"https://sqs.us-east-1.amazonaws.com/{ACCOUNT}/orders",
    ):
        with pytest.raises(Error, match="QueueDoesNotExist"):
            peek(context, url)
