"""SAML: roles for those whom a SAML identity provider vouches for."""

import base64
from datetime import datetime, timedelta
from hashlib import sha1
from typing import Any
from xml.sax.saxutils import escape

import pytest

from fogbank.testing import Aws
from tests.services.sts.helpers import (
    POLICY,
    Answer,
    assume,
    client,
    fails,
    role_arn,
    seconds,
    unsigned,
    who,
)

PREFIX = "https://aws.amazon.com/SAML/Attributes/"
PERSISTENT = "urn:oasis:names:tc:SAML:2.0:nameid-format:persistent"
RECIPIENT = "https://signin.aws.amazon.com/saml"


def provider_arn(aws: Aws) -> str:
    return f"arn:aws:iam::{aws.account}:saml-provider/Corporate"


def stamp(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def response(aws: Aws, **changes: Any) -> str:
    """A response that was issued now, good for five minutes; changes are texts put in its place."""
    now = aws.clock.now()
    parts: dict[str, Any] = {
        "issued": stamp(now),
        "end": stamp(now + timedelta(minutes=5)),
        "status": "urn:oasis:names:tc:SAML:2.0:status:Success",
        "issuer": "<saml:Issuer>https://idp.example.org/</saml:Issuer>",
        "format": f'Format="{PERSISTENT}"',
        "name": "alice",
        "audience": "https://signin.aws.amazon.com/saml",
        "recipient": f'Recipient="{RECIPIENT}"',
        "session_end": "",
        "attributes": {},
    } | changes
    attributes = {
        "RoleSessionName": ["alice@example.org"],
        "Role": [f"{role_arn(aws)},{provider_arn(aws)}"],
    } | parts["attributes"]
    lines = "".join(
        f'<saml:Attribute Name="{PREFIX}{name}">'
        + "".join(f"<saml:AttributeValue>{escape(text)}</saml:AttributeValue>" for text in texts)
        + "</saml:Attribute>"
        for name, texts in attributes.items()
    )
    text = f"""<?xml version="1.0"?>
    <samlp:Response xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol" ID="r" Version="2.0"
        xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion" IssueInstant="{parts["issued"]}">
      <samlp:Status><samlp:StatusCode Value="{parts["status"]}"/></samlp:Status>
      <saml:Assertion ID="a" Version="2.0" IssueInstant="{parts["issued"]}">
        {parts["issuer"]}
        <saml:Subject>
          <saml:NameID {parts["format"]}>{parts["name"]}</saml:NameID>
          <saml:SubjectConfirmation Method="urn:oasis:names:tc:SAML:2.0:cm:bearer">
            <saml:SubjectConfirmationData NotOnOrAfter="{parts["end"]}" {parts["recipient"]}/>
          </saml:SubjectConfirmation>
        </saml:Subject>
        <saml:Conditions NotOnOrAfter="{parts["end"]}">
          <saml:AudienceRestriction>
            <saml:Audience>{parts["audience"]}</saml:Audience>
          </saml:AudienceRestriction>
        </saml:Conditions>
        <saml:AuthnStatement {parts["session_end"]}/>
        <saml:AttributeStatement>{lines}</saml:AttributeStatement>
      </saml:Assertion>
    </samlp:Response>"""
    return encoded(text)


def encoded(text: str) -> str:
    return base64.encodebytes(text.encode()).decode()


def redeem(aws: Aws, assertion: str, **options: Any) -> Answer:
    """The answer to a response, from a client that signs nothing."""
    given = {
        "RoleArn": role_arn(aws),
        "PrincipalArn": provider_arn(aws),
        "SAMLAssertion": assertion,
    } | options
    answer: Answer = unsigned(aws).assume_role_with_saml(**given)
    return answer


def test_a_response_is_worth_a_session_of_a_role(aws: Aws) -> None:
    answer = redeem(aws, response(aws))
    del answer["ResponseMetadata"]
    sts = client(aws, {"Credentials": answer.pop("Credentials")})
    user = answer.pop("AssumedRoleUser")
    assert user["Arn"] == f"arn:aws:sts::{aws.account}:assumed-role/worker/alice@example.org"
    assert who(sts)[1] == user["Arn"]
    qualified = f"https://idp.example.org/{aws.account}/Corporate".encode()
    assert answer == {
        "Subject": "alice",
        "SubjectType": "persistent",
        "Issuer": "https://idp.example.org/",
        "Audience": RECIPIENT,
        "NameQualifier": base64.b64encode(sha1(qualified).digest()).decode(),
    }


@pytest.mark.parametrize(
    ("given", "kind"),
    [
        ('Format="urn:oasis:names:tc:SAML:2.0:nameid-format:transient"', "transient"),
        ('Format="urn:example:own"', "urn:example:own"),
        ("", "urn:oasis:names:tc:SAML:1.1:nameid-format:unspecified"),
    ],
)
def test_the_subjects_type_is_the_names_format(aws: Aws, given: str, kind: str) -> None:
    assert redeem(aws, response(aws, format=given))["SubjectType"] == kind


@pytest.mark.parametrize(
    "audience",
    [
        "urn:amazon:webservices",
        "https://eu-west-1.signin.aws.amazon.com/saml",
        "https://eu-west-1.signin.aws.amazon.com/platform/saml/acs/SAMLSPABC",
        "https://signin.amazonaws.cn/saml",
    ],
)
def test_the_audience_is_aws(aws: Aws, audience: str) -> None:
    redeem(aws, response(aws, audience=audience))


def test_another_audience_is_refused(aws: Aws) -> None:
    words = "Response does not contain the required audience."
    for audience in ("https://example.org/saml", "", "https://signin.aws.amazon.com.evil/saml"):
        with fails("InvalidIdentityToken", words, status=400):
            redeem(aws, response(aws, audience=audience))


@pytest.mark.parametrize("order", ["{role},{provider}", "{provider}, {role}"])
def test_the_response_grants_roles_in_pairs(aws: Aws, order: str) -> None:
    pair = order.format(role=role_arn(aws), provider=provider_arn(aws))
    others = [f"{role_arn(aws, 'other')},{provider_arn(aws)}", pair]
    redeem(aws, response(aws, attributes={"Role": others}))
    with fails("AccessDenied", "Not authorized to perform sts:AssumeRoleWithSAML", status=403):
        redeem(aws, response(aws, attributes={"Role": others[:1]}))


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ([], "RoleSessionName is required in AuthnResponse"),
        (["a"], "RoleSessionName in AuthnResponse must match"),
        (["alice smith"], "RoleSessionName in AuthnResponse must match"),
    ],
)
def test_the_sessions_name_is_in_the_response(aws: Aws, name: list[str], words: str) -> None:
    with fails("InvalidIdentityToken", words, status=400):
        redeem(aws, response(aws, attributes={"RoleSessionName": name}))


def test_a_response_brings_tags_and_a_source_identity(aws: Aws) -> None:
    given = {
        "PrincipalTag:Cost": ["1"],
        "PrincipalTag:Team": ["a"],
        "TransitiveTagKeys": ["Cost"],
        "SourceIdentity": ["alice"],
    }
    answer = redeem(aws, response(aws, attributes=given), Policy=POLICY)
    assert answer["SourceIdentity"] == "alice"
    assert answer["PackedPolicySize"] == 6
    sts = client(aws, answer)
    assert assume(aws, "next", sts=sts)["SourceIdentity"] == "alice"
    with fails("InvalidParameterValue", "transitive tag key", status=400):
        assume(aws, "next", sts=sts, Tags=[{"Key": "Cost", "Value": "2"}])


@pytest.mark.parametrize("identity", ["aws:alice", "a", "alice smith"])
def test_source_identities_are_checked(aws: Aws, identity: str) -> None:
    with fails("InvalidIdentityToken", "Source Identity must match", status=400):
        redeem(aws, response(aws, attributes={"SourceIdentity": [identity]}))


# times -----------------------------------------------------------------------------------------


@pytest.mark.fogbank(freeze="2026-06-01T12:00:00Z")
def test_the_session_ends_with_the_users_own(aws: Aws) -> None:
    assert seconds(aws, redeem(aws, response(aws))) == 3600
    assert seconds(aws, redeem(aws, response(aws), DurationSeconds=7200)) == 7200
    end = stamp(aws.clock.now() + timedelta(seconds=1000))
    ends = response(aws, session_end=f'SessionNotOnOrAfter="{end}"')
    assert seconds(aws, redeem(aws, ends)) == 1000
    over = response(aws, session_end='SessionNotOnOrAfter="2026-06-01T12:00:00Z"')
    with fails("ExpiredTokenException", status=400):
        redeem(aws, over)


@pytest.mark.fogbank(freeze=True)
def test_a_response_is_redeemed_within_five_minutes(aws: Aws) -> None:
    far = stamp(aws.clock.now() + timedelta(days=1))
    issued, short = response(aws, end=far), response(aws, end=stamp(aws.clock.now()))
    words = "Token must be redeemed within 5 minutes of issuance"
    with fails("ExpiredTokenException", words, status=400):
        redeem(aws, short)
    aws.clock.advance(295)
    redeem(aws, issued)
    aws.clock.advance(6)
    with fails("ExpiredTokenException", words, status=400):
        redeem(aws, issued)


# what is no response ---------------------------------------------------------------------------

ENTITIES = '<!DOCTYPE r [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><r>&b;</r>'


@pytest.mark.parametrize(
    "assertion",
    ["text", "!!!!", encoded("no xml"), encoded("<a><b></a>"), encoded(ENTITIES), encoded("")],
)
def test_what_is_no_xml_is_refused(aws: Aws, assertion: str) -> None:
    with fails("InvalidIdentityToken", "Invalid base64 SAMLResponse", status=400):
        redeem(aws, assertion.ljust(4))


@pytest.mark.parametrize(
    "changes",
    [
        {"issued": "today"},
        {"end": "tomorrow"},
        {"issuer": ""},
        {"name": " "},
        {"recipient": ""},
        {"session_end": 'SessionNotOnOrAfter="never"'},
    ],
)
def test_a_response_that_lacks_something_is_refused(aws: Aws, changes: dict[str, str]) -> None:
    with fails("InvalidIdentityToken", status=400):
        redeem(aws, response(aws, **changes))


@pytest.mark.parametrize(
    "text",
    [
        "<Response/>",
        '<p:Response xmlns:p="urn:oasis:names:tc:SAML:2.0:protocol"/>',
        '<p:Response xmlns:p="urn:oasis:names:tc:SAML:2.0:protocol">'
        '<s:EncryptedAssertion xmlns:s="urn:oasis:names:tc:SAML:2.0:assertion"/></p:Response>',
    ],
)
def test_a_response_has_one_assertion_that_can_be_read(aws: Aws, text: str) -> None:
    with fails("InvalidIdentityToken", status=400):
        redeem(aws, encoded(text))


def test_a_user_that_was_turned_away_is_refused(aws: Aws) -> None:
    denied = "urn:oasis:names:tc:SAML:2.0:status:AuthnFailed"
    with fails("IDPRejectedClaim", denied, status=403):
        redeem(aws, response(aws, status=denied))


@pytest.mark.parametrize(
    "principal",
    [
        "arn:aws:iam::{account}:role/Corporate",
        "arn:aws:iam::444455556666:saml-provider/Corporate",
        "Corporate-Corporate-Corporate",
    ],
)
def test_the_provider_is_one_of_the_roles_account(aws: Aws, principal: str) -> None:
    with fails("ValidationError", status=400):
        redeem(aws, response(aws), PrincipalArn=principal.format(account=aws.account))
