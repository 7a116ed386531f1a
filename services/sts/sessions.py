"""Sessions: issuing temporary credentials, and what is common to all who ask for them.

Sessions are kept with their credentials (`runtime.credentials`), and end with them on the virtual
clock. What is kept of a session, for policies and for the sessions that it makes in turn:

    name, role, issuer      the session's name, the role's ARN, the ARN of the user who vouched
    policy, policy_arns     session policies
    scoped_policies         those that GetScopedCredentials added, one over the other
    tags, transitive_tag_keys, source_identity, external_id, mfa, provider
    issued, expires         virtual epoch seconds
"""

from protocols.errors import Error
from runtime import credentials
from runtime.context import Context, Members

MOST_TOKEN_BYTES = 4096
"""How long a session token may be; also the longest that can be asked for."""


def invalid(message: str) -> Error:
    """A parameter that can't be, whatever the model allows."""
    return Error("ValidationError", message)


def denied(message: str) -> Error:
    """Something that this caller may not do."""
    return Error("AccessDenied", message)


def refuse_unsigned(context: Context) -> None:
    """Raises MissingAuthenticationToken when nobody signed the request."""
    if context.principal.type == "anonymous":
        raise Error("MissingAuthenticationToken", "Request is missing Authentication Token")


def is_temporary(context: Context) -> bool:
    """Whether the caller's own credentials are a session's."""
    return "expires" in context.principal.session


def mfa(request: Members) -> Members:
    """The MFA device that the caller says to have. Raises AccessDenied for half of what it takes.

    Devices are not kept here, so that any serial number has one and any code is right.
    """
    if ("SerialNumber" in request) != ("TokenCode" in request):
        raise denied(
            "MultiFactorAuthentication failed, must provide both MFA serial number and one time"
            " pass code."
        )
    return {"mfa": request["SerialNumber"]} if "SerialNumber" in request else {}


def real_moment(context: Context, moment: float, issued: float | None) -> float:
    """When something that was made elsewhere, in real time, ends in virtual time.

    What was made before the clock was moved on is as old as the clock says; what was made since is
    not born expired. Tokens and assertions are dated in whole seconds, as signatures are.
    """
    dated = context.runtime.clock.dated
    return dated(moment) if issued is None else dated(issued) + moment - issued


def issue(
    context: Context,
    request: Members,
    *,
    arn: str,
    kind: str,
    user_id: str,
    account: str,
    seconds: float,
    session: Members,
) -> Members:
    """New temporary credentials, and how long their token is for those who ask about that."""
    least = request.get("MinimumSessionTokenSize", 0)
    made = credentials.issue(
        context,
        arn=arn,
        kind=kind,
        user_id=user_id,
        account=account,
        seconds=seconds,
        session={**session, "issued": context.now, "expires": context.now + seconds},
        token_size=least,
    )
    assert made.token is not None
    answer: Members = {
        "Credentials": {
            "AccessKeyId": made.access_key_id,
            "SecretAccessKey": made.secret,
            "SessionToken": made.token,
            "Expiration": int(context.now + seconds),
        }
    }
    if "MinimumSessionTokenSize" in request:
        answer |= token_size(made.token)
    return answer


def token_size(token: str) -> Members:
    """How long a token is, in bytes and as a percentage of what it may be."""
    size = len(token)
    return {
        "SessionTokenSize": size,
        "SessionTokenUtilization": min(100, -(-size * 100 // MOST_TOKEN_BYTES)),
    }
