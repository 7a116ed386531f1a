"""Large bodies on their way in and out, and a state saved and restored."""

import hashlib
import socket
import tempfile
import threading
import time
import zlib
from statistics import median

from benchmarks import load
from benchmarks.servers import FOGBANK, Server
from benchmarks.table import Row
from benchmarks.wire import Wire
from fogbank.control import Control

BODY_BUDGET = 0.6
SNAPSHOT_BUDGET_MS = 20
_PIECE = 256 * 1024
_MIB = 1024 * 1024


def bodies(size_mib: int, times: int) -> list[Row]:
    """Rates of one large object up and down, over those of this process hashing and copying."""
    content = b"fogbank." * (size_mib * _MIB // 8)
    with Server(FOGBANK) as server:
        wire = Wire(server.endpoint_url)
        server.start(wire.request("sts", "get_caller_identity"))
        wire.client("s3").create_bucket(Bucket="bench")
        put = wire.request("s3", "put_object", Bucket="bench", Key="large", Body=content)
        get = wire.request("s3", "get_object", Bucket="bench", Key="large")
        load.exchange(server.address, wire.request("s3", "list_buckets"))
        held = server.memory_mib()
        up = [load.exchange(server.address, put)[1] for _ in range(times)]
        down = []
        for _ in range(times):
            received, seconds = load.exchange(server.address, get)
            assert received == len(content)
            down.append(seconds)
        peak = server.peak_mib()
    hashed = median(_hash_and_copy(content) for _ in range(times))
    copied = median(_copy(content) for _ in range(times))
    rate = f"{size_mib} MiB"
    return [
        _rate(f"s3 PutObject, {rate}, over hashing and copying it", size_mib, median(up), hashed),
        _rate(f"s3 GetObject, {rate}, over copying it", size_mib, median(down), copied),
        Row("  memory meanwhile", f"{held:.0f} -> {peak:.0f} MiB at most", peak / held),
    ]


def _rate(what: str, size_mib: int, seconds: float, least_seconds: float) -> Row:
    ratio = least_seconds / seconds
    shown = f"{size_mib / seconds:.0f} of {size_mib / least_seconds:.0f} MiB/s"
    return Row(what, shown, ratio, f"≥ {BODY_BUDGET}", ratio >= BODY_BUDGET)


def _hash_and_copy(content: bytes) -> float:
    """Seconds for what an upload needs at least: through a socket, with the digests that boto3's
    requests ask for, into a file.
    """
    md5, sha256, crc = hashlib.md5(), hashlib.sha256(), 0
    started = time.perf_counter()
    with tempfile.TemporaryFile() as file:
        for piece in _through_a_socket(content):
            md5.update(piece)
            sha256.update(piece)
            crc = zlib.crc32(piece, crc)
            file.write(piece)
    return time.perf_counter() - started


def _copy(content: bytes) -> float:
    """Seconds for what a download needs at least: from a file through a socket."""
    with tempfile.TemporaryFile() as file:
        file.write(content)
        file.seek(0)
        started = time.perf_counter()
        for _ in _through_a_socket(file.read()):
            pass
        return time.perf_counter() - started


def _through_a_socket(content: bytes):  # type: ignore[no-untyped-def]
    here, there = socket.socketpair()
    with here, there:
        sender = threading.Thread(target=there.sendall, args=(content,))
        sender.start()
        left = len(content)
        while left:
            piece = here.recv(_PIECE)
            left -= len(piece)
            yield piece
        sender.join()


def snapshots(times: int) -> list[Row]:
    """Saving and restoring a state such as a test has: a few queues, messages, objects."""
    with Server(FOGBANK) as server:
        wire = Wire(server.endpoint_url)
        server.start(wire.request("sts", "get_caller_identity"))
        sqs, s3 = wire.client("sqs"), wire.client("s3")
        s3.create_bucket(Bucket="bench")
        for number in range(10):
            url = sqs.create_queue(QueueName=f"queue-{number}")["QueueUrl"]
            sqs.send_message(QueueUrl=url, MessageBody="one")
            s3.put_object(Bucket="bench", Key=str(number), Body=b"." * 100_000)
        control = Control(server.endpoint_url)
        taken = []
        for _ in range(times):
            started = time.perf_counter()
            control.call("PUT", "snapshots/bench")
            control.call("POST", "snapshots/bench/restore")
            taken.append((time.perf_counter() - started) * 1e3)
    best = median(taken)
    what = "a snapshot and its restore: 10 queues, 10 objects"
    within = best <= SNAPSHOT_BUDGET_MS
    return [Row(what, f"{best:.1f} ms", None, f"≤ {SNAPSHOT_BUDGET_MS} ms", within)]
