"""Tokens: temporary credentials for the caller, and for a user that the caller vouches for."""

from protocols.errors import Error
from runtime.context import Context, Members
from services.sts import sessions

DEFAULT_SECONDS = 43_200
MOST_ROOT_SECONDS = 3600
"""Sessions of an account's root last an hour, even when more is asked for."""


def get_session_token(context: Context, request: Members) -> Members:
    """Issue temporary credentials of the caller's own."""
    principal = context.principal
    _check_caller(context, "GetSessionToken")
    sessions.refuse_mfa(request)
    return {
        "Credentials": sessions.issue(
            context,
            arn=principal.arn,
            kind=principal.type,
            user_id=principal.user_id,
            account=principal.account,
            seconds=_seconds(context, request),
            session={},
        )
    }


def get_federation_token(context: Context, request: Members) -> Members:
    """Issue temporary credentials of a federated user, within the caller's rights."""
    _check_caller(context, "GetFederationToken")
    session = {**sessions.policies(request), **sessions.tags(context, request)}
    percent = sessions.packed_percent(session)
    name, account = request["Name"], context.principal.account
    arn = f"arn:{context.partition}:sts::{account}:federated-user/{name}"
    user_id = f"{account}:{name}"
    return {
        "Credentials": sessions.issue(
            context,
            arn=arn,
            kind="federated-user",
            user_id=user_id,
            account=account,
            seconds=_seconds(context, request),
            session={"issuer": context.principal.arn, "name": name, **session},
        ),
        "FederatedUser": {"Arn": arn, "FederatedUserId": user_id},
        "PackedPolicySize": percent,
    }


def _check_caller(context: Context, operation: str) -> None:
    principal = context.principal
    if principal.type == "anonymous":
        raise sessions.unsigned()
    if principal.access_key_id.startswith("ASIA") and principal.session:
        raise Error("AccessDenied", f"Cannot call {operation} with session credentials")


def _seconds(context: Context, request: Members) -> int:
    seconds: int = request.get("DurationSeconds", DEFAULT_SECONDS)
    return min(seconds, MOST_ROOT_SECONDS) if context.principal.type == "root" else seconds
