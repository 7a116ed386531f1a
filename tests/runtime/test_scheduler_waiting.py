"""The scheduler: requests that wait, tasks that run, and when all is settled."""

import asyncio

import pytest

from runtime import scheduler as module
from runtime.clock import Clock
from runtime.store import Store
from tests.runtime.bench import Bench, in_loop
from tests.runtime.surroundings import NOON

# requests that wait ----------------------------------------------------------------------------


@in_loop
async def test_a_topic_wakes_who_waits_on_it(bench: Bench) -> None:
    scheduler = bench.scheduler
    first, second = scheduler.park("q", NOON + 20), scheduler.park("q", NOON + 20)
    other = scheduler.park("r", NOON + 20)
    assert scheduler.has_waiters
    assert scheduler.waiting == 3
    scheduler.changed("nobody's")
    scheduler.changed("q")
    scheduler.changed("q")
    assert [waiter.future.done() for waiter in (first, second, other)] == [True, True, False]
    for waiter in (first, second, other, other):
        scheduler.unpark(waiter)
    assert not scheduler.has_waiters
    assert scheduler.waiting == 0


@in_loop
async def test_waiting_ends_at_its_moment_between_the_jobs(bench: Bench) -> None:
    order: list[str] = []

    async def wait(name: str, moment: float) -> None:
        waiter = bench.scheduler.park("q", moment)
        await waiter.future
        bench.scheduler.unpark(waiter)
        order.append(f"{name} at {bench.clock.now() - NOON:g}")

    for name, due in (("a", 5), ("b", 15)):
        bench.doing[name] = lambda job: order.append(f"{job} at {bench.clock.now() - NOON:g}")
        bench.add(name, NOON + due)
    waiting = [asyncio.create_task(wait("w", NOON + 10)), asyncio.create_task(wait("x", NOON + 99))]
    await asyncio.sleep(0)
    assert await bench.scheduler.advance(20) == 3
    assert order == ["sqs.a at 5", "w at 10", "sqs.b at 15"]
    bench.scheduler.wake_all()
    await asyncio.gather(*waiting)
    assert order[3:] == ["x at 20"]


@in_loop
async def test_what_a_job_changes_is_seen_before_time_moves_on(bench: Bench) -> None:
    seen: list[float] = []

    async def wait() -> None:
        waiter = bench.scheduler.park("q", NOON + 100)
        await waiter.future
        bench.scheduler.unpark(waiter)
        seen.append(bench.clock.now())

    bench.doing["send"] = lambda job: bench.scheduler.changed("q")
    bench.add("send", NOON + 5)
    bench.add("later", NOON + 6)
    waiting = asyncio.create_task(wait())
    await asyncio.sleep(0)
    await bench.scheduler.advance(50)
    await waiting
    assert seen == [NOON + 5]


@in_loop
async def test_waiting_ends_on_a_clock_that_runs(store: Store) -> None:
    bench = Bench(store, Clock())
    bench.scheduler.start(asyncio.get_running_loop())
    bench.add("far away", bench.clock.now() + 1000)
    waiter = bench.scheduler.park("q", bench.clock.now() + 0.001)
    await asyncio.wait_for(waiter.future, 5)
    bench.scheduler.unpark(waiter)
    bench.scheduler.stop()


@in_loop
async def test_those_who_left_take_no_room(bench: Bench) -> None:
    for _ in range(2_000):
        bench.scheduler.unpark(bench.scheduler.park("q", NOON + 20))
    assert len(bench.scheduler._moments) < 100
    staying = [bench.scheduler.park("q", NOON + number) for number in range(300)]
    for _ in range(2_000):
        bench.scheduler.unpark(bench.scheduler.park("q", NOON + 20))
    await bench.scheduler.advance(149)
    assert [waiter.future.done() for waiter in staying] == [True] * 150 + [False] * 150


@in_loop
async def test_stopping_wakes_everybody(bench: Bench) -> None:
    waiter = bench.scheduler.park("q", NOON + 20)
    bench.scheduler.stop()
    assert waiter.future.done()


# tasks and settling ----------------------------------------------------------------------------


@in_loop
async def test_time_waits_for_tasks_on_its_way(bench: Bench) -> None:
    seen: list[float] = []

    async def work() -> None:
        for _ in range(10):
            await asyncio.sleep(0)
        seen.append(bench.clock.now())

    bench.doing["begin"] = lambda job: bench.scheduler.task("work", work())
    bench.add("begin", NOON + 5)
    bench.add("after", NOON + 6)
    await bench.scheduler.advance(100)
    assert seen == [NOON + 5]


@in_loop
async def test_time_does_not_wait_for_ever(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "TASK_SECONDS", 0.002)
    bench.scheduler.task("endless", asyncio.Event().wait())
    bench.add("work", NOON + 5)
    assert await bench.scheduler.advance(100) == 1
    assert bench.scheduler.pending() == ["endless"]
    bench.scheduler.stop()


@in_loop
async def test_settled_is_when_nothing_is_due_or_running(bench: Bench) -> None:
    async def work() -> None:
        await asyncio.sleep(0)
        bench.add("finish", NOON)

    bench.doing["begin"] = lambda job: bench.scheduler.task("work", work())
    bench.add("begin", NOON)
    bench.add("tomorrow", NOON + 86_400)
    assert await bench.scheduler.settle(5) == []
    assert [name for name, _ in bench.ran] == ["begin", "finish"]
    assert await bench.scheduler.settle(0) == []


@in_loop
async def test_what_does_not_settle_is_named(bench: Bench) -> None:
    bench.scheduler.task("endless", asyncio.Event().wait())
    assert await bench.scheduler.settle(0.002) == ["endless"]
    bench.scheduler.stop()


@in_loop
async def test_a_task_that_fails_is_said_and_over(
    bench: Bench, caplog: pytest.LogCaptureFixture
) -> None:
    async def fail() -> None:
        raise LookupError("no such thing")

    bench.scheduler.task("doomed", fail())
    assert await bench.scheduler.settle(5) == []
    assert "task doomed failed" in caplog.text
    assert "no such thing" in caplog.text


@in_loop
async def test_an_operation_that_waits_to_be_called_is_named_by_it(bench: Bench) -> None:
    bench.add("", NOON, service="sns", payload={"operation": "Publish"})
    assert bench.scheduler.pending() == ["sns.Publish"]
