"""What the operator chose: how this process serves (`Settings`), and how AWS behaves (`Config`).

Settings are fixed from start to stop. Config is what `PUT /_fogbank/config` can change while the
server runs.
"""

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any

CHOICES: dict[str, tuple[str, ...]] = {
    "iam": ("off", "audit", "enforce"),
    "signatures": ("off", "verify"),
    "limits": ("off", "enforce"),
    "latency": ("instant", "real"),
    "validation": ("strict", "lenient"),
    "s3_namespace": ("global", "account"),
    "sqs_endpoint_strategy": ("standard", "domain", "path", "dynamic"),
}


class ConfigError(ValueError):
    """A setting that does not exist, or a value it does not take; `field` names it."""

    def __init__(self, field_name: str, message: str) -> None:
        super().__init__(message)
        self.field = field_name


@dataclass
class Config:
    """How AWS behaves here; each field is one of `GET /_fogbank/config`."""

    iam: str = "off"
    signatures: str = "verify"
    limits: str = "off"
    latency: str = "instant"
    validation: str = "strict"
    default_account: str = "000000000000"
    s3_namespace: str = "global"
    sqs_endpoint_strategy: str = "dynamic"

    def change(self, values: Mapping[str, Any]) -> None:
        """Take new values, all or none of them.

        Raises ConfigError naming the first field that is unknown or has a bad value.
        """
        for name, value in values.items():
            self._check(name, value)
        for name, value in values.items():
            setattr(self, name, value)

    @staticmethod
    def _check(name: str, value: Any) -> None:
        if name not in {known.name for known in fields(Config)}:
            raise ConfigError(name, f"unknown setting '{name}'")
        if name == "default_account":
            if not isinstance(value, str) or not re.fullmatch(r"[0-9]{12}", value):
                raise ConfigError(name, "default_account must be a string of 12 digits")
        elif value not in CHOICES[name]:
            choices = ", ".join(CHOICES[name])
            raise ConfigError(name, f"{name} must be one of {choices}, not {value!r}")

    def members(self) -> dict[str, Any]:
        """All fields as plain values."""
        return asdict(self)


@dataclass
class Settings:
    """How this process serves: sockets, files, logs, and the config it starts with."""

    hosts: list[str] = field(default_factory=lambda: ["127.0.0.1", "::1"])
    port: int = 4566
    more_listeners: list[tuple[str, int]] = field(default_factory=list)
    port_file: Path | None = None
    """Where to write {"port", "pid", "endpoint_url"} as JSON once requests are answered."""
    data: Path | None = None
    """The folder that keeps the state; None is a temporary folder that goes with the process."""
    region: str = "us-east-1"
    """The region of requests that name none."""
    hostname: str = "localhost.localstack.cloud"
    """The name that URLs in answers carry where AWS would put its own domain."""
    served_hostnames: list[str] = field(default_factory=list)
    """More names under which virtual hosts (`bucket.NAME`) are understood."""
    tls: bool = False
    tls_certificate: Path | None = None
    tls_key: Path | None = None
    allowed_hosts: list[str] = field(default_factory=list)
    """Host names that may reach the control API besides loopback names; "*" is all."""
    cors_origins: list[str] = field(default_factory=lambda: ["*"])
    """Web origins whose scripts may call AWS operations; empty switches CORS off."""
    services: list[str] = field(default_factory=list)
    """Serve only these; empty is all."""
    eager: bool = False
    """Load all services at start instead of at their first call."""
    log_level: str = "info"
    log_format: str = "human"
    strict_answers: bool = False
    """Check each answer against the model and fail on what it lacks (tests)."""
    seed: int | None = None
    """Seeds the id source, so that a run can be repeated."""
    journal_rows: int = 100_000
    journal_bytes: int = 256 * 1024 * 1024
    hooks: list[Path] = field(
        default_factory=lambda: [Path("/etc/localstack/init"), Path("/etc/fogbank/init")]
    )
    parent_pid: int | None = None
    """Stop when this process is gone (`fogbank.Server` sets it)."""
    warnings: list[str] = field(default_factory=list)
    """What to say once in the log at start (settings that have no effect here)."""
    config: Config = field(default_factory=Config)
