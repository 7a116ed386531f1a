"""Session policies and session tags: what they may be, and how much room they take."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

import orjson

from protocols.errors import Error
from runtime import arns
from runtime.context import Context, Members
from services.sts import sessions

MOST_PLAIN_CHARACTERS = 2048
"""Of an inline session policy."""
MOST_PACKED_BYTES = 2048
"""What session policies and tags may come to, together and tags alone."""
MOST_POLICY_ARNS = 10
MOST_TAGS = 50
_WORD = r"(?:[\w.:/=+\-@]|[^\S\t-\r\x1c-\x1f\x85])"
_TAG_KEY = re.compile(f"{_WORD}{{1,128}}")
_TAG_VALUE = re.compile(f"{_WORD}{{0,256}}")
_VERSIONS = ("2008-10-17", "2012-10-17")
_ACTION = re.compile(r"\*|[\w-]+:.+")


def of(request: Members) -> Members:
    """The session policies of a request, as they are kept.

    Raises MalformedPolicyDocument for what is no policy, and ValidationError for ARNs that can't
    be those of managed policies.
    """
    found: Members = {}
    text = request.get("Policy")
    if text is not None:
        check(text)
        found["policy"] = text
    given = request.get("PolicyArns", ())
    if len(given) > MOST_POLICY_ARNS:
        raise sessions.invalid(
            "1 validation error detected: Value at 'policyArns' failed to satisfy constraint:"
            f" Member must have length less than or equal to {MOST_POLICY_ARNS}"
        )
    named = [item["arn"] for item in given if "arn" in item]
    for text in named:
        arn = arns.parse(text)
        if arn is None or arn.service != "iam" or not arn.resource.startswith("policy/"):
            raise sessions.invalid(f"{text} is invalid")
    if named:
        found["policy_arns"] = named
    return found


def check(text: str) -> None:
    """Raise MalformedPolicyDocument unless the text can be a session policy."""
    if len(text) > MOST_PLAIN_CHARACTERS:
        raise sessions.invalid(
            f"1 validation error detected: Value '{text}' at 'policy' failed to satisfy"
            f" constraint: Member must have length less than or equal to {MOST_PLAIN_CHARACTERS}"
        )
    try:
        document = orjson.loads(text)
    except orjson.JSONDecodeError:
        raise _malformed("This policy contains invalid Json") from None
    if not isinstance(document, dict) or document.get("Version", _VERSIONS[0]) not in _VERSIONS:
        raise _malformed("Syntax errors in policy.")
    statements = document.get("Statement")
    if isinstance(statements, dict):
        statements = [statements]
    if not isinstance(statements, list) or not statements:
        raise _malformed("Syntax errors in policy.")
    for statement in statements:
        _check_statement(statement)


def _check_statement(statement: Any) -> None:
    if not isinstance(statement, dict) or statement.get("Effect") not in ("Allow", "Deny"):
        raise _malformed("Syntax errors in policy.")
    if "Principal" in statement or "NotPrincipal" in statement:
        raise _malformed("Policy document should not specify a principal.")
    actions = _texts(statement, "Action", "NotAction")
    resources = _texts(statement, "Resource", "NotResource")
    if not actions:
        raise _malformed("Policy statement must contain actions.")
    if not resources:
        raise _malformed("Policy statement must contain resources.")
    if not all(_ACTION.fullmatch(action) for action in actions):
        raise _malformed(
            "Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc."
        )
    for resource in resources:
        if resource != "*" and not resource.startswith(("arn:", "*")):
            raise _malformed(f'Resource {resource} must be in ARN format or "*".')
    if not isinstance(statement.get("Condition", {}), dict):
        raise _malformed("Syntax errors in policy.")


def _texts(statement: dict[str, Any], *names: str) -> list[str]:
    """A member of a statement that is a text or a list of them, under either of its names."""
    values = [statement[name] for name in names if name in statement]
    if len(values) > 1:
        raise _malformed("Syntax errors in policy.")
    found = values[0] if values and isinstance(values[0], list) else values
    if not all(isinstance(text, str) for text in found):
        raise _malformed("Syntax errors in policy.")
    return found


def _malformed(message: str) -> Error:
    return Error("MalformedPolicyDocumentException", message)


def tags(context: Context, pairs: Sequence[tuple[str, str]], transitive: Sequence[str]) -> Members:
    """The tags of a new session: those that are asked for, beside those that the caller's hands on.

    Keys differ by more than case. Raises InvalidParameterValue for one that is there twice, that is
    reserved, that is handed on already, or that is to be handed on and not there.
    """
    given = dict(pairs)
    folded = {key.lower() for key in given}
    if len(folded) != len(pairs):
        raise _unfit("Duplicate tag keys found. Please note that Tag keys are case insensitive.")
    # Those of a request are known to fit; those of a token or an assertion are not.
    if len(given) > MOST_TAGS or not all(
        _TAG_KEY.fullmatch(key) and _TAG_VALUE.fullmatch(value) for key, value in pairs
    ):
        raise _unfit("The session tags are more, or longer, or of other characters, than allowed.")
    if any(key.startswith("aws:") for key in folded):
        raise _unfit("Tag keys that begin with aws: are reserved for system use.")
    session = context.principal.session
    handed_on = {key.lower() for key in session.get("transitive_tag_keys", ())}
    inherited = {
        key: value for key, value in session.get("tags", {}).items() if key.lower() in handed_on
    }
    if handed_on & folded:
        raise _unfit(
            "One of the specified transitive tag keys can't be set because it conflicts with a"
            " transitive tag key from the calling session."
        )
    if not {key.lower() for key in transitive} <= folded:
        raise _unfit("The specified transitive tag key must be included in the requested tags.")
    found: Members = {}
    if inherited or given:
        found["tags"] = {**inherited, **given}
    if inherited or transitive:
        found["transitive_tag_keys"] = [*inherited, *transitive]
    return found


def requested_tags(context: Context, request: Members) -> Members:
    """The tags of a new session whose request lists them."""
    pairs = [(tag["Key"], tag["Value"]) for tag in request.get("Tags", ())]
    return tags(context, pairs, request.get("TransitiveTagKeys", ()))


def _unfit(message: str) -> Error:
    return Error("InvalidParameterValue", message)


def packed_percent(session: Mapping[str, Any]) -> int:
    """How much of the room for policies and tags a session takes.

    AWS packs them in a form of its own; here a byte is a byte. Raises PackedPolicyTooLarge when
    there is not enough.
    """
    tagged = sum(
        len(key.encode()) + len(value.encode()) for key, value in session.get("tags", {}).items()
    )
    size = tagged + len(session.get("policy", "").encode())
    size += sum(len(arn.encode()) for arn in session.get("policy_arns", ()))
    if tagged > MOST_PACKED_BYTES:
        raise _too_large(
            f"Packed size of session tags consumes {_percent(tagged)}% of allotted space."
        )
    if size > MOST_PACKED_BYTES:
        raise _too_large(
            f"Packed policy consumes {_percent(size)}% of allotted space, please use smaller"
            " policy."
        )
    return _percent(size)


def _percent(size: int) -> int:
    return -(-size * 100 // MOST_PACKED_BYTES)


def _too_large(message: str) -> Error:
    return Error("PackedPolicyTooLargeException", message)
