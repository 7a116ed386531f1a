"""Roles: assuming one, chains of sessions, and the root of another account."""

import re
from typing import Any

import pytest

from fogbank.testing import Aws
from tests.services.sts.helpers import (
    POLICY,
    assume,
    client,
    fails,
    role_arn,
    seconds,
    unchecked,
    unsigned,
    who,
)


def test_a_roles_session_has_credentials_and_a_name(aws: Aws) -> None:
    answer = assume(aws)
    assert set(answer) == {"Credentials", "AssumedRoleUser", "ResponseMetadata"}
    credentials, user = answer["Credentials"], answer["AssumedRoleUser"]
    assert re.fullmatch(r"ASIA[A-Z2-7]{16}", credentials["AccessKeyId"])
    assert re.fullmatch(r"[A-Za-z0-9+/]{40}", credentials["SecretAccessKey"])
    assert len(credentials["SessionToken"]) > 100
    assert user["Arn"] == f"arn:aws:sts::{aws.account}:assumed-role/worker/session"
    assert re.fullmatch(r"AROA[A-Z2-7]{17}:session", user["AssumedRoleId"])


def test_a_role_has_one_id_and_each_session_its_own_key(aws: Aws) -> None:
    first, second, other = assume(aws), assume(aws, RoleSessionName="again"), assume(aws, "other")
    ids = [answer["AssumedRoleUser"]["AssumedRoleId"] for answer in (first, second, other)]
    assert ids[0].split(":")[0] == ids[1].split(":")[0] != ids[2].split(":")[0]
    assert first["Credentials"]["AccessKeyId"] != second["Credentials"]["AccessKeyId"]


def test_a_session_works_in_the_roles_account(aws: Aws) -> None:
    answer = assume(aws, RoleArn="arn:aws:iam::444455556666:role/guest")
    assert who(client(aws, answer))[0] == "444455556666"
    client(aws, answer, "sqs").create_queue(QueueName="theirs")
    assert "QueueUrls" not in aws.client("sqs").list_queues()


def test_roles_of_other_partitions_keep_theirs(aws: Aws) -> None:
    answer = assume(aws, RoleArn="arn:aws-cn:iam::444455556666:role/guest")
    assert answer["AssumedRoleUser"]["Arn"].startswith("arn:aws-cn:sts::444455556666:")


@pytest.mark.parametrize(
    "arn",
    [
        "arn:aws:iam::{account}:user/alice",
        "arn:aws:iam::{account}:role/",
        "arn:aws:iam::{account}:role/path/",
        "arn:aws:iam::12345:role/worker",
        "arn:aws:iam:us-east-1:{account}:role/worker",
        "arn:aws:sts::{account}:role/worker",
        "worker-worker-worker-worker",
    ],
)
def test_what_is_no_roles_arn_is_refused(aws: Aws, arn: str) -> None:
    arn = arn.format(account=aws.account)
    with fails("ValidationError", f"{arn} is invalid", status=400):
        assume(aws, RoleArn=arn)


@pytest.mark.parametrize(
    ("parameters", "words"),
    [
        ({"RoleSessionName": "a"}, "at 'roleSessionName' failed to satisfy constraint"),
        ({"RoleSessionName": "a b"}, "Member must satisfy regular expression pattern"),
        ({"RoleSessionName": "x" * 65}, "Member must have length less than or equal to 64"),
        ({"DurationSeconds": 899}, "Member must have value greater than or equal to 900"),
        ({"DurationSeconds": 43201}, "Member must have value less than or equal to 43200"),
        ({"RoleArn": "short"}, "Member must have length greater than or equal to 20"),
        ({"ExternalId": "a"}, "at 'externalId' failed to satisfy constraint"),
        ({"SourceIdentity": "a b"}, "at 'sourceIdentity' failed to satisfy constraint"),
        ({"TokenCode": "12", "SerialNumber": "x" * 9}, "at 'tokenCode' failed to satisfy"),
        ({"Tags": [{"Key": "a?", "Value": ""}]}, "at 'tags.1.member.key' failed to satisfy"),
        ({"MinimumSessionTokenSize": 4097}, "at 'minimumSessionTokenSize' failed to satisfy"),
    ],
)
def test_parameters_are_checked_in_awss_words(
    aws: Aws, parameters: dict[str, Any], words: str
) -> None:
    with fails("ValidationError", "1 validation error detected: ", words, status=400):
        assume(aws, sts=unchecked(aws), **parameters)


def test_a_role_and_a_session_name_are_required(aws: Aws) -> None:
    words = "2 validation errors detected: "
    with fails("ValidationError", words, "at 'roleArn'", "at 'roleSessionName'", status=400):
        unchecked(aws).assume_role()


@pytest.mark.parametrize("given", [None, 900, 7200, 43200])
def test_sessions_last_an_hour_or_as_long_as_is_asked_for(aws: Aws, given: int | None) -> None:
    options: dict[str, Any] = {} if given is None else {"DurationSeconds": given}
    answer = assume(aws, **options)
    assert abs(seconds(aws, answer) - (given or 3600)) <= 2


@pytest.mark.fogbank(freeze=True)
def test_credentials_end_with_their_time(aws: Aws) -> None:
    sts = client(aws, assume(aws, DurationSeconds=900))
    aws.clock.advance(899)
    assert who(sts)[0] == aws.account
    aws.clock.advance(1)
    with fails("ExpiredToken", "expired", status=403):
        sts.get_caller_identity()


def test_a_session_is_its_key_secret_and_token_together(aws: Aws) -> None:
    answer, other = assume(aws), assume(aws)
    mixed = {**answer["Credentials"], "SessionToken": other["Credentials"]["SessionToken"]}
    with fails("InvalidClientTokenId", status=403):
        client(aws, {"Credentials": mixed}).get_caller_identity()
    mixed = {**answer["Credentials"], "SessionToken": None}
    with fails("InvalidClientTokenId", status=403):
        client(aws, {"Credentials": mixed}).get_caller_identity()
    wrong = {**answer["Credentials"], "SecretAccessKey": other["Credentials"]["SecretAccessKey"]}
    with fails("SignatureDoesNotMatch", status=403):
        client(aws, {"Credentials": wrong}).get_caller_identity()


def test_nobody_may_not_assume_roles(aws: Aws) -> None:
    with fails("MissingAuthenticationToken", status=403):
        assume(aws, sts=unsigned(aws))


# chains ----------------------------------------------------------------------------------------


def test_a_chain_of_roles_has_an_hour(aws: Aws) -> None:
    sts = client(aws, assume(aws, DurationSeconds=43200))
    answer = assume(aws, "next", sts=sts, DurationSeconds=3600)
    assert who(client(aws, answer))[1].endswith(":assumed-role/next/session")
    words = "exceeds the 1 hour session limit for roles assumed by role chaining"
    with fails("ValidationError", words, status=400):
        assume(aws, "next", sts=sts, DurationSeconds=3601)


def test_a_source_identity_goes_through_the_chain(aws: Aws) -> None:
    first = assume(aws, SourceIdentity="alice")
    assert first["SourceIdentity"] == "alice"
    second = assume(aws, "next", sts=client(aws, first))
    assert second["SourceIdentity"] == "alice"
    assert assume(aws, sts=client(aws, second), SourceIdentity="alice")["SourceIdentity"] == "alice"
    with fails("AccessDenied", status=403):
        assume(aws, sts=client(aws, second), SourceIdentity="bob")
    assert "SourceIdentity" not in assume(aws)


@pytest.mark.parametrize("identity", ["aws:alice", "AWS:alice"])
def test_reserved_source_identities_are_refused(aws: Aws, identity: str) -> None:
    with fails("ValidationError", status=400):
        assume(aws, sts=unchecked(aws), SourceIdentity=identity)


@pytest.mark.parametrize("key", ["Cost", "COST"])
def test_a_transitive_tag_stays_as_it_is(aws: Aws, key: str) -> None:
    first = assume(
        aws,
        Tags=[{"Key": "cost", "Value": "1"}, {"Key": "team", "Value": "a"}],
        TransitiveTagKeys=["cost"],
    )
    second = assume(aws, sts=client(aws, first), Tags=[{"Key": "team", "Value": "b"}])
    for answer in (first, second):
        words = "conflicts with a transitive tag key from the calling session."
        with fails("InvalidParameterValue", words, status=400):
            assume(aws, sts=client(aws, answer), Tags=[{"Key": key, "Value": "2"}])


def test_inherited_tags_take_room(aws: Aws) -> None:
    first = assume(aws, Tags=[{"Key": "a", "Value": "x" * 203}], TransitiveTagKeys=["a"])
    assert first["PackedPolicySize"] == 10
    assert assume(aws, sts=client(aws, first))["PackedPolicySize"] == 10
    alone = assume(aws, Tags=[{"Key": "a", "Value": "x" * 203}])
    assert "PackedPolicySize" not in assume(aws, sts=client(aws, alone))


# options ---------------------------------------------------------------------------------------


def test_all_options_together(aws: Aws) -> None:
    answer = assume(
        aws,
        Policy=POLICY,
        PolicyArns=[{"arn": "arn:aws:iam::aws:policy/ReadOnlyAccess"}],
        ExternalId="customer/1:a",
        SerialNumber="arn:aws:iam::123456789012:mfa/alice",
        TokenCode="123456",
        SourceIdentity="alice",
        DurationSeconds=1000,
        Tags=[{"Key": "Größe", "Value": ""}],
        TransitiveTagKeys=["größe"],
    )
    assert 0 < answer["PackedPolicySize"] <= 100
    assert who(client(aws, answer))[0] == aws.account


@pytest.mark.parametrize("given", [{"SerialNumber": "GAHT12345678"}, {"TokenCode": "123456"}])
def test_half_of_what_an_mfa_device_takes_is_refused(aws: Aws, given: dict[str, str]) -> None:
    with fails("AccessDenied", "must provide both MFA serial number and one time pass", status=403):
        assume(aws, **given)


def test_contexts_that_nobody_issued_are_refused(aws: Aws) -> None:
    given = [{"ProviderArn": role_arn(aws), "ContextAssertion": "assertion"}]
    with fails("InvalidContextAssertion", status=400):
        assume(aws, ProvidedContexts=given)


@pytest.mark.parametrize(("size", "length"), [(0, 360), (1000, 1000), (4096, 4096)])
def test_a_token_can_be_made_longer(aws: Aws, size: int, length: int) -> None:
    answer = assume(aws, MinimumSessionTokenSize=size)
    assert len(answer["Credentials"]["SessionToken"]) == length == answer["SessionTokenSize"]
    assert answer["SessionTokenUtilization"] == -(-length * 100 // 4096)
    assert who(client(aws, answer))[0] == aws.account


def test_the_session_is_in_the_journal(aws: Aws) -> None:
    answer = assume(aws)
    client(aws, answer).get_caller_identity()
    call = aws.requests("sts", "GetCallerIdentity").one()
    assert call.principal == answer["AssumedRoleUser"]["Arn"]
    assert call.access_key_id == answer["Credentials"]["AccessKeyId"]


# another account's root ------------------------------------------------------------------------

TASK = {"arn": "arn:aws:iam::aws:policy/root-task/S3UnlockBucketPolicy"}


@pytest.mark.parametrize("target", ["444455556666", "arn:aws:iam::444455556666:root"])
def test_the_root_of_another_account_has_a_quarter_of_an_hour(aws: Aws, target: str) -> None:
    answer = aws.client("sts").assume_root(TargetPrincipal=target, TaskPolicyArn=TASK)
    assert who(client(aws, answer)) == (
        "444455556666",
        "arn:aws:iam::444455556666:root",
        "444455556666",
    )
    assert abs(seconds(aws, answer) - 900) <= 2


@pytest.mark.parametrize(
    ("target", "task"),
    [
        ("the-other-account", TASK["arn"]),
        ("arn:aws:iam::444455556666:user/alice", TASK["arn"]),
        ("444455556666", "arn:aws:iam::aws:policy/ReadOnlyAccess"),
        ("444455556666", "arn:aws:iam::aws:policy/root-task/Everything"),
    ],
)
def test_roots_are_assumed_for_known_tasks_only(aws: Aws, target: str, task: str) -> None:
    with fails("ValidationError", status=400):
        aws.client("sts").assume_root(TargetPrincipal=target, TaskPolicyArn={"arn": task})


def test_a_roots_session_is_short(aws: Aws) -> None:
    with fails("ValidationError", "less than or equal to 900", status=400):
        aws.client("sts").assume_root(
            TargetPrincipal="444455556666", TaskPolicyArn=TASK, DurationSeconds=901
        )


def test_the_source_identity_goes_on_to_the_root(aws: Aws) -> None:
    sts = client(aws, assume(aws, SourceIdentity="alice"))
    answer = sts.assume_root(TargetPrincipal="444455556666", TaskPolicyArn=TASK)
    assert answer["SourceIdentity"] == "alice"
