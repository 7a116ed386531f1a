"""Snapshots: whole states under names, in a folder each.

    snapshots/<name>/state.db       the store's copy
    snapshots/<name>/bodies/..      hard links to the files of large payloads
    snapshots/<name>/snapshot.json  when it was taken, the clock and the settings then

The copy is written in a thread, from a reader that sees the state of the moment the snapshot was
asked for, so that other requests go on meanwhile. A restore replaces everything between two of
them: store, bodies, clock and settings. The journal is no state: it goes on. The clock comes back
as it stood: frozen where it was frozen, and otherwise as far from real time as it was.
"""

import asyncio
import re
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import orjson

from runtime import archives
from runtime.clock import iso8601
from runtime.settings import Config

if TYPE_CHECKING:
    from runtime.runtime import Runtime

FORMAT = 1
DATABASE, BODIES, DESCRIPTION = "state.db", "bodies", "snapshot.json"
_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,99}")
_APART = ".new", ".old"
"""Suffixes of folders on their way in or out; no snapshot's name ends so."""


class SnapshotError(Exception):
    """A name that can't be, a snapshot that isn't there (`missing`), a file that holds none."""

    def __init__(self, message: str, *, missing: bool = False) -> None:
        super().__init__(message)
        self.missing = missing


class Snapshot(NamedTuple):
    """One snapshot as it is listed."""

    name: str
    time: float
    """Real epoch seconds."""
    size_bytes: int

    def members(self) -> dict[str, Any]:
        """As the control API shows it."""
        return {"name": self.name, "time": iso8601(self.time), "size_bytes": self.size_bytes}


class Snapshots:
    """The snapshots of one runtime; they lie beside its state, and go or stay with it."""

    def __init__(self, runtime: "Runtime") -> None:
        self._runtime = runtime
        self.folder = runtime.folder / "snapshots"
        self._busy = asyncio.Lock()
        self._files = 0
        self._clean()

    def _clean(self) -> None:
        """Remove what a crash left half done."""
        for path in self.folder.glob("*"):
            if not path.is_dir():
                path.unlink()
            elif path.name.endswith(_APART):
                shutil.rmtree(path)

    def all(self) -> list[Snapshot]:
        """All of them, by name."""
        if not self.folder.is_dir():
            return []
        names = sorted(path.name for path in self.folder.iterdir() if path.is_dir())
        return [self._described(name) for name in names if not name.endswith(_APART)]

    async def take(self, name: str) -> Snapshot:
        """Keep the state of this moment under a name, instead of what the name stood for before."""
        _check(name)
        async with self._busy:
            runtime = self._runtime
            runtime.commit()
            folder = self._empty(name)
            # From here to the thread nothing else runs: the links are those of the reader's state.
            reader = sqlite3.connect(
                runtime.store.path, isolation_level=None, check_same_thread=False
            )
            try:
                reader.execute("BEGIN")
                reader.execute("SELECT count(*) FROM store_value").fetchone()
                runtime.bodies.link_to(folder / BODIES)
            except BaseException:
                reader.close()
                raise
            description = {
                "format": FORMAT,
                "time": runtime.clock.real(),
                "clock": runtime.clock.state(),
                "config": runtime.config.members(),
                "bodies_bytes": runtime.store.value("SELECT total(size_bytes) FROM body"),
            }
            await asyncio.to_thread(_copy, reader, folder / DATABASE)
            (folder / DESCRIPTION).write_bytes(orjson.dumps(description))
            self._put(folder, name)
            return self._described(name)

    async def restore(self, name: str) -> Snapshot:
        """Go back to a snapshot.

        Raises StoreError when its database is damaged, ConfigError when its settings can't be.
        """
        folder = self._find(name)
        async with self._busy:
            runtime = self._runtime
            description = _read(folder)
            config = {
                setting: value
                for setting, value in description["config"].items()
                if setting in runtime.config.members()
            }
            Config().change(config)
            runtime.commit()
            replaced = runtime.bodies.owned()
            runtime.store.load_from(folder / DATABASE)
            runtime.bodies.link_from(folder / BODIES, replaced)
            runtime.clock.load(description["clock"])
            runtime.store.set("clock", orjson.dumps(runtime.clock.state()).decode())
            runtime.config.change(config)
            runtime.commit()
            runtime.scheduler.poke()
            runtime.scheduler.wake_all()
            return self._described(name)

    async def delete(self, name: str) -> None:
        """Forget a snapshot."""
        folder = self._find(name)
        async with self._busy:
            await asyncio.to_thread(_remove, folder)

    async def export(self, name: str) -> Path:
        """Write a snapshot into one file; whoever asked for it removes it."""
        folder = self._find(name)
        async with self._busy:
            file = self.file()
            await asyncio.to_thread(archives.pack, folder, file)
            return file

    async def take_in(self, name: str, file: Path) -> Snapshot:
        """Make a snapshot of a file that `export` wrote. Raises SnapshotError for any other."""
        _check(name)
        async with self._busy:
            folder = self._empty(name)
            try:
                await asyncio.to_thread(archives.unpack, file, folder)
                await asyncio.to_thread(_verify, folder)
            except archives.ArchiveError as failure:
                shutil.rmtree(folder)
                raise SnapshotError(str(failure)) from None
            except SnapshotError:
                shutil.rmtree(folder)
                raise
            self._put(folder, name)
            return self._described(name)

    def file(self) -> Path:
        """Where an archive can lie meanwhile; whoever asked for it removes it."""
        self.folder.mkdir(exist_ok=True)
        self._files += 1
        return self.folder / f"{self._files}.archive"

    # folders -------------------------------------------------------------------------------------

    def _find(self, name: str) -> Path:
        folder = self.folder / name
        if not _possible(name) or not folder.is_dir():
            raise SnapshotError(f"there is no snapshot '{name}'", missing=True)
        return folder

    def _empty(self, name: str) -> Path:
        """A folder to make a snapshot in; only a complete one gets its name."""
        folder = self.folder / f"{name}.new"
        if folder.exists():  # left behind by a crash
            shutil.rmtree(folder)
        folder.mkdir(parents=True)
        return folder

    def _put(self, folder: Path, name: str) -> None:
        target = self.folder / name
        if target.exists():
            _remove(target)
        folder.rename(target)

    def _described(self, name: str) -> Snapshot:
        folder = self.folder / name
        description = _read(folder)
        size = (folder / DATABASE).stat().st_size + int(description["bodies_bytes"])
        return Snapshot(name, description["time"], size)


def _possible(name: str) -> bool:
    return _NAME.fullmatch(name) is not None and not name.endswith(_APART)


def _check(name: str) -> None:
    if not _possible(name):
        raise SnapshotError(
            f"'{name}' cannot name a snapshot: 1 to 100 letters, digits, '.', '_' and '-', the"
            f" first a letter, a digit or '_', not ending in {' or '.join(_APART)}"
        )


def _copy(reader: sqlite3.Connection, path: Path) -> None:
    """Write what a reader sees to a file of its own, and close the reader."""
    target = sqlite3.connect(path, isolation_level=None)
    try:
        target.execute("PRAGMA synchronous = OFF")
        reader.backup(target)
    finally:
        target.close()
        reader.close()


def _remove(folder: Path) -> None:
    """Remove a snapshot: it has lost its name before it loses its files."""
    aside = folder.with_name(f"{folder.name}.old")
    if aside.exists():
        shutil.rmtree(aside)
    folder.rename(aside)
    shutil.rmtree(aside)


def _read(folder: Path) -> dict[str, Any]:
    description: dict[str, Any] = orjson.loads((folder / DESCRIPTION).read_bytes())
    return description


def _verify(folder: Path) -> None:
    """Raise SnapshotError unless a folder that came from elsewhere holds a whole snapshot."""
    if not (folder / DATABASE).is_file() or not _whole(folder):
        raise SnapshotError("the file holds no whole snapshot")
    if _read(folder).get("format") != FORMAT:
        raise SnapshotError("the snapshot was made by another version of fogbank")
    try:
        with closing(sqlite3.connect(folder / DATABASE)) as connection:
            found = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
            bodies = connection.execute("SELECT id, size_bytes FROM body").fetchall()
    except sqlite3.DatabaseError as failure:
        found, bodies = str(failure), []
    if found != "ok":
        raise SnapshotError(f"the snapshot's database is damaged: {found}")
    for body_id, size in bodies:
        path = folder / BODIES / body_id[:2] / body_id
        if not path.is_file() or path.stat().st_size != size:
            raise SnapshotError(f"the snapshot lacks the body {body_id}")


def _whole(folder: Path) -> bool:
    """Whether a description has what a restore takes from it."""
    number = int | float
    try:
        description = _read(folder)
        clock = description["clock"]
        return (
            isinstance(description["time"], number)
            and isinstance(description["bodies_bytes"], number)
            and isinstance(description["config"], dict)
            and isinstance(clock["offset"], number)
            and isinstance(clock["frozen_at"], number | None)
        )
    except (OSError, ValueError, TypeError, KeyError):
        return False
