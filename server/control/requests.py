"""Requests: the journal, in pages and live."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import orjson
from starlette.responses import Response, StreamingResponse

from runtime.runtime import Runtime
from server.control.calls import Call, Refused
from server.control.clock import moment

EQUAL = ("service", "operation", "principal", "account", "region", "parent", "error", "status")
_MEMBERS = {"error": "error_code"}
MOST = 1000
_WRITTEN = 0.000_001
"""Moments are written in microseconds, and may have been rounded up."""
_HEARTBEAT_SECONDS = 15.0
_LOOK_SECONDS = 1.0
"""How often a silent stream looks whether the server is about to stop."""


async def show(call: Call) -> Any:
    """`GET /_fogbank/requests`: calls in the order they ended, or with `order=newest` backwards."""
    given = call.arguments(*EQUAL, "since", "limit", "cursor", "order")
    wanted: dict[str, Any] = {name: given[name] for name in EQUAL if given.get(name)}
    if "status" in wanted:
        wanted["status"] = _whole(given, "status", 100, 599)
    if given.get("order", "oldest") not in ("oldest", "newest"):
        raise Refused(400, "order must be oldest or newest", "order")
    found, cursor = await call.runtime.journal.select(
        **wanted,
        since=moment(given["since"], "since") - _WRITTEN if given.get("since") else None,
        limit=_whole(given, "limit", 1, MOST) if given.get("limit") else 100,
        cursor=_whole(given, "cursor", 0, 2**62) if given.get("cursor") else None,
        newest_first=given.get("order") == "newest",
    )
    return {"requests": found, "cursor": None if cursor is None else str(cursor)}


async def stream(call: Call) -> Response:
    """`GET /_fogbank/requests/stream`: each call as it ends, as a server-sent event.

    The filters are those of the pages. A client that can't keep up misses some.
    """
    given = call.arguments(*EQUAL)
    wanted = {_MEMBERS.get(name, name): value for name, value in given.items() if value}
    if call.method == "HEAD":
        return Response(media_type="text/event-stream")
    return StreamingResponse(
        _events(call.runtime, wanted),
        headers={"cache-control": "no-store", "x-accel-buffering": "no"},
        media_type="text/event-stream",
    )


async def _events(runtime: Runtime, wanted: dict[str, str]) -> AsyncIterator[bytes]:
    yield b"retry: 1000\n\n"
    entries = runtime.journal.follow()
    silent = 0.0
    coming = asyncio.ensure_future(anext(entries))
    try:
        while not runtime.stopping:
            done, _ = await asyncio.wait({coming}, timeout=_LOOK_SECONDS)
            if not done:
                silent += _LOOK_SECONDS
                if silent >= _HEARTBEAT_SECONDS:
                    silent = 0.0
                    yield b": still here\n\n"
                continue
            entry = coming.result()
            coming = asyncio.ensure_future(anext(entries))
            if all(str(getattr(entry, name)) == value for name, value in wanted.items()):
                silent = 0.0
                yield b"data: %b\n\n" % orjson.dumps(entry.members())
    finally:
        coming.cancel()
        await asyncio.wait({coming})
        await entries.aclose()


def _whole(given: dict[str, str], field: str, low: int, high: int) -> int:
    value = given[field]
    if not value.isdecimal() or not low <= int(value) <= high:
        raise Refused(400, f"{field} must be a whole number from {low} to {high}", field)
    return int(value)
