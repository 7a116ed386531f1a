"""Tokens: temporary credentials for the caller, and for a user that the caller vouches for."""

from typing import Any

import pytest

from fogbank.testing import Aws
from tests.services.sts.helpers import (
    POLICY,
    assume,
    client,
    fails,
    seconds,
    unchecked,
    unsigned,
    who,
)


def test_a_session_token_is_for_the_caller(aws: Aws) -> None:
    answer = aws.client("sts").get_session_token()
    assert set(answer) == {"Credentials", "ResponseMetadata"}
    assert who(client(aws, answer)) == who(aws.client("sts"))


@pytest.mark.parametrize(("given", "lasts"), [(None, 3600), (900, 900), (43200, 3600)])
def test_a_roots_token_lasts_an_hour_at_most(aws: Aws, given: int | None, lasts: int) -> None:
    options = {} if given is None else {"DurationSeconds": given}
    assert abs(seconds(aws, aws.client("sts").get_session_token(**options)) - lasts) <= 2
    answer = aws.client("sts").get_federation_token(Name="bob", **options)
    assert abs(seconds(aws, answer) - lasts) <= 2


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"DurationSeconds": 899}, "greater than or equal to 900"),
        ({"DurationSeconds": 129601}, "less than or equal to 129600"),
        ({"SerialNumber": "x", "TokenCode": "123456"}, "at 'serialNumber' failed to satisfy"),
    ],
)
def test_parameters_of_a_session_token_are_checked(
    aws: Aws, given: dict[str, Any], words: str
) -> None:
    with fails("ValidationError", words, status=400):
        unchecked(aws).get_session_token(**given)


def test_an_mfa_device_takes_a_serial_number_and_a_code(aws: Aws) -> None:
    sts = aws.client("sts")
    sts.get_session_token(SerialNumber="GAHT12345678", TokenCode="123456")
    with fails("AccessDenied", "must provide both", status=403):
        sts.get_session_token(TokenCode="123456")


def test_sessions_make_no_tokens(aws: Aws) -> None:
    root, role = aws.client("sts").get_session_token(), assume(aws)
    federated = aws.client("sts").get_federation_token(Name="bob")
    for answer in (root, role, federated):
        sts = client(aws, answer)
        with fails("AccessDenied", "Cannot call GetSessionToken with session", status=403):
            sts.get_session_token()
        with fails("AccessDenied", "Cannot call GetFederationToken with session", status=403):
            sts.get_federation_token(Name="bob")


def test_nobody_gets_no_token(aws: Aws) -> None:
    with fails("MissingAuthenticationToken", status=403):
        unsigned(aws).get_session_token()
    with fails("MissingAuthenticationToken", status=403):
        unsigned(aws).get_federation_token(Name="bob")


def test_a_root_session_can_assume_roles(aws: Aws) -> None:
    sts = client(aws, aws.client("sts").get_session_token())
    assert who(client(aws, assume(aws, sts=sts, DurationSeconds=7200)))[1].endswith("/session")


def test_a_federated_user_has_a_name_in_the_account(aws: Aws) -> None:
    answer = aws.client("sts").get_federation_token(Name="bob")
    assert set(answer) == {"Credentials", "FederatedUser", "PackedPolicySize", "ResponseMetadata"}
    arn = f"arn:aws:sts::{aws.account}:federated-user/bob"
    assert answer["FederatedUser"] == {"FederatedUserId": f"{aws.account}:bob", "Arn": arn}
    assert answer["PackedPolicySize"] == 0
    assert who(client(aws, answer)) == (aws.account, arn, f"{aws.account}:bob")


def test_a_federated_user_has_policies_and_tags(aws: Aws) -> None:
    answer = aws.client("sts").get_federation_token(
        Name="bob",
        Policy=POLICY,
        PolicyArns=[{"arn": "arn:aws:iam::aws:policy/ReadOnlyAccess"}],
        Tags=[{"Key": "team", "Value": "a"}],
    )
    assert answer["PackedPolicySize"] > 0
    with fails("MalformedPolicyDocument", status=400):
        aws.client("sts").get_federation_token(Name="bob", Policy="{}")
    with fails("ValidationError", "at 'policy'", "less than or equal to 2048", status=400):
        unchecked(aws).get_federation_token(Name="bob", Policy=POLICY + " " * 2048)


@pytest.mark.parametrize("name", ["b", "x" * 33, "a b"])
def test_names_of_federated_users_are_checked(aws: Aws, name: str) -> None:
    with fails("ValidationError", "at 'name' failed to satisfy constraint", status=400):
        unchecked(aws).get_federation_token(Name=name)


def test_a_federated_user_assumes_no_roles(aws: Aws) -> None:
    sts = client(aws, aws.client("sts").get_federation_token(Name="bob"))
    with fails("AccessDenied", status=403):
        assume(aws, sts=sts)


@pytest.mark.fogbank(freeze=True)
def test_tokens_end_with_their_time(aws: Aws) -> None:
    sts = client(aws, aws.client("sts").get_session_token())
    aws.clock.advance(3600)
    with fails("ExpiredToken", status=403):
        sts.get_caller_identity()
