"""The attributes that SQS gives to messages."""

from typing import Any

import pytest

from fogbank.testing import Aws
from tests.services.sqs.helpers import create, fails, receive, send, send_fifo


@pytest.mark.fogbank(freeze="2026-03-01T00:00:00.123Z")
def test_times_and_receives_are_told(aws: Aws) -> None:
    url = create(aws)
    send(aws, url, "x")
    aws.clock.advance(1)
    (got,) = receive(aws, url, AttributeNames=["All"])
    expected = {
        "SenderId": aws.account,
        "SentTimestamp": "1772323200123",
        "ApproximateReceiveCount": "1",
        "ApproximateFirstReceiveTimestamp": "1772323201123",
    }
    assert got["Attributes"] == expected
    aws.clock.advance(30)
    (got,) = receive(aws, url, AttributeNames=["All"])
    assert got["Attributes"] == expected | {"ApproximateReceiveCount": "2"}


def test_fifo_messages_tell_their_group_their_order_and_their_deduplication(aws: Aws) -> None:
    url = create(aws, "a.fifo")
    (sent,) = send_fifo(aws, url, "group-1", "dedup-1")
    (got,) = receive(aws, url, MessageSystemAttributeNames=["All"])
    attributes = got["Attributes"]
    assert attributes["MessageGroupId"] == "group-1"
    assert attributes["MessageDeduplicationId"] == "dedup-1"
    assert attributes["SequenceNumber"] == sent["SequenceNumber"]
    assert len(sent["SequenceNumber"]) == 20


def test_both_parameters_name_attributes(aws: Aws) -> None:
    url = create(aws)
    send(aws, url, "x")
    (got,) = receive(
        aws,
        url,
        AttributeNames=["SenderId"],
        MessageSystemAttributeNames=["ApproximateReceiveCount"],
        VisibilityTimeout=0,
    )
    assert got["Attributes"] == {"SenderId": aws.account, "ApproximateReceiveCount": "1"}
    (got,) = receive(aws, url, MessageSystemAttributeNames=["SenderId"])
    assert got["Attributes"] == {"SenderId": aws.account}


@pytest.mark.parametrize("parameter", ["AttributeNames", "MessageSystemAttributeNames"])
def test_unknown_names_are_refused(aws: Aws, parameter: str) -> None:
    url = create(aws)
    options: dict[str, Any] = {parameter: ["Policy"]}
    with fails("InvalidAttributeName", "Unknown Attribute Policy."):
        receive(aws, url, **options)
