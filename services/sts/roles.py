"""Roles: assuming one, and assuming a member account's root."""

import base64
from hashlib import sha256

from protocols.errors import Error
from runtime import arns
from runtime.context import Context, Members
from services.sts import policies, sessions

DEFAULT_SECONDS = 3600
CHAINED_SECONDS = 3600
"""A role that is assumed by a role's session lasts no longer."""
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
    transitive tags and its source identity. Unlike on AWS an account's root may assume roles, since
    every test key is one.

    Partial: roles, their trust policies and MFA devices are not kept yet: every well-formed ARN is
    a role that trusts the caller, and every MFA code is right.
    """
    sessions.refuse_unsigned(context)
    if context.principal.type == "federated-user":
        raise sessions.denied("Cannot call AssumeRole with federation credentials")
    if request.get("ProvidedContexts"):
        raise Error(
            "InvalidContextAssertionException",
            "The provided context assertion was not issued by a trusted context provider.",
        )
    seconds = request.get("DurationSeconds", DEFAULT_SECONDS)
    if context.principal.type == "assumed-role" and seconds > CHAINED_SECONDS:
        raise sessions.invalid(
            "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by"
            " role chaining"
        )
    session = {
        **policies.of(request),
        **policies.requested_tags(context, request),
        **source_identity(context, request.get("SourceIdentity")),
        **sessions.mfa(request),
    }
    if "ExternalId" in request:
        session["external_id"] = request["ExternalId"]
    return session_of(context, request, request["RoleSessionName"], session, seconds)


def source_identity(context: Context, wanted: str | None) -> Members:
    """Who is behind a chain of sessions; once said, it stays."""
    before: str | None = context.principal.session.get("source_identity")
    if wanted is not None and wanted.lower().startswith("aws:"):
        raise sessions.invalid("Source identities that begin with aws: are reserved.")
    if before is not None and wanted not in (None, before):
        raise sessions.denied("The source identity of the calling session cannot be changed.")
    identity = before or wanted
    return {} if identity is None else {"source_identity": identity}


def session_of(
    context: Context, request: Members, name: str, session: Members, seconds: float
) -> Members:
    """A role's session and its credentials, in the form of every AssumeRole... answer."""
    role = find(request["RoleArn"])
    short = role.resource.rpartition("/")[2]
    percent = policies.packed_percent(session)
    assumed = f"arn:{role.partition}:sts::{role.account}:assumed-role/{short}/{name}"
    user_id = f"{role_id(str(role))}:{name}"
    answer = sessions.issue(
        context,
        request,
        arn=assumed,
        kind="assumed-role",
        user_id=user_id,
        account=role.account,
        seconds=seconds,
        session={"role": str(role), "name": name, **session},
    )
    answer["AssumedRoleUser"] = {"Arn": assumed, "AssumedRoleId": user_id}
    if percent:
        answer["PackedPolicySize"] = percent
    if "source_identity" in session:
        answer["SourceIdentity"] = session["source_identity"]
    return answer


def find(text: str) -> arns.Arn:
    """The role that an ARN names. Raises ValidationError when it can't name one."""
    found = arns.parse(text)
    if (
        found is None
        or found.service != "iam"
        or found.region
        or not found.resource.startswith("role/")
        or found.resource.endswith("/")
        or not is_account(found.account)
    ):
        raise sessions.invalid(f"{text} is invalid")
    return found


def is_account(text: str) -> bool:
    """Whether a text can be an account's id."""
    return len(text) == 12 and text.isascii() and text.isdecimal()


def role_id(arn: str) -> str:
    """A role's unique id (`AROA...`), the same for the same ARN."""
    return f"AROA{base64.b32encode(sha256(arn.encode()).digest()).decode()[:17]}"


def assume_root(context: Context, request: Members) -> Members:
    """Issue short-lived credentials of another account's root, for one kind of task.

    Partial: Organizations is not there, so that any account is taken for a member.
    """
    sessions.refuse_unsigned(context)
    account = request["TargetPrincipal"].removeprefix(f"arn:{context.partition}:iam::")
    account = account.removesuffix(":root")
    if not is_account(account):
        raise sessions.invalid(f"{request['TargetPrincipal']} is invalid")
    task = request["TaskPolicyArn"].get("arn", "")
    prefix = f"arn:{context.partition}:iam::aws:policy/root-task/"
    if not task.startswith(prefix) or task.removeprefix(prefix) not in _TASKS:
        raise sessions.invalid(f"{task} is not a root task policy.")
    inherited = source_identity(context, None)
    answer = sessions.issue(
        context,
        request,
        arn=f"arn:{context.partition}:iam::{account}:root",
        kind="root",
        user_id=account,
        account=account,
        seconds=request.get("DurationSeconds", MOST_ROOT_SECONDS),
        session={"policy_arns": [task], **inherited},
    )
    if inherited:
        answer["SourceIdentity"] = inherited["source_identity"]
    return answer
