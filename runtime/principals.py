"""Who calls: the identity behind a request, in the forms that STS, policies and CloudTrail use."""

from dataclasses import dataclass, field
from functools import lru_cache
from hashlib import sha256
from typing import Any


@dataclass(slots=True, frozen=True)
class Principal:
    """One caller. `arn` and `user_id` are what GetCallerIdentity answers."""

    arn: str
    account: str
    type: str
    """root, user, assumed-role, federated-user, service or anonymous."""
    user_id: str
    access_key_id: str = ""
    session: dict[str, Any] = field(default_factory=dict)
    """Of temporary credentials: name, issuer, tags, policies, expiry, as STS recorded them."""


@lru_cache(maxsize=4096)
def root(account: str, access_key_id: str = "", partition: str = "aws") -> Principal:
    """The account's root: who unknown test keys are."""
    return Principal(
        f"arn:{partition}:iam::{account}:root", account, "root", account, access_key_id
    )


@lru_cache(maxsize=256)
def service(name: str, account: str) -> Principal:
    """An AWS service acting for itself, such as `s3.amazonaws.com`."""
    return Principal(name, account, "service", name)


@lru_cache(maxsize=256)
def anonymous(account: str) -> Principal:
    """A caller who signed nothing; `account` is only where account-less requests are looked up."""
    return Principal("*", account, "anonymous", "anonymous")


@lru_cache(maxsize=4096)
def canonical_id(account: str) -> str:
    """An account's canonical user id, as in S3's owners: 64 hexadecimal digits, ever the same."""
    return sha256(f"canonical user of {account}".encode()).hexdigest()
