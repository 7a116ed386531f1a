"""One queue: its record, and how a request names it."""

from typing import Any

import orjson

from protocols.errors import Error
from runtime.context import Context, Members
from services.sqs import attribute_rules, errors, urls
from services.sqs.attribute_rules import Attributes

_CACHED = 10_000
"""So many queues are remembered at most."""

_COLUMNS = "id, account, region, name, box, created, modified, purged, attributes, dead_letter_arn"
_BY_NAME = f"SELECT {_COLUMNS} FROM sqs_queue WHERE account = ? AND region = ? AND name = ?"


class Queue:
    """A queue's row, its settings as numbers. Shared by requests: never changed."""

    __slots__ = (
        "account",
        "arn",
        "attributes",
        "box",
        "content_deduplication",
        "created",
        "dead_letter_arn",
        "delay_seconds",
        "fifo",
        "group_deduplication",
        "group_throughput",
        "id",
        "maximum_message_size",
        "modified",
        "most_receives",
        "name",
        "purged",
        "region",
        "retention_seconds",
        "topic",
        "visibility_seconds",
        "wait_seconds",
    )

    def __init__(self, context: Context, row: tuple[Any, ...]) -> None:
        self.id: int = row[0]
        self.account: str = row[1]
        self.region: str = row[2]
        self.name: str = row[3]
        self.box: int = row[4]
        self.created: float = row[5]
        self.modified: float = row[6]
        self.purged: float = row[7]
        self.attributes: Attributes = orjson.loads(row[8])
        self.dead_letter_arn: str | None = row[9]
        self.arn = context.arn(self.name, "sqs", region=self.region, account=self.account)
        self.topic = f"sqs:{self.id}"
        get = self.attributes.get
        self.fifo = get("FifoQueue") == "true"
        self.content_deduplication = get("ContentBasedDeduplication") == "true"
        self.group_deduplication = get("DeduplicationScope") == "messageGroup"
        self.group_throughput = get("FifoThroughputLimit") == "perMessageGroupId"
        self.delay_seconds = self.number("DelaySeconds")
        self.maximum_message_size = self.number("MaximumMessageSize")
        self.retention_seconds = self.number("MessageRetentionPeriod")
        self.visibility_seconds = self.number("VisibilityTimeout")
        self.wait_seconds = self.number("ReceiveMessageWaitTimeSeconds")
        policy = get("RedrivePolicy")
        self.most_receives: int | None = (
            None if policy is None else orjson.loads(policy)["maxReceiveCount"]
        )

    def number(self, name: str) -> int:
        """A numeric attribute, or its default."""
        value = self.attributes.get(name)
        return attribute_rules.NUMBERS[name][0] if value is None else int(value)


def find(context: Context, request: Members) -> Queue:
    """The queue that a request's QueueUrl names, or the request's own path in the query protocol.

    Raises QueueDoesNotExist, InvalidAddress for a URL of another region, MissingParameter.
    """
    url = request.get("QueueUrl")
    cache = context.store.cache("sqs.queue")
    found: Queue | None = cache.get((url, context.region, context.account))
    return found if found is not None else _find(context, url, cache)


def _find(context: Context, url: str | None, cache: dict[Any, Any]) -> Queue:
    named = url
    if not named:
        # Clients before the JSON protocol post to the queue's URL itself.
        path = "" if context.http is None else context.http.path
        if len(path) < 2:
            raise errors.missing("QueueUrl")
        named = path
    address = urls.read(named)
    if address.region is not None and address.region != context.region:
        message = f"The address {named} is not valid for this endpoint."
        raise Error("InvalidAddress", message)
    found = by_name(context, address.name, account=address.account)
    if found is None:
        raise errors.no_queue(context.protocol)
    if url:
        if len(cache) >= _CACHED:
            cache.clear()
        cache[url, context.region, context.account] = found
    return found


def by_name(context: Context, name: str, *, account: str | None = None) -> Queue | None:
    """A queue of the request's region by its name, or None."""
    row = context.store.one(_BY_NAME, account or context.account, context.region, name)
    return None if row is None else Queue(context, row)


def by_arn(context: Context, arn: str) -> Queue | None:
    """A queue of the request's region by its ARN, or None."""
    parts = arn.split(":")
    if len(parts) != 6 or parts[2] != "sqs" or parts[3] != context.region:
        return None
    return by_name(context, parts[5], account=parts[4])


def by_id(context: Context, queue_id: int) -> Queue | None:
    """A queue by the number of its row, or None."""
    row = context.store.one(f"SELECT {_COLUMNS} FROM sqs_queue WHERE id = ?", queue_id)
    return None if row is None else Queue(context, row)


def forget(context: Context) -> None:
    """Have queues read anew: a row of one was changed."""
    context.store.cache("sqs.queue").clear()
