"""Listing: ListObjects of both versions, and the walk over keys with a delimiter.

Keys come in the order of their UTF-8 bytes, which SQLite's BINARY collation is. The keys that share
a prefix up to the delimiter become one entry, and the walk goes on behind the last of them with one
look into the index: a listing costs its page, not the keys it rolls up.
"""

from collections.abc import Callable
from typing import Any, NamedTuple
from urllib.parse import quote_plus

from runtime import pages
from runtime.context import Context, Members
from services.s3 import buckets, errors
from services.s3.buckets import Bucket

MOST_KEYS = 1000
_FEW = 8
_HIGHEST = chr(0x10FFFF)

Row = tuple[Any, ...]
Place = tuple[str, int]
"""A key, and the rank within it (an upload's id): everything up to there has been listed."""

Fetch = Callable[[Place, str | None, int], list[Row]]
"""(behind this place, below this key, at most) -> rows in order: their key, their rank, ..."""

BEFORE, BEHIND = -1, (1 << 63) - 1
"""Ranks before and behind all that a key may have."""


class Page(NamedTuple):
    """A page of a walk: rows, and common prefixes."""

    rows: list[Row]
    prefixes: list[str]
    last: str
    """The key or prefix that the page ends with; '' for an empty one."""
    truncated: bool


def beyond(prefix: str) -> str | None:
    """The least string greater than all that begin with a prefix; None when there is none."""
    while prefix and prefix[-1] == _HIGHEST:
        prefix = prefix[:-1]
    if not prefix:
        return None
    code = ord(prefix[-1]) + 1
    if 0xD800 <= code <= 0xDFFF:  # no characters, and never in UTF-8
        code = 0xE000
    return prefix[:-1] + chr(code)


def walk(fetch: Fetch, prefix: str, delimiter: str, after: Place, most: int) -> Page:
    """A page of at most so many keys and common prefixes."""
    if most == 0:
        return Page([], [], "", False)
    end = beyond(prefix)
    begin = after if after[0] >= prefix else (prefix, BEFORE)
    if not delimiter:
        rows = fetch(begin, end, most + 1)
        truncated = len(rows) > most
        rows = rows[:most]
        return Page(rows, [], rows[-1][0] if rows else "", truncated)
    rolled = _rolled_up(after[0], prefix, delimiter)
    if rolled:
        skip = beyond(rolled)
        if skip is None:
            return Page([], [], "", False)
        begin = (skip, BEFORE)
    return _walk_rolling(fetch, prefix, delimiter, begin, most)


def _rolled_up(key: str, prefix: str, delimiter: str) -> str:
    """The common prefix that stands for a key; '' for a key that stands for itself."""
    if not key.startswith(prefix):
        return ""
    place = key.find(delimiter, len(prefix))
    return "" if place < 0 else key[: place + len(delimiter)]


def _walk_rolling(fetch: Fetch, prefix: str, delimiter: str, place: Place, most: int) -> Page:
    rows: list[Row] = []
    prefixes: list[str] = []
    end = beyond(prefix)
    last, batch = "", _FEW
    while True:
        found = fetch(place, end, batch)
        skipped = ""
        for row in found:
            key: str = row[0]
            if skipped and key.startswith(skipped):
                continue
            skipped = _rolled_up(key, prefix, delimiter)
            if len(rows) + len(prefixes) == most:
                return Page(rows, prefixes, last, True)
            if skipped:
                prefixes.append(skipped)
                last = skipped
            else:
                rows.append(row)
                last = key
        if len(found) < batch:
            return Page(rows, prefixes, last, False)
        if skipped:
            # The batch ended within a common prefix: most of what follows may be within it, too.
            following = beyond(skipped)
            if following is None:
                return Page(rows, prefixes, last, False)
            place, batch = (following, BEFORE), _FEW
        else:
            place = found[-1][:2]
            batch = min(batch * 4, MOST_KEYS)


# objects -----------------------------------------------------------------------------------------

_SELECT = (
    "SELECT key, body_id, modified, etag, size_bytes, storage_class, algorithm, checksum_type"
    " FROM s3_object WHERE bucket_id = ?"
)
_FROM = _SELECT + " AND key >= ? ORDER BY key LIMIT ?"
_FROM_TO = _SELECT + " AND key >= ? AND key < ? ORDER BY key LIMIT ?"
_AFTER = _SELECT + " AND key > ? ORDER BY key LIMIT ?"
_AFTER_TO = _SELECT + " AND key > ? AND key < ? ORDER BY key LIMIT ?"


def _objects(context: Context, bucket: Bucket) -> Fetch:
    fetch_all = context.store.all

    def fetch(place: Place, end: str | None, most: int) -> list[Row]:
        key, rank = place
        if end is None:
            return fetch_all(_FROM if rank < 0 else _AFTER, bucket.id, key, most)
        return fetch_all(_FROM_TO if rank < 0 else _AFTER_TO, bucket.id, key, end, most)

    return fetch


class Wish(NamedTuple):
    """What the arguments that all listings have come to."""

    prefix: str
    delimiter: str
    most: int
    text: Callable[[str], str]
    """How names are written: as they are, or URL-encoded."""
    encoded: bool


def wish(request: Members, most: int | None, name: str, echo: str) -> Wish:
    """Read the arguments that all listings have. Raises InvalidArgument."""
    encoding = request.get("EncodingType")
    if encoding is not None and encoding != "url":
        raise bad_encoding(encoding)
    if most is None:
        most = MOST_KEYS
    elif most < 0:
        message = f"Argument {echo} must be an integer between 0 and 2147483647"
        raise errors.invalid_argument(message, echo, most)
    elif most > 2147483647:
        message = f"Provided {name} not an integer or within integer range"
        raise errors.invalid_argument(message, name, most)
    return Wish(
        request.get("Prefix", ""),
        request.get("Delimiter", ""),
        min(most, MOST_KEYS),
        url if encoding else str,
        encoding is not None,
    )


def bad_encoding(value: str) -> Exception:
    """There is no such encoding-type."""
    message = "Invalid Encoding Method specified in Request"
    return errors.invalid_argument(message, "encoding-type", value)


def url(text: str) -> str:
    """A name as `encoding-type=url` writes it: as an HTML form would, slashes kept."""
    return quote_plus(text, safe="/*", errors="replace").replace("~", "%7E")


def listed(wish: Wish, bucket: Bucket, page: Page) -> Members:
    """The members that listings of objects have in common."""
    answer: Members = {
        "Name": bucket.name,
        "Prefix": wish.text(wish.prefix),
        "MaxKeys": wish.most,
        "IsTruncated": page.truncated,
        "CommonPrefixes": [{"Prefix": wish.text(prefix)} for prefix in page.prefixes],
    }
    if wish.delimiter:
        answer["Delimiter"] = wish.text(wish.delimiter)
    if wish.encoded:
        answer["EncodingType"] = "url"
    return answer


def _contents(rows: list[Row], text: Callable[[str], str], owner: Members | None) -> list[Members]:
    plain = text is str
    found: list[Members] = []
    for key, _, modified, etag, size, storage_class, algorithm, checksum_type in rows:
        entry = {
            "Key": key if plain else text(key),
            "LastModified": modified,
            "ETag": f'"{etag}"',
            "ChecksumAlgorithm": [algorithm],
            "ChecksumType": checksum_type,
            "Size": size,
            "StorageClass": storage_class,
        }
        if owner is not None:
            entry["Owner"] = owner
        found.append(entry)
    return found


def list_objects(context: Context, request: Members) -> Members:
    """List a bucket's keys after a marker; NextMarker is only told with a delimiter."""
    bucket = buckets.find(context, request)
    wanted = wish(request, request.get("MaxKeys"), "max-keys", "maxKeys")
    marker = request.get("Marker", "")
    fetch = _objects(context, bucket)
    page = walk(fetch, wanted.prefix, wanted.delimiter, (marker, BEHIND), wanted.most)
    answer = listed(wanted, bucket, page)
    answer["Marker"] = wanted.text(marker)
    answer["Contents"] = _contents(page.rows, wanted.text, bucket.owner)
    if page.truncated and wanted.delimiter:
        answer["NextMarker"] = wanted.text(page.last)
    return answer


def list_objects_v2(context: Context, request: Members) -> Members:
    """List a bucket's keys, page by page of a continuation token."""
    bucket = buckets.find(context, request)
    wanted = wish(request, request.get("MaxKeys"), "max-keys", "maxKeys")
    start, token = request.get("StartAfter", ""), request.get("ContinuationToken")
    after = start if token is None else _place(context, token)
    fetch = _objects(context, bucket)
    page = walk(fetch, wanted.prefix, wanted.delimiter, (after, BEHIND), wanted.most)
    answer = listed(wanted, bucket, page)
    owner = bucket.owner if request.get("FetchOwner") else None
    answer["Contents"] = _contents(page.rows, wanted.text, owner)
    answer["KeyCount"] = len(page.rows) + len(page.prefixes)
    if token is not None:
        answer["ContinuationToken"] = token
    if page.truncated:
        answer["NextContinuationToken"] = pages.token(context, page.last)
    if start:
        answer["StartAfter"] = wanted.text(start)
    return answer


def _place(context: Context, token: str) -> str:
    wrong = errors.invalid_argument(
        "The continuation token provided is incorrect", "continuation-token"
    )
    (place,) = pages.cursor(context, token, error=wrong)
    return str(place)
