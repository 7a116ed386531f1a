"""Sending: replies whose bodies are files or streams, and connections that end without one."""

import contextlib
from collections.abc import Awaitable, Callable
from typing import Any

from protocols.http import FileRange, Reply

PIECE_BYTES = 256 * 1024

Send = Callable[[Any], Awaitable[None]]


async def send(reply: Reply, send: Send) -> None:
    """Send a reply of any kind, in pieces that the client's pace allows."""
    body = reply.body
    headers = reply.headers
    if isinstance(body, bytes):
        headers.append((b"content-length", b"%d" % len(body)))
    elif isinstance(body, FileRange) and not any(name == b"content-length" for name, _ in headers):
        headers.append((b"content-length", b"%d" % body.size))
    await send({"type": "http.response.start", "status": reply.status, "headers": headers})
    try:
        if isinstance(body, bytes):
            await send({"type": "http.response.body", "body": body})
            return
        if isinstance(body, FileRange):
            await _send_file(body, send)
        else:
            async for piece in body:
                await send({"type": "http.response.body", "body": piece, "more_body": True})
    except ConnectionAbortedError:  # on purpose
        _break_off(send)
        return
    except BaseException:
        abort(send)  # a short answer must not look like a whole one
        raise
    finally:
        await _close(body)
    await send({"type": "http.response.body", "body": b""})


async def _send_file(body: FileRange, send: Send) -> None:
    body.file.seek(body.offset)
    left = body.size
    while left:
        piece = body.file.read(min(left, PIECE_BYTES))
        if not piece:
            raise OSError("a body's file is shorter than it was")
        left -= len(piece)
        await send({"type": "http.response.body", "body": piece, "more_body": True})


async def _close(body: Any) -> None:
    if isinstance(body, FileRange):
        body.close()
        return
    close = getattr(body, "aclose", None)
    if close is not None:
        with contextlib.suppress(Exception):
            await close()


def abort(send: Send) -> None:
    """Close the connection at once, with nothing more said.

    ASGI has no word for this; uvicorn's `send` belongs to an object that knows the transport.
    """
    transport = _left(send)
    if transport is not None:
        transport.abort()


def _break_off(send: Send) -> None:
    """Close the connection once what was said so far has left it."""
    transport = _left(send)
    if transport is not None:
        transport.close()


def _left(send: Send) -> Any:
    """The transport of a request that gets no more answer; uvicorn need not complain of that."""
    cycle = getattr(send, "__self__", None)
    transport = getattr(cycle, "transport", None)
    if cycle is not None and transport is not None:
        cycle.disconnected = True
    return transport
