"""Web identity: roles for those whom an OpenID Connect provider vouches for."""

import base64
import binascii
from typing import Any

import orjson

from protocols.errors import Error
from runtime.context import Context, Members
from services.sts import policies, roles, sessions

_ALGORITHMS = frozenset({"RS256", "RS384", "RS512", "ES256", "ES384", "ES512"})
_TAGS = "https://aws.amazon.com/tags"
_SOURCE_IDENTITY = "https://aws.amazon.com/source_identity"
_OWN_NAMES = frozenset({"accounts.google.com", "cognito-identity.amazonaws.com"})
"""Providers that need no provider in the account, and are answered by their own name."""


def assume_role_with_web_identity(context: Context, request: Members) -> Members:
    """Issue credentials of a role's session to the bearer of an OpenID Connect token.

    Session tags and the source identity are the token's. A `ProviderId` names an OAuth 2.0 provider
    that would have to be asked about the token; none can be reached from here.

    Partial: there are no identity providers yet: the token's claims and its expiry are checked, its
    signature and its audience are not.
    """
    role = roles.find(request["RoleArn"])
    if "ProviderId" in request:
        raise Error(
            "IDPCommunicationErrorException",
            f"The identity provider {request['ProviderId']} could not be reached.",
        )
    claims = _claims(request["WebIdentityToken"])
    _check_times(context, claims)
    issuer: str = claims["iss"].removeprefix("https://").rstrip("/")
    provider = issuer
    if issuer not in _OWN_NAMES:
        provider = f"arn:{role.partition}:iam::{role.account}:oidc-provider/{issuer}"
    session = {
        **policies.of(request),
        **_tags(context, claims),
        **roles.source_identity(context, _text(claims, _SOURCE_IDENTITY)),
        "provider": provider,
        "subject": claims["sub"],
    }
    seconds = request.get("DurationSeconds", roles.DEFAULT_SECONDS)
    answer = roles.session_of(context, request, request["RoleSessionName"], session, seconds)
    answer["SubjectFromWebIdentityToken"] = claims["sub"]
    # The model's words promise the claim `iss`; AWS answers the provider's ARN.
    answer["Provider"] = provider
    answer["Audience"] = _audience(claims)
    return answer


def _claims(token: str) -> dict[str, Any]:
    """The claims of a JSON web token. Raises InvalidIdentityToken for what isn't one."""
    parts = token.split(".")
    try:
        header, claims = (orjson.loads(_decoded(part)) for part in parts[:2])
    except (ValueError, binascii.Error):
        header = claims = None
    if (
        len(parts) != 3
        or not parts[2]
        or not isinstance(header, dict)
        or not isinstance(claims, dict)
        or header.get("alg") not in _ALGORITHMS
    ):
        raise _invalid(
            "The ID Token provided is not a valid JWT. (You may see this error if you sent an"
            " Access Token)"
        )
    for name in ("iss", "sub"):
        if not _text(claims, name):
            raise _invalid(f"Missing a required claim: {name}")
    if not _audience(claims):
        raise _invalid("Missing a required claim: aud")
    return claims


def _decoded(text: str) -> bytes:
    return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)


def _text(claims: dict[str, Any], name: str) -> str | None:
    value = claims.get(name)
    return value if isinstance(value, str) else None


def _audience(claims: dict[str, Any]) -> str:
    """For whom a token is: of several, the party it was issued to."""
    audience = claims.get("aud")
    if isinstance(audience, list):
        party = _text(claims, "azp")
        audience = party if party is not None and len(audience) > 1 else next(iter(audience), "")
    return audience if isinstance(audience, str) else ""


def _check_times(context: Context, claims: dict[str, Any]) -> None:
    times: dict[str, float] = {}
    for name in ("exp", "iat", "nbf"):
        value = claims.get(name)
        if isinstance(value, bool) or not isinstance(value, int | float | None):
            raise _invalid(f"The claim {name} is no number.")
        if value is not None:
            times[name] = value
    if "exp" not in times:
        raise _invalid("Missing a required claim: exp")
    expires = sessions.real_moment(context, times["exp"], times.get("iat"))
    if expires <= context.now:
        raise Error(
            "ExpiredTokenException",
            f"Token expired: current date/time {int(context.now)} must be before the expiration"
            f" date/time {int(expires)}",
        )
    if "nbf" in times and sessions.real_moment(context, times["nbf"], None) > context.now + 300:
        raise _invalid("The token is not valid yet.")


def _tags(context: Context, claims: dict[str, Any]) -> Members:
    """The session tags in a token: an object of lists, or flattened into claims of their own."""
    found = claims.get(_TAGS, {})
    if not isinstance(found, dict):
        raise _invalid(f"The claim {_TAGS} is no object.")
    principal = found.get("principal_tags", {})
    transitive = found.get("transitive_tag_keys", claims.get(f"{_TAGS}/transitive_tag_keys", []))
    if isinstance(transitive, str):
        transitive = [transitive]
    if not isinstance(principal, dict) or not isinstance(transitive, list):
        raise _invalid(f"The claim {_TAGS} is not of the form that AWS takes.")
    prefix = f"{_TAGS}/principal_tags/"
    flat = {
        key.removeprefix(prefix): value for key, value in claims.items() if key.startswith(prefix)
    }
    pairs = [(key, _tag(value)) for key, value in (*principal.items(), *flat.items())]
    return policies.tags(context, pairs, [str(key) for key in transitive])


def _tag(value: Any) -> str:
    """A tag's value: a text, or a list of one."""
    if isinstance(value, list) and len(value) == 1:
        value = value[0]
    if not isinstance(value, str):
        raise _invalid("A session tag in the token has more than one value.")
    return value


def _invalid(message: str) -> Error:
    return Error("InvalidIdentityTokenException", message)
