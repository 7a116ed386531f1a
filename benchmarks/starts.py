"""The first answer after the start, and what the process then holds in memory."""

from statistics import median

from benchmarks import load
from benchmarks.servers import BARE, FOGBANK, Server
from benchmarks.table import Row, ratios
from benchmarks.wire import Wire

START_BUDGET = 1.6
IDLE_MIB, USED_MIB = 45, 70
FIRST_CALLS = (
    ("sts", "get_caller_identity"),
    ("sqs", "list_queues"),
    ("s3", "list_buckets"),
)


def first_answers(starts: int) -> list[Row]:
    """From the start of the process to its first answer, in turns with a bare uvicorn's."""
    ours, theirs, idle, used = [], [], [], []
    for number in range(starts + 1):  # the first one fills caches: of bytecode, of models
        with Server(BARE) as bare:
            answered = bare.start(Wire(bare.endpoint_url).request("sts", "get_caller_identity"))
        with Server(FOGBANK) as fogbank:
            wire = Wire(fogbank.endpoint_url)
            calls = [wire.request(service, method) for service, method in FIRST_CALLS]
            answered_too = fogbank.start(calls[0])
            at_first = fogbank.memory_mib()
            load.run(fogbank.address, calls, connections=1)
            after_calls = fogbank.memory_mib()
        if number:
            theirs.append(answered)
            ours.append(answered_too)
            idle.append(at_first)
            used.append(after_calls)
    ratio = ratios(ours, theirs)
    within = ratio <= START_BUDGET
    services = ", ".join(service for service, _ in FIRST_CALLS)
    return [
        Row("from the start to the first answer", ""),
        Row("  a bare ASGI application", f"{median(theirs) * 1e3:.0f} ms", 1.0),
        Row("  fogbank", f"{median(ours) * 1e3:.0f} ms", ratio, f"≤ {START_BUDGET}", within),
        _memory("memory after that", median(idle), IDLE_MIB),
        _memory(f"  and after a call of each of {services}", median(used), USED_MIB),
    ]


def _memory(what: str, mib: float, budget: int) -> Row:
    return Row(what, f"{mib:.1f} MiB", None, f"≤ {budget} MiB", mib <= budget)
