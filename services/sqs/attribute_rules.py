"""The attributes of queues: which there are, their defaults, and what values they take."""

from collections.abc import Callable, Mapping
from typing import Any

import orjson

from protocols.errors import Error
from services.sqs import errors

Attributes = dict[str, str]
DAY_SECONDS = 86_400

# Attributes with a number: default, least, most.
NUMBERS: dict[str, tuple[int, int, int]] = {
    "DelaySeconds": (0, 0, 900),
    "KmsDataKeyReusePeriodSeconds": (300, 60, DAY_SECONDS),
    "MaximumMessageSize": (1_048_576, 1_024, 1_048_576),
    "MessageRetentionPeriod": (4 * DAY_SECONDS, 60, 14 * DAY_SECONDS),
    "ReceiveMessageWaitTimeSeconds": (0, 0, 20),
    "VisibilityTimeout": (30, 0, 43_200),
}
# Attributes with one of a few values; the first is the default.
CHOICES: dict[str, tuple[str, ...]] = {
    "ContentBasedDeduplication": ("false", "true"),
    "DeduplicationScope": ("queue", "messageGroup"),
    "FifoQueue": ("false", "true"),
    "FifoThroughputLimit": ("perQueue", "perMessageGroupId"),
    "SqsManagedSseEnabled": ("true", "false"),
}
OF_FIFO = ("ContentBasedDeduplication", "DeduplicationScope", "FifoThroughputLimit")
READ_ONLY = frozenset(
    {
        "All",
        "ApproximateNumberOfMessages",
        "ApproximateNumberOfMessagesDelayed",
        "ApproximateNumberOfMessagesNotVisible",
        "CreatedTimestamp",
        "LastModifiedTimestamp",
        "QueueArn",
    }
)
NAMES = frozenset(
    {
        *NUMBERS,
        *CHOICES,
        *READ_ONLY,
        "KmsMasterKeyId",
        "Policy",
        "RedriveAllowPolicy",
        "RedrivePolicy",
    }
)
_PERMISSIONS = ("allowAll", "denyAll", "byQueue")
MOST_RECEIVES = 1_000


def changed(current: Attributes, wanted: Mapping[str, str], *, fifo: bool) -> Attributes:
    """The attributes that result from setting some; an empty value puts an attribute back.

    Raises InvalidAttributeName, InvalidAttributeValue or InvalidParameterValue.
    """
    result = dict(current)
    for name, value in wanted.items():
        if name not in NAMES or name in READ_ONLY:
            raise errors.unknown_attribute(name)
        if not fifo:
            _check_standard(name)
        if value == "":
            result.pop(name, None)
            if name == "KmsMasterKeyId":
                result.pop("KmsDataKeyReusePeriodSeconds", None)
        else:
            result[name] = valid(name, value)
    _check_encryption(result, wanted)
    if result.get("FifoThroughputLimit") == "perMessageGroupId":
        _check_throughput(result)
    return result


def valid(name: str, value: str) -> str:
    """An attribute's value in the form in which it is kept. Raises the errors of `changed`."""
    if name in NUMBERS:
        _, least, most = NUMBERS[name]
        if not (value.isascii() and value.isdigit() and len(value) < 10):
            raise invalid_value(name)
        if not least <= int(value) <= most:
            raise invalid_value(name)
        return str(int(value))
    if name in CHOICES:
        known = {choice.lower(): choice for choice in CHOICES[name]}
        boolean = "true" in known
        found = known.get(value.lower()) if boolean else value
        if found not in CHOICES[name]:
            raise invalid_value(name)
        return found
    check = _DOCUMENTS.get(name)
    return value if check is None else check(value)


def invalid_value(name: str, reason: str = "") -> Error:
    """A value that an attribute can't have."""
    more = f" Reason: {reason}." if reason else ""
    return Error("InvalidAttributeValue", f"Invalid value for the parameter {name}.{more}")


def _check_standard(name: str) -> None:
    """FIFO's attributes on a standard queue, each refused in its own words."""
    if name in ("FifoQueue", "ContentBasedDeduplication"):
        raise errors.unknown_attribute(name)
    if name in OF_FIFO:
        message = f"You can specify the {name} only when FifoQueue is set to true."
        raise Error("InvalidAttributeName", message)


def _check_encryption(result: Attributes, wanted: Mapping[str, str]) -> None:
    """SSE-SQS and SSE-KMS exclude each other; naming a key switches SSE-SQS off."""
    if "KmsMasterKeyId" not in result:
        return
    if wanted.get("SqsManagedSseEnabled") == "true":
        raise Error(
            "InvalidAttributeName",
            "You can use one type of server-side encryption (SSE) at one time."
            " You can either enable KMS SSE or SQS SSE.",
        )
    result["SqsManagedSseEnabled"] = "false"


def _check_throughput(result: Attributes) -> None:
    if result.get("DeduplicationScope") != "messageGroup":
        raise invalid_value(
            "FifoThroughputLimit",
            "The perMessageGroupId value is allowed only when the value for DeduplicationScope is"
            " messageGroup",
        )


# attributes that are JSON ------------------------------------------------------------------------


def _policy(value: str) -> str:
    try:
        document = orjson.loads(value)
    except orjson.JSONDecodeError:
        raise invalid_value("Policy") from None
    statements = document.get("Statement") if isinstance(document, dict) else None
    listed = statements if isinstance(statements, list) else [statements]
    if not listed or not all(isinstance(statement, dict) for statement in listed):
        raise invalid_value("Policy")
    return value


def _redrive_policy(value: str) -> str:
    def wrong(reason: str) -> Error:
        return errors.invalid_value("RedrivePolicy", value, reason)

    policy = _json_map(value)
    if policy is None:
        raise wrong("Redrive policy is not a valid JSON map")
    for name in ("maxReceiveCount", "deadLetterTargetArn"):
        if name not in policy:
            raise wrong(f"Redrive policy does not contain mandatory attribute: {name}")
    if len(policy) > 2:
        raise wrong("Only following attributes supported: [deadLetterTargetArn, maxReceiveCount]")
    count = policy["maxReceiveCount"]
    number = _number(count)
    if number is None or not 1 <= number <= MOST_RECEIVES:
        shown = count if isinstance(count, str) else orjson.dumps(count).decode()
        raise wrong(
            f"Invalid value for maxReceiveCount: {shown}, valid values are from 1 to"
            f" {MOST_RECEIVES} both inclusive"
        )
    target = policy["deadLetterTargetArn"]
    if not isinstance(target, str) or len(target.split(":")) != 6:
        raise wrong(f"Invalid value for deadLetterTargetArn: {target}")
    return orjson.dumps({"deadLetterTargetArn": target, "maxReceiveCount": number}).decode()


def _redrive_allow_policy(value: str) -> str:
    def wrong(reason: str) -> Error:
        return errors.invalid_value("RedriveAllowPolicy", value, reason)

    policy = _json_map(value)
    if policy is None:
        raise wrong("Redrive allow policy is not a valid JSON map")
    permission, sources = policy.get("redrivePermission"), policy.get("sourceQueueArns")
    if permission is None:
        raise wrong("Redrive allow policy does not contain mandatory attribute: redrivePermission")
    if permission not in _PERMISSIONS:
        raise wrong(f"Invalid value for redrivePermission: {permission}")
    if (permission == "byQueue") != (sources is not None):
        raise wrong("sourceQueueArns must be specified only when redrivePermission is byQueue")
    if sources is not None and (
        not isinstance(sources, list)
        or not 1 <= len(sources) <= 10
        or not all(isinstance(arn, str) for arn in sources)
    ):
        raise wrong("sourceQueueArns must hold from 1 to 10 queue ARNs")
    return orjson.dumps(policy).decode()


def _json_map(value: str) -> dict[str, Any] | None:
    try:
        document = orjson.loads(value)
    except orjson.JSONDecodeError:
        return None
    return document if isinstance(document, dict) else None


def _number(value: Any) -> int | None:
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 10:
        return int(value)
    return value if type(value) is int else None


_DOCUMENTS: dict[str, Callable[[str], str]] = {
    "Policy": _policy,
    "RedriveAllowPolicy": _redrive_allow_policy,
    "RedrivePolicy": _redrive_policy,
}
