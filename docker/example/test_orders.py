"""The app's tests, against whatever AWS_ENDPOINT_URL names."""

import boto3
import pytest
from orders import Orders


@pytest.fixture
def orders() -> Orders:
    """The app with an empty bucket and an empty queue."""
    region = boto3.session.Session().region_name
    s3, sqs = boto3.client("s3"), boto3.client("sqs")
    if "orders" not in [bucket["Name"] for bucket in s3.list_buckets()["Buckets"]]:
        elsewhere = {"LocationConstraint": region}  # us-east-1 is what S3 takes without being told
        s3.create_bucket(
            Bucket="orders",
            **({} if region == "us-east-1" else {"CreateBucketConfiguration": elsewhere}),
        )
    sqs.create_queue(QueueName="warehouse")
    return Orders("orders", "warehouse")


def test_an_order_arrives(orders: Orders) -> None:
    orders.place("A-1", {"item": "lamp", "count": 2})
    assert orders.next() == {"item": "lamp", "count": 2}


def test_nothing_arrives_twice(orders: Orders) -> None:
    orders.place("A-2", {"item": "rug", "count": 1})
    assert orders.next() is not None
    assert orders.next() is None
