"""The scheduler: jobs in order, again when they fail, and on a clock that is advanced."""

import asyncio
import logging
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runtime import scheduler as module
from runtime.clock import Clock
from runtime.scheduler import MAXIMUM_ATTEMPTS, Job
from runtime.store import Store
from tests.runtime.bench import Bench, in_loop
from tests.runtime.surroundings import NOON, frozen_clock

# jobs ------------------------------------------------------------------------------------------


@in_loop
async def test_jobs_run_by_due_time_and_then_in_order_of_their_making(bench: Bench) -> None:
    for name, due in (("d", 30), ("b", 10), ("c", 10), ("a", 5)):
        bench.add(name, NOON + due)
    assert await bench.scheduler.advance(20) == 3
    assert bench.ran == [("a", NOON + 5), ("b", NOON + 10), ("c", NOON + 10)]
    assert bench.clock.now() == NOON + 20
    assert [name for name, *_ in bench.left] == ["d"]


@in_loop
async def test_a_job_knows_what_it_is_about(bench: Bench) -> None:
    seen: list[Job] = []
    bench.doing["expire"] = seen.append
    bench.add("expire", NOON, payload={"queue": "q", "count": 2})
    await bench.scheduler.settle(1)
    (job,) = seen
    assert (job.service, job.account, job.region) == ("sqs", "111122223333", "eu-west-1")
    assert (job.payload, job.parent, job.attempts) == ({"queue": "q", "count": 2}, "request", 0)
    assert str(job) == "sqs.expire"


@in_loop
async def test_what_jobs_cause_runs_on_the_way(bench: Bench) -> None:
    bench.doing["first"] = lambda job: bench.add("second", bench.clock.now() + 10)
    bench.doing["second"] = lambda job: bench.add("late", bench.clock.now() + 10)
    bench.add("first", NOON + 5)
    bench.add("between", NOON + 10)
    assert await bench.scheduler.advance(20) == 3
    assert bench.ran == [("first", NOON + 5), ("between", NOON + 10), ("second", NOON + 15)]
    assert bench.left == [("late", NOON + 25, 0)]


@in_loop
async def test_a_keyed_job_is_replaced_and_can_be_taken_back(bench: Bench) -> None:
    bench.add("old", NOON + 1, key="k")
    bench.add("new", NOON + 2, key="k")
    bench.add("others", NOON + 1, key="k", account="444455556666")
    bench.add("unkeyed", NOON + 1)
    bench.add("unkeyed", NOON + 1)
    bench.add("gone", NOON + 1, key="l")
    bench.scheduler.remove("sqs", "111122223333", "eu-west-1", "l")
    bench.scheduler.remove("sqs", "111122223333", "eu-west-1", "never there")
    await bench.scheduler.advance(10)
    assert [name for name, _ in bench.ran] == ["others", "unkeyed", "unkeyed", "new"]


@in_loop
async def test_a_job_of_an_operation_that_failed_was_never_there(bench: Bench) -> None:
    bench.store.enter()
    bench.add("undone", NOON + 1)
    bench.store.abandon()
    await bench.scheduler.advance(10)
    assert bench.ran == []


@in_loop
async def test_a_job_that_fails_undoes_its_writes_and_comes_again(
    bench: Bench, caplog: pytest.LogCaptureFixture
) -> None:
    def fail_twice(job: Job) -> None:
        bench.store.set(f"attempt {job.attempts}", "written")
        if job.attempts < 2:
            raise LookupError("not yet")

    bench.doing["work"] = fail_twice
    bench.add("work", NOON)
    await bench.scheduler.settle(1)
    assert bench.left == [("work", NOON + 1, 1)]
    assert bench.store.setting("attempt 0") is None
    await bench.scheduler.advance(10)
    assert bench.ran == [("work", NOON + 3)]  # after one second, and two more
    assert bench.store.setting("attempt 2") == "written"
    assert [record.levelno for record in caplog.records] == [logging.ERROR] * 2
    assert "job sqs.work failed (attempt 1)" in caplog.text


@in_loop
async def test_a_job_that_never_succeeds_is_given_up(
    bench: Bench, caplog: pytest.LogCaptureFixture
) -> None:
    attempts: list[float] = []

    def fail(job: Job) -> None:
        attempts.append(bench.clock.now() - NOON)
        raise LookupError

    bench.doing["work"] = fail
    bench.add("work", NOON)
    bench.add("other", NOON + 2)
    await bench.scheduler.advance(10_000)
    assert attempts == [2**number - 1 for number in range(MAXIMUM_ATTEMPTS)]
    assert bench.left == []
    assert [name for name, _ in bench.ran] == ["other"]
    assert "sqs.work is given up" in caplog.text


@in_loop
async def test_a_clock_that_runs_runs_jobs_by_itself(store: Store) -> None:
    bench = Bench(store, Clock())
    done = asyncio.Event()
    bench.doing["last"] = lambda job: done.set()
    bench.add("overdue", bench.clock.now() - 100)
    bench.scheduler.start(asyncio.get_running_loop())
    bench.add("last", bench.clock.now() + 0.001)
    await asyncio.wait_for(done.wait(), 5)
    assert [name for name, _ in bench.ran] == ["overdue", "last"]
    bench.scheduler.stop()


@in_loop
async def test_many_that_are_due_leave_room_for_requests(store: Store) -> None:
    bench = Bench(store, Clock())
    done = asyncio.Event()
    turns = 0
    bench.doing["199"] = lambda job: done.set()
    for number in range(200):
        bench.add(str(number), bench.clock.now())
    bench.scheduler.start(asyncio.get_running_loop())
    while not done.is_set():
        turns += 1
        await asyncio.sleep(0)
    assert turns > 3
    assert [name for name, _ in bench.ran] == [str(number) for number in range(200)]
    bench.scheduler.stop()


@in_loop
async def test_nothing_runs_by_itself_while_the_clock_stands(bench: Bench) -> None:
    done = asyncio.Event()
    bench.doing["later"] = lambda job: done.set()
    bench.scheduler.start(asyncio.get_running_loop())
    bench.add("due", NOON)
    bench.add("later", NOON + 1)
    for _ in range(5):
        await asyncio.sleep(0)
    assert bench.ran == []
    bench.clock.resume()
    bench.clock.move_to(NOON + 2)
    bench.scheduler.poke()
    await asyncio.wait_for(done.wait(), 5)
    assert [name for name, _ in bench.ran] == ["due", "later"]
    bench.scheduler.stop()


@in_loop
async def test_a_database_that_fails_for_a_while_stops_nothing_for_good(
    store: Store, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(module, "PAUSE_SECONDS", 0.001)
    bench = Bench(store, Clock())
    done = asyncio.Event()
    bench.doing["work"] = lambda job: done.set()
    one = store.one
    failures = iter([sqlite3.OperationalError("disk I/O error")] * 2)

    def broken(*arguments: Any, **named: Any) -> Any:
        for failure in failures:
            raise failure
        return one(*arguments, **named)

    monkeypatch.setattr(store, "one", broken)
    bench.add("work", bench.clock.now())
    bench.scheduler.start(asyncio.get_running_loop())
    await asyncio.wait_for(done.wait(), 5)
    assert caplog.text.count("what is due could not be run") == 2
    bench.scheduler.stop()


@in_loop
async def test_jobs_outlive_the_process(tmp_path: Path) -> None:
    first = Bench(Store(tmp_path / "state.db", durable=True), frozen_clock())
    first.add("kept", NOON + 10, payload={"a": [1, "ü"]})
    first.store.close()
    second = Bench(Store(tmp_path / "state.db", durable=True), frozen_clock(NOON + 60))
    await second.scheduler.settle(1)
    assert second.ran == [("kept", NOON + 60)]
    second.store.close()


# advancing -------------------------------------------------------------------------------------


@in_loop
async def test_a_running_clock_runs_on_after_it_was_advanced(store: Store) -> None:
    bench = Bench(store, Clock())
    seen: list[float] = []
    bench.doing["work"] = lambda job: seen.append(bench.clock.now() - job.due)
    start = bench.clock.now()
    for seconds in (10, 20, 30):
        bench.add("work", start + seconds)
    await bench.scheduler.advance(60)
    assert seen == [0, 0, 0]
    assert not bench.clock.frozen
    assert 60 <= bench.clock.now() - start < 65


@in_loop
async def test_a_clock_that_is_frozen_on_the_way_stays_frozen(store: Store) -> None:
    bench = Bench(store, Clock())
    bench.doing["freeze"] = lambda job: bench.clock.freeze()
    start = bench.clock.now()
    bench.add("freeze", start + 10)
    await bench.scheduler.advance(20)
    assert bench.clock.frozen
    assert bench.clock.now() == pytest.approx(start + 20, abs=1)


@in_loop
async def test_advances_at_once_follow_each_other(bench: Bench) -> None:
    bench.doing["first"] = lambda job: bench.add("second", bench.clock.now() + 10)
    bench.add("first", NOON + 5)
    fired = await asyncio.gather(bench.scheduler.advance(10), bench.scheduler.advance(10))
    assert list(fired) == [1, 1]
    assert bench.clock.now() == NOON + 20


@in_loop
async def test_an_advance_that_is_given_up_lets_the_clock_run_on(store: Store) -> None:
    bench = Bench(store, Clock())
    bench.scheduler.start(asyncio.get_running_loop())
    started = asyncio.Event()

    async def work() -> None:
        started.set()
        await asyncio.Event().wait()

    bench.doing["begin"] = lambda job: bench.scheduler.task("work", work())
    bench.add("begin", bench.clock.now() + 10)
    advancing = asyncio.create_task(bench.scheduler.advance(20))
    waiting = asyncio.create_task(bench.scheduler.advance(20))
    await started.wait()
    waiting.cancel()
    await asyncio.gather(waiting, return_exceptions=True)
    assert bench.clock._held
    advancing.cancel()
    await asyncio.gather(advancing, return_exceptions=True)
    assert bench.clock._frozen_at is None
    bench.scheduler.stop()


JOBS = st.lists(st.tuples(st.integers(0, 20), st.lists(st.integers(0, 20), max_size=2)), max_size=8)


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    """One store for all examples of the property below."""
    opened = Store(tmp_path_factory.mktemp("jobs") / "state.db", durable=False)
    yield opened
    opened.close()


@settings(derandomize=True, max_examples=60, deadline=None)
@given(jobs=JOBS, steps=st.lists(st.integers(0, 15), min_size=1, max_size=4))
def test_jobs_run_as_a_sorted_list_would(
    shared: Store, jobs: list[tuple[int, list[int]]], steps: list[int]
) -> None:
    bench = Bench(shared, frozen_clock())
    shared.run("DELETE FROM job")

    def cause_more(job: Job) -> None:
        for delay in job.payload["delays"]:
            bench.add("job", bench.clock.now() + delay, payload={"delays": []})

    bench.doing["job"] = cause_more
    expected: list[tuple[float, int, list[int]]] = []
    for number, (delay, delays) in enumerate(jobs):
        bench.add("job", NOON + delay, payload={"delays": delays})
        expected.append((NOON + delay, number, delays))
    ran: list[tuple[str, float]] = []
    now = NOON
    for step in steps:
        now += step
        while expected and min(expected)[0] <= now:
            due, number, delays = min(expected)
            expected.remove((due, number, delays))
            ran.append(("job", due))
            for delay in delays:
                expected.append((due + delay, 1000 + len(ran) * 10 + len(expected), []))
        asyncio.run(bench.scheduler.advance(step))
        assert bench.clock.now() == now
    assert bench.ran == ran
    assert len(bench.left) == len(expected)
