"""Web identity: roles for the bearers of OpenID Connect tokens."""

from types import SimpleNamespace
from typing import Any

import pytest

from fogbank.testing import Aws
from runtime.clock import Clock
from services.sts import sessions
from tests.services.sts.helpers import (
    POLICY,
    Answer,
    assume,
    client,
    fails,
    jwt,
    role_arn,
    seconds,
    unchecked,
    unsigned,
    who,
)

TAGS = "https://aws.amazon.com/tags"


def claims(aws: Aws, **changes: Any) -> dict[str, Any]:
    """What a token says: issued now, good for an hour."""
    now = int(aws.clock.now().timestamp())
    usual = {
        "iss": "https://token.example.org/realm",
        "sub": "repo:octo/cat:ref:refs/heads/main",
        "aud": "sts.amazonaws.com",
        "iat": now,
        "exp": now + 3600,
    }
    return {name: value for name, value in (usual | changes).items() if value is not None}


def redeem(aws: Aws, token: str | dict[str, Any], *, sts: Any = None, **options: Any) -> Answer:
    """The answer to a token, from a client that signs nothing."""
    given = {
        "RoleArn": role_arn(aws),
        "RoleSessionName": "build",
        "WebIdentityToken": token if isinstance(token, str) else jwt(token),
    } | options
    answer: Answer = (sts or unsigned(aws)).assume_role_with_web_identity(**given)
    return answer


def test_a_token_of_the_second_in_which_the_clock_was_set_back_is_not_born_expired(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    real = [1000.0]
    monkeypatch.setattr("runtime.clock.time.time", lambda: real[0])
    clock = Clock()
    clock.freeze(500.0)
    real[0] = 1010.5  # the token says 1010, when the clock still stood
    clock.freeze(1010.5)
    clock.resume()
    context: Any = SimpleNamespace(runtime=SimpleNamespace(clock=clock))
    assert sessions.real_moment(context, 1010 + 60, 1010) > clock.now()


def test_a_token_is_worth_a_session_of_a_role(aws: Aws) -> None:
    answer = redeem(aws, claims(aws))
    credentials = answer.pop("Credentials")
    del answer["ResponseMetadata"]
    user = answer.pop("AssumedRoleUser")
    assert user["Arn"] == f"arn:aws:sts::{aws.account}:assumed-role/worker/build"
    assert answer == {
        "SubjectFromWebIdentityToken": "repo:octo/cat:ref:refs/heads/main",
        "Provider": f"arn:aws:iam::{aws.account}:oidc-provider/token.example.org/realm",
        "Audience": "sts.amazonaws.com",
    }
    assert who(client(aws, {"Credentials": credentials}))[1] == user["Arn"]


def test_the_role_is_the_same_as_when_it_is_assumed(aws: Aws) -> None:
    role = [
        answer["AssumedRoleUser"]["AssumedRoleId"].split(":")[0]
        for answer in (assume(aws), redeem(aws, claims(aws)))
    ]
    assert role[0] == role[1]


@pytest.mark.parametrize(
    ("issuer", "provider"),
    [
        ("https://accounts.google.com", "accounts.google.com"),
        ("accounts.google.com", "accounts.google.com"),
        ("https://cognito-identity.amazonaws.com", "cognito-identity.amazonaws.com"),
    ],
)
def test_some_providers_are_known_by_their_own_name(aws: Aws, issuer: str, provider: str) -> None:
    assert redeem(aws, claims(aws, iss=issuer))["Provider"] == provider


@pytest.mark.parametrize(
    ("given", "audience"),
    [
        ({"aud": ["one"]}, "one"),
        ({"aud": ["one", "two"], "azp": "two"}, "two"),
        ({"aud": ["one", "two"]}, "one"),
    ],
)
def test_of_several_audiences_the_one_it_was_issued_to_counts(
    aws: Aws, given: dict[str, Any], audience: str
) -> None:
    assert redeem(aws, claims(aws, **given))["Audience"] == audience


@pytest.mark.parametrize("lasts", [None, 900, 43200])
def test_the_session_lasts_an_hour_or_as_long_as_is_asked_for(aws: Aws, lasts: int | None) -> None:
    options = {} if lasts is None else {"DurationSeconds": lasts}
    assert abs(seconds(aws, redeem(aws, claims(aws), **options)) - (lasts or 3600)) <= 2


def test_session_policies_and_a_longer_token(aws: Aws) -> None:
    answer = redeem(aws, claims(aws), Policy=POLICY, MinimumSessionTokenSize=2000)
    assert answer["PackedPolicySize"] == 5
    assert answer["SessionTokenSize"] == 2000
    with fails("MalformedPolicyDocument", status=400):
        redeem(aws, claims(aws), Policy="{}")


def test_a_token_brings_tags_and_a_source_identity(aws: Aws) -> None:
    tags = {"principal_tags": {"Team": ["a"], "Cost": ["1"]}, "transitive_tag_keys": ["Cost"]}
    identity = {"https://aws.amazon.com/source_identity": "alice"}
    answer = redeem(aws, claims(aws, **{TAGS: tags}, **identity))
    assert answer["SourceIdentity"] == "alice"
    assert answer["PackedPolicySize"] == 1
    again = assume(aws, "next", sts=client(aws, answer), Tags=[{"Key": "Team", "Value": "b"}])
    assert again["SourceIdentity"] == "alice"
    with fails("InvalidParameterValue", "transitive tag key", status=400):
        assume(aws, "next", sts=client(aws, answer), Tags=[{"Key": "cost", "Value": "2"}])


def test_tags_may_be_claims_of_their_own(aws: Aws) -> None:
    flat = {f"{TAGS}/principal_tags/Cost": "1", f"{TAGS}/transitive_tag_keys": ["Cost"]}
    answer = redeem(aws, claims(aws, **flat))
    with fails("InvalidParameterValue", "transitive tag key", status=400):
        assume(aws, "next", sts=client(aws, answer), Tags=[{"Key": "Cost", "Value": "2"}])


@pytest.mark.parametrize(
    ("tags", "code"),
    [
        ("a", "InvalidIdentityToken"),
        ({"principal_tags": ["a"]}, "InvalidIdentityToken"),
        ({"principal_tags": {"a": ["1", "2"]}}, "InvalidIdentityToken"),
        ({"principal_tags": {"a": 1}}, "InvalidIdentityToken"),
        ({"principal_tags": {"a": "x" * 257}}, "InvalidParameterValue"),
        ({"principal_tags": {"a?": "x"}}, "InvalidParameterValue"),
        ({"principal_tags": {"a": "1", "A": "1"}}, "InvalidParameterValue"),
        ({"transitive_tag_keys": ["a"]}, "InvalidParameterValue"),
    ],
)
def test_tags_in_a_token_are_checked(aws: Aws, tags: Any, code: str) -> None:
    with fails(code, status=400):
        redeem(aws, claims(aws, **{TAGS: tags}))


@pytest.mark.parametrize(
    "token",
    [
        "no token",
        "a.b.c",
        "e30.e30",
        "e30.e30.e30.e30",
        "bnVsbA.bnVsbA.c2ln",
        jwt({"sub": "a"}, alg="none"),
        jwt({"sub": "a"}, alg="HS256"),
        jwt({"sub": "a"}).rpartition(".")[0] + ".",
    ],
)
def test_what_is_no_token_is_refused(aws: Aws, token: str) -> None:
    with fails("InvalidIdentityToken", "The ID Token provided is not a valid JWT.", status=400):
        redeem(aws, token)


@pytest.mark.parametrize("name", ["iss", "sub", "aud", "exp"])
def test_some_claims_are_required(aws: Aws, name: str) -> None:
    with fails("InvalidIdentityToken", f"Missing a required claim: {name}", status=400):
        redeem(aws, claims(aws, **{name: None}))


@pytest.mark.parametrize("value", ["soon", True, [1]])
@pytest.mark.parametrize("name", ["exp", "iat", "nbf"])
def test_times_are_numbers(aws: Aws, name: str, value: Any) -> None:
    with fails("InvalidIdentityToken", f"The claim {name} is no number.", status=400):
        redeem(aws, claims(aws, **{name: value}))


def test_a_token_that_is_over_is_refused(aws: Aws) -> None:
    now = int(aws.clock.now().timestamp())
    words = "must be before the expiration date/time"
    with fails("ExpiredTokenException", "Token expired: current date/time", words, status=400):
        redeem(aws, claims(aws, iat=now - 7200, exp=now - 3600))
    with fails("InvalidIdentityToken", "not valid yet", status=400):
        redeem(aws, claims(aws, nbf=now + 3000))


@pytest.mark.fogbank(freeze=True)
def test_a_token_ages_with_the_clock_from_when_it_was_issued(aws: Aws) -> None:
    issued = claims(aws)
    aws.clock.advance(3599)
    redeem(aws, issued)
    aws.clock.advance(1)
    with fails("ExpiredTokenException", status=400):
        redeem(aws, issued)


@pytest.mark.fogbank(freeze=True)
def test_a_token_that_was_issued_in_real_time_is_not_born_expired(aws: Aws) -> None:
    real = claims(aws)
    aws.clock.advance(86_400)
    later = {**real, "iat": real["iat"] + 60, "exp": real["exp"] + 60}  # after the advance
    redeem(aws, later)


@pytest.mark.parametrize("provider", ["www.amazon.com", "graph.facebook.com"])
def test_providers_that_would_have_to_be_asked_are_not_reached(aws: Aws, provider: str) -> None:
    with fails("IDPCommunicationError", provider, status=400):
        redeem(aws, "opaque", ProviderId=provider)


def test_parameters_are_checked(aws: Aws) -> None:
    with fails("ValidationError", "is invalid", status=400):
        redeem(aws, claims(aws), RoleArn=f"arn:aws:iam::{aws.account}:user/a")
    with fails("ValidationError", "at 'durationSeconds' failed to satisfy", status=400):
        redeem(aws, claims(aws), sts=unchecked(aws), DurationSeconds=1)
    with fails("ValidationError", "at 'webIdentityToken' failed to satisfy", status=400):
        redeem(aws, "abc", sts=unchecked(aws))
