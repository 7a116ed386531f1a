"""Denials: why a request was refused, sealed so that only who may know it can read it.

An operation that is denied answers an encoded message (EC2's UnauthorizedOperation does); whoever
may call DecodeAuthorizationMessage learns from it what was asked for and what was missing. The key
is a secret of the store: a message can be read where it was made, and after a restart, too.
"""

import zlib
from base64 import b64decode, urlsafe_b64encode
from typing import Any

import orjson

from runtime.context import Context

_KEY = "denials_key"


def encode(context: Context, document: dict[str, Any]) -> str:
    """A message that stands for a document (what AWS says of a denial), bound to the account."""
    key = context.store.setting(_KEY)
    if key is None:
        key = context.ids.bytes(32).hex()
        context.store.set(_KEY, key)
    nonce = context.ids.bytes(12)
    sealed = _cipher(key).encrypt(nonce, zlib.compress(orjson.dumps(document)), _bound(context))
    return urlsafe_b64encode(nonce + sealed).decode()


def decode(context: Context, text: str) -> str | None:
    """The document of a message as JSON; None for a message that wasn't made here and for it."""
    from cryptography.exceptions import InvalidTag

    key = context.store.setting(_KEY)
    if key is None:
        return None
    try:
        raw = b64decode(text, altchars=b"-_", validate=True)
        packed = _cipher(key).decrypt(raw[:12], raw[12:], _bound(context))
    except (ValueError, InvalidTag):
        return None
    return zlib.decompress(packed).decode()


def _bound(context: Context) -> bytes:
    return context.account.encode()


def _cipher(key: str) -> Any:
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM  # 20 ms: few ever need it

    return AESGCM(bytes.fromhex(key))
