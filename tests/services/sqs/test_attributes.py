"""The attributes of queues: their defaults, their rules, their change."""

import json
from typing import Any

import pytest

from fogbank.testing import Aws
from tests.services.sqs.helpers import (
    arn,
    attributes,
    bodies,
    counts,
    create,
    delete,
    fails,
    receive,
    send,
    send_fifo,
)

STANDARD = {
    "ApproximateNumberOfMessages": "0",
    "ApproximateNumberOfMessagesDelayed": "0",
    "ApproximateNumberOfMessagesNotVisible": "0",
    "DelaySeconds": "0",
    "MaximumMessageSize": "1048576",
    "MessageRetentionPeriod": "345600",
    "ReceiveMessageWaitTimeSeconds": "0",
    "SqsManagedSseEnabled": "true",
    "VisibilityTimeout": "30",
}
FIFO = {
    "ContentBasedDeduplication": "false",
    "DeduplicationScope": "queue",
    "FifoQueue": "true",
    "FifoThroughputLimit": "perQueue",
}


@pytest.mark.parametrize(
    ("name", "expected"), [("orders", STANDARD), ("orders.fifo", STANDARD | FIFO)]
)
@pytest.mark.fogbank(freeze="2026-03-01T00:00:00Z")
def test_defaults(aws: Aws, name: str, expected: dict[str, str]) -> None:
    assert attributes(aws, create(aws, name)) == {
        **expected,
        "CreatedTimestamp": "1772323200",
        "LastModifiedTimestamp": "1772323200",
        "QueueArn": arn(aws, name),
    }


def test_only_what_is_asked_for_is_answered(aws: Aws) -> None:
    sqs, url = aws.client("sqs"), create(aws)
    assert "Attributes" not in sqs.get_queue_attributes(QueueUrl=url)
    assert attributes(aws, url, "DelaySeconds", "Policy") == {"DelaySeconds": "0"}
    with fails("InvalidAttributeName", "Unknown Attribute Nonsense."):
        attributes(aws, url, "Nonsense")


@pytest.mark.parametrize(
    ("name", "least", "most"),
    [
        ("DelaySeconds", 0, 900),
        ("MaximumMessageSize", 1024, 1048576),
        ("MessageRetentionPeriod", 60, 1209600),
        ("ReceiveMessageWaitTimeSeconds", 0, 20),
        ("VisibilityTimeout", 0, 43200),
        ("KmsDataKeyReusePeriodSeconds", 60, 86400),
    ],
)
def test_numbers_have_bounds(aws: Aws, name: str, least: int, most: int) -> None:
    url = create(aws, KmsMasterKeyId="alias/aws/sqs")
    sqs = aws.client("sqs")
    for good in (least, most):
        sqs.set_queue_attributes(QueueUrl=url, Attributes={name: str(good)})
        assert attributes(aws, url, name) == {name: str(good)}
    for bad in (str(least - 1), str(most + 1), "x", "1.5", " 60", "٣"):
        with fails("InvalidAttributeValue", f"Invalid value for the parameter {name}."):
            sqs.set_queue_attributes(QueueUrl=url, Attributes={name: bad})


@pytest.mark.parametrize("name", ["QueueArn", "CreatedTimestamp", "All", "Nonsense"])
def test_unknown_and_fixed_attributes_cannot_be_set(aws: Aws, name: str) -> None:
    url = create(aws)
    with fails("InvalidAttributeName", f"Unknown Attribute {name}."):
        aws.client("sqs").set_queue_attributes(QueueUrl=url, Attributes={name: "1"})
    with fails("InvalidAttributeName", f"Unknown Attribute {name}."):
        create(aws, "other", **{name: "1"})


def test_an_error_leaves_everything_as_it_was(aws: Aws) -> None:
    url = create(aws)
    with fails("InvalidAttributeValue"):
        aws.client("sqs").set_queue_attributes(
            QueueUrl=url, Attributes={"DelaySeconds": "5", "VisibilityTimeout": "-1"}
        )
    assert attributes(aws, url, "DelaySeconds") == {"DelaySeconds": "0"}


@pytest.mark.fogbank(freeze=True)
def test_a_change_is_dated(aws: Aws) -> None:
    url = create(aws)
    created = attributes(aws, url, "CreatedTimestamp")["CreatedTimestamp"]
    aws.clock.advance(100)
    aws.client("sqs").set_queue_attributes(QueueUrl=url, Attributes={"DelaySeconds": "1"})
    found = attributes(aws, url)
    assert found["CreatedTimestamp"] == created
    assert int(found["LastModifiedTimestamp"]) == int(created) + 100


def test_an_empty_value_is_the_default(aws: Aws) -> None:
    sqs = aws.client("sqs")
    url = create(aws, DelaySeconds=5, KmsMasterKeyId="testKeyId", KmsDataKeyReusePeriodSeconds=6000)
    found = attributes(aws, url)
    assert found["KmsMasterKeyId"] == "testKeyId"
    assert found["KmsDataKeyReusePeriodSeconds"] == "6000"
    assert found["SqsManagedSseEnabled"] == "false"
    empty = {"DelaySeconds": "", "KmsMasterKeyId": "", "KmsDataKeyReusePeriodSeconds": ""}
    sqs.set_queue_attributes(QueueUrl=url, Attributes=empty)
    found = attributes(aws, url)
    assert found["DelaySeconds"] == "0"
    assert found["SqsManagedSseEnabled"] == "false"
    assert "KmsMasterKeyId" not in found
    assert "KmsDataKeyReusePeriodSeconds" not in found


def test_encryption_is_of_one_kind(aws: Aws) -> None:
    url = create(aws, SqsManagedSseEnabled="true")
    with fails("InvalidAttributeName", "You can use one type of server-side encryption (SSE)"):
        aws.client("sqs").set_queue_attributes(
            QueueUrl=url,
            Attributes={"KmsMasterKeyId": "testKeyId", "SqsManagedSseEnabled": "true"},
        )


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("ContentBasedDeduplication", "true", "Unknown Attribute ContentBasedDeduplication."),
        (
            "DeduplicationScope",
            "queue",
            "You can specify the DeduplicationScope only when FifoQueue is set to true.",
        ),
        (
            "FifoThroughputLimit",
            "perQueue",
            "You can specify the FifoThroughputLimit only when FifoQueue is set to true.",
        ),
        ("FifoQueue", "true", "Unknown Attribute FifoQueue."),
        ("FifoQueue", "false", "Unknown Attribute FifoQueue."),
    ],
)
def test_standard_queues_have_no_fifo_attributes(
    aws: Aws, name: str, value: str, words: str
) -> None:
    url = create(aws)
    with fails("InvalidAttributeName", words):
        aws.client("sqs").set_queue_attributes(QueueUrl=url, Attributes={name: value})


def test_a_queue_stays_of_its_type(aws: Aws) -> None:
    url = create(aws, "a.fifo")
    words = (
        "Invalid value for the parameter FifoQueue. Reason: Modifying queue type is not supported."
    )
    with fails("InvalidAttributeValue", words):
        aws.client("sqs").set_queue_attributes(QueueUrl=url, Attributes={"FifoQueue": "false"})


def test_throughput_of_groups_needs_their_deduplication(aws: Aws) -> None:
    with fails("InvalidAttributeValue", "only when the value for DeduplicationScope"):
        create(aws, "a.fifo", FifoThroughputLimit="perMessageGroupId")
    url = create(
        aws, "a.fifo", DeduplicationScope="messageGroup", FifoThroughputLimit="perMessageGroupId"
    )
    assert attributes(aws, url)["FifoThroughputLimit"] == "perMessageGroupId"
    with fails("InvalidAttributeValue", "Invalid value for the parameter DeduplicationScope."):
        create(aws, "b.fifo", DeduplicationScope="everything")


@pytest.mark.parametrize("policy", ["no JSON", "[]", "{}", '{"Statement": []}', '{"Statement": 1}'])
def test_policies_are_documents(aws: Aws, policy: str) -> None:
    with fails("InvalidAttributeValue", "Invalid value for the parameter Policy."):
        create(aws, Policy=policy)


def test_a_policy_is_kept_as_it_was_given_and_can_be_removed(aws: Aws) -> None:
    statement: dict[str, Any] = {"Effect": "Allow", "Principal": "*", "Action": "sqs:SendMessage"}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    url = create(aws, Policy=policy)
    assert attributes(aws, url, "Policy") == {"Policy": policy}
    aws.client("sqs").set_queue_attributes(QueueUrl=url, Attributes={"Policy": ""})
    assert attributes(aws, url, "Policy") == {}


# the numbers of messages -------------------------------------------------------------------------


@pytest.mark.fogbank(freeze=True)
def test_counts_follow_every_change(aws: Aws) -> None:
    sqs, url = aws.client("sqs"), create(aws, VisibilityTimeout=30)
    send(aws, url, "a", "b", "c")
    send(aws, url, "later", DelaySeconds=10)
    assert counts(aws, url) == (3, 1, 0)
    first, second = receive(aws, url, 2)
    assert counts(aws, url) == (1, 1, 2)
    delete(aws, url, first)
    assert counts(aws, url) == (1, 1, 1)
    sqs.change_message_visibility(
        QueueUrl=url, ReceiptHandle=second["ReceiptHandle"], VisibilityTimeout=0
    )
    assert counts(aws, url) == (2, 1, 0)
    receive(aws, url, 1)
    aws.clock.advance(10)
    assert counts(aws, url) == (2, 0, 1)
    aws.clock.advance(20)
    assert counts(aws, url) == (3, 0, 0)
    receive(aws, url, 10, VisibilityTimeout=0)
    assert counts(aws, url) == (3, 0, 0)


@pytest.mark.fogbank(freeze=True)
def test_counts_of_fifo_queues_are_of_messages_not_of_groups(aws: Aws) -> None:
    url = create(aws, "a.fifo")
    send_fifo(aws, url, "g", "1", "2", "3")
    (first,) = receive(aws, url, 1)
    assert counts(aws, url) == (2, 0, 1)
    delete(aws, url, first)
    assert counts(aws, url) == (2, 0, 0)


@pytest.mark.fogbank(freeze=True)
def test_messages_older_than_the_retention_period_are_gone(aws: Aws) -> None:
    url = create(aws, MessageRetentionPeriod=60)
    send(aws, url, "old")
    aws.clock.advance(30)
    send(aws, url, "new")
    receive(aws, url, 1, VisibilityTimeout=300)
    assert counts(aws, url) == (1, 0, 1)
    aws.clock.advance(30)
    assert counts(aws, url) == (1, 0, 0)
    assert bodies(receive(aws, url)) == ["new"]
    aws.clock.advance(30)
    assert counts(aws, url) == (0, 0, 0)


@pytest.mark.fogbank(freeze=True)
def test_a_shorter_retention_period_holds_for_messages_that_are_there(aws: Aws) -> None:
    url = create(aws)
    send(aws, url, "one")
    aws.clock.advance(100)
    aws.client("sqs").set_queue_attributes(
        QueueUrl=url, Attributes={"MessageRetentionPeriod": "60"}
    )
    assert receive(aws, url) == []
    assert counts(aws, url) == (0, 0, 0)
