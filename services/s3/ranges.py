"""Ranges: which bytes a request wants."""

import re

from protocols.errors import Error
from services.s3 import errors

_ONE = re.compile(r"bytes=([0-9]*)-([0-9]*)")
_COPY = re.compile(r"bytes=([0-9]+)-([0-9]+)")


def of_header(text: str, size: int) -> tuple[int, int] | None:
    """The first byte and the number of bytes; None when the whole object is to be sent.

    S3 sends the whole for several ranges at once and for what isn't a range. Raises InvalidRange
    for one that the object has nothing of.
    """
    found = _ONE.fullmatch(text.strip())
    if found is None:
        return None
    first, last = found.groups()
    if not first and not last:
        return None
    if len(first) > 19 or len(last) > 19:
        raise _not_satisfiable(text, size)
    if not first:
        length = min(int(last), size)
        if length == 0:
            raise _not_satisfiable(text, size)
        return size - length, length
    start = int(first)
    if last and int(last) < start:
        return None
    if start >= size:
        raise _not_satisfiable(text, size)
    end = min(int(last), size - 1) if last else size - 1
    return start, end - start + 1


def _not_satisfiable(text: str, size: int) -> Error:
    message = "The requested range is not satisfiable"
    return Error("InvalidRange", message, RangeRequested=text, ActualObjectSize=size)


def content_range(start: int, length: int, size: int) -> str:
    """The Content-Range header."""
    return f"bytes {start}-{start + length - 1}/{size}"


def of_copy(text: str, size: int) -> tuple[int, int]:
    """The first byte and the number of bytes of a part that is copied.

    Raises InvalidArgument or InvalidRequest.
    """
    found = _COPY.fullmatch(text)
    first, last = (-1, -1) if found is None else (int(found[1]), int(found[2]))
    if found is None or last < first:
        raise errors.invalid_argument(
            "The x-amz-copy-source-range value must be of the form bytes=first-last where first "
            "and last are the zero-based offsets of the first and last bytes to copy",
            "x-amz-copy-source-range",
            text,
        )
    if first >= size:
        raise errors.invalid_request(
            "The specified copy range is invalid for the source object size"
        )
    if last >= size:
        message = f"Range specified is not valid for source object of size: {size}"
        raise errors.invalid_argument(message, "x-amz-copy-source-range", text)
    return first, last - first + 1
