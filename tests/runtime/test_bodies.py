"""Bodies: who owns a file, and when it goes."""

import errno
import os
from pathlib import Path

import pytest

from runtime.bodies import Bodies, Body
from runtime.ids import Ids
from tests.runtime.surroundings import Surroundings


def spooled(runtime: Surroundings, data: bytes) -> Body:
    """A payload that came in as a file."""
    body_id, path = runtime.bodies.new()
    path.write_bytes(data)
    return Body(size=len(data), path=path, body_id=body_id)


def kept(runtime: Surroundings, data: bytes = b"content") -> str:
    """The id of a body that an operation kept."""
    with runtime.store.frame():
        return runtime.bodies.keep(spooled(runtime, data))


def files(runtime: Surroundings) -> list[str]:
    return sorted(path.name for path in runtime.bodies.folder.glob("*/*"))


def content(runtime: Surroundings, body_id: str, offset: int = 0, size: int | None = None) -> bytes:
    part = runtime.bodies.open(body_id, offset, size)
    with part.file as file:
        file.seek(part.offset)
        return file.read(part.size)


def test_a_payload_reads_the_same_from_memory_and_from_a_file(runtime: Surroundings) -> None:
    for body in (Body(size=10, data=b"0123456789"), spooled(runtime, b"0123456789")):
        assert body.read() == b"0123456789"
        assert b"".join(body.pieces()) == b"0123456789"
    assert list(body.pieces(4)) == [b"0123", b"4567", b"89"]


def test_a_payload_that_nobody_keeps_leaves_no_file(runtime: Surroundings) -> None:
    body = spooled(runtime, b"data")
    body.discard()
    body.discard()
    Body(size=4, data=b"data").discard()
    assert files(runtime) == []


def test_a_kept_body_is_a_file_with_an_owner(runtime: Surroundings) -> None:
    body = spooled(runtime, b"0123456789")
    with runtime.store.frame():
        body_id = runtime.bodies.keep(body)
    body.discard()
    assert files(runtime) == [body_id]
    assert content(runtime, body_id) == b"0123456789"
    assert content(runtime, body_id, 2, 3) == b"234"
    assert content(runtime, body_id, 8) == b"89"
    assert runtime.bodies.owned() == {body_id}


def test_a_small_body_becomes_a_file_when_it_is_kept(runtime: Surroundings) -> None:
    body = Body(size=5, data=b"small")
    with runtime.store.frame():
        body_id = runtime.bodies.keep(body)
    assert content(runtime, body_id) == b"small"


def test_an_operation_that_is_undone_leaves_no_file(runtime: Surroundings) -> None:
    small, large = Body(size=5, data=b"small"), spooled(runtime, b"large")
    runtime.store.enter()
    for body in (small, large):
        runtime.bodies.keep(body)
    assert len(files(runtime)) == 2
    runtime.store.abandon()
    assert files(runtime) == []
    assert runtime.bodies.owned() == set()
    with runtime.store.frame():  # run again, as an operation that waited is
        body_id = runtime.bodies.keep(small)
    assert content(runtime, body_id) == b"small"


def test_a_file_goes_with_its_last_owner_and_not_before_the_commit(runtime: Surroundings) -> None:
    body_id = kept(runtime)
    assert runtime.bodies.share(body_id) == body_id
    runtime.bodies.drop(body_id)
    runtime.commit()
    assert files(runtime) == [body_id]
    runtime.bodies.drop(body_id)
    assert files(runtime) == [body_id]
    runtime.commit()
    assert files(runtime) == []


def test_dropping_that_is_undone_keeps_the_file(runtime: Surroundings) -> None:
    body_id = kept(runtime)
    runtime.store.enter()
    runtime.bodies.drop(body_id)
    runtime.store.abandon()
    runtime.commit()
    assert content(runtime, body_id) == b"content"


def test_what_is_being_read_stays_readable(runtime: Surroundings) -> None:
    body_id = kept(runtime)
    part = runtime.bodies.open(body_id)
    runtime.bodies.drop(body_id)
    runtime.commit()
    assert files(runtime) == []
    assert part.file.read() == b"content"
    part.close()


def test_a_crash_leaves_files_that_the_next_start_sweeps(runtime: Surroundings) -> None:
    body_id = kept(runtime)
    spooled(runtime, b"half an upload")
    (runtime.bodies.folder / "a file").write_text("not ours")
    assert runtime.bodies.sweep() == 1
    assert files(runtime) == [body_id]


def test_ids_that_repeat_spoil_no_file(runtime: Surroundings) -> None:
    body_id = kept(runtime)
    again = Bodies(runtime.bodies.folder, runtime.store, Ids(2), lambda action: None)
    assert again.new()[0] != body_id


# snapshots -------------------------------------------------------------------------------------


def test_a_snapshot_has_the_files_and_a_restore_brings_them_back(
    runtime: Surroundings, tmp_path: Path
) -> None:
    snapshot = tmp_path / "snapshot"
    first = kept(runtime, b"first")
    runtime.bodies.link_to(snapshot)
    assert (snapshot / first[:2] / first).samefile(runtime.bodies.path(first))
    runtime.bodies.drop(first)
    second = kept(runtime, b"second")
    runtime.commit()
    coming = spooled(runtime, b"just coming in")
    replaced = runtime.bodies.owned()
    runtime.store.run("DELETE FROM body")
    runtime.store.run("INSERT INTO body VALUES (?, 5, 1)", first)
    runtime.bodies.link_from(snapshot, replaced)
    assert content(runtime, first) == b"first"
    assert second not in files(runtime)
    assert coming.read() == b"just coming in"


def test_a_file_of_the_same_id_does_not_pass_for_that_of_the_snapshot(
    runtime: Surroundings, tmp_path: Path
) -> None:
    body_id = kept(runtime, b"then")
    runtime.bodies.link_to(tmp_path / "snapshot")
    runtime.bodies.path(body_id).unlink()
    runtime.bodies.path(body_id).write_bytes(b"now")
    runtime.bodies.link_from(tmp_path / "snapshot", set())
    assert content(runtime, body_id) == b"then"


def test_files_are_copied_where_there_are_no_links(
    runtime: Surroundings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_links(source: Path, target: Path) -> None:
        raise OSError(errno.EPERM, "no links here")

    monkeypatch.setattr(os, "link", no_links)
    body_id = kept(runtime, b"copied")
    runtime.bodies.link_to(tmp_path / "snapshot")
    assert (tmp_path / "snapshot" / body_id[:2] / body_id).read_bytes() == b"copied"
