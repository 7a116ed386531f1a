"""Identity: who calls, whose a key is, and why something was denied."""

import boto3
import pytest

from fogbank.testing import Aws
from tests.services.sts.helpers import assume, client, fails, unchecked, unsigned, who


def test_an_accounts_key_is_its_root(aws: Aws) -> None:
    answer = aws.client("sts").get_caller_identity()
    assert answer.pop("ResponseMetadata")["HTTPStatusCode"] == 200
    assert answer == {
        "Account": aws.account,
        "Arn": f"arn:aws:iam::{aws.account}:root",
        "UserId": aws.account,
    }


def test_a_key_of_ones_own_making_is_the_default_accounts_root(aws: Aws) -> None:
    sts = aws.client("sts", aws_access_key_id="test", aws_secret_access_key="test")
    default = aws.server.config()["default_account"]
    assert who(sts) == (default, f"arn:aws:iam::{default}:root", default)


def test_code_under_test_finds_the_account_by_itself(aws: Aws) -> None:
    assert boto3.client("sts").get_caller_identity()["Account"] == aws.account


@pytest.mark.parametrize(
    ("region", "partition"), [("cn-north-1", "aws-cn"), ("us-gov-west-1", "aws-us-gov")]
)
def test_roots_belong_to_the_regions_partition(aws: Aws, region: str, partition: str) -> None:
    assert who(aws.client("sts", region=region))[1] == f"arn:{partition}:iam::{aws.account}:root"


def test_a_session_is_its_role_under_its_name(aws: Aws) -> None:
    answer = assume(aws, "path/to/worker", RoleSessionName="nightly@batch")
    user = answer["AssumedRoleUser"]
    assert user["Arn"] == f"arn:aws:sts::{aws.account}:assumed-role/worker/nightly@batch"
    assert who(client(aws, answer)) == (aws.account, user["Arn"], user["AssumedRoleId"])


def test_nobody_is_asked_to_sign(aws: Aws) -> None:
    with fails("MissingAuthenticationToken", "missing Authentication Token", status=403):
        unsigned(aws).get_caller_identity()
    with fails("MissingAuthenticationToken"):
        unsigned(aws).get_access_key_info(AccessKeyId="AKIAIOSFODNN7EXAMPLE")
    with fails("MissingAuthenticationToken"):
        unsigned(aws).decode_authorization_message(EncodedMessage="message")


def test_a_key_tells_whose_it_is(aws: Aws) -> None:
    other = "arn:aws:iam::444455556666:role/worker"
    issued = assume(aws, RoleArn=other)["Credentials"]["AccessKeyId"]
    sts = aws.client("sts")
    assert sts.get_access_key_info(AccessKeyId=issued)["Account"] == "444455556666"
    unknown = sts.get_access_key_info(AccessKeyId="AKIAIOSFODNN7EXAMPLE")["Account"]
    assert unknown == aws.server.config()["default_account"]


@pytest.mark.parametrize("key", ["short", "x" * 129, "not-a-key-but-long"])
def test_a_key_id_has_its_form(aws: Aws, key: str) -> None:
    with fails("ValidationError", "at 'accessKeyId' failed to satisfy constraint", status=400):
        unchecked(aws).get_access_key_info(AccessKeyId=key)


@pytest.mark.parametrize("message", ["message", "AAAA" * 100, "line\nbreak"])
def test_messages_that_were_not_made_here_are_refused(aws: Aws, message: str) -> None:
    with fails("InvalidAuthorizationMessageException", status=400):
        aws.client("sts").decode_authorization_message(EncodedMessage=message)


@pytest.mark.parametrize(
    ("operation", "parameters"),
    [
        ("get_web_identity_token", {"Audience": ["a"], "SigningAlgorithm": "RS256"}),
        ("get_delegated_access_token", {"TradeInToken": "token"}),
    ],
)
def test_what_is_not_there_says_so(aws: Aws, operation: str, parameters: dict[str, object]) -> None:
    with fails("NotImplemented", "sts", status=501):
        getattr(aws.client("sts"), operation)(**parameters)
