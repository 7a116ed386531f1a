"""What goes out: bytes, files and streams, and what breaks off on the way."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from fogbank.testing import Aws
from protocols.http import FileRange, Reply
from server import sending
from tests.server.raw import claimed, connected, request, send


class Cycle:
    """uvicorn's side of one request: what was sent, and what became of the connection."""

    def __init__(self, fails_after: int | None = None) -> None:
        self.sent: list[dict[str, Any]] = []
        self.disconnected = False
        self.ends: list[str] = []
        self.transport = self
        self._fails_after = fails_after

    async def send(self, message: dict[str, Any]) -> None:
        """Take a message."""
        if self._fails_after == len(self.sent):
            raise ConnectionResetError
        self.sent.append(message)

    def abort(self) -> None:
        """The connection is cut."""
        self.ends.append("cut")

    def close(self) -> None:
        """The connection ends when all is written."""
        self.ends.append("closed")

    @property
    def body(self) -> bytes:
        """All that was sent of the body."""
        return b"".join(message["body"] for message in self.sent[1:])

    @property
    def whole(self) -> bool:
        """Whether the body was ended."""
        return not self.sent[-1].get("more_body", False)


class Stream:
    """A body that comes in pieces."""

    def __init__(self, *pieces: bytes | BaseException) -> None:
        self._pieces = list(pieces)
        self.closed = False

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self

    async def __anext__(self) -> bytes:
        if not self._pieces:
            raise StopAsyncIteration
        piece = self._pieces.pop(0)
        if isinstance(piece, BaseException):
            raise piece
        return piece

    async def aclose(self) -> None:
        """Let go of what it holds; something may go wrong with that."""
        self.closed = True
        raise OSError("too late")


def _send(reply: Reply, cycle: Cycle) -> Cycle:
    asyncio.run(asyncio.wait_for(sending.send(reply, cycle.send), 10))
    return cycle


@pytest.fixture
def stored(tmp_path: Path) -> Path:
    """A file of a million bytes, no two pieces of which are alike."""
    path = tmp_path / "body"
    path.write_bytes(b"".join(b"%08d" % number for number in range(125_000)))
    return path


def test_bytes_go_out_with_their_length() -> None:
    cycle = _send(Reply(200, [(b"etag", b"x")], b"content"), Cycle())
    assert cycle.sent[0]["headers"] == [(b"etag", b"x"), (b"content-length", b"7")]
    assert (cycle.body, cycle.whole, cycle.ends) == (b"content", True, [])


@pytest.mark.parametrize(("offset", "size"), [(0, 1_000_000), (5, 262_144), (999_999, 1), (7, 0)])
def test_a_piece_of_a_file(stored: Path, offset: int, size: int) -> None:
    file = stored.open("rb")
    cycle = _send(Reply(206, [], FileRange(file, offset, size)), Cycle())
    assert cycle.sent[0]["headers"] == [(b"content-length", b"%d" % size)]
    assert cycle.body == stored.read_bytes()[offset : offset + size]
    assert max(len(message["body"]) for message in cycle.sent[1:]) <= sending.PIECE_BYTES
    assert file.closed


def test_a_files_length_that_is_told_already_is_told_once(stored: Path) -> None:
    headers = [(b"content-length", b"3")]
    cycle = _send(Reply(200, headers, FileRange(stored.open("rb"), 0, 3)), Cycle())
    assert cycle.sent[0]["headers"] == [(b"content-length", b"3")]


def test_a_file_that_has_shrunk_is_cut_off(stored: Path) -> None:
    file = stored.open("rb")
    cycle = Cycle()
    with pytest.raises(OSError, match="shorter than it was"):
        _send(Reply(200, [], FileRange(file, 0, 1_000_001)), cycle)
    assert (cycle.ends, cycle.disconnected, file.closed) == (["cut"], True, True)
    assert not cycle.whole


def test_a_file_is_closed_when_the_client_goes(stored: Path) -> None:
    file = stored.open("rb")
    with pytest.raises(ConnectionResetError):
        _send(Reply(200, [], FileRange(file, 0, 1_000_000)), Cycle(fails_after=2))
    assert file.closed


def test_a_stream_goes_out_as_it_comes() -> None:
    stream = Stream(b"a", b"bc")
    cycle = _send(Reply(200, [], stream), Cycle())
    assert cycle.sent[0]["headers"] == []
    assert (cycle.body, cycle.whole, cycle.ends) == (b"abc", True, [])
    assert stream.closed


@pytest.mark.parametrize("failure", [ValueError("why"), KeyboardInterrupt()])
def test_a_stream_that_fails_does_not_look_whole(failure: BaseException) -> None:
    stream, cycle = Stream(b"a", failure), Cycle()
    work = sending.send(Reply(200, [], stream), cycle.send)
    with pytest.raises(type(failure)):
        work.send(None)
    assert (cycle.body, cycle.whole, cycle.ends) == (b"a", False, ["cut"])
    assert stream.closed


def test_a_stream_that_breaks_off_on_purpose_says_what_it_has() -> None:
    cycle = _send(Reply(200, [], Stream(b"a", ConnectionAbortedError("a rule"))), Cycle())
    assert (cycle.body, cycle.whole, cycle.ends) == (b"a", False, ["closed"])
    assert cycle.disconnected


def test_a_server_that_is_not_uvicorns_is_left_alone() -> None:
    sent = []

    async def plain(message: Any) -> None:
        sent.append(message)

    sending.abort(plain)
    asyncio.run(sending.send(Reply(200, [], Stream(b"a", ConnectionAbortedError())), plain))
    assert [message.get("more_body") for message in sent] == [None, True]


# over the wire ------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [0, 1, 65_536, 65_537, 3_000_001])
def test_downloads_of_all_sizes_on_one_connection(aws: Aws, size: int) -> None:
    s3 = aws.client("s3")
    s3.create_bucket(Bucket="bucket")
    content = (b"0123456789abcdef" * (size // 16 + 1))[:size]
    s3.put_object(Bucket="bucket", Key="key", Body=content)
    headers = claimed("s3", key=aws.account)
    with connected(aws.endpoint_url) as wire:
        for method in ("GET", "HEAD", "GET"):
            wire.write(request(method, "/bucket/key", headers))
            answer = wire.read(method)
            assert answer.status == 200
            assert answer.headers["content-length"] == str(size)
            assert answer.body == (content if method == "GET" else b"")


def test_requests_one_behind_the_other_are_answered_in_order(aws: Aws) -> None:
    s3 = aws.client("s3")
    s3.create_bucket(Bucket="bucket")
    headers = claimed("s3", key=aws.account)
    for number in (1, 2, 3):
        s3.put_object(Bucket="bucket", Key=f"{number}", Body=b"%d" % number * 300_000 * number)
    asked = [1, 3, 2, 9, 1]
    with connected(aws.endpoint_url) as wire:
        wire.write(b"".join(request("GET", f"/bucket/{number}", headers) for number in asked))
        answers = [wire.read("GET") for _ in asked]
    assert [answer.status for answer in answers] == [200, 200, 200, 404, 200]
    lengths = [len(answer.body) for answer in answers]
    assert lengths[:3] == [300_000, 900_000, 600_000]
    assert answers[1].body == b"3" * 900_000


def test_a_download_that_nobody_reads_to_its_end_harms_nobody(aws: Aws) -> None:
    s3 = aws.client("s3")
    s3.create_bucket(Bucket="bucket")
    s3.put_object(Bucket="bucket", Key="key", Body=bytes(20_000_000))
    log = getattr(aws.server, "log", "")
    with connected(aws.endpoint_url) as wire:
        wire.write(request("GET", "/bucket/key", claimed("s3", key=aws.account)))
        assert wire.socket.recv(1000)
        assert s3.list_buckets()["Buckets"]  # others are served meanwhile
    assert s3.head_object(Bucket="bucket", Key="key")["ContentLength"] == 20_000_000
    added = getattr(aws.server, "log", "")[len(log) :]
    assert "Traceback" not in added, added
    assert "ERROR" not in added, added


@pytest.mark.parametrize(
    ("service", "target", "status"),
    [
        ("s3", "/bucket/missing", 404),
        ("s3", "/missing-bucket", 404),
        ("s3", "/bucket/key?versionId=x&versionId=y", None),
        ("lambda", "/2015-03-31/functions", 501),
        ("sqs", "/", None),
        ("", "/nothing/at/all", 501),
    ],
)
def test_a_heads_refusal_has_no_body(
    aws: Aws, service: str, target: str, status: int | None
) -> None:
    aws.client("s3").create_bucket(Bucket="bucket")
    headers = claimed(service, key=aws.account) if service else {}
    with connected(aws.endpoint_url) as wire:
        # An answer to the next request would be misread if a body came before it.
        wire.write(request("HEAD", target, headers))
        refused = wire.read("HEAD")
        wire.write(request("GET", "/", claimed("s3", key=aws.account)))
        following = wire.read("GET")
    assert refused.status >= 400
    assert status is None or refused.status == status
    assert refused.body == b""
    assert following.status == 200
    assert b"<ListAllMyBucketsResult" in following.body


def test_a_header_cannot_be_made_of_a_value(aws: Aws) -> None:
    s3 = aws.client("s3")
    s3.create_bucket(Bucket="bucket")
    s3.put_object(Bucket="bucket", Key="key", Body=b"x")
    target = "/bucket/key?response-content-type=text/html%0D%0Ax-evil:%201"
    answer = send(aws.endpoint_url, "GET", target, claimed("s3", key=aws.account))
    assert "x-evil" not in answer.headers
    assert answer.status in (200, 400)
