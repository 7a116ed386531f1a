"""Signature Version 4: AWS's examples, botocore's signers, tampering, and what is malformed."""

import re
from hashlib import sha256
from typing import Any
from urllib.parse import quote

import pytest
from botocore import auth
from hypothesis import example, given, settings
from hypothesis import strategies as st

from protocols.errors import Error
from protocols.http import Request
from server import sigv4
from server.sigv4 import Signed
from tests.server.signing import CREDENTIALS, KEY, SECRET, TEMPORARY, changed, signed

EMPTY = sha256(b"").hexdigest()
HOST = "http://127.0.0.1:4566"

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
printable = st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=12)
s3_paths = st.lists(texts | st.sampled_from([".", "..", ""]), max_size=4).map(
    lambda parts: "/" + quote("/".join(parts), safe="/~")
)
paths = st.lists(
    texts.map(lambda text: quote(text, safe="~")) | st.sampled_from([".", "..", "", "a:b", "a+b"]),
    max_size=5,
).map(lambda parts: "/" + "/".join(parts))
queries = st.lists(st.tuples(texts, texts), max_size=4).map(
    lambda pairs: "&".join(
        f"{quote(name, safe='~')}={quote(value, safe='~')}" for name, value in pairs
    )
)
headers = st.lists(
    st.tuples(
        st.sampled_from(["X-Amz-Meta-A", "x-amz-acl", "Content-Type", "X-Other", "Range"]),
        printable.map(str.strip) | st.just("a   b\tc"),
    ),
    max_size=4,
)
derandomized = settings(derandomize=True, deadline=None, max_examples=150)


def check(request: Request, secret: str = SECRET, path: str | None = None) -> dict[str, str] | None:
    claim = sigv4.parse(request)
    assert claim is not None
    return sigv4.verify(request, claim, secret, lambda: sha256(request.body).hexdigest(), path)


# AWS's own examples ----------------------------------------------------------------------------

_CREDENTIAL = f"Credential={KEY}/20130524/us-east-1/s3/aws4_request"
EXAMPLES = {
    "GET object": (
        Request("GET", "/test.txt", "", {b"range": b"bytes=0-9"}),
        EMPTY,
        "host;range;x-amz-content-sha256;x-amz-date",
        "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41",
    ),
    "PUT object": (
        Request(
            "PUT",
            "/test%24file.text",
            "",
            {
                b"date": b"Fri, 24 May 2013 00:00:00 GMT",
                b"x-amz-storage-class": b"REDUCED_REDUNDANCY",
            },
            b"Welcome to Amazon S3.",
        ),
        "44ce7dd67c959e0d3524ffac1771dfbba87d2b6b4b4e99e42034a8b803f8b072",
        "date;host;x-amz-content-sha256;x-amz-date;x-amz-storage-class",
        "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd",
    ),
    "GET bucket lifecycle": (
        Request("GET", "/", "lifecycle"),
        EMPTY,
        "host;x-amz-content-sha256;x-amz-date",
        "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543",
    ),
    "list objects": (
        Request("GET", "/", "max-keys=2&prefix=J"),
        EMPTY,
        "host;x-amz-content-sha256;x-amz-date",
        "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7",
    ),
}


@pytest.mark.parametrize("name", EXAMPLES)
def test_examples_of_the_s3_reference(name: str) -> None:
    request, payload, names, signature = EXAMPLES[name]
    authorization = f"AWS4-HMAC-SHA256 {_CREDENTIAL},SignedHeaders={names},Signature={signature}"
    request = changed(
        request,
        headers={
            b"host": b"examplebucket.s3.amazonaws.com",
            b"x-amz-date": b"20130524T000000Z",
            b"x-amz-content-sha256": payload.encode(),
            b"authorization": authorization.encode(),
        },
    )
    assert check(request) is None
    # A virtual host's path is rewritten to begin with the bucket; what was sent is signed.
    rewritten = changed(request, path=f"/examplebucket{request.path}")
    assert check(rewritten, path=request.path) is None
    assert check(rewritten) is not None


def test_presigned_example_of_the_s3_reference() -> None:
    query = (
        "X-Amz-Algorithm=AWS4-HMAC-SHA256"
        f"&X-Amz-Credential={KEY}%2F20130524%2Fus-east-1%2Fs3%2Faws4_request"
        "&X-Amz-Date=20130524T000000Z&X-Amz-Expires=86400&X-Amz-SignedHeaders=host"
        "&X-Amz-Signature=aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404"
    )
    request = Request("GET", "/test.txt", query, {b"host": b"examplebucket.s3.amazonaws.com"})
    assert check(request) is None
    assert sigv4.parse(request) == Signed(
        "query",
        KEY,
        "20130524",
        "us-east-1",
        "s3",
        (b"host",),
        b"20130524/us-east-1/s3/aws4_request",
        "aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404",
        1369353600.0,
        86400.0,
        None,
        "UNSIGNED-PAYLOAD",
        b"20130524T000000Z",
    )


def test_example_of_the_general_reference() -> None:
    request = Request(
        "GET",
        "/",
        "Action=ListUsers&Version=2010-05-08",
        {
            b"host": b"iam.amazonaws.com",
            b"content-type": b"application/x-www-form-urlencoded; charset=utf-8",
            b"x-amz-date": b"20150830T123600Z",
            b"authorization": b"AWS4-HMAC-SHA256 "
            b"Credential=AKIDEXAMPLE/20150830/us-east-1/iam/aws4_request, "
            b"SignedHeaders=content-type;host;x-amz-date, "
            b"Signature=5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7",
        },
    )
    assert check(request, "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY") is None


# botocore's signers ----------------------------------------------------------------------------

methods = st.sampled_from(["GET", "PUT", "POST", "DELETE", "HEAD"])


@given(methods, paths, queries, headers, st.binary(max_size=40))
@example("POST", "/2015-03-31/functions/arn%3Aaws%3Alambda/invocations", "", [], b"{}")
@derandomized
def test_header_of_botocore(
    method: str, path: str, query: str, more: list[tuple[str, str]], body: bytes
) -> None:
    signer = auth.SigV4Auth(TEMPORARY, "lambda", "eu-west-1")
    request = signed(signer, method, f"{HOST}{path}?{query}", more, body)
    assert check(request) is None
    assert check(request, SECRET + "x") is not None
    claim = sigv4.parse(request)
    assert claim is not None
    assert claim[:5] == ("header", KEY, claim.date, "eu-west-1", "lambda")
    assert claim.token == TEMPORARY.token


@given(methods, s3_paths, queries, headers, st.binary(max_size=40))
@derandomized
def test_s3_header_of_botocore(
    method: str, path: str, query: str, more: list[tuple[str, str]], body: bytes
) -> None:
    signer = auth.S3SigV4Auth(CREDENTIALS, "s3", "us-east-1")
    request = signed(signer, method, f"{HOST}{path}?{query}", more, body)
    assert check(request) is None
    claim = sigv4.parse(request)
    assert claim is not None
    assert claim.payload_hash == sha256(body).hexdigest()


@given(methods, paths, queries, headers)
@derandomized
def test_query_of_botocore(method: str, path: str, query: str, more: list[tuple[str, str]]) -> None:
    signer = auth.SigV4QueryAuth(TEMPORARY, "sts", "us-east-1", expires=60)
    request = signed(signer, method, f"{HOST}{path}?{query}", more)
    assert check(request) is None
    claim = sigv4.parse(request)
    assert claim is not None
    assert (claim.form, claim.expires, claim.token) == ("query", 60.0, TEMPORARY.token)
    assert check(request, SECRET + "x") is not None


@given(methods, s3_paths, queries, headers)
@derandomized
def test_s3_query_of_botocore(
    method: str, path: str, query: str, more: list[tuple[str, str]]
) -> None:
    signer = auth.S3SigV4QueryAuth(CREDENTIALS, "s3", "us-east-1", expires=604800)
    request = signed(signer, method, f"{HOST}{path}?{query}", more)
    assert check(request) is None


def test_date_header_of_botocore() -> None:
    signer = auth.SigV4Auth(CREDENTIALS, "sqs", "us-east-1")
    request = signed(signer, "POST", HOST, [("Date", "whatever")])
    assert b"x-amz-date" not in request.headers
    assert check(request) is None


def test_reserved_characters_that_a_client_did_not_encode() -> None:
    """S3 decodes a path before it encodes it, so `(` as it is is signed as `%28`."""
    request = signed(auth.S3SigV4Auth(CREDENTIALS, "s3", "us-east-1"), "GET", f"{HOST}/b/%28k%29")
    assert check(changed(request, path="/b/(k)")) is None
    assert check(changed(request, path="/b/%28k%29")) is None


def test_plus_in_a_query_is_a_space() -> None:
    request = signed(auth.SigV4Auth(CREDENTIALS, "iam", "us-east-1"), "GET", f"{HOST}/?a=b%20c")
    assert check(changed(request, query="a=b+c")) is None


def test_payload_hash_of_other_services_is_the_bodys() -> None:
    """The SDK for JavaScript sends x-amz-content-sha256 to all services; only S3 believes it."""
    body, other = b'{"a": 1}', b'{"a": 2}'
    hashed = [("x-amz-content-sha256", sha256(body).hexdigest())]
    request = signed(
        auth.SigV4Auth(CREDENTIALS, "dynamodb", "us-east-1"), "POST", HOST, hashed, body
    )
    assert check(request) is None
    assert check(changed(request, body=other)) is not None


def test_unsigned_payload() -> None:
    signer = auth.SigV4Auth(CREDENTIALS, "mediastore", "us-east-1")
    more = [("x-amz-content-sha256", "UNSIGNED-PAYLOAD")]
    request = signed(signer, "PUT", f"{HOST}/a", more, b"one")
    claim = sigv4.parse(request)
    assert claim is not None

    def never() -> str:
        raise AssertionError

    assert sigv4.verify(changed(request, body=b"two"), claim, SECRET, never) is None


def test_express_session_token() -> None:
    nothing: Any = None
    signer = auth.S3ExpressAuth(TEMPORARY, "s3express", "us-east-1", identity_cache=nothing)
    request = signed(signer, "GET", f"{HOST}/b--use1-az4--x-s3/k")
    assert check(request) is None
    claim = sigv4.parse(request)
    assert claim is not None
    assert claim.token == TEMPORARY.token


# tampering -------------------------------------------------------------------------------------


def _s3_request() -> Request:
    more = [("x-amz-meta-a", "1"), ("Content-Type", "text/plain")]
    signer = auth.S3SigV4Auth(TEMPORARY, "s3", "us-east-1")
    return signed(signer, "PUT", f"{HOST}/bucket/key?versionId=1&a=2", more, b"body")


def _query_request() -> Request:
    signer = auth.S3SigV4QueryAuth(TEMPORARY, "s3", "us-east-1")
    return signed(signer, "GET", f"{HOST}/bucket/key?versionId=1", [("x-amz-meta-a", "1")])


TAMPERED: dict[str, dict[str, Any]] = {
    "method": {"method": "DELETE"},
    "path": {"path": "/bucket/other"},
    "path with a slash more": {"path": "/bucket//key"},
    "query": {"query": "versionId=2&a=2"},
    "query with one more": {"query": "versionId=1&a=2&b=3"},
    "query with one less": {"query": "versionId=1"},
    "host": {"headers": {b"host": b"127.0.0.1:4567"}},
    "signed header": {"headers": {b"x-amz-meta-a": b"2"}},
    "signed header gone": {"headers": {b"content-type": None}},
    "token": {"headers": {b"x-amz-security-token": b"another"}},
    "payload": {"headers": {b"x-amz-content-sha256": EMPTY.encode()}},
}


@pytest.mark.parametrize("what", TAMPERED)
def test_tampered_header_form(what: str) -> None:
    request = _s3_request()
    assert check(request) is None
    assert check(changed(request, **TAMPERED[what])) is not None


@pytest.mark.parametrize("name", ["Credential", "SignedHeaders", "Signature"])
def test_tampered_authorization(name: str) -> None:
    request = _s3_request()
    was = request.headers[b"authorization"].decode()
    now = {
        "Credential": was.replace("/us-east-1/", "/us-east-2/"),
        "SignedHeaders": was.replace("content-type;", ""),
        "Signature": was[:-1] + ("0" if was[-1] != "0" else "1"),
    }[name]
    assert now != was
    assert check(changed(request, headers={b"authorization": now.encode()})) is not None


def test_tampered_date() -> None:
    request = _s3_request()
    moment = request.headers[b"x-amz-date"]
    other = moment[:9] + (b"000000Z" if moment[9:] != b"000000Z" else b"000001Z")
    assert check(changed(request, headers={b"x-amz-date": other})) is not None


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("versionId", "2"),
        ("X-Amz-Expires", "604800"),
        ("X-Amz-SignedHeaders", "host;x-amz-meta-a;x-amz-meta-b"),
        ("X-Amz-Signature", "0" * 64),
        ("X-Amz-Signature", ""),
        ("X-Amz-Security-Token", "another"),
        ("X-Amz-More", "1"),
    ],
)
def test_tampered_query_form(name: str, value: str) -> None:
    request = _query_request()
    assert check(request) is None
    kept = [part for part in request.query.split("&") if not part.startswith(f"{name}=")]
    query = "&".join([*kept, f"{name}={value}"])
    assert check(changed(request, query=query)) is not None
    assert check(changed(request, method="PUT")) is not None


def test_what_a_mismatch_says() -> None:
    request = changed(_s3_request(), path="/bucket/other")
    claim = sigv4.parse(request)
    assert claim is not None
    said = check(request)
    assert said is not None
    assert said["AWSAccessKeyId"] == KEY
    assert said["SignatureProvided"] == claim.signature
    canonical = said["CanonicalRequest"]
    assert canonical.startswith("PUT\n/bucket/other\na=2&versionId=1\ncontent-type:text/plain\n")
    assert bytes.fromhex(said["CanonicalRequestBytes"]) == canonical.encode()
    assert bytes.fromhex(said["StringToSignBytes"]) == said["StringToSign"].encode()
    digest = sha256(canonical.encode()).hexdigest()
    assert said["StringToSign"] == (
        f"AWS4-HMAC-SHA256\n{claim.moment.decode()}\n{claim.scope.decode()}\n{digest}"
    )


@pytest.mark.parametrize("request_of", [_s3_request, _query_request])
def test_s3_wants_its_headers_signed(request_of: Any) -> None:
    request = changed(request_of(), headers={b"x-amz-meta-wrong": b"1"})
    with pytest.raises(Error) as caught:
        check(request)
    assert caught.value.code == "AccessDenied"
    assert caught.value.message == "There were headers present in the request which were not signed"
    assert caught.value.members == {"HeadersNotSigned": "x-amz-meta-wrong"}


def test_the_host_has_to_be_signed() -> None:
    for service, code in (("sqs", "SignatureDoesNotMatch"), ("s3", "AccessDenied")):
        request = Request(
            "GET",
            "/",
            "",
            {
                b"host": b"localhost",
                b"x-amz-date": b"20260101T000000Z",
                b"x-amz-content-sha256": EMPTY.encode(),
                b"authorization": f"AWS4-HMAC-SHA256 Credential=A/20260101/r/{service}/aws4_request"
                ", SignedHeaders=x-amz-content-sha256;x-amz-date, Signature=0".encode(),
            },
        )
        with pytest.raises(Error) as caught:
            check(request)
        assert caught.value.code == code


# SigV4A ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("regions", "region"), [("us-east-1", "us-east-1"), ("eu-west-1,us-*", "eu-west-1"), ("*", "")]
)
def test_asymmetric_signatures_are_understood_and_believed(regions: str, region: str) -> None:
    scope = f"{KEY}/20260101/s3/aws4_request"
    in_header = Request(
        "GET",
        "/b",
        "",
        {
            b"host": b"localhost",
            b"x-amz-date": b"20260101T000000Z",
            b"x-amz-region-set": regions.encode(),
            b"x-amz-content-sha256": b"UNSIGNED-PAYLOAD",
            b"authorization": f"AWS4-ECDSA-P256-SHA256 Credential={scope}, "
            "SignedHeaders=host;x-amz-date;x-amz-region-set, Signature=3045".encode(),
        },
    )
    query = (
        f"X-Amz-Algorithm=AWS4-ECDSA-P256-SHA256&X-Amz-Credential={quote(scope, safe='')}"
        f"&X-Amz-Date=20260101T000000Z&X-Amz-Expires=60&X-Amz-SignedHeaders=host"
        f"&X-Amz-Region-Set={quote(regions, safe='')}&X-Amz-Signature=3045"
    )
    for request in (in_header, Request("GET", "/b", query, {b"host": b"localhost"})):
        claim = sigv4.parse(request)
        assert claim is not None
        assert claim[:5] == ("v4a", KEY, "20260101", region, "s3")
        assert claim.scope == b"20260101/s3/aws4_request"
        assert check(request) is None


# dates -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        (b"20130524T000000Z", 1369353600.0),
        (b"20240229T235959Z", 1709251199.0),
        (b"2013-05-24T00:00:00Z", 1369353600.0),
        (b"2013-05-24T00:00:00", 1369353600.0),
        (b"Fri, 24 May 2013 00:00:00 GMT", 1369353600.0),
        (b"Fri, 24 May 2013 00:00:00 +0000", 1369353600.0),
        (b"20131324T000000Z", None),
        (b"20130524T240000Z", None),
        (b"20130524", None),
        (b"yesterday", None),
        (b"", None),
        (b"\xff\xfe", None),
    ],
)
def test_dates(text: bytes, seconds: float | None) -> None:
    assert sigv4.seconds_of(text) == seconds


def test_remembered_claims_are_bounded() -> None:
    request = Request("GET", "/", "", {b"host": b"h", b"x-amz-date": b"20260101T000000Z"})
    for number in range(5000):
        request.headers[b"authorization"] = (
            f"AWS4-HMAC-SHA256 Credential=A{number}/20260101/r/sqs/aws4_request, "
            "SignedHeaders=host, Signature=0".encode()
        )
        claim = sigv4.parse(request)
        assert claim is not None
        assert claim.access_key_id == f"A{number}"
    assert len(sigv4._claims) <= 4096
    long = (
        b"AWS4-HMAC-SHA256 Credential=A/20260101/r/sqs/aws4_request, SignedHeaders=%b, Signature="
    )
    request.headers[b"authorization"] = long % (b"a;" * 2000) + b"0"
    assert sigv4.parse(request) is not None
    assert max(map(len, sigv4._claims)) <= 1024


def test_fields_in_another_order() -> None:
    request = _s3_request()
    text = request.headers[b"authorization"].decode()
    match = re.fullmatch(r"(\S+) (Cred.*?), (Signed.*?), (Signature.*)", text)
    assert match is not None
    algorithm, credential, names, signature = match.groups()
    shuffled = f"{algorithm} {signature},{names},   {credential}"
    assert check(changed(request, headers={b"authorization": shuffled.encode()})) is None
