"""The store: reading, writing, frames, commits and caches."""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runtime.store import Store, StoreError


class Thing(NamedTuple):
    """A row as a record."""

    name: str
    size: int


def put(store: Store, name: str, size: int = 1) -> None:
    store.run("INSERT OR REPLACE INTO thing VALUES (?, ?)", name, size)


def names(store: Store) -> list[str]:
    return [name for (name,) in store.all("SELECT name FROM thing ORDER BY name")]


@contextmanager
def undone(store: Store) -> Iterator[None]:
    """An operation that fails at its end."""
    store.enter()
    try:
        yield
    finally:
        store.abandon()


def elsewhere(store: Store) -> list[str]:
    """What another connection sees: what is committed."""
    connection = sqlite3.connect(store.path)
    try:
        return [name for (name,) in connection.execute("SELECT name FROM thing ORDER BY name")]
    finally:
        connection.close()


# reading and writing ---------------------------------------------------------------------------


def test_rows_come_as_tuples_or_as_records(store: Store) -> None:
    put(store, "a", 1)
    put(store, "b", 2)
    assert store.one("SELECT * FROM thing WHERE name = ?", "a") == ("a", 1)
    assert store.one("SELECT * FROM thing WHERE name = ?", "a", into=Thing) == Thing("a", 1)
    assert store.one("SELECT * FROM thing WHERE name = ?", "c", into=Thing) is None
    assert store.all("SELECT * FROM thing ORDER BY name") == [("a", 1), ("b", 2)]
    assert store.all("SELECT * FROM thing WHERE size > ?", 1, into=Thing) == [Thing("b", 2)]
    assert store.value("SELECT size FROM thing WHERE name = ?", "b") == 2
    assert store.value("SELECT size FROM thing WHERE name = ?", "c") is None


def test_a_write_tells_how_many_rows_and_returns_some(store: Store) -> None:
    store.many("INSERT INTO thing VALUES (?, ?)", [("a", 1), ("b", 1)])
    assert store.run("UPDATE thing SET size = 2").rowcount == 2
    gone = store.run("DELETE FROM thing WHERE name = ? RETURNING size", "a").fetchone()
    assert gone == (2,)


def test_named_values_are_kept_and_replaced(store: Store) -> None:
    assert store.setting("clock") is None
    store.set("clock", "1")
    store.set("clock", "2")
    assert store.setting("clock") == "2"


# frames ----------------------------------------------------------------------------------------


def test_an_operation_that_only_reads_costs_no_transaction(store: Store) -> None:
    told: list[bool] = []
    store.on_dirty = lambda: told.append(True)
    with store.frame(), store.frame():
        names(store)
    assert not store.dirty
    assert not store._connection.in_transaction
    with store.frame():
        put(store, "a")
    with store.frame():
        put(store, "b")
    assert told == [True]


def test_an_inner_frame_is_undone_without_the_outer_one(store: Store) -> None:
    with store.frame():
        put(store, "outer")
        with undone(store):
            put(store, "inner")
        put(store, "outer again")
    assert names(store) == ["outer", "outer again"]


def test_an_outer_frame_that_fails_undoes_the_inner_one_too(store: Store) -> None:
    with undone(store), store.frame():
        put(store, "inner")
    assert names(store) == []


def test_an_outer_frame_that_wrote_nothing_survives_an_inner_one_that_failed(store: Store) -> None:
    with store.frame():
        with undone(store):
            put(store, "inner")
        assert names(store) == []
        put(store, "outer")
    assert names(store) == ["outer"]


def test_a_statement_that_fails_leaves_the_rest_of_its_operation(store: Store) -> None:
    with store.frame():
        put(store, "a")
        with pytest.raises(sqlite3.IntegrityError):
            store.run("INSERT INTO thing VALUES ('a', 1)")
        put(store, "b")
    assert names(store) == ["a", "b"]


Step = tuple[str, str, int]
STEPS = st.lists(
    st.tuples(
        st.sampled_from(["enter", "leave", "abandon", "put", "put", "drop", "commit", "cached"]),
        st.sampled_from("abc"),
        st.integers(0, 9),
    ),
    max_size=40,
)


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Store:
    """One store for all examples of the property below."""
    opened = Store(tmp_path_factory.mktemp("frames") / "state.db", durable=False)
    opened.script("CREATE TABLE thing (name TEXT PRIMARY KEY, size INTEGER) STRICT;")
    return opened


@settings(derandomize=True, max_examples=150, deadline=None)
@given(steps=STEPS)
def test_frames_do_what_copies_of_a_dict_would(shared: Store, steps: list[Step]) -> None:
    store = shared
    store.run("DELETE FROM thing")
    cache = store.cache("thing")
    cache.clear()
    states: list[dict[str, int]] = [{}]
    for step, name, size in steps:
        match step:
            case "enter":
                store.enter()
                states.append(dict(states[-1]))
            case "leave" if store.in_frame:
                store.leave()
                states[-2:] = [states[-1]]
            case "abandon" if store.in_frame:
                store.abandon()
                states.pop()
            case "put":
                put(store, name, size)
                cache.pop(name, None)
                states[-1][name] = size
            case "drop":
                store.run("DELETE FROM thing WHERE name = ?", name)
                cache.pop(name, None)
                states[-1].pop(name, None)
            case "commit" if not store.in_frame:
                store.commit()
            case "cached":
                if name not in cache:
                    cache[name] = store.value("SELECT size FROM thing WHERE name = ?", name)
                assert cache[name] == states[-1].get(name)
        assert dict(store.all("SELECT * FROM thing")) == states[-1]
    while store.in_frame:
        store.leave()
        states[-2:] = [states[-1]]
    store.commit()
    assert dict(store.all("SELECT * FROM thing")) == states[-1]


# effects outside the database ------------------------------------------------------------------


def test_what_an_operation_did_elsewhere_is_taken_back_with_it(store: Store) -> None:
    done: list[str] = []
    with undone(store):
        store.undo(lambda: done.append("first"))
        with store.frame():
            store.undo(lambda: done.append("second"))
    assert done == ["second", "first"]


def test_what_a_kept_operation_did_elsewhere_stays(store: Store) -> None:
    done: list[str] = []
    with store.frame():
        with store.frame():
            store.undo(lambda: done.append("kept"))
        with undone(store):
            store.undo(lambda: done.append("undone"))
    with undone(store):
        names(store)
    assert done == ["undone"]


# commits ---------------------------------------------------------------------------------------


def test_operations_share_a_transaction_until_the_commit(store: Store) -> None:
    for name in "abc":
        with store.frame():
            put(store, name)
    assert elsewhere(store) == []
    store.commit()
    assert elsewhere(store) == ["a", "b", "c"]
    assert not store.dirty


def test_a_commit_inside_an_operation_is_a_mistake(store: Store) -> None:
    with store.frame(), pytest.raises(RuntimeError, match="atomicity"):
        store.commit()


def test_what_was_committed_is_there_when_the_file_is_opened_again(tmp_path: Path) -> None:
    store = Store(tmp_path / "state.db", durable=True)
    store.set("name", "kept")
    store.commit()
    store.set("name", "not committed")  # and the process ends here: nothing is closed
    again = Store(tmp_path / "copy.db", durable=True)
    again.close()
    reader = sqlite3.connect(store.path)
    assert reader.execute("SELECT value FROM store_value").fetchall() == [("kept",)]
    reader.close()
    store.close()


@pytest.fixture
def fill(store: Store) -> Callable[[], None]:
    """Make the database run out of space: SQLite then gives up the whole transaction."""
    pages = store.value("PRAGMA page_count")
    store._execute(f"PRAGMA max_page_count = {pages + 20}")

    def write() -> None:
        store.run("INSERT INTO thing VALUES (hex(zeroblob(500000)), 1)")

    return write


def test_a_full_disk_fails_the_operation_and_the_commit_of_those_before(
    store: Store, fill: Callable[[], None]
) -> None:
    with store.frame():
        put(store, "acknowledged at the next commit")
    with pytest.raises(sqlite3.OperationalError, match="full"), store.frame():
        fill()
    assert not store.in_frame
    with store.frame():
        put(store, "after")
    with pytest.raises(StoreError, match="lost"):
        store.commit()
    put(store, "well")
    store.commit()
    assert names(store) == ["after", "well"] == elsewhere(store)


def test_a_full_disk_in_an_inner_operation_fails_the_outer_one(
    store: Store, fill: Callable[[], None]
) -> None:
    store.cache("thing")["outer"] = 1
    store.enter()
    put(store, "outer")
    with pytest.raises(sqlite3.OperationalError), store.frame():
        fill()
    with pytest.raises(StoreError):
        put(store, "outer again")
    with pytest.raises(StoreError, match="lost"):
        store.leave()
    assert not store.in_frame
    assert names(store) == []
    assert store.cache("thing") == {}
    with pytest.raises(StoreError):
        store.commit()
    put(store, "well")
    store.commit()


def test_a_failure_that_an_operation_swallows_still_fails_it(
    store: Store, fill: Callable[[], None]
) -> None:
    store.enter()
    with pytest.raises(sqlite3.OperationalError):
        fill()
    with pytest.raises(sqlite3.OperationalError):
        store.leave()
    assert not store.in_frame
    with pytest.raises(StoreError):
        store.commit()


def test_a_full_disk_outside_of_operations_fails_the_commit(
    store: Store, fill: Callable[[], None]
) -> None:
    put(store, "a")
    with pytest.raises(sqlite3.OperationalError):
        fill()
    with pytest.raises(StoreError, match="lost"):
        store.commit()
    store.commit()
    assert names(store) == []


def test_a_commit_that_fails_undoes_all_and_lets_the_store_go_on(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    execute = store._execute

    def broken(sql: str, *parameters: Any) -> sqlite3.Cursor:
        if sql == "COMMIT":
            raise sqlite3.OperationalError("disk I/O error")
        return execute(sql, *parameters)

    put(store, "a")
    store.cache("thing")["a"] = 1
    with monkeypatch.context() as patch:
        patch.setattr(store, "_execute", broken)
        with pytest.raises(StoreError, match="disk I/O error"):
            store.commit()
    assert names(store) == []
    assert store.cache("thing") == {}
    put(store, "b")
    store.commit()
    assert elsewhere(store) == ["b"]


# caches ----------------------------------------------------------------------------------------


def test_a_rollback_empties_the_caches(store: Store) -> None:
    cache = store.cache("thing")
    cache["a"] = 1
    with store.frame():
        put(store, "a")
    with undone(store):
        names(store)
    assert cache == {"a": 1}
    with undone(store):
        put(store, "b")
    assert cache == {}
    assert store.cache("thing") is cache


def test_what_no_row_holds_survives_a_rollback_but_no_reset(store: Store) -> None:
    store.scratch("buckets")["a"] = 1
    with undone(store):
        put(store, "b")
    assert store.scratch("buckets") == {"a": 1}
    store.clear([], None, None)
    assert store.scratch("buckets") == {}
