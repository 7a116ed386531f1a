"""The journal: one record of every AWS call, the request log and all that is derived from it.

A call is one append to a buffer; a background task writes batches to a database of its own
(`journal.db`), so that the store's write transaction is never shared or waited for. A batch is
written as one value, and taken apart into rows when somebody reads: most calls are never looked
at. Reading flushes first, so a reader sees all that happened.
"""

import asyncio
import contextlib
import logging
import sqlite3
from base64 import b64encode
from collections.abc import AsyncGenerator, Iterable, Iterator, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple

import orjson

from runtime.clock import iso8601

log = logging.getLogger("fogbank.journal")

BODY_BYTES = 64 * 1024
"""Requests and responses are kept up to this size."""
_CERTAIN_BYTES = BODY_BYTES // 4
"""Bodies of so many bytes on the wire are below it as JSON, too."""
FLUSH_SECONDS = 0.25
FLUSH_BYTES = 8 * 1024 * 1024

_SCHEMA = """
CREATE TABLE IF NOT EXISTS request (
    sequence       INTEGER PRIMARY KEY AUTOINCREMENT,
    id             TEXT NOT NULL,
    parent         TEXT NOT NULL,       -- the call that caused this one; '' for a client's own
    time           REAL NOT NULL,       -- virtual
    duration_us    INTEGER NOT NULL,
    service        TEXT NOT NULL,
    operation      TEXT NOT NULL,
    account        TEXT NOT NULL,
    region         TEXT NOT NULL,
    principal      TEXT NOT NULL,
    access_key_id  TEXT NOT NULL,
    source_ip      TEXT NOT NULL,
    user_agent     TEXT NOT NULL,
    status         INTEGER NOT NULL,
    error_code     TEXT,
    error_message  TEXT,
    request        TEXT,
    response       TEXT
) STRICT;
CREATE INDEX IF NOT EXISTS request_account ON request (account, sequence);
CREATE TABLE IF NOT EXISTS batch (
    id     INTEGER PRIMARY KEY AUTOINCREMENT,
    calls  INTEGER NOT NULL,
    data   BLOB NOT NULL        -- JSON: a list of rows of `request`, bodies as values
) STRICT;
"""
_COLUMNS = (
    "id, parent, time, duration_us, service, operation, account, region, principal, access_key_id,"
    " source_ip, user_agent, status, error_code, error_message, request, response"
)
_ADD_BATCH = "INSERT INTO batch (calls, data) VALUES (?, ?)"
_FIRST_BATCH = "SELECT id, data FROM batch ORDER BY id LIMIT 1"
_INSERT = f"INSERT INTO request ({_COLUMNS}) VALUES ({', '.join('?' * 17)})"


class Entry(NamedTuple):
    """One call; `request` and `response` are the handlers' dicts, made JSON when written."""

    id: str
    parent: str
    time: float
    duration_us: int
    service: str
    operation: str
    account: str
    region: str
    principal: str
    access_key_id: str
    source_ip: str
    user_agent: str
    status: int
    error_code: str | None
    error_message: str | None
    request: Any
    response: Any

    def members(self) -> dict[str, Any]:
        """The call as the control API shows it."""
        return _members(
            (
                *self[:15],
                _text(self.request),
                _text(self.response),
            )
        )


class Journal:
    """Appends on the owning thread; writes and reads through `aiosqlite` on its own connection."""

    def __init__(self, path: Path, *, rows: int, size_bytes: int, durable: bool) -> None:
        self._path = path
        self._durable = durable
        self._rows = rows
        self._size_bytes = size_bytes
        self._buffer: list[tuple[Entry, int]] = []
        self._buffered_bytes = 0
        self._database: Any = None
        self._opening = asyncio.Lock()
        self._writing = asyncio.Lock()
        self._timer: asyncio.TimerHandle | None = None
        self._flushes: set[asyncio.Task[None]] = set()
        self._followers: list[asyncio.Queue[Entry]] = []
        self._since_trim = self._since_trim_bytes = 0

    # writing -------------------------------------------------------------------------------------

    def append(self, entry: Entry, size_bytes: int = BODY_BYTES) -> None:
        """Record one call; `size_bytes` is how long its bodies are on the wire, if they are."""
        self._buffer.append((entry, size_bytes))
        self._buffered_bytes += size_bytes
        if self._followers:
            for follower in self._followers:
                with contextlib.suppress(asyncio.QueueFull):
                    follower.put_nowait(entry)
        if self._timer is None:
            loop = asyncio.get_running_loop()
            self._timer = loop.call_later(FLUSH_SECONDS, self._start_flush)
        elif self._buffered_bytes > FLUSH_BYTES:
            self._buffered_bytes = 0
            self._start_flush()

    def _start_flush(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        task = asyncio.get_running_loop().create_task(self.flush())
        self._flushes.add(task)
        task.add_done_callback(self._flushed)

    def _flushed(self, task: "asyncio.Task[None]") -> None:
        self._flushes.discard(task)
        if not task.cancelled() and task.exception() is not None:
            log.error("calls could not be recorded", exc_info=task.exception())

    async def flush(self) -> None:
        """Write everything recorded so far."""
        async with self._writing:
            if not self._buffer:
                return
            batch, self._buffer = self._buffer, []
            self._since_trim_bytes += sum(size_bytes for _, size_bytes in batch)
            self._buffered_bytes = 0
            database = await self._open()
            await database.executemany(_ADD_BATCH, _packed(batch))
            await database.commit()
            self._since_trim += len(batch)
            if self._since_trim > 1_000 or self._since_trim_bytes > self._size_bytes // 8:
                self._since_trim = self._since_trim_bytes = 0
                await self._trim(database)

    async def _read(self) -> Any:
        """The database, with everything recorded so far in rows."""
        await self.flush()
        database = await self._open()
        async with self._writing:
            # One by one: all of them may be more than fits into memory.
            while batches := await database.execute_fetchall(_FIRST_BATCH):
                ((batch_id, data),) = batches
                await database.executemany(_INSERT, _rows(data))
                await database.execute("DELETE FROM batch WHERE id = ?", (batch_id,))
            await database.commit()
        return database

    async def _trim(self, database: Any) -> None:
        """Drop the oldest calls beyond the bounds of rows and bytes."""
        rows = await database.execute_fetchall(
            "SELECT (SELECT page_count FROM pragma_page_count),"
            " (SELECT page_size FROM pragma_page_size),"
            " (SELECT freelist_count FROM pragma_freelist_count),"
            " (SELECT max(sequence) - min(sequence) + 1 FROM request),"
            " (SELECT sum(calls) FROM batch)"
        )
        pages, page_size, free, in_rows, in_batches = next(iter(rows))
        calls = (in_rows or 0) + (in_batches or 0)
        too_many = max(0, calls - self._rows)
        used = (pages - free) * page_size
        if used > self._size_bytes:  # four fifths of what there may be stays
            too_many = max(too_many, int(calls * (1 - 0.8 * self._size_bytes / used)))
        if too_many:
            await self._drop(database, in_rows or 0, too_many)
            await database.commit()

    async def _drop(self, database: Any, in_rows: int, calls: int) -> None:
        """Drop so many of the oldest calls: rows first, batches are younger and go as a whole."""
        await database.execute(
            "DELETE FROM request WHERE sequence < (SELECT min(sequence) FROM request) + ?", (calls,)
        )
        calls -= in_rows
        while calls > 0:
            dropped = await database.execute_fetchall(
                "DELETE FROM batch WHERE id = (SELECT min(id) FROM batch) AND calls <= ?"
                " RETURNING calls",
                (calls,),
            )
            if not dropped:
                break
            calls -= dropped[0][0]

    async def _open(self) -> Any:
        async with self._opening:
            if self._database is None:
                try:
                    self._database = await self._connect()
                except sqlite3.DatabaseError as failure:
                    aside = self._path.with_name(f"{self._path.name}.damaged")
                    log.error("%s is damaged (%s): it is now %s", self._path, failure, aside.name)
                    self._path.replace(aside)
                    self._database = await self._connect()
            return self._database

    async def _connect(self) -> Any:
        import aiosqlite  # only once there is something to write: start-up time is budgeted

        database = await aiosqlite.connect(self._path)
        try:
            await database.execute("PRAGMA journal_mode = WAL")
            await database.execute(f"PRAGMA synchronous = {'NORMAL' if self._durable else 'OFF'}")
            await database.execute("PRAGMA cache_size = -1024")
            await database.executescript(_SCHEMA)
        except BaseException:
            await database.close()
            raise
        return database

    async def clear(
        self,
        account: str | None = None,
        region: str | None = None,
        services: Sequence[str] = (),
    ) -> None:
        """Forget all calls, or those of one account, region or some services."""
        database = await self._read()
        wanted = {"account": account, "region": region}
        given = {name: value for name, value in wanted.items() if value is not None}
        conditions = [f"{name} = ?" for name in given]
        if services:
            conditions.append(f"service IN ({', '.join('?' * len(services))})")
        where = " AND ".join(conditions) or "1"
        await database.execute(f"DELETE FROM request WHERE {where}", (*given.values(), *services))
        await database.commit()

    async def close(self) -> None:
        """Write what is left and close."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        await self.flush()
        if self._database is not None:
            await self._database.close()
            self._database = None

    # reading -------------------------------------------------------------------------------------

    async def select(
        self,
        *,
        service: str | None = None,
        operation: str | None = None,
        status: int | None = None,
        principal: str | None = None,
        account: str | None = None,
        region: str | None = None,
        parent: str | None = None,
        error: str | None = None,
        since: float | None = None,
        limit: int = 100,
        cursor: int | None = None,
        newest_first: bool = False,
    ) -> tuple[list[dict[str, Any]], int | None]:
        """Calls in the order they ended, or in that order backwards, from a cursor on; answers
        them and the cursor of the next page.
        """
        database = await self._read()
        equal = {
            "service": service,
            "operation": operation,
            "status": status,
            "principal": principal,
            "account": account,
            "region": region,
            "parent": parent,
            "error_code": error,
        }
        conditions = ["1"]
        values: list[Any] = []
        if cursor is not None:
            conditions.append("sequence < ?" if newest_first else "sequence > ?")
            values.append(cursor)
        for column, value in equal.items():
            if value is not None:
                conditions.append(f"{column} = ?")
                values.append(value)
        if since is not None:
            conditions.append("time >= ?")
            values.append(since)
        rows = await database.execute_fetchall(
            f"SELECT {_COLUMNS}, sequence FROM request WHERE {' AND '.join(conditions)}"
            f" ORDER BY sequence {'DESC' if newest_first else 'ASC'} LIMIT ?",
            (*values, limit + 1),
        )
        found = list(rows)
        page = found[:limit]
        more = page[-1][-1] if len(found) > limit and page else None
        return [_members(row[:-1]) for row in page], more

    async def count(self) -> int:
        """How many calls it holds."""
        await self.flush()
        database = await self._open()
        rows = await database.execute_fetchall(
            "SELECT (SELECT count(*) FROM request) + (SELECT coalesce(sum(calls), 0) FROM batch)"
        )
        return int(next(iter(rows))[0])

    async def follow(self) -> AsyncGenerator[Entry, None]:
        """Calls as they happen, for as long as the caller listens; a slow listener misses some."""
        queue: asyncio.Queue[Entry] = asyncio.Queue(maxsize=10_000)
        self._followers.append(queue)
        try:
            while True:
                yield await queue.get()
        finally:
            self._followers.remove(queue)


_NAMES = tuple(name.strip() for name in _COLUMNS.split(","))


def _members(row: Iterable[Any]) -> dict[str, Any]:
    members = dict(zip(_NAMES, row, strict=True))
    members["time"] = iso8601(members["time"])
    members["duration_ms"] = members.pop("duration_us") / 1000
    for name in ("request", "response"):
        text = members[name]
        if text is not None:
            with contextlib.suppress(orjson.JSONDecodeError):  # one that was cut stays text
                members[name] = orjson.loads(text)
    return members


def _packed(batch: list[tuple[Entry, int]]) -> Iterator[tuple[int, bytes]]:
    """A batch's row; a generator, so that the writing thread does the work."""
    rows: list[tuple[Any, ...]] = [
        tuple(entry) if size_bytes <= _CERTAIN_BYTES else _careful(entry)
        for entry, size_bytes in batch
    ]
    try:
        data = orjson.dumps(rows, default=_plain, option=orjson.OPT_NON_STR_KEYS)
    except (orjson.JSONEncodeError, TypeError):
        data = orjson.dumps([_careful(entry) for entry, _ in batch])
    yield len(batch), data


def _careful(entry: Entry) -> tuple[Any, ...]:
    """A row whose bodies may be too long, or nothing that JSON has a word for."""
    return (*entry[:15], _text(entry.request), _text(entry.response))


def _rows(data: bytes) -> Iterator[tuple[Any, ...]]:
    """The rows of table `request` in a batch."""
    for row in orjson.loads(data):
        yield (*row[:15], _text(row[15]), _text(row[16]))


def _text(body: Any) -> str | None:
    """A body as JSON, cut to what is kept; one that is text already stays."""
    if body is None or isinstance(body, str):
        return body
    try:
        text = orjson.dumps(body, default=_plain, option=orjson.OPT_NON_STR_KEYS).decode()
    except (orjson.JSONEncodeError, TypeError):
        try:
            text = str(body).encode("utf-8", "backslashreplace").decode()
        except RecursionError:
            text = "(nested too deeply)"
    return text if len(text) <= BODY_BYTES else text[:BODY_BYTES]


def _plain(value: Any) -> Any:
    """What JSON has no word for: blobs as base64, streams as their size."""
    if isinstance(value, bytes | bytearray | memoryview):
        return b64encode(value[: BODY_BYTES * 3 // 4]).decode()
    if isinstance(value, set | frozenset):
        return sorted(value)
    if isinstance(value, Decimal):
        return str(value)
    size = getattr(value, "size", None)
    return "(a stream)" if size is None else f"({size} bytes)"
