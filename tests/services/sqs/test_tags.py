"""Cost allocation tags of queues."""

import pytest

from fogbank.testing import Aws
from tests.services.sqs.helpers import create, fails


def test_tags_come_and_go(aws: Aws) -> None:
    sqs, url = aws.client("sqs"), create(aws)
    assert "Tags" not in sqs.list_queue_tags(QueueUrl=url)
    sqs.tag_queue(QueueUrl=url, Tags={"tag1": "value1", "tag2": "value2", "tag3": ""})
    sqs.tag_queue(QueueUrl=url, Tags={"tag1": "new"})
    found = sqs.list_queue_tags(QueueUrl=url)["Tags"]
    assert found == {"tag1": "new", "tag2": "value2", "tag3": ""}
    sqs.untag_queue(QueueUrl=url, TagKeys=["tag1", "tag3", "never"])
    assert sqs.list_queue_tags(QueueUrl=url)["Tags"] == {"tag2": "value2"}
    sqs.untag_queue(QueueUrl=url, TagKeys=["tag2"])
    assert "Tags" not in sqs.list_queue_tags(QueueUrl=url)


def test_tags_go_with_their_queue(aws: Aws) -> None:
    sqs, url = aws.client("sqs"), create(aws)
    sqs.tag_queue(QueueUrl=url, Tags={"a": "b"})
    sqs.delete_queue(QueueUrl=url)
    assert "Tags" not in sqs.list_queue_tags(QueueUrl=create(aws))


@pytest.mark.parametrize(
    "tags", [{"aws:a": "b"}, {"": "b"}, {"x" * 129: "b"}, {"a": "x" * 257}, {"a": "<>"}]
)
def test_tags_have_rules(aws: Aws, tags: dict[str, str]) -> None:
    sqs, url = aws.client("sqs"), create(aws)
    with fails("InvalidParameterValue"):
        sqs.tag_queue(QueueUrl=url, Tags=tags)
    with fails("InvalidParameterValue"):
        sqs.create_queue(QueueName="other", tags=tags)


def test_a_queue_has_at_most_fifty(aws: Aws) -> None:
    sqs, url = aws.client("sqs"), create(aws)
    sqs.tag_queue(QueueUrl=url, Tags={str(number): "" for number in range(50)})
    sqs.tag_queue(QueueUrl=url, Tags={"0": "again"})
    with fails("InvalidParameterValue", "Too many tags added for queue orders."):
        sqs.tag_queue(QueueUrl=url, Tags={"more": ""})


def test_nothing_is_nothing_to_do(aws: Aws) -> None:
    sqs, url = aws.client("sqs"), create(aws)
    with fails("MissingParameter", "The request must contain the parameter Tags."):
        sqs.tag_queue(QueueUrl=url, Tags={})
    with fails("MissingParameter", "The request must contain the parameter TagKeys."):
        sqs.untag_queue(QueueUrl=url, TagKeys=[])
