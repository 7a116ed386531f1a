"""ReceiveRequestAttemptId: a receive on a FIFO queue whose answer was lost can be repeated."""

import orjson

from runtime.context import Context
from services.sqs import errors
from services.sqs.groups import INTERVAL_SECONDS
from services.sqs.lookup import Queue
from services.sqs.received import ONE, Row


def again(context: Context, queue: Queue, attempt: str, seconds: int) -> list[Row] | None:
    """The messages of an attempt of the last five minutes, hidden anew for so many seconds.

    None when there was no such attempt, or when its messages were deleted, changed or visible
    meanwhile. Raises InvalidParameterValue for an id that can't be one.
    """
    if not (1 <= len(attempt) <= 128 and attempt.isascii() and attempt.isprintable()):
        reason = (
            "ReceiveRequestAttemptId can only include alphanumeric and punctuation characters."
            " 1 to 128 in length"
        )
        raise errors.invalid_value("ReceiveRequestAttemptId", attempt, reason)
    store, now = context.store, context.now
    found = store.one(
        "SELECT due, messages FROM sqs_attempt WHERE queue = ? AND attempt = ? AND received > ?",
        *(queue.id, attempt, now - INTERVAL_SECONDS),
    )
    if found is None or found[0] <= now:
        return None
    due, received = found[0], orjson.loads(found[1])
    rows: list[Row] = []
    for message, receives in received:
        row: Row | None = store.one(ONE, message, into=Row)
        if row is None or row.receives != receives or row.due != due:
            return None
        rows.append(row)
    later = now + seconds if seconds else due
    store.many("UPDATE sqs_message SET due = ? WHERE id = ?", [(later, row.id) for row in rows])
    store.run(
        "UPDATE sqs_attempt SET due = ? WHERE queue = ? AND attempt = ?", later, queue.id, attempt
    )
    return rows


def keep(context: Context, queue: Queue, attempt: str, rows: list[Row], seconds: int) -> None:
    """Note what an attempt received, and forget those that are over."""
    store, now = context.store, context.now
    store.run(
        "DELETE FROM sqs_attempt WHERE queue = ? AND received <= ?",
        *(queue.id, now - INTERVAL_SECONDS),
    )
    messages = orjson.dumps([(row.id, row.receives) for row in rows]).decode()
    store.run(
        "INSERT OR REPLACE INTO sqs_attempt VALUES (?, ?, ?, ?, ?)",
        *(queue.id, attempt, now, now + seconds, messages),
    )
