"""Signatures of requests: what a request claims (`parse`), and whether it is true (`verify`).

Signature Version 4 comes in the Authorization header or, presigned, in the query string. Its
predecessor is in `sigv2`; SigV4A (asymmetric, for several regions) is understood, and believed.

What was sent is verified, not what the server made of it: paths and query strings are taken raw,
and repeated headers are expected joined by a comma without a space.
"""

from calendar import timegm
from collections.abc import Callable
from functools import lru_cache
from hashlib import sha256
from re import compile as pattern
from time import gmtime, strftime
from typing import NamedTuple
from urllib.parse import quote_from_bytes, unquote_to_bytes

from protocols.http import Request, header_text
from runtime.clock import parse_iso8601
from runtime.signatures import S3_FAMILY, TERMINATOR, encode, same, sign, signing_key
from server import malformed

ALGORITHM = "AWS4-HMAC-SHA256"
ASYMMETRIC = "AWS4-ECDSA-P256-SHA256"
UNSIGNED = "UNSIGNED-PAYLOAD"
LONGEST_SECONDS = 604_800
"""Seven days: no presigned request lives longer."""

PAYLOADS = frozenset(
    {
        b"UNSIGNED-PAYLOAD",
        b"STREAMING-UNSIGNED-PAYLOAD-TRAILER",
        b"STREAMING-AWS4-HMAC-SHA256-PAYLOAD",
        b"STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER",
        b"STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD",
        b"STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD-TRAILER",
    }
)
"""What S3's x-amz-content-sha256 may be instead of a digest."""

_is_digest = pattern(rb"[0-9a-fA-F]{64}").fullmatch
_is_day = pattern(r"[0-9]{8}").fullmatch
_is_moment = pattern(rb"[0-9]{8}T[0-9]{6}Z").fullmatch
_is_plain_path = pattern(r"[A-Za-z0-9\-._~/]+").fullmatch
_is_plain = pattern(r"[A-Za-z0-9\-._~]*").fullmatch
_MOST_CACHED = 4096
_LONGEST_CACHED_BYTES = 1024


class Signed(NamedTuple):
    """What a request says of its signature; none of it is verified yet."""

    form: str
    """header, query, v2-header, v2-query, or v4a"""
    access_key_id: str
    date: str
    """The scope's `YYYYMMDD`; empty in Signature Version 2."""
    region: str
    """Empty where none is named: in Signature Version 2, and in v4a for a pattern of regions."""
    service: str
    """The scope's; in Signature Version 2 `s3`, or empty for the query protocol."""
    signed_headers: tuple[bytes, ...]
    scope: bytes
    """`YYYYMMDD/region/service/aws4_request`; v4a has no region, Signature Version 2 nothing."""
    signature: str
    timestamp: float
    """When it was signed, in the client's epoch seconds; 0 for S3's v2-query, which has none."""
    expires: float | None
    """Presigned only: for how many seconds after `timestamp` it is good."""
    token: str | None
    """The session token of temporary credentials."""
    payload_hash: str | None
    """x-amz-content-sha256; UNSIGNED-PAYLOAD for S3's presigned requests without one."""
    moment: bytes
    """`timestamp` as it is signed: `YYYYMMDDTHHMMSSZ`."""


# the claim -------------------------------------------------------------------------------------

Claim = tuple[str, str, str, str, str, tuple[bytes, ...], bytes]
"""The first members of `Signed`, up to the scope: what a client's requests have in common."""

_claims: dict[bytes, Claim] = {}
_moments: dict[bytes, tuple[float, str]] = {}


def parse(request: Request) -> Signed | None:
    """What a request says of its signature; None when it is not signed, or signed by other means.

    Raises an Error of S3 or of the other services, as far as can be told whose request it is.
    """
    headers, query = request.headers, request.query
    authorization = headers.get(b"authorization")
    if authorization is None or not authorization.startswith(b"AWS"):
        if "X-Amz-" in query and "X-Amz-Algorithm" in request.arguments:
            return _parse_query(request)
        return _parse_v2(request, None)
    if query and "X-Amz-Algorithm=" in query:
        raise malformed.two_mechanisms(request)
    head, _, signature = authorization.rpartition(b"Signature=")
    claim = _claims.get(head)
    if claim is None:
        if authorization.startswith(b"AWS "):
            return _parse_v2(request, authorization)
        claim, signature = _read_header(request, authorization)
    moment = headers.get(b"x-amz-date", b"")
    known = _moments.get(moment)
    if known is None:
        moment, known = _read_moment(claim, request)
    timestamp, day = known
    if day != claim[2]:
        raise malformed.other_date(claim[4] in S3_FAMILY, claim[2], moment.decode(), False)
    payload = headers.get(b"x-amz-content-sha256")
    if claim[4] in S3_FAMILY and (
        payload is None or (payload not in PAYLOADS and not _is_digest(payload))
    ):
        raise malformed.payload(None if payload is None else header_text(payload))
    token = headers.get(b"x-amz-security-token") or headers.get(b"x-amz-s3session-token")
    signed = Signed(
        *claim,
        signature.decode("latin-1"),
        timestamp,
        None,
        None if token is None else token.decode("latin-1"),
        None if payload is None else payload.decode("latin-1"),
        moment,
    )
    return signed if claim[0] == "header" else _with_region(signed, request)


def _parse_v2(request: Request, authorization: bytes | None) -> Signed | None:
    if authorization is None and "AWSAccessKeyId=" not in request.query:
        body = request.body
        if not isinstance(body, bytes) or b"AWSAccessKeyId=" not in body:
            return None
    from server import sigv2

    return sigv2.parse(request, authorization)


def _read_header(request: Request, authorization: bytes) -> tuple[Claim, bytes]:
    """The claim and the signature of an Authorization header, its fields in whichever order."""
    algorithm, _, rest = authorization.partition(b" ")
    fields: dict[str, str] = {}
    for field in rest.split(b","):
        name, _, value = field.strip().partition(b"=")
        fields[name.decode("latin-1")] = value.decode("latin-1")
    form = _FORMS.get(algorithm)
    if form is None or not fields.keys() >= {"Credential", "SignedHeaders", "Signature"}:
        raise malformed.header(request, fields)
    names = tuple(fields["SignedHeaders"].encode("latin-1").lower().split(b";"))
    claim = _read_credential(request, form, fields["Credential"], names)
    signature = fields["Signature"].encode("latin-1")
    head, _, last = authorization.rpartition(b"Signature=")
    if last == signature and len(head) <= _LONGEST_CACHED_BYTES:
        if len(_claims) >= _MOST_CACHED:
            _claims.clear()
        _claims[head] = claim
    return claim, signature


_FORMS = {ALGORITHM.encode(): "header", ASYMMETRIC.encode(): "v4a"}


def _read_credential(
    request: Request, form: str, text: str, signed_headers: tuple[bytes, ...]
) -> Claim:
    """Split `AKID/YYYYMMDD/region/service/aws4_request`, in which v4a has no region."""
    presigned = form == "query" or (form == "v4a" and b"authorization" not in request.headers)
    parts = text.rsplit("/", 3 if form == "v4a" else 4)
    if form == "v4a" and len(parts) == 4:
        parts.insert(2, "")
    if len(parts) != 5 or not parts[0] or parts[4] != TERMINATOR or not _is_day(parts[1]):
        raise malformed.credential(request, text, presigned)
    access_key_id, date, region, service, _ = parts
    scope = "/".join(part for part in parts[1:] if part or form != "v4a")
    return form, access_key_id, date, region, service, signed_headers, scope.encode("latin-1")


def _read_moment(claim: Claim, request: Request) -> tuple[bytes, tuple[float, str]]:
    """A request's date as it is signed, and what it means; x-amz-date goes before Date."""
    value = request.headers.get(b"x-amz-date") or request.headers.get(b"date")
    seconds = None if value is None else seconds_of(value)
    if value is None or seconds is None:
        raise malformed.date(claim[4] in S3_FAMILY, value)
    if not _is_moment(value):
        value = strftime("%Y%m%dT%H%M%SZ", gmtime(seconds)).encode()
    known = (seconds, value[:8].decode())
    if len(_moments) >= _MOST_CACHED:
        _moments.clear()
    _moments[value] = known
    return value, known


def seconds_of(value: bytes) -> float | None:
    """Epoch seconds of an ISO 8601 moment (basic or extended) or an RFC 1123 date; else None."""
    text = value.decode("latin-1")
    try:
        if _is_moment(value):
            year, month, day = int(text[:4]), int(text[4:6]), int(text[6:8])
            hour, minute, second = int(text[9:11]), int(text[11:13]), int(text[13:15])
            if not (1 <= month <= 12 and 1 <= day <= 31 and hour < 24 and minute < 60):
                return None
            return float(timegm((year, month, day, hour, minute, second)))
        if text[:1].isdigit() and "T" in text:
            return parse_iso8601(text)
        # Rare, and slow to import.
        from email.utils import parsedate_to_datetime

        return parsedate_to_datetime(text).timestamp()
    except (ValueError, TypeError, OverflowError):
        return None


def _with_region(signed: Signed, request: Request) -> Signed:
    """A v4a signature with the first region it names, unless that is a pattern."""
    named = request.header(b"x-amz-region-set")
    if named is None:
        named = request.arguments.get("X-Amz-Region-Set", [""])[0]
    first = named.split(",")[0].strip()
    return signed if "*" in first else signed._replace(region=first)


_QUERY_FIELDS = ("Credential", "Signature", "Date", "SignedHeaders", "Expires")


def _parse_query(request: Request) -> Signed:
    """What the parameters of a presigned request say."""
    arguments = request.arguments
    text = arguments.get("X-Amz-Credential", [""])[0]
    algorithm = arguments["X-Amz-Algorithm"][0]
    form = {ALGORITHM: "query", ASYMMETRIC: "v4a"}.get(algorithm)
    if form is None:
        raise malformed.query_algorithm(request, text, algorithm)
    s3 = malformed.of_s3(request, text)
    lacking = [
        f"X-Amz-{name}"
        for name in _QUERY_FIELDS
        if f"X-Amz-{name}" not in arguments and (s3 or name != "Expires")
    ]
    if lacking:
        raise malformed.query(request, text, lacking)
    names = arguments["X-Amz-SignedHeaders"][0].lower().split(";")
    signed_headers = tuple(name.encode("latin-1", "replace") for name in names)
    claim = _read_credential(request, form, text, signed_headers)
    date = arguments["X-Amz-Date"][0]
    moment = date.encode("latin-1", "replace")
    seconds = seconds_of(moment) if _is_moment(moment) else None
    if seconds is None:
        raise malformed.query_date(s3, date)
    if date[:8] != claim[2]:
        raise malformed.other_date(s3, claim[2], date, True)
    payload = request.header(b"x-amz-content-sha256") or _first(arguments, "X-Amz-Content-Sha256")
    if payload is None and claim[4] in S3_FAMILY:
        payload = UNSIGNED
    signed = Signed(
        *claim,
        arguments["X-Amz-Signature"][0],
        seconds,
        _read_expires(s3, _first(arguments, "X-Amz-Expires")),
        _first(arguments, "X-Amz-Security-Token")
        or _first(arguments, "X-Amz-S3session-Token")
        or request.header(b"x-amz-security-token"),
        payload,
        moment,
    )
    return signed if form == "query" else _with_region(signed, request)


def _first(arguments: dict[str, list[str]], name: str) -> str | None:
    values = arguments.get(name)
    return None if values is None else values[0]


def _read_expires(s3: bool, value: str | None) -> float:
    """The seconds a presigned request lives; 15 minutes unless told, which only S3 insists on."""
    if value is None:
        return 900.0
    if not (value.isascii() and value.isdecimal()) or len(value) > 9:
        raise malformed.expires(s3, value)
    if int(value) > LONGEST_SECONDS:
        raise malformed.expires(s3, value)
    return float(value)


# the proof -------------------------------------------------------------------------------------


def verify(
    request: Request,
    signed: Signed,
    secret: str,
    body_hash: str | Callable[[], str],
    path: str | None = None,
) -> dict[str, str] | None:
    """None when the signature is the secret's; else the members of S3's SignatureDoesNotMatch.

    `body_hash` is the SHA-256 of the body, hexadecimal, or what computes it. It is not asked for
    when the request signs something else (UNSIGNED-PAYLOAD, or S3's x-amz-content-sha256, whose
    truth is then the caller's to check). `path` is the path as it was sent, if `request.path` is
    not that any more. Raises an Error for headers that ought to be signed and are not.
    """
    form = signed.form
    if form == "v4a":
        return None
    if form != "header" and form != "query":
        from server import sigv2

        return sigv2.verify(request, signed, secret, path)
    s3, names = signed.service in S3_FAMILY, signed.signed_headers
    if s3:
        for name in request.headers:
            if name[:6] == b"x-amz-" and name not in names:
                raise malformed.unsigned_headers(request, names)
    if b"host" not in names:
        raise malformed.unsigned_headers(request, names) if s3 else malformed.host_not_signed()
    payload = signed.payload_hash
    if payload is None or (not s3 and len(payload) == 64):
        payload = body_hash if isinstance(body_hash, str) else body_hash()
    canonical = canonical_request(request, signed, path or request.path, payload)
    digest = sha256(canonical).hexdigest().encode()
    string_to_sign = b"AWS4-HMAC-SHA256\n%b\n%b\n%b" % (signed.moment, signed.scope, digest)
    key = signing_key(secret, signed.date, signed.region, signed.service)
    if same(sign(key, string_to_sign), signed.signature):
        return None
    return mismatch(signed, string_to_sign, canonical)


def mismatch(
    signed: Signed, string_to_sign: bytes, canonical: bytes | None = None
) -> dict[str, str]:
    """What S3 says of a signature that is wrong, beside its message: what had to be signed."""
    members = {
        "AWSAccessKeyId": signed.access_key_id,
        "StringToSign": header_text(string_to_sign),
        "SignatureProvided": signed.signature,
        "StringToSignBytes": string_to_sign.hex(" "),
    }
    if canonical is not None:
        members["CanonicalRequest"] = header_text(canonical)
        members["CanonicalRequestBytes"] = canonical.hex(" ")
    return members


def canonical_request(request: Request, signed: Signed, path: str, payload_hash: str) -> bytes:
    """The request in the one form that client and server agree on."""
    if path != "/":
        path = canonical_path(path, signed.service in S3_FAMILY)
    query = request.query
    if query:
        query = canonical_query(query, signed.form == "query")
    headers, names = request.headers, signed.signed_headers
    values = [headers.get(name, b"") for name in names]
    form = _header_lines(names)
    lines = form % (*values,)
    if b"  " in lines or b": " in lines or b" \n" in lines or b"\t" in lines:
        lines = form % tuple(b" ".join(value.split()) for value in values)
    return b"%b%b%b" % (
        f"{request.method}\n{path}\n{query}\n".encode(),
        lines,
        payload_hash.encode("latin-1", "replace"),
    )


@lru_cache(maxsize=1024)
def _header_lines(names: tuple[bytes, ...]) -> bytes:
    """The lines of signed headers, and of their names, with `%b` for the values."""
    lines = b"".join(b"%b:%%b\n" % name.replace(b"%", b"%%") for name in names)
    return b"%b\n%b\n" % (lines, b";".join(names).replace(b"%", b"%%"))


def canonical_path(path: str, as_sent: bool) -> str:
    """The path as it is signed: encoded once (`as_sent`), or normalised and encoded twice."""
    if as_sent:
        if _is_plain_path(path):
            return path
        return encode(unquote_to_bytes(_raw(path)), "/")
    if "//" in path or "/." in path:
        kept: list[str] = []
        for part in path.split("/"):
            if part == "..":
                del kept[-1:]
            elif part and part != ".":
                kept.append(part)
        last = "/" if path.endswith("/") and kept else ""
        path = f"/{'/'.join(kept)}{last}"
    return path if _is_plain_path(path) else quote_from_bytes(_raw(path), "/")


def canonical_query(query: str, presigned: bool = False) -> str:
    """The parameters in AWS's encoding and order; presigned ones without their signature."""
    pairs = []
    for part in query.split("&"):
        if not part:
            continue
        name, _, value = part.partition("=")
        if presigned and name == "X-Amz-Signature":
            continue
        pairs.append((_encoded(name), _encoded(value)))
    pairs.sort()
    return "&".join([f"{name}={value}" for name, value in pairs])


def _encoded(text: str) -> str:
    if _is_plain(text):
        return text
    return encode(unquote_to_bytes(_raw(text.replace("+", " "))))


def _raw(text: str) -> bytes:
    """The bytes that were on the wire; they were decoded as Latin-1."""
    try:
        return text.encode("latin-1")
    except UnicodeEncodeError:
        return text.encode("utf-8", "surrogateescape")
