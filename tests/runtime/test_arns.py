"""Names of resources."""

import pytest

from runtime import arns
from runtime.arns import Arn


def test_a_resource_may_hold_colons() -> None:
    text = "arn:aws:logs:eu-west-1:111122223333:log-group:/aws/x:*"
    found = arns.parse(text)
    assert found == Arn("aws", "logs", "eu-west-1", "111122223333", "log-group:/aws/x:*")
    assert str(found) == text


def test_parts_may_be_empty_but_not_the_resource() -> None:
    assert arns.parse("arn:aws:s3:::bucket/key") == Arn("aws", "s3", "", "", "bucket/key")
    for text in ("", "arn", "arn:aws:s3:::", "arn:aws:s3::bucket", "urn:aws:s3:::bucket"):
        assert arns.parse(text) is None


@pytest.mark.parametrize(
    ("region", "partition"),
    [
        ("us-east-1", "aws"),
        ("eu-west-1", "aws"),
        ("cn-north-1", "aws-cn"),
        ("us-gov-west-1", "aws-us-gov"),
        ("us-iso-east-1", "aws-iso"),
        ("us-isob-east-1", "aws-iso-b"),
        ("eu-isoe-west-1", "aws-iso-e"),
        ("us-isof-south-1", "aws-iso-f"),
        ("eusc-de-east-1", "aws-eusc"),
        ("", "aws"),
    ],
)
def test_a_region_belongs_to_a_partition(region: str, partition: str) -> None:
    assert arns.partition(region) == partition
