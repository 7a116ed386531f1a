"""The batch operations: each entry succeeds or fails by itself, a batch only by its form."""

import re
from collections.abc import Callable
from typing import Any

from protocols.errors import Error
from runtime.context import Context, Members
from services.sqs import errors, lookup, message_attributes, messages, throughput

MOST_ENTRIES = 10
MOST_BYTES = 1_048_576
_ID = re.compile(r"[A-Za-z0-9_-]{1,80}")

Entry = dict[str, Any]


def send_message_batch(context: Context, request: Members) -> Members:
    """Send up to ten messages, in order; together no more than 1 MiB."""
    queue = lookup.find(context, request)
    entries = _checked(request, "SendMessageBatchRequestEntry")
    size = sum(_size(entry) for entry in entries)
    if size > MOST_BYTES:
        raise Error(
            "BatchRequestTooLong",
            f"Batch requests cannot be longer than {MOST_BYTES} bytes. You have sent {size} bytes.",
        )
    for group in {entry.get("MessageGroupId", "") for entry in entries}:
        throughput.check(context, queue, "send", group)
        if not queue.group_throughput:
            break

    def send(entry: Entry) -> Members:
        sent = messages.accept(context, queue, entry, verb="cannot be validated")
        return {"Id": entry["Id"], **sent}

    return _each(entries, send)


def delete_message_batch(context: Context, request: Members) -> Members:
    """Delete up to ten messages by the handles of their receives."""
    queue = lookup.find(context, request)
    entries = _checked(request, "DeleteMessageBatchRequestEntry")
    throughput.check(context, queue, "delete")

    def delete(entry: Entry) -> Members:
        messages.remove(context, queue, entry["ReceiptHandle"])
        return {"Id": entry["Id"]}

    return _each(entries, delete)


def change_message_visibility_batch(context: Context, request: Members) -> Members:
    """Change the visibility timeout of up to ten messages."""
    queue = lookup.find(context, request)
    entries = _checked(request, "ChangeMessageVisibilityBatchRequestEntry")

    def change(entry: Entry) -> Members:
        if "VisibilityTimeout" not in entry:
            raise errors.missing("VisibilityTimeout")
        messages.change(context, queue, entry["ReceiptHandle"], entry["VisibilityTimeout"])
        return {"Id": entry["Id"]}

    return _each(entries, change)


def _checked(request: Members, element: str) -> list[Entry]:
    """The entries of a batch, if their number and their ids are as they should be."""
    entries: list[Entry] = request.get("Entries") or []
    if not entries:
        message = f"There should be at least one {element} in the request."
        raise Error("EmptyBatchRequest", message)
    if len(entries) > MOST_ENTRIES:
        raise Error(
            "TooManyEntriesInBatchRequest",
            f"Maximum number of entries per request are {MOST_ENTRIES}."
            f" You have sent {len(entries)}.",
        )
    seen: set[str] = set()
    for entry in entries:
        entry_id = entry["Id"]
        if not _ID.fullmatch(entry_id):
            raise Error(
                "InvalidBatchEntryId",
                "A batch entry id can only contain alphanumeric characters, hyphens and"
                " underscores. It can be at most 80 letters long.",
            )
        if entry_id in seen:
            raise Error("BatchEntryIdsNotDistinct", f"Id {entry_id} repeated.")
        seen.add(entry_id)
    return entries


def _size(entry: Entry) -> int:
    """What an entry adds to the batch's size, in bytes."""
    body = entry["MessageBody"]
    size = len(body) if body.isascii() else len(body.encode("utf-8", "replace"))
    return size + message_attributes.size(entry.get("MessageAttributes") or {})


def _each(entries: list[Entry], act: Callable[[Entry], Members]) -> Members:
    """Act on each entry; a failure is told by its code on the query wire. Empty lists go."""
    successful: list[Members] = []
    failed: list[Members] = []
    for entry in entries:
        try:
            successful.append(act(entry))
        except Error as error:
            failed.append(
                {
                    "Id": entry["Id"],
                    "SenderFault": True,
                    "Code": errors.old_code(error),
                    "Message": error.message,
                }
            )
    answer: Members = {}
    if successful:
        answer["Successful"] = successful
    if failed:
        answer["Failed"] = failed
    return answer
