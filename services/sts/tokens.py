"""Tokens: temporary credentials for the caller, and for a user that the caller vouches for."""

from runtime.context import Context, Members
from services.sts import policies, sessions

DEFAULT_SECONDS = 43_200
MOST_ROOT_SECONDS = 3600
"""Sessions of an account's root last an hour, even when more is asked for."""


def get_session_token(context: Context, request: Members) -> Members:
    """Issue temporary credentials of the caller's own.

    Partial: MFA devices are not kept yet, every code is right.
    """
    _refuse_sessions(context, "GetSessionToken")
    principal = context.principal
    return sessions.issue(
        context,
        request,
        arn=principal.arn,
        kind=principal.type,
        user_id=principal.user_id,
        account=principal.account,
        seconds=_seconds(context, request),
        session=sessions.mfa(request),
    )


def get_federation_token(context: Context, request: Members) -> Members:
    """Issue temporary credentials of a federated user, within the caller's rights.

    Unlike the answers about roles this one says how much room policies and tags take even when
    there are none.
    """
    _refuse_sessions(context, "GetFederationToken")
    session = {**policies.of(request), **policies.requested_tags(context, request)}
    percent = policies.packed_percent(session)
    name, account = request["Name"], context.principal.account
    arn = f"arn:{context.partition}:sts::{account}:federated-user/{name}"
    user_id = f"{account}:{name}"
    answer = sessions.issue(
        context,
        request,
        arn=arn,
        kind="federated-user",
        user_id=user_id,
        account=account,
        seconds=_seconds(context, request),
        session={"issuer": context.principal.arn, "name": name, **session},
    )
    answer["FederatedUser"] = {"Arn": arn, "FederatedUserId": user_id}
    answer["PackedPolicySize"] = percent
    return answer


def _refuse_sessions(context: Context, operation: str) -> None:
    sessions.refuse_unsigned(context)
    if sessions.is_temporary(context):
        raise sessions.denied(f"Cannot call {operation} with session credentials")


def _seconds(context: Context, request: Members) -> int:
    seconds: int = request.get("DurationSeconds", DEFAULT_SECONDS)
    return min(seconds, MOST_ROOT_SECONDS) if context.principal.type == "root" else seconds
