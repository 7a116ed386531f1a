"""Lists of queues in pages."""

from typing import Any

import pytest

from fogbank.testing import Aws
from tests.services.sqs.helpers import create, fails


def test_a_list_is_walked_page_by_page(aws: Aws) -> None:
    sqs = aws.client("sqs")
    urls = [create(aws, f"q-{number}") for number in range(5)]
    create(aws, "other")
    found: list[str] = []
    token = None
    for size in (2, 2, 1):
        more: dict[str, Any] = {"NextToken": token} if token else {}
        page = sqs.list_queues(QueueNamePrefix="q-", MaxResults=2, **more)
        assert len(page["QueueUrls"]) == size
        found += page["QueueUrls"]
        token = page.get("NextToken")
    assert found == urls
    assert token is None


def test_the_paginator_of_boto3_sees_every_queue_once(aws: Aws) -> None:
    urls = [create(aws, f"q-{number}") for number in range(4)]
    pages = (
        aws.client("sqs").get_paginator("list_queues").paginate(PaginationConfig={"PageSize": 1})
    )
    assert [url for page in pages for url in page.get("QueueUrls", [])] == urls


@pytest.mark.parametrize("most", [0, 1001, -1])
def test_pages_hold_from_1_to_1000(aws: Aws, most: int) -> None:
    words = f"Value {most} for parameter MaxResults is invalid."
    with fails("InvalidParameterValue", words):
        aws.client("sqs").list_queues(MaxResults=most)


def test_foreign_tokens_are_refused(aws: Aws) -> None:
    sqs = aws.client("sqs")
    create(aws, "a")
    create(aws, "b")
    token = sqs.list_queues(MaxResults=1)["NextToken"]
    with fails("InvalidParameterValue", "Invalid or expired next token."):
        sqs.list_queues(MaxResults=1, NextToken="nonsense")
    other = aws.client("sqs", region="eu-west-1")
    with fails("InvalidParameterValue", "Invalid or expired next token."):
        other.list_queues(MaxResults=1, NextToken=token)
