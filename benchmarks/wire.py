"""Requests as boto3 sends them: serialised and signed before anything is measured."""

from typing import Any
from urllib.parse import urlsplit

import boto3.session
from botocore.awsrequest import AWSPreparedRequest
from botocore.config import Config

ACCESS_KEY_ID = "AKIAIOSFODNN7EXAMPLE"
SECRET_ACCESS_KEY = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
"""The pair of AWS's documentation. Its secret is public, so the server can verify signatures."""
REGION = "us-east-1"
_WRITTEN_HERE = ("host", "content-length", "expect")


class _Prepared(Exception):
    """Carries a request out of boto3 instead of onto the network."""

    def __init__(self, request: AWSPreparedRequest) -> None:
        super().__init__()
        self.request = request


class Wire:
    """Makes requests for one server."""

    def __init__(self, endpoint_url: str) -> None:
        self._endpoint_url = endpoint_url
        self._host = urlsplit(endpoint_url).netloc
        self._session = boto3.session.Session(ACCESS_KEY_ID, SECRET_ACCESS_KEY, region_name=REGION)
        self._clients: dict[str, Any] = {}

    def client(self, service: str) -> Any:
        """A client that really calls, for what has to be there before a measurement."""
        config = Config(s3={"addressing_style": "path"}, proxies={})
        make: Any = self._session.client
        return make(service, endpoint_url=self._endpoint_url, config=config)

    def request(self, service: str, method: str, **parameters: Any) -> bytes:
        """The bytes that a client's method would send."""
        client = self._clients.get(service)
        if client is None:
            client = self._clients[service] = self.client(service)
            client.meta.events.register_first("before-send.*", _stop)
        try:
            getattr(client, method)(**parameters)
        except _Prepared as prepared:
            return self._bytes(prepared.request)
        raise AssertionError(f"{service}.{method} was sent")

    def _bytes(self, request: AWSPreparedRequest) -> bytes:
        body: Any = request.body or b""
        if hasattr(body, "read"):
            body = body.read()
        if isinstance(body, str):
            body = body.encode()
        parts = urlsplit(request.url)
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        lines = [f"{request.method} {target} HTTP/1.1", f"Host: {self._host}"]
        for name, value in request.headers.items():
            if name.lower() not in _WRITTEN_HERE:
                text = value.decode("latin-1") if isinstance(value, bytes) else value
                lines.append(f"{name}: {text}")
        lines.append(f"Content-Length: {len(body)}")
        return "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + bytes(body)


def _stop(request: AWSPreparedRequest, **_: Any) -> None:
    raise _Prepared(request)
