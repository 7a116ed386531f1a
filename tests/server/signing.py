"""Requests that botocore has signed, as the server receives them."""

from typing import Any
from urllib.parse import urlsplit

from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from protocols.http import Request

KEY = "AKIAIOSFODNN7EXAMPLE"
SECRET = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
CREDENTIALS = Credentials(KEY, SECRET)
TEMPORARY = Credentials(KEY, SECRET, "a/token+with=all")


def signed(
    signer: Any,
    method: str,
    url: str,
    headers: list[tuple[str, str]] | None = None,
    body: bytes = b"",
) -> Request:
    """A request after a signer of botocore's has been at it."""
    request = AWSRequest(method=method, url=url, data=body)
    for name, value in headers or []:
        request.headers.add_header(name, value)
    signer.add_auth(request)
    return received(request, body)


def received(request: Any, body: bytes = b"") -> Request:
    """A request of botocore's as it arrives: the path raw, repeated headers joined."""
    url = urlsplit(request.url)
    headers = {b"host": url.netloc.encode()}
    for name in request.headers:
        values = request.headers
        joined = values.get_all(name) if hasattr(values, "get_all") else [values[name]]
        joined = [value.encode() if isinstance(value, str) else value for value in joined]
        headers[name.lower().encode()] = b",".join(joined)
    return Request(request.method, url.path or "/", url.query, headers, body)


def changed(request: Request, **members: Any) -> Request:
    """The same request with other members; headers are added to, None removes one."""
    headers = dict(request.headers)
    for name, value in members.pop("headers", {}).items():
        if value is None:
            del headers[name]
        else:
            headers[name] = value
    values = {
        "method": request.method,
        "path": request.path,
        "query": request.query,
        "body": request.body,
        **members,
    }
    return Request(values["method"], values["path"], values["query"], headers, values["body"])
