"""AWS's signature algorithms: pure computation, from a secret and a string to a signature.

What the string to sign is made of is the business of whoever received it: the server for requests,
S3 for the policies of upload forms.
"""

import hmac
from base64 import b64encode
from functools import lru_cache
from hashlib import sha256
from re import compile as pattern
from typing import TYPE_CHECKING
from urllib.parse import quote_from_bytes

if TYPE_CHECKING:
    from _hashlib import HASH

TERMINATOR = "aws4_request"

S3_FAMILY = frozenset({"s3", "s3express", "s3-object-lambda", "s3-outposts"})
"""Names in scopes whose paths are neither normalised nor encoded a second time."""

_INNER = bytes(byte ^ 0x36 for byte in range(256))
_OUTER = bytes(byte ^ 0x5C for byte in range(256))
_plain = pattern(rb"[A-Za-z0-9\-._~]*").fullmatch


@lru_cache(maxsize=2048)
def signing_key(secret: str, date: str, region: str, service: str) -> bytes:
    """Signature Version 4's key for one day (`YYYYMMDD`), region and service."""
    key = f"AWS4{secret}".encode()
    for part in (date, region, service, TERMINATOR):
        key = hmac.digest(key, part.encode(), "sha256")
    return key


def sign(key: bytes, string_to_sign: bytes | str) -> str:
    """Signature Version 4 of a string: hexadecimal, with a key of `signing_key`, 32 bytes long."""
    if isinstance(string_to_sign, str):
        string_to_sign = string_to_sign.encode()
    inner, outer = _pads(key)
    inner, outer = inner.copy(), outer.copy()
    inner.update(string_to_sign)
    outer.update(inner.digest())
    return outer.hexdigest()


@lru_cache(maxsize=2048)
def _pads(key: bytes) -> tuple["HASH", "HASH"]:
    """Where HMAC-SHA256 begins for a key: its inner and its outer hash, set up."""
    block = key.ljust(64, b"\0")
    return sha256(block.translate(_INNER)), sha256(block.translate(_OUTER))


def sign_v2(secret: str, string_to_sign: bytes | str, digest: str = "sha1") -> str:
    """Signature Version 2 of a string: base64; the query protocol's is made with `sha256`."""
    if isinstance(string_to_sign, str):
        string_to_sign = string_to_sign.encode()
    return b64encode(hmac.digest(secret.encode(), string_to_sign, digest)).decode()


def same(expected: str, given: str) -> bool:
    """Whether two signatures are equal, in a time that does not tell where they differ."""
    return given.isascii() and hmac.compare_digest(expected, given)


def encode(text: bytes, safe: str = "") -> str:
    """AWS's URI encoding: all but letters, digits and `-._~` (and what is `safe`) as `%XX`."""
    if _plain(text):
        return text.decode()
    return quote_from_bytes(text, safe)
