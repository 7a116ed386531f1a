"""A scheduler to test, and tests that run in an event loop."""

import asyncio
import functools
from collections.abc import Callable, Coroutine
from typing import Any

from runtime.clock import Clock
from runtime.scheduler import Job, Scheduler
from runtime.store import Store

Test = Callable[..., Coroutine[Any, Any, None]]


class Bench:
    """A scheduler whose jobs are done by functions of the test."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self.store = store
        self.clock = clock
        self.ran: list[tuple[str, float]] = []
        """The jobs that ran to their end, and what time it was for them."""
        self.doing: dict[str, Callable[[Job], object]] = {}
        self.scheduler = Scheduler(store, clock, self._run)

    def _run(self, job: Job) -> Callable[[], None]:
        if job.function in self.doing:
            self.doing[job.function](job)
        self.store.set(f"ran {job.function}", "yes")
        return lambda: self.ran.append((job.function, self.clock.now()))

    def add(self, name: str, due: float, **changes: Any) -> None:
        given: dict[str, Any] = {
            "service": "sqs",
            "account": "111122223333",
            "region": "eu-west-1",
            "parent": "request",
            "payload": {},
        } | changes
        self.scheduler.add(due=due, function=name, **given)

    @property
    def left(self) -> list[tuple[str, float, int]]:
        """Jobs that have not run: name, due time, attempts so far."""
        return self.store.all("SELECT function, due, attempts FROM job ORDER BY due, id")


def in_loop(test: Test) -> Callable[..., None]:
    """A test that runs in an event loop of its own."""

    @functools.wraps(test)
    def run(*arguments: Any, **named: Any) -> None:
        asyncio.run(test(*arguments, **named))

    return run
