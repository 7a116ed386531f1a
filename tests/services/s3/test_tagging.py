"""Tagging: reading and changing the tags of objects."""

from typing import Any

import pytest

from fogbank.testing import Aws
from tests.services.s3.helpers import BUCKET, create, fails


def tag_set(**tags: str) -> dict[str, list[dict[str, str]]]:
    """Tags as the requests name them."""
    return {"TagSet": [{"Key": key, "Value": value} for key, value in tags.items()]}


def tags(s3: Any, key: str = "key") -> dict[str, str]:
    """An object's tags."""
    found = s3.get_object_tagging(Bucket=BUCKET, Key=key)["TagSet"]
    return {tag["Key"]: tag["Value"] for tag in found}


def test_tags_are_replaced_as_a_whole(aws: Aws) -> None:
    s3 = create(aws, BUCKET, "key")
    before = s3.head_object(Bucket=BUCKET, Key="key")
    assert tags(s3) == {}
    s3.put_object_tagging(Bucket=BUCKET, Key="key", Tagging=tag_set(a="1", b=""))
    assert tags(s3) == {"a": "1", "b": ""}
    s3.put_object_tagging(Bucket=BUCKET, Key="key", Tagging=tag_set(c="ü :/=+-@._"))
    assert tags(s3) == {"c": "ü :/=+-@._"}
    after = s3.head_object(Bucket=BUCKET, Key="key")
    assert (after["ETag"], after["LastModified"]) == (before["ETag"], before["LastModified"])
    answer = s3.delete_object_tagging(Bucket=BUCKET, Key="key")
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == 204
    assert tags(s3) == {}
    assert "TagCount" not in s3.get_object(Bucket=BUCKET, Key="key")


def test_an_empty_set_removes_all(aws: Aws) -> None:
    s3 = create(aws)
    s3.put_object(Bucket=BUCKET, Key="key", Tagging="a=1")
    s3.put_object_tagging(Bucket=BUCKET, Key="key", Tagging={"TagSet": []})
    assert tags(s3) == {}


def test_tags_may_come_with_the_object(aws: Aws) -> None:
    s3 = create(aws)
    s3.put_object(Bucket=BUCKET, Key="key", Tagging="a=1&b%20c=d%2Fe+f&empty=&bare")
    assert tags(s3) == {"a": "1", "b c": "d/e f", "empty": "", "bare": ""}
    with fails("InvalidArgument", "without tag name duplicates", ArgumentName="x-amz-tagging"):
        s3.put_object(Bucket=BUCKET, Key="key", Tagging="a=1&a=2")
    assert tags(s3)["a"] == "1"


@pytest.mark.parametrize(
    ("key", "value", "words"),
    [
        ("aws:name", "x", "Your TagKey cannot be prefixed with aws:"),
        ("k" * 129, "x", "The TagKey you have provided is invalid"),
        ("a&b", "x", "The TagKey you have provided is invalid"),
        ("a", "v" * 257, "The TagValue you have provided is invalid"),
        ("a", "v<", "The TagValue you have provided is invalid"),
    ],
)
def test_tags_that_are_none_are_refused(aws: Aws, key: str, value: str, words: str) -> None:
    s3 = create(aws)
    s3.put_object(Bucket=BUCKET, Key="key", Tagging="a=1")
    with fails("InvalidTag", words):
        s3.put_object_tagging(
            Bucket=BUCKET, Key="key", Tagging={"TagSet": [{"Key": key, "Value": value}]}
        )
    assert tags(s3) == {"a": "1"}


def test_a_key_may_be_given_once(aws: Aws) -> None:
    s3 = create(aws, BUCKET, "key")
    twice = {"TagSet": [{"Key": "a", "Value": "1"}, {"Key": "a", "Value": "2"}]}
    with fails("InvalidTag", "Cannot provide multiple Tags with the same key", TagKey="a"):
        s3.put_object_tagging(Bucket=BUCKET, Key="key", Tagging=twice)


def test_ten_tags_are_the_most(aws: Aws) -> None:
    s3 = create(aws, BUCKET, "key")
    ten = {f"t{number}": "x" * 256 for number in range(10)}
    s3.put_object_tagging(Bucket=BUCKET, Key="key", Tagging=tag_set(**ten))
    assert tags(s3) == ten
    with fails("BadRequest", "Object tags cannot be greater than 10"):
        s3.put_object_tagging(Bucket=BUCKET, Key="key", Tagging=tag_set(**ten, more="x"))


def test_the_object_must_be_there(aws: Aws) -> None:
    s3 = create(aws)
    for call, more in (
        (s3.get_object_tagging, {}),
        (s3.put_object_tagging, {"Tagging": tag_set(a="1")}),
        (s3.delete_object_tagging, {}),
    ):
        with fails("NoSuchKey", "The specified key does not exist.", status=404, Key="key"):
            call(Bucket=BUCKET, Key="key", **more)


def test_versions_without_versioning(aws: Aws) -> None:
    s3 = create(aws)
    s3.put_object(Bucket=BUCKET, Key="key", Tagging="a=1")
    found = s3.get_object_tagging(Bucket=BUCKET, Key="key", VersionId="null")["TagSet"]
    assert found == [{"Key": "a", "Value": "1"}]
    with fails("InvalidArgument", "Invalid version id specified"):
        s3.get_object_tagging(Bucket=BUCKET, Key="key", VersionId="x")
