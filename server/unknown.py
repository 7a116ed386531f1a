"""Requests that name no service: refused in the form that the client most likely reads."""

import orjson

from protocols.http import Reply, Request
from protocols.xmlwrite import escape

_HINT = (
    " A request is recognised by its signature, its X-Amz-Target, its host name or its Action;"
    " fogbank's own pages are under /_fogbank/."
)


def reply(request: Request, message: str, status: int = 501, code: str = "NotImplemented") -> Reply:
    """In plain words for a browser, in JSON or XML for everybody else."""
    headers = request.headers
    if status == 501:
        message += _HINT
    if b"text/html" in headers.get(b"accept", b"") and request.method in ("GET", "HEAD"):
        if request.path == "/":
            return Reply(302, [(b"location", b"/_fogbank/ui/")])
        text = (message + "\n").encode("utf-8", "replace")
        status = 404 if status == 501 else status
        return Reply(status, [(b"content-type", b"text/plain; charset=utf-8")], text)
    kind = headers.get(b"content-type", b"")
    if b"x-amz-target" in headers or b"json" in kind or b"cbor" in kind:
        body = orjson.dumps({"__type": code, "message": message})
        return Reply(status, [(b"content-type", b"application/x-amz-json-1.1")], body)
    xml = (
        f"<ErrorResponse><Error><Type>Sender</Type><Code>{escape(code)}</Code>"
        f"<Message>{escape(message)}</Message></Error></ErrorResponse>"
    )
    return Reply(status, [(b"content-type", b"text/xml")], xml.encode("utf-8", "replace"))
