"""The batch operations: each entry by itself, the batch only by its form."""

from collections.abc import Callable
from typing import Any

import pytest
from botocore.config import Config

from fogbank.testing import Aws
from tests.services.sqs.helpers import bodies, counts, create, fails, receive, send

Entry = dict[str, Any]
Call = Callable[[list[Entry]], Any]

OPERATIONS: dict[str, Entry] = {
    "send_message_batch": {"MessageBody": "x"},
    "delete_message_batch": {"ReceiptHandle": "x"},
    "change_message_visibility_batch": {"ReceiptHandle": "x", "VisibilityTimeout": 1},
}


@pytest.fixture(params=OPERATIONS)
def batch(request: pytest.FixtureRequest, aws: Aws) -> Call:
    """One of the three operations, called with the ids of entries and what they need else."""
    url = create(aws)
    operation = getattr(aws.client("sqs"), request.param)
    return lambda entries: operation(
        QueueUrl=url, Entries=[{**OPERATIONS[request.param], **entry} for entry in entries]
    )


def test_a_batch_has_entries(batch: Call) -> None:
    code = "AWS.SimpleQueueService.EmptyBatchRequest"
    with fails(code, "There should be at least one ", "BatchRequestEntry in the request."):
        batch([])


def test_a_batch_without_a_list_has_no_entries_either(aws: Aws) -> None:
    client = aws.client("sqs", config=Config(parameter_validation=False))
    words = "There should be at least one SendMessageBatchRequestEntry in the request."
    with fails("AWS.SimpleQueueService.EmptyBatchRequest", words):
        client.send_message_batch(QueueUrl=create(aws))


def test_a_batch_has_at_most_ten(batch: Call) -> None:
    words = "Maximum number of entries per request are 10. You have sent 20."
    with fails("AWS.SimpleQueueService.TooManyEntriesInBatchRequest", words):
        batch([{"Id": str(number)} for number in range(20)])


@pytest.mark.parametrize("bad", ["", "a b", "ö", "x" * 81])
def test_ids_have_rules(batch: Call, bad: str) -> None:
    words = (
        "A batch entry id can only contain alphanumeric characters, hyphens and underscores."
        " It can be at most 80 letters long."
    )
    with fails("AWS.SimpleQueueService.InvalidBatchEntryId", words):
        batch([{"Id": bad}])


def test_ids_are_distinct(batch: Call) -> None:
    with fails("AWS.SimpleQueueService.BatchEntryIdsNotDistinct", "Id same repeated."):
        batch([{"Id": "same"}, {"Id": "same"}])


def test_a_queue_is_needed(aws: Aws) -> None:
    for name, entry in OPERATIONS.items():
        with fails("AWS.SimpleQueueService.NonExistentQueue"):
            getattr(aws.client("sqs"), name)(QueueUrl="nowhere", Entries=[{"Id": "a", **entry}])


# sending -----------------------------------------------------------------------------------------


def test_good_entries_are_sent_whatever_becomes_of_the_others(aws: Aws) -> None:
    sqs, url = aws.client("sqs"), create(aws, MaximumMessageSize=1024)
    answer = sqs.send_message_batch(
        QueueUrl=url,
        Entries=[
            {"Id": "long", "MessageBody": "x" * 1025},
            {"Id": "good", "MessageBody": "x"},
            {"Id": "odd", "MessageBody": "\x01"},
            {"Id": "late", "MessageBody": "x", "DelaySeconds": 901},
            {"Id": "empty", "MessageBody": ""},
        ],
    )
    (sent,) = answer["Successful"]
    assert sent["Id"] == "good"
    assert sent["MD5OfMessageBody"] == "9dd4e461268c8034f5c8564e155c67a6"
    failed = {failure.pop("Id"): failure for failure in answer["Failed"]}
    assert failed["long"] == {
        "Code": "InvalidParameterValue",
        "Message": "One or more parameters cannot be validated."
        " Reason: Message must be shorter than 1024 bytes.",
        "SenderFault": True,
    }
    assert {name: failure["Code"] for name, failure in failed.items()} == {
        "long": "InvalidParameterValue",
        "odd": "InvalidMessageContents",
        "late": "InvalidParameterValue",
        "empty": "MissingParameter",
    }
    assert counts(aws, url) == (1, 0, 0)


def test_an_answer_without_failures_has_no_list_of_them(aws: Aws) -> None:
    sqs, url = aws.client("sqs"), create(aws)
    answer = sqs.send_message_batch(QueueUrl=url, Entries=[{"Id": "a", "MessageBody": "x"}])
    assert "Failed" not in answer
    answer = sqs.send_message_batch(QueueUrl=url, Entries=[{"Id": "a", "MessageBody": ""}])
    assert "Successful" not in answer


def test_entries_have_all_that_messages_have(aws: Aws) -> None:
    sqs, url = aws.client("sqs"), create(aws, "a.fifo")
    attribute = {"Foo": {"DataType": "String", "StringValue": "Bar"}}
    trace = {"AWSTraceHeader": {"DataType": "String", "StringValue": "Root=1-5759e988-bd862e3f"}}
    entries = [
        {
            "Id": str(number),
            "MessageBody": f"m{number}",
            "MessageAttributes": attribute,
            "MessageSystemAttributes": trace,
            "MessageGroupId": "g",
            "MessageDeduplicationId": str(number % 2),
        }
        for number in range(3)
    ]
    first, second, third = sqs.send_message_batch(QueueUrl=url, Entries=entries)["Successful"]
    assert third["MessageId"] == first["MessageId"]
    assert first["SequenceNumber"] == third["SequenceNumber"] < second["SequenceNumber"]
    assert first["MD5OfMessageAttributes"] == "ae7155c6026991b6d54b11589678bf9c"
    assert "MD5OfMessageSystemAttributes" in first
    got = receive(aws, url, MessageAttributeNames=["Foo"], AttributeNames=["AWSTraceHeader"])
    assert bodies(got) == ["m0", "m1"]
    assert got[0]["MessageAttributes"] == attribute
    assert got[0]["Attributes"] == {"AWSTraceHeader": "Root=1-5759e988-bd862e3f"}


def test_a_batch_has_1_mib_attributes_included(aws: Aws) -> None:
    sqs, url = aws.client("sqs"), create(aws)
    attribute = {"k": {"DataType": "String", "StringValue": "v"}}
    room = 1_048_576 - len("k" + "String" + "v") - 1
    entries: list[Any] = [
        {"Id": "1", "MessageBody": "x" * room, "MessageAttributes": attribute},
        {"Id": "2", "MessageBody": "a"},
    ]
    assert len(sqs.send_message_batch(QueueUrl=url, Entries=entries)["Successful"]) == 2
    entries[1]["MessageBody"] = "aa"
    words = "Batch requests cannot be longer than 1048576 bytes. You have sent 1048577 bytes."
    with fails("AWS.SimpleQueueService.BatchRequestTooLong", words):
        sqs.send_message_batch(QueueUrl=url, Entries=entries)


# deleting, and changing visibility ---------------------------------------------------------------


def test_entries_are_deleted_one_by_one(aws: Aws) -> None:
    sqs, url = aws.client("sqs"), create(aws)
    send(aws, url, "one", "two")
    one, two = receive(aws, url)
    entries = [
        {"Id": "one", "ReceiptHandle": one["ReceiptHandle"]},
        {"Id": "fake", "ReceiptHandle": "fake"},
        {"Id": "two", "ReceiptHandle": two["ReceiptHandle"]},
    ]
    answer = sqs.delete_message_batch(QueueUrl=url, Entries=entries)
    assert answer["Successful"] == [{"Id": "one"}, {"Id": "two"}]
    assert answer["Failed"] == [
        {
            "Id": "fake",
            "Code": "ReceiptHandleIsInvalid",
            "Message": 'The input receipt handle "fake" is not a valid receipt handle.',
            "SenderFault": True,
        }
    ]
    assert counts(aws, url) == (0, 0, 0)


def test_the_visibility_of_entries_is_changed_one_by_one(aws: Aws) -> None:
    sqs, url = aws.client("sqs"), create(aws)
    send(aws, url, "one", "two")
    one, two = receive(aws, url)
    entries = [
        {"Id": "one", "ReceiptHandle": one["ReceiptHandle"], "VisibilityTimeout": 0},
        {"Id": "two", "ReceiptHandle": two["ReceiptHandle"], "VisibilityTimeout": 43_201},
        {"Id": "none", "ReceiptHandle": two["ReceiptHandle"]},
    ]
    answer = sqs.change_message_visibility_batch(QueueUrl=url, Entries=entries)
    assert answer["Successful"] == [{"Id": "one"}]
    codes = [(failure["Id"], failure["Code"]) for failure in answer["Failed"]]
    assert codes == [("two", "InvalidParameterValue"), ("none", "MissingParameter")]
    assert bodies(receive(aws, url)) == ["one"]
