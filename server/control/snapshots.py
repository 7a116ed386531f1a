"""Snapshots, under their names: taking, restoring, deleting, and one file out and in."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any, BinaryIO

from starlette.responses import Response, StreamingResponse

from server.control.calls import Call

_PIECE_BYTES = 256 * 1024


async def show(call: Call) -> Any:
    """`GET /_fogbank/snapshots`: name, real time and size of each."""
    return {"snapshots": [snapshot.members() for snapshot in call.snapshots.all()]}


async def take(call: Call) -> Any:
    """`PUT /_fogbank/snapshots/{name}`."""
    await call.members()
    return (await call.snapshots.take(call.name)).members()


async def restore(call: Call) -> Any:
    """`POST /_fogbank/snapshots/{name}/restore`."""
    await call.members()
    return (await call.snapshots.restore(call.name)).members()


async def delete(call: Call) -> Any:
    """`DELETE /_fogbank/snapshots/{name}`."""
    await call.snapshots.delete(call.name)
    return {"deleted": call.name}


async def export(call: Call) -> Response:
    """`GET /_fogbank/snapshots/{name}/export`: a gzipped tar, in pieces."""
    path = await call.snapshots.export(call.name)
    file, size_bytes = path.open("rb"), path.stat().st_size
    path.unlink()  # it is still there for us, and goes when we let go of it
    return StreamingResponse(
        _pieces(file),
        headers={
            "content-length": str(size_bytes),
            "content-disposition": f'attachment; filename="{call.name}.tar.gz"',
            "cache-control": "no-store",
        },
        media_type="application/gzip",
    )


async def take_in(call: Call) -> Any:
    """`PUT /_fogbank/snapshots/{name}/import`: the body is what an export answered."""
    file = call.snapshots.file()
    try:
        with file.open("wb") as target:
            async for piece in call.stream():
                target.write(piece)
        return (await call.snapshots.take_in(call.name, file)).members()
    finally:
        file.unlink(missing_ok=True)


async def _pieces(file: BinaryIO) -> AsyncIterator[bytes]:
    with file:
        while piece := await asyncio.to_thread(file.read, _PIECE_BYTES):
            yield piece
