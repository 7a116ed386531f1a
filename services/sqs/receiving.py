"""ReceiveMessage: which messages are received, and waiting for some.

1  attempt     a FIFO receive repeated with its ReceiveRequestAttemptId answers as it did
2  wake        messages whose delay or visibility timeout is over become available
3  take        the oldest available ones; on FIFO queues those of one ready group after the other
4  give up     one received too often goes to the dead-letter queue, one too old is dropped
5  hide        what is received is in flight until its visibility timeout is over
6  wait        with nothing to give, until something changes or falls due, or the time is over

A request that has written something, but has nothing to give, answers at once and empty: waiting
would undo what it wrote.
"""

from protocols.errors import Error
from runtime.context import Context, Members
from runtime.dispatch import Wait
from services.sqs import (
    attempts,
    boxes,
    dead_letters,
    errors,
    groups,
    lookup,
    messages,
    throughput,
)
from services.sqs.lookup import Queue
from services.sqs.received import AVAILABLE, OF_GROUP, Row, describe, system_names

MOST_IN_FLIGHT = 120_000
MOST_WAIT_SECONDS = 20
MOST_MESSAGES = 10
_MOST_GIVEN_UP = 100
"""A receive carries no more than these to the dead-letter queue; the next one goes on."""

_HIDE = (
    "UPDATE sqs_message SET due = ?, receives = receives + 1, last_received = ?,"
    " first_received = coalesce(first_received, ?) WHERE id = ?"
)
_COUNT = (
    "UPDATE sqs_box SET in_flight = in_flight + ? WHERE id = ?"
    f" AND in_flight + ? <= {MOST_IN_FLIGHT}"
)


def receive_message(context: Context, request: Members) -> Members:
    """Receive up to ten messages, waiting for the first if the queue or the request says so.

    What is received is hidden from others until its visibility timeout is over. Then it has its
    place in the order of sending again.
    """
    queue = lookup.find(context, request)
    get = request.get
    most, seconds = get("MaxNumberOfMessages", 1), get("VisibilityTimeout")
    wait = get("WaitTimeSeconds")
    _check_numbers(most, seconds, wait)
    if seconds is None:
        seconds = queue.visibility_seconds
    if wait is None:
        wait = queue.wait_seconds
    system = system_names(context, request)
    wanted = get("MessageAttributeNames") or []
    attempt = get("ReceiveRequestAttemptId")
    if queue.fifo:
        if not context.waited:
            throughput.check(context, queue, "receive")
    elif attempt is not None:
        raise errors.invalid_value("ReceiveRequestAttemptId", attempt, errors.WRONG_TYPE)
    rows: list[Row] | None = None
    if attempt is not None:
        rows = attempts.again(context, queue, attempt, seconds)
    if rows is None:
        taken = _Taken(context, queue, most)
        rows = taken.rows
        if rows and not _hide(context, queue, rows, seconds):
            # Those whose visibility timeout is over don't count, however many are yet to be woken.
            taken.wrote |= boxes.wake(context, queue, -1)
            if not _hide(context, queue, rows, seconds):
                rows = _none_over_limit(queue, wait)
        if attempt is not None and rows:
            attempts.keep(context, queue, attempt, rows, seconds)
        if not rows and wait and not taken.wrote:
            due = boxes.next_due(context, queue)
            raise Wait(queue.topic, wait, {}, again=None if due is None else due - context.now)
    return {"Messages": [describe(queue, row, system, wanted) for row in rows]} if rows else {}


def _check_numbers(most: int, seconds: int | None, wait: int | None) -> None:
    if not 1 <= most <= MOST_MESSAGES:
        reason = f"Must be between 1 and {MOST_MESSAGES}, if provided"
        raise errors.invalid_value("MaxNumberOfMessages", most, reason)
    if seconds is not None:
        messages.check_visibility(seconds)
    if wait is not None and not 0 <= wait <= MOST_WAIT_SECONDS:
        reason = f"Must be >= 0 and <= {MOST_WAIT_SECONDS}, if provided"
        raise errors.invalid_value("WaitTimeSeconds", wait, reason)


class _Taken:
    """The messages that a receive gets; what it may not have is given up on the way."""

    def __init__(self, context: Context, queue: Queue, most: int) -> None:
        self._context = context
        self._queue = queue
        self._most = most
        self._oldest = context.now - queue.retention_seconds
        self._given_up = 0
        self.rows: list[Row] = []
        self.wrote = boxes.wake(context, queue)
        """Whether anything was written that waiting would undo."""
        take = self._take_of_groups if queue.fifo else self._take_available
        while not take():
            self.rows.clear()

    def _take_available(self) -> bool:
        """Of a standard queue: the oldest available ones; False to look again."""
        return self._keep(self._context.store.all(AVAILABLE, self._queue.box, self._most, into=Row))

    def _take_of_groups(self) -> bool:
        """Of a FIFO queue: of each ready group those before the first that is hidden."""
        for lane in groups.ready(self._context, self._queue, self._most):
            room = self._most - len(self.rows)
            if not room:
                break
            rows = self._context.store.all(OF_GROUP, lane, room, into=Row)
            available = next((n for n, row in enumerate(rows) if row.due), len(rows))
            if not self._keep(rows[:available]):
                return False
        return True

    def _keep(self, rows: list[Row]) -> bool:
        """Take what a receiver may have of these; False if some went: look again."""
        if any(row.sent <= self._oldest for row in rows):
            self.wrote = boxes.expire(self._context, self._queue)
            return False
        most = self._queue.most_receives
        if most is not None:
            spent = [place for place, row in enumerate(rows) if row.receives >= most]
            if spent and self._given_up >= _MOST_GIVEN_UP:
                rows = rows[: spent[0]]
            elif spent and dead_letters.give_up(
                self._context, self._queue, [rows[place] for place in spent]
            ):
                self.wrote = True
                self._given_up += len(spent)
                return False
            # Without a dead-letter queue messages are received for ever.
        self.rows += rows
        return True


def _hide(context: Context, queue: Queue, rows: list[Row], seconds: int) -> bool:
    """Put rows in flight, and bring them up to date; False where that would be too many."""
    store, now = context.store, context.now
    count = len(rows)
    if seconds and store.run(_COUNT, count, queue.box, count).rowcount == 0:
        return False
    due = now + seconds if seconds else 0.0
    if count == 1:
        store.run(_HIDE, due, now, now, rows[0].id)
    else:
        store.many(_HIDE, [(due, now, now, row.id) for row in rows])
    for place, row in enumerate(rows):
        rows[place] = row._replace(
            receives=row.receives + 1,
            first_received=now if row.first_received is None else row.first_received,
        )
    if queue.fifo:
        groups.settle(context, {row.lane for row in rows if row.lane is not None})
    return True


def _none_over_limit(queue: Queue, wait: int) -> list[Row]:
    """Too many messages are in flight: a standard queue says so to those who don't wait."""
    if queue.fifo or wait:
        return []
    raise Error("OverLimit", f"Too many messages are in flight; the limit is {MOST_IN_FLIGHT}.")
