"""The least that can answer: an ASGI application that reads a request and sends a fixed answer.

It does none of what AWS does: no signature, no parsing, no state. What it costs is what uvicorn,
the sockets and Python's event loop cost.
"""

from collections.abc import Awaitable, Callable
from typing import Any

BODY = b"<GetCallerIdentityResponse>" + b"." * 380 + b"</GetCallerIdentityResponse>"
_HEADERS = [(b"content-type", b"text/xml"), (b"content-length", b"%d" % len(BODY))]
_START = {"type": "http.response.start", "status": 200, "headers": _HEADERS}
_END = {"type": "http.response.body", "body": BODY}


async def app(
    scope: dict[str, Any],
    receive: Callable[[], Awaitable[dict[str, Any]]],
    send: Callable[[Any], Awaitable[None]],
) -> None:
    """Answer one request."""
    while (await receive()).get("more_body"):
        pass
    await send(_START)
    await send(_END)
