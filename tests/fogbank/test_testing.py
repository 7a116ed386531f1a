"""One test's AWS."""

import os

import boto3
import pytest

from fogbank import Server
from fogbank.testing import Aws, account, unset


def test_an_account_is_twelve_digits_and_always_the_same() -> None:
    found = [account(f"tests/test_x.py::test_{number}") for number in range(1000)]
    assert all(len(number) == 12 and number.isdecimal() for number in found)
    assert len(set(found)) == 1000
    assert account("x") == account("x")


def test_its_clients_are_of_its_account(server: Server) -> None:
    aws = Aws(server, "111122223333")
    sts = aws.client("sts")
    assert sts.get_caller_identity()["Account"] == "111122223333"
    assert aws.client("sts") is sts
    assert aws.client("sts", region="eu-west-1").meta.region_name == "eu-west-1"
    assert aws.resource("sqs").meta.client.meta.region_name == "us-east-1"
    server.client("sts").get_caller_identity()
    assert {request.account for request in aws.requests()} == {"111122223333"}
    assert aws.endpoint_url == server.endpoint_url
    assert repr(aws) == f"<AWS account 111122223333 in us-east-1 at {server.endpoint_url}>"
    aws.settle()
    assert aws.clock is server.clock


def test_its_environment_makes_any_sdk_find_it(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NO_PROXY", "example.com")
    variables = Aws(server, "111122223333").environment()
    assert variables["AWS_ENDPOINT_URL"] == server.endpoint_url
    assert variables["AWS_ACCESS_KEY_ID"] == "111122223333"
    assert set(variables["NO_PROXY"].split(",")) == {"example.com", "127.0.0.1", "localhost", "::1"}
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    sts = boto3.Session().client("sts")
    assert sts.get_caller_identity()["Account"] == "111122223333"


def test_what_could_lead_past_the_server_is_unset() -> None:
    assert unset(
        {"AWS_PROFILE": "x", "AWS_ENDPOINT_URL_S3": "x", "AWS_REGION": "x", "PATH": "x"}
    ) == ["AWS_PROFILE", "AWS_ENDPOINT_URL_S3"]


def test_the_fixture_patches_the_environment(aws: Aws) -> None:
    assert os.environ["AWS_ENDPOINT_URL"] == aws.endpoint_url
    assert boto3.client("sts").get_caller_identity()["Account"] == aws.account
