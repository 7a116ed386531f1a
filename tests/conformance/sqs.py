"""A queue with a message in someone's hands, a dead-letter queue, and a tag."""

import base64
import json
from typing import Any

from fogbank.testing import Aws

REFUSED = {
    # Nothing is being moved.
    "CancelMessageMoveTask": "ResourceNotFoundException",
}


def prepare(aws: Aws) -> dict[str, Any]:
    """Values for the members of all operations."""
    sqs = aws.client("sqs")
    dead = sqs.create_queue(QueueName="dead")["QueueUrl"]
    dead_arn = f"arn:aws:sqs:{aws.region}:{aws.account}:dead"
    policy = f'{{"deadLetterTargetArn":"{dead_arn}","maxReceiveCount":"3"}}'
    queue = sqs.create_queue(QueueName="queue", Attributes={"RedrivePolicy": policy})["QueueUrl"]
    sqs.send_message(QueueUrl=queue, MessageBody="x")
    (message,) = sqs.receive_message(QueueUrl=queue)["Messages"]
    sqs.add_permission(QueueUrl=queue, Label="mine", AWSAccountIds=[aws.account], Actions=["*"])
    return {
        "QueueUrl": queue,
        "QueueName": "queue",
        "ReceiptHandle": message["ReceiptHandle"],
        "VisibilityTimeout": 10,
        "SourceArn": dead_arn,
        "Label": "mine",
        "dead": dead,
        "AWSAccountIds": [aws.account],
        "Actions": ["SendMessage"],
        "TaskHandle": base64.b64encode(
            json.dumps({"taskId": "none", "sourceArn": dead_arn}).encode()
        ).decode(),
    }


OPERATIONS = {
    "AddPermission": lambda given: {"Label": "theirs"},
    "CreateQueue": lambda given: {"QueueName": "new"},
    "ListDeadLetterSourceQueues": lambda given: {"QueueUrl": given["dead"]},
    "ChangeMessageVisibilityBatch": lambda given: {
        "Entries": [{"Id": "a", "ReceiptHandle": given["ReceiptHandle"], "VisibilityTimeout": 10}]
    },
    "DeleteMessageBatch": lambda given: {
        "Entries": [{"Id": "a", "ReceiptHandle": given["ReceiptHandle"]}]
    },
    "SendMessageBatch": lambda given: {"Entries": [{"Id": "a", "MessageBody": "x"}]},
    "SetQueueAttributes": lambda given: {"Attributes": {"DelaySeconds": "1"}},
}


def fill(aws: Aws) -> dict[str, dict[str, Any]]:
    """Requests that find several things."""
    sqs = aws.client("sqs")
    dead = sqs.create_queue(QueueName="dead")["QueueUrl"]
    policy = (
        f'{{"deadLetterTargetArn":"arn:aws:sqs:{aws.region}:{aws.account}:dead",'
        '"maxReceiveCount":"3"}'
    )
    for number in range(3):
        sqs.create_queue(QueueName=f"queue{number}", Attributes={"RedrivePolicy": policy})
    return {"ListQueues": {}, "ListDeadLetterSourceQueues": {"QueueUrl": dead}}
