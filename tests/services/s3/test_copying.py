"""Copying: CopyObject, and copy sources."""

from base64 import b64encode
from datetime import datetime, timedelta
from hashlib import md5, sha256
from typing import Any

import pytest

from fogbank.testing import Aws
from tests.services.s3.helpers import (
    BUCKET,
    PART,
    begin,
    complete,
    create,
    exists,
    fails,
    http,
    presigned,
    read,
    upload,
)

LARGE = bytes(range(256)) * 1024


def copy(s3: Any, source: str, key: str, **options: Any) -> Any:
    """Copy within the bucket."""
    named = {"Bucket": BUCKET, "Key": source}
    return s3.copy_object(Bucket=BUCKET, Key=key, CopySource=named, **options)


@pytest.mark.parametrize("body", [b"small", LARGE], ids=["small", "large"])
def test_a_copy_has_a_life_of_its_own(aws: Aws, body: bytes) -> None:
    s3 = create(aws)
    put = s3.put_object(Bucket=BUCKET, Key="a", Body=body)
    made = copy(s3, "a", "b")["CopyObjectResult"]
    assert made["ETag"] == put["ETag"]
    assert made["ChecksumCRC32"] == put["ChecksumCRC32"]
    s3.put_object(Bucket=BUCKET, Key="a", Body=b"new")
    assert read(s3, "b") == body
    copy(s3, "b", "c")
    s3.delete_object(Bucket=BUCKET, Key="b")
    assert read(s3, "c") == body
    copy(s3, "a", "c")
    assert read(s3, "c") == b"new"


@pytest.mark.parametrize(
    "key", ["a b+c%20", "ü/\U0001f600", "a?b", "a?versionId=x", "//a/", "a&b=c#"]
)
def test_a_source_may_have_any_key(aws: Aws, key: str) -> None:
    s3 = create(aws, BUCKET, key)
    copy(s3, key, "copy")
    assert read(s3, "copy") == key.encode()


def test_a_source_may_begin_with_a_slash(aws: Aws) -> None:
    s3 = create(aws, BUCKET, "a b")
    for text in (f"{BUCKET}/a b", f"/{BUCKET}/a%20b", f"{BUCKET}/a+b", f"{BUCKET}%2Fa%20b"):
        url = presigned(s3, "put_object", Key="copy")
        assert http("PUT", url, headers={"x-amz-copy-source": text}).status == 200
        assert read(s3, "copy") == b"a b"


def test_a_copy_of_another_bucket_and_region(aws: Aws) -> None:
    s3 = create(aws, BUCKET, "key")
    there = aws.client("s3", region="eu-west-1")
    where = {"LocationConstraint": "eu-west-1"}
    there.create_bucket(Bucket="second", CreateBucketConfiguration=where)
    there.copy_object(Bucket="second", Key="copy", CopySource=f"{BUCKET}/key")
    assert read(there, "copy", "second") == b"key"
    assert not exists(s3, "copy")


def test_metadata_is_taken_over_or_replaced(aws: Aws) -> None:
    s3 = create(aws)
    s3.put_object(
        Bucket=BUCKET,
        Key="a",
        Body=b"x",
        ContentType="text/plain",
        Metadata={"a": "1"},
        WebsiteRedirectLocation="/x",
        StorageClass="STANDARD_IA",
    )
    copy(s3, "a", "b", Metadata={"ignored": "2"}, ContentType="text/csv")
    found = s3.head_object(Bucket=BUCKET, Key="b")
    assert (found["ContentType"], found["Metadata"]) == ("text/plain", {"a": "1"})
    assert "WebsiteRedirectLocation" not in found
    assert "StorageClass" not in found
    copy(s3, "a", "b", MetadataDirective="REPLACE", Metadata={"b": "2"})
    found = s3.head_object(Bucket=BUCKET, Key="b")
    assert (found["ContentType"], found["Metadata"]) == ("binary/octet-stream", {"b": "2"})
    with fails("InvalidArgument", "Unknown metadata directive."):
        copy(s3, "a", "b", MetadataDirective="KEEP")


def test_tags_are_taken_over_or_replaced(aws: Aws) -> None:
    s3 = create(aws)
    s3.put_object(Bucket=BUCKET, Key="a", Tagging="a=1")
    copy(s3, "a", "b", Tagging="ignored=2")
    copy(s3, "a", "c", Tagging="c=3", TaggingDirective="REPLACE")
    found = [s3.get_object_tagging(Bucket=BUCKET, Key=key)["TagSet"] for key in "bc"]
    assert found == [[{"Key": "a", "Value": "1"}], [{"Key": "c", "Value": "3"}]]
    with fails("InvalidArgument", "Unknown tagging directive."):
        copy(s3, "a", "b", TaggingDirective="KEEP")


@pytest.mark.parametrize("body", [b"small", LARGE], ids=["small", "large"])
def test_an_object_is_copied_to_itself_to_change_something(aws: Aws, body: bytes) -> None:
    s3 = create(aws)
    s3.put_object(Bucket=BUCKET, Key="a", Body=body)
    words = "This copy request is illegal because it is trying to copy an object to itself"
    with fails("InvalidRequest", words):
        copy(s3, "a", "a")
    copy(s3, "a", "a", MetadataDirective="REPLACE", Metadata={"b": "2"})
    copy(s3, "a", "a", StorageClass="STANDARD_IA")
    found = s3.get_object(Bucket=BUCKET, Key="a")
    assert found["Body"].read() == body
    assert (found["Metadata"], found["StorageClass"]) == ({"b": "2"}, "STANDARD_IA")


def test_a_copy_of_an_upload_is_in_one_piece(aws: Aws) -> None:
    s3 = create(aws)
    to = begin(s3, "a")
    parts = [upload(s3, to, 1, b"a" * PART), upload(s3, to, 2, b"end")]
    assert complete(s3, to, *parts)["ETag"].endswith('-2"')
    whole = b"a" * PART + b"end"
    for key in ("b", "a"):
        made = copy(s3, "a", key, MetadataDirective="REPLACE")["CopyObjectResult"]
        assert made["ETag"] == f'"{md5(whole).hexdigest()}"'
        assert read(s3, key) == whole
        with fails("InvalidPartNumber", status=416):
            s3.get_object(Bucket=BUCKET, Key=key, PartNumber=2)


@pytest.mark.parametrize("body", [b"small", LARGE], ids=["small", "large"])
def test_a_copy_may_have_another_checksum(aws: Aws, body: bytes) -> None:
    s3 = create(aws)
    s3.put_object(Bucket=BUCKET, Key="a", Body=body)
    made = copy(s3, "a", "b", ChecksumAlgorithm="SHA256")["CopyObjectResult"]
    assert made["ChecksumSHA256"] == b64encode(sha256(body).digest()).decode()
    assert made["ChecksumType"] == "FULL_OBJECT"


@pytest.mark.fogbank(freeze=True)
def test_conditions_on_the_source(aws: Aws) -> None:
    s3 = create(aws, BUCKET, "a")
    head = s3.head_object(Bucket=BUCKET, Key="a")
    etag, modified = head["ETag"], head["LastModified"]
    aws.clock.advance(60)
    before: datetime = modified - timedelta(seconds=1)
    after: datetime = modified + timedelta(seconds=1)
    copy(s3, "a", "b", CopySourceIfMatch=etag, CopySourceIfUnmodifiedSince=before)
    copy(s3, "a", "b", CopySourceIfNoneMatch='"x"', CopySourceIfModifiedSince=before)
    refused: list[tuple[dict[str, Any], str]] = [
        ({"CopySourceIfMatch": '"x"'}, "If-Match"),
        ({"CopySourceIfUnmodifiedSince": before}, "If-Unmodified-Since"),
        ({"CopySourceIfNoneMatch": etag}, "If-None-Match"),
        ({"CopySourceIfModifiedSince": after}, "If-Modified-Since"),
    ]
    for condition, header in refused:
        with fails("PreconditionFailed", status=412, Condition=f"x-amz-copy-source-{header}"):
            copy(s3, "a", "c", **condition)
    assert not exists(s3, "c")


def test_conditions_on_what_is_there(aws: Aws) -> None:
    s3 = create(aws, BUCKET, "a", "b")
    with fails("PreconditionFailed", status=412, Condition="If-None-Match"):
        copy(s3, "a", "b", IfNoneMatch="*")
    with fails("PreconditionFailed", status=412, Condition="If-Match"):
        copy(s3, "a", "b", IfMatch='"x"')
    assert read(s3, "b") == b"b"
    copy(s3, "a", "c", IfNoneMatch="*")


def test_what_cannot_be_copied(aws: Aws) -> None:
    s3 = create(aws, BUCKET, "a")
    with fails("NoSuchKey", status=404, Key="x"):
        copy(s3, "x", "b")
    with fails("NoSuchBucket", status=404, BucketName="nowhere"):
        s3.copy_object(Bucket=BUCKET, Key="b", CopySource="nowhere/a")
    for text in ("nothing", "/", f"{BUCKET}/", ""):
        url = presigned(s3, "put_object", Key="b")
        answer = http("PUT", url, headers={"x-amz-copy-source": text})
        assert (answer.status, answer.code) == (400, "InvalidArgument"), text
    with fails("InvalidArgument", "Invalid version id specified"):
        s3.copy_object(Bucket=BUCKET, Key="b", CopySource=f"{BUCKET}/a?versionId=x")
    s3.put_object(Bucket=BUCKET, Key="cold", StorageClass="DEEP_ARCHIVE")
    with fails("InvalidObjectState", status=403, StorageClass="DEEP_ARCHIVE"):
        copy(s3, "cold", "b")
    assert not exists(s3, "b")
