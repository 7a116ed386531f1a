"""The store: one SQLite database, written by one thread, one savepoint an operation.

    BEGIN                      shared by all operations until the next commit
      SAVEPOINT f1             one operation's frame, opened by its first write
        SAVEPOINT f2           an operation that this one called
        RELEASE f2             ... or ROLLBACK TO f2 when it failed
      RELEASE f1
    COMMIT                     durable: at the end of the loop's tick, answers leave after it
                               temporary: every 50 ms

Frames open their savepoint lazily, so that an operation that only reads costs no transaction at
all.
"""

import contextlib
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

APPLICATION_ID = 0x666F6762  # "fogb", in the file's header
COMMIT_SECONDS = 0.05
CHECKED_BYTES = 256 * 1024 * 1024
"""Files up to this size are read through when they are opened: 0.7 ms a MiB."""

_RELEASE = [f"RELEASE f{depth}" for depth in range(1_000)]
_SAVEPOINT = [f"SAVEPOINT f{depth}" for depth in range(1_000)]
_LOST = "what was written since the last commit is lost: the database could not be written"

_RUNTIME_SCHEMA = """
CREATE TABLE IF NOT EXISTS store_version (
    service  TEXT PRIMARY KEY,
    version  INTEGER NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS store_value (
    name   TEXT PRIMARY KEY,
    value  TEXT NOT NULL
) STRICT;
"""


class StoreError(Exception):
    """The data folder cannot be used: damaged, foreign, or written by a newer fogbank."""


class Store:
    """The one database. Only the thread that runs the event loop touches it."""

    def __init__(self, path: Path, *, durable: bool) -> None:
        self.path = path
        self.durable = durable
        self.dirty = False
        self.generation = 0
        """Goes up when the whole state was replaced (restore, reset)."""
        self.on_dirty: Callable[[], None] = _nothing
        """Called at the first write since the last commit (the server schedules the next one)."""
        self._frames = 0
        self._open = 0
        self._lost = False
        """The transaction is gone while an operation runs: none of its frames can be kept."""
        self._unwritten = False
        """Writes of operations that have ended are gone: the next commit has to say so."""
        self._undo: list[tuple[int, Callable[[], None]]] = []
        self._caches: dict[str, dict[Any, Any]] = {}
        self._scratch: dict[str, dict[Any, Any]] = {}
        self._prepared: dict[str, int] = {}
        self._connection = _connect(path, durable)
        self._execute = self._connection.execute

    # reading -------------------------------------------------------------------------------------

    def one(self, sql: str, *parameters: Any, into: Callable[..., Any] | None = None) -> Any:
        """The first row as a tuple, or as `into(*row)`; None without one."""
        row = self._execute(sql, parameters).fetchone()
        return row if into is None or row is None else into(*row)

    def all(self, sql: str, *parameters: Any, into: Callable[..., Any] | None = None) -> list[Any]:
        """All rows, as tuples or as `into(*row)`."""
        rows = self._execute(sql, parameters).fetchall()
        return rows if into is None else [into(*row) for row in rows]

    def value(self, sql: str, *parameters: Any) -> Any:
        """The first column of the first row, or None."""
        row = self._execute(sql, parameters).fetchone()
        return None if row is None else row[0]

    # writing -------------------------------------------------------------------------------------

    def run(self, sql: str, *parameters: Any) -> sqlite3.Cursor:
        """One write, rolled back with its operation."""
        if self._open != self._frames or not self.dirty:
            self._open_frames()
        return self._execute(sql, parameters)

    def many(self, sql: str, rows: Iterable[Sequence[Any]]) -> None:
        """The same write for each row."""
        if self._open != self._frames or not self.dirty:
            self._open_frames()
        self._connection.executemany(sql, rows)

    def script(self, text: str) -> None:
        """Several statements (a schema), inside the running transaction."""
        for statement in statements(text):
            self.run(statement)

    def _open_frames(self) -> None:
        if self._lost:
            raise StoreError(_LOST)
        if not self._connection.in_transaction:
            if self.dirty:
                self._lose()
            self._execute("BEGIN IMMEDIATE")
        if not self.dirty:
            self.dirty = True
            self.on_dirty()
        while self._open < self._frames:
            self._open += 1
            self._execute(_SAVEPOINT[self._open])

    # frames --------------------------------------------------------------------------------------

    def enter(self) -> None:
        """Begin an operation's frame."""
        self._frames += 1

    def leave(self) -> None:
        """End a frame and keep what it wrote."""
        if self._open == self._frames:
            try:
                self._execute(_RELEASE[self._open])
            except sqlite3.Error:
                self.abandon()
                raise
            self._open -= 1
        elif self._lost:
            self.abandon()
            raise StoreError(_LOST)
        self._frames -= 1
        if self._undo:
            depth = self._frames
            self._undo = [(min(depth, at), undo) for at, undo in self._undo] if depth else []

    def abandon(self) -> None:
        """End a frame and undo what it wrote."""
        if self._open == self._frames:
            if self._connection.in_transaction:
                self._execute(f"ROLLBACK TO f{self._open}")
                self._execute(_RELEASE[self._open])
                self._open -= 1
                self._forget(self._frames)
            else:
                self._lose()
                self._lost = True
        undo = [action for depth, action in self._undo if depth >= self._frames]
        if undo:
            self._undo = [entry for entry in self._undo if entry[0] < self._frames]
        self._frames -= 1
        if not self._frames:
            self._lost = False
        for action in reversed(undo):
            action()

    def undo(self, action: Callable[[], None]) -> None:
        """Have an effect outside the database taken back if the running operation is undone."""
        if self._frames:
            self._undo.append((self._frames, action))

    def _lose(self) -> None:
        """SQLite gave the transaction up (a full disk): other operations' writes went with it."""
        self._unwritten = True
        self._open = 0
        self._prepared.clear()
        for cache in self._caches.values():
            cache.clear()

    @contextlib.contextmanager
    def frame(self) -> Iterator[None]:
        """A frame around a block: kept when the block ends well, undone when it raises."""
        self.enter()
        try:
            yield
        except BaseException:
            self.abandon()
            raise
        self.leave()

    @property
    def in_frame(self) -> bool:
        """Whether an operation is running."""
        return self._frames > 0

    def commit(self) -> None:
        """Make everything so far permanent; only between operations.

        Raises StoreError when that failed: all since the last commit is undone, and the store goes
        on from there.
        """
        if self._frames:
            raise RuntimeError("a commit inside an operation would break its atomicity")
        if not self.dirty:
            return
        self.dirty = False
        if not self._connection.in_transaction:
            self._lose()
        else:
            try:
                self._execute("COMMIT")
            except sqlite3.Error as failure:
                if self._connection.in_transaction:
                    self._execute("ROLLBACK")
                self._lose()
                self._unwritten = False
                raise StoreError(f"{self.path} could not be written: {failure}") from failure
        if self._unwritten:
            self._unwritten = False
            raise StoreError(_LOST)

    # caches and schemas --------------------------------------------------------------------------

    def cache(self, name: str) -> dict[Any, Any]:
        """A dict for values derived from rows; emptied whenever rows may have changed behind it.

        Whoever writes the rows removes or replaces its entries; rollbacks, restores and resets
        empty it all.
        """
        return self._caches.setdefault(name, {})

    def scratch(self, name: str) -> dict[Any, Any]:
        """A dict for what no row holds and no rollback undoes; restores and resets empty it."""
        return self._scratch.setdefault(name, {})

    def _forget(self, frame: int) -> None:
        for cache in self._caches.values():
            cache.clear()
        for service in [name for name, depth in self._prepared.items() if depth >= frame]:
            del self._prepared[service]

    def prepare(self, service: str, folder: Path) -> None:
        """Create a service's tables, or migrate them to the version of its folder.

        `schema.sql` is the newest form; `migrations/0002.sql` and on lead there from older ones.
        """
        if service in self._prepared:
            return
        schema = folder / "schema.sql"
        if schema.is_file():
            self._migrate(service, folder, schema)
        self._prepared[service] = self._frames

    def _migrate(self, service: str, folder: Path, schema: Path) -> None:
        steps = _migrations(folder)
        newest = max(steps, default=1)
        version = self.value("SELECT version FROM store_version WHERE service = ?", service)
        if version is not None and version > newest:
            raise StoreError(
                f"{self.path} holds {service} in version {version}, this fogbank knows {newest}:"
                " use the newer one"
            )
        if version == newest:
            return
        self.enter()
        try:
            if version is None:
                self.script(schema.read_text())
            else:
                for number in range(version + 1, newest + 1):
                    self.script(steps[number].read_text())
            self.run("INSERT OR REPLACE INTO store_version VALUES (?, ?)", service, newest)
        except BaseException:
            self.abandon()
            raise
        self.leave()

    # values --------------------------------------------------------------------------------------

    def setting(self, name: str) -> str | None:
        """A named value of the whole store (the clock's offset, the config)."""
        value: str | None = self.value("SELECT value FROM store_value WHERE name = ?", name)
        return value

    def set(self, name: str, value: str) -> None:
        """Keep a named value."""
        self.run("INSERT OR REPLACE INTO store_value VALUES (?, ?)", name, value)

    # whole states --------------------------------------------------------------------------------

    def load_from(self, path: Path) -> None:
        """Replace the whole state by a file's. Raises StoreError on a file that isn't a state."""
        self.commit()
        if not path.is_file():
            raise StoreError(f"{path} does not exist")
        source = _open_checked(path, may_be_empty=False)
        try:
            source.backup(self._connection)
        finally:
            source.close()
        self._replaced()

    def tables(self) -> list[tuple[str, tuple[str, ...]]]:
        """Every table with its columns."""
        names = self.all(
            "SELECT name FROM sqlite_schema"
            " WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY name"
        )
        return [
            (name, tuple(row[1] for row in self._execute(f"PRAGMA table_info({name})")))
            for (name,) in names
        ]

    def clear(self, services: Sequence[str], account: str | None, region: str | None) -> None:
        """Delete rows of these services' tables (all when empty), of one account or region.

        Tables without an account or region column follow their parents through ON DELETE CASCADE,
        which is only enforced here: foreign keys cost every insert otherwise.
        """
        self.commit()
        wanted = {
            name: value
            for name, value in (("account", account), ("region", region))
            if value is not None
        }
        self._execute(f"PRAGMA foreign_keys = {'ON' if wanted else 'OFF'}")
        try:
            with self.frame():
                for table, columns in self.tables():
                    self._clear_table(table, columns, services, wanted)
            self.commit()
        finally:
            self._execute("PRAGMA foreign_keys = OFF")
        self._replaced()

    def _clear_table(
        self, table: str, columns: tuple[str, ...], services: Sequence[str], wanted: dict[str, str]
    ) -> None:
        if table in ("store_version", "store_value"):
            return
        narrowed = {name: value for name, value in wanted.items() if name in columns}
        if wanted and not narrowed:
            return
        conditions = [f"{name} = ?" for name in narrowed]
        values = list(narrowed.values())
        if services and self._owner(table) not in services:
            if "service" not in columns:
                return
            conditions.append(f"service IN ({', '.join('?' * len(services))})")
            values += services
        self.run(f"DELETE FROM {table} WHERE {' AND '.join(conditions) or '1'}", *values)

    def _owner(self, table: str) -> str | None:
        """The service whose table it is: the longest name that it begins with."""
        names = [name for (name,) in self.all("SELECT service FROM store_version")]
        prefixes = {name: f"{name.replace('-', '_')}_" for name in names}
        owners = [name for name in names if table.startswith(prefixes[name])]
        return max(owners, key=len, default=None)

    def _replaced(self) -> None:
        self.generation += 1
        self._prepared.clear()
        for kept in (*self._caches.values(), *self._scratch.values()):
            kept.clear()

    def close(self) -> None:
        """Commit and close."""
        self.commit()
        self._connection.close()


def _nothing() -> None:
    """Take no notice."""


def statements(text: str) -> Iterator[str]:
    """The statements of an SQL script, one by one."""
    *ended, last = text.split(";")
    pending = ""
    for piece in ended:
        pending += piece + ";"
        if sqlite3.complete_statement(pending):
            yield pending
            pending = ""
    pending += last
    if not all(not line.strip() or line.lstrip()[:2] == "--" for line in pending.splitlines()):
        yield pending


def _migrations(folder: Path) -> dict[int, Path]:
    steps = folder / "migrations"
    if not steps.is_dir():
        return {}
    return {int(step.name[:-4]): step for step in steps.iterdir() if step.name.endswith(".sql")}


def _open_checked(path: Path, *, may_be_empty: bool = True) -> sqlite3.Connection:
    try:
        connection = sqlite3.connect(path, isolation_level=None, cached_statements=1024)
    except sqlite3.OperationalError as failure:
        raise StoreError(f"{path} cannot be opened: {failure}") from None
    try:
        application_id = connection.execute("PRAGMA application_id").fetchone()[0]
        empty = connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()[0] == 0
    except sqlite3.DatabaseError as failure:
        connection.close()
        raise StoreError(f"{path} is not a fogbank database, or it is damaged: {failure}") from None
    if application_id != APPLICATION_ID and not (empty and may_be_empty):
        connection.close()
        raise StoreError(f"{path} is another program's database, not fogbank's")
    if path.stat().st_size <= CHECKED_BYTES:
        try:
            found = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
        except sqlite3.DatabaseError as failure:
            found = str(failure)
        if found != "ok":
            connection.close()
            raise StoreError(f"{path} is damaged: {' '.join(found.split())}")
    return connection


def _connect(path: Path, durable: bool) -> sqlite3.Connection:
    connection = _open_checked(path)
    try:
        if connection.execute("PRAGMA application_id").fetchone()[0] != APPLICATION_ID:
            connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        connection.execute("PRAGMA journal_mode = WAL")
        # After kill -9 the operating system still has what was written: NORMAL loses nothing.
        connection.execute(f"PRAGMA synchronous = {'NORMAL' if durable else 'OFF'}")
        connection.execute("PRAGMA temp_store = MEMORY")
        connection.execute("PRAGMA cache_size = -16384")
        for statement in statements(_RUNTIME_SCHEMA):
            connection.execute(statement)
    except sqlite3.OperationalError as failure:
        connection.close()
        raise StoreError(f"{path} cannot be opened for writing: {failure}") from None
    except sqlite3.DatabaseError as failure:
        connection.close()
        raise StoreError(f"{path} is damaged: {failure}") from None
    return connection
