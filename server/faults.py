"""Faults: what a rule of the control API does to a request it strikes."""

from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Any

from protocols.errors import Error
from protocols.http import FileRange, Reply
from runtime.context import Context, Members
from runtime.faults import Fault

if TYPE_CHECKING:
    from runtime.runtime import Runtime

_NAMING = ("Arn", "Name", "Id", "Url", "Key")
_FIRST = ("QueueUrl", "Bucket", "TableName", "StreamName", "FunctionName", "TopicArn", "KeyId")
_THROTTLED = {
    "sqs": ("RequestThrottled", "The request was denied due to request throttling.", 403),
    "s3": ("SlowDown", "Please reduce your request rate.", 503),
    "dynamodb": (
        "ProvisionedThroughputExceededException",
        "The level of configured provisioned throughput for the table was exceeded. Consider"
        " increasing your provisioning level with the UpdateTable API.",
        400,
    ),
    "kinesis": (
        "ProvisionedThroughputExceededException",
        "Rate exceeded for shard.",
        400,
    ),
    "ec2": ("RequestLimitExceeded", "Request limit exceeded.", 503),
    "lambda": ("TooManyRequestsException", "Rate Exceeded.", 429),
}


async def strike(runtime: "Runtime", context: Context, members: Members) -> Fault | None:
    """Do what the rule says that strikes this request, if one does.

    Raises the error that it wants. Answers a rule whose effect is on the connection: `drop`,
    `truncate`.
    """
    rule = runtime.faults.find(
        context.service, context.operation, context.account, context.region, resource(members)
    )
    if rule is None:
        return None
    if rule.action == "error":
        value = rule.value
        raise Error(value["code"], value["message"], status=value["status"])
    if rule.action == "throttle":
        raise throttled(context)
    if rule.action == "latency_ms":
        await runtime.scheduler.pause(rule.value / 1000)
        context.restart_clock()
        return None
    return rule


def throttled(context: Context) -> Error:
    """The error by which this service tells clients to slow down."""
    found = _THROTTLED.get(context.service)
    if found is not None:
        code, message, status = found
        return Error(code, message, status=status)
    code = "Throttling" if context.protocol == "query" else "ThrottlingException"
    return Error(code, "Rate exceeded", status=400)


def dropped() -> Error:
    """What the journal says of a request whose connection was closed without an answer."""
    return Error("ConnectionDropped", "A fault rule of fogbank closed the connection.", status=500)


def resource(members: Members) -> str:
    """What a request is about, as a rule's `resource` sees it: a queue's name, `bucket/key`, ..."""
    for name in _FIRST:
        value = members.get(name)
        if isinstance(value, str):
            if name == "QueueUrl":
                return value.rpartition("/")[2]
            if name == "Bucket" and isinstance(members.get("Key"), str):
                return f"{value}/{members['Key']}"
            return value
    for name, value in members.items():
        if isinstance(value, str) and name.endswith(_NAMING):
            return value
    return ""


def truncated(reply: Reply, rule: Fault) -> Reply:
    """A reply that promises its whole body and breaks off: after half of it, or so many bytes."""
    reply.body = _broken_off(reply, rule.value)
    return reply


def _broken_off(reply: Reply, limit: Any) -> AsyncIterator[bytes]:
    body = reply.body
    if isinstance(body, FileRange):
        body.file.seek(body.offset)
        content, size = body.file.read(min(body.size, 1024 * 1024)), body.size
        body.close()
    elif isinstance(body, bytes):
        content, size = body, len(body)
        if not any(name == b"content-length" for name, _ in reply.headers):
            reply.headers.append((b"content-length", b"%d" % size))
    else:
        content = b""

    async def pieces() -> AsyncIterator[bytes]:
        yield content[: len(content) // 2 if limit is True else limit]
        raise ConnectionAbortedError("a fault rule breaks this answer off")

    return pieces()
