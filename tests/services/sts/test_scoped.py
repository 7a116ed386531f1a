"""Scoped credentials: the caller's own session, with less rights or a nearer end."""

import pytest

from fogbank.testing import Aws
from tests.services.sts.helpers import POLICY, assume, client, fails, seconds, unsigned, who


def test_who_calls_stays_who_calls(aws: Aws) -> None:
    outer = assume(aws, SourceIdentity="alice")
    answer = client(aws, outer).get_scoped_credentials(Policy=POLICY)
    user = outer["AssumedRoleUser"]
    assert answer["SessionInfo"] == {"ScopedSessionId": user["AssumedRoleId"], "Arn": user["Arn"]}
    assert who(client(aws, answer)) == who(client(aws, outer))
    assert answer["SourceIdentity"] == "alice"
    assert answer["ScopedPoliciesCount"] == 1
    assert answer["SessionTokenSize"] == len(answer["Credentials"]["SessionToken"])
    assert 0 < answer["SessionTokenUtilization"] <= 100


@pytest.mark.fogbank(freeze="2026-06-01T12:00:00Z")
def test_the_end_is_the_sessions_or_nearer(aws: Aws) -> None:
    sts = client(aws, assume(aws, DurationSeconds=1000))
    aws.clock.advance(100)
    assert seconds(aws, sts.get_scoped_credentials(Policy=POLICY)) == 900
    assert seconds(aws, sts.get_scoped_credentials(DurationSeconds=900)) == 900
    short = sts.get_scoped_credentials(DurationSeconds=1)
    assert short["ScopedPoliciesCount"] == 0
    with fails("InsufficientSessionLifetime", status=400):
        sts.get_scoped_credentials(DurationSeconds=901)
    aws.clock.advance(1)
    with fails("ExpiredToken", status=403):
        client(aws, short).get_caller_identity()


def test_three_policies_lie_over_each_other(aws: Aws) -> None:
    answer = assume(aws)
    for count in (1, 2, 3):
        answer = client(aws, answer).get_scoped_credentials(Policy=POLICY)
        assert answer["ScopedPoliciesCount"] == count
    sts = client(aws, answer)
    with fails("AccessDenied", status=403):
        sts.get_scoped_credentials(Policy=POLICY)
    assert sts.get_scoped_credentials(DurationSeconds=60)["ScopedPoliciesCount"] == 3


@pytest.mark.parametrize("operation", ["get_session_token", "get_federation_token"])
def test_every_kind_of_session_can_be_scoped(aws: Aws, operation: str) -> None:
    sts = aws.client("sts")
    given = {"Name": "bob"} if operation == "get_federation_token" else {}
    outer = client(aws, getattr(sts, operation)(**given))
    answer = outer.get_scoped_credentials(DurationSeconds=60)
    assert who(client(aws, answer)) == who(outer)


def test_only_sessions_can_be_scoped(aws: Aws) -> None:
    with fails("InvalidSubjectCredentials", status=400):
        aws.client("sts").get_scoped_credentials(Policy=POLICY)
    with fails("MissingAuthenticationToken", status=403):
        unsigned(aws).get_scoped_credentials(Policy=POLICY)


def test_something_has_to_be_narrowed(aws: Aws) -> None:
    with fails("ValidationError", status=400):
        client(aws, assume(aws)).get_scoped_credentials()


def test_the_policy_is_checked(aws: Aws) -> None:
    sts = client(aws, assume(aws, Tags=[{"Key": "a", "Value": "x" * 200}]))
    with fails("MalformedPolicyDocument", status=400):
        sts.get_scoped_credentials(Policy="{}")
    with fails("PackedPolicyTooLarge", status=400):
        sts.get_scoped_credentials(Policy=POLICY + " " * (2000 - len(POLICY)))
