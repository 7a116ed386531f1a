"""What `fogbank serve` can be told, as one table: each row is a command line option and its
environment variable.

    --default-account 111111111111        FOGBANK_DEFAULT_ACCOUNT=111111111111

A row's target is a field of `runtime.settings.Settings`, or `config.X` for one that `PUT
/_fogbank/config` can change.
"""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from runtime.settings import CHOICES, Config, ConfigError, Settings

Values = dict[str, Any]
"""Chosen values by target."""

LEVELS = ("debug", "info", "warning", "error")
_TRUE = ("1", "true", "yes", "on")
_FALSE = ("0", "false", "no", "off")


class Option(NamedTuple):
    """One option; `name` is written as on the command line, without the dashes."""

    name: str
    group: str
    target: str
    read: Callable[[str], Any]
    help: str
    metavar: str | None = None

    @property
    def variable(self) -> str:
        """Its environment variable."""
        return "FOGBANK_" + self.name.replace("-", "_").upper()

    @property
    def is_flag(self) -> bool:
        """Whether it stands alone: `--name`, `--no-name`."""
        return self.read is boolean

    @property
    def is_list(self) -> bool:
        """Whether it may be given several times, each time with one or more values."""
        return self.read in (words, paths, listeners)


def boolean(text: str) -> bool:
    """1/0, true/false, yes/no, on/off."""
    if text.lower() in _TRUE:
        return True
    if text.lower() in _FALSE:
        return False
    raise ValueError(f"'{text}' is neither true nor false")


def words(text: str) -> list[str]:
    """Values separated by commas."""
    return [word.strip() for word in text.split(",") if word.strip()]


def paths(text: str) -> list[Path]:
    """Paths separated by commas."""
    return [Path(word).expanduser() for word in words(text)]


def path(text: str) -> Path:
    """One path; `~` is the user's home."""
    return Path(text).expanduser()


def port(text: str) -> int:
    """A TCP port; 0 is a free one."""
    if not text.isdecimal() or int(text) > 65535:
        raise ValueError(f"'{text}' is not a port (0 to 65535)")
    return int(text)


def number(text: str) -> int:
    """A whole number."""
    try:
        return int(text)
    except ValueError:
        raise ValueError(f"'{text}' is not a whole number") from None


def listener(text: str) -> tuple[str, int]:
    """`HOST:PORT`, `[::1]:PORT`, `:PORT` (all of IPv4) or `PORT`."""
    host, colon, digits = text.strip().rpartition(":")
    if not colon:
        host = ""
    return host.strip("[]") or "0.0.0.0", port(digits)


def listeners(text: str) -> list[tuple[str, int]]:
    """`HOST:PORT`s separated by commas."""
    return [listener(word) for word in words(text)]


def origins(text: str) -> list[str]:
    """Web origins separated by commas; `none` is none."""
    return [] if text.lower() == "none" else words(text)


def level(text: str) -> str:
    """A level of the log."""
    if text.lower() not in LEVELS:
        raise ValueError(f"'{text}' is not one of {', '.join(LEVELS)}")
    return text.lower()


def log_format(text: str) -> str:
    """A form of the log."""
    if text.lower() not in ("human", "json"):
        raise ValueError(f"'{text}' is not one of human, json")
    return text.lower()


def _config(name: str, help_text: str) -> Option:
    """An option for one of the settings that have a fixed choice of values."""

    def read(text: str) -> str:
        choices = CHOICES[name]
        if text.lower() not in choices:
            raise ValueError(f"'{text}' is not one of {', '.join(choices)}")
        return text.lower()

    metavar = "{" + ",".join(CHOICES[name]) + "}"
    return Option(
        name.replace("_", "-"), "how AWS behaves", f"config.{name}", read, help_text, metavar
    )


_LISTEN, _STATE, _AWS, _LOG, _TEST = (
    "listening",
    "state",
    "how AWS behaves",
    "logging",
    "for tests",
)
OPTIONS = (
    Option(
        "host",
        _LISTEN,
        "hosts",
        words,
        "addresses to listen on; 0.0.0.0 is all of IPv4, :: all of IPv6 (default: loopback)",
        "HOST",
    ),
    Option("port", _LISTEN, "port", port, "the port; 0 is a free one (default: 4566)", "PORT"),
    Option("listen", _LISTEN, "more_listeners", listeners, "listen there as well", "HOST:PORT"),
    Option(
        "port-file",
        _LISTEN,
        "port_file",
        path,
        "write port, pid and endpoint as JSON there once requests are answered",
        "PATH",
    ),
    Option(
        "tls",
        _LISTEN,
        "tls",
        boolean,
        "answer https as well, on the same port, with a certificate made by fogbank",
    ),
    Option(
        "tls-certificate",
        _LISTEN,
        "tls_certificate",
        path,
        "a certificate of your own (PEM)",
        "PATH",
    ),
    Option("tls-key", _LISTEN, "tls_key", path, "its private key (PEM)", "PATH"),
    Option(
        "hostname",
        _LISTEN,
        "hostname",
        str,
        "the name that URLs in answers carry where AWS puts its own domain",
        "NAME",
    ),
    Option(
        "served-hostnames",
        _LISTEN,
        "served_hostnames",
        words,
        "more names under which virtual hosts (BUCKET.NAME) are understood",
        "NAME",
    ),
    Option(
        "allowed-hosts",
        _LISTEN,
        "allowed_hosts",
        words,
        "host names that may reach the control API besides loopback; * is all",
        "NAME",
    ),
    Option(
        "cors-origins",
        _LISTEN,
        "cors_origins",
        origins,
        "web origins whose scripts may call AWS; * is all (default), none switches CORS off",
        "ORIGIN",
    ),
    Option(
        "data",
        _STATE,
        "data",
        path,
        "keep all state in this folder, safely (default: state ends with the server)",
        "DIR",
    ),
    Option("hooks", _STATE, "hooks", paths, "folders of init hooks", "DIR"),
    Option("services", _AWS, "services", words, "serve only these (default: all)", "NAME"),
    Option(
        "eager", _AWS, "eager", boolean, "load all services at start instead of at their first call"
    ),
    Option("region", _AWS, "region", str, "the region of requests that name none", "REGION"),
    Option(
        "default-account",
        _AWS,
        "config.default_account",
        str,
        "whose account unknown access keys are of (default: 000000000000)",
        "ID",
    ),
    _config("iam", "whether IAM policies decide; audit only records what they would have said"),
    _config("signatures", "whether request signatures are checked"),
    _config("limits", "whether quotas and throughput limits apply"),
    _config("latency", "whether clusters, tables and the like take as long as on AWS"),
    _config("validation", "how strictly requests are held to AWS's model"),
    _config("s3_namespace", "whether bucket names are unique for all, or per account"),
    _config("sqs_endpoint_strategy", "the form of queue URLs"),
    Option("log-level", _LOG, "log_level", level, "how much to log", "{" + ",".join(LEVELS) + "}"),
    Option(
        "log-format", _LOG, "log_format", log_format, "for people or for programs", "{human,json}"
    ),
    Option(
        "debug", _LOG, "debug", boolean, "the same as --log-level debug: a line for each request"
    ),
    Option(
        "strict-answers",
        _TEST,
        "strict_answers",
        boolean,
        "fail on answers that do not match AWS's model (fogbank's own tests)",
    ),
    Option("seed", _TEST, "seed", number, "make ids and tokens the same in every run", "N"),
    Option("journal-rows", _TEST, "journal_rows", number, "how many calls the journal keeps", "N"),
    Option("journal-bytes", _TEST, "journal_bytes", number, "how large the journal may grow", "N"),
    Option("parent-pid", _TEST, "parent_pid", number, "stop when this process is gone", "PID"),
)
BY_NAME = {option.name: option for option in OPTIONS}
BY_VARIABLE = {option.variable: option for option in OPTIONS}


def settings(*layers: Mapping[str, Any], warnings: list[str]) -> Settings:
    """Settings from layers of chosen values, the later ones winning. Raises ConfigError."""
    values: Values = {}
    for layer in layers:
        values.update(layer)
    if values.pop("debug", False):
        values["log_level"] = "debug"
    if (values.get("tls_certificate") is None) != (values.get("tls_key") is None):
        raise ConfigError("tls-key", "--tls-certificate and --tls-key go together")
    if values.get("tls_certificate") is not None:
        values.setdefault("tls", True)
    config = Config()
    config.change({name[7:]: value for name, value in values.items() if name.startswith("config.")})
    if config.iam != "off":
        warnings.append(
            f"iam={config.iam} has no effect: policies are not evaluated in this version"
        )
        config.iam = "off"
    fixed = {name: value for name, value in values.items() if not name.startswith("config.")}
    return Settings(**fixed, config=config, warnings=warnings)
