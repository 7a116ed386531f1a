"""Sessions: durations, session policies and tags, and the credentials that come of them.

Sessions are kept with their credentials (`runtime.credentials`), and end with them on the virtual
clock.
"""

from collections.abc import Sequence
from typing import Any

import orjson

from protocols.errors import Error
from runtime import credentials
from runtime.context import Context, Members

MOST_PACKED_BYTES = 2048
"""What session policies and tags may come to; AWS packs them, so that somewhat more fits there."""
CHAINED_SECONDS = 3600
"""A role assumed by a role's session lasts no longer."""


def unsigned() -> Error:
    """A request that nobody signed."""
    return Error("MissingAuthenticationToken", "Request is missing Authentication Token")


def invalid(message: str) -> Error:
    """A parameter that can't be, whatever the model allows."""
    return Error("ValidationError", message)


def refuse_mfa(request: Members) -> None:
    """Raises AccessDenied for a code of an MFA device: no such device exists here."""
    if "SerialNumber" in request or "TokenCode" in request:
        raise Error(
            "AccessDenied",
            "MultiFactorAuthentication failed with invalid MFA one time pass code.",
        )


def policies(request: Members) -> Members:
    """The session policies of a request, checked as far as JSON goes."""
    found: Members = {}
    text = request.get("Policy")
    if text is not None:
        try:
            document = orjson.loads(text)
        except orjson.JSONDecodeError:
            raise _malformed("This policy contains invalid Json") from None
        if not isinstance(document, dict) or "Statement" not in document:
            raise _malformed("Syntax errors in policy.")
        found["policy"] = text
    arns = [item["arn"] for item in request.get("PolicyArns", ()) if "arn" in item]
    if len(arns) > 10:
        raise invalid("A maximum of 10 managed policies can be passed as session policies.")
    if arns:
        found["policy_arns"] = arns
    return found


def _malformed(message: str) -> Error:
    return Error("MalformedPolicyDocumentException", message)


def tags(context: Context, request: Members) -> Members:
    """The tags of a new session: those that are asked for over those handed on by the caller's.

    Raises InvalidParameterValue for keys that are there twice, and for the override of a tag that
    the calling session hands on.
    """
    given = {tag["Key"]: tag["Value"] for tag in request.get("Tags", ())}
    if len({key.lower() for key in given}) != len(request.get("Tags", ())):
        raise Error(
            "InvalidParameterValue",
            "Duplicate tag keys found. Please note that Tag keys are case insensitive.",
        )
    session = context.principal.session
    kept = {
        key: value
        for key, value in session.get("tags", {}).items()
        if key.lower() in {name.lower() for name in session.get("transitive_tag_keys", ())}
    }
    if {key.lower() for key in kept} & {key.lower() for key in given}:
        raise Error(
            "InvalidParameterValue",
            "One of the specified transitive tag keys can't be set because it conflicts with a"
            " transitive tag key from the calling session.",
        )
    transitive: Sequence[str] = request.get("TransitiveTagKeys", ())
    if not {key.lower() for key in transitive} <= {key.lower() for key in given}:
        raise Error(
            "InvalidParameterValue",
            "The specified transitive tag key must be included in the requested tags.",
        )
    every = {**kept, **given}
    found: Members = {"tags": every} if every else {}
    handed_on = [*kept, *transitive]
    if handed_on:
        found["transitive_tag_keys"] = handed_on
    return found


def packed_percent(session: Members) -> int:
    """How much of the room for policies and tags a session takes.

    Raises PackedPolicyTooLarge above all of it.
    """
    size = len(session.get("policy", "").encode())
    size += sum(len(arn) for arn in session.get("policy_arns", ()))
    size += sum(len(key.encode()) + len(value.encode()) for key, value in _pairs(session))
    percent = -(-size * 100 // MOST_PACKED_BYTES)
    if percent > 100:
        raise Error(
            "PackedPolicyTooLargeException",
            f"Packed policy consumes {percent}% of allotted space, please use smaller policy.",
        )
    return percent


def _pairs(session: Members) -> Any:
    return session.get("tags", {}).items()


def issue(
    context: Context,
    *,
    arn: str,
    kind: str,
    user_id: str,
    account: str,
    seconds: float,
    session: Members,
) -> Members:
    """New temporary credentials, as every answer shows them."""
    made = credentials.issue(
        context,
        arn=arn,
        kind=kind,
        user_id=user_id,
        account=account,
        seconds=seconds,
        session={**session, "issued": context.now, "expires": context.now + seconds},
    )
    assert made.expires is not None
    return {
        "AccessKeyId": made.access_key_id,
        "SecretAccessKey": made.secret,
        "SessionToken": made.token,
        "Expiration": int(made.expires),
    }
