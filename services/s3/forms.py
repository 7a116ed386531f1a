"""HTML forms: multipart/form-data, whose last field that counts is the file.

    --boundary CRLF  headers CRLF CRLF  value CRLF        a field, as often as there are some
    --boundary CRLF  headers CRLF CRLF  bytes ...         the field `file`
    CRLF --boundary ...                                   the file's end; what follows is ignored

The fields are read at once; of the file only its place is told, since it may be of any size.
"""

import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from protocols.errors import Error
from protocols.http import unquote

MOST_FIELDS_BYTES = 20 * 1024
"""All that comes before the file."""
_BOUNDARY = re.compile(r'boundary=(?:"([^"]{1,70})"|([^\s;,"]{1,70}))', re.IGNORECASE)
_PARAMETER = re.compile(r';\s*([a-z]+\*?)=(?:"((?:[^"\\]|\\.)*)"|([^;]*))', re.IGNORECASE)


class Form(NamedTuple):
    """A form's fields, and where its file begins."""

    fields: dict[str, str]
    """By their names in lower case, in the order in which they came."""
    filename: str | None
    """What the client's file is called, without its folders; None when it does not say."""
    start: int
    end: bytes
    """What comes behind the file."""


def boundary(content_type: str) -> bytes | None:
    """What a Content-Type says stands between the parts; None when it is no form's."""
    if not content_type.lower().startswith("multipart/form-data"):
        return None
    found = _BOUNDARY.search(content_type)
    return None if found is None else (found[1] or found[2]).encode("latin-1", "replace")


def parse(head: bytes, separator: bytes, whole: bool) -> Form:
    """Read a form's fields from its first bytes; `whole` says that there are no more.

    Raises MalformedPOSTRequest, MaxPostPreDataLengthExceeded, and InvalidArgument without a file.
    """
    dashes = b"--" + separator
    start = 0 if head.startswith(dashes) else head.find(b"\r\n" + dashes) + 2
    if start == 1:
        raise malformed()
    fields: dict[str, str] = {}
    place = start + len(dashes)
    end = b"\r\n" + dashes
    while head[place : place + 2] == b"\r\n":
        behind = head.find(b"\r\n\r\n", place)
        if behind < 0:
            raise malformed() if whole else _too_long()
        name, filename = _disposition(head[place + 2 : behind + 2])
        place = behind + 4
        if name == "file":
            if place - start > MOST_FIELDS_BYTES:
                raise _too_long()
            return Form(fields, filename, place, end)
        until = head.find(end, place)
        if until < 0:
            raise malformed() if whole else _too_long()
        fields[name] = head[place:until].decode("utf-8", "replace")
        place = until + len(end)
    if len(head) - start > MOST_FIELDS_BYTES and not whole:
        raise _too_long()
    if head[place : place + 2] != b"--":
        raise malformed()
    raise Error(
        "InvalidArgument",
        "POST requires exactly one file upload per request.",
        ArgumentName="file",
        ArgumentValue="0",
    )


def _disposition(headers: bytes) -> tuple[str, str | None]:
    """The name of a part's field, in lower case, and of its file."""
    for line in headers.decode("utf-8", "replace").split("\r\n"):
        name, _, value = line.partition(":")
        if name.strip().lower() == "content-disposition":
            found = {
                found[1].lower(): found[2].replace(r"\"", '"')
                if found[2] is not None
                else found[3].strip()
                for found in _PARAMETER.finditer(value)
            }
            filename = found.get("filename")
            if "filename*" in found:
                filename = unquote(found["filename*"].rpartition("'")[2])
            if filename is not None:
                filename = re.split(r"[/\\]", filename)[-1]
            if "name" in found:
                return found["name"].lower(), filename
    raise malformed()


def file_bytes(pieces: Iterable[bytes], end: bytes) -> Iterator[bytes]:
    """The file's bytes of what begins with them, up to `end`. Raises MalformedPOSTRequest."""
    held = b""
    for piece in pieces:
        held += piece
        place = held.find(end)
        if place >= 0:
            yield held[:place]
            return
        # The end may have begun in the last bytes.
        safe = len(held) - len(end) + 1
        if safe > 0:
            yield held[:safe]
            held = held[safe:]
    raise malformed()


def malformed() -> Error:
    """The body is no form."""
    return Error(
        "MalformedPOSTRequest",
        "The body of your POST request is not well-formed multipart/form-data.",
    )


def _too_long() -> Error:
    return Error(
        "MaxPostPreDataLengthExceeded",
        "Your POST request fields preceding the upload file were too large.",
    )
