"""What requests cost: the hot operations, and how the cost grows with what is stored."""

import json
from collections.abc import Callable, Iterable
from itertools import cycle, islice
from statistics import median
from typing import NamedTuple

from benchmarks import load
from benchmarks.servers import BARE, BARE_BY_DEFAULT, FOGBANK, Server, quiet
from benchmarks.table import Row, ratios
from benchmarks.wire import Wire

CONNECTIONS = 32
MEDIAN_BUDGET, WORST_BUDGET = 2.5, 3.5
GROWTH_BUDGET = 1.3
BODY = "an order for one lamp and two rugs; " * 4
BATCH = 10
FLOOR = "a bare ASGI application"
TALKATIVE = "the same on uvicorn's defaults, which log"
BARE_ONES = (FLOOR, TALKATIVE)

Costs = dict[str, list[float]]
"""Processor time a request in µs, by operation, a value for each round."""


class Size(NamedTuple):
    """How much is measured."""

    rounds: int
    requests: int
    messages: int


FULL = Size(rounds=5, requests=3_000, messages=100_000)
QUICK = Size(rounds=3, requests=600, messages=10_000)


def hot_operations(size: Size) -> list[Row]:
    """Processor time a request, operation by operation, over that of the bare application."""
    costs: Costs = {}
    with Server(BARE) as bare, Server(BARE_BY_DEFAULT) as talkative, Server(FOGBANK) as fogbank:
        floor = Wire(bare.endpoint_url).request("sts", "get_caller_identity")
        wire = Wire(fogbank.endpoint_url)
        bare.start(floor)
        talkative.start(floor)
        fogbank.start(wire.request("sts", "get_caller_identity"))
        wire.client("s3").create_bucket(Bucket="bench")
        for number in range(size.rounds + 1):  # the first one warms up
            found = {
                FLOOR: _cost(bare, [floor] * size.requests),
                TALKATIVE: _cost(talkative, [floor] * size.requests),
            }
            found |= _round(fogbank, wire, size.requests, f"queue-{number}")
            if number:
                for name, cost in found.items():
                    costs.setdefault(name, []).append(cost)
    return _rows(costs)


def _round(server: Server, wire: Wire, count: int, queue: str) -> dict[str, float]:
    """Each operation once: messages are sent, then received, then deleted."""
    url = wire.client("sqs").create_queue(QueueName=queue)["QueueUrl"]
    request = wire.request
    identity = request("sts", "get_caller_identity")
    send = request("sqs", "send_message", QueueUrl=url, MessageBody=BODY)
    receive = request("sqs", "receive_message", QueueUrl=url)
    keys = [f"orders/{number}.json" for number in range(50)]
    content = BODY.ljust(1024, ".").encode()
    puts = [request("s3", "put_object", Bucket="bench", Key=key, Body=content) for key in keys]
    gets = [request("s3", "get_object", Bucket="bench", Key=key) for key in keys]
    answers: list[bytes] = []
    costs = {
        "sts GetCallerIdentity": _cost(server, [identity] * count),
        "sqs SendMessage": _cost(server, [send] * count),
        "sqs ReceiveMessage": _cost(server, [receive] * count, answers.extend),
    }
    handles = [json.loads(answer)["Messages"][0]["ReceiptHandle"] for answer in answers]
    deletes = [
        request("sqs", "delete_message", QueueUrl=url, ReceiptHandle=handle) for handle in handles
    ]
    costs["sqs DeleteMessage"] = _cost(server, deletes)
    costs["s3 PutObject, 1 KiB"] = _cost(server, islice(cycle(puts), count))
    costs["s3 GetObject, 1 KiB"] = _cost(server, islice(cycle(gets), count))
    return costs


def _rows(costs: Costs) -> list[Row]:
    floor = costs[FLOOR]
    found = {name: ratios(values, floor) for name, values in costs.items()}
    rows = [
        Row(f"  {name}", f"{median(costs[name]):.0f} µs", found.pop(name)) for name in BARE_ONES
    ]
    for name, ratio in found.items():
        within = ratio <= WORST_BUDGET
        cost = f"{median(costs[name]):.0f} µs"
        rows.append(Row(f"  {name}", cost, ratio, f"≤ {WORST_BUDGET}", within))
    middle = median(found.values())
    within = middle <= MEDIAN_BUDGET
    last = Row("  the median of fogbank's", "", middle, f"≤ {MEDIAN_BUDGET}", within)
    return [Row("processor time a request", ""), *rows, last]


def growth(size: Size) -> list[Row]:
    """What sending and receiving cost with 1,000 messages in a queue, and with many more."""
    with Server(FOGBANK) as server:
        wire = Wire(server.endpoint_url)
        server.start(wire.request("sts", "get_caller_identity"))
        url = wire.client("sqs").create_queue(QueueName="growing")["QueueUrl"]
        entries = [{"Id": str(number), "MessageBody": BODY} for number in range(BATCH)]
        batch = wire.request("sqs", "send_message_batch", QueueUrl=url, Entries=entries)
        operations = {
            "SendMessage": wire.request("sqs", "send_message", QueueUrl=url, MessageBody=BODY),
            "ReceiveMessage": wire.request("sqs", "receive_message", QueueUrl=url),
        }

        def sample() -> dict[str, float]:
            count = min(size.requests, 300)
            return {
                name: median(_cost(server, [request] * count) for _ in range(3))
                for name, request in operations.items()
            }

        load.run(server.address, [batch] * (1_000 // BATCH))
        sample()  # warms up
        small, held = sample(), server.memory_mib()
        load.run(server.address, [batch] * (size.messages // BATCH))
        quiet()
        large, memory = sample(), server.memory_mib()
    rows = []
    for name in operations:
        ratio = large[name] / small[name]
        cost = f"{small[name]:.0f} -> {large[name]:.0f} µs"
        rows.append(Row(f"  sqs {name}", cost, ratio, f"≤ {GROWTH_BUDGET}", ratio <= GROWTH_BUDGET))
    rows.insert(0, Row(f"the same with 1,000 -> {size.messages:,} messages in the queue", ""))
    rows.append(Row("  memory", f"{held:.0f} -> {memory:.0f} MiB", memory / held))
    return rows


def _cost(
    server: Server,
    requests: Iterable[bytes],
    keep: Callable[[list[bytes]], None] = lambda bodies: None,
) -> float:
    """Processor time that one of these requests costs the server, in µs."""
    before = server.cpu_seconds()
    bodies = load.run(server.address, requests, CONNECTIONS).bodies
    quiet()
    cost = (server.cpu_seconds() - before) / len(bodies) * 1e6
    keep(bodies)
    return cost
