"""Requests that name no service: refused in the form that the client most likely reads."""

import orjson

from protocols.http import Reply, Request
from protocols.xmlwrite import escape

_HINT = (
    " A request is recognised by its signature, its X-Amz-Target, its host name or its Action;"
    " fogbank's own pages are under /_fogbank/."
)


def reply(request: Request, message: str, status: int = 501) -> Reply:
    """In plain words for a browser, in JSON or XML for everybody else."""
    headers = request.headers
    if b"text/html" in headers.get(b"accept", b"") and request.method in ("GET", "HEAD"):
        if request.path == "/":
            return Reply(302, [(b"location", b"/_fogbank/ui/")])
        text = (message + _HINT + "\n").encode("utf-8", "replace")
        return Reply(404, [(b"content-type", b"text/plain; charset=utf-8")], text)
    kind = headers.get(b"content-type", b"")
    if b"x-amz-target" in headers or b"json" in kind or b"cbor" in kind:
        body = b'{"__type":"NotImplemented","message":%b}' % orjson.dumps(message + _HINT)
        return Reply(status, [(b"content-type", b"application/x-amz-json-1.1")], body)
    xml = (
        "<ErrorResponse><Error><Type>Sender</Type><Code>NotImplemented</Code>"
        f"<Message>{escape(message + _HINT)}</Message></Error></ErrorResponse>"
    )
    return Reply(status, [(b"content-type", b"text/xml")], xml.encode("utf-8", "replace"))
