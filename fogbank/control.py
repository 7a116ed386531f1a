"""One HTTP call to the control API (`/_fogbank/...`), with nothing but the standard library."""

import json
import os
import ssl
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.client import HTTPConnection, HTTPException, HTTPResponse, HTTPSConnection
from typing import Any, Literal, overload
from urllib.parse import urlencode, urlsplit

_LOOPBACK = ("127.0.0.1", "localhost", "::1")


class ControlError(Exception):
    """The server refused a call of the control API, or could not be reached (`status` is None
    then).
    """

    def __init__(
        self, message: str, *, status: int | None = None, field: str | None = None
    ) -> None:
        super().__init__(message)
        self.status = status
        self.field = field


class Control:
    """The control API of one server.

    Goes straight to the server whatever proxies the environment names. A connection lives for one
    call: a test's calls are few, and nothing is left open to warn about.
    """

    def __init__(self, endpoint_url: str, timeout_seconds: float = 60.0) -> None:
        parts = urlsplit(endpoint_url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError(f"an endpoint is http://HOST:PORT, not {endpoint_url!r}")
        self.endpoint_url = endpoint_url.rstrip("/")
        self._tls = parts.scheme == "https"
        self._host = parts.hostname
        self._port = parts.port or (443 if self._tls else 80)
        self._timeout_seconds = timeout_seconds

    @overload
    def call(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        query: Mapping[str, Any] | None = None,
        timeout_seconds: float | None = None,
        raw: Literal[False] = False,
    ) -> Any: ...

    @overload
    def call(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        query: Mapping[str, Any] | None = None,
        timeout_seconds: float | None = None,
        raw: Literal[True],
    ) -> bytes: ...

    def call(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        query: Mapping[str, Any] | None = None,
        timeout_seconds: float | None = None,
        raw: bool = False,
    ) -> Any:
        """Call `/_fogbank/<path>`; answers the JSON, or the bytes as they came when `raw`.

        A body of bytes is sent as it is, any other as JSON; query members that are None are left
        out. Raises ControlError.
        """
        with self.open(
            method, path, body, query=query, timeout_seconds=timeout_seconds
        ) as response:
            content = response.read()
        return content if raw else _parsed(content)

    @contextmanager
    def open(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        query: Mapping[str, Any] | None = None,
        timeout_seconds: float | None = None,
    ) -> Iterator[HTTPResponse]:
        """The same, but the response itself, to be read in pieces."""
        connection = self._connection(timeout_seconds or self._timeout_seconds)
        try:
            try:
                content, headers = _content(body)
                connection.request(method, _target(path, query), content, headers)
                response = connection.getresponse()
            except (OSError, HTTPException) as failure:
                reason = getattr(failure, "strerror", None) or failure or type(failure).__name__
                raise ControlError(
                    f"no server answers at {self.endpoint_url}: {reason}"
                ) from failure
            if response.status >= 400:
                raise _refusal(method, path, response)
            yield response
        finally:
            connection.close()

    def _connection(self, timeout_seconds: float) -> HTTPConnection:
        if not self._tls:
            return HTTPConnection(self._host, self._port, timeout=timeout_seconds)
        context = ssl.create_default_context(cafile=os.environ.get("AWS_CA_BUNDLE"))
        if self._host in _LOOPBACK:  # the certificate of `--tls` was made by the server itself
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
        return HTTPSConnection(self._host, self._port, timeout=timeout_seconds, context=context)


def _target(path: str, query: Mapping[str, Any] | None) -> str:
    given = {name: value for name, value in (query or {}).items() if value is not None}
    return f"/_fogbank/{path}" + (f"?{urlencode(given)}" if given else "")


def _content(body: Any) -> tuple[bytes | None, dict[str, str]]:
    if body is None:
        return None, {}
    if isinstance(body, bytes):
        return body, {"Content-Type": "application/octet-stream"}
    return json.dumps(body).encode(), {"Content-Type": "application/json"}


def _parsed(content: bytes) -> Any:
    try:
        return json.loads(content) if content else None
    except ValueError:
        raise ControlError(
            f"this is not fogbank's control API, it answered {content[:80]!r}"
        ) from None


def _refusal(method: str, path: str, response: HTTPResponse) -> ControlError:
    content = response.read()
    try:
        members = json.loads(content)
        message, field = members["error"], members.get("field")
    except (ValueError, KeyError, TypeError):
        message = f"{method} /_fogbank/{path} was answered {response.status} {response.reason}"
        field = None
    return ControlError(str(message), status=response.status, field=field)
