"""Pagination tokens: opaque, and bound to the account, region and operation that gave them.

A token holds the cursor of a keyset: the values after which the next page begins. Nothing is kept
on the server, and a token of another operation, account or region, or one that was tampered with,
is refused.
"""

import zlib
from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import Any

import orjson

from protocols.errors import Error
from runtime.context import Context


def token(context: Context, *cursor: Any) -> str:
    """A token for the page after these values (JSON values)."""
    body = orjson.dumps(cursor)
    return urlsafe_b64encode(_seal(context, body) + body).decode()


def cursor(context: Context, text: str, *, error: Error) -> tuple[Any, ...]:
    """The values a token stands for; raises the error when it isn't one of ours."""
    try:
        raw = urlsafe_b64decode(text)
        if raw[:4] != _seal(context, raw[4:]) or urlsafe_b64encode(raw).decode() != text:
            raise error
        return tuple(orjson.loads(raw[4:]))
    except ValueError:
        raise error from None


def _seal(context: Context, body: bytes) -> bytes:
    bound = f"{context.account}/{context.region}/{context.service}/{context.operation}"
    return zlib.crc32(body, zlib.crc32(bound.encode())).to_bytes(4, "big")
