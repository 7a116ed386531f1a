"""Looking at a queue's messages without receiving them, for tests and consoles; AWS has no such."""

from runtime.context import Context, Members
from services.sqs import errors, lookup, urls
from services.sqs.boxes import first_id
from services.sqs.lookup import Queue
from services.sqs.received import COLUMNS, Row, all_system_names, describe

MOST = 10_000
"""No more messages than these are shown, the oldest."""


def peek(
    context: Context, queue_url: str, *, show_invisible: bool = False, show_delayed: bool = False
) -> list[Members]:
    """The messages of a queue as ReceiveMessage would answer them, with all attributes, in order.

    Nothing changes by it. A URL without a region is looked for in the context's region first, then
    in all.
    `show_invisible` adds those in flight, `show_delayed` those delayed. Raises QueueDoesNotExist.
    """
    queue = _find(context, queue_url)
    rows: list[Row] = context.store.all(
        f"SELECT {COLUMNS} FROM sqs_message WHERE id >= ? AND id < ? AND sent > ?"
        " AND (due <= ? OR CASE WHEN receives > 0 THEN ? ELSE ? END) ORDER BY id LIMIT ?",
        *(first_id(queue.box), first_id(queue.box + 1)),
        *(context.now - queue.retention_seconds, context.now),
        *(show_invisible, show_delayed, MOST),
        into=Row,
    )
    return [describe(queue, row, all_system_names(), ["All"]) for row in rows]


def _find(context: Context, url: str) -> Queue:
    address = urls.read(url)
    account = address.account or context.account
    row = context.store.one(
        "SELECT id FROM sqs_queue WHERE account = ? AND name = ? AND region = ?",
        *(account, address.name, address.region or context.region),
    )
    if row is None and address.region is None:
        row = context.store.one(
            "SELECT id FROM sqs_queue WHERE account = ? AND name = ? ORDER BY region LIMIT 1",
            *(account, address.name),
        )
    found = None if row is None else lookup.by_id(context, row[0])
    if found is None:
        raise errors.no_queue()
    return found
