"""Metrics: about fogbank itself, in Prometheus's text form."""

from pathlib import Path

from starlette.responses import Response

from runtime.metrics import (
    CONTENT_TYPE,
    family,
    head,
    lines,
    processor_seconds,
    resident_memory_bytes,
)
from server import __version__
from server.control import health
from server.control.calls import Call


async def show(call: Call) -> Response:
    """`GET /_fogbank/metrics`."""
    runtime = call.runtime
    store, scheduler = runtime.store, runtime.scheduler
    sums, counts = runtime.metrics.durations()
    duration = "fogbank_request_duration_seconds"
    parts = [
        family("fogbank_info", "gauge", "Which fogbank it is.", [({"version": __version__}, 1)]),
        family(
            "fogbank_uptime_seconds",
            "gauge",
            "Real seconds since the start.",
            health.uptime_seconds(runtime),
        ),
        family(
            "fogbank_requests_total",
            "counter",
            "AWS calls answered, those between services included.",
            runtime.metrics.requests(),
        ),
        head(duration, "summary", "Seconds that AWS calls took, waiting included."),
        lines(f"{duration}_sum", sums),
        lines(f"{duration}_count", counts),
        family("fogbank_store_bytes", "gauge", "Size of the database.", _size(store.path)),
        family(
            "fogbank_bodies_bytes",
            "gauge",
            "Size of the payloads kept in files.",
            store.value("SELECT total(size_bytes) FROM body"),
        ),
        family(
            "fogbank_journal_rows", "gauge", "AWS calls remembered.", await runtime.journal.count()
        ),
        family(
            "fogbank_jobs_pending",
            "gauge",
            "Things that will happen by themselves.",
            store.value("SELECT count(*) FROM job"),
        ),
        family("fogbank_waiters", "gauge", "Requests parked (long polling).", scheduler.waiting),
        family("fogbank_fault_rules", "gauge", "Fault rules set.", len(runtime.faults.rules)),
        family(
            "fogbank_clock_offset_seconds",
            "gauge",
            "How far AWS's time is ahead of real time.",
            runtime.clock.offset_seconds,
        ),
        family(
            "process_resident_memory_bytes", "gauge", "Memory in use.", resident_memory_bytes()
        ),
        family(
            "process_cpu_seconds_total", "counter", "Processor time used.", processor_seconds()
        ),
    ]
    return Response("".join(parts), media_type=CONTENT_TYPE)


def _size(path: Path) -> int:
    """The file and the log of what is not in it yet."""
    return sum(
        part.stat().st_size for part in (path, path.with_name(f"{path.name}-wal")) if part.exists()
    )
