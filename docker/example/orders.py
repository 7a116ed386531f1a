"""A small app: it files orders in a bucket and queues them for the warehouse."""

import json
from typing import Any

import boto3


class Orders:
    """Orders, kept in S3 under their number and announced on SQS."""

    def __init__(self, bucket: str, queue: str) -> None:
        self._s3 = boto3.client("s3")
        self._sqs = boto3.client("sqs")
        self._bucket = bucket
        self._queue_url = self._sqs.get_queue_url(QueueName=queue)["QueueUrl"]

    def place(self, number: str, order: dict[str, Any]) -> None:
        """File an order, then announce it."""
        self._s3.put_object(Bucket=self._bucket, Key=f"{number}.json", Body=json.dumps(order))
        self._sqs.send_message(QueueUrl=self._queue_url, MessageBody=number)

    def next(self) -> dict[str, Any] | None:
        """Take the next order from the queue; None when there is none."""
        answer = self._sqs.receive_message(QueueUrl=self._queue_url, MaxNumberOfMessages=1)
        for message in answer.get("Messages", []):
            stored = self._s3.get_object(Bucket=self._bucket, Key=f"{message['Body']}.json")
            order: dict[str, Any] = json.load(stored["Body"])
            self._sqs.delete_message(
                QueueUrl=self._queue_url, ReceiptHandle=message["ReceiptHandle"]
            )
            return order
        return None
