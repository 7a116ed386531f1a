"""Requests of bytes, as no SDK would send them, and the answers as they came."""

import json
import re
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from http.client import HTTPResponse
from typing import Any, NamedTuple, cast
from urllib.parse import urlsplit

TIMEOUT_SECONDS = 10.0
_CODE = re.compile(rb"<Code>([^<]*)</Code>")
_MESSAGE = re.compile(rb"<Message>([^<]*)</Message>")


class Answer(NamedTuple):
    """One HTTP answer."""

    status: int
    headers: dict[str, str]
    """By names in small letters."""
    body: bytes

    @property
    def code(self) -> str:
        """The error's code, in whichever of the protocols it is told."""
        found = _CODE.search(self.body)
        if found is not None:
            return found.group(1).decode()
        try:
            told = json.loads(self.body).get("__type", "")
        except (ValueError, AttributeError):
            told = ""
        told = told or self.headers.get("x-amzn-errortype", "").split(":")[0]
        return str(told).rpartition("#")[2]

    @property
    def message(self) -> str:
        """The error's message."""
        found = _MESSAGE.search(self.body)
        if found is not None:
            return found.group(1).decode().replace("&quot;", '"').replace("&#x27;", "'")
        try:
            members = json.loads(self.body)
        except ValueError:
            return ""
        return str(members.get("message") or members.get("Message") or "")


class Wire:
    """One connection to a server, kept as long as the server keeps it."""

    def __init__(self, endpoint_url: str) -> None:
        address = urlsplit(endpoint_url)
        assert address.hostname is not None
        assert address.port is not None
        self.socket = socket.create_connection(
            (address.hostname, address.port), timeout=TIMEOUT_SECONDS
        )
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._file = self.socket.makefile("rb")

    def write(self, data: bytes) -> None:
        """Send bytes."""
        self.socket.sendall(data)

    def read(self, method: str = "POST") -> Answer:
        """The next answer. Raises ConnectionError when the connection ended before it."""
        response = HTTPResponse(cast(socket.socket, _Reader(self._file)), method=method)
        response.begin()
        headers = {name.lower(): value for name, value in response.getheaders()}
        return Answer(response.status, headers, response.read())

    def ended(self) -> bool:
        """Whether the server closes the connection, with nothing more said."""
        return self._file.read(1) == b""

    def close(self) -> None:
        """End it."""
        self._file.close()
        self.socket.close()


class _Reader:
    """What HTTPResponse wants of a socket: a file, which here is to stay open."""

    def __init__(self, file: Any) -> None:
        self._file = file

    def makefile(self, *_: Any) -> Any:
        return _Kept(self._file)


class _Kept:
    def __init__(self, file: Any) -> None:
        self._file = file

    def __getattr__(self, name: str) -> Any:
        return getattr(self._file, name)

    def close(self) -> None:
        """Keep the file for the next answer."""


@contextmanager
def connected(endpoint_url: str) -> Iterator[Wire]:
    """A connection for the length of a block."""
    wire = Wire(endpoint_url)
    try:
        yield wire
    finally:
        wire.close()


def request(
    method: str,
    target: str,
    headers: dict[str, str] | None = None,
    body: bytes = b"",
    *,
    host: str = "localhost",
) -> bytes:
    """A request's bytes; a header with the value "" is left out."""
    given = {"host": host, "content-length": str(len(body)), **(headers or {})}
    lines = [f"{method} {target} HTTP/1.1"]
    lines += [f"{name}: {value}" for name, value in given.items() if value]
    return "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + body


def send(
    endpoint_url: str,
    method: str,
    target: str,
    headers: dict[str, str] | None = None,
    body: bytes = b"",
    *,
    host: str = "localhost",
) -> Answer:
    """One request on a connection of its own."""
    with connected(endpoint_url) as wire:
        wire.write(request(method, target, headers, body, host=host))
        return wire.read(method)


def claimed(
    service: str,
    *,
    key: str = "AKIDOFNOBODY",
    region: str = "us-east-1",
    moment: datetime | None = None,
    token: str | None = None,
) -> dict[str, str]:
    """Headers that claim a signature; that of an unknown key is believed."""
    at = (moment or datetime.now(UTC)).strftime("%Y%m%dT%H%M%SZ")
    scope = f"{key}/{at[:8]}/{region}/{service}/aws4_request"
    found = {
        "authorization": f"AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host;x-amz-date,"
        f" Signature={'0' * 64}",
        "x-amz-date": at,
    }
    if service.startswith("s3"):
        found["x-amz-content-sha256"] = "UNSIGNED-PAYLOAD"
    if token is not None:
        found["x-amz-security-token"] = token
    return found
