"""All of fogbank's services in this process, over a store whose writes can be made to fail."""

import asyncio
import inspect
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from runtime import dispatch, principals
from runtime.bodies import Body
from runtime.context import Context, Members
from runtime.runtime import Runtime, open_runtime
from runtime.settings import Settings
from server.handlers import Registry
from server.spool import spool

ACCOUNT = "111122223333"
REGION = "us-east-1"


class Broken(sqlite3.OperationalError):
    """The write that was to fail."""


class House:
    """A runtime whose clock stands still, and the ways to act on it."""

    def __init__(self) -> None:
        self.registry = Registry()
        self.runtime: Runtime = open_runtime(Settings(seed=1), self.registry)
        self.runtime.freeze()
        for name in self.registry.names():
            found = self.registry.find(name)
            assert found is not None
            found.prepare(self.runtime.store)
        self._run, self._many = self.runtime.store.run, self.runtime.store.many

    def close(self) -> None:
        """Take it down."""
        asyncio.run(self.runtime.close())

    def call(self, service: str, operation: str, request: Members) -> Members:
        """One operation, as the server would carry it out. Raises what the handler raises."""
        found = self.registry.find(service)
        assert found is not None
        handler = found.handler(operation)
        assert handler is not None
        context = self.context(service, operation)
        answer = dispatch.perform(self.runtime, context, handler, request)
        if inspect.iscoroutine(answer):
            answer = asyncio.run(answer)
            self.runtime.settle_effects(context)
        self.runtime.commit()
        return answer or {}

    def context(self, service: str, operation: str) -> Context:
        """What an operation is called with, by the account's root."""
        return Context(
            self.runtime,
            service=service,
            operation=operation,
            account=ACCOUNT,
            region=REGION,
            principal=principals.root(ACCOUNT, "AKIDOFNOBODY", "aws"),
            request_id=self.runtime.ids.uuid(),
            endpoint_url="http://localhost:4566",
            protocol="json",
        )

    def advance(self, seconds: float) -> int:
        """Move the clock, and carry out what falls due; answers how much."""
        fired = asyncio.run(self.runtime.advance(seconds))
        self.runtime.commit()
        return fired

    def body(self, content: bytes) -> Body:
        """A payload as it comes in: a large one lies in a file."""

        async def pieces() -> Any:
            yield content

        spooled = spool(
            pieces(),
            bodies=self.runtime.bodies,
            length=len(content),
            want_sha256=False,
            algorithms=(),
            decoder=None,
            most=2**30,
        )
        return asyncio.run(spooled)

    def state(self) -> dict[str, Any]:
        """Every row of every table, and the files of bodies."""
        store = self.runtime.store
        found: dict[str, Any] = {
            name: sorted(map(repr, store.all(f"SELECT * FROM {name}")))
            for name, _ in [*store.tables(), ("sqlite_sequence", ())]
        }
        folder = self.runtime.bodies.folder
        found["files"] = sorted(path.name for path in folder.rglob("*") if path.is_file())
        return found

    @contextmanager
    def failing(self, number: int) -> Iterator[list[str]]:
        """Let the n-th write from here on fail; gives the statements that were asked for."""
        asked: list[str] = []
        store = self.runtime.store

        def count(sql: str) -> None:
            asked.append(sql)
            if len(asked) == number:
                raise Broken("disk I/O error")

        def run(sql: str, *parameters: Any) -> sqlite3.Cursor:
            count(sql)
            return self._run(sql, *parameters)

        def many(sql: str, rows: Iterable[Sequence[Any]]) -> None:
            count(sql)
            self._many(sql, rows)

        store.run, store.many = run, many  # type: ignore[method-assign]
        try:
            yield asked
        finally:
            store.run, store.many = self._run, self._many  # type: ignore[method-assign]
