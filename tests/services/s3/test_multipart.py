"""Multipart uploads, from their creation to their completion or end."""

from base64 import b64encode
from hashlib import md5, sha256
from typing import Any
from zlib import crc32

import pytest
from awscrt.checksums import crc64nvme

from fogbank.testing import Aws
from tests.services.s3.helpers import (
    BUCKET,
    PART,
    begin,
    complete,
    create,
    exists,
    fails,
    read,
    upload,
)

FIRST, LAST = b"a" * PART, b"end"


def etag_of(*bodies: bytes) -> str:
    """The entity tag of an upload's parts."""
    joined = md5(b"".join(md5(body).digest() for body in bodies))
    return f'"{joined.hexdigest()}-{len(bodies)}"'


def uploads(s3: Any, **options: Any) -> list[str]:
    """The keys of the uploads under way."""
    found = s3.list_multipart_uploads(Bucket=BUCKET, **options)
    return [entry["Key"] for entry in found.get("Uploads", [])]


def test_parts_become_an_object(aws: Aws) -> None:
    s3 = create(aws)
    to = begin(s3, "a/ü", ContentType="text/plain", Metadata={"a": "1"}, Tagging="t=2")
    parts = [upload(s3, to, 1, FIRST), upload(s3, to, 2, LAST)]
    assert not exists(s3, "a/ü")
    made = complete(s3, to, *parts)
    assert made["ETag"] == etag_of(FIRST, LAST)
    assert made["Location"] == f"{aws.endpoint_url}/{BUCKET}/a/%C3%BC"
    assert (made["Bucket"], made["Key"]) == (BUCKET, "a/ü")
    got = s3.get_object(Bucket=BUCKET, Key="a/ü")
    assert got["Body"].read() == FIRST + LAST
    assert got["ETag"] == made["ETag"]
    assert (got["ContentType"], got["Metadata"], got["TagCount"]) == ("text/plain", {"a": "1"}, 1)
    assert uploads(s3) == []


def test_parts_may_come_in_any_order_and_again(aws: Aws) -> None:
    s3 = create(aws)
    to = begin(s3, "key")
    last = upload(s3, to, 9, LAST)
    upload(s3, to, 3, b"b" * PART)
    unused = upload(s3, to, 5, b"c" * PART)
    first = upload(s3, to, 3, FIRST)
    with fails("InvalidPartOrder", "The list of parts was not in ascending order."):
        complete(s3, to, last, first)
    with fails("InvalidPartOrder"):
        complete(s3, to, first, first)
    assert unused["PartNumber"] == 5
    assert complete(s3, to, first, last)["ETag"] == etag_of(FIRST, LAST)
    assert read(s3, "key") == FIRST + LAST


def test_an_upload_of_one_part(aws: Aws) -> None:
    s3 = create(aws)
    for body in (b"", b"small"):
        to = begin(s3, "key")
        assert complete(s3, to, upload(s3, to, 1, body))["ETag"] == etag_of(body)
        assert read(s3, "key") == body


def test_parts_that_are_not_there(aws: Aws) -> None:
    s3 = create(aws)
    to = begin(s3, "key")
    part = upload(s3, to, 1, FIRST)
    words = "One or more of the specified parts could not be found."
    with fails("InvalidPart", words, PartNumber="2"):
        complete(s3, to, part, {"PartNumber": 2, "ETag": part["ETag"]})
    with fails("InvalidPart", words, PartNumber="1"):
        complete(s3, to, {"PartNumber": 1, "ETag": md5(b"x").hexdigest()})
    with fails("InvalidRequest", "You must specify at least one part"):
        s3.complete_multipart_upload(**to)
    with fails("MalformedXML"):
        complete(s3, to)
    assert not exists(s3, "key")
    complete(s3, to, {"PartNumber": 1, "ETag": part["ETag"].strip('"')})


def test_all_parts_but_the_last_have_five_mib(aws: Aws) -> None:
    s3 = create(aws)
    to = begin(s3, "key")
    parts = [upload(s3, to, 1, FIRST[1:]), upload(s3, to, 2, LAST)]
    words = "Your proposed upload is smaller than the minimum allowed size"
    with fails("EntityTooSmall", words, MinSizeAllowed=str(PART), ProposedSize=str(PART - 1)):
        complete(s3, to, *parts)
    assert not exists(s3, "key")
    assert uploads(s3) == ["key"]


def test_an_aborted_upload_is_gone(aws: Aws) -> None:
    s3 = create(aws)
    to = begin(s3, "key")
    part = upload(s3, to, 1, FIRST)
    answer = s3.abort_multipart_upload(**to)
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == 204
    words = "The specified upload does not exist."
    with fails("NoSuchUpload", words, status=404, UploadId=to["UploadId"]):
        s3.abort_multipart_upload(**to)
    with fails("NoSuchUpload", words, status=404):
        upload(s3, to, 2, LAST)
    with fails("NoSuchUpload", words, status=404):
        complete(s3, to, part)
    with fails("NoSuchUpload", words, status=404):
        s3.list_parts(**to)
    assert uploads(s3) == []
    other = begin(s3, "other")
    with fails("NoSuchUpload", words, status=404):
        upload(s3, {**other, "Key": "key"}, 1, LAST)


def test_completing_may_be_repeated(aws: Aws) -> None:
    s3 = create(aws)
    to = begin(s3, "key")
    part = upload(s3, to, 1, LAST)
    made = complete(s3, to, part)
    again = complete(s3, to, part)
    assert (again["ETag"], again["Location"]) == (made["ETag"], made["Location"])
    s3.put_object(Bucket=BUCKET, Key="key", Body=b"new")
    with fails("NoSuchUpload", status=404):
        complete(s3, to, part)
    assert read(s3, "key") == b"new"


def test_two_uploads_of_a_key(aws: Aws) -> None:
    s3 = create(aws)
    one, two = begin(s3, "key"), begin(s3, "key")
    first, second = upload(s3, one, 1, b"first"), upload(s3, two, 1, b"second")
    complete(s3, two, second)
    assert read(s3, "key") == b"second"
    complete(s3, one, first)
    assert read(s3, "key") == b"first"


# checksums ---------------------------------------------------------------------------------------


def test_a_checksum_of_checksums(aws: Aws) -> None:
    s3 = create(aws)
    to = begin(s3, "key", ChecksumAlgorithm="SHA256")
    digests = [sha256(body).digest() for body in (FIRST, LAST)]
    parts = [
        upload(s3, to, number, body, ChecksumAlgorithm="SHA256")
        | {"ChecksumSHA256": b64encode(sha256(body).digest()).decode()}
        for number, body in ((1, FIRST), (2, LAST))
    ]
    with fails("InvalidRequest", "It was missing for part 1 in the request."):
        complete(s3, to, {name: parts[0][name] for name in ("PartNumber", "ETag")}, parts[1])
    with fails("InvalidPart"):
        complete(s3, to, {**parts[0], "ChecksumSHA256": parts[1]["ChecksumSHA256"]}, parts[1])
    made = complete(s3, to, *parts)
    whole = b64encode(sha256(b"".join(digests)).digest()).decode()
    assert (made["ChecksumSHA256"], made["ChecksumType"]) == (f"{whole}-2", "COMPOSITE")


@pytest.mark.parametrize(
    ("algorithm", "whole"),
    [
        ("CRC32", crc32(FIRST + LAST).to_bytes(4)),
        ("CRC64NVME", crc64nvme(FIRST + LAST).to_bytes(8)),
    ],
)
def test_a_checksum_of_the_whole(aws: Aws, algorithm: str, whole: bytes) -> None:
    s3 = create(aws)
    member, value = f"Checksum{algorithm}", b64encode(whole).decode()
    kind = {"ChecksumAlgorithm": algorithm, "ChecksumType": "FULL_OBJECT"}
    to = begin(s3, "key", **kind)
    parts = [
        upload(s3, to, number, body, ChecksumAlgorithm=algorithm)
        for number, body in ((1, FIRST), (2, LAST))
    ]
    wrong = b64encode(bytes(len(whole))).decode()
    with fails("BadDigest"):
        complete(s3, to, *parts, **{member: wrong})
    with fails("InvalidRequest", "The upload was created using the FULL_OBJECT checksum mode."):
        complete(s3, to, *parts, ChecksumType="COMPOSITE")
    made = complete(s3, to, *parts, ChecksumType="FULL_OBJECT", **{member: value})
    assert (made[member], made["ChecksumType"]) == (value, "FULL_OBJECT")
    assert s3.head_object(Bucket=BUCKET, Key="key", ChecksumMode="ENABLED")[member] == value


def test_without_an_algorithm_crc64nvme_is_computed(aws: Aws) -> None:
    plain = aws.client("s3", config=unchecked())
    create(aws)
    to = begin(plain, "key")
    made = complete(plain, to, upload(plain, to, 1, FIRST), upload(plain, to, 2, LAST))
    assert made["ChecksumCRC64NVME"] == b64encode(crc64nvme(FIRST + LAST).to_bytes(8)).decode()


def unchecked() -> Any:
    """The configuration of a client that sends no checksums of its own accord."""
    from botocore.config import Config

    return Config(request_checksum_calculation="when_required")


@pytest.mark.parametrize(
    ("algorithm", "kind"),
    [("SHA256", "FULL_OBJECT"), ("SHA1", "FULL_OBJECT"), ("CRC64NVME", "COMPOSITE")],
)
def test_types_that_an_algorithm_has_not(aws: Aws, algorithm: str, kind: str) -> None:
    s3 = create(aws)
    words = (
        f"The {kind} checksum type cannot be used with the {algorithm.lower()} checksum algorithm."
    )
    with fails("InvalidRequest", words):
        begin(s3, "key", ChecksumAlgorithm=algorithm, ChecksumType=kind)
    with fails("InvalidRequest", "can only be used with the x-amz-checksum-algorithm header."):
        begin(aws.client("s3", config=unchecked()), "key", ChecksumType=kind)


def test_the_size_may_be_said(aws: Aws) -> None:
    s3 = create(aws)
    to = begin(s3, "key")
    part = upload(s3, to, 1, LAST)
    with fails("InvalidRequest", "'x-amz-mp-object-size' header value 4 does not match"):
        complete(s3, to, part, MpuObjectSize=4)
    complete(s3, to, part, MpuObjectSize=3)


# conditions --------------------------------------------------------------------------------------


def test_conditions_on_what_is_there(aws: Aws) -> None:
    s3 = create(aws)
    to = begin(s3, "key")
    part = upload(s3, to, 1, LAST)
    etag = s3.put_object(Bucket=BUCKET, Key="key", Body=b"meanwhile")["ETag"]
    with fails("PreconditionFailed", status=412, Condition="If-None-Match"):
        complete(s3, to, part, IfNoneMatch="*")
    with fails("PreconditionFailed", status=412, Condition="If-Match"):
        complete(s3, to, part, IfMatch='"other"')
    with fails("ConditionalRequestConflict", status=409, Key="key"):
        complete(s3, to, part, IfMatch=etag)
    assert read(s3, "key") == b"meanwhile"
    later = begin(s3, "key")
    complete(s3, later, upload(s3, later, 1, b"later"), IfMatch=etag)
    assert read(s3, "key") == b"later"


# listing -----------------------------------------------------------------------------------------


def test_uploads_are_listed_by_key_and_age(aws: Aws) -> None:
    s3 = create(aws)
    made = [begin(s3, key)["UploadId"] for key in ("b", "a", "b", "c/1", "c/2")]
    found = s3.list_multipart_uploads(Bucket=BUCKET)
    listed = [(entry["Key"], entry["UploadId"]) for entry in found["Uploads"]]
    keys = ["a", "b", "b", "c/1", "c/2"]
    assert listed == [(key, made[place]) for key, place in zip(keys, (1, 0, 2, 3, 4), strict=True)]
    entry = found["Uploads"][0]
    assert entry["StorageClass"] == "STANDARD"
    assert len(entry["Owner"]["ID"]) == 64
    rolled = s3.list_multipart_uploads(Bucket=BUCKET, Delimiter="/")
    assert [entry["Prefix"] for entry in rolled["CommonPrefixes"]] == ["c/"]
    assert uploads(s3, Delimiter="/", Prefix="c/") == ["c/1", "c/2"]
    pages = s3.get_paginator("list_multipart_uploads").paginate(
        Bucket=BUCKET, PaginationConfig={"PageSize": 2}
    )
    assert [[entry["UploadId"] for entry in page["Uploads"]] for page in pages] == [
        [made[1], made[0]],
        [made[2], made[3]],
        [made[4]],
    ]
    with fails("InvalidArgument", "Invalid uploadId marker"):
        s3.list_multipart_uploads(Bucket=BUCKET, KeyMarker="b", UploadIdMarker="x")
