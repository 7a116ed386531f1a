"""Tags: what an object's tags may be, and how they are kept: as the JSON of one object."""

from collections.abc import Iterable

import orjson

from protocols.errors import Error
from protocols.http import parse_query
from runtime.context import Members
from services.s3 import errors

MOST = 10
_SIGNS = frozenset(" +-=._:/@")


def _plain(text: str) -> bool:
    return all(character.isalnum() or character in _SIGNS for character in text)


def check(pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Tags by their keys. Raises InvalidTag, or BadRequest above ten."""
    found: dict[str, str] = {}
    for key, value in pairs:
        if key in found:
            message = "Cannot provide multiple Tags with the same key"
            raise Error("InvalidTag", message, TagKey=key)
        if key.startswith("aws:"):
            raise Error("InvalidTag", "Your TagKey cannot be prefixed with aws:", TagKey=key)
        if not 1 <= len(key) <= 128 or not _plain(key):
            raise Error("InvalidTag", "The TagKey you have provided is invalid", TagKey=key)
        if len(value) > 256 or not _plain(value):
            message = "The TagValue you have provided is invalid"
            raise Error("InvalidTag", message, TagKey=key, TagValue=value)
        found[key] = value
    if len(found) > MOST:
        raise Error("BadRequest", f"Object tags cannot be greater than {MOST}")
    return found


def of_set(tag_set: list[Members]) -> str | None:
    """The JSON of a TagSet, None for an empty one."""
    found = check((tag["Key"], tag["Value"]) for tag in tag_set)
    return orjson.dumps(found).decode() if found else None


def of_header(text: str | None) -> str | None:
    """The JSON of the tags in x-amz-tagging, a query string; None without any."""
    if not text:
        return None
    given = parse_query(text)
    if any(len(values) > 1 for values in given.values()):
        raise errors.invalid_argument(
            "The header 'x-amz-tagging' shall be encoded as UTF-8 then URLEncoded URL query "
            "parameters without tag name duplicates.",
            "x-amz-tagging",
            text,
        )
    found = check((key, values[0]) for key, values in given.items())
    return orjson.dumps(found).decode() if found else None


def count(tags: str | None) -> int:
    """How many tags there are in their JSON."""
    return 0 if tags is None else len(orjson.loads(tags))
