"""Spooling: what a body is after it, where it lies, and that nothing is left when it fails."""

import asyncio
import os
import random
import tracemalloc
import zlib
from collections.abc import AsyncIterator, Iterable, Iterator
from hashlib import md5, sha1, sha256
from pathlib import Path
from typing import Any

import pytest
from awscrt import checksums

from protocols.errors import Error
from protocols.http import Request
from runtime.bodies import INLINE_BYTES, Bodies, Body
from runtime.ids import Ids
from runtime.store import Store
from server import spool
from server.chunked import Decoder
from server.sigv4 import Signed

MOST = 1 << 40


@pytest.fixture
def bodies(tmp_path: Path) -> Iterator[Bodies]:
    """A folder for bodies."""
    store = Store(tmp_path / "state.db", durable=False)
    yield Bodies(tmp_path / "bodies", store, Ids(1), lambda action: action())
    store.close()


async def in_pieces(data: bytes, piece_bytes: int, failure: Any = None) -> AsyncIterator[bytes]:
    for start in range(0, len(data), piece_bytes):
        yield data[start : start + piece_bytes]
        await asyncio.sleep(0)
    if failure is not None:
        raise failure


def run(
    bodies: Bodies,
    data: bytes,
    *,
    piece_bytes: int = 65536,
    failure: Any = None,
    length: int | None = None,
    want_sha256: bool = False,
    algorithms: Iterable[str] = (),
    decoder: Decoder | None = None,
    most: int = MOST,
) -> Body:
    return asyncio.run(
        spool.spool(
            in_pieces(data, piece_bytes, failure),
            bodies=bodies,
            length=length,
            want_sha256=want_sha256,
            algorithms=algorithms,
            decoder=decoder,
            most=most,
        )
    )


def files(bodies: Bodies) -> list[Path]:
    return [path for path in bodies.folder.rglob("*") if path.is_file()]


def noise(size: int) -> bytes:
    return random.Random(size).randbytes(size)


@pytest.mark.parametrize(
    "size", [0, 1, 1000, INLINE_BYTES, INLINE_BYTES + 1, 1 << 20, (1 << 20) + 7]
)
@pytest.mark.parametrize("piece_bytes", [777, 65536, 1 << 21])
def test_a_body_is_what_was_sent(bodies: Bodies, size: int, piece_bytes: int) -> None:
    data = noise(size)
    body = run(
        bodies,
        data,
        piece_bytes=piece_bytes,
        length=size,
        want_sha256=True,
        algorithms=["CRC32", "CRC32C", "CRC64NVME", "SHA1", "SHA256"],
    )
    assert body.size == size
    assert body.read() == data
    assert body.md5 == md5(data).digest()
    assert body.sha256 == sha256(data).digest()
    assert body.checksums == {
        "CRC32": zlib.crc32(data).to_bytes(4, "big"),
        "CRC32C": checksums.crc32c(data).to_bytes(4, "big"),
        "CRC64NVME": checksums.crc64nvme(data).to_bytes(8, "big"),
        "SHA1": sha1(data).digest(),
        "SHA256": sha256(data).digest(),
    }
    if size <= INLINE_BYTES:
        assert body.path is None
        assert body.data == data
    else:
        assert body.data is None
        assert body.path == bodies.path(body.id)
    assert files(bodies) == ([] if body.path is None else [body.path])
    body.discard()
    assert files(bodies) == []


def test_only_what_was_asked_for_is_computed(bodies: Bodies) -> None:
    body = run(bodies, b"abc")
    assert (body.sha256, body.checksums, body.trailers) == (None, {}, {})
    assert body.md5 == md5(b"abc").digest()


def test_a_file_has_the_checksum_that_s3_gives_objects_without_one(bodies: Bodies) -> None:
    data = noise(100_000)
    body = run(bodies, data)
    assert body.checksums == {"CRC64NVME": checksums.crc64nvme(data).to_bytes(8, "big")}
    assert run(bodies, data, algorithms=["CRC32"]).checksums.keys() == {"CRC32"}


@pytest.mark.parametrize("size", [100, 1 << 20])
def test_chunked_bodies(bodies: Bodies, size: int) -> None:
    data = noise(size)
    body = b"%x\r\n%b\r\n0\r\nx-amz-checksum-crc32:abc=\r\n\r\n" % (size, data)
    spooled = run(
        bodies, body, length=len(body), decoder=Decoder(size), algorithms=["CRC32"], piece_bytes=999
    )
    assert spooled.read() == data
    assert spooled.size == size
    assert spooled.trailers == {"x-amz-checksum-crc32": "abc="}
    assert spooled.checksums == {"CRC32": zlib.crc32(data).to_bytes(4, "big")}


# what goes wrong -------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [10, 1 << 20])
@pytest.mark.parametrize("difference", [1, -1])
def test_another_length_than_was_said(bodies: Bodies, size: int, difference: int) -> None:
    with pytest.raises(Error) as caught:
        run(bodies, noise(size), length=size + difference)
    assert (caught.value.code, caught.value.status) == ("IncompleteBody", 400)
    assert files(bodies) == []


@pytest.mark.parametrize("length", [1 << 20, None])
def test_too_long(bodies: Bodies, length: int | None) -> None:
    with pytest.raises(Error) as caught:
        run(bodies, noise(1 << 20), length=length, most=500_000)
    assert caught.value.code == "EntityTooLarge"
    assert caught.value.members["MaxSizeAllowed"] == 500_000
    assert files(bodies) == []


def test_too_long_by_what_is_in_the_chunks(bodies: Bodies) -> None:
    with pytest.raises(Error) as caught:
        run(bodies, b"", decoder=Decoder(10), most=9)
    assert caught.value.code == "EntityTooLarge"


def test_a_chunk_that_is_wrong(bodies: Bodies) -> None:
    body = b"%x\r\n%bXX" % (1 << 20, noise(1 << 20))
    with pytest.raises(Error) as caught:
        run(bodies, body, decoder=Decoder(1 << 20))
    assert caught.value.code == "IncompleteBody"
    assert files(bodies) == []


@pytest.mark.parametrize("size", [10, 1 << 20, 1 << 22])
def test_a_client_that_goes_away(bodies: Bodies, size: int) -> None:
    class Gone(Exception):
        pass

    with pytest.raises(Gone):
        run(bodies, noise(size), failure=Gone())
    assert files(bodies) == []


@pytest.mark.parametrize("moment", [0, 1, 5, 20, 60])
def test_a_request_that_is_cancelled(bodies: Bodies, moment: int) -> None:
    """Its thread may still write: the descriptor is closed after that, and no file is left."""

    async def forever() -> AsyncIterator[bytes]:
        while True:
            yield bytes(65536)
            await asyncio.sleep(0)

    async def cancelled() -> None:
        task = asyncio.ensure_future(
            spool.spool(
                forever(),
                bodies=bodies,
                length=None,
                want_sha256=True,
                algorithms=[],
                decoder=None,
                most=MOST,
            )
        )
        for _ in range(moment):
            await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await asyncio.get_running_loop().shutdown_default_executor()
        await asyncio.sleep(0)

    before = len(os.listdir("/proc/self/fd")) if os.path.isdir("/proc/self/fd") else 0
    asyncio.run(cancelled())
    assert files(bodies) == []
    if before:
        assert len(os.listdir("/proc/self/fd")) == before


def test_a_disk_that_is_full(bodies: Bodies, monkeypatch: pytest.MonkeyPatch) -> None:
    def absorb(self: Any, batch: list[bytes]) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(spool._File, "_absorb", absorb)
    with pytest.raises(OSError, match="No space left"):
        run(bodies, noise(1 << 21))
    assert files(bodies) == []


def test_memory_does_not_grow_with_the_body(bodies: Bodies) -> None:
    async def large() -> AsyncIterator[bytes]:
        for _ in range(500):
            yield bytes(65536)

    async def spooled() -> Body:
        return await spool.spool(
            large(),
            bodies=bodies,
            length=None,
            want_sha256=False,
            algorithms=[],
            decoder=None,
            most=MOST,
        )

    tracemalloc.start()
    body = asyncio.run(spooled())
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert body.size == 500 * 65536
    assert peak < 4 << 20


# a request's payload ---------------------------------------------------------------------------


def received(bodies: Bodies, data: bytes, payload: str | None, **headers: str) -> Body:
    found = {name.replace("_", "-").encode(): value.encode() for name, value in headers.items()}
    found.setdefault(b"content-length", b"%d" % len(data))
    if payload is not None:
        found[b"x-amz-content-sha256"] = payload.encode()
    signed = Signed(
        *("header", "AKID", "20260101", "us-east-1", "s3"),
        (b"host",),
        b"20260101/us-east-1/s3/aws4_request",
        "0" * 64,
        0.0,
        None,
        None,
        payload,
        b"20260101T000000Z",
    )
    return asyncio.run(
        spool.received(
            in_pieces(data, 65536), Request("PUT", "/b/k", "", found), bodies, signed, None, MOST
        )
    )


@pytest.mark.parametrize("size", [10, 100_000])
def test_the_payload_is_the_one_that_was_signed(bodies: Bodies, size: int) -> None:
    data = noise(size)
    claimed = sha256(data).hexdigest()
    assert received(bodies, data, claimed).sha256 == sha256(data).digest()
    assert received(bodies, data, claimed.upper()).read() == data
    kept = files(bodies)
    with pytest.raises(Error) as caught:
        received(bodies, data[::-1], claimed)
    assert (caught.value.code, caught.value.status) == ("XAmzContentSHA256Mismatch", 400)
    assert caught.value.members == {
        "ClientComputedContentSHA256": claimed,
        "S3ComputedContentSHA256": sha256(data[::-1]).hexdigest(),
    }
    assert files(bodies) == kept


@pytest.mark.parametrize("payload", ["UNSIGNED-PAYLOAD", None])
def test_an_unsigned_payload_is_not_hashed(bodies: Bodies, payload: str | None) -> None:
    assert received(bodies, b"abc", payload).sha256 is None


def test_a_chunked_payload_with_a_trailer(bodies: Bodies) -> None:
    body = received(
        bodies,
        b"5\r\nhello\r\n0\r\nx-amz-checksum-crc32:NhCmhg==\r\n\r\n",
        "STREAMING-UNSIGNED-PAYLOAD-TRAILER",
        x_amz_decoded_content_length="5",
        x_amz_trailer="x-amz-checksum-crc32",
    )
    assert body.data == b"hello"
    assert body.trailers == {"x-amz-checksum-crc32": "NhCmhg=="}
    assert body.checksums == {"CRC32": zlib.crc32(b"hello").to_bytes(4, "big")}


@pytest.mark.parametrize(
    ("headers", "named"),
    [
        ({}, set()),
        ({b"x-amz-checksum-crc32c": b"AAAAAA=="}, {"CRC32C"}),
        ({b"x-amz-sdk-checksum-algorithm": b"CRC32"}, {"CRC32"}),
        ({b"x-amz-sdk-checksum-algorithm": b"sha256"}, {"SHA256"}),
        ({b"x-amz-sdk-checksum-algorithm": b"CRC65"}, set()),
        ({b"x-amz-trailer": b"X-Amz-Checksum-SHA1, x-amz-checksum-crc32"}, {"SHA1", "CRC32"}),
        ({b"x-amz-trailer": b"x-amz-other"}, set()),
        ({b"x-amz-checksum-algorithm": b"CRC32", b"x-amz-checksum-mode": b"ENABLED"}, set()),
        (
            {
                b"x-amz-checksum-crc64nvme": b"AAAAAAAAAAA=",
                b"x-amz-sdk-checksum-algorithm": b"CRC64NVME",
            },
            {"CRC64NVME"},
        ),
    ],
)
def test_algorithms_that_headers_name(headers: dict[bytes, bytes], named: set[str]) -> None:
    assert spool.algorithms(Request("PUT", "/b/k", "", headers)) == named
