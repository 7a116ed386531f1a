"""Dead letters: redrive policies, and messages that were received too often."""

from collections.abc import Sequence
from typing import Any

import orjson

from runtime import pages
from runtime.context import Context, Members
from services.sqs import boxes, errors, listing, lookup, urls
from services.sqs.attribute_rules import Attributes
from services.sqs.lookup import Queue
from services.sqs.received import Row


def list_dead_letter_source_queues(context: Context, request: Members) -> Members:
    """The queues that give up their messages to this one, in order of their names."""
    queue = lookup.find(context, request)
    most = listing.page_size(request)
    names = context.store.all(
        "SELECT name FROM sqs_queue WHERE dead_letter_arn = ? AND name > ? ORDER BY name LIMIT ?",
        *(queue.arn, listing.after(context, request), most + 1),
    )
    answer: Members = {
        "queueUrls": [urls.write(context, queue.account, name) for (name,) in names[:most]]
    }
    if len(names) > most and "MaxResults" in request:
        answer["NextToken"] = pages.token(context, names[most - 1][0])
    return answer


def target(attributes: Attributes) -> str | None:
    """The ARN of the dead-letter queue that a queue's attributes name."""
    policy = attributes.get("RedrivePolicy")
    if policy is None:
        return None
    arn: str = orjson.loads(policy)["deadLetterTargetArn"]
    return arn


def check_policies(context: Context, arn: str, attributes: Attributes, *, fifo: bool) -> None:
    """Whether a queue may have its redrive policy: the target is there, of its kind, and agrees.

    Raises InvalidParameterValue.
    """
    wanted = target(attributes)
    if wanted is None:
        return
    policy = attributes["RedrivePolicy"]
    found = lookup.by_arn(context, wanted)
    if found is None or found.account != arn.split(":")[4]:
        reason = "Dead letter target does not exist"
        raise errors.invalid_value("RedrivePolicy", policy, reason)
    if found.fifo != fifo:
        reason = "Dead-letter queue must be same type of queue as the source"
        raise errors.invalid_value("RedrivePolicy", policy, reason)
    if not _allows(found, arn):
        reason = f"Redrive allow policy of {found.name} does not allow the source queue"
        raise errors.invalid_value("RedrivePolicy", policy, reason)


def _allows(queue: Queue, source_arn: str) -> bool:
    """Whether a dead-letter queue's RedriveAllowPolicy admits a source."""
    text = queue.attributes.get("RedriveAllowPolicy")
    if text is None:
        return True
    policy: dict[str, Any] = orjson.loads(text)
    permission = policy["redrivePermission"]
    return permission == "allowAll" or (
        permission == "byQueue" and source_arn in policy["sourceQueueArns"]
    )


def give_up(context: Context, queue: Queue, rows: Sequence[Row]) -> bool:
    """Carry messages that were received too often to the dead-letter queue; False if it is gone."""
    assert queue.dead_letter_arn is not None
    found = lookup.by_arn(context, queue.dead_letter_arn)
    if found is None or found.fifo != queue.fifo:
        return False
    moved = [(row.id, row.message_group, row.lane) for row in rows]
    boxes.move(context, queue, found, moved, anew=False)
    return True
