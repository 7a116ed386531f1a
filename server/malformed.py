"""The words for signatures that can't be read: S3's, and those of all other services.

`AuthorizationHeaderMalformed`, `AuthorizationQueryParametersError` and the like are S3's codes. The
others say `IncompleteSignature` in the query protocols; JSON services append `Exception` to it.
"""

from base64 import b64encode
from hashlib import sha256

from protocols.errors import Error
from protocols.http import Request, header_text
from runtime.signatures import S3_FAMILY

_FORM = b"application/x-www-form-urlencoded"
_EXPECTED = "<YOUR-AKID>/YYYYMMDD/REGION/SERVICE/aws4_request"
_MECHANISMS = (
    "Only one auth mechanism allowed; only the X-Amz-Algorithm query parameter, "
    "Signature query string parameter or the Authorization header should be specified"
)


def of_s3(request: Request, scope: str = "") -> bool:
    """Whether a request is S3's to refuse: its scope says so, or nothing says otherwise."""
    parts = scope.split("/")
    if len(parts) >= 4:
        return parts[-2] in S3_FAMILY
    headers = request.headers
    kind = headers.get(b"content-type", b"")
    if b"x-amz-target" in headers or b"smithy-protocol" in headers:
        return False
    return not kind.startswith((_FORM, b"application/json")) and "Action=" not in request.query


def header(request: Request, fields: dict[str, str]) -> Error:
    """An Authorization header that lacks its credential, its signed headers, or its signature."""
    if of_s3(request, fields.get("Credential", "")):
        return _s3_header(
            "the authorization header requires three components: "
            "Credential, SignedHeaders, and Signature."
        )
    lacking = [name for name in ("Credential", "Signature", "SignedHeaders") if name not in fields]
    said = [f"Authorization header requires '{name}' parameter." for name in lacking]
    if b"x-amz-date" not in request.headers and b"date" not in request.headers:
        said.append(_NO_DATE)
    digest = b64encode(sha256(request.headers[b"authorization"]).digest()).decode()
    said.append(f"(Hashed with SHA-256 and encoded with Base64) Authorization={digest}")
    return Error("IncompleteSignature", " ".join(said), status=400)


_NO_DATE = "Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header."


def _s3_header(what: str) -> Error:
    message = f"The authorization header is malformed; {what}"
    return Error("AuthorizationHeaderMalformed", message, status=400)


def _s3_query(what: str) -> Error:
    return Error("AuthorizationQueryParametersError", what, status=400)


def credential(request: Request, text: str, presigned: bool) -> Error:
    """A credential that is not five parts with slashes between, or that ends in another word."""
    parts = text.rsplit("/", 4)
    if of_s3(request, text):
        if len(parts) < 5:
            what = f'the Credential is mal-formed; expecting "{_EXPECTED}".'
        elif parts[4] != "aws4_request":
            what = f'incorrect terminal "{parts[4]}". This endpoint uses "aws4_request".'
        elif not parts[0]:
            what = "a non-empty Access Key (AKID) must be provided in the credential."
        else:
            what = (
                f'incorrect date format "{parts[1]}". '
                'This date in the credential must be in the format "yyyyMMdd".'
            )
        return _s3_scope(what, presigned)
    if len(parts) < 5 or not parts[0]:
        message = (
            "Credential must have exactly 5 slash-delimited elements, "
            f"e.g. keyid/date/region/service/term, got '{text}'"
        )
        return Error("IncompleteSignature", message, status=400)
    if parts[4] != "aws4_request":
        message = (
            "Credential should be scoped with a valid terminator: "
            f"'aws4_request', not '{parts[4]}'."
        )
    else:
        message = f"Date in Credential scope does not match YYYYMMDD: '{parts[1]}'."
    return Error("SignatureDoesNotMatch", message, status=403)


def _s3_scope(what: str, presigned: bool) -> Error:
    if presigned:
        return _s3_query(f"Error parsing the X-Amz-Credential parameter; {what}")
    return _s3_header(what)


def other_date(s3: bool, date: str, moment: str, presigned: bool) -> Error:
    """A credential of another day than the request's date."""
    if s3:
        what = (
            f'Invalid credential date "{date}". '
            f'This date is not the same as X-Amz-Date: "{moment[:8]}".'
        )
        return _s3_scope(what, presigned)
    message = (
        "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: "
        f"'{date}' != '{moment[:8]}', from '{moment}'."
    )
    return Error("SignatureDoesNotMatch", message, status=403)


def date(s3: bool, value: bytes | None) -> Error:
    """A request without a date, or with one that is none."""
    if s3:
        message = "AWS authentication requires a valid Date or x-amz-date header"
        return Error("AccessDenied", message, status=403)
    if value is None:
        return Error("IncompleteSignature", _NO_DATE, status=400)
    message = (
        f"Date must be in ISO-8601 'basic format'. Got '{header_text(value)}'. "
        "See http://en.wikipedia.org/wiki/ISO_8601"
    )
    return Error("IncompleteSignature", message, status=400)


def payload(value: str | None) -> Error:
    """An x-amz-content-sha256 that S3 needs and does not have, or does not know."""
    name = "x-amz-content-sha256"
    if value is None:
        message = f"Missing required header for this request: {name}"
        return Error("InvalidRequest", message, status=400)
    message = (
        f"{name} must be UNSIGNED-PAYLOAD, STREAMING-UNSIGNED-PAYLOAD-TRAILER, "
        "STREAMING-AWS4-HMAC-SHA256-PAYLOAD, STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER, "
        "STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD, "
        "STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD-TRAILER or a valid sha256 value."
    )
    return Error("InvalidArgument", message, status=400, ArgumentName=name, ArgumentValue=value)


def query(request: Request, scope: str, lacking: list[str]) -> Error:
    """A presigned request that lacks one of its parameters."""
    if of_s3(request, scope):
        return _s3_query(
            "Query-string authentication version 4 requires the X-Amz-Algorithm, X-Amz-Credential, "
            "X-Amz-Signature, X-Amz-Date, X-Amz-SignedHeaders, and X-Amz-Expires parameters."
        )
    said = [f"AWS query-string parameters must include '{name}'." for name in lacking]
    said.append("Re-examine the query-string parameters.")
    return Error("IncompleteSignature", " ".join(said), status=400)


def query_algorithm(request: Request, scope: str, value: str) -> Error:
    """A presigned request of an algorithm that AWS does not have."""
    if of_s3(request, scope):
        return _s3_query(
            'X-Amz-Algorithm only supports "AWS4-HMAC-SHA256 and AWS4-ECDSA-P256-SHA256"'
        )
    message = f"Unsupported AWS 'algorithm': '{value}'."
    return Error("IncompleteSignature", message, status=400)


def query_date(s3: bool, value: str) -> Error:
    """A presigned request whose X-Amz-Date is none."""
    if s3:
        return _s3_query("X-Amz-Date must be in the ISO8601 Long Format \"yyyyMMdd'T'HHmmss'Z'\"")
    return date(False, value.encode())


def expires(s3: bool, value: str) -> Error:
    """An X-Amz-Expires that is no number of seconds, or none that is allowed."""
    digits = value.removeprefix("-").removeprefix("+")
    if not (digits.isascii() and digits.isdecimal()):
        message = "X-Amz-Expires should be a number"
    elif value.startswith("-"):
        message = "X-Amz-Expires must be non-negative"
    else:
        message = (
            "X-Amz-Expires must be less than a week (in seconds); "
            "that is, the given X-Amz-Expires must be less than 604800 seconds"
        )
    if s3:
        return _s3_query(message)
    return Error("IncompleteSignature", message, status=400)


def two_mechanisms(request: Request) -> Error:
    """A request that is signed twice: in its header and in its query string."""
    value = header_text(request.headers[b"authorization"])
    return Error(
        "InvalidArgument",
        _MECHANISMS,
        status=400,
        ArgumentName="Authorization",
        ArgumentValue=value,
    )


def unsigned_headers(request: Request, signed: tuple[bytes, ...]) -> Error:
    """S3 wants the host and every x-amz- header signed."""
    wanted = [name for name in request.headers if name == b"host" or name.startswith(b"x-amz-")]
    names = [name for name in wanted if name not in signed] or [b"host"]
    return Error(
        "AccessDenied",
        "There were headers present in the request which were not signed",
        status=403,
        HeadersNotSigned=", ".join(header_text(name) for name in names),
    )


def host_not_signed() -> Error:
    """All services but S3 want the host signed."""
    message = "'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization."
    return Error("SignatureDoesNotMatch", message, status=403)
