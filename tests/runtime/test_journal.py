"""The journal: what is recorded, how it is read page by page, and what is forgotten."""

import asyncio
import base64
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from runtime.bodies import Body
from runtime.journal import BODY_BYTES, FLUSH_BYTES, Entry, Journal
from tests.runtime.bench import in_loop
from tests.runtime.surroundings import NOON

PLAIN = Entry(
    id="1",
    parent="",
    time=NOON,
    duration_us=1500,
    service="sqs",
    operation="SendMessage",
    account="111122223333",
    region="eu-west-1",
    principal="arn:aws:iam::111122223333:root",
    access_key_id="AKIA",
    source_ip="127.0.0.1",
    user_agent="Boto3",
    status=200,
    error_code=None,
    error_message=None,
    request={"QueueUrl": "q"},
    response={"MessageId": "m"},
)


def opened(path: Path, *, rows: int = 1000, size_bytes: int = 2**30) -> Journal:
    return Journal(path, rows=rows, size_bytes=size_bytes, durable=False)


@asynccontextmanager
async def journal(folder: Path, **bounds: int) -> AsyncIterator[Journal]:
    """A journal, closed in the end."""
    recorder = opened(folder / "journal.db", **bounds)
    try:
        yield recorder
    finally:
        await recorder.close()


def add(recorder: Journal, *numbers: int, size_bytes: int = 100, **changes: Any) -> None:
    for number in numbers:
        recorder.append(PLAIN._replace(id=str(number), **changes), size_bytes)


async def ids(recorder: Journal, **wanted: Any) -> list[str]:
    found, _ = await recorder.select(**wanted)
    return [call["id"] for call in found]


# what is recorded ------------------------------------------------------------------------------


@in_loop
async def test_a_call_is_read_as_it_was(tmp_path: Path) -> None:
    async with journal(tmp_path) as recorder:
        recorder.append(PLAIN, 100)
        ((call,), cursor) = await recorder.select()
    assert cursor is None
    assert call == {
        "id": "1",
        "parent": "",
        "time": "2026-11-25T12:00:00.000Z",
        "duration_ms": 1.5,
        "service": "sqs",
        "operation": "SendMessage",
        "account": "111122223333",
        "region": "eu-west-1",
        "principal": "arn:aws:iam::111122223333:root",
        "access_key_id": "AKIA",
        "source_ip": "127.0.0.1",
        "user_agent": "Boto3",
        "status": 200,
        "error_code": None,
        "error_message": None,
        "request": {"QueueUrl": "q"},
        "response": {"MessageId": "m"},
    }
    assert PLAIN.members() == call


class Unreadable:
    """A body that comes as it goes."""

    def __aiter__(self) -> "Unreadable":
        return self


DEEP: dict[str, Any] = {}
for _ in range(2000):
    DEEP = {"a": DEEP}


@pytest.mark.parametrize(
    ("body", "shown"),
    [
        (None, None),
        ({}, {}),
        ({"Data": b"bytes"}, {"Data": base64.b64encode(b"bytes").decode()}),
        ({"Body": Body(size=70, data=b"")}, {"Body": "(70 bytes)"}),
        ({"Body": Unreadable()}, {"Body": "(a stream)"}),
        ({"Body": iter([b""])}, {"Body": "(a stream)"}),
        ({"Keys": {"b", "a"}}, {"Keys": ["a", "b"]}),
        ({1: True}, {"1": True}),
        ({"Price": Decimal("0.10")}, {"Price": "0.10"}),
        ({"Big": 2**70}, str({"Big": 2**70})),
        ({"Name": "\ud800"}, "{'Name': '\\ud800'}"),
        ({"Mixed": {1, "a"}}, None),
        (DEEP, "(nested too deeply)"),
    ],
    ids=lambda value: type(value).__name__,
)
@pytest.mark.parametrize("size_bytes", [100, 1_000_000])
def test_any_body_is_recorded(body: Any, shown: Any, size_bytes: int, tmp_path: Path) -> None:
    async def record() -> list[dict[str, Any]]:
        async with journal(tmp_path) as recorder:
            add(recorder, 1)
            add(recorder, 2, request=body, size_bytes=size_bytes)
            return (await recorder.select())[0]

    other, call = asyncio.run(record())
    assert other["request"] == {"QueueUrl": "q"}
    if shown is not None or body is None:
        assert call["request"] == shown
    assert PLAIN._replace(request=body).members()["request"] == call["request"]


@pytest.mark.parametrize("size_bytes", [100, 1_000_000])
def test_bodies_are_cut(size_bytes: int, tmp_path: Path) -> None:
    async def record() -> list[dict[str, Any]]:
        async with journal(tmp_path) as recorder:
            text = "x" * BODY_BYTES
            add(recorder, 1, request={"Text": text}, size_bytes=size_bytes)
            add(recorder, 2, response={"Data": b"x" * BODY_BYTES}, size_bytes=size_bytes)
            add(recorder, 3, request={"Text": "x" * (BODY_BYTES - 11)}, size_bytes=size_bytes)
            return (await recorder.select())[0]

    first, second, third = asyncio.run(record())
    assert first["request"] == '{"Text":"' + "x" * (BODY_BYTES - 9)
    assert len(second["response"]) == BODY_BYTES
    assert third["request"] == {"Text": "x" * (BODY_BYTES - 11)}


# reading ---------------------------------------------------------------------------------------


@in_loop
async def test_calls_are_read_page_by_page_both_ways(tmp_path: Path) -> None:
    async with journal(tmp_path) as recorder:
        add(recorder, *range(7))
        for newest_first in (False, True):
            seen: list[str] = []
            cursor: int | None = None
            while True:
                page, cursor = await recorder.select(
                    limit=3, cursor=cursor, newest_first=newest_first
                )
                seen += [call["id"] for call in page]
                if cursor is None:
                    break
            expected = [str(number) for number in range(7)]
            assert seen == (expected[::-1] if newest_first else expected)


@in_loop
async def test_a_page_is_not_moved_by_what_comes_later(tmp_path: Path) -> None:
    async with journal(tmp_path) as recorder:
        add(recorder, 1, 2, 3)
        _, cursor = await recorder.select(limit=2)
        add(recorder, 4)
        assert await ids(recorder, cursor=cursor) == ["3", "4"]


@in_loop
async def test_calls_are_selected_by_what_they_are(tmp_path: Path) -> None:
    async with journal(tmp_path) as recorder:
        add(recorder, 1)
        changes: dict[str, dict[str, Any]] = {
            "service": {"service": "sns"},
            "operation": {"operation": "Publish"},
            "status": {"status": 404},
            "principal": {"principal": "arn:aws:iam::1:user/a"},
            "account": {"account": "444455556666"},
            "region": {"region": "us-east-1"},
            "parent": {"parent": "7"},
            "error": {"error_code": "QueueDoesNotExist"},
        }
        for number, change in enumerate(changes.values(), 2):
            add(recorder, number, **change)
        for number, (wanted, change) in enumerate(changes.items(), 2):
            (value,) = change.values()
            assert await ids(recorder, **{wanted: value}) == [str(number)]
        add(recorder, 99, time=NOON + 10)
        assert await ids(recorder, since=NOON + 1) == ["99"]
        assert await ids(recorder, service="sns", status=404) == []
        assert await recorder.count() == 10


@in_loop
async def test_calls_are_seen_as_they_happen(tmp_path: Path) -> None:
    async with journal(tmp_path) as recorder:
        following = recorder.follow()
        first = asyncio.create_task(anext(following))
        await asyncio.sleep(0)
        add(recorder, 1, 2)
        assert (await first).id == "1"
        assert (await anext(following)).id == "2"
        await following.aclose()
        assert recorder._followers == []
        add(recorder, 3)


# writing ---------------------------------------------------------------------------------------


@in_loop
async def test_calls_are_written_in_batches(tmp_path: Path) -> None:
    async with journal(tmp_path) as recorder:
        add(recorder, *range(100))
        assert not (tmp_path / "journal.db").exists()
        await recorder.flush()
        with sqlite3.connect(tmp_path / "journal.db") as reader:
            assert reader.execute("SELECT calls FROM batch").fetchall() == [(100,)]
        reader.close()
        assert await recorder.count() == 100


@in_loop
async def test_much_in_memory_is_written_early(tmp_path: Path) -> None:
    async with journal(tmp_path) as recorder:
        add(recorder, 1, size_bytes=10)
        add(recorder, 2, size_bytes=FLUSH_BYTES + 1)
        (flush,) = recorder._flushes
        await flush
        assert recorder._buffer == []


@in_loop
async def test_calls_outlive_the_process_and_go_on(tmp_path: Path) -> None:
    async with journal(tmp_path) as recorder:
        add(recorder, 1)
    async with journal(tmp_path) as recorder:
        add(recorder, 2)
        assert await ids(recorder) == ["1", "2"]


@in_loop
async def test_a_failure_to_write_is_said_once_and_over(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    recorder = opened(tmp_path / "missing" / "journal.db")
    add(recorder, 1)
    recorder._start_flush()
    (flush,) = recorder._flushes
    await asyncio.wait([flush])
    await asyncio.sleep(0)
    assert "calls could not be recorded" in caplog.text
    (tmp_path / "missing").mkdir()
    add(recorder, 2)
    assert await ids(recorder) == ["2"]
    await recorder.close()


@in_loop
async def test_a_damaged_file_is_put_aside(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "journal.db").write_text("no database" * 1000)
    async with journal(tmp_path) as recorder:
        add(recorder, 1)
        assert await ids(recorder) == ["1"]
    assert (tmp_path / "journal.db.damaged").read_text().startswith("no database")
    assert "is damaged" in caplog.text


# forgetting ------------------------------------------------------------------------------------


@in_loop
async def test_all_is_forgotten_or_some(tmp_path: Path) -> None:
    async with journal(tmp_path) as recorder:
        add(recorder, 1)
        add(recorder, 2, account="444455556666")
        add(recorder, 3, account="444455556666", region="us-east-1")
        add(recorder, 4, account="444455556666", region="us-east-1", service="sns")
        await recorder.clear("444455556666", "us-east-1", ["sns", "s3"])
        assert await ids(recorder) == ["1", "2", "3"]
        await recorder.clear(region="us-east-1")
        assert await ids(recorder) == ["1", "2"]
        await recorder.clear(services=["sns"])
        assert await ids(recorder) == ["1", "2"]
        await recorder.clear()
        assert await ids(recorder) == []
        add(recorder, 5)
        assert await ids(recorder) == ["5"]


@in_loop
@pytest.mark.parametrize("read_between", [False, True])
async def test_the_oldest_are_forgotten_beyond_a_count(tmp_path: Path, read_between: bool) -> None:
    async with journal(tmp_path, rows=1500) as recorder:
        for start in range(0, 6000, 500):
            add(recorder, *range(start, start + 500))
            await recorder.flush()
            if read_between:
                await recorder.select(limit=1)
            assert await recorder.count() <= 1500 + 1000 + 500
        left = await ids(recorder, limit=10_000)
    assert left == [str(number) for number in range(6000 - len(left), 6000)]
    assert 1500 <= len(left) <= 3000


@in_loop
@pytest.mark.parametrize("read_between", [False, True])
async def test_the_oldest_are_forgotten_beyond_a_size(tmp_path: Path, read_between: bool) -> None:
    bound = 2_000_000
    async with journal(tmp_path, rows=10**6, size_bytes=bound) as recorder:
        for start in range(0, 20_000, 500):
            add(recorder, *range(start, start + 500), user_agent="x" * 500)
            await recorder.flush()
            if read_between:
                await recorder.select(limit=1)
        left = await ids(recorder, limit=100_000)
    assert left[-1] == "19999"
    assert left == [str(number) for number in range(20_000 - len(left), 20_000)]
    assert 1500 < len(left) < 3500
