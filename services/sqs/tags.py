"""Cost allocation tags of queues."""

from collections.abc import Mapping

from runtime import tags
from runtime.context import Context, Members
from services.sqs import errors, lookup


def tag_queue(context: Context, request: Members) -> Members:
    """Add tags to a queue; a key that is there gets the new value."""
    queue = lookup.find(context, request)
    wanted = request["Tags"]
    if not wanted:
        raise errors.missing("Tags")
    check(queue.name, wanted, tags.of(context, queue.arn))
    tags.put(context, queue.arn, wanted)
    return {}


def untag_queue(context: Context, request: Members) -> Members:
    """Take tags from a queue; keys that it doesn't have are no error."""
    queue = lookup.find(context, request)
    if not request["TagKeys"]:
        raise errors.missing("TagKeys")
    tags.remove(context, queue.arn, request["TagKeys"])
    return {}


def list_queue_tags(context: Context, request: Members) -> Members:
    """A queue's tags; no Tags at all where there are none."""
    found = tags.of(context, lookup.find(context, request).arn)
    return {"Tags": found} if found else {}


def check(name: str, new: Mapping[str, str], existing: Mapping[str, str] | None = None) -> None:
    """Hold tags against AWS's rules. Raises InvalidParameterValue."""
    if len({*new, *(existing or ())}) > tags.MOST_TAGS:
        raise errors.invalid(f"Too many tags added for queue {name}.")
    tags.check(new, code="InvalidParameterValueException")
