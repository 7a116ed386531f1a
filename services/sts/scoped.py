"""Scoped credentials: the caller's own session, with less rights or a nearer end."""

from protocols.errors import Error
from runtime.context import Context, Members
from services.sts import policies, sessions

MOST_POLICIES = 3
"""How many scope-down policies can lie over each other."""


def get_scoped_credentials(context: Context, request: Members) -> Members:
    """Issue credentials of the calling session with one policy more over it, or a nearer end.

    Who calls stays who calls; each call adds a layer, and none can be taken off.
    """
    sessions.refuse_unsigned(context)
    principal, session = context.principal, context.principal.session
    if not sessions.is_temporary(context):
        raise Error(
            "InvalidSubjectCredentialsException",
            "GetScopedCredentials must be called with temporary security credentials.",
        )
    policy, seconds = request.get("Policy"), request.get("DurationSeconds")
    if policy is None and seconds is None:
        raise sessions.invalid("At least one of Policy or DurationSeconds must be provided.")
    left = session["expires"] - context.now
    if seconds is not None and seconds > left:
        raise Error(
            "InsufficientSessionLifetimeException",
            "The requested DurationSeconds exceeds the remaining lifetime of the calling session.",
        )
    layers: list[str] = [*session.get("scoped_policies", ())]
    if policy is not None:
        if len(layers) == MOST_POLICIES:
            raise sessions.denied(
                f"The calling session already has {MOST_POLICIES} scope-down policies."
            )
        policies.check(policy)
        policies.packed_percent({"policy": policy, "tags": session.get("tags", {})})
        layers.append(policy)
    answer = sessions.issue(
        context,
        request,
        arn=principal.arn,
        kind=principal.type,
        user_id=principal.user_id,
        account=principal.account,
        seconds=left if seconds is None else seconds,
        session={**session, "scoped_policies": layers},
    )
    answer |= sessions.token_size(answer["Credentials"]["SessionToken"])
    answer["SessionInfo"] = {"ScopedSessionId": principal.user_id, "Arn": principal.arn}
    answer["ScopedPoliciesCount"] = len(layers)
    if "source_identity" in session:
        answer["SourceIdentity"] = session["source_identity"]
    return answer
