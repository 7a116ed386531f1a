"""Cross-origin requests: which web pages' scripts may call AWS here, and what they may see of it.

On AWS most services allow any origin, as a signature is what counts; so do we unless told otherwise
(`cors_origins`). The control API has a stricter rule of its own.
"""

from protocols.http import Reply, Request
from runtime.settings import Settings

Headers = list[tuple[bytes, bytes]]

_METHODS = b"GET, HEAD, POST, PUT, DELETE, PATCH, OPTIONS"
_MAX_AGE_SECONDS = b"7200"  # browsers keep it no longer
_EXPOSED = b", ".join(
    (
        b"*",  # all of them, x-amz-meta-* too, unless the script sends cookies along
        b"accept-ranges",
        b"content-length",
        b"content-range",
        b"content-type",
        b"date",
        b"etag",
        b"last-modified",
        b"location",
        b"x-amz-bucket-region",
        b"x-amz-checksum-crc32",
        b"x-amz-checksum-crc32c",
        b"x-amz-checksum-crc64nvme",
        b"x-amz-checksum-sha1",
        b"x-amz-checksum-sha256",
        b"x-amz-delete-marker",
        b"x-amz-id-2",
        b"x-amz-request-id",
        b"x-amz-server-side-encryption",
        b"x-amz-version-id",
        b"x-amzn-errortype",
        b"x-amzn-query-error",
        b"x-amzn-requestid",
        b"x-amzn-trace-id",
    )
)


def preflight(settings: Settings, request: Request) -> Reply | None:
    """The answer to a browser's question whether a script may call; None for all other requests,
    and when it may not.
    """
    headers = request.headers
    if request.method != "OPTIONS" or b"access-control-request-method" not in headers:
        return None
    allowed = _allowed(settings, request)
    if not allowed:
        return None
    wanted = headers.get(b"access-control-request-headers")
    reply = [
        *allowed,
        (b"access-control-allow-methods", _METHODS),
        (b"access-control-max-age", _MAX_AGE_SECONDS),
    ]
    if wanted:
        reply.append((b"access-control-allow-headers", wanted))
    named = headers[b"origin"].decode("latin-1") in settings.cors_origins
    if named and headers.get(b"access-control-request-private-network") == b"true":
        # A page of the public web reaches into this machine only if its origin is named.
        reply.append((b"access-control-allow-private-network", b"true"))
    return Reply(204, reply)


def headers_for(settings: Settings, request: Request) -> Headers:
    """What every answer to a script carries; empty for an origin that is not allowed."""
    allowed = _allowed(settings, request)
    if allowed:
        allowed.append((b"access-control-expose-headers", _EXPOSED))
    return allowed


def _allowed(settings: Settings, request: Request) -> Headers:
    origin = request.headers.get(b"origin", b"")
    if origin.decode("latin-1") in settings.cors_origins:
        return [(b"access-control-allow-origin", origin), (b"vary", b"Origin")]
    if "*" in settings.cors_origins:
        return [(b"access-control-allow-origin", b"*")]
    return []
