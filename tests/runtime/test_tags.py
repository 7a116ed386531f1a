"""Tags of resources, and what AWS allows in them."""

import pytest

from protocols.errors import Error
from runtime import tags
from runtime.context import Context

QUEUE = "arn:aws:sqs:eu-west-1:111122223333:queue"


def test_tags_are_put_replaced_and_removed(context: Context) -> None:
    tags.put(context, QUEUE, {"b": "1", "a": "1"})
    tags.put(context, QUEUE, {"b": "2"})
    assert list(tags.of(context, QUEUE).items()) == [("a", "1"), ("b", "2")]
    tags.remove(context, QUEUE, ["a", "missing"])
    assert tags.of(context, QUEUE) == {"b": "2"}
    tags.drop(context, QUEUE)
    assert tags.of(context, QUEUE) == {}


def test_keys_differ_by_case_and_belong_to_one_resource(context: Context) -> None:
    tags.put(context, QUEUE, {"key": "1", "Key": "2"})
    tags.put(context, f"{QUEUE}-2", {"key": "3"})
    assert tags.of(context, QUEUE) == {"key": "1", "Key": "2"}


def test_a_reset_finds_tags_by_the_names_in_their_arn(context: Context) -> None:
    tags.put(context, QUEUE, {"a": "1"})
    tags.put(context, "arn:aws:s3:::bucket", {"a": "1"})
    tags.put(context, "no arn", {"a": "1"})
    rows = context.store.all("SELECT service, account, region FROM tag ORDER BY arn")
    assert rows == [
        ("s3", "111122223333", "eu-west-1"),
        ("sqs", "111122223333", "eu-west-1"),
        ("sqs", "111122223333", "eu-west-1"),
    ]


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"a": ""},
        {"k" * 128: "v" * 256},
        {"Größe 大 _.:/=+-@": "x y\u3000z"},
        {str(number): "" for number in range(50)},
        {"awsome": "1"},
    ],
)
def test_what_aws_takes(given: dict[str, str]) -> None:
    tags.check(given)


@pytest.mark.parametrize(
    "given",
    [
        {"": "a"},
        {"k" * 129: "v"},
        {"a": "v" * 257},
        {"aws:x": "1"},
        {"AWS:x": "1"},
        {"a*": "1"},
        {"a": "line\nbreak"},
        {"a\tb": "1"},
        {"a": "{}"},
        {str(number): "" for number in range(51)},
    ],
)
def test_what_aws_refuses(given: dict[str, str]) -> None:
    with pytest.raises(Error) as caught:
        tags.check(given, code="InvalidTag")
    assert caught.value.code == "InvalidTag"


def test_the_bound_counts_what_is_there_once() -> None:
    there = {str(number): "" for number in range(50)}
    tags.check({"0": "new"}, existing=there)
    with pytest.raises(Error, match="50"):
        tags.check({"another": "new"}, existing=there)
    with pytest.raises(Error, match="10"):
        tags.check({str(number): "" for number in range(11)}, most=10)
