"""Reading: GetObject, HeadObject and GetObjectAttributes."""

from base64 import b64encode
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any

import pytest

from fogbank.testing import Aws
from tests.services.s3.helpers import (
    BUCKET,
    PART,
    Answer,
    begin,
    complete,
    create,
    fails,
    http,
    presigned,
    read,
    upload,
)

LARGE = bytes(range(251)) * 1024


def raw(s3: Any, key: str = "key", method: str = "GET", **headers: str) -> Answer:
    """What a read answers over HTTP, with these headers in the request."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    operation = "get_object" if method == "GET" else "head_object"
    return http(method, presigned(s3, operation, Key=key), headers=named)


@pytest.fixture(params=[b"0123456789", LARGE], ids=["small", "large"])
def body(request: pytest.FixtureRequest) -> bytes:
    """Bytes that are kept as a row, and bytes that are kept as a file."""
    found: bytes = request.param
    return found


# ranges ------------------------------------------------------------------------------------------


def test_a_range_is_part_of_the_bytes(aws: Aws, body: bytes) -> None:
    s3 = create(aws)
    s3.put_object(Bucket=BUCKET, Key="key", Body=body)
    size = len(body)
    for text, first, last in [
        ("bytes=0-0", 0, 0),
        ("bytes=2-4", 2, 4),
        ("bytes=3-", 3, size - 1),
        ("bytes=-3", size - 3, size - 1),
        (f"bytes=5-{size * 2}", 5, size - 1),
        (f"bytes=-{size * 2}", 0, size - 1),
    ]:
        got = s3.get_object(Bucket=BUCKET, Key="key", Range=text)
        assert got["ResponseMetadata"]["HTTPStatusCode"] == 206
        assert got["ContentRange"] == f"bytes {first}-{last}/{size}"
        assert got["ContentLength"] == last - first + 1
        assert got["Body"].read() == body[first : last + 1]
        head = s3.head_object(Bucket=BUCKET, Key="key", Range=text)
        assert head["ContentRange"] == got["ContentRange"]


def test_what_is_no_range_gets_the_whole(aws: Aws) -> None:
    s3 = create(aws, BUCKET, "0123456789")
    for text in ("bytes=4-2", "bytes=-", "bytes=a-b", "lines=1-2", "bytes=0-1,3-4", "2-3"):
        answer = raw(s3, "0123456789", range=text)
        assert (answer.status, answer.body) == (200, b"0123456789"), text


def test_a_range_of_nothing_is_refused(aws: Aws) -> None:
    s3 = create(aws, BUCKET, "0123456789")
    s3.put_object(Bucket=BUCKET, Key="empty")
    words = "The requested range is not satisfiable"
    for key, text in [
        ("0123456789", "bytes=10-"),
        ("0123456789", "bytes=-0"),
        ("0123456789", f"bytes={10**30}-"),
        ("empty", "bytes=0-0"),
        ("empty", "bytes=-1"),
    ]:
        with fails("InvalidRange", words, status=416, RangeRequested=text):
            s3.get_object(Bucket=BUCKET, Key=key, Range=text)


def test_a_range_over_several_parts(aws: Aws) -> None:
    s3 = create(aws)
    to = begin(s3, "key")
    parts = [upload(s3, to, number, bytes([number]) * PART) for number in (1, 2)]
    complete(s3, to, *parts, upload(s3, to, 3, b"end"))
    found = read(s3, "key", Range=f"bytes={PART - 2}-{2 * PART + 1}")
    assert found == b"\1\1" + b"\2" * PART + b"en"
    assert read(s3, "key", Range="bytes=-5") == b"\2\2end"
    whole = s3.get_object(Bucket=BUCKET, Key="key")
    assert whole["ContentLength"] == 2 * PART + 3
    assert whole["Body"].read() == b"\1" * PART + b"\2" * PART + b"end"


def test_a_part_is_read_by_its_number(aws: Aws) -> None:
    s3 = create(aws, BUCKET, "plain")
    to = begin(s3, "key")
    parts = [upload(s3, to, number, body) for number, body in ((2, b"a" * PART), (7, b"end"))]
    complete(s3, to, *parts)
    got = s3.get_object(Bucket=BUCKET, Key="key", PartNumber=7)
    assert got["Body"].read() == b"end"
    assert got["PartsCount"] == 2
    assert got["ContentRange"] == f"bytes {PART}-{PART + 2}/{PART + 3}"
    assert s3.head_object(Bucket=BUCKET, Key="key", PartNumber=2)["ContentLength"] == PART
    words = "The requested partnumber is not satisfiable"
    with fails("InvalidPartNumber", words, status=416, ActualPartCount="2"):
        s3.get_object(Bucket=BUCKET, Key="key", PartNumber=3)
    with fails("InvalidRequest", "Cannot specify both Range header and partNumber"):
        s3.get_object(Bucket=BUCKET, Key="key", PartNumber=2, Range="bytes=0-1")
    with fails("InvalidArgument", "Part number must be an integer between 1 and 10000"):
        s3.get_object(Bucket=BUCKET, Key="key", PartNumber=0)
    plain = s3.get_object(Bucket=BUCKET, Key="plain", PartNumber=1)
    assert (plain["Body"].read(), plain["ContentRange"]) == (b"plain", "bytes 0-4/5")
    assert "PartsCount" not in plain


# conditions --------------------------------------------------------------------------------------


@pytest.mark.parametrize("method", ["get_object", "head_object"])
def test_conditions_on_the_entity_tag(aws: Aws, method: str) -> None:
    s3 = create(aws)
    etag = s3.put_object(Bucket=BUCKET, Key="key", Body=b"data")["ETag"]
    call: Callable[..., Any] = getattr(s3, method)
    missed = "PreconditionFailed" if method == "get_object" else "412"
    for match in (etag, etag.strip('"'), "*", f'"x", {etag}'):
        call(Bucket=BUCKET, Key="key", IfMatch=match)
        with fails("304", status=304):
            call(Bucket=BUCKET, Key="key", IfNoneMatch=match)
    with fails(missed, status=412):
        call(Bucket=BUCKET, Key="key", IfMatch='"other"')
    call(Bucket=BUCKET, Key="key", IfNoneMatch='"other"')


@pytest.mark.fogbank(freeze=True)
def test_conditions_on_the_date(aws: Aws) -> None:
    s3 = create(aws, BUCKET, "key")
    modified: datetime = s3.head_object(Bucket=BUCKET, Key="key")["LastModified"]
    aws.clock.advance(60)
    before, after = modified - timedelta(seconds=1), modified + timedelta(seconds=1)
    future = modified + timedelta(days=1)
    for date in (before, future):
        s3.get_object(Bucket=BUCKET, Key="key", IfModifiedSince=date)
    for date in (modified, after):
        with fails("304", status=304):
            s3.get_object(Bucket=BUCKET, Key="key", IfModifiedSince=date)
        s3.get_object(Bucket=BUCKET, Key="key", IfUnmodifiedSince=date)
    with fails("PreconditionFailed", status=412, Condition="If-Unmodified-Since"):
        s3.get_object(Bucket=BUCKET, Key="key", IfUnmodifiedSince=before)
    etag = s3.head_object(Bucket=BUCKET, Key="key")["ETag"]
    s3.get_object(Bucket=BUCKET, Key="key", IfMatch=etag, IfUnmodifiedSince=before)
    s3.get_object(Bucket=BUCKET, Key="key", IfNoneMatch='"x"', IfModifiedSince=after)


def test_an_answer_without_content_has_no_body(aws: Aws) -> None:
    s3 = create(aws)
    etag = s3.put_object(Bucket=BUCKET, Key="key", Body=b"data", CacheControl="no-store")["ETag"]
    answer = raw(s3, if_none_match=etag)
    assert (answer.status, answer.body) == (304, b"")
    assert answer.headers["etag"] == etag
    assert answer.headers["cache-control"] == "no-store"
    assert "content-length" not in answer.headers
    head = raw(s3, method="HEAD")
    assert (head.status, head.body, head.headers["content-length"]) == (200, b"", "4")


# what is not there -------------------------------------------------------------------------------


def test_a_key_that_is_not_there(aws: Aws) -> None:
    s3 = create(aws, BUCKET, "key")
    with fails("NoSuchKey", "The specified key does not exist.", status=404, Key="Key"):
        s3.get_object(Bucket=BUCKET, Key="Key")
    with fails("404", "Not Found", status=404):
        s3.head_object(Bucket=BUCKET, Key="Key")
    with pytest.raises(s3.exceptions.NoSuchKey):
        s3.get_object(Bucket=BUCKET, Key="key/", Range="bytes=0-1")
    answer = raw(s3, "<Key>&")
    assert answer.root.findtext("Key") == "<Key>&"
    assert answer.root.findtext("RequestId") == answer.headers["x-amz-request-id"]
    assert answer.root.findtext("HostId") == answer.headers["x-amz-id-2"]


def test_versions_without_versioning(aws: Aws) -> None:
    s3 = create(aws, BUCKET, "key")
    assert read(s3, "key", VersionId="null") == b"key"
    with fails("NoSuchVersion", status=404):
        s3.get_object(Bucket=BUCKET, Key="other", VersionId="null")
    with fails("InvalidArgument", "Invalid version id specified", ArgumentName="versionId"):
        s3.get_object(Bucket=BUCKET, Key="key", VersionId="nonsense")


def test_what_is_archived_cannot_be_read(aws: Aws) -> None:
    s3 = create(aws)
    s3.put_object(Bucket=BUCKET, Key="key", Body=b"cold", StorageClass="GLACIER")
    words = "The operation is not valid for the object's storage class"
    with fails("InvalidObjectState", words, status=403, StorageClass="GLACIER"):
        s3.get_object(Bucket=BUCKET, Key="key")
    assert s3.head_object(Bucket=BUCKET, Key="key")["StorageClass"] == "GLACIER"


# answers -----------------------------------------------------------------------------------------


def test_the_query_may_say_other_headers(aws: Aws) -> None:
    s3 = create(aws)
    s3.put_object(Bucket=BUCKET, Key="key", Body=b"x", ContentType="text/plain", CacheControl="a")
    moment = datetime(2030, 1, 2, 3, 4, 5, tzinfo=UTC)
    url = presigned(
        s3,
        "get_object",
        Key="key",
        ResponseContentType="text/csv",
        ResponseContentDisposition='attachment; filename="ü.csv"',
        ResponseExpires=moment,
    )
    answer = http("GET", url)
    assert answer.headers["content-type"] == "text/csv"
    assert answer.headers["content-disposition"].encode("latin-1").decode() == (
        'attachment; filename="ü.csv"'
    )
    assert answer.headers["cache-control"] == "a"
    assert answer.headers["expires"] == "Wed, 02 Jan 2030 03:04:05 GMT"


def test_a_date_of_expiry_is_told_as_it_was_said(aws: Aws) -> None:
    s3 = create(aws)
    url = presigned(s3, "put_object", Key="key")
    for text in ("Wed, 02 Jan 2030 03:04:05 GMT", "2030-01-02", "never"):
        assert http("PUT", url, b"x", {"expires": text}).status == 200
        assert raw(s3).headers["expires"] == text


@pytest.mark.fogbank(freeze="2026-03-01T12:00:00.750Z")
def test_dates_are_whole_seconds_of_the_virtual_clock(aws: Aws) -> None:
    s3 = create(aws, BUCKET, "key")
    moment = datetime(2026, 3, 1, 12, tzinfo=UTC)
    assert s3.head_object(Bucket=BUCKET, Key="key")["LastModified"] == moment
    assert s3.list_objects_v2(Bucket=BUCKET)["Contents"][0]["LastModified"] == moment
    assert raw(s3).headers["last-modified"] == "Sun, 01 Mar 2026 12:00:00 GMT"


def test_tags_are_counted(aws: Aws) -> None:
    s3 = create(aws)
    s3.put_object(Bucket=BUCKET, Key="key", Body=b"x", Tagging="a=1&b=2")
    assert s3.get_object(Bucket=BUCKET, Key="key")["TagCount"] == 2


# attributes --------------------------------------------------------------------------------------


def test_only_the_attributes_that_were_asked_for(aws: Aws) -> None:
    s3 = create(aws)
    etag = s3.put_object(Bucket=BUCKET, Key="key", Body=b"data", ChecksumAlgorithm="SHA256")["ETag"]

    def ask(*names: str) -> dict[str, Any]:
        found = s3.get_object_attributes(Bucket=BUCKET, Key="key", ObjectAttributes=list(names))
        return {name: found[name] for name in found if name not in ("ResponseMetadata",)}

    everything = ask("ETag", "Checksum", "ObjectParts", "StorageClass", "ObjectSize")
    assert everything.pop("LastModified")
    assert everything == {
        "ETag": etag.strip('"'),
        "Checksum": {
            "ChecksumSHA256": b64encode(sha256(b"data").digest()).decode(),
            "ChecksumType": "FULL_OBJECT",
        },
        "StorageClass": "STANDARD",
        "ObjectSize": 4,
    }
    assert set(ask("ObjectSize")) == {"LastModified", "ObjectSize"}
    with fails("InvalidArgument", "Invalid attribute name specified."):
        ask("Size")
    with fails("NoSuchKey", status=404):
        s3.get_object_attributes(Bucket=BUCKET, Key="x", ObjectAttributes=["ETag"])


def test_the_parts_of_a_composite_checksum_are_listed(aws: Aws) -> None:
    s3 = create(aws)
    to = begin(s3, "key", ChecksumAlgorithm="SHA256")
    parts = []
    for number, data in ((1, b"a" * PART), (2, b"end")):
        answer = s3.upload_part(**to, PartNumber=number, Body=data, ChecksumAlgorithm="SHA256")
        told = {"ETag": answer["ETag"], "ChecksumSHA256": answer["ChecksumSHA256"]}
        parts.append({"PartNumber": number, **told})
    made = complete(s3, to, *parts)
    assert made["ChecksumType"] == "COMPOSITE"
    assert made["ChecksumSHA256"].endswith("-2")
    found = s3.get_object_attributes(
        Bucket=BUCKET, Key="key", ObjectAttributes=["ObjectParts", "Checksum"], MaxParts=1
    )
    assert found["Checksum"]["ChecksumSHA256"] == made["ChecksumSHA256"].removesuffix("-2")
    listed = found["ObjectParts"]
    assert (listed["TotalPartsCount"], listed["IsTruncated"]) == (2, True)
    assert listed["NextPartNumberMarker"] == 1
    assert [(part["PartNumber"], part["Size"]) for part in listed["Parts"]] == [(1, PART)]
    assert listed["Parts"][0]["ChecksumSHA256"] == parts[0]["ChecksumSHA256"]
    rest = s3.get_object_attributes(
        Bucket=BUCKET, Key="key", ObjectAttributes=["ObjectParts"], PartNumberMarker=1
    )["ObjectParts"]
    assert [part["PartNumber"] for part in rest["Parts"]] == [2]
    assert rest["IsTruncated"] is False
