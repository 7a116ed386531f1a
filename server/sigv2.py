"""Signature Version 2: S3's (`AWS AKID:signature`, and presigned), and the query protocol's.

S3's signs with HMAC-SHA1 the method, three headers, all x-amz- headers, and the path with those
parameters that name a sub-resource. boto3 still presigns with it unless told otherwise. The query
protocol's signs all parameters.
"""

from collections.abc import Iterable

from protocols.errors import Error
from protocols.http import Request, parse_query, unquote
from runtime.signatures import encode, same, sign_v2
from server import malformed
from server.sigv4 import Signed, mismatch, seconds_of

SUBRESOURCES = frozenset(
    {
        "accelerate",
        "acl",
        "analytics",
        "cors",
        "defaultObjectAcl",
        "delete",
        "inventory",
        "lifecycle",
        "location",
        "logging",
        "metrics",
        "notification",
        "object-lock",
        "partNumber",
        "policy",
        "replication",
        "requestPayment",
        "response-cache-control",
        "response-content-disposition",
        "response-content-encoding",
        "response-content-language",
        "response-content-type",
        "response-expires",
        "restore",
        "select",
        "select-type",
        "storageClass",
        "tagging",
        "torrent",
        "uploadId",
        "uploads",
        "versionId",
        "versioning",
        "versions",
        "website",
    }
)
"""The parameters that are signed with S3's paths."""

_DIGESTS = {"HmacSHA1": "sha1", "HmacSHA256": "sha256"}
_FORM = b"application/x-www-form-urlencoded"


def parse(request: Request, authorization: bytes | None) -> Signed | None:
    """What a request says of its signature; None when there is none of this version."""
    if authorization is not None:
        return _parse_header(request, authorization)
    arguments = request.arguments
    if "AWSAccessKeyId" not in arguments:
        arguments = _form(request)
    if "SignatureVersion" in arguments:
        return _parse_parameters(arguments)
    return _parse_presigned(request) if "AWSAccessKeyId" in request.arguments else None


def _parse_header(request: Request, authorization: bytes) -> Signed:
    access_key_id, colon, signature = authorization[4:].strip().decode("latin-1").partition(":")
    if not colon or not access_key_id:
        raise Error(
            "InvalidArgument",
            "AWS authorization header is invalid.  Expected AwsAccessKeyId:signature",
            status=400,
            ArgumentName="Authorization",
            ArgumentValue=authorization.decode("latin-1"),
        )
    value = request.headers.get(b"x-amz-date") or request.headers.get(b"date")
    seconds = None if value is None else seconds_of(value)
    if seconds is None:
        raise malformed.date(True, value)
    token = request.header(b"x-amz-security-token")
    return _signed("v2-header", access_key_id, "s3", signature, seconds, None, token)


def _parse_presigned(request: Request) -> Signed:
    arguments = request.arguments
    if "Signature" not in arguments or "Expires" not in arguments:
        raise Error(
            "AccessDenied",
            "Query-string authentication requires the Signature, Expires and AWSAccessKeyId "
            "parameters",
            status=403,
        )
    text = arguments["Expires"][0]
    if not (text.isascii() and text.isdecimal()) or len(text) > 12:
        raise Error(
            "AccessDenied", f"Invalid date (should be seconds since epoch): {text}", status=403
        )
    token = arguments.get("x-amz-security-token", [""])[0]
    return _signed(
        "v2-query",
        arguments["AWSAccessKeyId"][0],
        "s3",
        arguments["Signature"][0],
        0.0,
        float(text),
        token or request.header(b"x-amz-security-token"),
    )


def _parse_parameters(arguments: dict[str, list[str]]) -> Signed:
    """The query protocol's; a request is good near its Timestamp, or until it Expires."""
    if "AWSAccessKeyId" not in arguments or "Signature" not in arguments:
        message = "Request must contain AWSAccessKeyId and Signature."
        raise Error("IncompleteSignature", message, status=400)
    at = arguments.get("Timestamp", arguments.get("Expires", [""]))[0]
    seconds = seconds_of(at.encode("latin-1", "replace"))
    if seconds is None:
        raise Error("IncompleteSignature", "Request must contain a valid Timestamp.", status=400)
    expires = None if "Timestamp" in arguments else 0.0
    token = arguments.get("SecurityToken", [""])[0] or None
    key, signature = arguments["AWSAccessKeyId"][0], arguments["Signature"][0]
    return _signed("v2-query", key, "", signature, seconds, expires, token)


def _signed(
    form: str,
    access_key_id: str,
    service: str,
    signature: str,
    seconds: float,
    expires: float | None,
    token: str | None,
) -> Signed:
    return Signed(
        form, access_key_id, "", "", service, (), b"", signature, seconds, expires, token, None, b""
    )


def _form(request: Request) -> dict[str, list[str]]:
    """The parameters in the body of a POST of the query protocol."""
    body, kind = request.body, request.headers.get(b"content-type", b"")
    if not isinstance(body, bytes) or not kind.startswith(_FORM):
        return {}
    return parse_query(body.decode("utf-8", "replace"))


# the proof -------------------------------------------------------------------------------------


def verify(
    request: Request, signed: Signed, secret: str, path: str | None
) -> dict[str, str] | None:
    """None when the signature is the secret's; else the members of S3's SignatureDoesNotMatch."""
    if signed.service == "s3":
        string_to_sign = _s3_string(request, signed, path)
        expected = sign_v2(secret, string_to_sign)
    else:
        arguments = request.arguments
        if "SignatureVersion" not in arguments:
            arguments = _form(request)
        string_to_sign = _parameters_string(request, arguments, path or request.path)
        digest = _DIGESTS.get(arguments.get("SignatureMethod", ["HmacSHA256"])[0], "sha256")
        expected = sign_v2(secret, string_to_sign, digest)
    if same(expected, signed.signature):
        return None
    return mismatch(signed, string_to_sign)


def _s3_string(request: Request, signed: Signed, path: str | None) -> bytes:
    headers = request.headers
    amazon = {
        name.decode("latin-1"): value.strip()
        for name, value in headers.items()
        if name.startswith(b"x-amz-")
    }
    if signed.form == "v2-query":
        # What boto3 would send as a header it puts into the URL when it presigns.
        for key, values in request.arguments.items():
            if key.lower().startswith("x-amz-"):
                amazon.setdefault(key.lower(), values[0].strip().encode())
        date = b"%d" % int(signed.expires or 0)
    else:
        date = b"" if "x-amz-date" in amazon else headers.get(b"date", b"").strip()
    lines = [
        request.method.encode(),
        headers.get(b"content-md5", b"").strip(),
        headers.get(b"content-type", b"").strip(),
        date,
        *(b"%b:%b" % (name.encode("latin-1", "replace"), amazon[name]) for name in sorted(amazon)),
        _resource(request, path),
    ]
    return b"\n".join(lines)


def _resource(request: Request, path: str | None) -> bytes:
    """The path as sent, after the bucket of a virtual host, with the sub-resources asked for."""
    resource = request.path
    if path is not None and path != resource:
        # The path has been rewritten to begin with the bucket; the rest is signed as it was sent.
        resource = f"/{resource.split('/', 2)[1]}{path}"
    elif resource.count("/") == 1 and resource != "/":
        # A bucket by itself ends in a slash, whether it was sent so or not, as boto3 knows.
        resource += "/"
    found = [part.partition("=") for part in request.query.split("&")]
    named = sorted(
        (name, f"{name}={unquote(value)}" if equals else name)
        for name, equals, value in found
        if name in SUBRESOURCES
    )
    if named:
        resource += "?" + "&".join(text for _, text in named)
    return resource.encode("utf-8", "surrogateescape")


def _parameters_string(request: Request, arguments: dict[str, list[str]], path: str) -> bytes:
    host = request.headers.get(b"host", b"").lower()
    pairs = sorted(_pairs(arguments))
    text = "&".join(f"{encode(name)}={encode(value)}" for name, value in pairs)
    return b"%b\n%b\n%b\n%b" % (
        request.method.encode(),
        host,
        (path or "/").encode("utf-8", "surrogateescape"),
        text.encode(),
    )


def _pairs(arguments: dict[str, list[str]]) -> Iterable[tuple[bytes, bytes]]:
    for name, values in arguments.items():
        if name != "Signature":
            for value in values:
                yield (
                    name.encode("utf-8", "surrogateescape"),
                    value.encode("utf-8", "surrogateescape"),
                )
