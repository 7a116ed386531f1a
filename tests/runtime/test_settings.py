"""What the operator chose, changed while the server runs."""

from dataclasses import fields
from typing import Any

import pytest

from runtime.settings import CHOICES, Config, ConfigError


def test_every_setting_has_its_choices() -> None:
    names = {field.name for field in fields(Config)} - {"default_account"}
    assert names == set(CHOICES)
    for name, value in Config().members().items():
        assert name == "default_account" or value in CHOICES[name]


def test_settings_change_together() -> None:
    config = Config()
    config.change({"limits": "enforce", "default_account": "123456789012"})
    assert config.members() == {
        **Config().members(),
        "limits": "enforce",
        "default_account": "123456789012",
    }


@pytest.mark.parametrize(
    ("values", "field", "said"),
    [
        ({"colour": "red"}, "colour", "unknown setting"),
        ({"limits": "on"}, "limits", "off, enforce, not 'on'"),
        ({"limits": None}, "limits", "must be one of"),
        ({"limits": ["off"]}, "limits", "must be one of"),
        ({"default_account": "12345"}, "default_account", "12 digits"),
        ({"default_account": 123456789012}, "default_account", "12 digits"),
        ({"default_account": "\u0661" * 12}, "default_account", "12 digits"),
    ],
)
def test_what_is_wrong_is_named_and_changes_nothing(
    values: dict[str, Any], field: str, said: str
) -> None:
    config = Config()
    with pytest.raises(ConfigError, match=said) as caught:
        config.change({"latency": "real", **values})
    assert caught.value.field == field
    assert config == Config()
