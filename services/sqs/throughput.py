"""How many calls a second a FIFO queue takes, with `limits: enforce`.

A queue takes 300 calls of each kind; one of high throughput takes 300 sends for each message group.
A batch is one call.
"""

from protocols.errors import Error
from runtime import limits
from runtime.context import Context
from services.sqs.lookup import Queue

CALLS_PER_SECOND = 300.0


def check(context: Context, queue: Queue, kind: str, group: str = "") -> None:
    """Count a call on a FIFO queue. Raises RequestThrottled for one too many."""
    if context.config.limits != "enforce" or not queue.fifo:
        return
    if queue.group_throughput:
        if not group:
            return
        key = f"{queue.id}/{kind}/{group}"
    else:
        key = f"{queue.id}/{kind}"
    if not limits.take(context, "sqs.fifo", key, CALLS_PER_SECOND, CALLS_PER_SECOND):
        raise Error("RequestThrottled", "The request was denied due to request throttling.")
