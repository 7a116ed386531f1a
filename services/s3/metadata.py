"""Metadata: the headers that are stored with an object and come back with it.

They are kept as the JSON of the members that GetObject answers, so that a read merges them in and
is done. User metadata beyond ASCII is kept as S3 answers it: as RFC 2047's encoded words.
"""

import binascii
from base64 import b64decode, b64encode
from functools import lru_cache
from typing import Any

import orjson

from protocols.errors import Error
from runtime.context import Members
from services.s3 import errors

DEFAULT_TYPE = "binary/octet-stream"
PLAIN = orjson.dumps({"ContentType": DEFAULT_TYPE}).decode()
MOST_BYTES = 2048
SYSTEM = ("CacheControl", "ContentDisposition", "ContentLanguage", "Expires")
NAMES = frozenset(
    {*SYSTEM, "ContentType", "ContentEncoding", "WebsiteRedirectLocation", "Metadata"}
)
_SPECIAL = frozenset(b"=_?")
_ASCII = frozenset(range(0x20, 0x7F)) | {0x09, 0x0A, 0x0D}


def headers(request: Members) -> str:
    """The JSON of what a request wants kept.

    Raises MetadataTooLarge, and InvalidRedirectLocation for a redirect to nowhere.
    """
    if NAMES.isdisjoint(request):
        return PLAIN
    kept: dict[str, Any] = {"ContentType": request.get("ContentType") or DEFAULT_TYPE}
    for name in SYSTEM:
        if request.get(name):
            kept[name] = request[name]
    encoding = request.get("ContentEncoding")
    if encoding:
        encoding = _without_chunking(encoding)
        if encoding:
            kept["ContentEncoding"] = encoding
    redirect = request.get("WebsiteRedirectLocation")
    if redirect:
        kept["WebsiteRedirectLocation"] = redirect_to(redirect)
    if request.get("Metadata"):
        kept["Metadata"] = user(request["Metadata"])
    return orjson.dumps(kept).decode()


@lru_cache(maxsize=64)
def _without_chunking(encoding: str) -> str:
    """aws-chunked is how the request came, not how the object is encoded."""
    if "aws-chunked" not in encoding:
        return encoding
    parts = [part.strip() for part in encoding.split(",")]
    return ",".join(part for part in parts if part and part != "aws-chunked")


def redirect_to(location: str) -> str:
    """A website redirect, checked. Raises InvalidRedirectLocation."""
    if not location.startswith(("/", "http://", "https://")):
        raise Error(
            "InvalidRedirectLocation",
            "The website redirect location must have a prefix of 'http://' or 'https://' or '/'.",
        )
    return location


def user(given: dict[str, str]) -> dict[str, str]:
    """User metadata as it is kept. Raises MetadataTooLarge above 2 KB of names and values."""
    found = {name.lower(): normal(value) for name, value in given.items()}
    size = sum(len(name.encode()) + len(value.encode()) for name, value in found.items())
    if size > MOST_BYTES:
        raise Error(
            "MetadataTooLarge",
            "Your metadata headers exceed the maximum allowed metadata size",
            Size=size,
            MaxSizeAllowed=MOST_BYTES,
        )
    return found


def normal(value: str) -> str:
    """A value of user metadata as S3 keeps it: ASCII, what is beyond it as an encoded word."""
    if "=?" in value:
        value = _decoded(value)
    if value.isascii() and value.isprintable():
        return value
    if all(ord(character) in _ASCII for character in value):
        return value
    return _encoded(value)


def _decoded(value: str) -> str:
    """An encoded word's text; what isn't one stays."""
    if not value.startswith("=?") or not value.endswith("?="):
        return value
    parts = value[2:-2].split("?")
    if len(parts) != 3:
        return value
    charset, encoding, text = parts
    try:
        if encoding in "Bb":
            return b64decode(text, validate=True).decode(charset)
        if encoding in "Qq":
            return binascii.a2b_qp(text.encode("ascii"), header=True).decode(charset)
    except (ValueError, LookupError):
        return value
    return value


def _encoded(value: str) -> str:
    """One encoded word: quoted-printable where most of it is ASCII, base64 otherwise."""
    data = value.encode("utf-8", "replace")
    readable = sum(ord(character) in _ASCII for character in value)
    if readable <= len(value) - readable:
        return f"=?UTF-8?B?{b64encode(data).decode()}?="
    text = "".join(
        "_" if byte == 0x20
        else chr(byte) if 0x20 < byte < 0x7F and byte not in _SPECIAL
        else f"={byte:02X}"
        for byte in data
    )  # fmt: skip
    return f"=?UTF-8?Q?{text}?="


# names and classes -------------------------------------------------------------------------------

MOST_KEY_BYTES = 1024
CLASSES = frozenset(
    {
        "STANDARD",
        "REDUCED_REDUNDANCY",
        "STANDARD_IA",
        "ONEZONE_IA",
        "INTELLIGENT_TIERING",
        "GLACIER",
        "DEEP_ARCHIVE",
        "GLACIER_IR",
    }
)
ARCHIVED = frozenset({"GLACIER", "DEEP_ARCHIVE"})


def check_key(key: str) -> None:
    """Raises KeyTooLongError above 1,024 bytes."""
    if len(key) * 4 > MOST_KEY_BYTES:
        size = len(key.encode())
        if size > MOST_KEY_BYTES:
            raise Error(
                "KeyTooLongError",
                "Your key is too long",
                Size=size,
                MaxSizeAllowed=MOST_KEY_BYTES,
            )


def storage_class(request: Members) -> str:
    """The class that a new object gets. Raises InvalidStorageClass."""
    name: str = request.get("StorageClass", "STANDARD")
    if name not in CLASSES:
        raise invalid_storage_class(name)
    return name


def invalid_storage_class(name: str) -> Error:
    """There is no such storage class here."""
    return Error(
        "InvalidStorageClass",
        "The storage class you specified is not valid",
        StorageClassRequested=name,
    )


# what belongs to features that aren't here -------------------------------------------------------

_GRANTS = ("GrantFullControl", "GrantRead", "GrantReadACP", "GrantWriteACP")
_LOCKS = ("ObjectLockMode", "ObjectLockRetainUntilDate", "ObjectLockLegalHoldStatus")
_HOLDS = (
    "ObjectLockEventHold",
    "ObjectLockEventHoldDurationDays",
    "ObjectLockEventHoldDurationYears",
)
_CUSTOMER = ("SSECustomerAlgorithm", "SSECustomerKey", "SSECustomerKeyMD5")
_KMS = ("SSEKMSKeyId", "SSEKMSEncryptionContext", "BucketKeyEnabled")
RARE = frozenset(
    {"ACL", "ServerSideEncryption", "WriteOffsetBytes"}.union(
        _GRANTS, _LOCKS, _HOLDS, _CUSTOMER, _KMS
    )
)


def refuse(request: Members, ownership: str) -> None:
    """Refuse what would otherwise be ignored: ACLs, KMS keys, customer keys, object locks."""
    if RARE.isdisjoint(request):
        return
    acl = request.get("ACL")
    granted = [name for name in _GRANTS if name in request]
    if ownership == "BucketOwnerEnforced" and (
        granted or acl not in (None, "bucket-owner-full-control")
    ):
        raise Error("AccessControlListNotSupported", "The bucket does not allow ACLs")
    if granted or acl not in (None, "private", "bucket-owner-full-control", "bucket-owner-read"):
        raise errors.not_implemented("x-amz-acl" if acl else "x-amz-grant-*")
    if any(name in request for name in (*_LOCKS, *_HOLDS)):
        raise errors.invalid_request("Bucket is missing Object Lock Configuration")
    if any(name in request for name in _CUSTOMER):
        raise errors.not_implemented("x-amz-server-side-encryption-customer-algorithm")
    if request.get("ServerSideEncryption", "AES256") != "AES256" or any(
        request.get(name) for name in _KMS
    ):
        raise errors.not_implemented("x-amz-server-side-encryption")
    if "WriteOffsetBytes" in request:
        raise errors.not_implemented("x-amz-write-offset-bytes")
