"""Posting: uploads by an HTML form, whose fields are PutObject's headers."""

from hashlib import md5
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from fogbank.process import Server
from fogbank.testing import Aws
from tests.services.s3.helpers import (
    BUCKET,
    MIB,
    Answer,
    create,
    exists,
    http,
    read,
)

LARGE = bytes(range(256)) * 4 * 3 * 1024


def post(
    s3: Any,
    key: str = "key",
    body: bytes = b"data",
    filename: str = "file.txt",
    **fields: str,
) -> Answer:
    """Send a form that its policy allows; fields are spelled with underscores here."""
    named = {name.replace("_", "-"): value for name, value in fields.items()}
    for name in list(named):
        if name.startswith("success-action"):
            named[name.replace("-", "_")] = named.pop(name)
    form = s3.generate_presigned_post(
        BUCKET, key, Fields=named, Conditions=[{name: value} for name, value in named.items()]
    )
    return http("POST", form["url"], fields={**form["fields"], "file": (filename, body)})


@pytest.mark.parametrize("body", [b"", b"data\r\n--x", LARGE], ids=["empty", "small", "large"])
def test_the_file_becomes_an_object(aws: Aws, body: bytes) -> None:
    s3 = create(aws)
    answer = post(s3, "a/ü b", body)
    assert (answer.status, answer.body) == (204, b"")
    etag = f'"{md5(body).hexdigest()}"'
    assert answer.headers["etag"] == etag
    assert answer.headers["location"] == f"{aws.endpoint_url}/{BUCKET}/a/%C3%BC%20b"
    got = s3.get_object(Bucket=BUCKET, Key="a/ü b", ChecksumMode="ENABLED")
    assert got["Body"].read() == body
    assert (got["ETag"], got["ContentType"]) == (etag, "binary/octet-stream")
    assert got["ChecksumCRC64NVME"]
    assert aws.requests("s3", "PostObject").one().status == 204


def test_fields_are_the_objects_headers(aws: Aws) -> None:
    s3 = create(aws)
    answer = post(
        s3,
        content_type="text/plain",
        cache_control="no-store",
        x_amz_meta_Colour="grün",
        x_amz_storage_class="STANDARD_IA",
        tagging="<Tagging><TagSet><Tag><Key>a b</Key><Value>1+2</Value></Tag></TagSet></Tagging>",
    )
    assert answer.status == 204
    found = s3.head_object(Bucket=BUCKET, Key="key")
    assert (found["ContentType"], found["CacheControl"]) == ("text/plain", "no-store")
    assert found["Metadata"] == {"colour": "=?UTF-8?Q?gr=C3=BCn?="}
    assert found["StorageClass"] == "STANDARD_IA"
    tags = s3.get_object_tagging(Bucket=BUCKET, Key="key")["TagSet"]
    assert tags == [{"Key": "a b", "Value": "1+2"}]


def test_the_files_name_may_be_the_key(aws: Aws) -> None:
    s3 = create(aws)
    form = s3.generate_presigned_post(BUCKET, "up/${filename}")
    for name in ("cat.png", "C:\\pictures\\cat 2.png", "../../cat 3.png"):
        fields = {**form["fields"], "file": (name, name.encode())}
        assert http("POST", form["url"], fields=fields).status == 204
    listed = s3.list_objects_v2(Bucket=BUCKET)["Contents"]
    assert [entry["Key"] for entry in listed] == ["up/cat 2.png", "up/cat 3.png", "up/cat.png"]
    plain = {**form["fields"], "file": "no file at all"}
    assert http("POST", form["url"], fields=plain).status == 204
    assert read(s3, "up/${filename}") == b"no file at all"


def test_the_answer_may_be_a_document(aws: Aws) -> None:
    s3 = create(aws)
    answer = post(s3, "a&b", success_action_status="201")
    assert answer.status == 201
    assert answer.root.tag == "PostResponse"
    told = {child.tag: child.text for child in answer.root}
    assert told == {
        "Location": f"{aws.endpoint_url}/{BUCKET}/a%26b",
        "Bucket": BUCKET,
        "Key": "a&b",
        "ETag": f'"{md5(b"data").hexdigest()}"',
    }
    assert post(s3, success_action_status="200").status == 200
    assert post(s3, success_action_status="418").status == 204


def test_the_answer_may_be_a_redirect(aws: Aws) -> None:
    s3 = create(aws)
    answer = post(s3, "a&b/c", success_action_redirect="https://example.com/done?x=1")
    assert (answer.status, answer.body) == (303, b"")
    etag = md5(b"data").hexdigest()
    assert answer.headers["location"] == (
        f"https://example.com/done?x=1&bucket={BUCKET}&key=a%26b%2Fc&etag=%22{etag}%22"
    )
    assert post(s3, success_action_redirect="no address").status == 204


def test_what_is_no_form(aws: Aws) -> None:
    s3 = create(aws)
    url = s3.generate_presigned_post(BUCKET, "key")["url"]
    kind = {"content-type": "multipart/form-data; boundary=x"}
    answer = http("POST", url, b"nothing", kind)
    assert (answer.status, answer.code) == (400, "MalformedPOSTRequest")
    no_file = b'--x\r\nContent-Disposition: form-data; name="key"\r\n\r\nkey\r\n--x--\r\n'
    answer = http("POST", url, no_file, kind)
    assert (answer.status, answer.code) == (400, "InvalidArgument")
    answer = http("POST", url, no_file.replace(b"key\r\n--x--", b"k" * 50_000), kind)
    assert (answer.status, answer.code) == (400, "MaxPostPreDataLengthExceeded")
    answer = http("POST", url, b"key=key", {"content-type": "application/x-www-form-urlencoded"})
    assert (answer.status, answer.code) == (412, "PreconditionFailed")
    assert not exists(s3, "key")


@pytest.mark.parametrize("size", [10, MIB])
def test_a_form_that_ends_within_the_file_stores_nothing(aws: Aws, size: int) -> None:
    s3 = create(aws)
    form = s3.generate_presigned_post(BUCKET, "key")
    parts = [
        f'--x\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
        for name, value in form["fields"].items()
    ]
    start = '--x\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\n'
    body = "".join([*parts, start]).encode() + b"d" * size
    kind = {"content-type": "multipart/form-data; boundary=x"}
    answer = http("POST", form["url"], body, kind)
    assert (answer.status, answer.code) == (400, "MalformedPOSTRequest")
    assert not exists(s3, "key")
    assert http("POST", form["url"], body + b"\r\n--x--", kind).status == 204
    assert read(s3, "key") == b"d" * size


def test_what_put_object_refuses(aws: Aws) -> None:
    s3 = create(aws)
    refused: list[tuple[dict[str, Any], str]] = [
        ({"x_amz_storage_class": "FakeClass"}, "InvalidStorageClass"),
        ({"acl": "public-read"}, "AccessControlListNotSupported"),
        ({"tagging": "not xml"}, "MalformedXML"),
        ({"content_md5": "CY9rzUYh03PK3k6DJie09g=="}, "BadDigest"),
    ]
    for fields, code in refused:
        answer = post(s3, **fields)
        assert (answer.status, answer.code) == (400, code)
    assert not exists(s3, "key")
    s3.delete_bucket(Bucket=BUCKET)
    answer = post(s3)
    assert (answer.status, answer.code) == (404, "NoSuchBucket")


def test_nothing_is_left_of_what_was_refused_or_taken_apart(tmp_path: Path) -> None:
    with Server(data=tmp_path) as server:
        s3 = server.client("s3")
        s3.create_bucket(Bucket=BUCKET)
        form = s3.generate_presigned_post(
            BUCKET, "key", Conditions=[["content-length-range", 0, 9]]
        )
        answer = http("POST", form["url"], fields={**form["fields"], "file": ("file", LARGE)})
        assert answer.code == "EntityTooLarge"
        with pytest.raises(ClientError, match="BadDigest"):
            s3.put_object(Bucket=BUCKET, Key="key", Body=LARGE, ContentMD5="A" * 22 + "==")
        assert post(s3, "key", LARGE).status == 204
        files = [path for path in (tmp_path / "bodies").rglob("*") if path.is_file()]
        assert [path.stat().st_size for path in files] == [len(LARGE)]
        s3.delete_object(Bucket=BUCKET, Key="key")
        assert not files[0].exists()
