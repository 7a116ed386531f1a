"""Messages as receivers see them: the row, and the attributes that SQS gives to a message."""

from collections.abc import Callable
from typing import NamedTuple

from runtime.context import Context, Members
from services.sqs import errors, groups, message_attributes, receipts
from services.sqs.lookup import Queue

COLUMNS = (
    "id, sent, receives, first_received, message_id, body, body_md5, sender, attributes,"
    " attributes_md5, trace_header, message_group, deduplication_id, source_arn, lane, due"
)
AVAILABLE = f"SELECT {COLUMNS} FROM sqs_message WHERE box = ? AND due = 0 ORDER BY id LIMIT ?"
OF_GROUP = f"SELECT {COLUMNS} FROM sqs_message WHERE lane = ? ORDER BY id LIMIT ?"
ONE = f"SELECT {COLUMNS} FROM sqs_message WHERE id = ?"


class Row(NamedTuple):
    """A message's row, as far as receivers see it."""

    id: int
    sent: float
    receives: int
    first_received: float | None
    message_id: str
    body: str
    body_md5: str
    sender: str
    attributes: str | None
    attributes_md5: str | None
    trace_header: str | None
    message_group: str | None
    deduplication_id: str | None
    source_arn: str | None
    lane: int | None
    due: float


# the attributes that SQS gives to messages -------------------------------------------------------


def _milliseconds(moment: float | None) -> str | None:
    return None if moment is None else str(int(moment * 1000))


def _sequence_number(row: Row) -> str | None:
    return None if row.lane is None else groups.sequence_number(row.id)


_SYSTEM: dict[str, Callable[[Row], str | None]] = {
    "SenderId": lambda row: row.sender,
    "SentTimestamp": lambda row: _milliseconds(row.sent),
    "ApproximateReceiveCount": lambda row: str(row.receives),
    "ApproximateFirstReceiveTimestamp": lambda row: _milliseconds(row.first_received),
    "SequenceNumber": _sequence_number,
    "MessageDeduplicationId": lambda row: row.deduplication_id,
    "MessageGroupId": lambda row: row.message_group,
    "AWSTraceHeader": lambda row: row.trace_header,
    "DeadLetterQueueSourceArn": lambda row: row.source_arn,
}


def system_names(context: Context, request: Members) -> list[str]:
    """The system attributes that a request asks for. Raises InvalidAttributeName."""
    older, names = request.get("AttributeNames"), request.get("MessageSystemAttributeNames")
    if older:
        # In the query protocol the older parameter wins; in JSON both count.
        names = older if context.protocol == "query" or not names else [*older, *names]
    if not names:
        return []
    for name in names:
        if name != "All" and name not in _SYSTEM:
            raise errors.unknown_attribute(name)
    return all_system_names() if "All" in names else [name for name in _SYSTEM if name in names]


def all_system_names() -> list[str]:
    """The attributes that SQS gives to messages."""
    return list(_SYSTEM)


def describe(queue: Queue, row: Row, system: list[str], wanted: list[str]) -> Members:
    """A message as ReceiveMessage answers it, with these of its attributes."""
    message: Members = {
        "MessageId": row.message_id,
        "ReceiptHandle": receipts.handle(row.id, queue.id, row.receives),
        "MD5OfBody": row.body_md5,
        "Body": row.body,
    }
    if system:
        message["Attributes"] = {
            name: value for name in system if (value := _SYSTEM[name](row)) is not None
        }
    if wanted and row.attributes is not None and row.attributes_md5 is not None:
        found = message_attributes.select(row.attributes, row.attributes_md5, wanted)
        if found is not None:
            message["MessageAttributes"], message["MD5OfMessageAttributes"] = found
    return message
