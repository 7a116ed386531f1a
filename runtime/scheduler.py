"""What happens by itself: jobs that fall due, operations that wait, tasks outside the thread.

- A *job* is a row of table `job`, written in the transaction of its cause (an outbox): a crash
  loses none. Jobs run in order of due time and id, each like an operation: one frame, its row
  deleted in the same frame.
- A *waiter* is a request parked by `Wait` (long polling). It runs again when its topic changes
  or its time comes.
- A *task* is a coroutine that works outside the store (a process, an outbound call) and ends by
  writing its result.

`advance` walks the virtual clock from due time to due time, so that everything sees its own moment
as "now"; `settle` answers when nothing is due and nothing is running.
"""

import asyncio
import heapq
import logging
from collections.abc import Callable, Coroutine
from typing import Any

import orjson

from runtime.clock import Clock
from runtime.store import Store

log = logging.getLogger("fogbank.scheduler")

SCHEMA = """
CREATE TABLE IF NOT EXISTS job (
    id        INTEGER PRIMARY KEY AUTOINCREMENT,
    due       REAL NOT NULL,
    service   TEXT NOT NULL,
    function  TEXT NOT NULL,      -- of services/<service>/jobs.py, or "" for an operation to call
    account   TEXT NOT NULL,
    region    TEXT NOT NULL,
    key       TEXT,               -- one job a key: scheduling it again replaces it
    parent    TEXT NOT NULL,      -- the request that caused it
    attempts  INTEGER NOT NULL DEFAULT 0,
    payload   BLOB NOT NULL
) STRICT;
CREATE INDEX IF NOT EXISTS job_due ON job (due, id);
CREATE UNIQUE INDEX IF NOT EXISTS job_key ON job (service, account, region, key)
    WHERE key IS NOT NULL;
"""

MAXIMUM_ATTEMPTS = 10
"""A job that keeps failing for a reason of its own (a bug) is given up after this many, loudly."""
IDLE_SECONDS = 3600.0
PAUSE_SECONDS = 1.0
TASK_SECONDS = 60.0
"""How long the virtual clock waits on its way, in real seconds, for tasks to end."""


class Job:
    """One row of table `job`."""

    __slots__ = (
        "account",
        "attempts",
        "due",
        "function",
        "id",
        "parent",
        "payload",
        "region",
        "service",
    )

    def __init__(
        self,
        job_id: int,
        due: float,
        service: str,
        function: str,
        account: str,
        region: str,
        parent: str,
        attempts: int,
        payload: bytes,
    ) -> None:
        self.id = job_id
        self.due = due
        self.service = service
        self.function = function
        self.account = account
        self.region = region
        self.parent = parent
        self.attempts = attempts
        self.payload: dict[str, Any] = orjson.loads(payload)

    def __str__(self) -> str:
        name = self.function or self.payload.get("operation", "?")
        return f"{self.service}.{name}"


class Waiter:
    """A parked request: woken by its topic, or when virtual or real time reaches its moment."""

    __slots__ = ("future", "moment", "topic")

    def __init__(self, topic: str, moment: float, future: "asyncio.Future[None]") -> None:
        self.topic = topic
        self.moment = moment
        self.future = future

    def wake(self) -> None:
        """Let the request run again."""
        if not self.future.done():
            self.future.set_result(None)


class Scheduler:
    """Runs what falls due. `run_job` carries one out and answers what follows its frame."""

    def __init__(
        self, store: Store, clock: Clock, run_job: Callable[[Job], Callable[[], None]]
    ) -> None:
        self._store = store
        self._clock = clock
        self._run_job = run_job
        self._waiters: dict[str, dict[Waiter, None]] = {}
        self._moments: list[tuple[float, int, Waiter]] = []
        self._count = 0
        self._parked = 0
        self._tasks: dict[asyncio.Task[Any], str] = {}
        self._timer: asyncio.TimerHandle | None = None
        self._timer_due = float("inf")
        self._loop: asyncio.AbstractEventLoop | None = None
        self._advancing = asyncio.Lock()
        store.script(SCHEMA)

    # jobs ----------------------------------------------------------------------------------------

    def add(
        self,
        *,
        due: float,
        service: str,
        function: str,
        account: str,
        region: str,
        parent: str,
        payload: dict[str, Any],
        key: str | None = None,
    ) -> None:
        """Write a job into the running transaction."""
        if key is not None:
            self.remove(service, account, region, key)
        self._store.run(
            "INSERT INTO job (due, service, function, account, region, key, parent, payload)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            *(due, service, function, account, region, key, parent, orjson.dumps(payload)),
        )
        if due < self._timer_due:
            self._set_timer(due)

    def remove(self, service: str, account: str, region: str, key: str) -> None:
        """Take a keyed job back."""
        self._store.run(
            "DELETE FROM job WHERE service = ? AND account = ? AND region = ? AND key = ?",
            *(service, account, region, key),
        )

    def start(self, loop: asyncio.AbstractEventLoop) -> None:
        """Begin to run what falls due, what fell due while the server was down first."""
        self._loop = loop
        self.poke()

    def stop(self) -> None:
        """Run nothing more; wake every waiter so that its request ends."""
        if self._timer is not None:
            self._timer.cancel()
        self._loop = None
        for task in self._tasks:
            task.cancel()
        self.wake_all()

    def poke(self) -> None:
        """Look again when the next thing is due (the clock or the whole state was changed)."""
        self._timer_due = float("inf")
        due = self._next_due()
        if due is not None:
            self._set_timer(due)

    def _set_timer(self, due: float) -> None:
        self._timer_due = due
        if self._loop is None or self._clock.frozen or self._advancing.locked():
            return
        if self._timer is not None:
            self._timer.cancel()
        seconds = min(max(0.0, due - self._clock.now()), IDLE_SECONDS)
        self._timer = self._loop.call_later(seconds, self._tick)

    def _tick(self) -> None:
        """Run a slice of what is due, then look when to come back."""
        self._timer = None
        try:
            if not self._advancing.locked():
                self._run_due(self._clock.now(), most=50)
            self.poke()
        except Exception:  # the database could not be read or written: it may be later
            log.exception("what is due could not be run")
            if self._loop is not None:
                self._timer = self._loop.call_later(PAUSE_SECONDS, self._tick)

    def _next_due(self) -> float | None:
        job = self._store.value("SELECT due FROM job ORDER BY due, id LIMIT 1")
        waiter = self._next_moment()
        if job is None or (waiter is not None and waiter < job):
            return waiter
        return float(job)

    def _run_due(self, now: float, most: int) -> int:
        """Wake the waiters and run the jobs that are due by now, at most so many."""
        fired = 0
        while fired < most:
            moment = self._next_moment()
            row = self._store.one(
                "SELECT id, due, service, function, account, region, parent, attempts, payload"
                " FROM job WHERE due <= ? ORDER BY due, id LIMIT 1",
                now,
            )
            if moment is not None and moment <= now and (row is None or moment <= row[1]):
                heapq.heappop(self._moments)[2].wake()
            elif row is not None:
                self._run(Job(*row))
            else:
                break
            fired += 1
        return fired

    def _run(self, job: Job) -> None:
        try:
            with self._store.frame():
                self._store.run("DELETE FROM job WHERE id = ?", job.id)
                settle_effects = self._run_job(job)
        except Exception:
            self._failed(job)
        else:
            settle_effects()

    def _failed(self, job: Job) -> None:
        """A job that raised: again after a doubling pause, and given up after many."""
        log.exception("job %s failed (attempt %d)", job, job.attempts + 1)
        with self._store.frame():
            if job.attempts + 1 >= MAXIMUM_ATTEMPTS:
                log.error("job %s is given up after %d attempts", job, MAXIMUM_ATTEMPTS)
                self._store.run("DELETE FROM job WHERE id = ?", job.id)
            else:
                self._store.run(
                    "UPDATE job SET attempts = attempts + 1, due = ? WHERE id = ?",
                    self._clock.now() + 2.0**job.attempts,
                    job.id,
                )

    # waiters -------------------------------------------------------------------------------------

    def park(self, topic: str, moment: float) -> Waiter:
        """A place to wait in: its future is done when the topic changed or the moment came."""
        waiter = Waiter(topic, moment, asyncio.get_running_loop().create_future())
        self._waiters.setdefault(topic, {})[waiter] = None
        self._count += 1
        self._parked += 1
        heapq.heappush(self._moments, (moment, self._count, waiter))
        if moment < self._timer_due:
            self._set_timer(moment)
        return waiter

    def unpark(self, waiter: Waiter) -> None:
        """The request runs again, or its client is gone."""
        waiters = self._waiters.get(waiter.topic)
        if waiters is not None and waiter in waiters:
            del waiters[waiter]
            if not waiters:
                del self._waiters[waiter.topic]
            self._parked -= 1
        waiter.future.cancel()
        if len(self._moments) > 64 + 4 * self._parked:  # most of them are over
            self._moments = [entry for entry in self._moments if not entry[2].future.done()]
            heapq.heapify(self._moments)

    def changed(self, topic: str) -> None:
        """Wake whoever waits on the topic."""
        for waiter in self._waiters.get(topic, ()):
            waiter.wake()

    def wake_all(self) -> None:
        """Let every parked request run again: the whole state is another one now."""
        for waiters in list(self._waiters.values()):
            for waiter in list(waiters):
                waiter.wake()

    @property
    def waiting(self) -> int:
        """How many requests are parked."""
        return self._parked

    @property
    def has_waiters(self) -> bool:
        """Whether any request is parked (a cheap test before building topic names)."""
        return bool(self._waiters)

    def _next_moment(self) -> float | None:
        while self._moments and self._moments[0][2].future.done():
            heapq.heappop(self._moments)
        return self._moments[0][0] if self._moments else None

    # tasks ---------------------------------------------------------------------------------------

    def task(self, name: str, work: Coroutine[Any, Any, Any]) -> "asyncio.Task[Any]":
        """Run a coroutine beside the operations; `settle` waits for it."""
        task = asyncio.get_running_loop().create_task(work, name=name)
        self._tasks[task] = name
        task.add_done_callback(self._ended)
        return task

    def _ended(self, task: "asyncio.Task[Any]") -> None:
        self._tasks.pop(task, None)
        if not task.cancelled() and task.exception() is not None:
            log.error("task %s failed", task.get_name(), exc_info=task.exception())

    @staticmethod
    async def pause(seconds: float) -> None:
        """Let real time pass for one request: a fault rule wants it slow."""
        await asyncio.sleep(seconds)

    # the clock's commands ------------------------------------------------------------------------

    async def advance(self, seconds: float) -> int:
        """Move the clock, running everything that falls due on the way at its own moment.

        Answers how much ran.
        """
        try:
            async with self._advancing:
                self._clock.hold()
                try:
                    return await self._walk(self._clock.now() + seconds)
                finally:
                    self._clock.release()
        finally:
            self.poke()

    async def _walk(self, target: float) -> int:
        clock = self._clock
        fired = 0
        while (due := self._next_due()) is not None and due <= target:
            if due > clock.now():
                clock.move_to(due)
            fired += self._run_due(clock.now(), most=1)
            await self._let_work()
        if target > clock.now():
            clock.move_to(target)
        await self._let_work()
        return fired

    async def _let_work(self) -> None:
        """Give woken requests and running tasks their turn before time moves on."""
        for _ in range(3):
            await asyncio.sleep(0)
        loop = asyncio.get_running_loop()
        end = loop.time() + TASK_SECONDS
        while self._tasks and (remaining := end - loop.time()) > 0:
            await asyncio.wait(list(self._tasks), timeout=remaining)
            await asyncio.sleep(0)

    async def settle(self, seconds: float) -> list[str]:
        """Wait until nothing is due or running; answers what still is after these real seconds."""
        loop = asyncio.get_running_loop()
        end = loop.time() + seconds
        while True:
            if not self._advancing.locked():
                self._run_due(self._clock.now(), most=1_000)
            for _ in range(3):  # who was woken runs, and may cause more
                await asyncio.sleep(0)
            pending = self.pending()
            if not pending or loop.time() >= end:
                return pending
            if self._tasks:
                remaining = max(0.0, end - loop.time())
                await asyncio.wait(
                    list(self._tasks), timeout=remaining, return_when=asyncio.FIRST_COMPLETED
                )

    def pending(self) -> list[str]:
        """The names of what is due or running now."""
        rows = self._store.all(
            "SELECT id, due, service, function, account, region, parent, attempts, payload"
            " FROM job WHERE due <= ? ORDER BY due, id LIMIT 100",
            self._clock.now(),
        )
        return [str(Job(*row)) for row in rows] + list(self._tasks.values())
