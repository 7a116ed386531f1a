"""SAML: roles for those whom a SAML identity provider vouches for."""

import base64
import re
from hashlib import sha1
from typing import Any

from protocols.errors import Error
from runtime import arns
from runtime.clock import parse_iso8601
from runtime.context import Context, Members
from services.sts import policies, roles, sessions

REDEEM_SECONDS = 300
"""How old a response may be."""
_SAML = "{urn:oasis:names:tc:SAML:2.0:assertion}"
_PROTOCOL = "{urn:oasis:names:tc:SAML:2.0:protocol}"
_SUCCESS = "urn:oasis:names:tc:SAML:2.0:status:Success"
_FORMATS = "urn:oasis:names:tc:SAML:2.0:nameid-format:"
_UNSPECIFIED = "urn:oasis:names:tc:SAML:1.1:nameid-format:unspecified"
_ATTRIBUTES = "https://aws.amazon.com/SAML/Attributes/"
_NAME = re.compile(r"[\w+=,.@-]{2,64}", re.ASCII)
_AUDIENCE = re.compile(
    r"https://([a-z0-9-]+\.)?signin\.(aws\.amazon\.com|amazonaws\.cn|amazonaws-us-gov\.com)"
    r"(/platform)?/saml(/acs/\w+)?|urn:amazon:webservices(:[\w-]+)*"
)


def assume_role_with_saml(context: Context, request: Members) -> Members:
    """Issue credentials of a role's session to the subject of a SAML response.

    The session's name, tags and source identity are the assertion's attributes; it ends when the
    assertion says that the user's own session does.

    Partial: there are no identity providers yet: the response's form, times, audience and roles are
    checked, its signature is not; encrypted assertions can't be read.
    """
    role = roles.find(request["RoleArn"])
    provider = _provider(request["PrincipalArn"], role)
    response = _response(request["SAMLAssertion"])
    assertion = _assertion(response)
    issued = _check_times(context, response, assertion)
    if not any(_AUDIENCE.fullmatch(text) for text in _texts(assertion, "Audience")):
        raise _invalid("Response does not contain the required audience.")
    attributes = _attributes(assertion)
    _check_roles(attributes, request["RoleArn"], request["PrincipalArn"])
    session = {
        **policies.of(request),
        **_tags(context, attributes),
        **_source_identity(context, attributes),
        "provider": request["PrincipalArn"],
    }
    seconds = min(
        request.get("DurationSeconds", roles.DEFAULT_SECONDS),
        _user_seconds(context, assertion, issued),
    )
    answer = roles.session_of(context, request, _session_name(attributes), session, seconds)
    return answer | _described(assertion, provider)


def _described(assertion: Any, provider: arns.Arn) -> Members:
    """What the answer tells of an assertion."""
    subject = assertion.find(f"{_SAML}Subject/{_SAML}NameID")
    issuer = (assertion.findtext(f"{_SAML}Issuer") or "").strip()
    data = next(assertion.iter(f"{_SAML}SubjectConfirmationData"), None)
    recipient = None if data is None else data.get("Recipient")
    if subject is None or not (subject.text or "").strip() or not issuer or not recipient:
        raise _invalid("Your request included an invalid SAML response.")
    qualified = f"{issuer}{provider.account}/{provider.resource.rpartition('/')[2]}"
    digest = sha1(qualified.encode(), usedforsecurity=False).digest()
    return {
        "Subject": subject.text.strip(),
        "SubjectType": subject.get("Format", _UNSPECIFIED).removeprefix(_FORMATS),
        "Issuer": issuer,
        "Audience": recipient,
        "NameQualifier": base64.b64encode(digest).decode(),
    }


def _provider(text: str, role: arns.Arn) -> arns.Arn:
    found = arns.parse(text)
    if found is None or found.service != "iam" or not found.resource.startswith("saml-provider/"):
        raise sessions.invalid(f"{text} is invalid")
    if found.account != role.account:
        raise sessions.invalid("The role and the SAML provider must be in the same account.")
    return found


def _response(text: str) -> Any:
    """The XML in a response. Raises InvalidIdentityToken for what isn't one."""
    from defusedxml import DefusedXmlException
    from defusedxml.ElementTree import ParseError, fromstring

    try:
        response = fromstring(base64.b64decode("".join(text.split()), validate=True))
    except (ValueError, ParseError, DefusedXmlException):
        raise _invalid("Invalid base64 SAMLResponse") from None
    if response.tag != f"{_PROTOCOL}Response":
        raise _invalid("Your request included an invalid SAML response.")
    return response


def _assertion(response: Any) -> Any:
    """The one assertion of a response. Raises IDPRejectedClaim when the user was turned away."""
    status = response.find(f"{_PROTOCOL}Status/{_PROTOCOL}StatusCode")
    if status is not None and status.get("Value") != _SUCCESS:
        raise Error(
            "IDPRejectedClaimException",
            f"The identity provider reported that authentication failed: {status.get('Value')}",
        )
    if response.find(f"{_SAML}EncryptedAssertion") is not None:
        raise _invalid("Encrypted assertions cannot be decrypted here.")
    assertions = response.findall(f"{_SAML}Assertion")
    if len(assertions) != 1:
        raise _invalid("Your request included an invalid SAML response.")
    return assertions[0]


def _texts(element: Any, name: str) -> list[str]:
    return [(found.text or "").strip() for found in element.iter(f"{_SAML}{name}")]


def _check_times(context: Context, response: Any, assertion: Any) -> float:
    """Raises ExpiredToken for what is too old; answers when the response was issued (real time)."""
    issued = _moment(response, "IssueInstant")
    if issued is None:
        issued = _moment(assertion, "IssueInstant")
    if issued is None:
        raise _invalid("Your request included an invalid SAML response.")
    ends = [issued + REDEEM_SECONDS]
    for name in ("Conditions", "SubjectConfirmationData"):
        found = [_moment(element, "NotOnOrAfter") for element in assertion.iter(f"{_SAML}{name}")]
        ends += [end for end in found if end is not None]
    if sessions.real_moment(context, min(ends), issued) <= context.now:
        raise Error("ExpiredTokenException", "Token must be redeemed within 5 minutes of issuance")
    return issued


def _user_seconds(context: Context, assertion: Any, issued: float) -> float:
    """How long the user's own session still goes on."""
    left = [float("inf")]
    for statement in assertion.iter(f"{_SAML}AuthnStatement"):
        end = _moment(statement, "SessionNotOnOrAfter")
        if end is not None:
            left.append(sessions.real_moment(context, end, issued) - context.now)
    if min(left) <= 0:
        raise Error("ExpiredTokenException", "The session of the user is over.")
    return min(left)


def _moment(element: Any, name: str) -> float | None:
    text = element.get(name)
    try:
        return None if text is None else parse_iso8601(text)
    except ValueError:
        raise _invalid(f"{name} is no date and time.") from None


def _attributes(assertion: Any) -> dict[str, list[str]]:
    """What the assertion says to AWS, by the names behind AWS's prefix."""
    return {
        attribute.get("Name", "").removeprefix(_ATTRIBUTES): _texts(attribute, "AttributeValue")
        for attribute in assertion.iter(f"{_SAML}Attribute")
        if attribute.get("Name", "").startswith(_ATTRIBUTES)
    }


def _check_roles(attributes: dict[str, list[str]], role: str, provider: str) -> None:
    """Raises AccessDenied unless the assertion grants the role, by a pair with its provider."""
    pairs = [{part.strip() for part in text.split(",")} for text in attributes.get("Role", ())]
    if {role, provider} not in pairs:
        raise sessions.denied("Not authorized to perform sts:AssumeRoleWithSAML")


def _session_name(attributes: dict[str, list[str]]) -> str:
    name = next(iter(attributes.get("RoleSessionName", ())), "")
    if not name:
        raise _invalid("RoleSessionName is required in AuthnResponse")
    if not _NAME.fullmatch(name):
        raise _invalid("RoleSessionName in AuthnResponse must match [a-zA-Z_0-9+=,.@-]{2,64}")
    return name


def _source_identity(context: Context, attributes: dict[str, list[str]]) -> Members:
    identity = next(iter(attributes.get("SourceIdentity", ())), None)
    if identity is not None and (
        not _NAME.fullmatch(identity) or identity.lower().startswith("aws:")
    ):
        raise _invalid(
            'Source Identity must match [a-zA-Z_0-9+=,.@-]{2,64} and not begin with "aws:"'
        )
    return roles.source_identity(context, identity)


def _tags(context: Context, attributes: dict[str, list[str]]) -> Members:
    pairs = [
        (name.removeprefix("PrincipalTag:"), next(iter(values), ""))
        for name, values in attributes.items()
        if name.startswith("PrincipalTag:")
    ]
    return policies.tags(context, pairs, attributes.get("TransitiveTagKeys", []))


def _invalid(message: str) -> Error:
    return Error("InvalidIdentityTokenException", message)
