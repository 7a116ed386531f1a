"""Boxes: where a queue's messages lie, and how many of each kind.

    state      due            counted as   ends by
    available  0              stored       being received, deleted or moved
    delayed    when it ends   delayed      time
    in flight  when it ends   in_flight    time, being deleted, or a change of visibility

Every change of a message's state happens here, so that the three counts of a box are always those
of its rows. Time alone changes no row: `wake` makes available what is due, `expire` drops what the
queue retains no longer, and both run before anything is read.
"""

from collections.abc import Iterable
from typing import Any

from runtime.context import Context
from services.sqs import groups
from services.sqs.lookup import Queue

NUMBER_BITS = 40
"""A message's id is its box's id followed by so many bits of its number in the box."""
WOKEN_AT_ONCE = 100
"""A receive makes no more than these available; the next one goes on."""

_LAST = "SELECT last FROM sqs_box WHERE id = ?"
_NEXT = "UPDATE sqs_box SET last = ?, stored = stored + 1, delayed = delayed + ? WHERE id = ?"
_COUNT = (
    "UPDATE sqs_box SET stored = stored + ?, delayed = delayed + ?, in_flight = in_flight + ?"
    " WHERE id = ?"
)
_DUE = (
    "SELECT id, receives, lane FROM sqs_message WHERE box = ? AND due > 0 AND due <= ?"
    " ORDER BY due, id LIMIT ?"
)
_OLD = "SELECT id, due, receives, lane FROM sqs_message WHERE box = ? AND sent <= ? LIMIT ?"


def next_id(context: Context, queue: Queue, *, delayed: bool) -> int:
    """The id of a message that is about to be put into the queue's box, and counted there."""
    store = context.store
    number: int = store.value(_LAST, queue.box) + 1
    store.run(_NEXT, number, delayed, queue.box)  # RETURNING would cost more than both
    return first_id(queue.box) + number


def first_id(box: int) -> int:
    """The smallest id that a message of a box can have."""
    return box << NUMBER_BITS


def holds(queue: Queue, message: int) -> bool:
    """Whether a message is of the queue's present box, not from before a purge."""
    return message >> NUMBER_BITS == queue.box


def wake(context: Context, queue: Queue, most: int = WOKEN_AT_ONCE) -> bool:
    """Make available what has waited long enough; whether there was any. Negative `most` is all."""
    store = context.store
    rows = store.all(_DUE, queue.box, context.now, most)
    if not rows:
        return False
    store.many("UPDATE sqs_message SET due = 0 WHERE id = ?", [(row[0],) for row in rows])
    received = sum(1 for row in rows if row[1])
    store.run(_COUNT, 0, received - len(rows), -received, queue.box)
    if queue.fifo:
        groups.settle(context, {row[2] for row in rows})
    return True


def expire(context: Context, queue: Queue) -> bool:
    """Drop what is older than the queue's retention period; whether there was any."""
    store = context.store
    oldest = context.now - queue.retention_seconds
    found = False
    while rows := store.all(_OLD, queue.box, oldest, 1_000):
        found = True
        drop(context, queue, rows)
    return found


def drop(context: Context, queue: Queue, rows: Iterable[tuple[int, float, int, Any]]) -> None:
    """Delete messages: (id, due, receives, lane) of each."""
    stored = delayed = in_flight = 0
    ids: list[tuple[int]] = []
    lanes: set[int] = set()
    for message, due, receives, lane in rows:
        ids.append((message,))
        stored += 1
        if due and receives:
            in_flight += 1
        elif due:
            delayed += 1
        if lane is not None:
            lanes.add(lane)
    store = context.store
    if stored == 1:
        store.run("DELETE FROM sqs_message WHERE id = ?", *ids[0])
    else:
        store.many("DELETE FROM sqs_message WHERE id = ?", ids)
    store.run(_COUNT, -stored, -delayed, -in_flight, queue.box)
    if lanes:
        groups.settle(context, lanes)


def show(context: Context, queue: Queue, message: int, lane: int | None) -> None:
    """Make one message that is in flight available again."""
    context.store.run("UPDATE sqs_message SET due = 0 WHERE id = ?", message)
    context.store.run(_COUNT, 0, 0, -1, queue.box)
    if lane is not None:
        groups.settle(context, {lane})


def move(
    context: Context,
    source: Queue,
    target: Queue,
    rows: Iterable[tuple[int, Any, int | None]],
    *,
    anew: bool,
) -> None:
    """Carry available messages, (id, message group, lane) of each, to another queue, in order.

    As dead letters they keep their id, their count of receives and, on standard queues, their age,
    and remember where they came from. `anew`, they are new messages with nothing of that.
    """
    store, now = context.store, context.now
    left: set[int] = set()
    for message, group, old_lane in rows:
        if old_lane is not None:
            left.add(old_lane)
        new = next_id(context, target, delayed=False)
        lane = groups.join(context, target, group, new) if target.fifo else None
        if anew:
            store.run(
                "UPDATE sqs_message SET id = ?, box = ?, lane = ?, sent = ?, message_id = ?,"
                " receives = 0, first_received = NULL, last_received = NULL, source_arn = NULL"
                " WHERE id = ?",
                *(new, target.box, lane, now, context.ids.uuid(), message),
            )
        else:
            store.run(
                "UPDATE sqs_message SET id = ?, box = ?, lane = ?, source_arn = ?,"
                " sent = CASE WHEN ? THEN ? ELSE sent END WHERE id = ?",
                *(new, target.box, lane, source.arn, target.fifo, now, message),
            )
        store.run(_COUNT, -1, 0, 0, source.box)
    groups.settle(context, left)
    context.changed(target.topic)


def next_due(context: Context, queue: Queue) -> float | None:
    """When the next message becomes available by itself."""
    due: float | None = context.store.value(
        "SELECT due FROM sqs_message WHERE box = ? AND due > ? ORDER BY due LIMIT 1",
        *(queue.box, context.now),
    )
    return due


def counts(context: Context, queue: Queue) -> tuple[int, int, int]:
    """How many messages are available, delayed and in flight now."""
    expire(context, queue)
    wake(context, queue, -1)
    stored, delayed, in_flight = context.store.one(
        "SELECT stored, delayed, in_flight FROM sqs_box WHERE id = ?", queue.box
    )
    return stored - delayed - in_flight, delayed, in_flight
