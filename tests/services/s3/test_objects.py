"""Objects: PutObject."""

from base64 import b64encode
from hashlib import md5, sha256
from zlib import crc32

import pytest
from awscrt.checksums import crc32c, crc64nvme

from fogbank.testing import Aws
from tests.services.s3.helpers import BUCKET, create, exists, fails, http, presigned, read

EMPTY = '"d41d8cd98f00b204e9800998ecf8427e"'
LARGE = bytes(range(256)) * 1024
HOSTILE = [
    "a/../b",
    "../../etc/passwd",
    "./a",
    "/",
    "//",
    "/lead//double/",
    "a b+c%20d%2F",
    "ünïcode/\U0001f600",
    "<&>'\"",
    "a?b=c&d#e",
    "tab\tnew\nline\rend",
    ".",
    "..",
    "a\\b",
    "~!@$^*()[]{}|;:,=",
    "\x7f\x01",
]


def test_an_object_comes_back_as_it_was_put(aws: Aws) -> None:
    s3 = create(aws)
    put = s3.put_object(Bucket=BUCKET, Key="key", Body=b"hello")
    assert put["ETag"] == f'"{md5(b"hello").hexdigest()}"'
    assert put["ServerSideEncryption"] == "AES256"
    assert put["ChecksumType"] == "FULL_OBJECT"
    got = s3.get_object(Bucket=BUCKET, Key="key")
    assert got["Body"].read() == b"hello"
    assert got["ETag"] == put["ETag"]
    assert got["ContentLength"] == 5
    assert got["ContentType"] == "binary/octet-stream"
    assert got["AcceptRanges"] == "bytes"
    assert got["Metadata"] == {}
    assert "VersionId" not in got


@pytest.mark.parametrize("key", HOSTILE)
def test_any_key_is_a_key(aws: Aws, key: str) -> None:
    s3 = create(aws)
    s3.put_object(Bucket=BUCKET, Key=key, Body=b"here")
    s3.put_object(Bucket=BUCKET, Key="other", Body=b"other")
    assert read(s3, key) == b"here"
    assert s3.head_object(Bucket=BUCKET, Key=key)["ContentLength"] == 4
    listed = s3.list_objects_v2(Bucket=BUCKET)["Contents"]
    assert sorted(entry["Key"] for entry in listed) == sorted([key, "other"])
    assert http("GET", presigned(s3, "get_object", Key=key)).body == b"here"
    s3.delete_object(Bucket=BUCKET, Key=key)
    assert not exists(s3, key)


def test_keys_are_told_apart_by_case_and_form(aws: Aws) -> None:
    keys = ["a", "A", "\u00e9", "e\u0301", "a/", "a//"]
    s3 = create(aws, BUCKET, *keys)
    assert [read(s3, key) for key in keys] == [key.encode() for key in keys]


def test_a_key_has_at_most_1024_bytes(aws: Aws) -> None:
    s3 = create(aws, BUCKET, "ü" * 512)
    with fails("KeyTooLongError", "Your key is too long", Size="1025", MaxSizeAllowed="1024"):
        s3.put_object(Bucket=BUCKET, Key="ü" * 512 + "x", Body=b"")


@pytest.mark.parametrize(("first", "second"), [(b"", LARGE), (LARGE, b"small"), (LARGE, LARGE[1:])])
def test_an_object_is_replaced_as_a_whole(aws: Aws, first: bytes, second: bytes) -> None:
    s3 = create(aws)
    s3.put_object(Bucket=BUCKET, Key="key", Body=first, Metadata={"a": "b"}, Tagging="a=b")
    s3.put_object(Bucket=BUCKET, Key="key", Body=second, ContentType="text/plain")
    got = s3.get_object(Bucket=BUCKET, Key="key")
    assert got["Body"].read() == second
    assert got["Metadata"] == {}
    assert got["ContentType"] == "text/plain"
    assert "TagCount" not in got
    assert got["ETag"] == f'"{md5(second).hexdigest()}"'


def test_an_empty_object(aws: Aws) -> None:
    s3 = create(aws)
    assert s3.put_object(Bucket=BUCKET, Key="key")["ETag"] == EMPTY
    got = s3.get_object(Bucket=BUCKET, Key="key")
    assert (got["Body"].read(), got["ContentLength"]) == (b"", 0)


def test_headers_and_metadata_come_back(aws: Aws) -> None:
    s3 = create(aws)
    given = {
        "CacheControl": "max-age=60",
        "ContentDisposition": 'attachment; filename="a.txt"',
        "ContentEncoding": "gzip",
        "ContentLanguage": "de",
        "ContentType": "text/plain; charset=utf-8",
        "WebsiteRedirectLocation": "/other",
        "StorageClass": "STANDARD_IA",
    }
    metadata = {"Upper-Case": "Value", "x": "", "words": "with spaces, and=signs"}
    s3.put_object(Bucket=BUCKET, Key="key", Body=b"x", Metadata=metadata, **given)
    got = s3.head_object(Bucket=BUCKET, Key="key")
    assert {name: got[name] for name in given} == given
    assert got["Metadata"] == {name.lower(): value for name, value in metadata.items()}


def test_metadata_has_at_most_2_kb(aws: Aws) -> None:
    s3 = create(aws)
    s3.put_object(Bucket=BUCKET, Key="key", Body=b"", Metadata={"a": "x" * 2047})
    words = "Your metadata headers exceed the maximum allowed metadata size"
    with fails("MetadataTooLarge", words, MaxSizeAllowed="2048"):
        s3.put_object(Bucket=BUCKET, Key="key", Body=b"", Metadata={"a": "x" * 2048})


def test_metadata_beyond_ascii_comes_back_as_encoded_words(aws: Aws) -> None:
    s3 = create(aws)
    headers = {"x-amz-meta-name": "grüße".encode().decode("latin-1")}
    url = presigned(s3, "put_object", Key="key")
    assert http("PUT", url, b"", headers).status == 200
    got = s3.head_object(Bucket=BUCKET, Key="key")
    assert got["Metadata"] == {"name": "=?UTF-8?Q?gr=C3=BC=C3=9Fe?="}


# digests -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("body", [b"data", LARGE], ids=["small", "large"])
def test_a_wrong_md5_stores_nothing(aws: Aws, body: bytes) -> None:
    s3 = create(aws)
    wrong = b64encode(md5(b"other").digest()).decode()
    right = b64encode(md5(body).digest()).decode()
    words = "The Content-MD5 you specified did not match what we received."
    with fails("BadDigest", words, ExpectedDigest=wrong, CalculatedDigest=right):
        s3.put_object(Bucket=BUCKET, Key="key", Body=body, ContentMD5=wrong)
    assert not exists(s3, "key")
    with fails("InvalidDigest", "The Content-MD5 you specified was invalid."):
        s3.put_object(Bucket=BUCKET, Key="key", Body=body, ContentMD5="bm8=")
    assert not exists(s3, "key")
    s3.put_object(Bucket=BUCKET, Key="key", Body=body, ContentMD5=right)
    with fails("BadDigest"):
        s3.put_object(Bucket=BUCKET, Key="key", Body=b"new", ContentMD5=wrong)
    assert read(s3, "key") == body


@pytest.mark.parametrize("body", [b"data", LARGE], ids=["small", "large"])
@pytest.mark.parametrize(
    ("algorithm", "digest"),
    [
        ("CRC32", lambda data: crc32(data).to_bytes(4)),
        ("CRC32C", lambda data: crc32c(data).to_bytes(4)),
        ("CRC64NVME", lambda data: crc64nvme(data).to_bytes(8)),
        ("SHA256", lambda data: sha256(data).digest()),
    ],
)
def test_checksums_are_verified_and_told(
    aws: Aws, algorithm: str, digest: "object", body: bytes
) -> None:
    s3 = create(aws)
    assert callable(digest)
    member = f"Checksum{algorithm}"
    right = b64encode(digest(body)).decode()
    put = s3.put_object(Bucket=BUCKET, Key="key", Body=body, ChecksumAlgorithm=algorithm)
    assert put[member] == right
    assert s3.head_object(Bucket=BUCKET, Key="key", ChecksumMode="ENABLED")[member] == right
    assert member not in s3.head_object(Bucket=BUCKET, Key="key")
    wrong = b64encode(digest(b"other")).decode()
    words = f"The {algorithm} you specified did not match the calculated checksum."
    with fails("BadDigest", words):
        s3.put_object(Bucket=BUCKET, Key="new", Body=body, **{member: wrong})
    assert not exists(s3, "new")
    header = f"x-amz-checksum-{algorithm.lower()}"
    with fails("InvalidRequest", f"Value for {header} header is invalid."):
        s3.put_object(Bucket=BUCKET, Key="new", Body=body, **{member: "bm8="})


def test_without_a_checksum_s3_computes_its_own(aws: Aws) -> None:
    s3 = create(aws)
    assert http("PUT", presigned(s3, "put_object", Key="key"), b"data").status == 200
    got = s3.get_object(Bucket=BUCKET, Key="key", ChecksumMode="ENABLED")
    assert got["ChecksumCRC64NVME"] == b64encode(crc64nvme(b"data").to_bytes(8)).decode()
    assert got["ChecksumType"] == "FULL_OBJECT"


def test_a_trailer_is_verified(aws: Aws) -> None:
    s3 = create(aws)
    url = presigned(s3, "put_object", Key="key")

    def chunked(checksum: bytes) -> int:
        body = b"4\r\ndata\r\n0\r\nx-amz-checksum-crc32:" + checksum + b"\r\n\r\n"
        headers = {
            "content-encoding": "aws-chunked",
            "x-amz-content-sha256": "STREAMING-UNSIGNED-PAYLOAD-TRAILER",
            "x-amz-trailer": "x-amz-checksum-crc32",
            "x-amz-decoded-content-length": "4",
        }
        return http("PUT", url, body, headers).status

    assert chunked(b64encode(crc32(b"othe").to_bytes(4))) == 400
    assert not exists(s3, "key")
    assert chunked(b64encode(crc32(b"data").to_bytes(4))) == 200
    got = s3.get_object(Bucket=BUCKET, Key="key", ChecksumMode="ENABLED")
    assert got["Body"].read() == b"data"
    assert got["ChecksumCRC32"] == b64encode(crc32(b"data").to_bytes(4)).decode()
    assert "ContentEncoding" not in got


# conditions --------------------------------------------------------------------------------------


def test_if_none_match_creates_only(aws: Aws) -> None:
    s3 = create(aws)
    s3.put_object(Bucket=BUCKET, Key="key", Body=b"first", IfNoneMatch="*")
    words = "At least one of the pre-conditions you specified did not hold"
    with fails("PreconditionFailed", words, status=412, Condition="If-None-Match"):
        s3.put_object(Bucket=BUCKET, Key="key", Body=b"second", IfNoneMatch="*")
    assert read(s3, "key") == b"first"
    with fails("NotImplemented", status=501, Header="If-None-Match"):
        s3.put_object(Bucket=BUCKET, Key="key", Body=b"second", IfNoneMatch='"abc"')


def test_if_match_replaces_only(aws: Aws) -> None:
    s3 = create(aws)
    with fails("NoSuchKey", status=404, Key="key"):
        s3.put_object(Bucket=BUCKET, Key="key", Body=b"x", IfMatch=EMPTY)
    etag = s3.put_object(Bucket=BUCKET, Key="key", Body=b"first")["ETag"]
    with fails("PreconditionFailed", status=412, Condition="If-Match"):
        s3.put_object(Bucket=BUCKET, Key="key", Body=b"x", IfMatch=EMPTY)
    s3.put_object(Bucket=BUCKET, Key="key", Body=b"second", IfMatch=etag)
    with fails("PreconditionFailed", status=412):
        s3.put_object(Bucket=BUCKET, Key="key", Body=b"third", IfMatch=etag)
    assert read(s3, "key") == b"second"
    with fails("NotImplemented", status=501, Header="If-Match,If-None-Match"):
        s3.put_object(Bucket=BUCKET, Key="key", Body=b"x", IfMatch=etag, IfNoneMatch="*")


# what is refused ---------------------------------------------------------------------------------


def test_what_is_not_there_yet_is_refused(aws: Aws) -> None:
    s3 = create(aws)
    with fails("AccessControlListNotSupported", "The bucket does not allow ACLs"):
        s3.put_object(Bucket=BUCKET, Key="key", ACL="public-read")
    with fails("NotImplemented", status=501, Header="x-amz-server-side-encryption"):
        s3.put_object(Bucket=BUCKET, Key="key", ServerSideEncryption="aws:kms")
    with fails("InvalidStorageClass", StorageClassRequested="OUTPOSTS"):
        s3.put_object(Bucket=BUCKET, Key="key", StorageClass="OUTPOSTS")
    with fails("InvalidRequest", "Bucket is missing Object Lock Configuration"):
        s3.put_object(Bucket=BUCKET, Key="key", ObjectLockLegalHoldStatus="ON")
    with fails("InvalidRedirectLocation", "must have a prefix of"):
        s3.put_object(Bucket=BUCKET, Key="key", WebsiteRedirectLocation="elsewhere")
    assert not exists(s3, "key")
    s3.put_object(Bucket=BUCKET, Key="key", ServerSideEncryption="AES256")


def test_the_content_type_of_html_forms_is_one_like_others(aws: Aws) -> None:
    s3 = create(aws)
    kind = {"content-type": "application/x-www-form-urlencoded"}
    for body in (b"a=b", LARGE):
        url = presigned(s3, "put_object", Key="key", ContentType=kind["content-type"])
        assert http("PUT", url, body, kind).status == 200
        assert read(s3, "key") == body
    found = s3.get_object(Bucket=BUCKET, Key="key")
    assert found["ContentType"] == kind["content-type"]
