"""Bodies: payloads too large to carry around in memory.

A streaming request payload is spooled before its operation begins (`Body`): small ones stay in
memory, larger ones are written straight to the file they will live in. A handler that wants to
keep one calls `Bodies.keep`: the row that owns the file becomes part of the operation's
transaction. Files that no row owns are removed: at once when the operation fails, and by a sweep
at the next start after a crash.
"""

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from shutil import copyfile

from protocols.http import FileRange
from runtime.ids import Ids
from runtime.store import Store

INLINE_BYTES = 64 * 1024
"""Payloads up to this size are kept as blobs in the database, larger ones as files."""

SCHEMA = """
CREATE TABLE IF NOT EXISTS body (
    id          TEXT PRIMARY KEY,
    size_bytes  INTEGER NOT NULL,
    uses        INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
"""


class Body:
    """A spooled request payload: `data` (small) or `path` (a file), and what was computed of it."""

    __slots__ = ("checksums", "data", "id", "kept", "md5", "path", "sha256", "size", "trailers")

    def __init__(
        self,
        *,
        size: int,
        md5: bytes = b"",
        sha256: bytes | None = None,
        data: bytes | None = None,
        path: Path | None = None,
        body_id: str = "",
    ) -> None:
        self.size = size
        self.md5 = md5
        self.sha256 = sha256
        self.data = data
        self.path = path
        self.id = body_id
        self.checksums: dict[str, bytes] = {}
        """Digests by S3's algorithm names (CRC32, CRC32C, CRC64NVME, SHA1, SHA256)."""
        self.trailers: dict[str, str] = {}
        """Trailing headers of an aws-chunked payload, names in lower case."""
        self.kept = False

    def read(self) -> bytes:
        """All of it, in memory: for payloads whose size is bounded by the operation."""
        if self.data is not None:
            return self.data
        assert self.path is not None
        return self.path.read_bytes()

    def pieces(self, piece_bytes: int = 256 * 1024) -> Iterator[bytes]:
        """The content, piece by piece."""
        if self.data is not None:
            yield self.data
            return
        assert self.path is not None
        with self.path.open("rb") as file:
            while piece := file.read(piece_bytes):
                yield piece

    def lose(self) -> None:
        """The operation that kept it was undone: remove the file."""
        self.kept = False
        self.discard()
        if self.data is not None:
            self.path = None

    def discard(self) -> None:
        """Remove the file, unless an operation kept it."""
        if self.path is not None and not self.kept:
            self.path.unlink(missing_ok=True)


class Bodies:
    """The folder of body files and the table that says who owns them."""

    def __init__(
        self,
        folder: Path,
        store: Store,
        ids: Ids,
        after_commit: Callable[[Callable[[], None]], None],
    ) -> None:
        self.folder = folder
        self._store = store
        self._ids = ids
        self._after_commit = after_commit
        folder.mkdir(parents=True, exist_ok=True)
        store.script(SCHEMA)

    def path(self, body_id: str) -> Path:
        """Where a body's file is; 256 folders keep each one small."""
        return self.folder / body_id[:2] / body_id

    def new(self) -> tuple[str, Path]:
        """An id and the file to spool into."""
        while True:
            body_id = self._ids.hex(32)
            path = self.path(body_id)
            if not path.exists():  # a seeded source of ids repeats itself
                break
        path.parent.mkdir(exist_ok=True)
        return body_id, path

    def keep(self, body: Body) -> str:
        """Own a spooled body from this transaction on; answers its id.

        A small one is written to a file first. The file goes when the operation is undone.
        """
        if body.path is None:
            body.id, body.path = self.new()
            body.path.write_bytes(body.data or b"")
        self._store.run("INSERT INTO body VALUES (?, ?, 1)", body.id, body.size)
        body.kept = True
        self._store.undo(body.lose)
        return body.id

    def share(self, body_id: str) -> str:
        """One more owner of the same bytes (a copy copies nothing)."""
        self._store.run("UPDATE body SET uses = uses + 1 WHERE id = ?", body_id)
        return body_id

    def drop(self, body_id: str) -> None:
        """One owner less; the file goes when the last one is gone and that is committed."""
        row = self._store.run(
            "UPDATE body SET uses = uses - 1 WHERE id = ? RETURNING uses", body_id
        ).fetchone()
        if row == (0,):
            self._store.run("DELETE FROM body WHERE id = ?", body_id)
            self._after_commit(lambda: self._remove(body_id))

    def _remove(self, body_id: str) -> None:
        """Remove a file, unless dropping its last owner was undone."""
        if self._store.value("SELECT 1 FROM body WHERE id = ?", body_id) is None:
            self.path(body_id).unlink(missing_ok=True)

    def open(self, body_id: str, offset: int = 0, size: int | None = None) -> FileRange:
        """A part of a body, ready to be sent; it stays readable when the body is dropped."""
        file = self.path(body_id).open("rb")
        if size is None:
            size = os.fstat(file.fileno()).st_size - offset
        return FileRange(file, offset, size)

    def sweep(self) -> int:
        """Remove files that no row owns (what a crash left behind); answers how many."""
        removed = 0
        for folder in self.folder.iterdir():
            if not folder.is_dir():
                continue
            for path in folder.iterdir():
                if self._store.value("SELECT 1 FROM body WHERE id = ?", path.name) is None:
                    path.unlink()
                    removed += 1
        return removed

    def owned(self) -> set[str]:
        """The ids of all bodies that are kept."""
        return {body_id for (body_id,) in self._store.all("SELECT id FROM body")}

    def release(self, replaced: set[str]) -> None:
        """Remove the files of bodies that were kept and no longer are: the state was replaced.

        Not a sweep: payloads that just come in have files, and no rows yet.
        """
        for body_id in replaced - self.owned():
            self.path(body_id).unlink(missing_ok=True)

    def link_to(self, folder: Path) -> None:
        """Hard-link all files that are kept into a snapshot's folder."""
        for body_id in self.owned():
            _link(self.path(body_id), folder / body_id[:2] / body_id)

    def link_from(self, folder: Path, replaced: set[str]) -> None:
        """Bring the files of a snapshot back, and remove those that only the replaced state had."""
        for body_id in self.owned():
            _link(folder / body_id[:2] / body_id, self.path(body_id))
        self.release(replaced)


def _link(source: Path, target: Path) -> None:
    """Make the target the same file as the source, whatever it was before."""
    target.parent.mkdir(parents=True, exist_ok=True)
    if target.exists():
        if target.samefile(source):
            return
        target.unlink()  # a seeded source of ids gave the same one twice
    try:
        os.link(source, target)
    except OSError:  # a file system without links
        copyfile(source, target)
