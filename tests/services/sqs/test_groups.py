"""FIFO queues: message groups, order and deduplication."""

import pytest

from fogbank.testing import Aws
from tests.services.sqs.helpers import (
    attributes,
    bodies,
    create,
    delete,
    fails,
    receive,
    send,
    send_fifo,
)

# order -------------------------------------------------------------------------------------------


@pytest.mark.fogbank(freeze=True)
def test_a_group_is_received_in_order_and_one_receiver_at_a_time(aws: Aws) -> None:
    url = create(aws, "a.fifo")
    send_fifo(aws, url, "g", "1", "2", "3")
    first, second = receive(aws, url, 2)
    assert bodies([first, second]) == ["1", "2"]
    assert receive(aws, url) == []
    delete(aws, url, first)
    assert receive(aws, url) == []
    delete(aws, url, second)
    assert bodies(receive(aws, url)) == ["3"]


def test_groups_do_not_block_each_other(aws: Aws) -> None:
    url = create(aws, "a.fifo")
    send_fifo(aws, url, "a", "a1", "a2")
    send_fifo(aws, url, "b", "b1", "b2")
    assert bodies(receive(aws, url, 1)) == ["a1"]
    assert bodies(receive(aws, url, 1)) == ["b1"]
    assert receive(aws, url) == []


def test_a_receive_takes_as_much_as_it_can_of_a_group_and_then_of_others(aws: Aws) -> None:
    url = create(aws, "a.fifo")
    send_fifo(aws, url, "a", "a1")
    send_fifo(aws, url, "b", "b1")
    send_fifo(aws, url, "a", "a2", "a3")
    assert bodies(receive(aws, url, 4)) == ["a1", "a2", "a3", "b1"]


@pytest.mark.parametrize("hidden", [0, 1, 2])
@pytest.mark.fogbank(freeze=True)
def test_what_comes_before_a_hidden_message_can_be_received(aws: Aws, hidden: int) -> None:
    """As AWS does: only messages behind one that is in flight have to wait."""
    sqs, url = aws.client("sqs"), create(aws, "a.fifo", VisibilityTimeout=10)
    send_fifo(aws, url, "g", "foo", "bar", "baz")
    messages = receive(aws, url)
    sqs.change_message_visibility(
        QueueUrl=url, ReceiptHandle=messages[hidden]["ReceiptHandle"], VisibilityTimeout=100
    )
    aws.clock.advance(10)
    assert bodies(receive(aws, url)) == ["foo", "bar", "baz"][:hidden]


@pytest.mark.fogbank(freeze=True)
def test_a_timeout_gives_the_group_back_in_order(aws: Aws) -> None:
    url = create(aws, "a.fifo")
    send_fifo(aws, url, "g", "1", "2", "3")
    assert bodies(receive(aws, url, 2)) == ["1", "2"]
    aws.clock.advance(30)
    assert bodies(receive(aws, url)) == ["1", "2", "3"]


def test_a_visibility_timeout_of_nothing_leaves_the_group_open(aws: Aws) -> None:
    url = create(aws, "a.fifo")
    send_fifo(aws, url, "g", "1", "2")
    for _ in range(2):
        assert bodies(receive(aws, url, VisibilityTimeout=0)) == ["1", "2"]


@pytest.mark.fogbank(freeze=True)
def test_the_queues_delay_keeps_the_order(aws: Aws) -> None:
    url = create(aws, "a.fifo", DelaySeconds=10)
    send_fifo(aws, url, "g", "1")
    aws.clock.advance(5)
    send_fifo(aws, url, "g", "2")
    assert receive(aws, url) == []
    aws.clock.advance(5)
    (first,) = receive(aws, url)
    assert first["Body"] == "1"
    aws.clock.advance(5)
    assert receive(aws, url) == []
    delete(aws, url, first)
    assert bodies(receive(aws, url)) == ["2"]


@pytest.mark.fogbank(freeze=True)
def test_fifo_messages_have_no_delay_of_their_own(aws: Aws) -> None:
    url = create(aws, "a.fifo", DelaySeconds=10, ContentBasedDeduplication="true")
    words = (
        "Value 2 for parameter DelaySeconds is invalid."
        " Reason: The request include parameter that is not valid for this queue type."
    )
    with fails("InvalidParameterValue", words):
        send(aws, url, "x", MessageGroupId="g", DelaySeconds=2)
    send(aws, url, "x", MessageGroupId="g", DelaySeconds=0)
    assert receive(aws, url) == []  # zero is the queue's delay
    aws.clock.advance(10)
    assert bodies(receive(aws, url)) == ["x"]


@pytest.mark.fogbank(freeze=True)
def test_a_fifo_handle_expires_with_the_timeout(aws: Aws) -> None:
    sqs, url = aws.client("sqs"), create(aws, "a.fifo")
    send_fifo(aws, url, "g", "1")
    (message,) = receive(aws, url)
    aws.clock.advance(20)
    sqs.change_message_visibility(
        QueueUrl=url, ReceiptHandle=message["ReceiptHandle"], VisibilityTimeout=30
    )
    aws.clock.advance(30)
    words = (
        f"Value {message['ReceiptHandle']} for parameter ReceiptHandle is invalid."
        " Reason: The receipt handle has expired."
    )
    with fails("InvalidParameterValue", words):
        delete(aws, url, message)
    with fails("InvalidParameterValue", words):
        sqs.change_message_visibility(
            QueueUrl=url, ReceiptHandle=message["ReceiptHandle"], VisibilityTimeout=30
        )
    (again,) = receive(aws, url)
    with fails("InvalidParameterValue", words):
        delete(aws, url, message)
    delete(aws, url, again, again)


def test_sequence_numbers_grow(aws: Aws) -> None:
    url = create(aws, "a.fifo")
    numbers = [
        answer["SequenceNumber"]
        for group in ("a", "b", "a")
        for answer in send_fifo(aws, url, group, f"{group}1", f"{group}2", f"{group}3")
    ]
    assert all(len(number) == 20 and number.isdigit() for number in numbers)
    unique = list(dict.fromkeys(numbers))
    assert unique == sorted(unique)


# deduplication -----------------------------------------------------------------------------------


def test_a_fifo_message_needs_a_group_and_a_deduplication_id(aws: Aws) -> None:
    url = create(aws, "a.fifo")
    with fails("MissingParameter", "The request must contain the parameter MessageGroupId."):
        send(aws, url, "x", MessageDeduplicationId="x")
    words = (
        "The queue should either have ContentBasedDeduplication enabled or MessageDeduplicationId"
        " provided explicitly"
    )
    with fails("InvalidParameterValue", words):
        send(aws, url, "x", MessageGroupId="g")


@pytest.mark.parametrize("token", ["", "group 123", "a" * 129])
def test_deduplication_ids_are_of_printable_ascii(aws: Aws, token: str) -> None:
    url = create(aws, "a.fifo")
    words = (
        f"Value {token} for parameter MessageDeduplicationId is invalid. Reason:"
        " MessageDeduplicationId can only include alphanumeric and punctuation characters."
        " 1 to 128 in length."
    )
    with fails("InvalidParameterValue", words):
        send(aws, url, "x", MessageGroupId="g", MessageDeduplicationId=token)


@pytest.mark.fogbank(freeze=True)
def test_an_id_counts_for_five_minutes_even_after_the_message_is_gone(aws: Aws) -> None:
    url = create(aws, "a.fifo")
    (first,) = send_fifo(aws, url, "g", "x")
    delete(aws, url, *receive(aws, url))
    aws.clock.advance(299.9)
    (second,) = send_fifo(aws, url, "g", "x")
    assert second["MessageId"] == first["MessageId"]
    assert second["SequenceNumber"] == first["SequenceNumber"]
    assert receive(aws, url) == []
    aws.clock.advance(0.1)
    (third,) = send_fifo(aws, url, "g", "x")
    assert third["MessageId"] != first["MessageId"]
    assert bodies(receive(aws, url)) == ["x"]


def test_a_duplicate_with_another_body_is_told_its_own_digest(aws: Aws) -> None:
    url = create(aws, "a.fifo")
    options = {"MessageGroupId": "g", "MessageDeduplicationId": "same"}
    first, second = send(aws, url, "one", "two", **options)
    assert first["MessageId"] == second["MessageId"]
    assert first["MD5OfMessageBody"] != second["MD5OfMessageBody"]
    assert bodies(receive(aws, url)) == ["one"]


def test_content_is_an_id_unless_one_is_given(aws: Aws) -> None:
    url = create(aws, "a.fifo", ContentBasedDeduplication="true")
    send(aws, url, "x", "x", MessageGroupId="g")
    send(aws, url, "x", MessageGroupId="g", MessageDeduplicationId="1")
    got = receive(aws, url, AttributeNames=["MessageDeduplicationId"])
    assert bodies(got) == ["x", "x"]
    digest = "2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881"
    assert [message["Attributes"]["MessageDeduplicationId"] for message in got] == [digest, "1"]
    send(aws, url, "x", MessageGroupId="other", MessageDeduplicationId=digest)
    assert receive(aws, url) == []


@pytest.mark.parametrize(("scope", "expected"), [("queue", ["a"]), ("messageGroup", ["a", "b"])])
def test_an_id_counts_for_the_queue_or_for_the_group(
    aws: Aws, scope: str, expected: list[str]
) -> None:
    url = create(aws, "a.fifo", DeduplicationScope=scope)
    for group in ("a", "b", "a", "b"):
        send(aws, url, group, MessageGroupId=group, MessageDeduplicationId="same")
    assert bodies(receive(aws, url)) == expected


def change_scope(aws: Aws, url: str, scope: str, limit: str) -> None:
    """Set both attributes of high throughput."""
    aws.client("sqs").set_queue_attributes(
        QueueUrl=url, Attributes={"DeduplicationScope": scope, "FifoThroughputLimit": limit}
    )
    assert attributes(aws, url)["DeduplicationScope"] == scope


def test_ids_from_before_high_throughput_count_for_every_group(aws: Aws) -> None:
    url = create(aws, "a.fifo")
    send(aws, url, "1", MessageGroupId="a", MessageDeduplicationId="same")
    change_scope(aws, url, "messageGroup", "perMessageGroupId")
    send(aws, url, "2", MessageGroupId="b", MessageDeduplicationId="same")
    send(aws, url, "3", MessageGroupId="b", MessageDeduplicationId="other")
    assert bodies(receive(aws, url)) == ["1", "3"]


def test_ids_of_groups_do_not_count_for_the_queue_afterwards(aws: Aws) -> None:
    url = create(
        aws, "a.fifo", DeduplicationScope="messageGroup", FifoThroughputLimit="perMessageGroupId"
    )
    for group in ("a", "b"):
        send(aws, url, group, MessageGroupId=group, MessageDeduplicationId="same")
    change_scope(aws, url, "queue", "perQueue")
    send(aws, url, "c", MessageGroupId="c", MessageDeduplicationId="same")
    assert bodies(receive(aws, url)) == ["a", "b", "c"]
