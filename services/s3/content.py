"""Content: the bytes of objects and parts.

    small       the bytes themselves, in s3_body.data
    large       s3_segment: pieces of files, which copies and completed uploads share

A body belongs to one object or part. A file belongs to all pieces of it; `runtime.bodies` counts
them.
"""

from collections.abc import AsyncIterator, Iterable, Iterator
from hashlib import md5
from pathlib import Path
from typing import Any, NamedTuple

from protocols.http import FileRange
from runtime import digests
from runtime.bodies import Body
from runtime.context import Context
from services.s3.buckets import Bucket

READ_BYTES = 256 * 1024
EAGER = 16  # files opened before the first byte is sent; an overwrite meanwhile can't touch them


class Piece(NamedTuple):
    """A part of a file, and its place in the body."""

    start: int
    size: int
    file: str
    offset: int


def spooled(payload: Any) -> Body:
    """A request's payload as a body; in-process calls give bytes."""
    if isinstance(payload, Body):
        return payload
    data = bytes(payload or b"")
    return Body(size=len(data), md5=md5(data, usedforsecurity=False).digest(), data=data)


# writing -----------------------------------------------------------------------------------------


def reserve(context: Context, bucket: Bucket, data: bytes | None = None) -> int:
    """A new body's id."""
    cursor = context.store.run(
        "INSERT INTO s3_body (account, region, data) VALUES (?, ?, ?)",
        *(bucket.account, bucket.region, data),
    )
    assert cursor.lastrowid is not None
    return cursor.lastrowid


def create(context: Context, bucket: Bucket, body: Body) -> tuple[int, int]:
    """Keep a spooled body; answers its id and the number of its pieces (0: it is small)."""
    if body.path is None:
        return reserve(context, bucket, body.data or b""), 0
    body_id = reserve(context, bucket)
    add(context, body_id, [Piece(0, body.size, context.bodies.keep(body), 0)])
    return body_id, 1


def create_file(context: Context, bucket: Bucket, body: Body) -> int:
    """Keep a spooled body as pieces of files, however small: parts become pieces of a whole."""
    body_id = reserve(context, bucket)
    if body.size:
        add(context, body_id, [Piece(0, body.size, context.bodies.keep(body), 0)])
    return body_id


def overwrite(context: Context, body_id: int, segments: int, body: Body) -> int:
    """Put other bytes in the place of a body's; answers the number of its pieces."""
    if segments:
        _drop_pieces(context, body_id)
    if body.path is None:
        context.store.run("UPDATE s3_body SET data = ? WHERE id = ?", body.data or b"", body_id)
        return 0
    if not segments:
        context.store.run("UPDATE s3_body SET data = NULL WHERE id = ?", body_id)
    add(context, body_id, [Piece(0, body.size, context.bodies.keep(body), 0)])
    return 1


def add(context: Context, body_id: int, pieces: Iterable[Piece]) -> None:
    """Give a body these pieces; their files must be this body's already."""
    context.store.many(
        "INSERT INTO s3_segment (body_id, start, size_bytes, file, offset_bytes)"
        " VALUES (?, ?, ?, ?, ?)",
        [(body_id, *piece) for piece in pieces],
    )


def copy(context: Context, bucket: Bucket, body_id: int, segments: int) -> int:
    """A new body in a bucket with the same bytes; those of large ones are shared."""
    if not segments:
        cursor = context.store.run(
            "INSERT INTO s3_body (account, region, data)"
            " SELECT ?, ?, data FROM s3_body WHERE id = ?",
            *(bucket.account, bucket.region, body_id),
        )
        assert cursor.lastrowid is not None
        return cursor.lastrowid
    made = reserve(context, bucket)
    share(context, made, pieces(context, body_id))
    return made


def share(context: Context, body_id: int, found: list[Piece]) -> None:
    """Give a body pieces that other bodies have too."""
    for piece in found:
        context.bodies.share(piece.file)
    add(context, body_id, found)


def drop(context: Context, body_id: int, segments: int, parts: int | None = None) -> None:
    """Forget a body: its bytes, and the parts it was made of."""
    if segments:
        _drop_pieces(context, body_id)
    if parts is not None:
        forget_parts(context, body_id)
    context.store.run("DELETE FROM s3_body WHERE id = ?", body_id)


def forget_parts(context: Context, body_id: int) -> None:
    """Forget of what parts a body was made; its bytes stay."""
    context.store.run("DELETE FROM s3_part WHERE upload = ?", body_id)
    context.store.run("DELETE FROM s3_upload WHERE id = ?", body_id)


def _drop_pieces(context: Context, body_id: int) -> None:
    for (file,) in context.store.all("SELECT file FROM s3_segment WHERE body_id = ?", body_id):
        context.bodies.drop(file)
    context.store.run("DELETE FROM s3_segment WHERE body_id = ?", body_id)


def join(context: Context, whole: int, bodies: list[tuple[int, int]]) -> int:
    """Make the pieces of bodies, each put at a place, those of a whole; answers their number."""
    context.store.many(
        "UPDATE s3_segment SET body_id = ?, start = start + ? WHERE body_id = ?",
        [(whole, start, body_id) for body_id, start in bodies],
    )
    context.store.many("DELETE FROM s3_body WHERE id = ?", [(body_id,) for body_id, _ in bodies])
    count: int = context.store.value("SELECT count(*) FROM s3_segment WHERE body_id = ?", whole)
    return count


# reading -----------------------------------------------------------------------------------------


def data(context: Context, body_id: int) -> bytes:
    """A small body's bytes."""
    found: bytes = context.store.value("SELECT data FROM s3_body WHERE id = ?", body_id) or b""
    return found


def pieces(context: Context, body_id: int, start: int = 0, size: int | None = None) -> list[Piece]:
    """The pieces that hold a range of a body, cut to it, with places counted from its start."""
    end = (1 << 62) if size is None else start + size
    rows: list[Piece] = context.store.all(
        "SELECT start, size_bytes, file, offset_bytes FROM s3_segment WHERE body_id = ?"
        " AND start >= coalesce("
        "(SELECT max(start) FROM s3_segment WHERE body_id = ? AND start <= ?), 0)"
        " AND start < ? ORDER BY start",
        *(body_id, body_id, start, end),
        into=Piece,
    )
    found: list[Piece] = []
    for piece in rows:
        first, last = max(piece.start, start), min(piece.start + piece.size, end)
        if last > first:
            offset = piece.offset + first - piece.start
            found.append(Piece(first - start, last - first, piece.file, offset))
    return found


def read(context: Context, body_id: int, start: int, size: int) -> Any:
    """A range of a large body, to be sent."""
    found = pieces(context, body_id, start, size)
    if not found:
        return b""
    if len(found) == 1:
        return context.bodies.open(found[0].file, found[0].offset, found[0].size)
    return Stream(context, found)


class Stream(AsyncIterator[bytes]):
    """The bytes of several pieces, one after the other, in constant memory."""

    def __init__(self, context: Context, found: list[Piece]) -> None:
        self._open = context.bodies.open
        self._opened = [self._open(item.file, item.offset, item.size) for item in found[:EAGER]]
        self._later = found[EAGER:]
        self._opened.reverse()
        self._later.reverse()
        self._left = -1

    def __aiter__(self) -> "Stream":
        return self

    async def __anext__(self) -> bytes:
        current = self._current()
        if current is None:
            raise StopAsyncIteration
        piece = current.file.read(min(self._left, READ_BYTES))
        if not piece:
            raise OSError("a body's file is shorter than it was")
        self._left -= len(piece)
        return piece

    def _current(self) -> FileRange | None:
        if self._left == 0:
            self._opened.pop().close()
            self._left = -1
        if not self._opened:
            if not self._later:
                return None
            item = self._later.pop()
            self._opened.append(self._open(item.file, item.offset, item.size))
        current = self._opened[-1]
        if self._left < 0:
            current.file.seek(current.offset)
            self._left = current.size
        return current

    async def aclose(self) -> None:
        """Close what is still open: the client went away, or has everything."""
        while self._opened:
            self._opened.pop().close()
        self._later.clear()


# computing ---------------------------------------------------------------------------------------


class Extent(NamedTuple):
    """A part of a file by its path: all that a thread may know of a body."""

    path: Path
    offset: int
    size: int


def extents(context: Context, found: Iterable[Piece]) -> list[Extent]:
    """Where pieces lie on the disk."""
    return [Extent(context.bodies.path(piece.file), piece.offset, piece.size) for piece in found]


def bytes_of(found: Iterable[Extent]) -> Iterator[bytes]:
    """The bytes of parts of files, piece by piece."""
    for extent in found:
        with extent.path.open("rb") as file:
            file.seek(extent.offset)
            left = extent.size
            while left:
                piece = file.read(min(left, READ_BYTES))
                if not piece:
                    raise OSError("a body's file is shorter than it was")
                left -= len(piece)
                yield piece


def both_digests(source: Iterable[bytes], algorithm: str) -> tuple[bytes, bytes]:
    """The MD5 and one more digest of bytes, in one pass; may run in a thread."""
    first = md5(usedforsecurity=False)
    second = digests.new(algorithm)
    for piece in source:
        first.update(piece)
        second.update(piece)
    return first.digest(), second.digest()
