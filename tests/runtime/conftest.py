"""Fixtures of the runtime's tests."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from runtime.context import Context
from runtime.store import Store
from tests.runtime import surroundings
from tests.runtime.bench import Bench
from tests.runtime.surroundings import Surroundings, frozen_clock


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """A new store with a table `thing`."""
    opened = Store(tmp_path / "state.db", durable=False)
    opened.script("CREATE TABLE thing (name TEXT PRIMARY KEY, size INTEGER) STRICT;")
    opened.commit()
    yield opened
    if opened.in_frame:
        pytest.fail("the test left a frame open")
    opened.close()


@pytest.fixture
def runtime(tmp_path: Path) -> Iterator[Surroundings]:
    """A store, bodies, ids and a clock that stands still at noon."""
    opened = surroundings.open_surroundings(tmp_path)
    yield opened
    opened.store.close()


@pytest.fixture
def context(runtime: Surroundings) -> Context:
    """An operation of account 111122223333 in Ireland."""
    return surroundings.context(runtime)


@pytest.fixture
def bench(store: Store) -> Bench:
    """A scheduler at noon, on a clock that stands still."""
    return Bench(store, frozen_clock())
