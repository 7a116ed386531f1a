"""Credentials: keys that were issued, switched off and revoked."""

import re
from base64 import b32decode

from runtime import credentials
from runtime.context import Context
from runtime.credentials import Credential, find, issue
from tests.runtime.surroundings import NOON

USER = "arn:aws:iam::111122223333:user/alice"
ROLE = "arn:aws:sts::111122223333:assumed-role/role/session"


def user_key(context: Context) -> Credential:
    return issue(context, arn=USER, kind="user", user_id="AIDA")


def test_a_key_that_stays_has_no_token(context: Context) -> None:
    made = user_key(context)
    assert re.fullmatch(r"AKIA[A-Z2-7]{16}", made.access_key_id)
    assert re.fullmatch(r"[A-Za-z0-9+/]{40}", made.secret)
    assert (made.token, made.expires, made.active) == (None, None, 1)
    assert find(context.store, made.access_key_id) == made
    assert made.principal.arn == USER
    assert made.principal.access_key_id == made.access_key_id
    assert made.principal.session == {}


def test_a_temporary_key_has_a_token_and_an_end_on_the_virtual_clock(context: Context) -> None:
    made = issue(
        context,
        arn=ROLE,
        kind="assumed-role",
        user_id="AROA:session",
        account="444455556666",
        seconds=900,
        session={"tags": {"a": "ü"}},
    )
    assert made.access_key_id.startswith("ASIA")
    assert made.token is not None
    assert len(made.token) == 360
    assert made.expires == NOON + 900
    context.store.cache("credential").clear()
    found = find(context.store, made.access_key_id)
    assert found == made
    assert found.principal.session == {"tags": {"a": "ü"}}
    assert found.principal.account == "444455556666"


def test_the_account_can_be_read_off_a_key(context: Context) -> None:
    for account in ("000000000000", "111122223333", "999999999999"):
        made = issue(context, arn=USER, kind="user", user_id="AIDA", account=account)
        number = int.from_bytes(b32decode(made.access_key_id[4:])[:6])
        assert f"{(number & 0x7FFFFFFFFF80) >> 7:012}" == account


def test_a_token_is_as_long_as_it_has_to_be(context: Context) -> None:
    for size, expected in ((0, 360), (360, 360), (361, 364), (4096, 4096)):
        made = issue(context, arn=ROLE, kind="x", user_id="x", seconds=1, token_size=size)
        assert made.token is not None
        assert len(made.token) == expected


def test_a_key_that_nothing_issued_is_nobodys(context: Context) -> None:
    assert find(context.store, "test") is None
    assert find(context.store, "test") is None


def test_a_key_can_be_switched_off_and_on(context: Context) -> None:
    key = user_key(context).access_key_id
    for active in (False, True):
        credentials.set_active(context, key, active)
        found = find(context.store, key)
        assert found is not None
        assert bool(found.active) is active


def test_a_revoked_key_is_forgotten(context: Context) -> None:
    key = user_key(context).access_key_id
    assert find(context.store, key) is not None
    credentials.revoke(context, key)
    assert find(context.store, key) is None


def test_a_key_of_an_operation_that_failed_is_unknown(context: Context) -> None:
    context.store.enter()
    key = user_key(context).access_key_id
    assert find(context.store, key) is not None
    context.store.abandon()
    assert find(context.store, key) is None


def test_unknown_keys_are_not_remembered_without_end(context: Context) -> None:
    for number in range(10_050):
        find(context.store, f"key-{number}")
    assert len(context.store.cache("credential")) <= 10_001
