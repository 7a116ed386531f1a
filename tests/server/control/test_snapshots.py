"""Snapshots: there and back, into files and out of them, and what is refused."""

import gzip
import io
import json
import os
import sqlite3
import tarfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from fogbank import ControlError, Server
from tests.server.control.calling import call, refusal

LARGE = os.urandom(300_000)


def put(server: Server, key: str, body: bytes = LARGE) -> None:
    server.client("s3").put_object(Bucket="photos", Key=key, Body=body)


def keys(server: Server) -> dict[str, bytes]:
    s3 = server.client("s3")
    found = s3.list_objects_v2(Bucket="photos").get("Contents", [])
    return {
        entry["Key"]: s3.get_object(Bucket="photos", Key=entry["Key"])["Body"].read()
        for entry in found
    }


@pytest.fixture
def photos(server: Server) -> Server:
    """A server with a bucket that holds a large and a small object."""
    server.client("s3").create_bucket(Bucket="photos")
    put(server, "large")
    put(server, "small", b"small")
    return server


def test_a_restore_brings_everything_back(photos: Server) -> None:
    photos.clock.freeze("2030-01-01T00:00:00Z")
    sqs = photos.client("sqs")
    url = sqs.create_queue(QueueName="orders")["QueueUrl"]
    sqs.send_message(QueueUrl=url, MessageBody="one")
    photos.snapshot("before")

    photos.client("s3").delete_object(Bucket="photos", Key="large")
    put(photos, "small", b"changed")
    put(photos, "new")
    assert sqs.receive_message(QueueUrl=url)["Messages"][0]["Body"] == "one"
    photos.clock.advance(3600)
    photos.config(limits="enforce")

    for _ in range(2):
        photos.restore("before")
        assert keys(photos) == {"large": LARGE, "small": b"small"}
        assert sqs.receive_message(QueueUrl=url)["Messages"][0]["Body"] == "one"
        assert photos.clock.now().isoformat() == "2030-01-01T00:00:00+00:00"
        assert photos.clock.frozen
        assert photos.config()["limits"] == "off"


def test_a_clock_that_ran_is_as_far_ahead_as_it_was(server: Server) -> None:
    server.clock.advance(3600)
    server.snapshot("ahead")
    server.clock.advance(3600)
    server.clock.freeze()
    server.restore("ahead")
    state = call(server, "GET", "/_fogbank/clock").json
    assert not state["frozen"]
    assert 3599 < state["offset_seconds"] < 3601


def test_the_journal_goes_on(server: Server) -> None:
    server.snapshot("before")
    server.client("sts").get_caller_identity()
    server.restore("before")
    assert server.requests("sts").operations == ["GetCallerIdentity"]


def test_snapshots_are_listed_replaced_and_deleted(photos: Server) -> None:
    assert photos.snapshots() == []
    photos.snapshot("b")
    photos.snapshot("a")
    first, second = photos.snapshots()
    assert (first["name"], second["name"]) == ("a", "b")
    assert first.keys() == {"name", "time", "size_bytes"}
    assert first["size_bytes"] > len(LARGE)
    photos.client("s3").delete_object(Bucket="photos", Key="large")
    photos.snapshot("b")
    assert photos.snapshots()[1]["size_bytes"] < first["size_bytes"]
    photos.restore("b")
    assert keys(photos) == {"small": b"small"}
    photos.delete_snapshot("b")
    photos.restore("a")
    assert keys(photos) == {"large": LARGE, "small": b"small"}
    assert [snapshot["name"] for snapshot in photos.snapshots()] == ["a"]


def test_a_small_state_takes_less_than_twenty_milliseconds_there_and_back(server: Server) -> None:
    sqs = server.client("sqs")
    url = sqs.create_queue(QueueName="orders")["QueueUrl"]
    for number in range(20):
        sqs.send_message(QueueUrl=url, MessageBody=f"message {number}")
    took = []
    for _ in range(7):
        start = time.perf_counter()
        server.snapshot("small")
        server.restore("small")
        took.append(time.perf_counter() - start)
    assert min(took) < 0.020


def test_what_waits_runs_again_in_the_state_that_came_back(server: Server) -> None:
    sqs = server.client("sqs")
    url = sqs.create_queue(QueueName="orders")["QueueUrl"]
    sqs.send_message(QueueUrl=url, MessageBody="one")
    server.snapshot("full")
    sqs.purge_queue(QueueUrl=url)
    found: list[Any] = []
    receiver = threading.Thread(
        target=lambda: found.append(sqs.receive_message(QueueUrl=url, WaitTimeSeconds=20))
    )
    receiver.start()
    while "fogbank_waiters 1" not in call(server, "GET", "/_fogbank/metrics").content.decode():
        assert receiver.is_alive()
    server.restore("full")
    receiver.join(5)
    assert found[0]["Messages"][0]["Body"] == "one"


def test_snapshots_stay_with_the_data(tmp_path: Path) -> None:
    with Server(data=tmp_path) as server:
        server.client("s3").create_bucket(Bucket="photos")
        put(server, "large")
        server.snapshot("kept")
        server.client("s3").delete_object(Bucket="photos", Key="large")
        (tmp_path / "snapshots" / "half.new").mkdir()
        (tmp_path / "snapshots" / "1.archive").touch()
        server.kill()
    with Server(data=tmp_path) as server:
        assert [snapshot["name"] for snapshot in server.snapshots()] == ["kept"]
        assert [path.name for path in (tmp_path / "snapshots").iterdir()] == ["kept"]
        server.restore("kept")
        assert keys(server) == {"large": LARGE}


@pytest.mark.parametrize("name", ["..", ".hidden", "-x", "a" * 101, "x.new", "x.old", "a b", "ü"])
def test_what_names_no_folder_names_no_snapshot(server: Server, name: str) -> None:
    with pytest.raises(ControlError, match="cannot name a snapshot") as refused:
        server.snapshot(name)
    assert (refused.value.status, refused.value.field) == (400, "name")


def test_a_snapshot_that_is_not_there_is_404(server: Server) -> None:
    for method, path in (
        ("POST", "nope/restore"),
        ("DELETE", "nope"),
        ("GET", "nope/export"),
        ("POST", "%2e%2e/restore"),
        ("DELETE", "..%2Fbodies"),
    ):
        message, _ = refusal(server, method, f"/_fogbank/snapshots/{path}", status=404)
        assert message.startswith("there is no snapshot '")


# one file out and in ------------------------------------------------------------------------------


def test_a_state_travels_to_another_server(photos: Server, tmp_path: Path) -> None:
    photos.clock.freeze("2030-01-01")
    photos.snapshot("shared")
    file = photos.export_snapshot("shared", tmp_path / "shared.tar.gz")
    with tarfile.open(file) as archive:
        members = archive.getmembers()
    assert {"snapshot.json", "state.db"} < {member.name for member in members}
    assert {(member.uid, member.uname, member.mtime) for member in members} == {(0, "", 0)}
    with Server() as other:
        other.import_snapshot("theirs", file)
        assert [snapshot["name"] for snapshot in other.snapshots()] == ["theirs"]
        other.restore("theirs")
        assert keys(other) == {"large": LARGE, "small": b"small"}
        assert other.clock.frozen


def test_an_import_replaces_what_had_the_name(photos: Server, tmp_path: Path) -> None:
    photos.snapshot("shared")
    file = photos.export_snapshot("shared", tmp_path / "file")
    photos.client("s3").delete_object(Bucket="photos", Key="large")
    photos.snapshot("shared")
    photos.import_snapshot("shared", file)
    photos.restore("shared")
    assert keys(photos) == {"large": LARGE, "small": b"small"}


@pytest.fixture
def members(photos: Server, tmp_path: Path) -> dict[str, bytes]:
    """What the file of an honest snapshot holds."""
    photos.snapshot("honest")
    with tarfile.open(photos.export_snapshot("honest", tmp_path / "honest")) as archive:
        found = {}
        for member in archive:
            content = archive.extractfile(member)
            assert content is not None
            found[member.name] = content.read()
    return found


def packed(*members: tuple[tarfile.TarInfo, bytes]) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
        for member, content in members:
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return buffer.getvalue()


def plain(members: dict[str, bytes]) -> list[tuple[tarfile.TarInfo, bytes]]:
    return [(tarfile.TarInfo(name), content) for name, content in members.items()]


def refused(server: Server, file: bytes) -> str:
    message, field = refusal(server, "PUT", "/_fogbank/snapshots/evil/import", file)
    assert field == "name"
    assert [snapshot["name"] for snapshot in server.snapshots()] in ([], ["honest"])
    return message


@pytest.mark.parametrize(
    "name",
    [
        "../evil",
        "/tmp/evil",
        "bodies/../../evil",
        "bodies/ab/../../state.db",
        "./state.db",
        "bodies/ab/cd" + "0" * 30,
        "bodies/AB/AB" + "0" * 30,
        "state.db-wal",
        "",
        "state.db\n",
    ],
)
def test_members_that_no_snapshot_has_are_refused(
    photos: Server, members: dict[str, bytes], name: str
) -> None:
    message = refused(photos, packed(*plain({**members, name: b"evil"})))
    assert message.startswith("the file holds what no snapshot holds: ")


@pytest.mark.parametrize(
    "kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.DIRTYPE, tarfile.FIFOTYPE]
)
def test_members_that_are_no_plain_files_are_refused(
    photos: Server, members: dict[str, bytes], kind: bytes
) -> None:
    link = tarfile.TarInfo("state.db")
    link.type = kind
    link.linkname = "/etc/passwd"
    members.pop("state.db")
    assert "what no snapshot holds" in refused(photos, packed((link, b""), *plain(members)))


def test_a_member_twice_is_refused(photos: Server, members: dict[str, bytes]) -> None:
    file = packed(*plain(members), *plain({"state.db": b"other"}))
    assert refused(photos, file) == "the file holds state.db twice"


def test_what_is_no_archive_is_refused(photos: Server, members: dict[str, bytes]) -> None:
    honest = packed(*plain(members))
    for file in (b"", b"hello", gzip.compress(b"hello" * 1000), honest[:-200], honest[:3000]):
        assert "snapshot" in refused(photos, file)


def test_a_header_that_claims_to_be_huge_is_not_believed(photos: Server) -> None:
    header = tarfile.TarInfo("state.db")
    header.type = tarfile.XHDTYPE
    header.size = 4 * 1024**3
    file = gzip.compress(header.tobuf(tarfile.PAX_FORMAT) + b"0" * 4096)
    assert "too long" in refused(photos, file)


Changed = Callable[[dict[str, bytes]], dict[str, bytes]]


def described(**changes: Any) -> Changed:
    def change(members: dict[str, bytes]) -> dict[str, bytes]:
        description = {**json.loads(members["snapshot.json"]), **changes}
        return {**members, "snapshot.json": json.dumps(description).encode()}

    return change


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        (lambda members: {"state.db": members["state.db"]}, "no whole snapshot"),
        (lambda members: {"snapshot.json": members["snapshot.json"]}, "no whole snapshot"),
        (lambda members: {**members, "snapshot.json": b"[]"}, "no whole snapshot"),
        (lambda members: {**members, "snapshot.json": b"{"}, "no whole snapshot"),
        (described(clock={"offset": "x", "frozen_at": None}), "no whole snapshot"),
        (described(clock=None), "no whole snapshot"),
        (described(format=99), "another version"),
        (lambda members: {**members, "state.db": b"hello"}, "damaged"),
        (
            lambda members: {**members, "state.db": members["state.db"][:8192] + b"\xff" * 8192},
            "damaged",
        ),
        (
            lambda members: {
                name: content for name, content in members.items() if "bodies" not in name
            },
            "lacks the body",
        ),
    ],
)
def test_what_is_no_whole_snapshot_is_refused(
    photos: Server, members: dict[str, bytes], change: Changed, complaint: str
) -> None:
    assert complaint in refused(photos, packed(*plain(change(members))))


def test_another_programs_database_is_not_restored(
    photos: Server, members: dict[str, bytes], tmp_path: Path
) -> None:
    foreign = sqlite3.connect(tmp_path / "foreign.db")
    foreign.execute("CREATE TABLE body (id, size_bytes)")
    foreign.close()
    content = (tmp_path / "foreign.db").read_bytes()
    answer = call(
        photos,
        "PUT",
        "/_fogbank/snapshots/foreign/import",
        packed(*plain({**members, "state.db": content})),
    )
    if answer.status == 200:
        refusal(photos, "POST", "/_fogbank/snapshots/foreign/restore", status=409)
    assert keys(photos) == {"large": LARGE, "small": b"small"}


def test_settings_that_cant_be_are_not_restored(photos: Server, members: dict[str, bytes]) -> None:
    file = packed(*plain(described(config={"limits": "maybe", "gone": 1})(members)))
    photos.control.call("PUT", "snapshots/odd/import", file)
    put(photos, "new", b"")
    assert refusal(photos, "POST", "/_fogbank/snapshots/odd/restore")[1] == "limits"
    assert "new" in keys(photos)
