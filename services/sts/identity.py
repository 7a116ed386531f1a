"""Identity: who calls, whose a key is, and why something was denied."""

from protocols.errors import Error
from runtime import credentials, denials
from runtime.context import Context, Members
from services.sts import sessions


def get_caller_identity(context: Context, request: Members) -> Members:
    """Answer who signed the request: root, a role's session or a federated user."""
    principal = context.principal
    if principal.type == "anonymous":
        sessions.refuse_unsigned(context)
    return {"UserId": principal.user_id, "Account": principal.account, "Arn": principal.arn}


def get_access_key_info(context: Context, request: Members) -> Members:
    """Answer whose account a key is of; one that nothing here issued is the default account's."""
    sessions.refuse_unsigned(context)
    found = credentials.find(context.store, request["AccessKeyId"])
    account = context.config.default_account if found is None else found.principal.account
    return {"Account": account}


def decode_authorization_message(context: Context, request: Members) -> Members:
    """Say why a request was denied, from the message that the denial came with.

    Only messages that this server made for the caller's account can be read.
    """
    sessions.refuse_unsigned(context)
    document = denials.decode(context, request["EncodedMessage"])
    if document is None:
        raise Error("InvalidAuthorizationMessageException", "Invalid EncodedMessage")
    return {"DecodedMessage": document}
