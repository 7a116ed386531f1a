"""Credentials: the access keys that IAM and STS issued, and whose they are.

Table `credential` is what the server looks a request's access key id up in. A key that is not
there is a test key of a user's own making: the root of the account it spells (twelve digits), or
of the default account.
"""

from base64 import b32encode
from typing import Any, NamedTuple

import orjson

from runtime.context import Context
from runtime.principals import Principal
from runtime.store import Store

SCHEMA = """
CREATE TABLE IF NOT EXISTS credential (
    access_key_id  TEXT PRIMARY KEY,
    secret         TEXT NOT NULL,
    token          TEXT,              -- of temporary credentials: what x-amz-security-token must be
    expires        REAL,              -- virtual epoch seconds; NULL: does not expire
    active         INTEGER NOT NULL DEFAULT 1,
    account        TEXT NOT NULL,
    arn            TEXT NOT NULL,     -- the principal's, as GetCallerIdentity answers it
    type           TEXT NOT NULL,     -- root, user, assumed-role, federated-user
    user_id        TEXT NOT NULL,
    session        BLOB NOT NULL      -- JSON: what STS knows of the session
) STRICT, WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS credential_arn ON credential (account, arn);
"""

EXAMPLE_SECRETS = {
    "AKIAIOSFODNN7EXAMPLE": "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
}
"""The key pairs of AWS's own documentation: their secret is known, so signatures are verified."""


class Credential(NamedTuple):
    """An issued key with its principal."""

    access_key_id: str
    secret: str
    token: str | None
    expires: float | None
    active: int
    principal: Principal


def find(store: Store, access_key_id: str) -> Credential | None:
    """The credential of an access key id, or None when nothing here issued it."""
    cache = store.cache("credential")
    if access_key_id in cache:
        return cache[access_key_id]  # type: ignore[no-any-return]
    row = store.one("SELECT * FROM credential WHERE access_key_id = ?", access_key_id)
    found = None if row is None else _credential(*row)
    if len(cache) > 10_000:
        cache.clear()
    cache[access_key_id] = found
    return found


def _credential(
    access_key_id: str,
    secret: str,
    token: str | None,
    expires: float | None,
    active: int,
    account: str,
    arn: str,
    kind: str,
    user_id: str,
    session: bytes,
) -> Credential:
    principal = Principal(arn, account, kind, user_id, access_key_id, orjson.loads(session))
    return Credential(access_key_id, secret, token, expires, active, principal)


def issue(
    context: Context,
    *,
    arn: str,
    kind: str,
    user_id: str,
    account: str | None = None,
    seconds: float | None = None,
    session: dict[str, Any] | None = None,
    token_size: int = 0,
) -> Credential:
    """Make a new key pair for a principal; with `seconds` a temporary one that has a token.

    The token is as long as `token_size` characters at least.
    """
    account = account or context.account
    access_key_id = ("AKIA" if seconds is None else "ASIA") + _key_id(context, account)
    secret = context.ids.base64(30)
    token = None if seconds is None else context.ids.base64(max(270, -(-token_size // 4) * 3))
    expires = None if seconds is None else context.now + seconds
    values = (account, arn, kind, user_id, orjson.dumps(session or {}))
    context.store.run(
        "INSERT INTO credential VALUES (?, ?, ?, ?, 1, ?, ?, ?, ?, ?)",
        *(access_key_id, secret, token, expires, *values),
    )
    context.store.cache("credential").pop(access_key_id, None)
    return _credential(access_key_id, secret, token, expires, 1, *values)


def _key_id(context: Context, account: str) -> str:
    """Sixteen characters of which 40 bits are the account, as in AWS's own: tools read it there."""
    number = 1 << 79 | int(account) << 39 | context.ids.number(0, (1 << 39) - 1)
    return b32encode(number.to_bytes(10, "big")).decode()


def set_active(context: Context, access_key_id: str, active: bool) -> None:
    """Switch a key on or off."""
    context.store.run(
        "UPDATE credential SET active = ? WHERE access_key_id = ?", int(active), access_key_id
    )
    context.store.cache("credential").pop(access_key_id, None)


def revoke(context: Context, access_key_id: str) -> None:
    """Forget a key: requests signed with it are refused from now on."""
    context.store.run("DELETE FROM credential WHERE access_key_id = ?", access_key_id)
    context.store.cache("credential").pop(access_key_id, None)
