"""What the tests of SQS share."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from botocore.exceptions import ClientError

from fogbank.testing import Aws

Message = dict[str, Any]


def create(aws: Aws, name: str = "orders", **attributes: object) -> str:
    """The URL of a new queue; a name that ends in .fifo makes a FIFO queue."""
    given = {key: str(value) for key, value in attributes.items()}
    if name.endswith(".fifo"):
        given["FifoQueue"] = "true"
    answer = aws.client("sqs").create_queue(QueueName=name, Attributes=given)
    return str(answer["QueueUrl"])


def arn(aws: Aws, name: str) -> str:
    """The ARN of a queue by its name."""
    return f"arn:aws:sqs:{aws.region}:{aws.account}:{name}"


def redrive_policy(aws: Aws, name: str, most_receives: int) -> str:
    """The RedrivePolicy that names a dead-letter queue."""
    policy = {"deadLetterTargetArn": arn(aws, name), "maxReceiveCount": most_receives}
    return json.dumps(policy, separators=(",", ":"))


def send(aws: Aws, url: str, *bodies: str, **options: Any) -> list[Message]:
    """The answers to sending some bodies, one by one."""
    sqs = aws.client("sqs")
    return [sqs.send_message(QueueUrl=url, MessageBody=body, **options) for body in bodies]


def send_fifo(aws: Aws, url: str, group: str, *bodies: str) -> list[Message]:
    """The answers to sending some bodies to one group, each its own deduplication id."""
    sqs = aws.client("sqs")
    return [
        sqs.send_message(
            QueueUrl=url, MessageBody=body, MessageGroupId=group, MessageDeduplicationId=body
        )
        for body in bodies
    ]


def receive(aws: Aws, url: str, most: int = 10, **options: Any) -> list[Message]:
    """The messages of one receive."""
    answer = aws.client("sqs").receive_message(QueueUrl=url, MaxNumberOfMessages=most, **options)
    found: list[Message] = answer.get("Messages", [])
    return found


def bodies(messages: list[Message]) -> list[str]:
    """What messages say, in order."""
    return [message["Body"] for message in messages]


def delete(aws: Aws, url: str, *messages: Message) -> None:
    """Delete received messages."""
    for message in messages:
        aws.client("sqs").delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])


def attributes(aws: Aws, url: str, *names: str) -> dict[str, str]:
    """Some attributes of a queue, or all."""
    answer = aws.client("sqs").get_queue_attributes(
        QueueUrl=url, AttributeNames=list(names) or ["All"]
    )
    found: dict[str, str] = answer.get("Attributes", {})
    return found


def counts(aws: Aws, url: str) -> tuple[int, int, int]:
    """How many messages are available, delayed and in flight."""
    found = attributes(aws, url)
    return (
        int(found["ApproximateNumberOfMessages"]),
        int(found["ApproximateNumberOfMessagesDelayed"]),
        int(found["ApproximateNumberOfMessagesNotVisible"]),
    )


@contextmanager
def fails(code: str, *words: str, status: int = 400) -> Iterator[None]:
    """A block that must end with an error of this code and status, with these words in it."""
    with pytest.raises(ClientError) as raised:
        yield
    response: Any = raised.value.response
    assert response["Error"]["Code"] == code, response
    for part in words:
        assert part in response["Error"]["Message"]
    assert response["ResponseMetadata"]["HTTPStatusCode"] == status
