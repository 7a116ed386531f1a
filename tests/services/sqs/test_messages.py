"""Messages: sending, deleting, and changing their visibility."""

import uuid
from hashlib import md5

import pytest

from fogbank.testing import Aws
from tests.services.sqs.helpers import bodies, counts, create, delete, fails, receive, send

# sending -----------------------------------------------------------------------------------------


def test_a_message_arrives_as_it_was_sent(aws: Aws) -> None:
    url = create(aws)
    body = "grüße <&> \t\n\U0001f600 {}"
    (sent,) = send(aws, url, body)
    assert sent["MD5OfMessageBody"] == md5(body.encode()).hexdigest()
    assert uuid.UUID(sent["MessageId"]).version == 4
    assert "SequenceNumber" not in sent
    (got,) = receive(aws, url)
    assert got["Body"] == body
    assert got["MD5OfBody"] == sent["MD5OfMessageBody"]
    assert got["MessageId"] == sent["MessageId"]
    assert "Attributes" not in got
    assert "MessageAttributes" not in got


def test_an_empty_message_is_refused(aws: Aws) -> None:
    url = create(aws)
    with fails("MissingParameter", "The request must contain the parameter MessageBody."):
        send(aws, url, "")


@pytest.mark.parametrize("character", ["\x00", "\x07", "\x0b", "\x1f", "\ufffe", "\uffff"])
def test_characters_that_xml_lacks_are_refused(aws: Aws, character: str) -> None:
    url = create(aws)
    words = (
        f"Invalid binary character '#x{ord(character):X}' was found in the message body, the set"
        " of allowed characters is #x9 | #xA | #xD | [#x20-#xD7FF] | [#xE000-#xFFFD] |"
        " [#x10000-#x10FFFF]."
    )
    with fails("InvalidMessageContents", words):
        send(aws, url, f"a{character}b")


def test_a_message_may_have_1_mib(aws: Aws) -> None:
    url = create(aws)
    send(aws, url, "ü" * (512 * 1024))
    words = (
        "One or more parameters are invalid. Reason: Message must be shorter than 1048576 bytes."
    )
    with fails("InvalidParameterValue", words):
        send(aws, url, "ü" * (512 * 1024) + "x")
    (message,) = receive(aws, url)
    assert len(message["Body"]) == 512 * 1024


def test_attributes_count_for_the_size_and_system_attributes_do_not(aws: Aws) -> None:
    url = create(aws, MaximumMessageSize=1024)
    given = {"name": {"DataType": "String", "StringValue": "x" * 20}}
    trace = {"AWSTraceHeader": {"DataType": "String", "StringValue": "Root=1-5759e988-bd862e3f"}}
    room = 1024 - len("name") - len("String") - 20
    send(aws, url, "x" * room, MessageAttributes=given, MessageSystemAttributes=trace)
    with fails("InvalidParameterValue", "Message must be shorter than 1024 bytes."):
        send(aws, url, "x" * (room + 1), MessageAttributes=given)


@pytest.mark.fogbank(freeze=True)
def test_a_delay_is_the_messages_or_the_queues(aws: Aws) -> None:
    url = create(aws, DelaySeconds=10)
    send(aws, url, "queue's")
    send(aws, url, "own", DelaySeconds=5)
    send(aws, url, "none", DelaySeconds=0)
    assert bodies(receive(aws, url)) == ["none"]
    aws.clock.advance(5)
    assert bodies(receive(aws, url)) == ["own"]
    aws.clock.advance(4.9)
    assert bodies(receive(aws, url)) == []
    aws.clock.advance(0.1)
    assert bodies(receive(aws, url)) == ["queue's"]


@pytest.mark.parametrize("seconds", [-1, 901, 54524])
def test_delays_have_bounds(aws: Aws, seconds: int) -> None:
    url = create(aws)
    words = (
        f"Value {seconds} for parameter DelaySeconds is invalid."
        " Reason: DelaySeconds must be >= 0 and <= 900."
    )
    with fails("InvalidParameterValue", words):
        send(aws, url, "x", DelaySeconds=seconds)


def test_standard_queues_take_message_groups_but_no_deduplication(aws: Aws) -> None:
    url = create(aws)
    send(aws, url, "one", "two", MessageGroupId="tenant")
    got = receive(aws, url, AttributeNames=["MessageGroupId", "SequenceNumber"])
    assert bodies(got) == ["one", "two"]
    assert got[0]["Attributes"] == {"MessageGroupId": "tenant"}
    words = (
        "Value x for parameter MessageDeduplicationId is invalid."
        " Reason: The request include parameter that is not valid for this queue type."
    )
    with fails("InvalidParameterValue", words):
        send(aws, url, "x", MessageDeduplicationId="x")


@pytest.mark.parametrize("group", ["", "with space", "x" * 129, "ö"])
def test_message_groups_have_names_of_printable_ascii(aws: Aws, group: str) -> None:
    url = create(aws)
    words = (
        f"Value {group} for parameter MessageGroupId is invalid. Reason: MessageGroupId can only"
        " include alphanumeric and punctuation characters. 1 to 128 in length."
    )
    with fails("InvalidParameterValue", words):
        send(aws, url, "x", MessageGroupId=group)


# deleting ----------------------------------------------------------------------------------------


@pytest.mark.fogbank(freeze=True)
def test_a_deleted_message_never_comes_back(aws: Aws) -> None:
    url = create(aws)
    send(aws, url, "one")
    (message,) = receive(aws, url)
    delete(aws, url, message, message)
    aws.clock.advance(60)
    assert receive(aws, url) == []


@pytest.mark.fogbank(freeze=True)
def test_a_standard_message_can_be_deleted_after_its_timeout(aws: Aws) -> None:
    url = create(aws)
    send(aws, url, "one")
    (message,) = receive(aws, url)
    aws.clock.advance(60)
    delete(aws, url, message)
    assert receive(aws, url) == []
    assert counts(aws, url) == (0, 0, 0)


@pytest.mark.fogbank(freeze=True)
def test_an_old_handle_of_a_standard_queue_still_deletes(aws: Aws) -> None:
    url = create(aws)
    send(aws, url, "one")
    (old,) = receive(aws, url)
    aws.clock.advance(30)
    (new,) = receive(aws, url)
    assert old["ReceiptHandle"] != new["ReceiptHandle"]
    delete(aws, url, old)
    assert counts(aws, url) == (0, 0, 0)


@pytest.mark.parametrize("handle", ["fake", "", "AQEB", "AQEBAAABAAAAAAEAAAAAAAAAAQAAAAEjdVQ1"])
def test_a_handle_that_was_never_issued_is_refused(aws: Aws, handle: str) -> None:
    sqs, url = aws.client("sqs"), create(aws)
    words = f'The input receipt handle "{handle}" is not a valid receipt handle.'
    with fails("ReceiptHandleIsInvalid", words, status=404):
        sqs.delete_message(QueueUrl=url, ReceiptHandle=handle)
    with fails("ReceiptHandleIsInvalid", words, status=404):
        sqs.change_message_visibility(QueueUrl=url, ReceiptHandle=handle, VisibilityTimeout=1)


def test_a_handle_of_another_queue_is_refused(aws: Aws) -> None:
    sqs, url, other = aws.client("sqs"), create(aws), create(aws, "other")
    send(aws, url, "one")
    (message,) = receive(aws, url)
    with fails("ReceiptHandleIsInvalid", "is not valid for this queue.", status=404):
        sqs.delete_message(QueueUrl=other, ReceiptHandle=message["ReceiptHandle"])


# visibility --------------------------------------------------------------------------------------


@pytest.mark.fogbank(freeze=True)
def test_visibility_can_be_made_longer_shorter_and_nothing(aws: Aws) -> None:
    sqs, url = aws.client("sqs"), create(aws)
    send(aws, url, "one")

    def change(handle: str, seconds: int) -> None:
        sqs.change_message_visibility(QueueUrl=url, ReceiptHandle=handle, VisibilityTimeout=seconds)

    (message,) = receive(aws, url)
    aws.clock.advance(20)
    change(message["ReceiptHandle"], 100)
    aws.clock.advance(99)
    assert receive(aws, url) == []
    change(message["ReceiptHandle"], 5)
    aws.clock.advance(5)
    (message,) = receive(aws, url)
    change(message["ReceiptHandle"], 0)
    assert bodies(receive(aws, url)) == ["one"]


@pytest.mark.fogbank(freeze=True)
def test_a_change_after_the_timeout_changes_nothing(aws: Aws) -> None:
    sqs, url = aws.client("sqs"), create(aws)
    send(aws, url, "one")
    (message,) = receive(aws, url)
    aws.clock.advance(31)
    sqs.change_message_visibility(
        QueueUrl=url, ReceiptHandle=message["ReceiptHandle"], VisibilityTimeout=100
    )
    assert bodies(receive(aws, url)) == ["one"]


def test_a_deleted_message_has_no_visibility(aws: Aws) -> None:
    sqs, url = aws.client("sqs"), create(aws)
    send(aws, url, "one")
    (message,) = receive(aws, url)
    delete(aws, url, message)
    words = (
        f"Value {message['ReceiptHandle']} for parameter ReceiptHandle is invalid. Reason: Message"
        " does not exist or is not available for visibility timeout change."
    )
    with fails("InvalidParameterValue", words):
        sqs.change_message_visibility(
            QueueUrl=url, ReceiptHandle=message["ReceiptHandle"], VisibilityTimeout=1
        )


@pytest.mark.fogbank(freeze=True)
def test_a_message_can_be_hidden_for_twelve_hours_in_all(aws: Aws) -> None:
    sqs, url = aws.client("sqs"), create(aws)
    send(aws, url, "one")
    (message,) = receive(aws, url)

    def change(seconds: int) -> None:
        sqs.change_message_visibility(
            QueueUrl=url, ReceiptHandle=message["ReceiptHandle"], VisibilityTimeout=seconds
        )

    change(43_200)
    aws.clock.advance(10)
    change(43_190)
    words = (
        "Value 43191 for parameter VisibilityTimeout is invalid. Reason: Total VisibilityTimeout"
        " for the message is beyond the limit [43200 seconds]."
    )
    with fails("InvalidParameterValue", words):
        change(43_191)
    for seconds in (-1, 43_201):
        with fails("InvalidParameterValue", f"Value {seconds} for parameter VisibilityTimeout"):
            change(seconds)
