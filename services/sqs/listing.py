"""Lists of queues in pages: only a request with MaxResults gets a token for more."""

from runtime import pages
from runtime.context import Context, Members
from services.sqs import errors

MOST = 1_000


def page_size(request: Members) -> int:
    """How many a list may answer with. Raises InvalidParameterValue beyond 1 to 1,000."""
    most: int = request.get("MaxResults", MOST)
    if not 1 <= most <= MOST:
        reason = f"Must be between 1 and {MOST}, if provided"
        raise errors.invalid_value("MaxResults", most, reason)
    return most


def first(context: Context, request: Members, prefix: str) -> str:
    """The first name that a page of names with a prefix may have."""
    last = after(context, request)
    return max(prefix, last + "\0") if last else prefix


def after(context: Context, request: Members) -> str:
    """The name after which a page begins. Raises InvalidParameterValue for a foreign token."""
    token = request.get("NextToken")
    if not token:
        return ""
    (name,) = pages.cursor(context, token, error=errors.invalid("Invalid or expired next token."))
    return str(name)
