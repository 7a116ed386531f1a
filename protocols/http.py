"""Requests and replies as the codecs see them: no sockets, no server."""

from collections.abc import AsyncIterator
from typing import Any, BinaryIO

_BYTES = {
    f"{high}{low}": bytes([int(high + low, 16)])
    for high in "0123456789abcdefABCDEF"
    for low in "0123456789abcdefABCDEF"
}


class FileRange:
    """A piece of an open file, sent in pieces by the server and closed by it."""

    __slots__ = ("file", "offset", "size")

    def __init__(self, file: BinaryIO, offset: int, size: int) -> None:
        self.file = file
        self.offset = offset
        self.size = size

    def __len__(self) -> int:
        return self.size

    def close(self) -> None:
        """Let go of the file."""
        self.file.close()


Body = bytes | AsyncIterator[bytes] | FileRange


class Request:
    """One HTTP request: path and query raw, header names lower-case."""

    __slots__ = ("_arguments", "body", "headers", "labels", "method", "path", "query")

    def __init__(
        self,
        method: str,
        path: str,
        query: str = "",
        headers: dict[bytes, bytes] | None = None,
        body: Any = b"",
        labels: dict[str, str] | None = None,
    ) -> None:
        self.method = method
        self.path = path
        self.query = query
        self.headers = {} if headers is None else headers
        self.body = body
        self.labels = {} if labels is None else labels
        self._arguments: dict[str, list[str]] | None = None

    @property
    def arguments(self) -> dict[str, list[str]]:
        """The query string's parameters, decoded; a name without `=` has the value ''."""
        found = self._arguments
        if found is None:
            found = self._arguments = parse_query(self.query)
        return found

    def header(self, name: bytes) -> str | None:
        """One header's value, or None."""
        value = self.headers.get(name)
        return None if value is None else header_text(value)


class Reply:
    """One HTTP reply."""

    __slots__ = ("body", "headers", "status")

    def __init__(self, status: int, headers: list[tuple[bytes, bytes]], body: Body = b"") -> None:
        self.status = status
        self.headers = headers
        self.body = body


def header_text(value: bytes) -> str:
    """A header's text: UTF-8 where it is, Latin-1 otherwise."""
    try:
        return value.decode("utf-8")
    except UnicodeDecodeError:
        return value.decode("latin-1")


def header_bytes(value: str) -> bytes:
    """A header's bytes, safe from header injection."""
    if "\r" in value or "\n" in value:
        value = value.replace("\r", " ").replace("\n", " ")
    return value.encode("utf-8", "surrogateescape")


def parse_query(query: str) -> dict[str, list[str]]:
    """A query string's parameters, decoded, in order."""
    found: dict[str, list[str]] = {}
    if not query:
        return found
    for part in query.split("&"):
        if not part:
            continue
        name, _, value = part.partition("=")
        if "%" in name or "+" in name:
            name = unquote(name.replace("+", " "))
        if "%" in value or "+" in value:
            value = unquote(value.replace("+", " "))
        if name in found:
            found[name].append(value)
        else:
            found[name] = [value]
    return found


def unquote(text: str) -> str:
    """Percent-escapes decoded as UTF-8; what is no escape stays, a plus stays a plus."""
    pieces = text.split("%")
    if len(pieces) == 1:
        return text
    parts = [pieces[0].encode("utf-8", "surrogateescape")]
    for piece in pieces[1:]:
        byte = _BYTES.get(piece[:2])
        if byte is None:
            parts.append(b"%" + piece.encode("utf-8", "surrogateescape"))
        else:
            parts.append(byte)
            if len(piece) > 2:
                parts.append(piece[2:].encode("utf-8", "surrogateescape"))
    return b"".join(parts).decode("utf-8", "replace")
