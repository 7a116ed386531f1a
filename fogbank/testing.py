"""One test's AWS: an account of its own, and an environment in which boto3 finds it by itself."""

import os
from hashlib import sha256
from typing import Any

from fogbank.connection import Clock, Connection, Faults
from fogbank.journal import Requests
from fogbank.sessions import SECRET_ACCESS_KEY

UNSET = (
    "AWS_CA_BUNDLE",
    "AWS_CONTAINER_AUTHORIZATION_TOKEN",
    "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE",
    "AWS_CONTAINER_CREDENTIALS_FULL_URI",
    "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
    "AWS_CREDENTIAL_EXPIRATION",
    "AWS_DEFAULT_PROFILE",
    "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS",
    "AWS_PROFILE",
    "AWS_ROLE_ARN",
    "AWS_ROLE_SESSION_NAME",
    "AWS_SECURITY_TOKEN",
    "AWS_SESSION_TOKEN",
    "AWS_USE_DUALSTACK_ENDPOINT",
    "AWS_USE_FIPS_ENDPOINT",
    "AWS_WEB_IDENTITY_TOKEN_FILE",
)
"""What could lead an SDK past the server, or to the user's real account."""


class Aws:
    """AWS as one test has it; nothing of another test's is in its account."""

    def __init__(self, server: Connection, account: str) -> None:
        self.server = server
        self.account = account
        self.region = server.region
        self._clients: dict[tuple[str, str | None], Any] = {}

    @property
    def endpoint_url(self) -> str:
        """Where the server answers."""
        return self.server.endpoint_url

    @property
    def clock(self) -> Clock:
        """The server's clock, which is that of all accounts: mark a test that leaves it changed."""
        return self.server.clock

    @property
    def faults(self) -> Faults:
        """The server's fault rules; give a rule `account=aws.account` to keep it to this test."""
        return self.server.faults

    def session(self, region: str | None = None) -> Any:
        """A boto3 session of this account."""
        return self.server.session(self.account, region or self.region)

    def client(self, service: str, *, region: str | None = None, **options: Any) -> Any:
        """A boto3 client of this account; without options, the same one each time."""
        if options:
            return self.server.client(service, account=self.account, region=region, **options)
        key = (service, region)
        if key not in self._clients:
            self._clients[key] = self.server.client(service, account=self.account, region=region)
        return self._clients[key]

    def resource(self, service: str, *, region: str | None = None, **options: Any) -> Any:
        """A boto3 resource of this account."""
        return self.server.resource(service, account=self.account, region=region, **options)

    def requests(
        self, service: str | None = None, operation: str | None = None, **filters: Any
    ) -> Requests:
        """The AWS calls of this account, oldest first (see `Connection.requests`)."""
        return self.server.requests(service, operation, **{"account": self.account, **filters})

    def settle(self, timeout: float = 10.0) -> None:
        """Wait till no background work is due or running."""
        self.server.settle(timeout)

    def environment(self) -> dict[str, str]:
        """The variables that make any AWS SDK, in any process, talk to this account."""
        return {
            "AWS_ENDPOINT_URL": self.endpoint_url,
            "AWS_ACCESS_KEY_ID": self.account,
            "AWS_SECRET_ACCESS_KEY": SECRET_ACCESS_KEY,
            "AWS_DEFAULT_REGION": self.region,
            "AWS_REGION": self.region,
            "AWS_CONFIG_FILE": os.devnull,
            "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
            "AWS_EC2_METADATA_DISABLED": "true",
            **({"AWS_CA_BUNDLE": bundle} if (bundle := self.server.ca_bundle) else {}),
            **{name: _straight(os.environ.get(name)) for name in ("NO_PROXY", "no_proxy")},
        }

    def __repr__(self) -> str:
        return f"<AWS account {self.account} in {self.region} at {self.endpoint_url}>"


def unset(variables: dict[str, str]) -> list[str]:
    """Which of these variables must not be seen by code under test."""
    return [name for name in variables if name in UNSET or name.startswith("AWS_ENDPOINT_URL_")]


def account(seed: str) -> str:
    """Twelve digits that are always the same for a seed."""
    number = int.from_bytes(sha256(seed.encode()).digest()[:8])
    return str(10**11 + number % (9 * 10**11))


def _straight(current: str | None) -> str:
    """The hosts that are reached without a proxy, with this machine among them."""
    hosts = [host for host in (current or "").split(",") if host]
    return ",".join([*hosts, *({"127.0.0.1", "localhost", "::1"} - set(hosts))])
