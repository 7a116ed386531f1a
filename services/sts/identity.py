"""Identity: who calls, and whose a key is."""

from protocols.errors import Error
from runtime import credentials
from runtime.context import Context, Members
from services.sts import sessions


def get_caller_identity(context: Context, request: Members) -> Members:
    """Answer who signed the request: root, a role's session or a federated user."""
    principal = context.principal
    if principal.type == "anonymous":
        raise sessions.unsigned()
    return {"UserId": principal.user_id, "Account": principal.account, "Arn": principal.arn}


def get_access_key_info(context: Context, request: Members) -> Members:
    """Answer whose account a key is of; one that nothing here issued is the default account's."""
    found = credentials.find(context.store, request["AccessKeyId"])
    account = context.config.default_account if found is None else found.principal.account
    return {"Account": account}


def decode_authorization_message(context: Context, request: Members) -> Members:
    """Say why a request was denied, from the message that the denial came with.

    Partial: no denial is encoded here as policies are not evaluated, so that each message is
    another's and refused.
    """
    raise Error("InvalidAuthorizationMessageException", "Invalid EncodedMessage")
