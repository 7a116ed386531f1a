"""Listing: ListObjects of both versions, and the walk over keys with a delimiter."""

from typing import Any

import pytest

from fogbank.testing import Aws
from tests.services.s3.helpers import BUCKET, create, fails, http, presigned

TREE = ["a", "b/1", "b/2", "b/c/3", "b0", "d//x", "d/y", "e/", "z"]


def keys(page: Any) -> list[str]:
    """The keys of a page."""
    return [entry["Key"] for entry in page.get("Contents", [])]


def prefixes(page: Any) -> list[str]:
    """The common prefixes of a page."""
    return [entry["Prefix"] for entry in page.get("CommonPrefixes", [])]


def paged(s3: Any, size: int, **options: Any) -> list[tuple[list[str], list[str]]]:
    """All pages of a listing."""
    pages = s3.get_paginator("list_objects_v2").paginate(
        Bucket=BUCKET, PaginationConfig={"PageSize": size}, **options
    )
    return [(keys(page), prefixes(page)) for page in pages]


def test_an_empty_bucket(aws: Aws) -> None:
    s3 = create(aws)
    page = s3.list_objects_v2(Bucket=BUCKET)
    assert (page["KeyCount"], page["IsTruncated"], page["MaxKeys"]) == (0, False, 1000)
    assert (page["Name"], page["Prefix"]) == (BUCKET, "")
    assert "Contents" not in page
    assert "Delimiter" not in page
    assert s3.list_objects(Bucket=BUCKET)["Marker"] == ""


def test_keys_come_in_the_order_of_their_bytes(aws: Aws) -> None:
    wanted = ["\uffee", "Z", "a", "\U0001f600", "a/", "a!", "é", "e", "B", "0", "\u007f"]
    s3 = create(aws, BUCKET, *wanted)
    ordered = sorted(wanted, key=lambda key: key.encode())
    assert keys(s3.list_objects_v2(Bucket=BUCKET)) == ordered
    assert [key for page, _ in paged(s3, 1) for key in page] == ordered


def test_an_entry_tells_of_its_object(aws: Aws) -> None:
    s3 = create(aws)
    etag = s3.put_object(Bucket=BUCKET, Key="key", Body=b"data", StorageClass="ONEZONE_IA")["ETag"]
    (entry,) = s3.list_objects_v2(Bucket=BUCKET)["Contents"]
    assert entry.pop("LastModified")
    assert entry == {
        "Key": "key",
        "ETag": etag,
        "Size": 4,
        "StorageClass": "ONEZONE_IA",
        "ChecksumAlgorithm": ["CRC32"],
        "ChecksumType": "FULL_OBJECT",
    }
    (entry,) = s3.list_objects_v2(Bucket=BUCKET, FetchOwner=True)["Contents"]
    owner = s3.list_buckets()["Owner"]
    assert entry["Owner"]["ID"] == owner["ID"]
    assert s3.list_objects(Bucket=BUCKET)["Contents"][0]["Owner"]["ID"] == owner["ID"]


@pytest.mark.parametrize(
    ("prefix", "found", "common"),
    [
        ("", ["a", "b0", "z"], ["b/", "d/", "e/"]),
        ("b", ["b0"], ["b/"]),
        ("b/", ["b/1", "b/2"], ["b/c/"]),
        ("d/", ["d/y"], ["d//"]),
        ("e/", ["e/"], []),
        ("b/c/3", ["b/c/3"], []),
        ("nothing", [], []),
    ],
)
def test_a_delimiter_rolls_keys_up(
    aws: Aws, prefix: str, found: list[str], common: list[str]
) -> None:
    s3 = create(aws, BUCKET, *TREE)
    page = s3.list_objects_v2(Bucket=BUCKET, Prefix=prefix, Delimiter="/")
    assert (keys(page), prefixes(page)) == (found, common)
    assert page["KeyCount"] == len(found) + len(common)
    assert (page["Prefix"], page["Delimiter"]) == (prefix, "/")


def test_a_delimiter_may_have_several_characters(aws: Aws) -> None:
    s3 = create(aws, BUCKET, "a--b", "a-b", "a--c", "--")
    page = s3.list_objects_v2(Bucket=BUCKET, Delimiter="--")
    assert (keys(page), prefixes(page)) == (["a-b"], ["--", "a--"])


@pytest.mark.parametrize("size", [1, 2, 3, 7])
def test_pages_with_a_delimiter_tell_everything_once(aws: Aws, size: int) -> None:
    many = [f"m/{number}" for number in range(30)]
    s3 = create(aws, BUCKET, *TREE, *many)
    pages = paged(s3, size, Delimiter="/")
    told = sorted(name for page in pages for part in page for name in part)
    assert told == ["a", "b/", "b0", "d/", "e/", "m/", "z"]
    assert all(len(found) + len(common) == size for found, common in pages[:-1])


def test_a_token_goes_on_where_the_page_ended(aws: Aws) -> None:
    s3 = create(aws, BUCKET, "a", "b", "c")
    first = s3.list_objects_v2(Bucket=BUCKET, MaxKeys=2, StartAfter="")
    assert first["IsTruncated"] is True
    s3.delete_object(Bucket=BUCKET, Key="b")
    s3.put_object(Bucket=BUCKET, Key="b2")
    token = first["NextContinuationToken"]
    second = s3.list_objects_v2(Bucket=BUCKET, ContinuationToken=token)
    assert keys(second) == ["b2", "c"]
    assert second["ContinuationToken"] == token
    assert "NextContinuationToken" not in second
    with fails("InvalidArgument", "The continuation token provided is incorrect"):
        s3.list_objects_v2(Bucket=BUCKET, ContinuationToken="nonsense")


@pytest.mark.parametrize(
    ("after", "found"),
    [("a", ["b/1", "b/2", "b/c/3", "b0"]), ("b/2", ["b/c/3", "b0"]), ("b/1!", ["b/2"])],
)
def test_a_listing_may_start_after_a_key(aws: Aws, after: str, found: list[str]) -> None:
    s3 = create(aws, BUCKET, *TREE)
    page = s3.list_objects_v2(Bucket=BUCKET, StartAfter=after)
    assert keys(page)[: len(found)] == found
    assert page["StartAfter"] == after
    assert keys(s3.list_objects(Bucket=BUCKET, Marker=after))[: len(found)] == found


def test_the_next_marker_is_told_with_a_delimiter_only(aws: Aws) -> None:
    s3 = create(aws, BUCKET, *TREE)
    assert "NextMarker" not in s3.list_objects(Bucket=BUCKET, MaxKeys=2)
    page = s3.list_objects(Bucket=BUCKET, MaxKeys=2, Delimiter="/")
    assert page["NextMarker"] == "b/"
    page = s3.list_objects(Bucket=BUCKET, MaxKeys=2, Delimiter="/", Marker=page["NextMarker"])
    assert (keys(page), prefixes(page)) == (["b0"], ["d/"])


def test_names_are_encoded_on_request(aws: Aws) -> None:
    key = "a b+c/ü~*\n"
    s3 = create(aws, BUCKET, key)
    url = presigned(s3, "list_objects_v2", EncodingType="url", Prefix="a b", Delimiter="+")
    answer = http("GET", url).body.decode()
    assert "<Prefix>a+b%2B</Prefix>" in answer
    assert "<Delimiter>%2B</Delimiter>" in answer
    url = presigned(s3, "list_objects_v2", EncodingType="url")
    assert "<Key>a+b%2Bc/%C3%BC%7E*%0A</Key>" in http("GET", url).body.decode()
    assert keys(s3.list_objects_v2(Bucket=BUCKET)) == [key]
    words = "Invalid Encoding Method specified in Request"
    with fails("InvalidArgument", words, ArgumentName="encoding-type", ArgumentValue="base64"):
        s3.list_objects_v2(Bucket=BUCKET, EncodingType="base64")


def test_how_many_keys(aws: Aws) -> None:
    s3 = create(aws, BUCKET, "a", "b")
    page = s3.list_objects_v2(Bucket=BUCKET, MaxKeys=0)
    assert (page["KeyCount"], page["IsTruncated"], page["MaxKeys"]) == (0, False, 0)
    assert s3.list_objects_v2(Bucket=BUCKET, MaxKeys=5000)["MaxKeys"] == 1000
    with fails("InvalidArgument", "Argument maxKeys must be an integer between 0 and 2147483647"):
        s3.list_objects_v2(Bucket=BUCKET, MaxKeys=-1)
    with fails("InvalidArgument", "Provided max-keys not an integer or within integer range"):
        s3.list_objects_v2(Bucket=BUCKET, MaxKeys=2**31)


def test_prefixes_may_be_anything(aws: Aws) -> None:
    highest = "\U0010ffff"
    s3 = create(aws, BUCKET, "a%", "a_", "ab", f"{highest}x", highest, "\ud7ffx", "\ue000")
    assert keys(s3.list_objects_v2(Bucket=BUCKET, Prefix="a_")) == ["a_"]
    assert keys(s3.list_objects_v2(Bucket=BUCKET, Prefix="a%")) == ["a%"]
    assert keys(s3.list_objects_v2(Bucket=BUCKET, Prefix=highest)) == [highest, f"{highest}x"]
    assert keys(s3.list_objects_v2(Bucket=BUCKET, Prefix="\ud7ff")) == ["\ud7ffx"]
    page = s3.list_objects_v2(Bucket=BUCKET, Delimiter=highest)
    assert prefixes(page) == [highest]
