"""ReceiveMessage: which messages are received, and waiting for some."""

import asyncio
import re
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import pytest

from fogbank.testing import Aws
from runtime import dispatch
from runtime.context import Members
from runtime.dispatch import Wait
from services.sqs.receiving import receive_message
from tests.services.sqs.helpers import bodies, create, delete, fails, receive, redrive_policy, send
from tests.services.sqs.in_process import sqs_in_process


def test_messages_are_received_in_the_order_of_sending(aws: Aws) -> None:
    url = create(aws)
    send(aws, url, *(str(number) for number in range(12)))
    assert bodies(receive(aws, url)) == [str(number) for number in range(10)]
    assert bodies(receive(aws, url)) == ["10", "11"]
    assert receive(aws, url) == []


def test_one_message_is_received_unless_more_are_asked_for(aws: Aws) -> None:
    url = create(aws)
    send(aws, url, "one", "two")
    answer = aws.client("sqs").receive_message(QueueUrl=url)
    assert bodies(answer["Messages"]) == ["one"]


def test_nothing_is_no_list(aws: Aws) -> None:
    assert "Messages" not in aws.client("sqs").receive_message(QueueUrl=create(aws))


@pytest.mark.fogbank(freeze=True)
def test_a_received_message_is_hidden_until_its_timeout_and_keeps_its_place(aws: Aws) -> None:
    url = create(aws, VisibilityTimeout=20)
    send(aws, url, "one", "two", "three")
    receive(aws, url, 1)
    receive(aws, url, 1, VisibilityTimeout=5)
    assert bodies(receive(aws, url, 1, VisibilityTimeout=0)) == ["three"]
    aws.clock.advance(5)
    assert bodies(receive(aws, url, VisibilityTimeout=0)) == ["two", "three"]
    aws.clock.advance(15)
    assert bodies(receive(aws, url)) == ["one", "two", "three"]


@pytest.mark.fogbank(freeze=True)
def test_a_quarter_of_an_hour_later_delays_and_timeouts_are_over(aws: Aws) -> None:
    url = create(aws, VisibilityTimeout=600)
    send(aws, url, "hidden")
    receive(aws, url)
    send(aws, url, "delayed", DelaySeconds=900)
    assert receive(aws, url) == []
    aws.clock.advance(15 * 60)
    assert bodies(receive(aws, url)) == ["hidden", "delayed"]


@pytest.mark.parametrize(
    ("parameter", "value", "reason"),
    [
        ("MaxNumberOfMessages", 0, "Must be between 1 and 10, if provided."),
        ("MaxNumberOfMessages", 11, "Must be between 1 and 10, if provided."),
        ("WaitTimeSeconds", -1, "Must be >= 0 and <= 20, if provided."),
        ("WaitTimeSeconds", 21, "Must be >= 0 and <= 20, if provided."),
        ("VisibilityTimeout", -1, "Must be >= 0 and <= 43200, if provided."),
        ("VisibilityTimeout", 43201, "Must be >= 0 and <= 43200, if provided."),
    ],
)
def test_numbers_have_bounds(aws: Aws, parameter: str, value: int, reason: str) -> None:
    url = create(aws)
    words = f"Value {value} for parameter {parameter} is invalid. Reason: {reason}"
    with fails("InvalidParameterValue", words):
        aws.client("sqs").receive_message(QueueUrl=url, **{parameter: value})


def test_attempt_ids_are_for_fifo_queues(aws: Aws) -> None:
    with fails("InvalidParameterValue", "parameter that is not valid for this queue type"):
        receive(aws, create(aws), ReceiveRequestAttemptId="x")


# waiting -----------------------------------------------------------------------------------------


@pytest.fixture
def aside() -> Any:
    """A way to do something in another thread."""
    with ThreadPoolExecutor(4) as threads:
        yield threads.submit


Aside = Callable[..., "Future[Any]"]


def parked(aws: Aws, aside: Aside, url: str, **options: Any) -> "Future[Any]":
    """A receive that waits at the server."""
    before = waiters(aws)
    future = aside(receive, aws, url, **{"WaitTimeSeconds": 20, **options})
    for _ in range(10_000):
        if waiters(aws) > before:
            return future
    raise AssertionError("the receive doesn't wait")


def waiters(aws: Aws) -> int:
    """How many requests wait at the server."""
    text = aws.server.control.call("GET", "metrics", raw=True).decode()
    found = re.search(r"^fogbank_waiters (\d+)", text, re.MULTILINE)
    assert found is not None
    return int(found.group(1))


def test_a_receive_waits_for_a_message(aws: Aws, aside: Aside) -> None:
    url = create(aws)
    waiting = parked(aws, aside, url)
    assert not waiting.done()
    send(aws, url, "at last")
    assert bodies(waiting.result(10)) == ["at last"]


def test_the_queue_may_say_how_long_to_wait(aws: Aws, aside: Aside) -> None:
    url = create(aws, ReceiveMessageWaitTimeSeconds=20)
    waiting = aside(receive, aws, url)
    send(aws, url, "at last")
    assert bodies(waiting.result(10)) == ["at last"]
    assert receive(aws, url, WaitTimeSeconds=0) == []


@pytest.mark.fogbank(freeze=True)
def test_waiting_ends_with_its_time(aws: Aws, aside: Aside) -> None:
    url = create(aws)
    waiting = parked(aws, aside, url, WaitTimeSeconds=20)
    aws.clock.advance(19)
    assert not waiting.done()
    aws.clock.advance(1)
    assert waiting.result(10) == []


@pytest.mark.fogbank(freeze=True)
def test_a_delay_that_ends_wakes_a_receive(aws: Aws, aside: Aside) -> None:
    url = create(aws)
    send(aws, url, "later", DelaySeconds=15)
    waiting = parked(aws, aside, url)
    aws.clock.advance(14)
    assert not waiting.done()
    aws.clock.advance(1)
    assert bodies(waiting.result(10)) == ["later"]


@pytest.mark.fogbank(freeze=True)
def test_a_timeout_that_ends_or_is_changed_wakes_a_receive(aws: Aws, aside: Aside) -> None:
    sqs, url = aws.client("sqs"), create(aws, VisibilityTimeout=15)
    send(aws, url, "one")
    receive(aws, url)
    waiting = parked(aws, aside, url)
    aws.clock.advance(15)
    (message,) = waiting.result(10)
    waiting = parked(aws, aside, url)
    sqs.change_message_visibility(
        QueueUrl=url, ReceiptHandle=message["ReceiptHandle"], VisibilityTimeout=0
    )
    assert bodies(waiting.result(10)) == ["one"]


def test_a_message_wakes_all_who_wait_and_goes_to_one(aws: Aws, aside: Aside) -> None:
    url = create(aws)
    waiting = [parked(aws, aside, url, WaitTimeSeconds=2) for _ in range(3)]
    send(aws, url, "one")
    found = [message["Body"] for future in waiting for message in future.result(10)]
    assert found == ["one"]


def test_deleting_a_fifo_message_wakes_who_waits_for_its_group(aws: Aws, aside: Aside) -> None:
    url = create(aws, "a.fifo", ContentBasedDeduplication="true")
    send(aws, url, "one", "two", MessageGroupId="g")
    (first,) = receive(aws, url, 1)
    waiting = parked(aws, aside, url)
    delete(aws, url, first)
    assert bodies(waiting.result(10)) == ["two"]


def test_deleting_the_queue_ends_the_waiting(aws: Aws, aside: Aside) -> None:
    url = create(aws)
    waiting = parked(aws, aside, url)
    aws.client("sqs").delete_queue(QueueUrl=url)
    with fails("AWS.SimpleQueueService.NonExistentQueue"):
        waiting.result(10)


def test_waiting_costs_real_time_too(aws: Aws) -> None:
    url = create(aws)
    started = time.monotonic()
    assert receive(aws, url, WaitTimeSeconds=1) == []
    assert 0.9 < time.monotonic() - started < 5


@pytest.mark.fogbank(freeze=True)
def test_a_wait_that_only_gives_messages_up_answers_at_once(aws: Aws) -> None:
    dead = create(aws, "dead")
    url = create(
        aws,
        VisibilityTimeout=0,
        RedrivePolicy=redrive_policy(aws, "dead", 1),
    )
    send(aws, url, "one")
    receive(aws, url)
    assert receive(aws, url, WaitTimeSeconds=20) == []
    assert bodies(receive(aws, dead)) == ["one"]


def test_a_message_that_comes_before_the_waiting_has_begun_is_not_missed() -> None:
    async def run() -> Members:
        with sqs_in_process() as sqs:
            url = sqs.create("orders")
            request = {"QueueUrl": url, "WaitTimeSeconds": 20}
            context = sqs.context("ReceiveMessage")
            with pytest.raises(Wait) as parked:
                dispatch.perform(sqs.runtime, context, receive_message, request)
            waiting = dispatch.wait(sqs.runtime, context, receive_message, request, parked.value)
            sqs("SendMessage", QueueUrl=url, MessageBody="one")
            return await asyncio.wait_for(waiting, 10)

    assert bodies(asyncio.run(run())["Messages"]) == ["one"]
