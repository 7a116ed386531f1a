"""The store: schemas and their migrations, files that are no state, whole states."""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from runtime.store import APPLICATION_ID, Store, StoreError, statements
from tests.runtime.test_store import elsewhere, names, put, undone

# schemas ---------------------------------------------------------------------------------------


def test_a_script_is_split_into_its_statements() -> None:
    script = """
    -- The first; with a semicolon.
    CREATE TABLE a (b TEXT DEFAULT ';') STRICT; CREATE INDEX i ON a (b);
    CREATE TRIGGER t AFTER DELETE ON a BEGIN
        DELETE FROM a; SELECT 1;
    END;
    SELECT 2
    -- the end; really
    """
    found = [statement.strip() for statement in statements(script)]
    assert [statement.split()[-1] for statement in found] == ["STRICT;", "(b);", "END;", "really"]
    assert found[0].startswith("-- The first; with")
    assert list(statements("\n-- nothing\n  \n")) == []


def service(folder: Path, schema: str, **migrations: str) -> Path:
    """A service's folder."""
    (folder / "migrations").mkdir(parents=True, exist_ok=True)
    (folder / "schema.sql").write_text(schema)
    for number, text in migrations.items():
        (folder / "migrations" / f"{number.removeprefix('to_')}.sql").write_text(text)
    return folder


def test_a_service_gets_its_tables_once(store: Store, tmp_path: Path) -> None:
    folder = service(tmp_path / "sqs", "CREATE TABLE sqs_queue (name TEXT) STRICT;")
    store.prepare("sqs", folder)
    store.run("INSERT INTO sqs_queue VALUES ('kept')")
    store.prepare("sqs", folder)
    assert store.value("SELECT name FROM sqs_queue") == "kept"
    assert store.value("SELECT version FROM store_version WHERE service = 'sqs'") == 1


def test_a_service_without_tables_needs_none(store: Store, tmp_path: Path) -> None:
    (tmp_path / "sts").mkdir()
    store.prepare("sts", tmp_path / "sts")
    assert not store.dirty


def test_older_tables_are_led_forward_step_by_step(tmp_path: Path) -> None:
    store = Store(tmp_path / "state.db", durable=False)
    folder = service(tmp_path / "sqs", "CREATE TABLE sqs_queue (name TEXT) STRICT;")
    store.prepare("sqs", folder)
    store.run("INSERT INTO sqs_queue VALUES ('old')")
    store.close()
    service(
        folder,
        "CREATE TABLE sqs_queue (name TEXT, url TEXT, length INTEGER) STRICT;",
        to_0002="ALTER TABLE sqs_queue ADD COLUMN url TEXT;UPDATE sqs_queue SET url = '/' || name;",
        to_0003="ALTER TABLE sqs_queue ADD COLUMN length INTEGER;"
        "UPDATE sqs_queue SET length = length(url);",
    )
    upgraded = Store(store.path, durable=False)
    upgraded.prepare("sqs", folder)
    assert upgraded.all("SELECT * FROM sqs_queue") == [("old", "/old", 4)]
    assert upgraded.value("SELECT version FROM store_version WHERE service = 'sqs'") == 3
    upgraded.close()
    fresh = Store(tmp_path / "fresh.db", durable=False)
    fresh.prepare("sqs", folder)
    assert fresh.value("SELECT version FROM store_version WHERE service = 'sqs'") == 3
    fresh.close()


def test_a_migration_that_fails_changes_nothing(store: Store, tmp_path: Path) -> None:
    folder = service(tmp_path / "sqs", "CREATE TABLE sqs_queue (name TEXT) STRICT;")
    store.prepare("sqs", folder)
    service(folder, "", to_0002="ALTER TABLE sqs_queue ADD COLUMN url TEXT; SELECT nonsense;")
    store._prepared.clear()
    with pytest.raises(sqlite3.OperationalError):
        store.prepare("sqs", folder)
    assert dict(store.tables())["sqs_queue"] == ("name",)
    assert store.value("SELECT version FROM store_version WHERE service = 'sqs'") == 1


def test_tables_of_a_newer_version_are_refused(store: Store, tmp_path: Path) -> None:
    folder = service(tmp_path / "sqs", "CREATE TABLE sqs_queue (name TEXT) STRICT;")
    store.run("INSERT INTO store_version VALUES ('sqs', 7)")
    with pytest.raises(StoreError, match="sqs in version 7, this fogbank knows 1"):
        store.prepare("sqs", folder)


def test_tables_made_in_an_operation_that_failed_are_made_again(
    store: Store, tmp_path: Path
) -> None:
    folder = service(tmp_path / "sqs", "CREATE TABLE sqs_queue (name TEXT) STRICT;")
    with undone(store), store.frame():
        store.prepare("sqs", folder)
    with store.frame():
        store.prepare("sqs", folder)
        store.run("INSERT INTO sqs_queue VALUES ('a')")
    assert store.value("SELECT count(*) FROM sqs_queue") == 1


# files that are no state -----------------------------------------------------------------------


def test_another_programs_database_is_refused(tmp_path: Path) -> None:
    other = sqlite3.connect(tmp_path / "state.db")
    other.execute("CREATE TABLE theirs (a)")
    other.commit()
    other.close()
    before = (tmp_path / "state.db").read_bytes()
    with pytest.raises(StoreError, match="another program's"):
        Store(tmp_path / "state.db", durable=True)
    assert (tmp_path / "state.db").read_bytes() == before


@pytest.mark.parametrize(
    "damage",
    [
        pytest.param(lambda data: b"not a database at all " * 100, id="text"),
        pytest.param(lambda data: data[: len(data) // 2], id="truncated"),
        pytest.param(lambda data: data[:100] + b"\xff" * 500 + data[600:], id="schema"),
        pytest.param(lambda data: data[:-3000] + b"\xff" * 3000, id="rows"),
    ],
)
def test_a_damaged_file_is_refused_and_left_alone(
    tmp_path: Path, damage: Callable[[bytes], bytes]
) -> None:
    path = tmp_path / "state.db"
    store = Store(path, durable=True)
    store.script("CREATE TABLE thing (name TEXT PRIMARY KEY, size INTEGER) STRICT;")
    store.many("INSERT INTO thing VALUES (?, 1)", [(f"{number:0100}",) for number in range(200)])
    store.close()
    damaged = damage(path.read_bytes())
    path.write_bytes(damaged)
    with pytest.raises(StoreError, match=r"damaged|not a fogbank"):
        Store(path, durable=True)
    assert path.read_bytes() == damaged


def test_a_folder_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="cannot be opened"):
        Store(tmp_path / "missing" / "state.db", durable=True)


def test_the_file_says_whose_it_is(store: Store) -> None:
    assert store.value("PRAGMA application_id") == APPLICATION_ID


# whole states ----------------------------------------------------------------------------------


def copied(store: Store, path: Path) -> None:
    """The whole state in a file of its own."""
    store.commit()
    with closing(sqlite3.connect(store.path)) as reader, closing(sqlite3.connect(path)) as target:
        reader.backup(target)


def test_a_copy_is_a_whole_state(store: Store, tmp_path: Path) -> None:
    put(store, "before")
    copied(store, tmp_path / "copy.db")
    put(store, "after")
    cache = store.cache("thing")
    cache["after"] = 1
    generation = store.generation
    store.load_from(tmp_path / "copy.db")
    assert names(store) == ["before"]
    assert cache == {}
    assert store.generation == generation + 1
    put(store, "again")
    store.commit()
    assert elsewhere(store) == ["again", "before"]
    store.load_from(tmp_path / "copy.db")
    assert names(store) == ["before"]


def test_a_copy_opens_as_a_store_of_its_own(store: Store, tmp_path: Path) -> None:
    put(store, "a")
    copied(store, tmp_path / "copy.db")
    copy = Store(tmp_path / "copy.db", durable=False)
    assert names(copy) == ["a"]
    copy.close()


def test_what_is_no_state_is_not_loaded(store: Store, tmp_path: Path) -> None:
    put(store, "a")
    copied(store, tmp_path / "copy.db")
    data = (tmp_path / "copy.db").read_bytes()
    (tmp_path / "damaged.db").write_bytes(data[:-3000] + b"\xff" * 3000)
    (tmp_path / "empty.db").write_bytes(b"")
    (tmp_path / "text.db").write_text("a text" * 1000)
    for name in ("damaged", "empty", "text", "missing"):
        with pytest.raises(StoreError):
            store.load_from(tmp_path / f"{name}.db")
    assert names(store) == ["a"]
    assert not (tmp_path / "missing.db").exists()


@pytest.fixture
def populated(store: Store, tmp_path: Path) -> Store:
    """Two services in two accounts and regions, and a table they share."""
    schema = (
        "CREATE TABLE {0}_queue (id INTEGER PRIMARY KEY, account TEXT, region TEXT) STRICT;"
        "CREATE TABLE {0}_message (queue INTEGER REFERENCES {0}_queue (id) ON DELETE CASCADE)"
        " STRICT;"
    )
    for name in ("s3", "s3-control"):
        prefix = name.replace("-", "_")
        store.prepare(name, service(tmp_path / name, schema.format(prefix)))
        for number, account in enumerate(("1", "2")):
            for offset, region in enumerate(("here", "there")):
                key = 2 * number + offset
                store.run(f"INSERT INTO {prefix}_queue VALUES (?, ?, ?)", key, account, region)
                store.run(f"INSERT INTO {prefix}_message VALUES (?)", key)
    store.script("CREATE TABLE tag (service TEXT, account TEXT, region TEXT) STRICT;")
    for name in ("s3", "s3-control"):
        store.run("INSERT INTO tag VALUES (?, '1', 'here')", name)
    store.set("clock", "kept")
    store.commit()
    return store


def counts(store: Store) -> dict[str, int]:
    tables = ("s3_queue", "s3_message", "s3_control_queue", "s3_control_message", "tag")
    return {table: store.value(f"SELECT count(*) FROM {table}") for table in tables}


@pytest.mark.parametrize(
    ("services", "account", "region", "left"),
    [
        ([], None, None, (0, 0, 0, 0, 0)),
        (["s3"], None, None, (0, 0, 4, 4, 1)),
        (["s3-control"], None, None, (4, 4, 0, 0, 1)),
        ([], "1", None, (2, 2, 2, 2, 0)),
        (["s3"], "1", None, (2, 2, 4, 4, 1)),
        (["s3"], "1", "there", (3, 3, 4, 4, 2)),
        ([], None, "there", (2, 2, 2, 2, 2)),
        (["sqs"], None, None, (4, 4, 4, 4, 2)),
    ],
)
def test_a_reset_can_be_narrowed(
    populated: Store,
    services: list[str],
    account: str | None,
    region: str | None,
    left: tuple[int, ...],
) -> None:
    populated.cache("thing")["a"] = 1
    populated.clear(services, account, region)
    assert tuple(counts(populated).values()) == left
    assert populated.cache("thing") == {}
    assert populated.setting("clock") == "kept"


def test_references_are_not_enforced_outside_of_a_reset(populated: Store) -> None:
    populated.clear([], "1", None)
    populated.run("INSERT INTO s3_message VALUES (99)")
    populated.run("DELETE FROM s3_queue")
    assert populated.value("SELECT count(*) FROM s3_message") == 3
