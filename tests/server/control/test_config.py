"""Config: what can be changed while the server runs."""

from pathlib import Path
from typing import get_type_hints

import pytest

from fogbank import ControlError, Server
from runtime.settings import Config
from tests.server.control.calling import refusal


def test_all_settings_are_shown(server: Server) -> None:
    assert server.config().keys() == get_type_hints(Config).keys()


def test_a_change_takes_effect_at_once(server: Server) -> None:
    before = server.config()
    try:
        answer = server.config(default_account="111122223333", limits="enforce")
        assert answer == {**before, "default_account": "111122223333", "limits": "enforce"}
        identity = server.client("sts").get_caller_identity()
        assert identity["Account"] == "111122223333"
    finally:
        server.config(**before)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"nonsense": 1}, "nonsense"),
        ({"limits": "enforce", "signatures": "maybe"}, "signatures"),
        ({"limits": "enforce", "default_account": 111122223333}, "default_account"),
        ({"limits": "enforce", "default_account": "12"}, "default_account"),
        ({"limits": ["enforce"]}, "limits"),
    ],
)
def test_a_bad_change_changes_nothing(server: Server, changes: object, field: str) -> None:
    before = server.config()
    assert refusal(server, "PUT", "/_fogbank/config", changes)[1] == field
    assert server.config() == before


def test_iam_is_refused_as_long_as_nothing_evaluates_policies(server: Server) -> None:
    for value in ("audit", "enforce"):
        with pytest.raises(ControlError, match="not evaluated in this version") as refused:
            server.config(iam=value, limits="enforce")
        assert refused.value.field == "iam"
    assert server.config(iam="off")["limits"] == "off"


def test_a_start_takes_its_options_whatever_was_changed_before(tmp_path: Path) -> None:
    with Server(data=tmp_path) as server:
        server.config(validation="lenient")
    with Server(data=tmp_path) as server:
        assert server.config()["validation"] == "strict"
