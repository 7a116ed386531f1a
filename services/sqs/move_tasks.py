"""Message move tasks: carrying messages from a dead-letter queue back to where they came from.

A task is a row that a job works on: at once, or so many messages a second where a rate is given.
"""

from base64 import b64decode, b64encode
from typing import NamedTuple

import orjson

from protocols.errors import Error
from runtime import arns
from runtime.context import Context, Members
from services.sqs import boxes, errors, lookup
from services.sqs.lookup import Queue

MOST_PER_SECOND = 500
MOST_LISTED = 10
_COLUMNS = (
    "id, account, region, task_id, source, destination, rate, started, status, moved, to_move,"
    " failure"
)


class Task(NamedTuple):
    """A task's row."""

    id: int
    account: str
    region: str
    task_id: str
    source: str
    destination: str | None
    rate: int | None
    started: float
    status: str
    moved: int
    to_move: int
    failure: str | None


def find(context: Context, task_id: str) -> Task | None:
    """A task by its id, or None."""
    return context.store.one(  # type: ignore[no-any-return]
        f"SELECT {_COLUMNS} FROM sqs_move_task WHERE task_id = ?", task_id, into=Task
    )


def start_message_move_task(context: Context, request: Members) -> Members:
    """Begin to move the available messages of a dead-letter queue; they arrive as new messages."""
    source = _source(context, request["SourceArn"])
    if not _is_dead_letter_queue(context, source):
        raise errors.invalid("Source queue must be configured as a Dead Letter Queue.")
    destination = request.get("DestinationArn")
    if destination is not None:
        _check_destination(context, source, destination)
    rate = request.get("MaxNumberOfMessagesPerSecond")
    if rate is not None and not 1 <= rate <= MOST_PER_SECOND:
        reason = f"Must be between 1 and {MOST_PER_SECOND}, if provided"
        raise errors.invalid_value("MaxNumberOfMessagesPerSecond", rate, reason)
    where = (source.account, source.region, source.name)
    running = context.store.one(
        "SELECT id FROM sqs_move_task WHERE account = ? AND region = ? AND source = ?"
        " AND status = 'RUNNING'",
        *where,
    )
    if running is not None:
        raise errors.invalid(
            "There is already a task running. Only one active task is allowed for a source queue"
            " arn at a given time."
        )
    to_move, _, _ = boxes.counts(context, source)
    task_id = context.ids.uuid()
    context.store.run(
        "INSERT INTO sqs_move_task (account, region, source, task_id, destination, rate, started,"
        " status, to_move) VALUES (?, ?, ?, ?, ?, ?, ?, 'RUNNING', ?)",
        *(*where, task_id, destination, rate, context.now, to_move),
    )
    _forget_old(context, where)
    schedule(context, task_id, context.now)
    return {"TaskHandle": _handle(task_id, source.arn)}


def schedule(context: Context, task_id: str, at: float) -> None:
    """Have a task worked on at a moment."""
    context.schedule("work_on_move_task", {"task": task_id}, at=at, key=f"move/{task_id}")


def cancel_message_move_task(context: Context, request: Members) -> Members:
    """Stop a running task; what it has moved stays where it is."""
    try:
        told = orjson.loads(b64decode(request["TaskHandle"], validate=True))
        task_id, source_arn = told["taskId"], told["sourceArn"]
    except (ValueError, TypeError, KeyError):
        raise errors.invalid("Value for parameter TaskHandle is invalid.") from None
    if not isinstance(task_id, str) or not isinstance(source_arn, str):
        raise errors.invalid("Value for parameter TaskHandle is invalid.")
    source = _source(context, source_arn)
    task = find(context, task_id)
    if task is None or (task.account, task.source) != (source.account, source.name):
        raise Error("ResourceNotFoundException", "Task does not exist.")
    if task.status != "RUNNING":
        raise errors.invalid("Only active tasks can be cancelled.")
    context.store.run("UPDATE sqs_move_task SET status = 'CANCELLED' WHERE id = ?", task.id)
    context.unschedule(f"move/{task_id}")
    return {"ApproximateNumberOfMessagesMoved": task.moved}


def list_message_move_tasks(context: Context, request: Members) -> Members:
    """The newest tasks of a source, one unless MaxResults says more."""
    source = _source(context, request["SourceArn"])
    most = request.get("MaxResults", 1)
    if not 1 <= most <= MOST_LISTED:
        reason = f"Must be between 1 and {MOST_LISTED}, if provided"
        raise errors.invalid_value("MaxResults", most, reason)
    tasks: list[Task] = context.store.all(
        f"SELECT {_COLUMNS} FROM sqs_move_task WHERE account = ? AND region = ? AND source = ?"
        " ORDER BY id DESC LIMIT ?",
        *(source.account, source.region, source.name, most),
        into=Task,
    )
    return {"Results": [_described(task, source) for task in tasks]}


def _described(task: Task, source: Queue) -> Members:
    told: Members = {
        "Status": task.status,
        "SourceArn": source.arn,
        "ApproximateNumberOfMessagesMoved": task.moved,
        "ApproximateNumberOfMessagesToMove": task.to_move,
        "StartedTimestamp": int(task.started * 1000),
    }
    if task.status == "RUNNING":
        told["TaskHandle"] = _handle(task.task_id, source.arn)
    if task.destination is not None:
        told["DestinationArn"] = task.destination
    if task.rate is not None:
        told["MaxNumberOfMessagesPerSecond"] = task.rate
    if task.failure is not None:
        told["FailureReason"] = task.failure
    return told


def _handle(task_id: str, source_arn: str) -> str:
    return b64encode(orjson.dumps({"taskId": task_id, "sourceArn": source_arn})).decode()


def _source(context: Context, arn: str) -> Queue:
    found = _by_arn(context, arn, "SourceArn")
    if found is None:
        raise errors.no_resource("SourceArn")
    return found


def _by_arn(context: Context, arn: str, parameter: str) -> Queue | None:
    parts = arns.parse(arn)
    if parts is None or parts.service != "sqs":
        raise errors.invalid_value(parameter, arn, "Must be the ARN of a queue")
    return lookup.by_arn(context, arn)


def _check_destination(context: Context, source: Queue, arn: str) -> None:
    found = _by_arn(context, arn, "DestinationArn")
    if found is None:
        raise errors.no_resource("DestinationArn")
    if found.id == source.id:
        raise errors.invalid("Source queue arn and destination queue arn cannot be the same.")
    if found.fifo != source.fifo:
        raise errors.invalid("Source and destination queues must be of the same type.")


def _is_dead_letter_queue(context: Context, queue: Queue) -> bool:
    return (
        context.store.one("SELECT id FROM sqs_queue WHERE dead_letter_arn = ? LIMIT 1", queue.arn)
        is not None
    )


def _forget_old(context: Context, where: tuple[str, str, str]) -> None:
    """Only ten tasks of a source can be seen; older ones go."""
    context.store.run(
        "DELETE FROM sqs_move_task WHERE account = ? AND region = ? AND source = ? AND id <="
        " (SELECT id FROM sqs_move_task WHERE account = ? AND region = ? AND source = ?"
        " ORDER BY id DESC LIMIT 1 OFFSET ?)",
        *(*where, *where, MOST_LISTED),
    )
