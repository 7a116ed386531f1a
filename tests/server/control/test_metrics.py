"""Metrics: in the form that Prometheus reads, and right."""

import re

import pytest
from botocore.exceptions import ClientError

from fogbank import Server
from tests.server.control.calling import call

_LINE = re.compile(r'([a-z_]+)(\{[a-z_]+="[^"]*"(?:,[a-z_]+="[^"]*")*\})? (-?[0-9.]+)')


def measured(server: Server) -> dict[str, float]:
    answer = call(server, "GET", "/_fogbank/metrics")
    assert answer.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
    values: dict[str, float] = {}
    kinds: dict[str, str] = {}
    for line in answer.content.decode().splitlines():
        if line.startswith("# TYPE "):
            _, _, name, kind = line.split(" ")
            kinds[name] = kind
            continue
        if line.startswith("# HELP "):
            continue
        found = _LINE.fullmatch(line)
        assert found is not None, line
        name, labels, value = found.groups()
        assert name in kinds or name.removesuffix("_sum").removesuffix("_count") in kinds
        values[f"{name}{labels or ''}"] = float(value)
    return values


def test_calls_are_counted_with_the_time_they_took(server: Server) -> None:
    call_of = 'service="sts",operation="GetCallerIdentity"'
    before = measured(server)
    for _ in range(3):
        server.client("sts").get_caller_identity()
    with pytest.raises(ClientError):
        server.client("sqs").get_queue_url(QueueName="missing")
    after = measured(server)

    def grown(name: str) -> float:
        return after[name] - before.get(name, 0)

    assert grown(f'fogbank_requests_total{{{call_of},status="200"}}') == 3
    missing = 'service="sqs",operation="GetQueueUrl"'
    assert grown(f'fogbank_requests_total{{{missing},status="400"}}') == 1
    assert grown(f"fogbank_request_duration_seconds_count{{{call_of}}}") == 3
    assert 0 < grown(f"fogbank_request_duration_seconds_sum{{{call_of}}}") < 3
    assert after["fogbank_journal_rows"] == 4


def test_what_is_measured_when_asked_for(server: Server) -> None:
    server.clock.freeze("2030-01-01")
    server.faults.put("broken", service="nothing", throttle=True)
    found = measured(server)
    assert found["fogbank_uptime_seconds"] > 0
    assert found["fogbank_store_bytes"] > 4096
    assert found["process_resident_memory_bytes"] > 10_000_000
    assert found["process_cpu_seconds_total"] > 0
    assert found["fogbank_waiters"] == 0
    assert found["fogbank_fault_rules"] == 1
    assert found["fogbank_clock_offset_seconds"] > 0


def test_large_payloads_are_measured(server: Server) -> None:
    s3 = server.client("s3")
    s3.create_bucket(Bucket="photos")
    s3.put_object(Bucket="photos", Key="large", Body=b"x" * 100_000)
    assert measured(server)["fogbank_bodies_bytes"] == 100_000
