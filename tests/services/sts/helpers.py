"""What the tests of STS share."""

import base64
import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
from botocore import UNSIGNED
from botocore.config import Config
from botocore.exceptions import ClientError

from fogbank.testing import Aws

Answer = dict[str, Any]
POLICY = json.dumps(
    {"Statement": [{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::b/*"}]}
)


@contextmanager
def fails(code: str, *words: str, status: int | None = None) -> Iterator[None]:
    """The block ends in this error, whose message has these words."""
    with pytest.raises(ClientError) as caught:
        yield
    error = caught.value.response["Error"]
    assert error["Code"] == code, error
    for word in words:
        assert word in error["Message"]
    if status is not None:
        assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == status


def role_arn(aws: Aws, name: str = "worker") -> str:
    """The ARN of a role in the test's own account."""
    return f"arn:aws:iam::{aws.account}:role/{name}"


def assume(aws: Aws, name: str = "worker", *, sts: Any = None, **options: Any) -> Answer:
    """The answer to assuming a role as the account's root, or by another client."""
    given = {"RoleArn": role_arn(aws, name), "RoleSessionName": "session"} | options
    answer: Answer = (sts or aws.client("sts")).assume_role(**given)
    return answer


def client(aws: Aws, answer: Answer, service: str = "sts", **options: Any) -> Any:
    """A client that has the credentials of an answer."""
    credentials = answer["Credentials"]
    return aws.client(
        service,
        aws_access_key_id=credentials["AccessKeyId"],
        aws_secret_access_key=credentials["SecretAccessKey"],
        aws_session_token=credentials["SessionToken"],
        **options,
    )


def unsigned(aws: Aws) -> Any:
    """A client that signs nothing."""
    return aws.client("sts", config=Config(signature_version=UNSIGNED))


def unchecked(aws: Aws) -> Any:
    """A client that sends whatever it is told to."""
    return aws.client("sts", config=Config(parameter_validation=False))


def who(sts: Any) -> tuple[str, str, str]:
    """Account, ARN and user id of a client."""
    answer = sts.get_caller_identity()
    return answer["Account"], answer["Arn"], answer["UserId"]


def seconds(aws: Aws, answer: Answer) -> int:
    """How long credentials last from now on."""
    left: timedelta = answer["Credentials"]["Expiration"] - aws.clock.now()
    return round(left.total_seconds())


def jwt(claims: dict[str, Any], **header: Any) -> str:
    """A JSON web token that is signed by nobody in particular."""
    parts = [{"alg": "RS256", "typ": "JWT", **header}, claims]
    texts = [base64.urlsafe_b64encode(json.dumps(part).encode()).decode() for part in parts]
    return ".".join(text.rstrip("=") for text in [*texts, "c2lnbmF0dXJl"])
