"""What the tests of S3 share."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.client import HTTPConnection
from typing import Any, NamedTuple
from urllib.parse import urlsplit
from xml.etree import ElementTree

import pytest
from botocore.exceptions import ClientError
from urllib3 import HTTPHeaderDict
from urllib3.filepost import encode_multipart_formdata

from fogbank.testing import Aws

BUCKET = "photos"
MIB = 1024 * 1024
PART = 5 * MIB
NAMESPACE = "{http://s3.amazonaws.com/doc/2006-03-01/}"


def create(aws: Aws, name: str = BUCKET, *keys: str) -> Any:
    """The client, after making a bucket with some objects whose bytes are their keys."""
    s3 = aws.client("s3")
    s3.create_bucket(Bucket=name)
    for key in keys:
        s3.put_object(Bucket=name, Key=key, Body=key.encode())
    return s3


def read(s3: Any, key: str, bucket: str = BUCKET, **options: Any) -> bytes:
    """An object's bytes."""
    body: bytes = s3.get_object(Bucket=bucket, Key=key, **options)["Body"].read()
    return body


def exists(s3: Any, key: str, bucket: str = BUCKET) -> bool:
    """Whether there is an object of this key."""
    return key in [entry["Key"] for entry in s3.list_objects_v2(Bucket=bucket).get("Contents", [])]


def begin(s3: Any, key: str, **options: Any) -> dict[str, Any]:
    """The arguments that name a new upload."""
    answer = s3.create_multipart_upload(Bucket=BUCKET, Key=key, **options)
    return {"Bucket": BUCKET, "Key": key, "UploadId": answer["UploadId"]}


def upload(s3: Any, to: Mapping[str, Any], number: int, body: bytes, **options: Any) -> Any:
    """Upload a part; answers how it is named when the upload is completed."""
    answer = s3.upload_part(**to, PartNumber=number, Body=body, **options)
    return {"PartNumber": number, "ETag": answer["ETag"]}


def complete(s3: Any, to: Mapping[str, Any], *parts: Any, **options: Any) -> Any:
    """Complete an upload."""
    chosen = {"Parts": list(parts)}
    return s3.complete_multipart_upload(**to, MultipartUpload=chosen, **options)


@contextmanager
def fails(code: str, *words: str, status: int = 400, **members: str) -> Iterator[None]:
    """A block that must end with an error of this code and status, with these words in it."""
    with pytest.raises(ClientError) as raised:
        yield
    response: Any = raised.value.response
    assert response["Error"]["Code"] == code, response
    for part in words:
        assert part in response["Error"]["Message"]
    assert response["ResponseMetadata"]["HTTPStatusCode"] == status
    assert {name: response["Error"].get(name) for name in members} == members


class Answer(NamedTuple):
    """What came over HTTP."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def root(self) -> ElementTree.Element:
        """The XML document."""
        return ElementTree.fromstring(self.body)

    @property
    def code(self) -> str | None:
        """The code of an error."""
        return self.root.findtext("Code")


def http(
    method: str,
    url: str,
    body: bytes | None = None,
    headers: Mapping[str, str] | None = None,
    fields: Any = None,
) -> Answer:
    """A plain request, that no SDK has a hand in; `fields` are an HTML form's."""
    target = urlsplit(url)
    given = dict(headers or {})
    if fields is not None:
        body, given["content-type"] = encode_multipart_formdata(fields)
    connection = HTTPConnection(target.netloc, timeout=20)
    try:
        connection.request(
            method, url[url.index(target.netloc) + len(target.netloc) :], body, given
        )
        answer = connection.getresponse()
        return Answer(answer.status, HTTPHeaderDict(answer.headers.items()), answer.read())
    finally:
        connection.close()


def presigned(s3: Any, operation: str, **members: Any) -> str:
    """A URL that does an operation."""
    url: str = s3.generate_presigned_url(operation, Params={"Bucket": BUCKET, **members})
    return url
