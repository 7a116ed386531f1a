"""Throughput limits: buckets that fill on the virtual clock."""

from types import SimpleNamespace
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from runtime import limits
from runtime.context import Context
from runtime.limits import take
from runtime.settings import Config
from runtime.store import Store
from tests.runtime.surroundings import NOON, Surroundings, context


def taken(runtime: Surroundings, count: int, key: str = "q") -> int:
    """How many of so many calls pass, at 2 a second and 5 at once."""
    return sum(take(context(runtime), "send", key, rate=2, burst=5) for _ in range(count))


def test_nothing_is_limited_unless_it_is_asked_for(runtime: Surroundings) -> None:
    assert taken(runtime, 100) == 100


def test_a_bucket_gives_its_burst_and_fills_as_time_goes_on(runtime: Surroundings) -> None:
    runtime.config.limits = "enforce"
    assert taken(runtime, 10) == 5
    runtime.clock.freeze(NOON + 1.5)
    assert taken(runtime, 10) == 3
    runtime.clock.freeze(NOON + 1000)
    assert taken(runtime, 10) == 5


def test_time_that_goes_back_takes_nothing_away(runtime: Surroundings) -> None:
    runtime.config.limits = "enforce"
    assert taken(runtime, 3) == 3
    runtime.clock.freeze(NOON - 1000)
    assert taken(runtime, 3) == 2


def test_each_key_account_and_region_has_its_own(runtime: Surroundings) -> None:
    runtime.config.limits = "enforce"
    assert taken(runtime, 10, "a") == 5
    assert taken(runtime, 10, "b") == 5
    other = context(runtime, account="444455556666")
    assert take(other, "send", "a", rate=2, burst=5)
    elsewhere = context(runtime, region="us-east-1")
    assert take(elsewhere, "send", "a", rate=2, burst=5)
    assert take(context(runtime), "receive", "a", rate=2, burst=5)


def test_a_call_that_asks_for_more_than_there_is_takes_nothing(context: Context) -> None:
    context.config.limits = "enforce"
    assert not take(context, "read", "t", rate=1, burst=10, units=11)
    assert take(context, "read", "t", rate=1, burst=10, units=10)
    assert not take(context, "read", "t", rate=1, burst=10, units=0.5)


def test_what_was_taken_stays_taken_when_the_operation_fails(context: Context) -> None:
    context.config.limits = "enforce"
    store: Store = context.store
    for _ in range(5):
        store.enter()
        assert take(context, "send", "q", rate=2, burst=5)
        store.set("any", "write")
        store.abandon()
    assert not take(context, "send", "q", rate=2, burst=5)


def test_buckets_are_not_kept_without_end(context: Context) -> None:
    context.config.limits = "enforce"
    most, limits.MOST_BUCKETS = limits.MOST_BUCKETS, 10
    try:
        for number in range(50):
            take(context, "send", str(number), rate=1, burst=1)
    finally:
        limits.MOST_BUCKETS = most
    assert len(context.store.scratch("limits")) == 10


@settings(derandomize=True, max_examples=50, deadline=None)
@given(pauses=st.lists(st.floats(0, 3), max_size=30))
def test_never_more_than_the_burst_and_what_flowed_back(pauses: list[float]) -> None:
    buckets: dict[object, object] = {}
    fake: Any = SimpleNamespace(
        account="",
        region="",
        now=NOON,
        config=Config(limits="enforce"),
        store=SimpleNamespace(scratch=lambda name: buckets),
    )
    passed = 0
    for pause in pauses:
        fake.now += pause
        passed += take(fake, "send", "q", rate=2, burst=3)
        assert passed <= 3 + 2 * (fake.now - NOON) + 1e-6
