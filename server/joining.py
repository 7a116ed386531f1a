"""Joining: what one turn of the event loop writes to a connection leaves it in one piece.

uvicorn writes an answer's head and its body one after the other, each a system call that may wake
the client. Held till the requests of this turn have all run, they cost one call an answer, and the
client is woken once for all of them.
"""

import asyncio
from typing import Any

LARGE_BYTES = 64 * 1024
"""A piece of this size is not copied, but written at once, after what was held before it."""


class Outbox:
    """The connections that have something to write at the end of this turn."""

    __slots__ = ("_loop", "_transports")

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._transports: list[JoiningTransport] = []

    def add(self, transport: "JoiningTransport") -> None:
        """Let a connection write when the turn is over."""
        if not self._transports:
            self._loop.call_soon(self._flush)
        self._transports.append(transport)

    def _flush(self) -> None:
        transports, self._transports = self._transports, []
        for transport in transports:
            transport.flush()


class JoiningTransport:
    """A transport that writes at the end of the turn; all else is the wrapped one's."""

    __slots__ = ("_held", "_outbox", "_transport")

    def __init__(self, transport: asyncio.Transport, outbox: Outbox) -> None:
        self._transport = transport
        self._outbox = outbox
        self._held: list[bytes] = []

    def write(self, data: bytes) -> None:
        """Write soon, in the order of the calls."""
        if len(data) >= LARGE_BYTES:
            self.flush()
            self._transport.write(data)
        elif data:
            if not self._held:
                self._outbox.add(self)
            self._held.append(data)

    def flush(self) -> None:
        """Write what is held now."""
        held = self._held
        if held:
            self._held = []
            self._transport.write(held[0] if len(held) == 1 else b"".join(held))

    def close(self) -> None:
        """Close once everything is written."""
        self.flush()
        self._transport.close()

    def abort(self) -> None:
        """Close at once; what is held is lost."""
        self._held = []
        self._transport.abort()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)
