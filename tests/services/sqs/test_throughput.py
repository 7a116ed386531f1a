"""How many calls a second a FIFO queue takes."""

from collections.abc import Iterator

import pytest

from protocols.errors import Error
from tests.services.sqs.in_process import InProcess, sqs_in_process


@pytest.fixture
def sqs() -> Iterator[InProcess]:
    """SQS that keeps to AWS's limits."""
    with sqs_in_process() as found:
        found.runtime.config.change({"limits": "enforce"})
        yield found


def send(sqs: InProcess, url: str, count: int, group: str = "g") -> None:
    """Send the same message often, which is a call each time."""
    for _ in range(count):
        sqs(
            "SendMessage",
            QueueUrl=url,
            MessageBody="x",
            MessageGroupId=group,
            MessageDeduplicationId="x",
        )


def throttled(sqs: InProcess, url: str, group: str = "g") -> bool:
    """Whether one more message is refused."""
    try:
        send(sqs, url, 1, group)
    except Error as error:
        return error.code == "RequestThrottled"
    return False


def test_a_fifo_queue_takes_300_calls_of_each_kind_a_second(sqs: InProcess) -> None:
    url = sqs.create("a.fifo", FifoQueue="true")
    send(sqs, url, 300)
    assert throttled(sqs, url)
    assert throttled(sqs, url, "other")
    for _ in range(300):
        sqs("ReceiveMessage", QueueUrl=url)
    with pytest.raises(Error, match="RequestThrottled"):
        sqs("ReceiveMessage", QueueUrl=url)
    entries = [{"Id": "a", "MessageBody": "x", "MessageGroupId": "g"}]
    with pytest.raises(Error, match="RequestThrottled"):
        sqs("SendMessageBatch", QueueUrl=url, Entries=entries)
    sqs.advance(1)
    send(sqs, url, 300)


def test_with_high_throughput_each_group_counts_for_itself(sqs: InProcess) -> None:
    url = sqs.create(
        "a.fifo",
        FifoQueue="true",
        DeduplicationScope="messageGroup",
        FifoThroughputLimit="perMessageGroupId",
    )
    send(sqs, url, 300)
    assert throttled(sqs, url)
    assert not throttled(sqs, url, "other")
    sqs("ReceiveMessage", QueueUrl=url)


def test_standard_queues_and_lenient_limits_take_everything(sqs: InProcess) -> None:
    url = sqs.create("orders")
    for _ in range(301):
        sqs("SendMessage", QueueUrl=url, MessageBody="x")
    sqs.runtime.config.change({"limits": "off"})
    send(sqs, sqs.create("a.fifo", FifoQueue="true"), 301)
