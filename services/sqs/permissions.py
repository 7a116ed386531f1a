"""Permissions: statements in a queue's policy, one for each label."""

import re
from typing import Any

import orjson

from protocols.errors import Error
from runtime.context import Context, Members
from services.sqs import attributes, errors, lookup
from services.sqs.lookup import Queue

_LABEL = re.compile(r"[A-Za-z0-9_-]{1,80}")
_ACCOUNT = re.compile(r"[0-9]{12}")
_ACTIONS = frozenset(
    {
        "*",
        "ChangeMessageVisibility",
        "DeleteMessage",
        "GetQueueAttributes",
        "GetQueueUrl",
        "ListDeadLetterSourceQueues",
        "PurgeQueue",
        "ReceiveMessage",
        "SendMessage",
    }
)
MOST_ACTIONS = 7


def add_permission(context: Context, request: Members) -> Members:
    """Let other accounts do some actions on a queue, by a statement named after the label."""
    queue = lookup.find(context, request)
    label = request["Label"]
    _check(request)
    policy = _policy(queue)
    if any(statement.get("Sid") == label for statement in policy["Statement"]):
        raise errors.invalid_value("Label", label, "Already exists")
    principals = [f"arn:{context.partition}:iam::{a}:root" for a in request["AWSAccountIds"]]
    actions = [f"SQS:{action}" for action in request["Actions"]]
    policy["Statement"].append(
        {
            "Sid": label,
            "Effect": "Allow",
            "Principal": {"AWS": _plain(principals)},
            "Action": _plain(actions),
            "Resource": queue.arn,
        }
    )
    _save(context, queue, policy)
    return {}


def remove_permission(context: Context, request: Members) -> Members:
    """Take the statement of a label out of a queue's policy."""
    queue = lookup.find(context, request)
    label = request["Label"]
    policy = _policy(queue)
    left = [statement for statement in policy["Statement"] if statement.get("Sid") != label]
    if len(left) == len(policy["Statement"]):
        raise errors.invalid_value("Label", label, "can't find label")
    policy["Statement"] = left
    _save(context, queue, policy)
    return {}


def _check(request: Members) -> None:
    label, accounts, actions = request["Label"], request["AWSAccountIds"], request["Actions"]
    if not _LABEL.fullmatch(label):
        reason = (
            "Can only include alphanumeric characters, hyphens, or underscores. 1 to 80 in length"
        )
        raise errors.invalid_value("Label", label, reason)
    if not actions:
        raise errors.missing("Actions")
    if not accounts or not all(_ACCOUNT.fullmatch(account) for account in accounts):
        shown = f"[{', '.join(accounts)}]"
        raise errors.invalid_value("PrincipalId", shown, "Unable to verify")
    if len(actions) > MOST_ACTIONS:
        message = f"{len(actions)} Actions were found, maximum allowed is {MOST_ACTIONS}."
        raise Error("OverLimit", message)
    for action in actions:
        if action not in _ACTIONS:
            reason = "Please refer to the appropriate WSDL for a list of valid actions"
            raise errors.invalid_value("ActionName", f"SQS:{action}", reason)


def _plain(values: list[str]) -> str | list[str]:
    """One value stands by itself in a policy."""
    return values[0] if len(values) == 1 else values


def _policy(queue: Queue) -> dict[str, Any]:
    """The queue's policy, or an empty one as SQS begins it."""
    text = queue.attributes.get("Policy")
    if text is None:
        return {
            "Version": "2008-10-17",
            "Id": f"{queue.arn}/SQSDefaultPolicy",
            "Statement": [],
        }
    policy: dict[str, Any] = orjson.loads(text)
    if not isinstance(policy["Statement"], list):
        policy["Statement"] = [policy["Statement"]]
    return policy


def _save(context: Context, queue: Queue, policy: dict[str, Any]) -> None:
    changed = dict(queue.attributes)
    if policy["Statement"]:
        changed["Policy"] = orjson.dumps(policy).decode()
    else:
        del changed["Policy"]
    attributes.save(context, queue, changed)
