"""Message move tasks: messages back from a dead-letter queue."""

from base64 import b64encode
from typing import Any

import pytest

from fogbank.testing import Aws
from tests.services.sqs.helpers import (
    arn,
    bodies,
    counts,
    create,
    fails,
    receive,
    redrive_policy,
    send,
)


def dead_letters(aws: Aws, *texts: str, source: str = "orders") -> tuple[str, str]:
    """The URLs of a queue and its dead-letter queue, to which it gave up these messages."""
    dead = create(aws, "dead")
    url = create(aws, source, RedrivePolicy=redrive_policy(aws, "dead", 1))
    for text in texts:
        send(aws, url, text)
        receive(aws, url, VisibilityTimeout=0)
        assert receive(aws, url) == []
    return url, dead


def start(aws: Aws, **options: Any) -> str:
    """The handle of a task that moves messages out of the queue `dead`."""
    answer = aws.client("sqs").start_message_move_task(SourceArn=arn(aws, "dead"), **options)
    return str(answer["TaskHandle"])


def tasks(aws: Aws, most: int = 1) -> list[dict[str, Any]]:
    """The tasks of the queue `dead`, newest first, without when they began."""
    answer = aws.client("sqs").list_message_move_tasks(SourceArn=arn(aws, "dead"), MaxResults=most)
    for task in answer["Results"]:
        del task["StartedTimestamp"]
    found: list[dict[str, Any]] = answer["Results"]
    return found


@pytest.mark.fogbank(freeze=True)
def test_messages_go_back_to_where_they_came_from_as_new_ones(aws: Aws) -> None:
    url, dead = dead_letters(aws, "one")
    other, _ = dead_letters(aws, "two", source="other")
    (before,) = receive(aws, dead, 1, VisibilityTimeout=0)
    start(aws)
    aws.settle()
    assert tasks(aws) == [
        {
            "Status": "COMPLETED",
            "SourceArn": arn(aws, "dead"),
            "ApproximateNumberOfMessagesMoved": 2,
            "ApproximateNumberOfMessagesToMove": 2,
        }
    ]
    (message,) = receive(aws, url, AttributeNames=["All"])
    assert message["Body"] == "one"
    assert message["MessageId"] != before["MessageId"]
    assert message["Attributes"]["ApproximateReceiveCount"] == "1"
    assert "DeadLetterQueueSourceArn" not in message["Attributes"]
    assert bodies(receive(aws, other)) == ["two"]
    assert counts(aws, dead) == (0, 0, 0)


def test_messages_go_to_a_destination(aws: Aws) -> None:
    dead_letters(aws, "one", "two")
    target = create(aws, "target")
    start(aws, DestinationArn=arn(aws, "target"))
    aws.settle()
    (task,) = tasks(aws)
    assert task["DestinationArn"] == arn(aws, "target")
    assert task["Status"] == "COMPLETED"
    assert bodies(receive(aws, target)) == ["one", "two"]


@pytest.mark.fogbank(freeze=True)
def test_a_rate_is_kept_and_a_task_can_be_cancelled(aws: Aws) -> None:
    url, dead = dead_letters(aws, *(str(number) for number in range(10)))
    handle = start(aws, MaxNumberOfMessagesPerSecond=2)
    aws.settle()
    assert counts(aws, url)[0] == 2
    aws.clock.advance(1)
    assert counts(aws, url)[0] == 4
    (task,) = tasks(aws)
    assert task == {
        "TaskHandle": handle,
        "Status": "RUNNING",
        "SourceArn": arn(aws, "dead"),
        "MaxNumberOfMessagesPerSecond": 2,
        "ApproximateNumberOfMessagesMoved": 4,
        "ApproximateNumberOfMessagesToMove": 10,
    }
    words = (
        "There is already a task running. Only one active task is allowed for a source queue arn"
        " at a given time."
    )
    with fails("InvalidParameterValue", words):
        start(aws)
    answer = aws.client("sqs").cancel_message_move_task(TaskHandle=handle)
    assert answer["ApproximateNumberOfMessagesMoved"] == 4
    aws.clock.advance(10)
    assert counts(aws, dead)[0] == 6
    assert tasks(aws)[0]["Status"] == "CANCELLED"
    assert "TaskHandle" not in tasks(aws)[0]
    with fails("InvalidParameterValue", "Only active tasks can be cancelled."):
        aws.client("sqs").cancel_message_move_task(TaskHandle=handle)
    start(aws)
    aws.settle()
    assert counts(aws, url)[0] == 10
    assert [task["Status"] for task in tasks(aws, 10)] == ["COMPLETED", "CANCELLED"]


@pytest.mark.fogbank(freeze=True)
def test_a_task_fails_when_its_destination_goes(aws: Aws) -> None:
    dead_letters(aws, *(str(number) for number in range(5)))
    target = create(aws, "target")
    start(aws, DestinationArn=arn(aws, "target"), MaxNumberOfMessagesPerSecond=1)
    aws.settle()
    aws.client("sqs").delete_queue(QueueUrl=target)
    aws.clock.advance(1)
    (task,) = tasks(aws)
    assert task["Status"] == "FAILED"
    assert task["FailureReason"] == "AWS.SimpleQueueService.NonExistentQueue"
    assert task["ApproximateNumberOfMessagesMoved"] == 1


def test_a_message_of_nobody_has_nowhere_to_go(aws: Aws) -> None:
    _, dead = dead_letters(aws)
    send(aws, dead, "sent here directly")
    start(aws)
    aws.settle()
    assert tasks(aws)[0]["FailureReason"] == "CouldNotDetermineMessageSource"
    assert counts(aws, dead)[0] == 1


def test_a_source_must_be_a_dead_letter_queue(aws: Aws) -> None:
    sqs = aws.client("sqs")
    create(aws, "dead")
    with fails("InvalidParameterValue", "Source queue must be configured as a Dead Letter Queue."):
        start(aws)
    words = "The resource that you specified for the SourceArn parameter doesn't exist."
    for call in (sqs.start_message_move_task, sqs.list_message_move_tasks):
        with fails("ResourceNotFoundException", words, status=404):
            call(SourceArn=arn(aws, "none"))
        with fails("InvalidParameterValue", "for parameter SourceArn is invalid."):
            call(SourceArn="nonsense")


def test_a_destination_must_exist_and_be_another_queue_of_the_same_type(aws: Aws) -> None:
    dead_letters(aws)
    words = "The resource that you specified for the DestinationArn parameter doesn't exist."
    with fails("ResourceNotFoundException", words, status=404):
        start(aws, DestinationArn=arn(aws, "none"))
    with fails("InvalidParameterValue", "cannot be the same"):
        start(aws, DestinationArn=arn(aws, "dead"))
    create(aws, "target.fifo")
    with fails("InvalidParameterValue", "must be of the same type"):
        start(aws, DestinationArn=arn(aws, "target.fifo"))


@pytest.mark.parametrize("rate", [0, 501])
def test_rates_have_bounds(aws: Aws, rate: int) -> None:
    dead_letters(aws)
    with fails("InvalidParameterValue", f"Value {rate} for parameter MaxNumberOfMessagesPerSec"):
        start(aws, MaxNumberOfMessagesPerSecond=rate)
    with fails("InvalidParameterValue", "for parameter MaxResults is invalid."):
        tasks(aws, 11)


@pytest.mark.parametrize("told", ["nonsense", "", "e30=", "bnVsbA==", "WzFd"])
def test_handles_of_no_task_are_refused(aws: Aws, told: str) -> None:
    with fails("InvalidParameterValue", "Value for parameter TaskHandle is invalid."):
        aws.client("sqs").cancel_message_move_task(TaskHandle=told)


def test_an_unknown_task_does_not_exist(aws: Aws) -> None:
    dead_letters(aws)
    told = f'{{"taskId": "{"0" * 8}", "sourceArn": "{arn(aws, "dead")}"}}'
    handle = b64encode(told.encode()).decode()
    with fails("ResourceNotFoundException", "Task does not exist.", status=404):
        aws.client("sqs").cancel_message_move_task(TaskHandle=handle)


@pytest.mark.fogbank(freeze=True)
def test_only_the_last_ten_tasks_are_remembered(aws: Aws) -> None:
    dead_letters(aws)
    for _ in range(12):
        start(aws)
        aws.settle()
    assert len(tasks(aws)) == 1
    assert len(tasks(aws, 10)) == 10
