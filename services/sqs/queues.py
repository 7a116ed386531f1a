"""Queues: creating, listing, purging and deleting them."""

import re

import orjson

from protocols.errors import Error
from runtime import pages, tags
from runtime.context import Context, Members
from services.sqs import attribute_rules, dead_letters, errors, listing, lookup, urls
from services.sqs import tags as queue_tags
from services.sqs.attribute_rules import Attributes
from services.sqs.lookup import Queue

_NAME = re.compile(r"[A-Za-z0-9_-]{1,80}")
_FIFO_NAME = re.compile(r"(?=.{6,80}$)[A-Za-z0-9_-]+\.fifo")
AGAIN_SECONDS = 60.0
"""How long a name stays taken after its queue's end, and how far apart purges must be."""


def create_queue(context: Context, request: Members) -> Members:
    """Make a queue, or answer with the one that is there if every attribute given is the same.

    With `latency: real` a deleted queue's name is taken for another minute, as AWS needs that long
    to delete it.
    """
    name, wanted = request["QueueName"], request.get("Attributes") or {}
    fifo = _checked_type(name, wanted)
    attributes = attribute_rules.changed({}, wanted, fifo=fifo)
    new_tags = request.get("tags") or {}
    queue_tags.check(name, new_tags)
    existing = lookup.by_name(context, name)
    if existing is not None:
        _check_same(existing, wanted, attributes)
        return {"QueueUrl": urls.write(context, existing.account, name)}
    _check_recent(context, name)
    arn = context.arn(name)
    dead_letters.check_policies(context, arn, attributes, fifo=fifo)
    box = new_box(context, context.account, context.region)
    context.store.run(
        "INSERT INTO sqs_queue"
        " (account, region, name, box, created, modified, attributes, dead_letter_arn)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        *(context.account, context.region, name, box, context.now, context.now),
        *(orjson.dumps(attributes).decode(), dead_letters.target(attributes)),
    )
    if new_tags:
        tags.put(context, arn, new_tags)
    return {"QueueUrl": urls.write(context, context.account, name)}


def _checked_type(name: str, wanted: Attributes) -> bool:
    """Whether a new queue is FIFO; its name has to be of that kind."""
    fifo = wanted.get("FifoQueue")
    if fifo is not None and fifo.lower() == "true":
        if not _FIFO_NAME.fullmatch(name):
            raise errors.invalid(
                "The name of a FIFO queue can only include alphanumeric characters, hyphens, or"
                " underscores, must end with .fifo suffix and be 1 to 80 in length."
            )
        return True
    if fifo is not None:
        raise errors.unknown_attribute("FifoQueue")
    if not _NAME.fullmatch(name):
        raise errors.invalid(
            "Can only include alphanumeric characters, hyphens, or underscores. 1 to 80 in length"
        )
    return False


def _check_same(existing: Queue, wanted: Attributes, attributes: Attributes) -> None:
    for name in wanted:
        if attributes.get(name) is None:
            continue
        now = existing.attributes.get(name)
        if now is None:
            if name in attribute_rules.NUMBERS:
                now = str(attribute_rules.NUMBERS[name][0])
            elif name in attribute_rules.CHOICES:
                now = attribute_rules.CHOICES[name][0]
        if now != attributes[name]:
            raise Error(
                "QueueNameExists",
                "A queue already exists with the same name and a different value for attribute"
                f" {name}",
            )


def _check_recent(context: Context, name: str) -> None:
    if context.config.latency != "real":
        return
    deleted = context.store.value(
        "SELECT deleted FROM sqs_deleted_queue WHERE account = ? AND region = ? AND name = ?",
        *(context.account, context.region, name),
    )
    if deleted is not None and 0 <= context.now - deleted < AGAIN_SECONDS:
        raise Error(
            "QueueDeletedRecently",
            "You must wait 60 seconds after deleting a queue before you can create another with"
            " the same name.",
        )


def get_queue_url(context: Context, request: Members) -> Members:
    """The URL of a queue by its name, of another account's with QueueOwnerAWSAccountId."""
    account = request.get("QueueOwnerAWSAccountId") or context.account
    found = lookup.by_name(context, request["QueueName"], account=account)
    if found is None:
        raise errors.no_queue(context.protocol)
    return {"QueueUrl": urls.write(context, account, found.name)}


def list_queues(context: Context, request: Members) -> Members:
    """The queues' URLs in order of their names, at most 1,000; in pages only with MaxResults."""
    prefix = request.get("QueueNamePrefix") or ""
    most = listing.page_size(request)
    names = context.store.all(
        "SELECT name FROM sqs_queue WHERE account = ? AND region = ? AND name >= ? AND name < ?"
        " ORDER BY name LIMIT ?",
        *(context.account, context.region, listing.first(context, request, prefix)),
        *(prefix + "\U0010ffff", most + 1),
    )
    answer: Members = {}
    if names:
        answer["QueueUrls"] = [urls.write(context, context.account, n) for (n,) in names[:most]]
    if len(names) > most and "MaxResults" in request:
        answer["NextToken"] = pages.token(context, names[most - 1][0])
    return answer


def purge_queue(context: Context, request: Members) -> Members:
    """Throw away all messages of a queue, those in flight included; once a minute."""
    queue = lookup.find(context, request)
    now = context.now
    if queue.purged and 0 <= now - queue.purged < AGAIN_SECONDS:
        raise Error(
            "PurgeQueueInProgress",
            f"Only one PurgeQueue operation on {queue.name} is allowed every 60 seconds.",
        )
    box = new_box(context, queue.account, queue.region)
    context.store.run("UPDATE sqs_queue SET box = ?, purged = ? WHERE id = ?", box, now, queue.id)
    context.store.run("DELETE FROM sqs_attempt WHERE queue = ?", queue.id)
    lookup.forget(context)
    context.schedule("throw_away", {"box": queue.box}, at=now)
    context.changed(queue.topic)
    return {}


def delete_queue(context: Context, request: Members) -> Members:
    """End a queue with all its messages, whoever still has some of them in flight."""
    queue = lookup.find(context, request)
    store, now = context.store, context.now
    where = (queue.account, queue.region, queue.name)
    store.run("DELETE FROM sqs_queue WHERE id = ?", queue.id)
    store.run("DELETE FROM sqs_move_task WHERE account = ? AND region = ? AND source = ?", *where)
    store.run("DELETE FROM sqs_deleted_queue WHERE deleted < ?", now - AGAIN_SECONDS)
    store.run("INSERT OR REPLACE INTO sqs_deleted_queue VALUES (?, ?, ?, ?)", *where, now)
    tags.drop(context, queue.arn)
    lookup.forget(context)
    context.schedule("throw_away", {"box": queue.box, "queue": queue.id}, at=now)
    context.changed(queue.topic)
    return {}


def new_box(context: Context, account: str, region: str) -> int:
    """An empty box for a queue's messages."""
    made = context.store.run("INSERT INTO sqs_box (account, region) VALUES (?, ?)", account, region)
    assert made.lastrowid is not None
    return made.lastrowid
