"""Tags of any resource that has an ARN: what every service's Tag, Untag and List stand on."""

import re
from collections.abc import Iterable, Mapping

from protocols.errors import Error
from runtime import arns
from runtime.context import Context

SCHEMA = """
CREATE TABLE IF NOT EXISTS tag (
    arn      TEXT NOT NULL,
    key      TEXT NOT NULL,
    value    TEXT NOT NULL,
    service  TEXT NOT NULL,
    account  TEXT NOT NULL,
    region   TEXT NOT NULL,
    PRIMARY KEY (arn, key)
) STRICT, WITHOUT ROWID;
"""
MOST_TAGS = 50
_CHARACTERS = re.compile(r"(?:[\w.:/=+\-@]|[^\S\t-\r\x1c-\x1f\x85])*")
"""Letters, digits, spaces of any script, and `_.:/=+-@`; no line breaks or tabs."""


def put(context: Context, arn: str, tags: Mapping[str, str]) -> None:
    """Add tags to a resource; a key that is there gets the new value."""
    parts = arns.parse(arn)
    where = (
        (parts.service, parts.account or context.account, parts.region or context.region)
        if parts is not None
        else (context.service, context.account, context.region)
    )
    context.store.many(
        "INSERT OR REPLACE INTO tag (arn, key, value, service, account, region)"
        " VALUES (?, ?, ?, ?, ?, ?)",
        [(arn, key, value, *where) for key, value in tags.items()],
    )


def remove(context: Context, arn: str, keys: Iterable[str]) -> None:
    """Take tags away; keys that are not there are no error."""
    context.store.many("DELETE FROM tag WHERE arn = ? AND key = ?", [(arn, key) for key in keys])


def of(context: Context, arn: str) -> dict[str, str]:
    """A resource's tags, ordered by key."""
    rows = context.store.all("SELECT key, value FROM tag WHERE arn = ? ORDER BY key", arn)
    return dict(rows)


def drop(context: Context, arn: str) -> None:
    """Forget all tags of a resource that is gone."""
    context.store.run("DELETE FROM tag WHERE arn = ?", arn)


def check(
    tags: Mapping[str, str],
    *,
    existing: Mapping[str, str] | None = None,
    code: str = "ValidationException",
    most: int = MOST_TAGS,
) -> None:
    """AWS's rules for tags: at most 50, keys to 128 and values to 256 characters, `aws:` reserved.

    Raises Error(code).
    """
    if len({**(existing or {}), **tags}) > most:
        raise Error(code, f"The number of tags exceeds the limit of {most}.")
    for key, value in tags.items():
        if not 1 <= len(key) <= 128 or not _CHARACTERS.fullmatch(key):
            raise Error(code, f"The tag key '{key}' is not valid.")
        if key.lower().startswith("aws:"):
            raise Error(code, "Tag keys beginning with aws: are reserved for system use.")
        if len(value) > 256 or not _CHARACTERS.fullmatch(value):
            raise Error(code, f"The tag value of '{key}' is not valid.")
