"""The least that can answer: an ASGI application that does none of what AWS does.

    POST  reads the body and sends a fixed answer, as long as GetCallerIdentity's
    PUT   hashes the body as boto3's uploads ask for, and writes it to a file
    GET   sends that file

No signature, no parsing, no state: what it costs is what uvicorn, the sockets, Python's event loop
and the digests cost.
"""

import hashlib
import tempfile
import zlib
from collections.abc import Awaitable, Callable
from typing import Any

BODY = b"<GetCallerIdentityResponse>" + b"." * 380 + b"</GetCallerIdentityResponse>"
PIECE_BYTES = 256 * 1024
_file = tempfile.TemporaryFile()  # noqa: SIM115

Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[Any], Awaitable[None]]


def _start(length: int) -> dict[str, Any]:
    headers = [(b"content-type", b"text/xml"), (b"content-length", b"%d" % length)]
    return {"type": "http.response.start", "status": 200, "headers": headers}


_START = _start(len(BODY))
_END = {"type": "http.response.body", "body": BODY}


async def app(scope: dict[str, Any], receive: Receive, send: Send) -> None:
    """Answer one request."""
    if scope["method"] == "GET":
        await _download(send)
        return
    if scope["method"] == "PUT":
        await _upload(receive)
    else:
        while (await receive()).get("more_body"):
            pass
    await send(_START)
    await send(_END)


async def _upload(receive: Receive) -> None:
    md5, sha256, crc, more = hashlib.md5(), hashlib.sha256(), 0, True
    _file.seek(0)
    while more:
        message = await receive()
        piece, more = message.get("body", b""), message.get("more_body", False)
        md5.update(piece)
        sha256.update(piece)
        crc = zlib.crc32(piece, crc)
        _file.write(piece)
    _file.flush()


async def _download(send: Send) -> None:
    await send(_start(_file.tell()))
    _file.seek(0)
    while piece := _file.read(PIECE_BYTES):
        await send({"type": "http.response.body", "body": piece, "more_body": True})
    await send({"type": "http.response.body"})
