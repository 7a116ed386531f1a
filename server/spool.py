"""Spooling: a payload that streams becomes a `Body`, digests and all, while it comes in.

Small payloads stay in memory. Of larger ones the pieces are gathered into batches, and each batch
is hashed and written while the loop waits for the next.
"""

import asyncio
import re
from collections.abc import AsyncIterable, Iterable
from functools import partial
from hashlib import md5, sha256
from typing import BinaryIO

from protocols.errors import Error
from protocols.http import Request
from runtime import digests
from runtime.bodies import INLINE_BYTES, Bodies, Body
from runtime.digests import Digest
from server import chunked
from server.chunked import Decoder
from server.sigv4 import Signed

BATCH_BYTES = 512 * 1024
_is_digest = re.compile(r"[0-9a-fA-F]{64}").fullmatch
_CHECKSUMS = {f"x-amz-checksum-{name.lower()}".encode(): name for name in digests.LENGTHS}


async def received(
    pieces: AsyncIterable[bytes],
    request: Request,
    bodies: Bodies,
    signed: Signed | None,
    secret: str | None,
    most: int,
) -> Body:
    """A request's payload, decoded and compared with what its headers say of it.

    Raises S3's errors: IncompleteBody, EntityTooLarge, XAmzContentSHA256Mismatch, and what is wrong
    with an aws-chunked body.
    """
    length = request.headers.get(b"content-length", b"")
    body = await spool(
        pieces,
        bodies=bodies,
        length=int(length) if length.isdigit() and len(length) <= 16 else None,
        want_sha256=_claims_digest(signed),
        algorithms=algorithms(request),
        decoder=chunked.decoder(request, signed, secret),
        most=most,
    )
    return _compared(body, signed)


def small(data: bytes, request: Request, signed: Signed | None, secret: str | None) -> Body:
    """The same for a payload that is there already, and small enough to stay in memory."""
    decoder = chunked.decoder(request, signed, secret)
    if decoder is not None:
        data = b"".join(decoder.feed(data))
        decoder.finish()
    body = _in_memory(data, _claims_digest(signed), algorithms(request))
    if decoder is not None:
        body.trailers = decoder.trailers
    return _compared(body, signed)


def _claims_digest(signed: Signed | None) -> bool:
    claimed = None if signed is None else signed.payload_hash
    return claimed is not None and _is_digest(claimed) is not None


def _compared(body: Body, signed: Signed | None) -> Body:
    """A body whose digest was compared with the signed one. Raises XAmzContentSHA256Mismatch."""
    if body.sha256 is not None and signed is not None and signed.payload_hash is not None:
        computed = body.sha256.hex()
        if computed != signed.payload_hash.lower():
            body.discard()
            raise wrong_payload(signed.payload_hash, computed)
    return body


def wrong_payload(claimed: str, computed: str) -> Error:
    """The payload is not the one whose hash was signed."""
    return Error(
        "XAmzContentSHA256Mismatch",
        "The provided 'x-amz-content-sha256' header does not match what was computed.",
        status=400,
        ClientComputedContentSHA256=claimed,
        S3ComputedContentSHA256=computed,
    )


def algorithms(request: Request) -> set[str]:
    """The checksums that a request's headers name, by S3's names of the algorithms."""
    headers = request.headers
    found = {_CHECKSUMS[name] for name in headers.keys() & _CHECKSUMS.keys()}
    named = headers.get(b"x-amz-sdk-checksum-algorithm")
    if named is not None:
        algorithm = named.decode("latin-1").upper()
        if algorithm in digests.LENGTHS:
            found.add(algorithm)
    trailing = headers.get(b"x-amz-trailer")
    if trailing is not None:
        names = [name.strip().lower() for name in trailing.split(b",")]
        found.update(_CHECKSUMS[name] for name in names if name in _CHECKSUMS)
    return found


async def spool(
    pieces: AsyncIterable[bytes],
    *,
    bodies: Bodies,
    length: int | None,
    want_sha256: bool,
    algorithms: Iterable[str],
    decoder: Decoder | None,
    most: int,
) -> Body:
    """Take a payload in; what was written is removed when anything goes wrong or is cancelled.

    `length` is that of the pieces, `most` that of what they hold. Raises IncompleteBody,
    EntityTooLarge, and the decoder's errors.
    """
    expected = length if decoder is None else decoder.length
    if expected is not None and expected > most:
        raise too_large(expected, most)
    algorithms = set(algorithms)
    sink: _File | None = None
    batch: list[bytes] = []
    held = size = arrived = 0
    try:
        async for piece in pieces:
            arrived += len(piece)
            if length is not None and arrived > length:
                raise _other_length()
            found = (piece,) if decoder is None else decoder.feed(piece)
            for data in found:
                batch.append(data)
                held += len(data)
            if size + held > most:
                raise too_large(size + held, most)
            if sink is None:
                if held <= INLINE_BYTES:
                    continue
                sink = _File(bodies, want_sha256, algorithms)
            elif held < BATCH_BYTES:
                continue
            await sink.take(batch)
            size += held
            batch, held = [], 0
        if length is not None and arrived != length:
            raise _other_length()
        if decoder is not None:
            decoder.finish()
        if sink is None:
            body = _in_memory(b"".join(batch), want_sha256, algorithms)
        else:
            body = await sink.close(batch)
    except BaseException:
        if sink is not None:
            sink.remove()
        raise
    if decoder is not None:
        body.trailers = decoder.trailers
    return body


def _in_memory(data: bytes, want_sha256: bool, algorithms: Iterable[str]) -> Body:
    body = Body(size=len(data), data=data, md5=md5(data, usedforsecurity=False).digest())
    if want_sha256:
        body.sha256 = sha256(data).digest()
    for algorithm in algorithms:
        running = digests.new(algorithm)
        running.update(data)
        body.checksums[algorithm] = running.digest()
    return body


class _File:
    """A body on its way into its file. One batch at a time is hashed and written, by a thread."""

    def __init__(self, bodies: Bodies, want_sha256: bool, algorithms: set[str]) -> None:
        self._md5 = md5(usedforsecurity=False)
        self._sha256 = sha256() if want_sha256 else None
        # An object that comes without a checksum gets this one; the file is not read again for it.
        self._digests = {name: digests.new(name) for name in algorithms or {"CRC64NVME"}}
        self._running: list[Digest] = [self._md5, *self._digests.values()]
        if self._sha256 is not None:
            self._running.append(self._sha256)
        self._size = 0
        self._work: asyncio.Future[None] | None = None
        self._id, self._path = bodies.new()
        self._file: BinaryIO = self._path.open("wb", buffering=0)

    async def take(self, batch: list[bytes]) -> None:
        """Start on a batch, once the one before it is done."""
        await self._done()
        loop = asyncio.get_running_loop()
        self._work = loop.run_in_executor(None, partial(self._absorb, batch))

    async def close(self, batch: list[bytes]) -> Body:
        """The body, with its last batch in it."""
        await self._done()
        self._absorb(batch)
        self._file.close()
        body = Body(
            size=self._size,
            md5=self._md5.digest(),
            sha256=None if self._sha256 is None else self._sha256.digest(),
            path=self._path,
            body_id=self._id,
        )
        body.checksums = {name: running.digest() for name, running in self._digests.items()}
        return body

    def remove(self) -> None:
        """Throw away what has been written.

        The file is closed after the thread: a descriptor that it still writes to must not become
        another file's.
        """
        self._path.unlink(missing_ok=True)
        if self._work is None or self._work.done():
            self._file.close()
        else:
            self._work.add_done_callback(self._close_late)

    def _close_late(self, work: asyncio.Future[None]) -> None:
        if not work.cancelled():
            work.exception()
        self._file.close()

    async def _done(self) -> None:
        # Shielded: a thread goes on when the one who waits for it is cancelled.
        if self._work is not None:
            await asyncio.shield(self._work)

    def _absorb(self, batch: list[bytes]) -> None:
        data = batch[0] if len(batch) == 1 else b"".join(batch)
        for running in self._running:
            running.update(data)
        view = memoryview(data)
        while view:
            view = view[self._file.write(view) :]
        self._size += len(data)


def too_large(size: int, most: int) -> Error:
    """More than may be uploaded in one request."""
    return Error(
        "EntityTooLarge",
        "Your proposed upload exceeds the maximum allowed size",
        status=400,
        ProposedSize=size,
        MaxSizeAllowed=most,
    )


def _other_length() -> Error:
    message = "You did not provide the number of bytes specified by the Content-Length HTTP header"
    return Error("IncompleteBody", message, status=400)
