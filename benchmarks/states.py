"""Large bodies on their way in and out, and a state saved and restored."""

import time
from statistics import median

from benchmarks import load
from benchmarks.servers import BARE, FOGBANK, Server
from benchmarks.table import Row
from benchmarks.wire import Wire
from fogbank.control import Control

BODY_BUDGET = 0.6
SNAPSHOT_BUDGET_MS = 20


def bodies(size_mib: int, times: int) -> list[Row]:
    """Rates of one large object up and down, over those of the bare application, which hashes and
    copies it.
    """
    content = b"fogbank." * (size_mib * 1024 * 1024 // 8)
    with Server(BARE) as bare, Server(FOGBANK) as fogbank:
        least = Wire(bare.endpoint_url)
        bare.start(least.request("sts", "get_caller_identity"))
        wire = Wire(fogbank.endpoint_url)
        fogbank.start(wire.request("sts", "get_caller_identity"))
        wire.client("s3").create_bucket(Bucket="bench")
        load.exchange(fogbank.address, wire.request("s3", "list_buckets"))
        held = fogbank.memory_mib()
        rows = [
            _rate(
                f"s3 {operation} of {size_mib} MiB: {what}",
                size_mib,
                _best(fogbank, _large(wire, method, parameters), times),
                _best(bare, _large(least, method, parameters), times),
            )
            for operation, method, parameters, what in (
                ("PutObject", "put_object", {"Body": content}, "over hashing and writing it"),
                ("GetObject", "get_object", {}, "over sending it"),
            )
        ]
        peak = fogbank.peak_mib()
    rows.append(Row("  memory meanwhile", f"{held:.0f} -> {peak:.0f} MiB at most", peak / held))
    return rows


def _large(wire: Wire, method: str, parameters: dict[str, bytes]) -> bytes:
    return wire.request("s3", method, Bucket="bench", Key="large", **parameters)


def _best(server: Server, request: bytes, times: int) -> float:
    """The seconds of the exchange that was disturbed least."""
    return min(load.exchange(server.address, request)[1] for _ in range(times))


def _rate(what: str, size_mib: int, seconds: float, least_seconds: float) -> Row:
    ratio = least_seconds / seconds
    shown = f"{size_mib / seconds:.0f} of {size_mib / least_seconds:.0f} MiB/s"
    return Row(what, shown, ratio, f"≥ {BODY_BUDGET}", ratio >= BODY_BUDGET)


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
    middle = median(taken)
    what = "a snapshot and its restore: 10 queues, 10 objects"
    within = middle <= SNAPSHOT_BUDGET_MS
    return [Row(what, f"{middle:.1f} ms", None, f"≤ {SNAPSHOT_BUDGET_MS} ms", within)]
