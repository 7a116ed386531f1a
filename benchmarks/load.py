"""A small load generator: keep-alive connections, each of which sends its next request when the
answer to its last one is complete.

It costs some 15 µs a request, all of them outside the server's process. Requests must be small
enough for a socket's buffer; `exchange` takes those that are not.
"""

import selectors
import socket
import time
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from typing import NamedTuple

Address = tuple[str, int]

TIMEOUT_SECONDS = 60.0
_PIECE = 256 * 1024


class LoadError(Exception):
    """A server that refuses, breaks off or does not answer: nothing can be measured."""


class Load(NamedTuple):
    """What a run gave: the answers' bodies in the order they came, and how long each took."""

    bodies: list[bytes]
    seconds: list[float]


class Connection:
    """One keep-alive connection with at most one request on its way."""

    def __init__(self, address: Address) -> None:
        self.socket = socket.create_connection(address, timeout=TIMEOUT_SECONDS)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._received = b""
        self._started = 0.0

    def send(self, request: bytes) -> None:
        """Send a request; its answer is yet to come."""
        self._received = b""
        self._started = time.perf_counter()
        self.socket.sendall(request)

    def receive(self) -> tuple[bytes, float] | None:
        """Read what is there; answers the body and the seconds it took, once it is complete."""
        piece = self.socket.recv(_PIECE)
        if not piece:
            raise LoadError(f"the connection was closed after {self._received[:200]!r}")
        self._received += piece
        head, end, body = self._received.partition(b"\r\n\r\n")
        if not end or len(body) < _length(head):
            return None
        return body, time.perf_counter() - self._started

    def close(self) -> None:
        """Hang up."""
        self.socket.close()


def run(address: Address, requests: Iterable[bytes], connections: int = 32) -> Load:
    """Send all requests, so many at a time. Raises LoadError for any answer but a 2xx."""
    source: Iterator[bytes] = iter(requests)
    load = Load([], [])
    with ExitStack() as opened:
        selector = opened.enter_context(selectors.DefaultSelector())
        for _, request in zip(range(connections), source, strict=False):
            connection = Connection(address)
            opened.callback(connection.close)
            selector.register(connection.socket, selectors.EVENT_READ, connection)
            connection.send(request)
        while selector.get_map():
            ready = selector.select(TIMEOUT_SECONDS)
            if not ready:
                raise LoadError(f"no answer in {TIMEOUT_SECONDS} seconds")
            for key, _ in ready:
                connection = key.data
                answer = connection.receive()
                if answer is None:
                    continue
                load.bodies.append(answer[0])
                load.seconds.append(answer[1])
                following = next(source, None)
                if following is None:
                    selector.unregister(connection.socket)
                else:
                    connection.send(following)
    return load


def exchange(address: Address, request: bytes) -> tuple[int, float]:
    """Send one request of any size, and count its answer instead of keeping it; answers the
    length of the answer's body and the seconds it took.
    """
    connection = Connection(address)
    try:
        started = time.perf_counter()
        connection.socket.sendall(request)
        head, received, expected = b"", 0, None
        while expected is None or received < expected:
            piece = connection.socket.recv(_PIECE)
            if not piece:
                raise LoadError("the connection was closed in the middle of an answer")
            if expected is None:
                head, end, piece = (head + piece).partition(b"\r\n\r\n")
                if not end:
                    continue
                expected = _length(head)
            received += len(piece)
        return received, time.perf_counter() - started
    finally:
        connection.close()


def _length(head: bytes) -> int:
    """The length of an answer's body. Raises LoadError for what is no success."""
    lower = head.lower()
    if not lower.startswith(b"http/1.1 2"):
        raise LoadError(head.decode("latin-1").partition("\r\n")[0])
    _, found, rest = lower.partition(b"\r\ncontent-length:")
    return int(rest.partition(b"\r\n")[0]) if found else 0
