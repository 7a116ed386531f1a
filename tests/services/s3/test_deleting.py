"""Deleting: DeleteObject and DeleteObjects."""

from base64 import b64encode
from hashlib import md5

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
    upload,
)

NAMESPACE = 'xmlns="http://s3.amazonaws.com/doc/2006-03-01/"'


def names(*keys: str) -> dict[str, list[dict[str, str]]]:
    """What DeleteObjects is told."""
    return {"Objects": [{"Key": key} for key in keys]}


def test_what_is_deleted_is_gone(aws: Aws) -> None:
    s3 = create(aws, BUCKET, "key", "kez")
    s3.put_object(Bucket=BUCKET, Key="key", Body=b"x" * 100_000)
    for _ in range(2):
        answer = s3.delete_object(Bucket=BUCKET, Key="key")
        assert answer["ResponseMetadata"]["HTTPStatusCode"] == 204
        assert "VersionId" not in answer
        assert "DeleteMarker" not in answer
    with fails("NoSuchKey", status=404):
        s3.get_object(Bucket=BUCKET, Key="key")
    assert exists(s3, "kez")


def test_a_deleted_upload_cannot_be_completed_again(aws: Aws) -> None:
    s3 = create(aws)
    to = begin(s3, "key")
    parts = [upload(s3, to, 1, b"a" * PART), upload(s3, to, 2, b"b")]
    complete(s3, to, *parts)
    complete(s3, to, *parts)
    s3.delete_object(Bucket=BUCKET, Key="key")
    with fails("NoSuchUpload", status=404):
        complete(s3, to, *parts)
    assert not exists(s3, "key")


def test_the_tag_that_is_deleted_may_be_said(aws: Aws) -> None:
    s3 = create(aws)
    etag = s3.put_object(Bucket=BUCKET, Key="key", Body=b"data")["ETag"]
    with fails("PreconditionFailed", status=412, Condition="If-Match"):
        s3.delete_object(Bucket=BUCKET, Key="key", IfMatch='"other"')
    assert exists(s3, "key")
    s3.delete_object(Bucket=BUCKET, Key="key", IfMatch=etag)
    with fails("NoSuchKey", status=404):
        s3.delete_object(Bucket=BUCKET, Key="key", IfMatch=etag)
    with fails("PreconditionFailed", status=412):
        s3.delete_object(Bucket=BUCKET, Key="key", IfMatch="*")


def test_a_version_that_is_none(aws: Aws) -> None:
    s3 = create(aws, BUCKET, "key")
    with fails("InvalidArgument", "Invalid version id specified"):
        s3.delete_object(Bucket=BUCKET, Key="key", VersionId="nonsense")
    assert exists(s3, "key")
    s3.delete_object(Bucket=BUCKET, Key="key", VersionId="null")
    assert not exists(s3, "key")


def test_what_belongs_to_other_features_is_refused(aws: Aws) -> None:
    s3 = create(aws, BUCKET, "key")
    words = "x-amz-bypass-governance-retention is only applicable to Object Lock enabled buckets."
    with fails("InvalidArgument", words):
        s3.delete_object(Bucket=BUCKET, Key="key", BypassGovernanceRetention=True)
    with fails("NotImplemented", status=501):
        s3.delete_object(Bucket=BUCKET, Key="key", IfMatchSize=3)
    assert exists(s3, "key")


# many --------------------------------------------------------------------------------------------


def test_many_are_deleted_at_once(aws: Aws) -> None:
    keys = ["a", "b/ü\U0001f600", "c &<>", "new\nline"]
    s3 = create(aws, BUCKET, *keys, "kept")
    answer = s3.delete_objects(Bucket=BUCKET, Delete=names(*keys, "never there"))
    assert [entry["Key"] for entry in answer["Deleted"]] == [*keys, "never there"]
    assert "Errors" not in answer
    left = s3.list_objects_v2(Bucket=BUCKET)["Contents"]
    assert [entry["Key"] for entry in left] == ["kept"]


def test_quiet_tells_of_failures_only(aws: Aws) -> None:
    s3 = create(aws, BUCKET, "a", "b")
    wanted = names("a", "b")
    wanted["Objects"][1]["VersionId"] = "other"
    answer = s3.delete_objects(Bucket=BUCKET, Delete={**wanted, "Quiet": True})
    assert "Deleted" not in answer
    assert answer["Errors"] == [
        {
            "Key": "b",
            "VersionId": "other",
            "Code": "NoSuchVersion",
            "Message": "The specified version does not exist.",
        }
    ]
    assert not exists(s3, "a")
    assert exists(s3, "b")


def test_each_may_say_its_tag(aws: Aws) -> None:
    s3 = create(aws)
    etag = s3.put_object(Bucket=BUCKET, Key="a", Body=b"a")["ETag"]
    s3.put_object(Bucket=BUCKET, Key="b", Body=b"b")
    wanted = {"Objects": [{"Key": "a", "ETag": etag}, {"Key": "b", "ETag": etag}]}
    answer = s3.delete_objects(Bucket=BUCKET, Delete=wanted)
    assert [entry["Key"] for entry in answer["Deleted"]] == ["a"]
    assert [(entry["Key"], entry["Code"]) for entry in answer["Errors"]] == [
        ("b", "PreconditionFailed")
    ]


def test_at_most_a_thousand_and_at_least_one(aws: Aws) -> None:
    s3 = create(aws)
    keys = [str(number) for number in range(1000)]
    assert len(s3.delete_objects(Bucket=BUCKET, Delete=names(*keys))["Deleted"]) == 1000
    for wrong in ([*keys, "one more"], []):
        with fails("MalformedXML", "The XML you provided was not well-formed"):
            s3.delete_objects(Bucket=BUCKET, Delete=names(*wrong))


@pytest.mark.parametrize(
    "document", [b"", b"<Delete", b"<Delete><Object/></Delete>", b"<Other></Other>"]
)
def test_a_document_that_is_none_deletes_nothing(aws: Aws, document: bytes) -> None:
    s3 = create(aws, BUCKET, "key")
    url = presigned(s3, "delete_objects", Delete=names("key"))
    digest = b64encode(md5(document).digest()).decode()
    answer = http("POST", url, document, {"content-md5": digest})
    assert (answer.status, answer.code) == (400, "MalformedXML")
    assert exists(s3, "key")


def test_the_document_must_come_with_its_digest(aws: Aws) -> None:
    s3 = create(aws, BUCKET, "key")
    url = presigned(s3, "delete_objects", Delete=names("key"))
    document = f"<Delete {NAMESPACE}><Object><Key>key</Key></Object></Delete>".encode()
    answer = http("POST", url, document)
    assert (answer.status, answer.code) == (400, "InvalidRequest")
    assert "Content-MD5 OR x-amz-checksum-*" in str(answer.root.findtext("Message"))
    wrong = b64encode(md5(b"other").digest()).decode()
    assert http("POST", url, document, {"content-md5": wrong}).code == "BadDigest"
    assert exists(s3, "key")
    right = b64encode(md5(document).digest()).decode()
    assert http("POST", url, document, {"content-md5": right}).status == 200
    assert not exists(s3, "key")


def test_the_bucket_must_be_there(aws: Aws) -> None:
    with fails("NoSuchBucket", status=404):
        aws.client("s3").delete_objects(Bucket=BUCKET, Delete=names("key"))
