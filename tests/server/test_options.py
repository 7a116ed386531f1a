"""The options of `fogbank serve`: what each takes, and what they become together."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, get_type_hints

import pytest

from fogbank.process import Options
from runtime.settings import Config, ConfigError, Settings
from server import options
from server.options import BY_NAME, OPTIONS, settings


@pytest.mark.parametrize(
    ("read", "text", "value"),
    [
        (options.boolean, "YES", True),
        (options.boolean, "off", False),
        (options.words, "sqs, s3,,", ["sqs", "s3"]),
        (options.paths, "a,~/b", [Path("a"), Path("~/b").expanduser()]),
        (options.port, "0", 0),
        (options.number, "-7", -7),
        (options.listener, "4566", ("0.0.0.0", 4566)),
        (options.listener, ":4566", ("0.0.0.0", 4566)),
        (options.listener, "[::1]:443", ("::1", 443)),
        (options.listeners, "a:1,b:2", [("a", 1), ("b", 2)]),
        (options.origins, "none", []),
        (options.origins, "https://a,https://b", ["https://a", "https://b"]),
        (options.level, "DEBUG", "debug"),
        (options.log_format, "JSON", "json"),
        (BY_NAME["limits"].read, "Enforce", "enforce"),
    ],
)
def test_what_is_taken(read: Callable[[str], Any], text: str, value: Any) -> None:
    assert read(text) == value


@pytest.mark.parametrize(
    ("read", "text"),
    [
        (options.boolean, "perhaps"),
        (options.port, "65536"),
        (options.port, "-1"),
        (options.number, "many"),
        (options.listener, "host"),
        (options.level, "loud"),
        (options.log_format, "xml"),
        (BY_NAME["limits"].read, "some"),
    ],
)
def test_what_is_not(read: Callable[[str], Any], text: str) -> None:
    with pytest.raises(ValueError, match=text):
        read(text)


def test_later_layers_win() -> None:
    layers = ({"port": 1, "region": "x"}, {"port": 2}, {"config.limits": "enforce"})
    found = settings(*layers, warnings=[])
    assert found == Settings(port=2, region="x", config=Config(limits="enforce"))


def test_a_certificate_needs_its_key() -> None:
    with pytest.raises(ConfigError, match="go together"):
        settings({"tls_certificate": Path("c")}, warnings=[])


def test_every_setting_can_be_chosen() -> None:
    targets = {option.target for option in OPTIONS} - {"debug"}
    settings = {name for name in get_type_hints(Settings) if name not in ("config", "warnings")}
    config = {f"config.{name}" for name in get_type_hints(Config)}
    assert targets == settings | config


def test_the_library_takes_the_same_options() -> None:
    own = {"port", "data", "region", "port_file", "parent_pid"}
    not_taken = {"listen"}  # a Server has one endpoint
    names = {option.name.replace("-", "_") for option in OPTIONS}
    assert set(get_type_hints(Options)) | own == names - not_taken
