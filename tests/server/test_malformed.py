"""Signatures that can't be read: AWS's codes and words, and nothing but them for hostile input."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from protocols.errors import Error
from protocols.http import Request
from server import sigv4
from tests.server.signing import KEY, SECRET

DATE = b"20130524T000000Z"
S3 = f"{KEY}/20130524/us-east-1/s3/aws4_request"
SQS = f"{KEY}/20130524/us-east-1/sqs/aws4_request"
HASH = b"UNSIGNED-PAYLOAD"


def header(authorization: str, **headers: bytes | None) -> Request:
    found = {b"host": b"localhost", b"x-amz-date": DATE, b"x-amz-content-sha256": HASH}
    found[b"authorization"] = authorization.encode()
    for name, value in headers.items():
        if value is None:
            found.pop(name.replace("_", "-").encode())
        else:
            found[name.replace("_", "-").encode()] = value
    return Request("GET", "/b/k", "", found)


def v4(credential: str, rest: str = "SignedHeaders=host, Signature=0") -> str:
    return f"AWS4-HMAC-SHA256 Credential={credential}, {rest}"


def query(**changes: str | None) -> Request:
    values: dict[str, str | None] = {
        "X-Amz-Algorithm": "AWS4-HMAC-SHA256",
        "X-Amz-Credential": S3.replace("/", "%2F"),
        "X-Amz-Date": DATE.decode(),
        "X-Amz-Expires": "60",
        "X-Amz-SignedHeaders": "host",
        "X-Amz-Signature": "0",
    }
    values |= {f"X-Amz-{name}": value for name, value in changes.items()}
    text = "&".join(f"{name}={value}" for name, value in values.items() if value is not None)
    return Request("GET", "/b/k", text, {b"host": b"localhost"})


def refusal(request: Request) -> Error:
    with pytest.raises(Error) as caught:
        sigv4.parse(request)
    return caught.value


@pytest.mark.parametrize(
    ("authorization", "says"),
    [
        (
            v4(S3, "SignedHeaders=host"),
            "the authorization header requires three components: "
            "Credential, SignedHeaders, and Signature.",
        ),
        (
            v4(f"{KEY}/us-east-1/s3/aws4_request"),
            'the Credential is mal-formed; expecting "<YOUR-AKID>/YYYYMMDD/REGION/SERVICE/'
            'aws4_request".',
        ),
        (
            v4(S3.replace("aws4", "aws5")),
            'incorrect terminal "aws5_request". This endpoint uses "aws4_request".',
        ),
        (
            v4(S3.replace("20130524", "2013-5-24")),
            'incorrect date format "2013-5-24". '
            'This date in the credential must be in the format "yyyyMMdd".',
        ),
        (
            v4(S3.replace(KEY, "")),
            "a non-empty Access Key (AKID) must be provided in the credential.",
        ),
        (
            v4(S3.replace("20130524", "20130525")),
            'Invalid credential date "20130525". '
            'This date is not the same as X-Amz-Date: "20130524".',
        ),
    ],
)
def test_headers_that_s3_refuses(authorization: str, says: str) -> None:
    error = refusal(header(authorization))
    assert (error.code, error.status) == ("AuthorizationHeaderMalformed", 400)
    assert error.message == f"The authorization header is malformed; {says}"


def test_dates_and_payloads_that_s3_refuses() -> None:
    error = refusal(header(v4(S3), x_amz_date=None))
    assert (error.code, error.status) == ("AccessDenied", 403)
    assert error.message == "AWS authentication requires a valid Date or x-amz-date header"
    assert refusal(header(v4(S3), x_amz_date=b"today")).code == "AccessDenied"
    error = refusal(header(v4(S3), x_amz_content_sha256=None))
    assert error.code == "InvalidRequest"
    assert error.message == "Missing required header for this request: x-amz-content-sha256"
    error = refusal(header(v4(S3), x_amz_content_sha256=b"tjnVEQ5UTP/DL91eAGOmew=="))
    assert error.code == "InvalidArgument"
    assert error.members == {
        "ArgumentName": "x-amz-content-sha256",
        "ArgumentValue": "tjnVEQ5UTP/DL91eAGOmew==",
    }


def test_headers_that_other_services_refuse() -> None:
    error = refusal(header("AWS4-HMAC-SHA256 foo", x_amz_target=b"AmazonSQS.X", x_amz_date=None))
    assert (error.code, error.status) == ("IncompleteSignature", 400)
    assert error.message.startswith(
        "Authorization header requires 'Credential' parameter. "
        "Authorization header requires 'Signature' parameter. "
        "Authorization header requires 'SignedHeaders' parameter. "
        "Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header. "
    )
    error = refusal(header(v4(f"{KEY}/sqs/aws4_request"), x_amz_target=b"AmazonSQS.X"))
    assert error.code == "IncompleteSignature"
    assert error.message.startswith("Credential must have exactly 5 slash-delimited elements")
    error = refusal(header(v4(SQS.replace("aws4", "aws5"))))
    assert (error.code, error.message) == (
        "SignatureDoesNotMatch",
        "Credential should be scoped with a valid terminator: 'aws4_request', not 'aws5_request'.",
    )
    error = refusal(header(v4(SQS.replace("24", "25"))))
    assert error.message == (
        "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: "
        "'20130525' != '20130524', from '20130524T000000Z'."
    )
    error = refusal(header(v4(SQS), x_amz_date=b"today"))
    assert error.message.startswith("Date must be in ISO-8601 'basic format'. Got 'today'.")


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        (
            {"Date": None},
            "Query-string authentication version 4 requires the X-Amz-Algorithm, X-Amz-Credential, "
            "X-Amz-Signature, X-Amz-Date, X-Amz-SignedHeaders, and X-Amz-Expires parameters.",
        ),
        (
            {"Algorithm": "AWS4-HMAC-SHA512"},
            'X-Amz-Algorithm only supports "AWS4-HMAC-SHA256 and AWS4-ECDSA-P256-SHA256"',
        ),
        (
            # Encoded twice: recorded of AWS.
            {"Credential": S3.replace("/", "%252F")},
            "Error parsing the X-Amz-Credential parameter; the Credential is mal-formed; "
            'expecting "<YOUR-AKID>/YYYYMMDD/REGION/SERVICE/aws4_request".',
        ),
        (
            {"Credential": S3.replace("20130524", "20130525")},
            'Error parsing the X-Amz-Credential parameter; Invalid credential date "20130525". '
            'This date is not the same as X-Amz-Date: "20130524".',
        ),
        (
            {"Date": "2013-05-24"},
            "X-Amz-Date must be in the ISO8601 Long Format \"yyyyMMdd'T'HHmmss'Z'\"",
        ),
        ({"Expires": "soon"}, "X-Amz-Expires should be a number"),
        ({"Expires": ""}, "X-Amz-Expires should be a number"),
        ({"Expires": "%D9%A3"}, "X-Amz-Expires should be a number"),
        ({"Expires": "-1"}, "X-Amz-Expires must be non-negative"),
        *(
            (
                {"Expires": value},
                "X-Amz-Expires must be less than a week (in seconds); "
                "that is, the given X-Amz-Expires must be less than 604800 seconds",
            )
            for value in ("604801", "9" * 5000)
        ),
    ],
)
def test_queries_that_s3_refuses(changes: dict[str, str | None], says: str) -> None:
    error = refusal(query(**changes))
    assert (error.code, error.status) == ("AuthorizationQueryParametersError", 400)
    assert error.message == says


def test_queries_that_other_services_refuse() -> None:
    request = query(Credential=SQS.replace("/", "%2F"), Signature=None)
    error = refusal(request)
    assert error.code == "IncompleteSignature"
    assert error.message == (
        "AWS query-string parameters must include 'X-Amz-Signature'. "
        "Re-examine the query-string parameters."
    )


def test_only_s3_insists_on_a_lifetime() -> None:
    signed = sigv4.parse(query(Credential=SQS.replace("/", "%2F"), Expires=None))
    assert signed is not None
    assert signed.expires == 900.0


def test_signed_twice() -> None:
    request = query()
    request.headers[b"authorization"] = v4(S3).encode()
    error = refusal(request)
    assert (error.code, error.status) == ("InvalidArgument", 400)
    assert error.message.startswith("Only one auth mechanism allowed;")


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {b"authorization": b"Bearer abc"},
        {b"authorization": b"Basic YTpi"},
        {b"authorization": b""},
        {b"x-amz-date": DATE, b"x-amz-content-sha256": HASH},
    ],
)
def test_not_signed_at_all(headers: dict[bytes, bytes]) -> None:
    for text in ("", "list-type=2", "Expires=1&Signature=x&Key-Pair-Id=y", "X-Amz-Signature=1"):
        assert sigv4.parse(Request("GET", "/", text, headers)) is None


# hostile input ---------------------------------------------------------------------------------

_pieces = [
    *("AWS4-HMAC-SHA256", "AWS4-ECDSA-P256-SHA256", "AWS", " ", ",", "=", ";", "/", ":", "&", "%"),
    *("Credential=", "SignedHeaders=", "Signature=", S3, SQS, KEY, "host", "0" * 64, "%ff", "é"),
    *("aws4_request", "20130524", "20130524T000000Z", "%00", "\ud800", "-1", "9" * 40, "٣"),
]
_garbage = st.lists(st.sampled_from(_pieces) | st.text(max_size=4), max_size=14).map("".join)
_names = [
    *("X-Amz-Algorithm", "X-Amz-Credential", "X-Amz-Date", "X-Amz-Expires", "X-Amz-Signature"),
    *("X-Amz-SignedHeaders", "X-Amz-Security-Token", "X-Amz-Region-Set", "AWSAccessKeyId"),
    *("Signature", "Expires", "SignatureVersion", "SignatureMethod", "Timestamp", "x-amz-meta-a"),
]
_values = st.sampled_from(
    ["AWS4-HMAC-SHA256", "AWS4-ECDSA-P256-SHA256", S3, SQS, "20130524T000000Z", "60", "host", "2"]
)
_queries = st.lists(st.tuples(st.sampled_from(_names), _values | _garbage), max_size=9).map(
    lambda pairs: "&".join(f"{name}={value}" for name, value in pairs)
)


def sent(text: str) -> bytes:
    """Bytes of a request; the server decodes those of the path and the query as Latin-1."""
    return text.encode("utf-8", "surrogatepass")


def survive(request: Request) -> None:
    """Parse and verify: an Error of AWS's, or else a signature that is not the secret's."""
    refused: Error | None = None
    try:
        signed = sigv4.parse(request)
        if signed is not None:
            assert signed.form == "v4a" or sigv4.verify(request, signed, SECRET, "0") is not None
    except Error as error:
        refused = error
    if refused is not None:
        assert refused.message
        assert refused.status in (400, 403)


@given(
    st.just(v4(S3)).flatmap(lambda text: _garbage.map(lambda more: text + more)) | _garbage,
    _garbage,
    _garbage,
)
@settings(derandomize=True, deadline=None, max_examples=400)
def test_hostile_headers(authorization: str, moment: str, path: str) -> None:
    as_bytes, path = sent(authorization), sent(path).decode("latin-1")
    headers = {
        b"host": b"localhost",
        b"authorization": as_bytes,
        b"x-amz-date": sent(moment) or DATE,
        b"x-amz-content-sha256": HASH,
    }
    survive(Request("GET", f"/{path}", path, headers))
    survive(Request("GET", f"/{path}", path, {**headers, b"x-amz-date": DATE}))
    survive(Request("GET", "/", "", {**headers, b"authorization": b"AWS4-HMAC-SHA256 " + as_bytes}))


@given(_queries, st.dictionaries(st.sampled_from([b"date", b"x-amz-a"]), st.binary(max_size=9)))
@settings(derandomize=True, deadline=None, max_examples=400)
def test_hostile_queries(text: str, headers: dict[Any, bytes]) -> None:
    query = sent(text).decode("latin-1")
    survive(Request("GET", "/b/k", query, {b"host": b"localhost", **headers}))
    form = b"application/x-www-form-urlencoded"
    headers |= {b"host": b"localhost", b"content-type": form}
    survive(Request("POST", "/", "", headers, sent(text)))
