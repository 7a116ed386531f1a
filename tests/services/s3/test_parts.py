"""Parts: uploading, copying and listing the parts of an upload."""

from base64 import b64encode
from hashlib import md5
from typing import Any

import pytest

from fogbank.testing import Aws
from tests.services.s3.helpers import (
    BUCKET,
    PART,
    begin,
    complete,
    create,
    fails,
    http,
    presigned,
    read,
    upload,
)

LARGE = bytes(range(256)) * 1024


def listed(s3: Any, to: dict[str, Any], **options: Any) -> list[tuple[int, int]]:
    """The numbers and sizes of an upload's parts."""
    found = s3.list_parts(**to, **options).get("Parts", [])
    return [(part["PartNumber"], part["Size"]) for part in found]


def test_a_part_has_the_md5_of_its_bytes(aws: Aws) -> None:
    s3 = create(aws)
    to = begin(s3, "key")
    assert upload(s3, to, 1, b"data")["ETag"] == f'"{md5(b"data").hexdigest()}"'
    assert listed(s3, to) == [(1, 4)]


@pytest.mark.parametrize("number", [0, 10_001, -1])
def test_numbers_have_their_limits(aws: Aws, number: int) -> None:
    s3 = create(aws)
    to = begin(s3, "key")
    words = "Part number must be an integer between 1 and 10000, inclusive"
    with fails("InvalidArgument", words, ArgumentName="partNumber", ArgumentValue=str(number)):
        upload(s3, to, number, b"data")
    upload(s3, to, 10_000, b"data")


def test_a_wrong_digest_keeps_nothing(aws: Aws) -> None:
    s3 = create(aws)
    to = begin(s3, "key")
    wrong = b64encode(md5(b"other").digest()).decode()
    with fails("BadDigest", "The Content-MD5 you specified did not match what we received."):
        upload(s3, to, 1, b"data", ContentMD5=wrong)
    with fails("BadDigest"):
        upload(s3, to, 1, LARGE, ChecksumCRC32="AAAAAA==")
    assert listed(s3, to) == []


def test_a_checksum_of_another_algorithm(aws: Aws) -> None:
    s3 = create(aws)
    to = begin(s3, "key", ChecksumAlgorithm="SHA256")
    words = "expected checksum Type: sha256, actual checksum Type: crc32"
    with fails("InvalidRequest", words):
        upload(s3, to, 1, b"data", ChecksumAlgorithm="CRC32")
    answer = s3.upload_part(**to, PartNumber=1, Body=b"data", ChecksumAlgorithm="SHA256")
    (part,) = s3.list_parts(**to)["Parts"]
    assert part["ChecksumSHA256"] == answer["ChecksumSHA256"]
    assert s3.list_parts(**to)["ChecksumType"] == "COMPOSITE"


# copies ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("body", [b"0123456789", LARGE], ids=["small", "large"])
def test_a_part_may_be_a_copy(aws: Aws, body: bytes) -> None:
    s3 = create(aws)
    s3.put_object(Bucket=BUCKET, Key="source", Body=body)
    to = begin(s3, "key")
    source = {"Bucket": BUCKET, "Key": "source"}
    made = s3.upload_part_copy(**to, PartNumber=1, CopySource=source)["CopyPartResult"]
    assert made["ETag"] == f'"{md5(body).hexdigest()}"'
    made = s3.upload_part_copy(**to, PartNumber=1, CopySource=source, CopySourceRange="bytes=2-7")[
        "CopyPartResult"
    ]
    assert made["ETag"] == f'"{md5(body[2:8]).hexdigest()}"'
    s3.put_object(Bucket=BUCKET, Key="source", Body=b"new")
    complete(s3, to, {"PartNumber": 1, "ETag": made["ETag"]})
    assert read(s3, "key") == body[2:8]


def test_a_copied_range_may_span_parts(aws: Aws) -> None:
    s3 = create(aws)
    first = begin(s3, "source")
    complete(s3, first, upload(s3, first, 1, b"a" * PART), upload(s3, first, 2, b"b" * PART))
    to = begin(s3, "key")
    made = s3.upload_part_copy(
        **to,
        PartNumber=1,
        CopySource=f"{BUCKET}/source",
        CopySourceRange=f"bytes={PART - 2}-{2 * PART - 1}",
    )
    part = {"PartNumber": 1, "ETag": made["CopyPartResult"]["ETag"]}
    s3.delete_object(Bucket=BUCKET, Key="source")
    complete(s3, to, part, upload(s3, to, 2, b"end"))
    assert read(s3, "key") == b"aa" + b"b" * PART + b"end"


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("bytes=0-10", "InvalidArgument"),
        ("bytes=10-11", "InvalidRequest"),
        ("bytes=3-2", "InvalidArgument"),
        ("bytes=3-", "InvalidArgument"),
        ("0-3", "InvalidArgument"),
    ],
)
def test_ranges_that_cannot_be_copied(aws: Aws, text: str, code: str) -> None:
    s3 = create(aws, BUCKET, "0123456789")
    to = begin(s3, "key")
    with fails(code):
        s3.upload_part_copy(
            **to, PartNumber=1, CopySource=f"{BUCKET}/0123456789", CopySourceRange=text
        )
    assert listed(s3, to) == []


def test_conditions_on_the_source(aws: Aws) -> None:
    s3 = create(aws, BUCKET, "source")
    to = begin(s3, "key")
    with fails("PreconditionFailed", status=412, Condition="x-amz-copy-source-If-Match"):
        s3.upload_part_copy(
            **to, PartNumber=1, CopySource=f"{BUCKET}/source", CopySourceIfMatch='"x"'
        )
    with fails("NoSuchKey", status=404):
        s3.upload_part_copy(**to, PartNumber=1, CopySource=f"{BUCKET}/other")
    with fails("NoSuchUpload", status=404):
        wrong = {**to, "UploadId": "nonsense"}
        s3.upload_part_copy(**wrong, PartNumber=1, CopySource=f"{BUCKET}/source")


# listing -----------------------------------------------------------------------------------------


def test_parts_are_listed_page_by_page(aws: Aws) -> None:
    s3 = create(aws)
    to = begin(s3, "key", StorageClass="STANDARD_IA")
    for number in (9, 2, 4):
        upload(s3, to, number, b"x" * number)
    found = s3.list_parts(**to, MaxParts=2)
    assert (found["IsTruncated"], found["NextPartNumberMarker"], found["MaxParts"]) == (True, 4, 2)
    assert (found["Key"], found["StorageClass"]) == ("key", "STANDARD_IA")
    pages = s3.get_paginator("list_parts").paginate(**to, PaginationConfig={"PageSize": 2})
    numbers = [[part["PartNumber"] for part in page["Parts"]] for page in pages]
    assert numbers == [[2, 4], [9]]
    assert listed(s3, to, PartNumberMarker=2) == [(4, 4), (9, 9)]
    assert listed(s3, to, PartNumberMarker=9) == []


def test_markers_may_be_empty_but_not_nonsense(aws: Aws) -> None:
    s3 = create(aws)
    to = begin(s3, "key")
    upload(s3, to, 1, b"data")
    named = {"Key": "key", "UploadId": to["UploadId"]}
    url = presigned(s3, "list_parts", **named, PartNumberMarker=7).replace("marker=7", "marker=")
    answer = http("GET", url)
    assert answer.status == 200
    assert answer.body.count(b"<Part>") == 1
    for value in ("x", "-1", str(2**31)):
        answer = http("GET", url.replace("marker=", f"marker={value}"))
        assert (answer.status, answer.code) == (400, "InvalidArgument"), value
    url = presigned(s3, "list_parts", **named, MaxParts=7).replace("parts=7", "parts=")
    assert http("GET", url).status == 200
