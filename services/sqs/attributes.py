"""The attributes of queues: reading them, the numbers of messages among them, and setting them."""

from collections.abc import Callable
from typing import Any

import orjson

from runtime.context import Context, Members
from services.sqs import attribute_rules, boxes, dead_letters, errors, lookup
from services.sqs.attribute_rules import CHOICES, NUMBERS, OF_FIFO, Attributes
from services.sqs.lookup import Queue

_COUNTS = (
    "ApproximateNumberOfMessages",
    "ApproximateNumberOfMessagesDelayed",
    "ApproximateNumberOfMessagesNotVisible",
)
_FACTS: dict[str, Callable[[Queue], Any]] = {
    "CreatedTimestamp": lambda queue: int(queue.created),
    "LastModifiedTimestamp": lambda queue: int(queue.modified),
    "QueueArn": lambda queue: queue.arn,
}


def get_queue_attributes(context: Context, request: Members) -> Members:
    """The attributes asked for, as strings; those that a queue doesn't have are left out.

    The numbers of messages are those of this moment, while AWS's may be a minute old.
    """
    queue = lookup.find(context, request)
    names = request.get("AttributeNames") or ()
    for name in names:
        if name not in attribute_rules.NAMES:
            raise errors.unknown_attribute(name)
    wanted = attribute_rules.NAMES if "All" in names else set(names)
    found: Attributes = {}
    if wanted.intersection(_COUNTS):
        numbers = zip(_COUNTS, boxes.counts(context, queue), strict=True)
        found.update((name, str(number)) for name, number in numbers if name in wanted)
    for name, fact in _FACTS.items():
        if name in wanted:
            found[name] = str(fact(queue))
    settings = effective(queue)
    found.update((name, value) for name, value in settings.items() if name in wanted)
    return {"Attributes": found} if found else {}


def effective(queue: Queue) -> Attributes:
    """All settings of a queue, the defaults among them."""
    found = {name: str(default) for name, (default, _, _) in NUMBERS.items()}
    found["SqsManagedSseEnabled"] = CHOICES["SqsManagedSseEnabled"][0]
    if queue.fifo:
        found.update((name, CHOICES[name][0]) for name in OF_FIFO)
    found.update(queue.attributes)
    if "KmsMasterKeyId" not in found:
        del found["KmsDataKeyReusePeriodSeconds"]
    return found


def set_queue_attributes(context: Context, request: Members) -> Members:
    """Set some attributes, all or none of them; an empty value puts one back to its default."""
    queue = lookup.find(context, request)
    wanted = request["Attributes"]
    if queue.fifo and wanted.get("FifoQueue", "true").lower() != "true":
        reason = "Modifying queue type is not supported"
        raise attribute_rules.invalid_value("FifoQueue", reason)
    attributes = attribute_rules.changed(queue.attributes, wanted, fifo=queue.fifo)
    if "RedrivePolicy" in wanted:
        dead_letters.check_policies(context, queue.arn, attributes, fifo=queue.fifo)
    save(context, queue, attributes)
    return {}


def save(context: Context, queue: Queue, attributes: Attributes) -> None:
    """Write a queue's attributes; who waits for its messages looks again under the new ones."""
    context.store.run(
        "UPDATE sqs_queue SET attributes = ?, dead_letter_arn = ?, modified = ? WHERE id = ?",
        orjson.dumps(attributes).decode(),
        dead_letters.target(attributes),
        context.now,
        queue.id,
    )
    lookup.forget(context)
    context.changed(queue.topic)
