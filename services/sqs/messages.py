"""Messages: sending and deleting them, and changing how long they stay hidden."""

import re
from hashlib import md5, sha256
from typing import NamedTuple

from runtime.context import Context, Members
from services.sqs import boxes, errors, groups, lookup, message_attributes, receipts, throughput
from services.sqs.groups import Duplicate
from services.sqs.lookup import Queue

MOST_VISIBILITY_SECONDS = 43_200
_MOST_DELAY_SECONDS = 900
_IDENTIFIER = re.compile(r"[!-~]{1,128}")

# FAIL: what the statement did before an error goes with the operation's frame, and SQLite need not
# keep a journal for the statement alone.
_INSERT = (
    "INSERT OR FAIL INTO sqs_message (id, box, due, sent, lane, message_id, body, body_md5, sender,"
    " attributes, attributes_md5, trace_header, message_group, deduplication_id)"
    " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
)


class Content(NamedTuple):
    """What a message says, checked."""

    encoded: bytes
    md5: str
    attributes: str | None = None
    attributes_md5: str | None = None
    trace_header: str | None = None
    trace_md5: str | None = None


# sending -----------------------------------------------------------------------------------------


def send_message(context: Context, request: Members) -> Members:
    """Put one message on a queue; it can be received once its delay is over.

    A FIFO queue drops a message whose deduplication id it has seen in the last five minutes, and
    answers as it did then.
    """
    queue = lookup.find(context, request)
    if queue.fifo:
        throughput.check(context, queue, "send", request.get("MessageGroupId", ""))
    return accept(context, queue, request)


def accept(context: Context, queue: Queue, entry: Members, *, verb: str = "are invalid") -> Members:
    """Check a message (or a batch's entry) and put it on the queue; its part of the answer.

    `verb` is what AWS says of parameters that are too long, which differs in batches. Nothing is
    written before all is checked.
    """
    content = _content(queue, entry, verb)
    delay = _delay(queue, entry.get("DelaySeconds"))
    group, token = entry.get("MessageGroupId"), entry.get("MessageDeduplicationId")
    if group is not None:
        _check_identifier("MessageGroupId", group)
    answer: Members = {"MD5OfMessageBody": content.md5}
    if content.attributes_md5 is not None:
        answer["MD5OfMessageAttributes"] = content.attributes_md5
    if content.trace_md5 is not None:
        answer["MD5OfMessageSystemAttributes"] = content.trace_md5
    if queue.fifo:
        if group is None:
            raise errors.missing("MessageGroupId")
        token = _token(queue, token, content.encoded)
        first = groups.earlier(context, queue, group, token)
        if first is None:
            first = _put(context, queue, entry["MessageBody"], content, delay, group, token)
            groups.remember(context, queue, group, token, first)
        answer["MessageId"] = first.message_id
        answer["SequenceNumber"] = groups.sequence_number(first.message)
        return answer
    if token is not None:
        raise errors.invalid_value("MessageDeduplicationId", token, errors.WRONG_TYPE)
    new = _put(context, queue, entry["MessageBody"], content, delay, group, None)
    answer["MessageId"] = new.message_id
    return answer


def _put(
    context: Context,
    queue: Queue,
    body: str,
    content: Content,
    delay: int,
    group: str | None,
    token: str | None,
) -> Duplicate:
    """Write a message's row, and tell those who wait for it."""
    now = context.now
    message = boxes.next_id(context, queue, delayed=delay > 0)
    lane = None
    if queue.fifo and group is not None:
        lane = groups.join(context, queue, group, message, delayed=delay > 0)
    new = Duplicate(message, context.ids.uuid())
    context.store.run(
        _INSERT,
        message,
        queue.box,
        now + delay if delay else 0.0,
        now,
        lane,
        new.message_id,
        body,
        content.md5,
        context.principal.user_id,
        content.attributes,
        content.attributes_md5,
        content.trace_header,
        group,
        token,
    )
    tell(context, queue)
    return new


def tell(context: Context, queue: Queue) -> None:
    """Let those who wait for messages of a queue look again."""
    if context.runtime.scheduler.has_waiters:
        context.changed(queue.topic)


def _content(queue: Queue, entry: Members, verb: str) -> Content:
    """A message's body and attributes, if they are as they should be."""
    body = entry["MessageBody"]
    if not body:
        raise errors.missing("MessageBody")
    character = message_attributes.forbidden(body)
    if character is not None:
        raise message_attributes.invalid_contents(character)
    encoded = body.encode()
    size = len(encoded)
    digest = md5(encoded, usedforsecurity=False).hexdigest()
    given, system = entry.get("MessageAttributes"), entry.get("MessageSystemAttributes")
    if not given and not system:
        _check_size(queue, size, verb)
        return Content(encoded, digest)
    attributes = attributes_md5 = trace_header = trace_md5 = None
    if given:
        attributes, attributes_md5, more = message_attributes.check(given)
        size += more
    if system:  # which don't count
        trace_header, trace_md5 = message_attributes.check_trace_header(system)
    _check_size(queue, size, verb)
    return Content(encoded, digest, attributes, attributes_md5, trace_header, trace_md5)


def _check_size(queue: Queue, size: int, verb: str) -> None:
    if size > queue.maximum_message_size:
        raise errors.invalid(
            f"One or more parameters {verb}. Reason: Message must be shorter than"
            f" {queue.maximum_message_size} bytes."
        )


def _delay(queue: Queue, seconds: int | None) -> int:
    """How long a message is delayed: as it says, or as its queue says."""
    if seconds is None:
        return queue.delay_seconds
    if queue.fifo:
        # AWS takes a zero for "not given".
        if seconds:
            raise errors.invalid_value("DelaySeconds", seconds, errors.WRONG_TYPE)
        return queue.delay_seconds
    if not 0 <= seconds <= _MOST_DELAY_SECONDS:
        reason = f"DelaySeconds must be >= 0 and <= {_MOST_DELAY_SECONDS}"
        raise errors.invalid_value("DelaySeconds", seconds, reason)
    return seconds


def _check_identifier(parameter: str, value: str) -> None:
    if not _IDENTIFIER.fullmatch(value):
        raise errors.invalid_value(
            parameter,
            value,
            f"{parameter} can only include alphanumeric and punctuation characters."
            " 1 to 128 in length",
        )


def _token(queue: Queue, token: str | None, encoded: bytes) -> str:
    """A FIFO message's deduplication id: its own, or one made of its content."""
    if token is not None:
        _check_identifier("MessageDeduplicationId", token)
        return token
    if not queue.content_deduplication:
        raise errors.invalid(
            "The queue should either have ContentBasedDeduplication enabled or"
            " MessageDeduplicationId provided explicitly"
        )
    return sha256(encoded).hexdigest()


# deleting, and changing visibility ---------------------------------------------------------------


def delete_message(context: Context, request: Members) -> Members:
    """Delete a received message, by the handle of its receive; one that is gone is no error.

    A standard queue takes an old handle as well. A FIFO queue refuses one whose visibility timeout
    is over.
    """
    queue = lookup.find(context, request)
    if queue.fifo:
        throughput.check(context, queue, "delete")
    remove(context, queue, request["ReceiptHandle"])
    return {}


def remove(context: Context, queue: Queue, handle: str) -> None:
    """Delete the message of a receipt handle."""
    receipt = receipts.read(handle, queue.id)
    if not boxes.holds(queue, receipt.message):
        return
    row = context.store.one(
        "SELECT id, due, receives, lane FROM sqs_message WHERE id = ? AND sent > ?",
        *(receipt.message, context.now - queue.retention_seconds),
    )
    if row is None:
        return
    if queue.fifo:
        if row[1] <= context.now or row[2] != receipt.receives:
            raise errors.expired_handle(handle)
        tell(context, queue)
    boxes.drop(context, queue, (row,))


def change_message_visibility(context: Context, request: Members) -> Members:
    """Have a message in flight stay hidden for so many seconds from now, or be available at once.

    A message of a standard queue whose timeout is over stays available, and AWS says nothing of it.
    """
    queue = lookup.find(context, request)
    change(context, queue, request["ReceiptHandle"], request["VisibilityTimeout"])
    return {}


def change(context: Context, queue: Queue, handle: str, seconds: int) -> None:
    """Change the visibility timeout of the message of a receipt handle."""
    check_visibility(seconds)
    receipt = receipts.read(handle, queue.id)
    row = None
    if boxes.holds(queue, receipt.message):
        row = context.store.one(
            "SELECT due, receives, last_received, lane FROM sqs_message WHERE id = ? AND sent > ?",
            *(receipt.message, context.now - queue.retention_seconds),
        )
    if row is None:
        reason = "Message does not exist or is not available for visibility timeout change"
        raise errors.invalid_value("ReceiptHandle", handle, reason)
    due, receives, received, lane = row
    if queue.fifo and (due <= context.now or receives != receipt.receives):
        raise errors.expired_handle(handle)
    if due <= context.now:
        return
    if context.now + seconds > received + MOST_VISIBILITY_SECONDS:
        reason = (
            "Total VisibilityTimeout for the message is beyond the limit"
            f" [{MOST_VISIBILITY_SECONDS} seconds]"
        )
        raise errors.invalid_value("VisibilityTimeout", seconds, reason)
    if seconds:
        context.store.run(
            "UPDATE sqs_message SET due = ? WHERE id = ?", context.now + seconds, receipt.message
        )
    else:
        boxes.show(context, queue, receipt.message, lane)
    tell(context, queue)


def check_visibility(seconds: int) -> None:
    """Raise InvalidParameterValue for a visibility timeout beyond twelve hours."""
    if not 0 <= seconds <= MOST_VISIBILITY_SECONDS:
        reason = f"Must be >= 0 and <= {MOST_VISIBILITY_SECONDS}, if provided"
        raise errors.invalid_value("VisibilityTimeout", seconds, reason)
