"""The query protocol of 2012, on its own wire and side by side with the JSON protocol."""

import json
from base64 import b64encode
from typing import Any

import pytest
from botocore.config import Config

from fogbank.testing import Aws
from tests.services.sqs import query_client
from tests.services.sqs.helpers import (
    arn,
    attributes,
    bodies,
    create,
    fails,
    receive,
    redrive_policy,
    send,
)
from tests.services.sqs.query_client import Answer, call


def refused(answer: Answer, code: str, message: str, status: int = 400) -> None:
    """An answer that is an error, in the form of the query protocol."""
    assert answer.status == status
    assert answer.root.tag == query_client.NAMESPACE + "ErrorResponse"
    assert answer.text("Error/Type") == "Sender"
    assert answer.text("Error/Code") == code
    assert answer.text("Error/Message") == message
    assert answer.text("Error/Detail") == ""
    assert answer.text("RequestId")


def test_queues(aws: Aws) -> None:
    created = call(
        aws,
        "CreateQueue",
        {
            "QueueName": "orders",
            "Attribute.1.Name": "DelaySeconds",
            "Attribute.1.Value": "5",
            "Attribute.2.Name": "VisibilityTimeout",
            "Attribute.2.Value": "60",
            "Tag.1.Key": "team",
            "Tag.1.Value": "a",
        },
    )
    assert created.status == 200
    assert created.root.tag == query_client.NAMESPACE + "CreateQueueResponse"
    url = created.text("CreateQueueResult/QueueUrl")
    assert created.text("ResponseMetadata/RequestId")
    assert (
        call(aws, "GetQueueUrl", {"QueueName": "orders"}).text("GetQueueUrlResult/QueueUrl") == url
    )
    create(aws, "other")
    assert call(aws, "ListQueues", {"QueueNamePrefix": "o"}).texts("ListQueuesResult/QueueUrl") == [
        url,
        url.replace("orders", "other"),
    ]
    assert call(aws, "ListQueueTags", {"QueueUrl": url}).pairs(
        "ListQueueTagsResult/Tag", "Key"
    ) == {"team": "a"}
    call(aws, "TagQueue", {"QueueUrl": url, "Tag.1.Key": "b", "Tag.1.Value": "c"})
    call(aws, "UntagQueue", {"QueueUrl": url, "TagKey.1": "team"})
    assert aws.client("sqs").list_queue_tags(QueueUrl=url)["Tags"] == {"b": "c"}
    names = {"AttributeName.1": "DelaySeconds", "AttributeName.2": "VisibilityTimeout"}
    found = call(aws, "GetQueueAttributes", {"QueueUrl": url, **names})
    assert found.pairs("GetQueueAttributesResult/Attribute") == {
        "DelaySeconds": "5",
        "VisibilityTimeout": "60",
    }
    call(
        aws,
        "SetQueueAttributes",
        {"QueueUrl": url, "Attribute.1.Name": "DelaySeconds", "Attribute.1.Value": "0"},
    )
    assert attributes(aws, url, "DelaySeconds") == {"DelaySeconds": "0"}
    call(aws, "PurgeQueue", {"QueueUrl": url})
    refused(
        call(aws, "PurgeQueue", {"QueueUrl": url}),
        "AWS.SimpleQueueService.PurgeQueueInProgress",
        "Only one PurgeQueue operation on orders is allowed every 60 seconds.",
        403,
    )
    assert call(aws, "DeleteQueue", {"QueueUrl": url}).status == 200
    assert "QueueUrls" not in aws.client("sqs").list_queues(QueueNamePrefix="orders")


def test_messages(aws: Aws) -> None:
    url = create(aws)
    sent = call(
        aws,
        "SendMessage",
        {
            "QueueUrl": url,
            "MessageBody": "grüße <&>\n+ %",
            "MessageAttribute.1.Name": "Foo",
            "MessageAttribute.1.Value.DataType": "String",
            "MessageAttribute.1.Value.StringValue": "Bar",
            "MessageAttribute.2.Name": "bytes",
            "MessageAttribute.2.Value.DataType": "Binary",
            "MessageAttribute.2.Value.BinaryValue": b64encode(b"\x00\xff").decode(),
            "MessageSystemAttribute.1.Name": "AWSTraceHeader",
            "MessageSystemAttribute.1.Value.DataType": "String",
            "MessageSystemAttribute.1.Value.StringValue": "Root=1",
        },
    )
    for name in ("MD5OfMessageBody", "MD5OfMessageAttributes", "MD5OfMessageSystemAttributes"):
        assert len(sent.text(f"SendMessageResult/{name}")) == 32
    got = call(
        aws,
        "ReceiveMessage",
        {
            "QueueUrl": url,
            "AttributeName.1": "ApproximateReceiveCount",
            "AttributeName.2": "AWSTraceHeader",
            "MessageAttributeName.1": "All",
            "VisibilityTimeout": "30",
        },
    )
    place = "ReceiveMessageResult/Message"
    assert got.text(f"{place}/Body") == "grüße <&>\n+ %"
    assert got.text(f"{place}/MessageId") == sent.text("SendMessageResult/MessageId")
    assert got.pairs(f"{place}/Attribute") == {
        "ApproximateReceiveCount": "1",
        "AWSTraceHeader": "Root=1",
    }
    values = got.texts(f"{place}/MessageAttribute/Value/StringValue")
    values += got.texts(f"{place}/MessageAttribute/Value/BinaryValue")
    assert values == ["Bar", "AP8="]
    assert got.texts(f"{place}/MessageAttribute/Value/DataType") == ["String", "Binary"]
    handle = {"QueueUrl": url, "ReceiptHandle": got.text(f"{place}/ReceiptHandle")}
    call(aws, "ChangeMessageVisibility", {**handle, "VisibilityTimeout": "0"})
    assert bodies(receive(aws, url)) == ["grüße <&>\n+ %"]
    assert call(aws, "DeleteMessage", handle).status == 200
    empty = call(aws, "ReceiveMessage", {"QueueUrl": url})
    assert empty.texts(place) == []
    assert empty.status == 200


def test_batches(aws: Aws) -> None:
    url = create(aws)
    sent = call(
        aws,
        "SendMessageBatch",
        {
            "QueueUrl": url,
            "SendMessageBatchRequestEntry.1.Id": "one",
            "SendMessageBatchRequestEntry.1.MessageBody": "1",
            "SendMessageBatchRequestEntry.1.MessageAttribute.1.Name": "Foo",
            "SendMessageBatchRequestEntry.1.MessageAttribute.1.Value.DataType": "String",
            "SendMessageBatchRequestEntry.1.MessageAttribute.1.Value.StringValue": "Bar",
            "SendMessageBatchRequestEntry.2.Id": "two",
            "SendMessageBatchRequestEntry.2.MessageBody": "\x01",
        },
    )
    result = "SendMessageBatchResult"
    assert sent.text(f"{result}/SendMessageBatchResultEntry/Id") == "one"
    assert (
        sent.text(f"{result}/SendMessageBatchResultEntry/MD5OfMessageAttributes")
        == "ae7155c6026991b6d54b11589678bf9c"
    )
    assert sent.text(f"{result}/BatchResultErrorEntry/Id") == "two"
    assert sent.text(f"{result}/BatchResultErrorEntry/SenderFault") == "true"
    assert sent.text(f"{result}/BatchResultErrorEntry/Code") == "InvalidMessageContents"
    (message,) = receive(aws, url)
    entry = "ChangeMessageVisibilityBatchRequestEntry.1"
    changed = call(
        aws,
        "ChangeMessageVisibilityBatch",
        {
            "QueueUrl": url,
            f"{entry}.Id": "a",
            f"{entry}.ReceiptHandle": message["ReceiptHandle"],
            f"{entry}.VisibilityTimeout": "60",
        },
    )
    place = "ChangeMessageVisibilityBatchResult/ChangeMessageVisibilityBatchResultEntry/Id"
    assert changed.text(place) == "a"
    entry = "DeleteMessageBatchRequestEntry.1"
    deleted = call(
        aws,
        "DeleteMessageBatch",
        {
            "QueueUrl": url,
            f"{entry}.Id": "b",
            f"{entry}.ReceiptHandle": message["ReceiptHandle"],
        },
    )
    assert deleted.text("DeleteMessageBatchResult/DeleteMessageBatchResultEntry/Id") == "b"


def test_permissions_and_dead_letters(aws: Aws) -> None:
    dead = create(aws, "dead")
    url = create(aws, RedrivePolicy=redrive_policy(aws, "dead", 1))
    call(
        aws,
        "AddPermission",
        {
            "QueueUrl": url,
            "Label": "l",
            "AWSAccountId.1": "222222222222",
            "ActionName.1": "SendMessage",
        },
    )
    policy = json.loads(attributes(aws, url, "Policy")["Policy"])
    assert policy["Statement"][0]["Action"] == "SQS:SendMessage"
    assert call(aws, "RemovePermission", {"QueueUrl": url, "Label": "l"}).status == 200
    sources = call(aws, "ListDeadLetterSourceQueues", {"QueueUrl": dead})
    assert sources.text("ListDeadLetterSourceQueuesResult/QueueUrl") == url
    started = call(aws, "StartMessageMoveTask", {"SourceArn": arn(aws, "dead")})
    handle = started.text("StartMessageMoveTaskResult/TaskHandle")
    aws.settle()
    listed = call(aws, "ListMessageMoveTasks", {"SourceArn": arn(aws, "dead")})
    entry = "ListMessageMoveTasksResult/ListMessageMoveTasksResultEntry"
    assert listed.text(f"{entry}/Status") == "COMPLETED"
    refused(
        call(aws, "CancelMessageMoveTask", {"TaskHandle": handle}),
        "InvalidParameterValue",
        "Only active tasks can be cancelled.",
    )


def test_the_path_of_the_request_may_be_the_queue(aws: Aws) -> None:
    url = create(aws)
    assert call(aws, "SendMessage", {"MessageBody": "posted"}, url=url).status == 200
    assert call(aws, "SendMessage", {"MessageBody": "got"}, url=url, get=True).status == 200
    assert bodies(receive(aws, url)) == ["posted", "got"]
    refused(
        call(aws, "SendMessage", {"MessageBody": "x"}),
        "MissingParameter",
        "The request must contain the parameter QueueUrl.",
    )


def test_errors_have_the_words_of_old(aws: Aws) -> None:
    refused(
        call(aws, "GetQueueUrl", {"QueueName": "nowhere"}),
        "AWS.SimpleQueueService.NonExistentQueue",
        "The specified queue does not exist for this wsdl version.",
    )
    url = create(aws)
    refused(
        call(aws, "SendMessage", {"QueueUrl": url}),
        "MissingParameter",
        "The request must contain the parameter MessageBody.",
    )
    refused(
        call(
            aws,
            "SendMessageBatch",
            {"QueueUrl": url, "SendMessageBatchRequestEntry.1.Id": "a"},
        ),
        "MissingParameter",
        "The request must contain the parameter SendMessageBatchRequestEntry.1.MessageBody.",
    )
    refused(
        call(aws, "DeleteMessage", {"QueueUrl": url, "ReceiptHandle": "fake"}),
        "ReceiptHandleIsInvalid",
        'The input receipt handle "fake" is not a valid receipt handle.',
        404,
    )


def test_the_older_parameter_wins_in_the_query_protocol(aws: Aws) -> None:
    url = create(aws)
    send(aws, url, "x")
    got = call(
        aws,
        "ReceiveMessage",
        {
            "QueueUrl": url,
            "AttributeName.1": "SenderId",
            "MessageSystemAttributeName.1": "All",
            "VisibilityTimeout": "0",
        },
    )
    place = "ReceiveMessageResult/Message/Attribute"
    assert got.pairs(place) == {"SenderId": aws.account}
    got = call(aws, "ReceiveMessage", {"QueueUrl": url, "MessageSystemAttributeName.1": "SenderId"})
    assert got.pairs(place) == {"SenderId": aws.account}


@pytest.mark.parametrize(
    ("operation", "given", "parameter"),
    [
        ("send_message", {}, "MessageBody"),
        ("delete_message", {}, "ReceiptHandle"),
        ("change_message_visibility", {"ReceiptHandle": "x"}, "VisibilityTimeout"),
        (
            "send_message_batch",
            {"Entries": [{"Id": "a", "MessageBody": "x"}, {"Id": "b"}]},
            "SendMessageBatchRequestEntry.2.MessageBody",
        ),
        (
            "delete_message_batch",
            {"Entries": [{"ReceiptHandle": "x"}]},
            "DeleteMessageBatchRequestEntry.1.Id",
        ),
        ("set_queue_attributes", {}, "Attributes"),
        ("tag_queue", {}, "Tags"),
    ],
)
def test_the_json_protocol_names_what_is_missing(
    aws: Aws, operation: str, given: dict[str, Any], parameter: str
) -> None:
    client = aws.client("sqs", config=Config(parameter_validation=False))
    with fails("MissingParameter", f"The request must contain the parameter {parameter}."):
        getattr(client, operation)(QueueUrl=create(aws), **given)
