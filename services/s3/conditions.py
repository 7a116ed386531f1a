"""Conditions: If-Match and its relatives, on reads, writes, copies and deletes.

                      holds          does not hold
If-Match              go on          412 (and If-Unmodified-Since is not asked)
If-Unmodified-Since   go on          412
If-None-Match         go on          304, 412 for copies (and If-Modified-Since is not asked)
If-Modified-Since     go on          304, 412 for copies
"""

from protocols.errors import Error
from runtime.context import Context, Members
from services.s3 import errors

NOT_MODIFIED = 304


def tag(text: str) -> str:
    """An entity tag without its quotes, which S3 does not insist on."""
    text = text.strip()
    if text.startswith("W/"):
        text = text[2:]
    return text.strip('"')


def _names(header: str, etag: str) -> bool:
    """Whether a header's list of entity tags names this one."""
    return header.strip() == "*" or any(tag(item) == etag for item in header.split(","))


def check_read(context: Context, request: Members, etag: str, modified: int) -> int:
    """0 when the object is to be sent, 304 when the client has it already.

    Raises PreconditionFailed.
    """
    match, unmodified = request.get("IfMatch"), request.get("IfUnmodifiedSince")
    if match is not None:
        if not _names(match, etag):
            raise errors.precondition_failed("If-Match")
    elif unmodified is not None and modified > unmodified:
        raise errors.precondition_failed("If-Unmodified-Since")
    none, since = request.get("IfNoneMatch"), request.get("IfModifiedSince")
    if none is not None:
        return NOT_MODIFIED if _names(none, etag) else 0
    # A date in the future is none: RFC 9110, 13.1.3.
    if since is not None and modified <= since <= context.now:
        return NOT_MODIFIED
    return 0


def check_source(context: Context, request: Members, etag: str, modified: int) -> None:
    """Whether a copy's source is as the client wants it. Raises PreconditionFailed."""
    match = request.get("CopySourceIfMatch")
    unmodified = request.get("CopySourceIfUnmodifiedSince")
    if match is not None:
        if not _names(match, etag):
            raise errors.precondition_failed("x-amz-copy-source-If-Match")
    elif unmodified is not None and modified > unmodified:
        raise errors.precondition_failed("x-amz-copy-source-If-Unmodified-Since")
    none = request.get("CopySourceIfNoneMatch")
    since = request.get("CopySourceIfModifiedSince")
    if none is not None:
        if _names(none, etag):
            raise errors.precondition_failed("x-amz-copy-source-If-None-Match")
    elif since is not None and modified <= since <= context.now:
        raise errors.precondition_failed("x-amz-copy-source-If-Modified-Since")


def check_write(request: Members, key: str, current: str | None) -> None:
    """Whether a key may be written, `current` being the entity tag of what is there.

    Raises PreconditionFailed, NoSuchKey for If-Match on nothing, NotImplemented for what S3 does
    not take here.
    """
    match, none = request.get("IfMatch"), request.get("IfNoneMatch")
    if match is None and none is None:
        return
    if match is not None and none is not None:
        raise errors.not_implemented(
            "If-Match,If-None-Match", "Multiple conditional request headers present in the request"
        )
    if none is not None:
        if none.strip() != "*":
            raise _not_accepted("If-None-Match")
        if current is not None:
            raise errors.precondition_failed("If-None-Match")
        return
    assert match is not None
    if match.strip() == "*":
        raise _not_accepted("If-Match")
    if current is None:
        raise errors.no_such_key(key)
    if tag(match) != current:
        raise errors.precondition_failed("If-Match")


def _not_accepted(header: str) -> Error:
    return errors.not_implemented(
        header, f"We don't accept the provided value of {header} header for this API"
    )


def conflict(key: str, condition: str) -> Error:
    """The key was written between the upload's beginning and its end."""
    return Error(
        "ConditionalRequestConflict",
        "The conditional request cannot succeed due to a conflicting operation against this "
        "resource.",
        Condition=condition,
        Key=key,
    )


def check_delete(match: str | None, key: str, current: str | None) -> None:
    """Whether a key may be deleted. Raises PreconditionFailed, NoSuchKey for a tag of nothing."""
    if match is None:
        return
    if current is None:
        if match.strip() == "*":
            raise errors.precondition_failed("If-Match")
        raise errors.no_such_key(key)
    if not _names(match, current):
        raise errors.precondition_failed("If-Match")
