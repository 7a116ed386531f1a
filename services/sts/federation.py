"""Federation: roles for those whom another identity provider vouches for."""

import base64
import binascii
from typing import Any

import orjson

from protocols.errors import Error
from runtime.clock import parse_iso8601
from runtime.context import Context, Members
from services.sts import roles, sessions

_ASSERTION = "{urn:oasis:names:tc:SAML:2.0:assertion}"
_ROLE_SESSION_NAME = "https://aws.amazon.com/SAML/Attributes/RoleSessionName"


def assume_role_with_web_identity(context: Context, request: Members) -> Members:
    """Issue credentials of a role's session to the bearer of an OpenID Connect token.

    Partial: the token's signature is not verified, as there are no identity providers yet; its
    claims and its expiry are.
    """
    claims = _claims(request["WebIdentityToken"])
    expires = claims["exp"]
    if expires <= context.now:
        raise Error(
            "ExpiredTokenException",
            f"Token expired: current date/time {int(context.now)} must be before the expiration"
            f" date/time {int(expires)}",
        )
    session = {**sessions.policies(request), "provider": claims["iss"]}
    seconds = request.get("DurationSeconds", 3600)
    answer = roles.session_of(context, request, session, seconds)
    audience = claims.get("aud")
    if isinstance(audience, list):
        audience = audience[0] if audience else None
    answer["SubjectFromWebIdentityToken"] = claims["sub"]
    answer["Provider"] = claims["iss"]
    if isinstance(audience, str):
        answer["Audience"] = audience
    return answer


def _claims(token: str) -> dict[str, Any]:
    """The claims of a JSON web token. Raises InvalidIdentityToken for what isn't one."""
    parts = token.split(".")
    try:
        header, claims = (orjson.loads(_unpadded(part)) for part in parts[:2])
    except (ValueError, binascii.Error):
        header = claims = None
    if len(parts) != 3 or not isinstance(header, dict) or not isinstance(claims, dict):
        raise _invalid_token("The ID Token provided is not a valid JWT.")
    for name in ("iss", "sub"):
        if not isinstance(claims.get(name), str):
            raise _invalid_token(f"Missing a required claim: {name}")
    if isinstance(claims.get("exp"), bool) or not isinstance(claims.get("exp"), int | float):
        raise _invalid_token("Missing a required claim: exp")
    return claims


def _unpadded(text: str) -> bytes:
    return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)


def _invalid_token(message: str) -> Error:
    return Error("InvalidIdentityTokenException", message)


def assume_role_with_saml(context: Context, request: Members) -> Members:
    """Issue credentials of a role's session to the subject of a SAML assertion.

    Partial: the assertion's signature is not verified, as there are no identity providers yet; its
    subject, its audience and its expiry are read from it.
    """
    root = _assertion(request["SAMLAssertion"])
    subject = root.find(f".//{_ASSERTION}Subject/{_ASSERTION}NameID")
    issuer = root.find(f".//{_ASSERTION}Issuer")
    names = {
        attribute.get("Name"): attribute.findtext(f"{_ASSERTION}AttributeValue")
        for attribute in root.iter(f"{_ASSERTION}Attribute")
    }
    session_name = names.get(_ROLE_SESSION_NAME)
    if subject is None or not subject.text or issuer is None or not issuer.text:
        raise _invalid_token("The SAML assertion has no subject or no issuer.")
    if not session_name:
        raise _invalid_token("RoleSessionName is required in the SAML assertion.")
    _check_conditions(context, root)
    session = {**sessions.policies(request), "provider": request["PrincipalArn"]}
    seconds = request.get("DurationSeconds", 3600)
    named = {**request, "RoleSessionName": session_name}
    answer = roles.session_of(context, named, session, seconds)
    answer["Subject"] = subject.text
    kind = subject.get("Format", "").rpartition(":")[2] or "persistent"
    answer["SubjectType"] = kind
    answer["Issuer"] = issuer.text
    audience = root.findtext(f".//{_ASSERTION}Audience")
    if audience:
        answer["Audience"] = audience
    return answer


def _assertion(text: str) -> Any:
    """The XML in an assertion. Raises InvalidIdentityToken for what isn't one."""
    from defusedxml import DefusedXmlException
    from defusedxml.ElementTree import ParseError, fromstring

    try:
        return fromstring(base64.b64decode(text, validate=True))
    except (ValueError, ParseError, DefusedXmlException):
        raise _invalid_token("Invalid base64 SAMLResponse or not a SAML assertion.") from None


def _check_conditions(context: Context, root: Any) -> None:
    for conditions in root.iter(f"{_ASSERTION}Conditions"):
        end = conditions.get("NotOnOrAfter")
        try:
            expired = end is not None and parse_iso8601(end) <= context.now
        except ValueError:
            raise _invalid_token("NotOnOrAfter of the SAML assertion is no date.") from None
        if expired:
            raise Error("ExpiredTokenException", f"Token must be redeemed before {end}")
