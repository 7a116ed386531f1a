"""How a request names its queue: every form of URL, and the region and account in it."""

import pytest

from fogbank.testing import Aws
from tests.services.sqs.helpers import bodies, create, fails, receive, send

FORMS = (
    "http://sqs.{region}.localhost.localstack.cloud:4566/{account}/orders",
    "http://{region}.queue.localhost.localstack.cloud:4566/{account}/orders",
    "http://localhost.localstack.cloud:4566/queue/{region}/{account}/orders",
    "http://queue.localhost.localstack.cloud/{account}/orders",
    "https://sqs.{region}.amazonaws.com/{account}/orders",
    "https://{region}.queue.amazonaws.com/{account}/orders",
    "https://queue.amazonaws.com/{account}/orders",
    "http://my-own-name:1/{account}/orders",
    "http://my-own-name/prefix/{account}/orders/",
    "/{account}/orders",
    "orders",
)


@pytest.mark.parametrize("form", FORMS)
def test_every_form_of_url_finds_the_queue(aws: Aws, form: str) -> None:
    create(aws)
    url = form.format(region=aws.region, account=aws.account)
    send(aws, url, "one")
    assert bodies(receive(aws, url)) == ["one"]


@pytest.mark.parametrize(
    ("strategy", "form"),
    [
        ("standard", "http://sqs.{region}.{name}:{port}/{account}/orders"),
        ("domain", "http://{region}.queue.{name}:{port}/{account}/orders"),
        ("path", "http://{name}:{port}/queue/{region}/{account}/orders"),
        ("dynamic", "http://127.0.0.1:{port}/{account}/orders"),
    ],
)
def test_urls_are_written_as_the_strategy_says(aws: Aws, strategy: str, form: str) -> None:
    before = aws.server.config()["sqs_endpoint_strategy"]
    aws.server.config(sqs_endpoint_strategy=strategy)
    try:
        url = create(aws)
        send(aws, url, "one")
    finally:
        aws.server.config(sqs_endpoint_strategy=before)
    assert url == form.format(
        region=aws.region,
        account=aws.account,
        name="localhost.localstack.cloud",
        port=aws.endpoint_url.rpartition(":")[2],
    )
    assert bodies(receive(aws, url)) == ["one"]


def test_a_url_of_another_region_is_refused(aws: Aws) -> None:
    create(aws)
    url = f"https://sqs.eu-west-1.amazonaws.com/{aws.account}/orders"
    with fails("InvalidAddress", f"The address {url} is not valid for this endpoint.", status=404):
        send(aws, url, "one")


def test_the_account_in_the_url_decides(aws: Aws) -> None:
    url = create(aws)
    other = aws.server.client("sqs", account="555555555555")
    other.send_message(QueueUrl=url, MessageBody="from afar")
    (message,) = receive(aws, url, AttributeNames=["SenderId"])
    assert message["Body"] == "from afar"
    assert message["Attributes"] == {"SenderId": "555555555555"}
    with fails("AWS.SimpleQueueService.NonExistentQueue"):
        other.send_message(QueueUrl="orders", MessageBody="x")


def test_a_request_without_a_url_says_what_it_lacks(aws: Aws) -> None:
    with fails("MissingParameter", "The request must contain the parameter QueueUrl."):
        send(aws, "", "one")


def test_changes_are_seen_at_once_however_the_queue_is_named(aws: Aws) -> None:
    url = create(aws)
    send(aws, "orders", "x" * 2000)
    aws.client("sqs").set_queue_attributes(QueueUrl=url, Attributes={"MaximumMessageSize": "1024"})
    with fails("InvalidParameterValue", "Message must be shorter than 1024 bytes."):
        send(aws, "orders", "x" * 2000)
