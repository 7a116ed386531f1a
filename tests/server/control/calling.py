"""Plain HTTP to a server, as programs in any language do it."""

import json
from collections.abc import Mapping
from http.client import HTTPConnection
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from fogbank.connection import Connection


class Answer(NamedTuple):
    """What came back; header names in lower case."""

    status: int
    headers: dict[str, str]
    content: bytes

    @property
    def json(self) -> Any:
        """The content as JSON."""
        assert self.headers["content-type"] == "application/json"
        return json.loads(self.content)


def call(
    server: Connection,
    method: str,
    path: str,
    body: Any = None,
    headers: Mapping[str, str] | None = None,
) -> Answer:
    """One request on a connection of its own; what is no bytes is sent as JSON."""
    host = urlsplit(server.endpoint_url)
    connection = HTTPConnection(str(host.hostname), host.port, timeout=30)
    content = body if body is None or isinstance(body, bytes) else json.dumps(body).encode()
    try:
        connection.request(method, path, content, dict(headers or {}))
        response = connection.getresponse()
        found = {name.lower(): value for name, value in response.getheaders()}
        return Answer(response.status, found, response.read())
    finally:
        connection.close()


def refusal(
    server: Connection, method: str, path: str, body: Any = None, status: int = 400
) -> tuple[str, str | None]:
    """The sentence and the field of a refusal."""
    answer = call(server, method, path, body)
    assert answer.status == status, answer
    return answer.json["error"], answer.json.get("field")
