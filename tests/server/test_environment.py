"""Variables of the environment: fogbank's own, LocalStack's, moto's and MiniStack's."""

from pathlib import Path
from typing import Any

import pytest

from server import environment
from server.environment import HONOURED, NO_EFFECT, Surroundings


def read(**variables: str) -> Surroundings:
    return environment.read(variables)


@pytest.mark.parametrize(
    ("variables", "values"),
    [
        ({"EDGE_PORT": "4510"}, {"port": 4510}),
        ({"EDGE_BIND_HOST": "0.0.0.0"}, {"hosts": ["0.0.0.0"]}),
        (
            {"GATEWAY_LISTEN": "0.0.0.0:4566,0.0.0.0:443"},
            {"hosts": ["0.0.0.0"], "port": 4566, "more_listeners": [("0.0.0.0", 443)]},
        ),
        (
            {"GATEWAY_LISTEN": "127.0.0.1:5000,[::1]:5000", "EDGE_PORT": "1"},
            {"hosts": ["127.0.0.1", "::1"], "port": 5000, "more_listeners": []},
        ),
        (
            {"GATEWAY_LISTEN": ":4566"},
            {"hosts": ["0.0.0.0"], "port": 4566, "more_listeners": []},
        ),
        ({"LOCALSTACK_HOST": "aws.test:4566"}, {"hostname": "aws.test"}),
        ({"HOSTNAME_EXTERNAL": "aws"}, {"hostname": "aws"}),
        ({"SERVICES": "s3:4572,sqs, lambda"}, {"services": ["s3", "sqs", "lambda"]}),
        ({"EAGER_SERVICE_LOADING": "1"}, {"eager": True}),
        ({"DATA_DIR": "/d"}, {"data": Path("/d")}),
        ({"PERSISTENCE": "0"}, {}),
        ({"PERSIST_STATE": "1", "STATE_DIR": "/s"}, {"data": Path("/s")}),
        ({"DEBUG": "1"}, {"log_level": "debug"}),
        ({"DEBUG": "app:*"}, {}),
        ({"LS_LOG": "trace"}, {"log_level": "debug"}),
        ({"DEBUG": "1", "LS_LOG": "error"}, {"log_level": "error"}),
        ({"ENFORCE_IAM": "1"}, {"config.iam": "enforce"}),
        ({"ENFORCE_IAM": "1", "IAM_SOFT_MODE": "1"}, {"config.iam": "audit"}),
        ({"IAM_SOFT_MODE": "1"}, {}),
        ({"SQS_ENDPOINT_STRATEGY": "domain"}, {"config.sqs_endpoint_strategy": "domain"}),
        ({"SQS_ENDPOINT_STRATEGY": "off"}, {"config.sqs_endpoint_strategy": "dynamic"}),
        ({"S3_SKIP_SIGNATURE_VALIDATION": "1"}, {"config.signatures": "off"}),
        ({"S3_SKIP_SIGNATURE_VALIDATION": "0"}, {"config.signatures": "verify"}),
        ({"DISABLE_CORS_CHECKS": "1"}, {"cors_origins": ["*"]}),
        ({"DISABLE_CORS_HEADERS": "1"}, {"cors_origins": []}),
        ({"EXTRA_CORS_ALLOWED_ORIGINS": "https://a"}, {"cors_origins": ["*", "https://a"]}),
        ({"USE_SSL": "true"}, {"tls": True}),
        ({"DEFAULT_REGION": "eu-west-1"}, {"region": "eu-west-1"}),
        ({"MOTO_ACCOUNT_ID": "123456789012"}, {"config.default_account": "123456789012"}),
        ({"MOTO_PORT": "3000"}, {"port": 3000}),
        ({"GATEWAY_PORT": "4567", "MINISTACK_REGION": "x"}, {"port": 4567, "region": "x"}),
    ],
)
def test_what_other_emulators_are_told_is_honoured(
    variables: dict[str, str], values: dict[str, Any]
) -> None:
    found = environment.read(variables)
    assert found.foreign == values
    assert found.warnings == []


def test_localstacks_prefix_is_understood() -> None:
    assert read(LOCALSTACK_DEBUG="1").foreign == {"log_level": "debug"}
    assert read(LOCALSTACK_SERVICES="sqs").foreign == {"services": ["sqs"]}


def test_persistence_takes_the_volume_that_is_mounted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    theirs, ours = tmp_path / "localstack", tmp_path / "fogbank"
    monkeypatch.setattr(environment, "VOLUMES", (theirs, ours))
    assert read(PERSISTENCE="1").foreign == {"data": ours}
    theirs.mkdir()
    assert read(PERSISTENCE="1").foreign == {"data": theirs}


def test_what_has_no_effect_is_said_once_with_its_reason() -> None:
    found = read(LAMBDA_EXECUTOR="docker", LAMBDA_REMOTE_DOCKER="0", SKIP_SSL_CERT_DOWNLOAD="1")
    assert found.foreign == {}
    first, second = found.warnings
    assert first.startswith("LAMBDA_EXECUTOR, LAMBDA_REMOTE_DOCKER have no effect: ")
    assert second.startswith("SKIP_SSL_CERT_DOWNLOAD has no effect: ")


def test_empty_variables_are_not_there() -> None:
    assert read(SERVICES="", LAMBDA_EXECUTOR="", FOGBANK_PORT="") == Surroundings({}, {}, [])


def test_what_belongs_to_nobody_is_nobodys_business() -> None:
    assert read(PATH="/bin", HOSTNAME="box", AWS_REGION="x", TMPDIR="/t").warnings == []


def test_what_another_program_means_by_a_name_does_no_harm() -> None:
    found = read(EDGE_PORT="edge", MOTO_ACCOUNT_ID="me", LS_LOG="loud", PERSISTENCE="postgres")
    assert found.foreign == {}
    assert len(found.warnings) == 4
    assert all("is not understood and has no effect" in warning for warning in found.warnings)


def test_a_variable_of_ours_that_is_misspelt_is_pointed_out() -> None:
    (warning,) = read(FOGBANK_PROT="1").warnings
    assert warning == "FOGBANK_PROT is not a variable of fogbank; did you mean FOGBANK_PORT?"


def test_compatibility_can_be_switched_off() -> None:
    found = read(FOGBANK_COMPATIBILITY="off", SERVICES="web", DEBUG="1", FOGBANK_PORT="5")
    assert found == Surroundings({"port": 5}, {}, [])


def test_the_tables_do_not_overlap() -> None:
    named = [name for names in NO_EFFECT for name in names.split()]
    assert len(named) == len(set(named))
    assert set(named) & set(HONOURED) == set()
