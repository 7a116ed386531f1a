"""A server in the test's own process, with an application that does what its paths say."""

import asyncio
import os
import signal
import ssl
from collections.abc import Awaitable, Callable
from typing import Any

from runtime.settings import Settings
from server import listening

LONGEST_SECONDS = 20.0
Loop = Callable[[], asyncio.AbstractEventLoop]
Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]


class Serving:
    """The server, its application, and what happened, for a client that runs beside it."""

    def __init__(self, settings: Settings | None = None) -> None:
        self.settings = settings or Settings(hosts=["127.0.0.1"], port=0)
        self.sockets = listening.sockets(self.settings)
        self.port: int = self.sockets[0].getsockname()[1]
        self.happened: list[str] = []
        self.asked = asyncio.Event()
        self.go = asyncio.Event()

    def run(
        self,
        client: Callable[["Serving"], Awaitable[None]],
        stopping: Callable[["Serving"], Awaitable[None]] | None = None,
    ) -> int:
        """Serve till the client has ended, or has told us to stop; answers the exit status, which
        is 7 when all went its way.
        """
        tasks = []

        async def alongside() -> None:
            try:
                async with asyncio.timeout(LONGEST_SECONDS):
                    await client(self)
            finally:
                tell()

        async def answering() -> None:
            tasks.append(asyncio.create_task(alongside()))

        async def stop() -> None:
            self.happened.append("stopping")
            if stopping is not None:
                await stopping(self)

        async def work() -> int:
            await listening.serve(self.answer, self.settings, self.sockets, answering, stop)
            self.happened.append("stopped")
            await asyncio.gather(*tasks)
            return 7

        try:
            return listening.run_loop(work())
        finally:
            self.close()

    def close(self) -> None:
        """Close the sockets, as whoever bound them does."""
        for one in self.sockets:
            one.close()

    async def answer(self, scope: Any, receive: Any, send: Any) -> None:
        """Answer at once, or when told to (/wait), never (/never), or with so many MiB (/big)."""
        self.asked.set()
        if scope["path"] == "/never":
            while (await receive())["type"] != "http.disconnect":
                pass
            self.happened.append("cut off")
            return
        if scope["path"] == "/deaf":
            await asyncio.Event().wait()
        if scope["path"] == "/wait":
            await self.go.wait()
        body = f"{scope['scheme']} {scope['server'][0]}".encode()
        if scope["path"] == "/big":
            body = bytes(8 * 1024 * 1024)
        headers = [(b"content-length", b"%d" % len(body))]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    async def connect(self, **options: Any) -> Streams:
        """A connection to it."""
        return await asyncio.open_connection("127.0.0.1", self.port, **options)


def tell(number: signal.Signals = signal.SIGTERM) -> None:
    """Tell this process to stop, as others would."""
    os.kill(os.getpid(), number)


def ask(streams: Streams, path: str = "/") -> None:
    """Send a request."""
    streams[1].write(f"GET {path} HTTP/1.1\r\nHost: x\r\n\r\n".encode())


async def told(streams: Streams) -> tuple[bytes, bytes]:
    """An answer's head and body."""
    head = await streams[0].readuntil(b"\r\n\r\n")
    length = int(head.lower().partition(b"content-length: ")[2].split(b"\r\n")[0])
    return head, await streams[0].readexactly(length)


async def close(streams: Streams) -> None:
    """End a connection."""
    streams[1].close()
    try:
        await streams[1].wait_closed()
    except (OSError, ssl.SSLError):  # it was cut off, which is what some tests are about
        return
