"""Amazon Resource Names: `arn:partition:service:region:account:resource`."""

from functools import lru_cache
from typing import NamedTuple

_PARTITIONS = (
    ("cn-", "aws-cn"),
    ("us-gov-", "aws-us-gov"),
    ("us-iso-", "aws-iso"),
    ("us-isob-", "aws-iso-b"),
    ("eu-isoe-", "aws-iso-e"),
    ("us-isof-", "aws-iso-f"),
    ("eusc-", "aws-eusc"),
)


class Arn(NamedTuple):
    """The parts of an ARN; `resource` may itself hold colons."""

    partition: str
    service: str
    region: str
    account: str
    resource: str

    def __str__(self) -> str:
        return ":".join(("arn", *self))


def parse(text: str) -> Arn | None:
    """The parts of an ARN, or None when the text isn't one."""
    parts = text.split(":", 5)
    if len(parts) != 6 or parts[0] != "arn" or not parts[5]:
        return None
    return Arn(*parts[1:])


@lru_cache(maxsize=256)
def partition(region: str) -> str:
    """The partition that a region belongs to."""
    for prefix, name in _PARTITIONS:
        if region.startswith(prefix):
            return name
    return "aws"
