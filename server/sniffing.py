"""http and https on one port: the first byte of a connection tells which it is.

A TLS connection begins with the byte 0x16 (a handshake record), which begins no HTTP method. The
byte is only looked at (MSG_PEEK) and then left to whoever speaks there.
"""

import asyncio
import errno
import logging
import socket
from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import ssl

log = logging.getLogger("fogbank.server")

SILENCE_SECONDS = 75.0
"""A connection that has said nothing for so long is closed."""
HANDSHAKE_SECONDS = 15.0
_PAUSE_SECONDS = 1.0
_FULL = (errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM)
_AT_ONCE = 100
_HANDSHAKE = b"\x16"


class Sniffer:
    """Accepts a listening socket's connections and hands each to the loop, as http or https."""

    def __init__(
        self,
        listener: socket.socket,
        protocol: Callable[[], asyncio.Protocol],
        context: "ssl.SSLContext",
        backlog: int,
    ) -> None:
        self._loop = asyncio.get_running_loop()
        self._listener = listener
        self._protocol = protocol
        self._context = context
        self._silent: dict[socket.socket, asyncio.TimerHandle] = {}
        self._beginning: set[asyncio.Task[None]] = set()
        self._pause: asyncio.TimerHandle | None = None
        listener.listen(backlog)
        self._open()

    def close(self) -> None:
        """Accept no more, and drop the connections that have said nothing yet."""
        if self._pause is not None:
            self._pause.cancel()
        self._loop.remove_reader(self._listener)
        self._listener.close()
        for connection in list(self._silent):
            self._drop(connection)
        for task in self._beginning:
            task.cancel()

    def _open(self) -> None:
        self._pause = None
        self._loop.add_reader(self._listener, self._accept)

    def _accept(self) -> None:
        """Take what waits to be accepted; the rest is for the loop's next round."""
        for _ in range(_AT_ONCE):
            try:
                connection, _address = self._listener.accept()
            except (BlockingIOError, InterruptedError, ConnectionAbortedError):
                return
            except OSError as failure:
                if failure.errno not in _FULL:
                    raise
                log.error("no connection can be accepted for a moment: %s", failure.strerror)
                self._loop.remove_reader(self._listener)
                self._pause = self._loop.call_later(_PAUSE_SECONDS, self._open)
                return
            connection.setblocking(False)
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._silent[connection] = self._loop.call_later(
                SILENCE_SECONDS, self._drop, connection
            )
            self._loop.add_reader(connection, self._look, connection)

    def _look(self, connection: socket.socket) -> None:
        """The connection has said something, or ended."""
        try:
            first = connection.recv(1, socket.MSG_PEEK)
        except (BlockingIOError, InterruptedError):
            return
        except OSError:
            first = b""
        if not first:
            self._drop(connection)
            return
        self._silent.pop(connection).cancel()
        self._loop.remove_reader(connection)
        task = self._loop.create_task(self._begin(connection, first == _HANDSHAKE))
        self._beginning.add(task)
        task.add_done_callback(self._beginning.discard)

    async def _begin(self, connection: socket.socket, secure: bool) -> None:
        try:
            if secure:
                await self._loop.connect_accepted_socket(
                    self._protocol,
                    connection,
                    ssl=self._context,
                    ssl_handshake_timeout=HANDSHAKE_SECONDS,
                )
            else:
                await self._loop.connect_accepted_socket(self._protocol, connection)
        except OSError as failure:  # ssl.SSLError is one: most often the client doesn't trust us
            log.debug("a connection was not begun: %s", failure)
            connection.close()

    def _drop(self, connection: socket.socket) -> None:
        self._silent.pop(connection).cancel()
        self._loop.remove_reader(connection)
        connection.close()
