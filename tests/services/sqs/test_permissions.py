"""Permissions: statements in a queue's policy."""

import json
from typing import Any

import pytest

from fogbank.testing import Aws
from tests.services.sqs.helpers import arn, attributes, create, fails


def policy(aws: Aws, url: str) -> dict[str, Any] | None:
    """A queue's policy."""
    text = attributes(aws, url, "Policy").get("Policy")
    return None if text is None else json.loads(text)


def add(aws: Aws, url: str, label: str = "l", **changes: list[str]) -> None:
    """Let account 222222222222 receive, or what the changes say."""
    given: Any = {"AWSAccountIds": ["222222222222"], "Actions": ["ReceiveMessage"], **changes}
    aws.client("sqs").add_permission(QueueUrl=url, Label=label, **given)


def test_permissions_come_and_go(aws: Aws) -> None:
    sqs, url = aws.client("sqs"), create(aws)
    add(aws, url, "first")
    one = {
        "Sid": "first",
        "Effect": "Allow",
        "Principal": {"AWS": "arn:aws:iam::222222222222:root"},
        "Action": "SQS:ReceiveMessage",
        "Resource": arn(aws, "orders"),
    }
    assert policy(aws, url) == {
        "Version": "2008-10-17",
        "Id": arn(aws, "orders") + "/SQSDefaultPolicy",
        "Statement": [one],
    }
    accounts = ["222222222222", "333333333333"]
    add(aws, url, "second", AWSAccountIds=accounts, Actions=["*", "SendMessage"])
    found = policy(aws, url)
    assert found is not None
    assert found["Statement"][1]["Principal"] == {
        "AWS": [f"arn:aws:iam::{account}:root" for account in accounts]
    }
    assert found["Statement"][1]["Action"] == ["SQS:*", "SQS:SendMessage"]
    words = "Value first for parameter Label is invalid. Reason: Already exists."
    with fails("InvalidParameterValue", words):
        add(aws, url, "first")
    sqs.remove_permission(QueueUrl=url, Label="second")
    sqs.remove_permission(QueueUrl=url, Label="first")
    assert policy(aws, url) is None
    words = "Value first for parameter Label is invalid. Reason: can't find label."
    with fails("InvalidParameterValue", words):
        sqs.remove_permission(QueueUrl=url, Label="first")


def test_statements_of_the_owners_own_policy_stay(aws: Aws) -> None:
    own = {"Sid": "own", "Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*"}
    url = create(aws, Policy=json.dumps({"Version": "2012-10-17", "Statement": own}))
    add(aws, url)
    aws.client("sqs").remove_permission(QueueUrl=url, Label="l")
    assert policy(aws, url) == {"Version": "2012-10-17", "Statement": [own]}


@pytest.mark.parametrize(
    ("changes", "code", "words"),
    [
        (
            {"AWSAccountIds": ["*"]},
            "InvalidParameterValue",
            "Value [*] for parameter PrincipalId is invalid. Reason: Unable to verify.",
        ),
        ({"AWSAccountIds": []}, "InvalidParameterValue", "Value [] for parameter PrincipalId"),
        ({"Actions": []}, "MissingParameter", "The request must contain the parameter Actions."),
        (
            {"Actions": ["CreateQueue"]},
            "InvalidParameterValue",
            "Value SQS:CreateQueue for parameter ActionName is invalid. Reason: Please refer to"
            " the appropriate WSDL for a list of valid actions.",
        ),
    ],
)
def test_rules(aws: Aws, changes: dict[str, Any], code: str, words: str) -> None:
    url = create(aws)
    with fails(code, words):
        add(aws, url, **changes)
    with fails("InvalidParameterValue", "Value a b for parameter Label is invalid."):
        add(aws, url, "a b")


def test_a_statement_has_at_most_seven_actions(aws: Aws) -> None:
    url = create(aws)
    with fails("OverLimit", "8 Actions were found, maximum allowed is 7.", status=403):
        add(aws, url, Actions=["SendMessage"] * 8)
