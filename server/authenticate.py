"""Authenticate: from a signature to a principal, an account and a region.

    claim     what the request says about who signed it, for which service
    caller    whose key that is; expired, switched off and unknown session keys are refused
    verify    whether the signature is right, and its date near enough

Keys that nothing here issued are test keys of the user's own making: the root of the account that
they spell (twelve digits), or of the default account. Their secret is unknown, so that only their
dates can be checked.
"""

import re
from hashlib import sha256
from typing import Any, NamedTuple

from protocols.errors import Error
from protocols.http import Request
from runtime import arns, credentials, principals
from runtime.clock import basic_iso8601, iso8601
from runtime.principals import Principal
from runtime.runtime import Runtime
from server import sigv4
from server.handlers import Service
from server.hosts import Host
from server.sigv4 import Signed
from server.spool import wrong_payload

SKEW_SECONDS = 900.0
_REGION = re.compile(r"[a-z]{2,}(?:-[a-z0-9]+){1,4}")
_S3 = frozenset({"s3", "s3control"})
_GLOBAL = {"aws-global": "us-east-1", "aws-cn-global": "cn-north-1", "": ""}


class Caller(NamedTuple):
    """Who sent a request, and where it goes."""

    principal: Principal
    account: str
    region: str
    signed: Signed | None
    secret: str | None
    """Of the key that signed, if it is known."""


# the words of each kind of service ----------------------------------------------------------------

_WRONG = (
    "The request signature we calculated does not match the signature you provided. Check your AWS"
    " Secret Access Key and signing method. Consult the service documentation for details."
)
_INVALID = "The security token included in the request is invalid."
_EXPIRED = "The security token included in the request is expired"
_NOT_VALIDATED = "AWS was not able to validate the provided access credentials"
_S3_WRONG = (
    "The request signature we calculated does not match the signature you provided. Check your key"
    " and signing method."
)
_S3_KEY = "The AWS Access Key Id you provided does not exist in our records."
_S3_TOKEN = "The provided token is malformed or otherwise invalid."
_S3_SKEW = "The difference between the request time and the current time is too large."

Refusal = tuple[str, str, int]
"""Code, message, status."""


def _coral(status: int) -> dict[str, Refusal]:
    """The JSON protocols' codes, which differ only in their status."""
    return {
        "signature": ("InvalidSignatureException", _WRONG, status),
        "key": ("UnrecognizedClientException", _INVALID, status),
        "token": ("UnrecognizedClientException", _INVALID, status),
        "expired": ("ExpiredTokenException", _EXPIRED, status),
        "skew": ("InvalidSignatureException", "", status),
    }


_REFUSALS: dict[str, dict[str, Refusal]] = {
    "s3": {
        "signature": ("SignatureDoesNotMatch", _S3_WRONG, 403),
        "key": ("InvalidAccessKeyId", _S3_KEY, 403),
        "token": ("InvalidToken", _S3_TOKEN, 400),
        "expired": ("ExpiredToken", "The provided token has expired.", 400),
        "skew": ("RequestTimeTooSkewed", _S3_SKEW, 403),
    },
    "query": {
        "signature": ("SignatureDoesNotMatch", _WRONG, 403),
        "key": ("InvalidClientTokenId", _INVALID, 403),
        "token": ("InvalidClientTokenId", _INVALID, 403),
        "expired": ("ExpiredToken", _EXPIRED, 403),
        "skew": ("SignatureDoesNotMatch", "", 403),
    },
    "ec2": {
        "signature": ("AuthFailure", _WRONG, 401),
        "key": ("AuthFailure", _NOT_VALIDATED, 401),
        "token": ("AuthFailure", _NOT_VALIDATED, 401),
        "expired": ("RequestExpired", "Request has expired.", 400),
        "skew": ("RequestExpired", "", 400),
    },
    "json": _coral(400),
    "rest-json": _coral(403),
}


def _refusal(service: Service, protocol: str, reason: str, message: str = "", **more: Any) -> Error:
    kind = "s3" if service.name in _S3 else protocol
    if kind not in _REFUSALS:
        kind = "query" if kind == "rest-xml" else "json"
    code, words, status = _REFUSALS[kind][reason]
    return Error(code, message or words, status=status, **more)


def refused(service: Service, protocol: str, problem: Error) -> Error:
    """A signature that can't be read, in the service's own words: JSON's codes end in Exception."""
    named = problem.code.removesuffix("Exception")
    if service.name not in _S3:
        if problem.code in ("AuthorizationHeaderMalformed", "AuthorizationQueryParametersError"):
            named = "IncompleteSignature"
        if protocol in ("json", "rest-json", "cbor", "smithy-rpc-v2-cbor"):
            named += "Exception"
        return Error(named, problem.message, status=403 if protocol.startswith("rest") else 400)
    return Error(named, problem.message, status=problem.status or 400, **problem.members)


# who ----------------------------------------------------------------------------------------------


def claim(request: Request) -> tuple[Signed | None, Error | None]:
    """What the request says about its signer; None unsigned. An unreadable one is the second."""
    try:
        return sigv4.parse(request), None
    except Error as problem:
        return None, problem


def request_id(runtime: Runtime, service: Service) -> str:
    """A new request id in the service's form."""
    if service.name == "s3":
        return runtime.ids.hex(16).upper()
    return runtime.ids.uuid()


def nobody(runtime: Runtime) -> Caller:
    """The caller of a request that was refused before it could be told."""
    account = runtime.config.default_account
    return Caller(principals.anonymous(account), account, runtime.settings.region, None, None)


def caller(
    runtime: Runtime, service: Service, protocol: str, signed: Signed | None, host: Host
) -> Caller:
    """The principal behind a signature. Raises the service's errors for keys that don't count."""
    if signed is None:
        account = runtime.config.default_account
        principal = principals.anonymous(account)
        return Caller(principal, account, _host_region(host) or runtime.settings.region, None, None)
    region = signed.region
    if region in _GLOBAL or not region:
        region = _GLOBAL.get(region) or _host_region(host) or runtime.settings.region
    elif not _known_region(region):
        raise _refusal(
            service, protocol, "signature", "Credential should be scoped to a valid region."
        )
    key_id = signed.access_key_id
    found = credentials.find(runtime.store, key_id)
    if found is None:
        spelled = len(key_id) == 12 and key_id.isdecimal() and key_id.isascii()
        account = key_id if spelled else runtime.config.default_account
        principal = principals.root(account, key_id, arns.partition(region))
        secret = credentials.EXAMPLE_SECRETS.get(key_id)
        return Caller(principal, account, region, signed, secret)
    if not found.active:
        raise _refusal(service, protocol, "key")
    if found.token is not None and signed.token != found.token:
        raise _refusal(service, protocol, "token")
    if found.expires is not None and found.expires <= runtime.clock.now():
        raise _refusal(service, protocol, "expired")
    return Caller(found.principal, found.principal.account, region, signed, found.secret)


_regions: set[str] = set()


def _known_region(region: str) -> bool:
    """Whether a region could be one; those seen before are remembered."""
    if region in _regions:
        return True
    if len(region) > 32 or not _REGION.fullmatch(region):
        return False
    if len(_regions) < 1000:
        _regions.add(region)
    return True


def _host_region(host: Host) -> str | None:
    for label in host.labels:
        if _known_region(label) and label.count("-") >= 2:
            return label
    return None


# whether it is right ------------------------------------------------------------------------------


def verify(
    runtime: Runtime,
    service: Service,
    protocol: str,
    request: Request,
    raw_path: str,
    caller: Caller,
) -> None:
    """Check the date and the signature. Raises the service's errors.

    The payload's hash is what the request says it is where it says so (S3); whether that is true
    is checked here for a payload in memory, and as it comes in for one that streams.
    """
    signed = caller.signed
    if signed is None or runtime.config.signatures == "off":
        return
    if signed.expires is None:
        _check_date(runtime, service, protocol, signed.timestamp)
    else:
        _check_expiry(runtime, service, protocol, signed)
    claimed, body = signed.payload_hash, request.body
    s3 = service.name in _S3
    if s3 and body and claimed is not None and len(claimed) == 64:
        # A payload that streams is not here yet, and is compared as it comes in.
        computed = sha256(body).hexdigest()
        if computed != claimed.lower():
            raise wrong_payload(claimed, computed)
    if caller.secret is not None:
        mismatch = sigv4.verify(
            request, signed, caller.secret, lambda: sha256(body).hexdigest(), raw_path
        )
        if mismatch is not None:
            raise _refusal(service, protocol, "signature", **(mismatch if s3 else {}))


def _check_date(runtime: Runtime, service: Service, protocol: str, timestamp: float) -> None:
    """A date near real time is right, and so is one near virtual time, which some SDKs learn."""
    real = runtime.clock.real()
    if abs(real - timestamp) <= SKEW_SECONDS:
        return
    if abs(runtime.clock.now() - timestamp) <= SKEW_SECONDS:
        return
    given, now = basic_iso8601(timestamp), basic_iso8601(real)
    if service.name in _S3:
        raise _refusal(
            service,
            protocol,
            "skew",
            RequestTime=given,
            ServerTime=iso8601(real, 0),
            MaxAllowedSkewMilliseconds="900000",
        )
    if timestamp < real:
        edge = basic_iso8601(real - SKEW_SECONDS)
        message = f"Signature expired: {given} is now earlier than {edge} ({now} - 15 min.)"
    else:
        edge = basic_iso8601(real + SKEW_SECONDS)
        message = f"Signature not yet current: {given} is still later than {edge} ({now} + 15 min.)"
    raise _refusal(service, protocol, "skew", message)


def _check_expiry(runtime: Runtime, service: Service, protocol: str, signed: Signed) -> None:
    """A presigned URL was signed at a real moment and expires in virtual time.

    Its date is in whole seconds: one signed in the second in which the clock was advanced counts as
    signed before that.
    """
    assert signed.expires is not None
    clock = runtime.clock
    now, issued = clock.now(), signed.timestamp
    if not issued:
        expires = _expiry_of_v2(runtime, signed)
    elif issued - clock.real() <= SKEW_SECONDS:
        expires = clock.dated(issued) + signed.expires
    elif issued - now <= SKEW_SECONDS:
        expires = issued + signed.expires
    else:
        message = "Request is not valid yet"
        raise Error("AccessDenied", message, status=403, ServerTime=iso8601(now, 0))
    if now > expires:
        members = {"Expires": iso8601(expires, 0), "ServerTime": iso8601(now, 0)}
        if issued:
            members = {"X-Amz-Expires": str(int(signed.expires)), **members}
        code = "AccessDenied" if service.name == "s3" else "SignatureDoesNotMatch"
        raise Error(code, "Request has expired", status=403, **members)


def _expiry_of_v2(runtime: Runtime, signed: Signed) -> float:
    """The virtual moment of Signature Version 2's Expires, which does not say when it was signed.

    It is taken to have been signed shortly before it was first seen: one that was used before the
    clock was moved expires by that, and one made afterwards isn't born expired.
    """
    assert signed.expires is not None
    seen = runtime.presigned
    key = f"{signed.access_key_id} {signed.signature}"  # two keys may have one secret
    expires = seen.get(key)
    if expires is None:
        if len(seen) >= 10_000:
            del seen[next(iter(seen))]
        expires = signed.expires + runtime.clock.now() - runtime.clock.real()
        seen[key] = expires
    return expires
