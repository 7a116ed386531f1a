"""Boxes: the limit of messages in flight, and that no call takes longer on a long queue."""

from collections.abc import Callable, Iterator

import pytest

from protocols.errors import Error
from runtime.dispatch import Wait
from services.sqs.receiving import MOST_IN_FLIGHT
from tests.services.sqs.in_process import InProcess, sqs_in_process


@pytest.fixture
def sqs() -> Iterator[InProcess]:
    """SQS with nothing in it."""
    with sqs_in_process() as found:
        yield found


def fill(sqs: InProcess, url: str, count: int) -> None:
    """Send so many messages, each to one of a hundred groups on a FIFO queue."""
    fifo = url.endswith(".fifo")
    for number in range(count):
        more = {"MessageGroupId": f"g{number % 100}", "MessageDeduplicationId": str(number)}
        sqs("SendMessage", QueueUrl=url, MessageBody=f"m{number}", **(more if fifo else {}))


def crowd(sqs: InProcess, count: int) -> None:
    """Make it seem as if so many messages were in flight."""
    sql = "UPDATE sqs_box SET in_flight = in_flight + ?, stored = stored + ?"
    sqs.runtime.store.run(sql, count, count)


def test_a_standard_queue_says_when_too_many_are_in_flight(sqs: InProcess) -> None:
    url = sqs.create("orders")
    fill(sqs, url, 3)
    crowd(sqs, MOST_IN_FLIGHT - 1)
    assert len(sqs("ReceiveMessage", QueueUrl=url)["Messages"]) == 1
    with pytest.raises(Error) as raised:
        sqs("ReceiveMessage", QueueUrl=url)
    assert raised.value.code == "OverLimit"
    with pytest.raises(Wait):
        sqs("ReceiveMessage", QueueUrl=url, WaitTimeSeconds=1)
    assert sqs("ReceiveMessage", QueueUrl=url, VisibilityTimeout=0)["Messages"]


def test_a_fifo_queue_has_nothing_more_to_give(sqs: InProcess) -> None:
    url = sqs.create("a.fifo", FifoQueue="true")
    fill(sqs, url, 3)
    crowd(sqs, MOST_IN_FLIGHT)
    assert sqs("ReceiveMessage", QueueUrl=url) == {}


def test_those_whose_time_is_over_do_not_count(sqs: InProcess) -> None:
    url = sqs.create("orders", VisibilityTimeout=10)
    fill(sqs, url, 300)
    for _ in range(20):
        sqs("ReceiveMessage", QueueUrl=url, MaxNumberOfMessages=10)
    crowd(sqs, MOST_IN_FLIGHT - 200)
    sqs.advance(10)
    assert len(sqs("ReceiveMessage", QueueUrl=url)["Messages"]) == 1
    assert sqs.counts(url)[2] == MOST_IN_FLIGHT - 200 + 1


def steps(sqs: InProcess, call: Callable[[], object]) -> int:
    """How many of SQLite's steps a call takes, in tens."""
    count = 0

    def step() -> int:
        nonlocal count
        count += 1
        return 0

    connection = sqs.runtime.store._connection
    connection.set_progress_handler(step, 10)
    try:
        call()
    finally:
        connection.set_progress_handler(None, 0)
    return count


@pytest.mark.parametrize("name", ["orders", "a.fifo"])
def test_no_call_takes_longer_on_a_long_queue(sqs: InProcess, name: str) -> None:
    url = sqs.create(name, **({"FifoQueue": "true"} if name.endswith(".fifo") else {}))
    found: list[dict[str, int]] = []
    for length in (500, 5_000):
        fill(sqs, url, length)
        (message,) = sqs("ReceiveMessage", QueueUrl=url)["Messages"]
        handle = {"QueueUrl": url, "ReceiptHandle": message["ReceiptHandle"]}
        calls: dict[str, Callable[[], object]] = {
            "send": lambda: fill(sqs, url, 1),
            "attributes": lambda: sqs.counts(url),
            "receive": lambda: sqs("ReceiveMessage", QueueUrl=url, MaxNumberOfMessages=10),
            "change": lambda handle=handle: sqs(  # type: ignore[misc]
                "ChangeMessageVisibility", **handle, VisibilityTimeout=60
            ),
            "delete": lambda handle=handle: sqs("DeleteMessage", **handle),  # type: ignore[misc]
            "purge": lambda: sqs("PurgeQueue", QueueUrl=url),
        }
        found.append({name: steps(sqs, call) for name, call in calls.items()})
        sqs.advance(600)
    short, long = found
    for name, count in long.items():
        assert count <= short[name] * 1.3 + 2, (name, short, long)
