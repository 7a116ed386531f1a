"""Requests that name no service: refused in the form that the client most likely reads."""

import orjson

from protocols.http import Reply, Request
from protocols.xmlwrite import escape

_HINT = (
    " A request is recognised by its signature, its X-Amz-Target, its host name or its Action;"
    " fogbank's own pages are under /_fogbank/."
)


def reply(request: Request, message: str, request_id: str) -> Reply:
    """404 for a browser, 501 in JSON or XML for everybody else."""
    headers = request.headers
    identity = (b"x-amzn-requestid", request_id.encode())
    if b"text/html" in headers.get(b"accept", b"") and request.method in ("GET", "HEAD"):
        if request.path == "/":
            return Reply(302, [(b"location", b"/_fogbank/ui/"), identity])
        text = (message + _HINT + "\n").encode()
        return Reply(404, [(b"content-type", b"text/plain; charset=utf-8"), identity], text)
    kind = headers.get(b"content-type", b"")
    if b"x-amz-target" in headers or b"json" in kind or b"cbor" in kind:
        body = orjson.dumps({"__type": "NotImplemented", "message": message + _HINT})
        return Reply(501, [(b"content-type", b"application/x-amz-json-1.1"), identity], body)
    xml = (
        "<ErrorResponse><Error><Type>Sender</Type><Code>NotImplemented</Code>"
        f"<Message>{escape(message + _HINT)}</Message></Error>"
        f"<RequestId>{request_id}</RequestId></ErrorResponse>"
    )
    return Reply(501, [(b"content-type", b"text/xml"), identity], xml.encode("utf-8", "replace"))
