"""Message groups of FIFO queues, and what tells a message from one that was sent before.

A message can be received when no message before it in its group is delayed or in flight; it comes
after all of those. So the oldest message of a group, its head, decides whether the group is ready:

    available, available, in flight, available     the first two can be received, in this order
    in flight, available                           none
"""

from collections.abc import Iterable
from typing import NamedTuple

from runtime.context import Context
from services.sqs.lookup import Queue

INTERVAL_SECONDS = 300.0
"""For how long a deduplication id is remembered."""


class Duplicate(NamedTuple):
    """The message that took a deduplication id first: its number (sqs_message) and its id."""

    message: int
    message_id: str


def join(context: Context, queue: Queue, name: str, message: int, *, delayed: bool = False) -> int:
    """The row of a message group that a new message joins; made if it is the first."""
    store = context.store
    found: int | None = store.value(
        "SELECT id FROM sqs_group WHERE box = ? AND name = ?", queue.box, name
    )
    if found is not None:
        return found
    made = store.run(
        "INSERT INTO sqs_group (box, name, head, ready) VALUES (?, ?, ?, ?)",
        *(queue.box, name, message, not delayed),
    ).lastrowid
    assert made is not None
    return made


def settle(context: Context, lanes: Iterable[int]) -> None:
    """Find the heads of groups whose messages have changed; groups without messages go."""
    store = context.store
    for lane in lanes:
        head = store.one("SELECT id, due FROM sqs_message WHERE lane = ? ORDER BY id LIMIT 1", lane)
        if head is None:
            store.run("DELETE FROM sqs_group WHERE id = ?", lane)
        else:
            store.run(
                "UPDATE sqs_group SET head = ?, ready = ? WHERE id = ?",
                *(head[0], head[1] == 0, lane),
            )


def ready(context: Context, queue: Queue, most: int) -> list[int]:
    """Groups whose head can be received, the one with the oldest head first."""
    rows = context.store.all(
        "SELECT id FROM sqs_group WHERE box = ? AND ready = 1 ORDER BY head LIMIT ?",
        *(queue.box, most),
    )
    return [lane for (lane,) in rows]


def earlier(context: Context, queue: Queue, group: str, token: str) -> Duplicate | None:
    """The message of the last five minutes that had this deduplication id.

    An id that was seen while it counted for the whole queue counts for every group.
    """
    since = context.now - INTERVAL_SECONDS
    scopes = ("", group) if queue.group_deduplication else ("", "")
    return context.store.one(  # type: ignore[no-any-return]
        "SELECT message, message_id FROM sqs_deduplication"
        " WHERE queue = ? AND token = ? AND scope IN (?, ?) AND +sent > ?",  # by the primary key
        *(queue.id, token, *scopes, since),
        into=Duplicate,
    )


def remember(context: Context, queue: Queue, group: str, token: str, first: Duplicate) -> None:
    """Note a deduplication id, and forget a few that are over."""
    store, now = context.store, context.now
    scope = group if queue.group_deduplication else ""
    store.run(
        "INSERT OR REPLACE INTO sqs_deduplication VALUES (?, ?, ?, ?, ?, ?)",
        *(queue.id, token, scope, now, *first),
    )
    old = store.all(
        "SELECT token, scope FROM sqs_deduplication WHERE queue = ? AND sent <= ?"
        " ORDER BY sent LIMIT 3",
        *(queue.id, now - INTERVAL_SECONDS),
    )
    if old:
        store.many(
            "DELETE FROM sqs_deduplication WHERE queue = ? AND token = ? AND scope = ?",
            [(queue.id, *row) for row in old],
        )


def sequence_number(message: int) -> str:
    """The twenty digits that grow with each message of a queue."""
    return str(18_850_000_000_000_000_000 + message)
