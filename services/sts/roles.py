"""Roles: assuming one, and assuming a member account's root."""

import base64
from hashlib import sha256

from protocols.errors import Error
from runtime import arns
from runtime.context import Context, Members
from services.sts import sessions

MOST_ROOT_SECONDS = 900
_TASKS = frozenset(
    {
        "IAMAuditRootUserCredentials",
        "IAMCreateRootUserPassword",
        "IAMDeleteRootUserCredentials",
        "S3UnlockBucketPolicy",
        "SQSUnlockQueuePolicy",
    }
)
"""The policies that say what a session of another account's root is for."""


def assume_role(context: Context, request: Members) -> Members:
    """Issue credentials of a session of a role.

    Sessions that a role's session makes (chaining) last an hour at most, and take over its
    transitive tags and its source identity.

    Partial: roles and their trust policies are not kept yet, every well-formed ARN is a role.
    """
    if context.principal.type == "anonymous":
        raise sessions.unsigned()
    sessions.refuse_mfa(request)
    chained = context.principal.type == "assumed-role"
    seconds = request.get("DurationSeconds", 3600)
    if chained and seconds > sessions.CHAINED_SECONDS:
        raise sessions.invalid(
            "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by"
            " role chaining"
        )
    session = {**sessions.policies(request), **sessions.tags(context, request)}
    identity = _source_identity(context, request.get("SourceIdentity"))
    if identity is not None:
        session["source_identity"] = identity
    if "ExternalId" in request:
        session["external_id"] = request["ExternalId"]
    return session_of(context, request, session, seconds)


def _source_identity(context: Context, wanted: str | None) -> str | None:
    """Who is behind a chain of sessions; once said, it stays."""
    set_before: str | None = context.principal.session.get("source_identity")
    if set_before is not None and wanted not in (None, set_before):
        raise Error(
            "AccessDenied",
            "The source identity of the calling session cannot be changed.",
        )
    return set_before or wanted


def session_of(context: Context, request: Members, session: Members, seconds: int) -> Members:
    """A role's session and its credentials, in the form of every AssumeRole... answer."""
    role = _role(request["RoleArn"])
    name = request["RoleSessionName"]
    path = role.resource.removeprefix("role/")
    short = path.rpartition("/")[2]
    percent = sessions.packed_percent(session)
    assumed = f"arn:{role.partition}:sts::{role.account}:assumed-role/{short}/{name}"
    user_id = f"{role_id(str(role))}:{name}"
    answer: Members = {
        "Credentials": sessions.issue(
            context,
            arn=assumed,
            kind="assumed-role",
            user_id=user_id,
            account=role.account,
            seconds=seconds,
            session={"role": str(role), "name": name, **session},
        ),
        "AssumedRoleUser": {"Arn": assumed, "AssumedRoleId": user_id},
    }
    if percent:
        answer["PackedPolicySize"] = percent
    if "source_identity" in session:
        answer["SourceIdentity"] = session["source_identity"]
    return answer


def _role(text: str) -> arns.Arn:
    found = arns.parse(text)
    if (
        found is None
        or found.service != "iam"
        or not found.resource.startswith("role/")
        or found.resource.endswith("/")
        or not (len(found.account) == 12 and found.account.isdecimal())
    ):
        raise sessions.invalid(f"{text} is invalid")
    return found


def role_id(arn: str) -> str:
    """A role's unique id (`AROA...`), the same for the same ARN."""
    return f"AROA{base64.b32encode(sha256(arn.encode()).digest()).decode()[:17]}"


def assume_root(context: Context, request: Members) -> Members:
    """Issue short-lived credentials of another account's root, for one kind of task.

    Partial: Organizations is not there, so that any account is taken for a member.
    """
    if context.principal.type == "anonymous":
        raise sessions.unsigned()
    account = request["TargetPrincipal"].removeprefix(f"arn:{context.partition}:iam::")
    account = account.removesuffix(":root")
    if not (len(account) == 12 and account.isdecimal()):
        raise sessions.invalid(f"{request['TargetPrincipal']} is invalid")
    task = request["TaskPolicyArn"].get("arn", "")
    if task.rpartition("/")[2] not in _TASKS:
        raise sessions.invalid(f"{task} is not a root task policy.")
    seconds = request.get("DurationSeconds", MOST_ROOT_SECONDS)
    if seconds > MOST_ROOT_SECONDS:
        raise sessions.invalid(
            "The requested DurationSeconds exceeds the limit of 900 seconds for AssumeRoot"
        )
    return {
        "Credentials": sessions.issue(
            context,
            arn=f"arn:{context.partition}:iam::{account}:root",
            kind="root",
            user_id=account,
            account=account,
            seconds=seconds,
            session={"policy_arns": [task]},
        )
    }
