"""Dead letters: redrive policies, and messages that were received too often."""

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
    redrive_policy,
    send,
    send_fifo,
)


@pytest.mark.fogbank(freeze=True)
def test_a_message_is_given_up_when_it_was_received_too_often(aws: Aws) -> None:
    dead = create(aws, "dead")
    url = create(aws, RedrivePolicy=redrive_policy(aws, "dead", 2))
    (sent,) = send(aws, url, "bad")
    for _ in range(2):
        assert bodies(receive(aws, url)) == ["bad"]
        assert counts(aws, dead) == (0, 0, 0)
        aws.clock.advance(30)
    assert counts(aws, url) == (1, 0, 0)
    assert receive(aws, url) == []
    assert counts(aws, url) == (0, 0, 0)
    assert counts(aws, dead) == (1, 0, 0)
    (letter,) = receive(aws, dead, AttributeNames=["All"])
    assert letter["MessageId"] == sent["MessageId"]
    assert letter["Attributes"]["ApproximateReceiveCount"] == "3"
    assert letter["Attributes"]["DeadLetterQueueSourceArn"] == arn(aws, "orders")
    delete(aws, dead, letter)


@pytest.mark.fogbank(freeze=True)
def test_a_letter_keeps_its_attributes_and_on_standard_queues_its_age(aws: Aws) -> None:
    dead = create(aws, "dead", MessageRetentionPeriod=100)
    url = create(aws, RedrivePolicy=redrive_policy(aws, "dead", 1))
    attribute = {"Foo": {"DataType": "String", "StringValue": "Bar"}}
    send(aws, url, "bad", MessageAttributes=attribute)
    (first,) = receive(aws, url, AttributeNames=["SentTimestamp"])
    aws.clock.advance(60)
    assert receive(aws, url) == []
    (letter,) = receive(aws, dead, AttributeNames=["SentTimestamp"], MessageAttributeNames=["All"])
    assert letter["Attributes"] == first["Attributes"]
    assert letter["MessageAttributes"] == attribute
    aws.clock.advance(40)
    assert counts(aws, dead) == (0, 0, 0)


@pytest.mark.fogbank(freeze=True)
def test_the_others_are_received_in_the_same_call(aws: Aws) -> None:
    create(aws, "dead")
    url = create(aws, VisibilityTimeout=0, RedrivePolicy=redrive_policy(aws, "dead", 1))
    send(aws, url, *(f"bad-{number}" for number in range(15)))
    receive(aws, url)
    receive(aws, url, 5)
    send(aws, url, "good")
    assert bodies(receive(aws, url)) == ["good"]


@pytest.mark.fogbank(freeze=True)
def test_a_group_goes_on_behind_its_dead_letter(aws: Aws) -> None:
    dead = create(aws, "dead.fifo", MessageRetentionPeriod=100)
    url = create(
        aws, "a.fifo", VisibilityTimeout=60, RedrivePolicy=redrive_policy(aws, "dead.fifo", 1)
    )
    send_fifo(aws, url, "g", "bad", "good")
    assert bodies(receive(aws, url, 1)) == ["bad"]
    aws.clock.advance(60)
    assert bodies(receive(aws, url)) == ["good"]
    aws.clock.advance(99)
    (letter,) = receive(aws, dead, AttributeNames=["MessageGroupId", "MessageDeduplicationId"])
    assert letter["Body"] == "bad"  # on FIFO queues the age begins anew
    assert letter["Attributes"] == {"MessageGroupId": "g", "MessageDeduplicationId": "bad"}


@pytest.mark.fogbank(freeze=True)
def test_without_its_dead_letter_queue_a_message_is_received_for_ever(aws: Aws) -> None:
    dead = create(aws, "dead")
    url = create(aws, VisibilityTimeout=0, RedrivePolicy=redrive_policy(aws, "dead", 1))
    aws.client("sqs").delete_queue(QueueUrl=dead)
    send(aws, url, "bad")
    for _ in range(3):
        assert bodies(receive(aws, url)) == ["bad"]


@pytest.mark.fogbank(freeze=True)
def test_many_dead_letters_go_in_several_receives(aws: Aws) -> None:
    sqs, dead = aws.client("sqs"), create(aws, "dead")
    url = create(aws, VisibilityTimeout=1, RedrivePolicy=redrive_policy(aws, "dead", 1))
    entries = [{"Id": str(number), "MessageBody": "bad"} for number in range(10)]
    for _ in range(12):
        sqs.send_message_batch(QueueUrl=url, Entries=entries)
    for _ in range(12):
        assert len(receive(aws, url)) == 10
    send(aws, url, "good")
    aws.clock.advance(1)
    assert counts(aws, url) == (121, 0, 0)
    assert receive(aws, url) == []
    assert counts(aws, dead)[0] == 100
    assert bodies(receive(aws, url)) == ["good"]
    assert counts(aws, dead)[0] == 120


# policies ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("policy", "reason"),
    [
        ("nonsense", "Redrive policy is not a valid JSON map."),
        ("[]", "Redrive policy is not a valid JSON map."),
        ("{}", "Redrive policy does not contain mandatory attribute: maxReceiveCount."),
        (
            '{"maxReceiveCount": 1}',
            "Redrive policy does not contain mandatory attribute: deadLetterTargetArn.",
        ),
        (
            '{"maxReceiveCount": 1, "deadLetterTargetArn": "dead", "more": 1}',
            "Only following attributes supported: [deadLetterTargetArn, maxReceiveCount].",
        ),
        (
            '{"maxReceiveCount": 0, "deadLetterTargetArn": "dead"}',
            "Invalid value for maxReceiveCount: 0, valid values are from 1 to 1000 both inclusive.",
        ),
        (
            '{"maxReceiveCount": "1001", "deadLetterTargetArn": "dead"}',
            "Invalid value for maxReceiveCount: 1001, valid values are from 1 to 1000 both"
            " inclusive.",
        ),
        (
            '{"maxReceiveCount": true, "deadLetterTargetArn": "dead"}',
            "Invalid value for maxReceiveCount: true",
        ),
        (
            '{"maxReceiveCount": 1, "deadLetterTargetArn": "dead"}',
            "Invalid value for deadLetterTargetArn: dead.",
        ),
        (
            '{"deadLetterTargetArn":"arn:aws:sqs:us-east-1:1:none","maxReceiveCount":1}',
            "Dead letter target does not exist.",
        ),
    ],
)
def test_redrive_policies_have_rules(aws: Aws, policy: str, reason: str) -> None:
    words = f"Value {policy} for parameter RedrivePolicy is invalid. Reason: {reason}"
    with fails("InvalidParameterValue", words):
        create(aws, RedrivePolicy=policy)
    url = create(aws)
    with fails("InvalidParameterValue", reason):
        aws.client("sqs").set_queue_attributes(QueueUrl=url, Attributes={"RedrivePolicy": policy})


def test_a_policy_is_told_in_one_form_and_can_be_removed(aws: Aws) -> None:
    create(aws, "dead")
    given = {"maxReceiveCount": "7", "deadLetterTargetArn": arn(aws, "dead")}
    url = create(aws, RedrivePolicy=json.dumps(given))
    expected = redrive_policy(aws, "dead", 7)
    assert attributes(aws, url, "RedrivePolicy") == {"RedrivePolicy": expected}
    aws.client("sqs").set_queue_attributes(QueueUrl=url, Attributes={"RedrivePolicy": ""})
    assert attributes(aws, url, "RedrivePolicy") == {}


def test_a_dead_letter_queue_is_of_the_same_type_and_account(aws: Aws) -> None:
    create(aws, "dead")
    create(aws, "dead.fifo")
    words = "Reason: Dead-letter queue must be same type of queue as the source."
    with fails("InvalidParameterValue", words):
        create(aws, "a.fifo", RedrivePolicy=redrive_policy(aws, "dead", 1))
    with fails("InvalidParameterValue", words):
        create(aws, RedrivePolicy=redrive_policy(aws, "dead.fifo", 1))
    other = aws.server.client("sqs", account="555555555555")
    with fails("InvalidParameterValue", "Reason: Dead letter target does not exist."):
        other.create_queue(
            QueueName="orders", Attributes={"RedrivePolicy": redrive_policy(aws, "dead", 1)}
        )


@pytest.mark.parametrize(
    ("policy", "allowed"),
    [
        ({"redrivePermission": "allowAll"}, True),
        ({"redrivePermission": "denyAll"}, False),
        ({"redrivePermission": "byQueue", "sourceQueueArns": ["{arn}"]}, True),
        ({"redrivePermission": "byQueue", "sourceQueueArns": ["{arn}-2"]}, False),
    ],
)
def test_a_dead_letter_queue_allows_its_sources(
    aws: Aws, policy: dict[str, Any], allowed: bool
) -> None:
    text = json.dumps(policy, separators=(",", ":")).replace("{arn}", arn(aws, "orders"))
    dead = create(aws, "dead", RedriveAllowPolicy=text)
    assert attributes(aws, dead, "RedriveAllowPolicy") == {"RedriveAllowPolicy": text}
    if allowed:
        create(aws, RedrivePolicy=redrive_policy(aws, "dead", 1))
    else:
        with fails("InvalidParameterValue", "does not allow the source queue"):
            create(aws, RedrivePolicy=redrive_policy(aws, "dead", 1))


@pytest.mark.parametrize(
    "policy",
    [
        "nonsense",
        "{}",
        '{"redrivePermission": "some"}',
        '{"redrivePermission": "byQueue"}',
        '{"redrivePermission": "denyAll", "sourceQueueArns": ["a"]}',
        '{"redrivePermission": "byQueue", "sourceQueueArns": []}',
        json.dumps({"redrivePermission": "byQueue", "sourceQueueArns": ["a"] * 11}),
    ],
)
def test_redrive_allow_policies_have_rules(aws: Aws, policy: str) -> None:
    with fails("InvalidParameterValue", "for parameter RedriveAllowPolicy is invalid."):
        create(aws, RedriveAllowPolicy=policy)


def test_sources_are_listed_in_pages(aws: Aws) -> None:
    sqs, dead = aws.client("sqs"), create(aws, "dead")
    assert sqs.list_dead_letter_source_queues(QueueUrl=dead)["queueUrls"] == []
    urls = [
        create(aws, f"source-{number}", RedrivePolicy=redrive_policy(aws, "dead", 1))
        for number in range(3)
    ]
    create(aws, "other")
    assert sqs.list_dead_letter_source_queues(QueueUrl=dead)["queueUrls"] == urls
    pages = sqs.get_paginator("list_dead_letter_source_queues").paginate(
        QueueUrl=dead, PaginationConfig={"PageSize": 1}
    )
    assert [page["queueUrls"] for page in pages] == [[url] for url in urls]
    sqs.set_queue_attributes(QueueUrl=urls[1], Attributes={"RedrivePolicy": ""})
    found = sqs.list_dead_letter_source_queues(QueueUrl=dead)["queueUrls"]
    assert found == [urls[0], urls[2]]
    with fails("InvalidParameterValue", "for parameter MaxResults is invalid."):
        sqs.list_dead_letter_source_queues(QueueUrl=dead, MaxResults=0)
