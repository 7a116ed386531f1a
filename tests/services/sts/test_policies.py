"""Session policies and session tags: what they may be, and how much room they take."""

import json
from typing import Any

import pytest

from fogbank.testing import Aws
from tests.services.sts.helpers import POLICY, assume, fails, unchecked

STATEMENT = {"Effect": "Allow", "Action": "s3:*", "Resource": "*"}


def policy(*statements: dict[str, Any], **members: Any) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements), **members})


@pytest.mark.parametrize(
    "text",
    [
        policy(STATEMENT),
        policy(STATEMENT, {**STATEMENT, "Effect": "Deny", "Sid": "second"}),
        json.dumps({"Statement": STATEMENT}),
        policy({"Effect": "Allow", "NotAction": ["iam:*"], "NotResource": ["arn:aws:s3:::b"]}),
        policy({**STATEMENT, "Action": "*", "Condition": {"Bool": {"aws:SecureTransport": True}}}),
        policy({**STATEMENT, "Resource": ["*", "arn:aws:s3:::b/*", "arn:aws:sqs:*:*:q"]}),
    ],
)
def test_what_a_session_policy_can_be(aws: Aws, text: str) -> None:
    assert assume(aws, Policy=text)["PackedPolicySize"] == -(-len(text) * 100 // 2048)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{", "This policy contains invalid Json"),
        ("policy", "This policy contains invalid Json"),
        ("[]", "Syntax errors in policy."),
        ("{}", "Syntax errors in policy."),
        (policy(), "Syntax errors in policy."),
        (policy(STATEMENT, Version="2020-01-01"), "Syntax errors in policy."),
        (json.dumps({"Statement": "Allow"}), "Syntax errors in policy."),
        (policy({**STATEMENT, "Effect": "Perhaps"}), "Syntax errors in policy."),
        (policy({**STATEMENT, "Action": 1}), "Syntax errors in policy."),
        (policy({**STATEMENT, "NotAction": "s3:*"}), "Syntax errors in policy."),
        (policy({**STATEMENT, "Condition": "always"}), "Syntax errors in policy."),
        (policy({"Effect": "Allow", "Resource": "*"}), "must contain actions."),
        (policy({"Effect": "Allow", "Action": "s3:*"}), "must contain resources."),
        (policy({**STATEMENT, "Principal": "*"}), "should not specify a principal."),
        (policy({**STATEMENT, "Action": "read"}), "must be prefaced by a vendor"),
        (policy({**STATEMENT, "Resource": "b"}), 'Resource b must be in ARN format or "*".'),
    ],
)
def test_what_no_session_policy_is(aws: Aws, text: str, words: str) -> None:
    with fails("MalformedPolicyDocument", words, status=400):
        assume(aws, Policy=text)


def test_a_session_policy_has_two_thousand_characters(aws: Aws) -> None:
    padded = POLICY + " " * (2048 - len(POLICY))
    assert assume(aws, Policy=padded)["PackedPolicySize"] == 100
    with fails("ValidationError", "at 'policy'", "less than or equal to 2048", status=400):
        assume(aws, Policy=padded + " ")


def managed(count: int, length: int = 0) -> list[dict[str, str]]:
    """So many ARNs of managed policies, of this length at least."""
    prefix = "arn:aws:iam::aws:policy/"
    return [{"arn": f"{prefix}P{number}".ljust(length, "x")} for number in range(count)]


def test_ten_managed_policies_are_session_policies(aws: Aws) -> None:
    assert assume(aws, PolicyArns=managed(10))["PackedPolicySize"] == 13
    with fails("ValidationError", "at 'policyArns'", "less than or equal to 10", status=400):
        assume(aws, PolicyArns=managed(11))


@pytest.mark.parametrize(
    "arn", ["arn:aws:iam::aws:role/ReadOnlyAccess", "ReadOnlyAccessReadOnlyAccess"]
)
def test_a_managed_policy_is_named_by_its_arn(aws: Aws, arn: str) -> None:
    with fails("ValidationError", f"{arn} is invalid", status=400):
        assume(aws, PolicyArns=[{"arn": arn}])


def test_policies_and_tags_share_the_room(aws: Aws) -> None:
    words = "Packed policy consumes 105% of allotted space, please use smaller policy."
    with fails("PackedPolicyTooLarge", words, status=400):
        assume(
            aws,
            Policy=POLICY + " " * (2000 - len(POLICY)),
            PolicyArns=managed(1, 100),
            Tags=[{"Key": "tag", "Value": "x" * 40}],
        )


def test_tags_alone_can_be_too_many(aws: Aws) -> None:
    given = [{"Key": f"key-{number:02}", "Value": "x" * 50} for number in range(50)]
    words = "Packed size of session tags consumes 137% of allotted space."
    with fails("PackedPolicyTooLarge", words, status=400):
        assume(aws, Tags=given)


# tags ------------------------------------------------------------------------------------------


def test_fifty_tags_fit(aws: Aws) -> None:
    given = [{"Key": str(number), "Value": "x"} for number in range(51)]
    assert assume(aws, Tags=given[:50])["PackedPolicySize"] == 7
    with fails("ValidationError", "at 'tags'", "less than or equal to 50", status=400):
        assume(aws, sts=unchecked(aws), Tags=given)


@pytest.mark.parametrize("twice", [("team", "team"), ("team", "TEAM")])
def test_keys_differ_by_more_than_case(aws: Aws, twice: tuple[str, str]) -> None:
    with fails("InvalidParameterValue", "Duplicate tag keys found.", status=400):
        assume(aws, Tags=[{"Key": key, "Value": "a"} for key in twice])


def test_keys_of_aws_are_reserved(aws: Aws) -> None:
    with fails("InvalidParameterValue", "reserved", status=400):
        assume(aws, Tags=[{"Key": "Aws:team", "Value": "a"}])


def test_a_transitive_key_is_among_the_tags(aws: Aws) -> None:
    words = "The specified transitive tag key must be included in the requested tags."
    with fails("InvalidParameterValue", words, status=400):
        assume(aws, Tags=[{"Key": "team", "Value": "a"}], TransitiveTagKeys=["cost"])
