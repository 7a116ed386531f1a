"""Receiving: a request's headers and body as the application needs them."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from typing import TYPE_CHECKING, Any

from protocols.errors import Error
from protocols.http import Request
from runtime.bodies import INLINE_BYTES
from server.spool import received, small

if TYPE_CHECKING:
    from runtime.bodies import Body
    from runtime.runtime import Runtime
    from server.authenticate import Caller

MOST_BYTES = 256 * 1024 * 1024
"""A request that is read into memory may be so long; the longest that AWS takes are far shorter."""
MOST_STREAMED_BYTES = 5 * 1024**3 + 1024**2
"""One that is spooled: S3's largest upload in one request, and the form around it."""
_FORM = b"application/x-www-form-urlencoded"
_STREAMING = b"STREAMING-"

Receive = Callable[[], Awaitable[Any]]


class Disconnected(Exception):
    """The client went away before it had its answer."""


def joined(headers: list[tuple[bytes, bytes]]) -> dict[bytes, bytes]:
    """Headers by name, the values of one that is repeated joined by commas."""
    found: dict[bytes, bytes] = {}
    for name, value in headers:
        found[name] = value if name not in found else found[name] + b"," + value
    return found


def is_form(request: Request) -> bool:
    """Whether the body is a form of the query protocols."""
    return request.headers.get(b"content-type", b"").startswith(_FORM)


def endpoint_url(scope: dict[str, Any], request: Request) -> str:
    """The server's address as this client has it, without a slash at the end."""
    host = request.headers.get(b"host")
    if host is None:
        return f"{scope['scheme']}://{scope['server'][0]}:{scope['server'][1]}"
    return f"{scope['scheme']}://{host.decode('latin-1')}"


async def read(request: Request, receive: Receive) -> bytes:
    """The whole body, in memory. Raises RequestEntityTooLarge and Disconnected."""
    length = request.headers.get(b"content-length")
    if length is None:
        if b"transfer-encoding" not in request.headers:
            return b""
    elif length == b"0":
        return b""
    elif not length.isdigit() or int(length) > MOST_BYTES:
        raise _too_large()
    message = await receive()
    if message["type"] != "http.request":
        raise Disconnected
    body: bytes = message.get("body", b"")
    if message.get("more_body"):
        parts = [body]
        size = len(body)
        async for piece in _pieces(receive):
            size += len(piece)
            if size > MOST_BYTES:
                raise _too_large()
            parts.append(piece)
        body = b"".join(parts)
    return body


def unchunk(request: Request, caller: "Caller") -> None:
    """Take an aws-chunked body in memory apart, and check its chunks' signatures."""
    if request.headers.get(b"x-amz-content-sha256", b"").startswith(_STREAMING):
        from server.chunked import decoder

        found = decoder(request, caller.signed, caller.secret)
        assert found is not None
        request.body = b"".join(found.feed(request.body))
        found.finish()


async def spool(runtime: "Runtime", request: Request, receive: Receive, caller: "Caller") -> "Body":
    """A payload that streams, in a file unless it is small, with its digests."""
    length = request.headers.get(b"content-length")
    if length is not None and (not length.isdigit() or int(length) > MOST_STREAMED_BYTES):
        raise Error(
            "EntityTooLarge", "Your proposed upload exceeds the maximum allowed size", status=400
        )
    message = await receive()
    if message["type"] != "http.request":
        raise Disconnected
    data: bytes = message.get("body", b"")
    if not message.get("more_body") and len(data) <= INLINE_BYTES:
        return small(data, request, caller.signed, caller.secret)
    return await received(
        _pieces(receive, message),
        request,
        runtime.bodies,
        caller.signed,
        caller.secret,
        MOST_STREAMED_BYTES,
    )


async def _pieces(receive: Receive, message: dict[str, Any] | None = None) -> AsyncIterator[bytes]:
    """What comes of a body, from the given message on if there is one already."""
    while True:
        if message is None:
            message = await receive()
        if message["type"] != "http.request":
            raise Disconnected
        body = message.get("body")
        if body:
            yield body
        if not message.get("more_body"):
            return
        message = None


async def unless_disconnected(work: Coroutine[Any, Any, Any], receive: Receive) -> Any:
    """The result of work that takes long; it is cancelled when the client goes away."""
    task = asyncio.ensure_future(work)
    gone = asyncio.ensure_future(_disconnected(receive))
    try:
        await asyncio.wait((task, gone), return_when=asyncio.FIRST_COMPLETED)
        if not task.done():
            raise Disconnected
        return task.result()
    finally:
        task.cancel()
        gone.cancel()


async def _disconnected(receive: Receive) -> None:
    """Wait till the client goes away; a body that nobody has read may come first."""
    while (await receive())["type"] != "http.disconnect":
        pass


def _too_large() -> Error:
    return Error("RequestEntityTooLarge", "The request is too large.", status=413)
