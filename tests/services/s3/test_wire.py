"""S3 on the wire: virtual hosts, and its own errors for invalid requests."""

import pytest
from botocore.config import Config

from fogbank.testing import Aws
from protocols.errors import Error
from protocols.http import Request
from services.s3 import wire
from tests.services.s3.helpers import BUCKET, create, fails, http, presigned


@pytest.mark.parametrize(
    ("host", "base", "path"),
    [
        ("localhost", "localhost", "/key"),
        ("photos.localhost", "localhost", "/photos/key"),
        ("a.b.c.localhost", "localhost", "/a.b.c/key"),
        ("s3.localhost", "localhost", "/key"),
        ("photos.s3.localhost", "localhost", "/photos/key"),
        ("photos.s3.eu-west-1.localhost", "localhost", "/photos/key"),
        ("s3.eu-west-1.amazonaws.com", "amazonaws.com", "/key"),
        ("a.b.s3.dualstack.eu-west-1.amazonaws.com", "amazonaws.com", "/a.b/key"),
        ("photos.s3-eu-west-1.amazonaws.com", "amazonaws.com", "/photos/key"),
        ("sqs.eu-west-1.amazonaws.com", "amazonaws.com", "/key"),
    ],
)
def test_a_virtual_host_names_a_bucket(host: str, base: str, path: str) -> None:
    request = Request("GET", "/key", "", {})
    wire.address(request, host, base)
    assert request.path == path


@pytest.mark.parametrize("label", ["s3-website-us-east-1", "s3-accesspoint", "s3-object-lambda"])
def test_other_kinds_of_hosts_are_refused(label: str) -> None:
    request = Request("GET", "/key", "", {})
    with pytest.raises(Error, match="NotImplemented"):
        wire.address(request, f"photos.{label}.amazonaws.com", "amazonaws.com")


def test_a_client_may_address_buckets_by_hosts(aws: Aws) -> None:
    create(aws, BUCKET, "a/b c")
    port = aws.endpoint_url.rpartition(":")[2]
    s3 = aws.session().client(
        "s3",
        endpoint_url=f"http://localhost:{port}",
        config=Config(s3={"addressing_style": "virtual"}),
    )
    url = presigned(s3, "get_object", Key="a/b c")
    assert url.startswith(f"http://{BUCKET}.localhost:{port}/a/b%20c")
    straight = url.replace(f"//{BUCKET}.localhost", "//127.0.0.1")
    answer = http("GET", straight, headers={"host": f"{BUCKET}.localhost:{port}"})
    assert (answer.status, answer.body) == (200, b"a/b c")


def test_the_words_of_an_argument_that_is_none(aws: Aws) -> None:
    s3 = create(aws, BUCKET, "key")
    with fails("InvalidArgument", ArgumentName="x-amz-object-ownership"):
        s3.create_bucket(Bucket="second", ObjectOwnership="Mine")
    with fails("InvalidRequest", "Checksum algorithm provided is unsupported."):
        s3.create_multipart_upload(Bucket=BUCKET, Key="key", ChecksumAlgorithm="CRC16")
    url = presigned(s3, "list_objects_v2", MaxKeys=7).replace("keys=7", "keys=x")
    answer = http("GET", url)
    assert (answer.status, answer.code) == (400, "InvalidArgument")
    words = "Provided max-keys not an integer or within integer range"
    assert answer.root.findtext("Message") == words
