"""What happens by itself: emptying boxes that no queue has any more, and moving messages."""

from runtime.context import Context, Members
from services.sqs import boxes, lookup, move_tasks
from services.sqs.lookup import Queue
from services.sqs.move_tasks import Task

AT_ONCE = 2_000
"""Rows that one job deletes, messages that it moves; the rest is another job's."""
_BELONGINGS = (
    ("sqs_message", "box", "id"),
    ("sqs_group", "box", "id"),
    ("sqs_deduplication", "queue", "queue, token, scope"),
    ("sqs_attempt", "queue", "queue, attempt"),
)
"""Tables, the column that says whose a row is, and their primary keys."""


def throw_away(context: Context, payload: Members) -> None:
    """Delete a piece of a box that was purged, or of a queue that was deleted."""
    store = context.store
    for table, column, key in _BELONGINGS:
        if column not in payload:
            continue
        gone = store.run(
            f"DELETE FROM {table} WHERE ({key}) IN"
            f" (SELECT {key} FROM {table} WHERE {column} = ? LIMIT {AT_ONCE})",
            payload[column],
        )
        if gone.rowcount == AT_ONCE:
            context.schedule("throw_away", payload, at=context.now)
            return
    store.run("DELETE FROM sqs_box WHERE id = ?", payload["box"])


def work_on_move_task(context: Context, payload: Members) -> None:
    """Move a task's messages: a second's worth of them, or as many as are moved at once."""
    task = move_tasks.find(context, payload["task"])
    if task is None or task.status != "RUNNING":
        return
    source = lookup.by_name(context, task.source, account=task.account)
    if source is None:
        return
    boxes.wake(context, source, -1)
    boxes.expire(context, source)
    room = min(task.rate or AT_ONCE, task.to_move - task.moved)
    rows = context.store.all(
        "SELECT id, message_group, lane, source_arn FROM sqs_message"
        " WHERE box = ? AND due = 0 ORDER BY id LIMIT ?",
        *(source.box, max(room, 0)),
    )
    moved, failure = _move(context, task, source, rows)
    done = task.moved + moved
    if failure:
        status = "FAILED"
    elif done >= task.to_move or len(rows) < room:
        status = "COMPLETED"
    else:
        status = "RUNNING"
        move_tasks.schedule(context, task.task_id, context.now + (1.0 if task.rate else 0.0))
    context.store.run(
        "UPDATE sqs_move_task SET moved = ?, status = ?, failure = ? WHERE id = ?",
        *(done, status, failure, task.id),
    )


def _move(
    context: Context, task: Task, source: Queue, rows: list[tuple[int, str | None, int, str | None]]
) -> tuple[int, str | None]:
    """Move messages to the task's destination or their own; how many, and why not all."""
    moved = 0
    targets: dict[str, Queue | None] = {}
    for message, group, lane, came_from in rows:
        arn = task.destination or came_from
        if arn is None:
            return moved, "CouldNotDetermineMessageSource"
        if arn not in targets:
            targets[arn] = lookup.by_arn(context, arn)
        target = targets[arn]
        if target is None or target.fifo != source.fifo:
            return moved, "AWS.SimpleQueueService.NonExistentQueue"
        boxes.move(context, source, target, [(message, group, lane)], anew=True)
        moved += 1
    return moved, None
