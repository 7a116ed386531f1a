"""Sessions: nothing of the user's own AWS reaches them."""

from pathlib import Path

import pytest

from fogbank import Server
from fogbank.sessions import ambient, session


def test_the_users_configuration_is_not_looked_at(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = tmp_path / "config"
    config.write_text(
        "[default]\nregion = mars-1\nendpoint_url = http://127.0.0.1:1\n"
        "[profile prod]\nregion = mars-2\nrole_arn = arn:aws:iam::1:role/x\n"
    )
    for name, value in {
        "AWS_CONFIG_FILE": str(config),
        "AWS_PROFILE": "prod",
        "AWS_ENDPOINT_URL": "http://127.0.0.1:1",
        "AWS_ENDPOINT_URL_STS": "http://127.0.0.1:1",
        "AWS_ACCESS_KEY_ID": "AKIAREAL",
        "AWS_SESSION_TOKEN": "real",
        "AWS_REGION": "mars-3",
        "AWS_USE_FIPS_ENDPOINT": "true",
        "AWS_CA_BUNDLE": "/nonexistent",
    }.items():
        monkeypatch.setenv(name, value)
    sts = server.client("sts")
    assert sts.meta.region_name == "us-east-1"
    assert sts.get_caller_identity()["Account"] == "000000000000"


def test_models_are_loaded_once_for_all_sessions() -> None:
    loaders = {
        id(made._session.get_component("data_loader"))
        for made in (session(None, "us-east-1"), session("111122223333", "eu-west-1"), ambient())
    }
    assert len(loaders) == 1
