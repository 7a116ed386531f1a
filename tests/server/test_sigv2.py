"""Signature Version 2: the developer guide's examples, botocore's signers, real boto3 clients."""

from typing import Any
from urllib.parse import quote, urlsplit

import boto3
import pytest
from botocore import auth
from botocore.awsrequest import AWSRequest
from botocore.config import Config
from hypothesis import given, settings
from hypothesis import strategies as st

from protocols.errors import Error
from protocols.http import Request
from server import sigv4
from tests.server.signing import CREDENTIALS, KEY, SECRET, TEMPORARY, changed, received, signed

HOST = "http://127.0.0.1:4566"

texts = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=6)
paths = st.lists(texts, min_size=2, max_size=4).map(
    lambda parts: "/" + quote("/".join(parts), safe="/~")
)
queries = st.lists(
    st.tuples(
        st.sampled_from(["acl", "versionId", "uploadId", "response-content-type", "prefix", "x"]),
        st.none() | texts,
    ),
    unique_by=lambda pair: pair[0],
    max_size=4,
).map(
    lambda pairs: "&".join(
        name if value is None else f"{name}={quote(value, safe='~')}" for name, value in pairs
    )
)
headers = st.lists(
    st.tuples(
        st.sampled_from(["X-Amz-Meta-A", "x-amz-acl", "Content-Type", "Content-MD5", "X-Other"]),
        st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1, max_size=8),
    ),
    unique_by=lambda pair: pair[0],
    max_size=4,
)
derandomized = settings(derandomize=True, deadline=None, max_examples=100)


def check(request: Request, secret: str = SECRET, path: str | None = None) -> dict[str, str] | None:
    claim = sigv4.parse(request)
    assert claim is not None
    return sigv4.verify(request, claim, secret, "", path)


EXAMPLES: dict[str, tuple[str, str, str, dict[bytes, bytes], str]] = {
    "bWq2s1WEIj+Ydj0vQ697zp+IXMU=": (
        "GET",
        "/photos/puppy.jpg",
        "",
        {b"date": b"Tue, 27 Mar 2007 19:36:42 +0000"},
        "johnsmith",
    ),
    "MyyxeRY7whkBe+bq8fHCL/2kKUg=": (
        "PUT",
        "/photos/puppy.jpg",
        "",
        {
            b"content-type": b"image/jpeg",
            b"content-length": b"94328",
            b"date": b"Tue, 27 Mar 2007 21:15:45 +0000",
        },
        "johnsmith",
    ),
    "htDYFYduRNen8P9ZfE/s9SuKy0U=": (
        "GET",
        "/",
        "prefix=photos&max-keys=50&marker=puppy",
        {b"date": b"Tue, 27 Mar 2007 19:42:41 +0000"},
        "johnsmith",
    ),
    "c2WLPFtWHVgbEmeEG93a4cG37dM=": (
        "GET",
        "/",
        "acl",
        {b"date": b"Tue, 27 Mar 2007 19:44:46 +0000"},
        "johnsmith",
    ),
    "ilyl83RwaSoYIEdixDQcA4OnAnc=": (
        "PUT",
        "/db-backup.dat.gz",
        "",
        {
            b"date": b"Tue, 27 Mar 2007 21:06:08 +0000",
            b"x-amz-acl": b"public-read",
            b"content-type": b"application/x-download",
            b"content-md5": b"4gJE4saaMU4BqNR0kLY+lw==",
            b"x-amz-meta-reviewedby": b"joe@johnsmith.net,jane@johnsmith.net",
            b"x-amz-meta-filechecksum": b"0x02661779",
            b"x-amz-meta-checksumalgorithm": b"crc32",
            b"content-disposition": b"attachment; filename=database.dat",
        },
        "static.johnsmith.net",
    ),
    "qGdzdERIC03wnaRNKh6OqZehG9s=": (
        "GET",
        "/",
        "",
        {b"date": b"Wed, 28 Mar 2007 01:29:59 +0000"},
        "",
    ),
    "DNEZGsoieTZ92F3bUfSPQcbGmlM=": (
        "GET",
        "/dictionary/fran%C3%A7ais/pr%c3%a9f%c3%a8re",
        "",
        {b"date": b"Wed, 28 Mar 2007 01:49:49 +0000"},
        "",
    ),
}


@pytest.mark.parametrize("signature", EXAMPLES)
def test_examples_of_the_s3_developer_guide(signature: str) -> None:
    method, path, query, more, bucket = EXAMPLES[signature]
    more = {**more, b"authorization": f"AWS {KEY}:{signature}".encode()}
    request = Request(method, f"/{bucket}{path}" if bucket else path, query, more)
    assert check(request, path=path) is None
    assert check(request, "another", path) is not None
    claim = sigv4.parse(request)
    assert claim is not None
    assert claim[:5] == ("v2-header", KEY, "", "", "s3")
    assert claim.timestamp == sigv4.seconds_of(more[b"date"])


def test_presigned_example_of_the_s3_developer_guide() -> None:
    query = f"AWSAccessKeyId={KEY}&Signature=NpgCjnDzrM%2BWFzoENXmpNDUsSn8%3D&Expires=1175139620"
    request = Request("GET", "/johnsmith/photos/puppy.jpg", query)
    assert check(request, path="/photos/puppy.jpg") is None
    claim = sigv4.parse(request)
    assert claim is not None
    assert (claim.form, claim.timestamp, claim.expires) == ("v2-query", 0.0, 1175139620.0)


@given(st.sampled_from(["GET", "PUT"]), paths, queries, headers)
@derandomized
def test_header_of_botocore(
    method: str, path: str, query: str, more: list[tuple[str, str]]
) -> None:
    request = signed(auth.HmacV1Auth(CREDENTIALS), method, f"{HOST}{path}?{query}", more)
    assert check(request) is None
    assert check(request, "another") is not None


@given(st.sampled_from(["GET", "PUT"]), paths, queries, headers)
@derandomized
def test_query_of_botocore(method: str, path: str, query: str, more: list[tuple[str, str]]) -> None:
    request = signed(auth.HmacV1QueryAuth(TEMPORARY), method, f"{HOST}{path}?{query}", more)
    assert check(request) is None
    # What went into the URL need not be sent as a header again.
    bare = {name.lower().encode(): None for name, _ in more if name.lower().startswith("x-amz-")}
    assert check(changed(request, headers=bare)) is None
    claim = sigv4.parse(request)
    assert claim is not None
    assert claim.token == TEMPORARY.token


@pytest.mark.parametrize(
    "tampered",
    [
        {"method": "PUT"},
        {"path": "/bucket/other"},
        {"headers": {b"x-amz-meta-a": b"2"}},
        {"headers": {b"x-amz-meta-b": b"1"}},
        {"headers": {b"content-type": b"text/html"}},
        {"headers": {b"content-md5": b"4gJE4saaMU4BqNR0kLY+lw=="}},
    ],
)
@pytest.mark.parametrize("signer", [auth.HmacV1Auth, auth.HmacV1QueryAuth])
def test_tampered(signer: Any, tampered: dict[str, Any]) -> None:
    more = [("x-amz-meta-a", "1"), ("Content-Type", "text/plain")]
    request = signed(signer(CREDENTIALS), "GET", f"{HOST}/bucket/key?versionId=1&prefix=a", more)
    assert check(request) is None
    said = check(changed(request, **tampered))
    assert said is not None
    assert said.keys() == {
        *("AWSAccessKeyId", "StringToSign", "SignatureProvided", "StringToSignBytes")
    }
    other = request.query.replace("versionId=1", "versionId=2")
    assert check(changed(request, query=other)) is not None
    unsigned = request.query.replace("prefix=a", "prefix=b")
    assert check(changed(request, query=unsigned)) is None


OPERATIONS: dict[str, dict[str, Any]] = {
    "get_object": {"Key": "a b/ü+c~(x)", "VersionId": "a+b"},
    "head_object": {"Key": "../k//"},
    "put_object": {"Key": "k", "Metadata": {"foo": "b ar"}, "ContentType": "text/plain"},
    "list_objects_v2": {"Prefix": "x y"},
    "get_bucket_acl": {},
    "delete_object": {"Key": "k"},
}


@pytest.mark.parametrize("version", [None, "s3", "s3v4"])
@pytest.mark.parametrize("style", ["path", "virtual"])
@pytest.mark.parametrize("operation", OPERATIONS)
def test_urls_that_boto3_presigns(version: str | None, style: str, operation: str) -> None:
    addressing: Any = {"addressing_style": style}
    client = boto3.client(
        "s3",
        aws_access_key_id=KEY,
        aws_secret_access_key=SECRET,
        aws_session_token=TEMPORARY.token,
        region_name="us-east-1",
        endpoint_url="http://s3.localhost:4566",
        config=Config(signature_version=version, s3=addressing),
    )
    params = {"Bucket": "a-bucket", **OPERATIONS[operation]}
    url = urlsplit(client.generate_presigned_url(operation, Params=params))
    method = {"put": "PUT", "head": "HEAD", "delete": "DELETE"}.get(operation.split("_")[0], "GET")
    request = Request(method, url.path, url.query, {b"host": url.netloc.encode()})
    if operation == "put_object":
        request.headers[b"content-type"] = b"text/plain"
        request.headers[b"x-amz-meta-foo"] = b"b ar"
    if style == "virtual":
        request.path = f"/a-bucket{url.path}"
    assert check(request, path=url.path) is None
    assert check(request, "another", url.path) is not None
    claim = sigv4.parse(request)
    assert claim is not None
    assert claim.form == ("query" if version == "s3v4" else "v2-query")


@pytest.mark.parametrize("style", ["path", "virtual"])
def test_requests_that_boto3_signs(style: str) -> None:
    addressing: Any = {"addressing_style": style}
    client = boto3.client(
        "s3",
        aws_access_key_id=KEY,
        aws_secret_access_key=SECRET,
        region_name="us-east-1",
        endpoint_url="http://s3.localhost:4566",
        config=Config(
            signature_version="s3",
            s3=addressing,
            retries={"total_max_attempts": 1},
        ),
    )
    sent: list[Any] = []

    class Stop(Exception):
        pass

    def before_send(request: Any, **_: Any) -> None:
        sent.append(request)
        raise Stop

    client.meta.events.register("before-send.s3", before_send)
    calls: list[Any] = [
        lambda: client.create_bucket(Bucket="a-bucket"),
        lambda: client.list_objects_v2(Bucket="a-bucket", Prefix="a b"),
        lambda: client.put_object(Bucket="a-bucket", Key="a b/ü", Body=b"x", Metadata={"A": "1"}),
        lambda: client.get_bucket_versioning(Bucket="a-bucket"),
        client.list_buckets,
    ]
    for call in calls:
        with pytest.raises(Stop):
            call()
        request = received(sent[-1])
        path = request.path
        if urlsplit(sent[-1].url).netloc.startswith("a-bucket."):
            request.path = f"/a-bucket{path}"
        assert check(request, path=path) is None
        assert check(request, "another", path) is not None


# the query protocol's --------------------------------------------------------------------------


@given(st.dictionaries(st.sampled_from(["Action", "A.1", "b"]), texts, min_size=1))
@derandomized
def test_query_protocol_of_botocore(parameters: dict[str, str]) -> None:
    request: Any = AWSRequest("POST", f"{HOST}/", data=dict(parameters))
    auth.SigV2Auth(TEMPORARY).add_auth(request)
    body = "&".join(f"{name}={quote(value, safe='')}" for name, value in request.data.items())
    kind = b"application/x-www-form-urlencoded; charset=utf-8"
    arrived = Request(
        "POST", "/", "", {b"host": b"127.0.0.1:4566", b"content-type": kind}, body.encode()
    )
    assert check(arrived) is None
    assert check(arrived, "another") is not None
    claim = sigv4.parse(arrived)
    assert claim is not None
    assert claim.service == ""
    assert claim.token == TEMPORARY.token
    assert check(changed(arrived, query=body, body=b"")) is None
    assert check(changed(arrived, method="GET")) is not None
    assert check(changed(arrived, body=arrived.body + b"&More=1")) is not None


@pytest.mark.parametrize(
    ("query", "headers", "code"),
    [
        ("", {b"authorization": b"AWS nonsense"}, "InvalidArgument"),
        ("", {b"authorization": b"AWS :x"}, "InvalidArgument"),
        ("", {b"authorization": b"AWS A:x"}, "AccessDenied"),
        ("", {b"authorization": b"AWS A:x", b"date": b"today"}, "AccessDenied"),
        ("AWSAccessKeyId=A&Signature=x", {}, "AccessDenied"),
        ("AWSAccessKeyId=A&Expires=1", {}, "AccessDenied"),
        ("AWSAccessKeyId=A&Signature=x&Expires=soon", {}, "AccessDenied"),
        ("AWSAccessKeyId=A&Signature=x&Expires=-1", {}, "AccessDenied"),
        ("AWSAccessKeyId=A&SignatureVersion=2", {}, "IncompleteSignature"),
        ("AWSAccessKeyId=A&SignatureVersion=2&Signature=x", {}, "IncompleteSignature"),
        (
            "AWSAccessKeyId=A&SignatureVersion=2&Signature=x&Timestamp=today",
            {},
            "IncompleteSignature",
        ),
    ],
)
def test_malformed(query: str, headers: dict[bytes, bytes], code: str) -> None:
    with pytest.raises(Error) as caught:
        sigv4.parse(Request("GET", "/b/k", query, headers))
    assert caught.value.code == code
