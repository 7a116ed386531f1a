"""Archives: a snapshot's folder as one file (tar, gzipped), for a colleague or a CI job.

Such a file comes from anywhere. Nothing of it is believed: only members with the names that a
snapshot has are written, as plain files inside the folder, and no more than the disk has room for.
"""

import gzip
import re
import shutil
import tarfile
import zlib
from pathlib import Path
from typing import Any

_MEMBER = re.compile(r"snapshot\.json|state\.db|bodies/([0-9a-f]{2})/\1[0-9a-f]{30}")
_LEVEL = 1
"""Of compression: databases have much air in them, payloads often none, and somebody waits."""
_MOST_AT_ONCE = 1024 * 1024


class ArchiveError(Exception):
    """A file that is no snapshot, or holds what no snapshot holds."""


def pack(folder: Path, file: Path) -> None:
    """Write a snapshot's folder into a file."""
    with tarfile.open(file, "w:gz", compresslevel=_LEVEL) as archive:
        for path in sorted(folder.rglob("*")):
            if path.is_file() and _MEMBER.fullmatch(path.relative_to(folder).as_posix()):
                with path.open("rb") as content:
                    member = tarfile.TarInfo(path.relative_to(folder).as_posix())
                    member.size = path.stat().st_size
                    archive.addfile(member, content)


def unpack(file: Path, folder: Path) -> None:
    """Write a file's members into an empty folder. Raises ArchiveError."""
    try:
        with gzip.open(file) as content:
            careful: Any = _Careful(content)
            with tarfile.open(fileobj=careful, mode="r:") as archive:
                _unpack(archive, folder)
    except (tarfile.TarError, zlib.error, EOFError, gzip.BadGzipFile) as failure:
        raise ArchiveError(f"the file is no snapshot: {failure}") from None


def _unpack(archive: tarfile.TarFile, folder: Path) -> None:
    room = shutil.disk_usage(folder).free
    for member in archive:
        if not member.isreg() or not _MEMBER.fullmatch(member.name):
            raise ArchiveError(f"the file holds what no snapshot holds: {member.name[:200]!r}")
        room -= member.size
        if room < 0:
            raise ArchiveError("the disk has no room for what the file holds")
        path = folder / member.name
        path.parent.mkdir(parents=True, exist_ok=True)
        content = archive.extractfile(member)
        assert content is not None
        try:
            with path.open("xb") as target:
                shutil.copyfileobj(content, target, _MOST_AT_ONCE)
        except FileExistsError:
            raise ArchiveError(f"the file holds {member.name} twice") from None


class _Careful:
    """A file that refuses to be read at once: a header that claims to be gigabytes is no header."""

    name = None

    def __init__(self, content: gzip.GzipFile) -> None:
        self._content = content
        self.tell = content.tell
        self.seek = content.seek

    def read(self, size: int = -1) -> bytes:
        """At most a megabyte."""
        if not 0 <= size <= _MOST_AT_ONCE:
            raise tarfile.ReadError("a header of it is too long")
        return self._content.read(size)
