"""Policies of HTML forms: who signed one, until when it is good, and what it allows.

A form is signed by its policy: the signature is one of the policy's text. The policy names every
field but a few, and says what its value must be.
"""

import re
from base64 import b64decode
from typing import Any, NamedTuple

import orjson

from protocols.errors import Error
from runtime import arns, credentials, principals, signatures
from runtime.clock import parse_iso8601
from runtime.context import Context
from services.s3 import errors, objects

Fields = dict[str, str]
"""A form's fields, by their names in lower case; with `bucket` among them."""

_ALGORITHM = "AWS4-HMAC-SHA256"
_MOMENT = re.compile(r"[0-9]{8}T[0-9]{6}Z")
_SIZE = re.compile(r"[0-9]{1,18}")
_SKEW_SECONDS = 900.0
_V4 = ("X-Amz-Algorithm", "X-Amz-Credential", "X-Amz-Date", "X-Amz-Signature")
_V2 = ("AWSAccessKeyId", "signature")
_UNNAMED = frozenset({"awsaccesskeyid", "bucket", "file", "policy", "signature", "x-amz-signature"})
"""The fields that a policy need not name."""


class Policy(NamedTuple):
    """A policy that was read, with the sizes that it allows."""

    expiration: float
    conditions: list[tuple[str, str, str]]
    """Operators, fields (with their $) and values."""
    least: int
    most: int


# who signed ---------------------------------------------------------------------------------------


class _Signed(NamedTuple):
    access_key_id: str
    signature: str
    region: str
    day: str
    issued: float | None


def authenticate(context: Context, fields: Fields) -> float | None:
    """Make the signer of a form the context's principal; answers when it was signed, if it says so.

    Raises AccessDenied for a form without a policy, InvalidArgument for one that lacks a field of
    its signature, SignatureDoesNotMatch, and the errors of keys that don't count. As with requests,
    signatures of keys that nothing here issued are believed.
    """
    signed = _signed(fields)
    found = credentials.find(context.store, signed.access_key_id)
    secret = credentials.EXAMPLE_SECRETS.get(signed.access_key_id)
    if signed.region:
        context.region = signed.region
    if found is None:
        key_id = signed.access_key_id
        spelled = len(key_id) == 12 and key_id.isdecimal() and key_id.isascii()
        account = key_id if spelled else context.config.default_account
        context.principal = principals.root(account, key_id, arns.partition(context.region))
    else:
        _check_credential(context, found, fields)
        context.principal, secret = found.principal, found.secret
    context.account = context.principal.account
    if secret is not None:
        _verify(fields["policy"], signed, secret)
    return signed.issued


def _signed(fields: Fields) -> _Signed:
    if any(name.lower() in fields for name in _V4):
        _require(fields, (*_V4, "policy"))
        return _signed_v4(fields)
    if not {"policy", "awsaccesskeyid", "signature"} & fields.keys():
        raise errors.access_denied()
    _require(fields, (*_V2, "policy"))
    return _Signed(fields["awsaccesskeyid"], fields["signature"], "", "", None)


def _require(fields: Fields, names: tuple[str, ...]) -> None:
    for name in names:
        if name.lower() not in fields:
            raise missing(name)


def missing(name: str) -> Error:
    """The form lacks a field, or has it behind the file."""
    return errors.invalid_argument(
        f"Bucket POST must contain a field named '{name}'.  If it is specified, please check the "
        "order of the fields.",
        name,
        "",
    )


def _signed_v4(fields: Fields) -> _Signed:
    algorithm, credential = fields["x-amz-algorithm"], fields["x-amz-credential"]
    if algorithm != _ALGORITHM:
        message = f'X-Amz-Algorithm only supports "{_ALGORITHM}"'
        raise errors.invalid_argument(message, "X-Amz-Algorithm", algorithm)
    scope = credential.rsplit("/", 4)
    if len(scope) != 5 or scope[3:] != ["s3", signatures.TERMINATOR] or not all(scope):
        raise errors.invalid_argument(
            "Error parsing the X-Amz-Credential parameter; the Credential is mal-formed; expecting "
            '"<YOUR-AKID>/YYYYMMDD/REGION/s3/aws4_request".',
            "X-Amz-Credential",
            credential,
        )
    date = fields["x-amz-date"]
    try:
        issued = parse_iso8601(date if _MOMENT.fullmatch(date) else "")
    except ValueError:
        message = "X-Amz-Date must be in the ISO8601 Long Format \"yyyyMMdd'T'HHmmss'Z'\""
        raise errors.invalid_argument(message, "X-Amz-Date", date) from None
    return _Signed(scope[0], fields["x-amz-signature"], scope[2], scope[1], issued)


def _check_credential(context: Context, found: credentials.Credential, fields: Fields) -> None:
    if not found.active:
        message = "The AWS Access Key Id you provided does not exist in our records."
        raise Error("InvalidAccessKeyId", message, AWSAccessKeyId=found.access_key_id)
    if found.token is not None and fields.get("x-amz-security-token") != found.token:
        message = "The provided token is malformed or otherwise invalid."
        raise Error("InvalidToken", message)
    if found.expires is not None and found.expires <= context.now:
        raise Error("ExpiredToken", "The provided token has expired.")


def _verify(policy: str, signed: _Signed, secret: str) -> None:
    if signed.issued is None:
        expected = signatures.sign_v2(secret, policy)
    else:
        key = signatures.signing_key(secret, signed.day, signed.region, "s3")
        expected = signatures.sign(key, policy)
    if not signatures.same(expected, signed.signature):
        raise Error(
            "SignatureDoesNotMatch",
            "The request signature we calculated does not match the signature you provided. Check "
            "your key and signing method.",
            AWSAccessKeyId=signed.access_key_id,
            StringToSign=policy,
            SignatureProvided=signed.signature,
            StringToSignBytes=policy.encode().hex(" "),
        )


# what it says -------------------------------------------------------------------------------------


def read(text: str) -> Policy:
    """A policy from its base64. Raises InvalidPolicyDocument."""
    try:
        document: Any = orjson.loads(b64decode(text))
    except ValueError:
        raise _invalid("Invalid JSON.") from None
    if not isinstance(document, dict):
        raise _invalid("Invalid JSON.")
    for name in ("expiration", "conditions"):
        if name not in document:
            raise _invalid(f"Policy missing {name}.")
    expiration, given = document["expiration"], document["conditions"]
    try:
        moment = parse_iso8601(expiration)
    except (TypeError, ValueError):
        raise _invalid(f"Invalid 'expiration' value: '{expiration}'") from None
    if not isinstance(given, list):
        raise _invalid("Invalid 'conditions' value: must be a List.")
    conditions = [_condition(item) for item in given]
    least, most = 0, objects.MOST_PUT_BYTES
    for operator, low, high in conditions:
        if operator == "content-length-range":
            if not (_SIZE.fullmatch(low) and _SIZE.fullmatch(high)):
                raise _failed(operator, low, high)
            least, most = max(least, int(low)), min(most, int(high))
    plain = [item for item in conditions if item[0] != "content-length-range"]
    return Policy(moment, plain, least, most)


def _condition(given: Any) -> tuple[str, str, str]:
    if isinstance(given, dict):
        if len(given) != 1:
            raise _invalid(
                "Invalid Simple-Condition: Simple-Conditions must have exactly one property "
                "specified."
            )
        ((name, value),) = given.items()
        return "eq", f"${name}", _text(value)
    if not isinstance(given, list) or len(given) != 3:
        raise _invalid("Invalid Condition: Conditions must be an Object or a List of three.")
    operator, name, value = (_text(item) for item in given)
    operator = operator.lower()
    if operator not in ("eq", "starts-with", "content-length-range"):
        raise _invalid(f"Invalid Condition: unknown operation '{operator}'.")
    return operator, name, value


def _text(value: Any) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, int | float) and not isinstance(value, bool):
        return str(value)
    raise _invalid("Invalid Condition: values must be Strings or Numbers.")


def _invalid(what: str) -> Error:
    return Error("InvalidPolicyDocument", f"Invalid Policy: {what}")


# what it allows -----------------------------------------------------------------------------------


def check_expiry(context: Context, policy: Policy, issued: float | None, signature: str) -> None:
    """Raises AccessDenied for a policy that has expired in virtual time.

    It was made at a real moment. One that does not say when is taken to have been made shortly
    before it was first seen, as presigned URLs of Signature Version 2 are.
    """
    clock = context.runtime.clock
    expires = policy.expiration
    if issued is None:
        seen = context.runtime.presigned
        if signature not in seen:
            if len(seen) >= 10_000:
                del seen[next(iter(seen))]
            seen[signature] = expires + clock.now() - clock.real()
        expires = seen[signature]
    elif issued - clock.real() <= _SKEW_SECONDS:
        expires += clock.dated(issued) - issued
    if context.now > expires:
        raise errors.access_denied("Invalid according to Policy: Policy expired.")


def check_fields(policy: Policy, fields: Fields) -> None:
    """Raises AccessDenied for the first condition that does not hold, and for unnamed fields."""
    named = set()
    for operator, name, wanted in policy.conditions:
        field = name[1:].lower()
        if not name.startswith("$") or not _holds(operator, field, fields.get(field, ""), wanted):
            raise _failed(operator, name, wanted)
        named.add(field)
    for field in fields:
        if field not in named and field not in _UNNAMED and not field.startswith("x-ignore-"):
            message = f"Invalid according to Policy: Extra input fields: {field}"
            raise errors.access_denied(message)


def _holds(operator: str, field: str, value: str, wanted: str) -> bool:
    if operator == "eq":
        return value == wanted
    if field == "content-type":
        return all(part.strip().startswith(wanted) for part in value.split(","))
    return value.startswith(wanted)


def _failed(*condition: str) -> Error:
    told = ", ".join(orjson.dumps(part).decode() for part in condition)
    return errors.access_denied(f"Invalid according to Policy: Policy Condition failed: [{told}]")


def check_size(policy: Policy, size: int) -> None:
    """Raises EntityTooSmall or EntityTooLarge for a file of another size than is allowed."""
    if size > policy.most:
        raise objects.too_large(size, policy.most)
    if size < policy.least:
        raise Error(
            "EntityTooSmall",
            "Your proposed upload is smaller than the minimum allowed size",
            ProposedSize=size,
            MinSizeAllowed=policy.least,
        )
