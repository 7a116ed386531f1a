"""One call of the control API: its JSON and its query string, checked; and how it is refused."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any
from urllib.parse import unquote

import orjson
from starlette.requests import Request
from starlette.responses import Response

from runtime.runtime import Runtime
from runtime.snapshots import Snapshots

MOST_BYTES = 1024 * 1024
"""Of a JSON body."""


class Refused(Exception):
    """A call that can't be carried out; `field` names what is wrong with it."""

    def __init__(
        self,
        status: int,
        message: str,
        field: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.field = field
        self.headers = headers

    def response(self) -> Response:
        """The refusal as it is answered."""
        members = {"error": str(self)}
        if self.field is not None:
            members["field"] = self.field
        return answer(members, self.status, self.headers)


class Call(Request):
    """A request with what the control API acts on."""

    @property
    def runtime(self) -> Runtime:
        """The server's state."""
        runtime: Runtime = self.scope["fogbank.runtime"]
        return runtime

    @property
    def snapshots(self) -> Snapshots:
        """The server's snapshots."""
        snapshots: Snapshots = self.scope["fogbank.snapshots"]
        return snapshots

    @property
    def name(self) -> str:
        """The `{name}` of the path."""
        return unquote(self.path_params["name"])

    async def members(self, *known: str) -> dict[str, Any]:
        """The body's JSON object. Raises Refused for a member that isn't one of the known."""
        members = await self.everything()
        _check_known(members, known)
        return members

    async def everything(self) -> dict[str, Any]:
        """The body's JSON object, whatever is in it; no body is an empty one. Raises Refused."""
        content = bytearray()
        async for piece in self.stream():
            content += piece
            if len(content) > MOST_BYTES:
                raise Refused(413, f"the body is longer than {MOST_BYTES} bytes")
        try:
            members = orjson.loads(content) if content.strip() else {}
        except orjson.JSONDecodeError as failure:
            raise Refused(400, f"the body is not JSON: {failure}") from None
        if not isinstance(members, dict):
            raise Refused(400, "the body is not a JSON object")
        return members

    def arguments(self, *known: str) -> dict[str, str]:
        """The query string's parameters. Raises Refused for one that isn't known."""
        found = dict(self.query_params)
        _check_known(found, known)
        return found


Endpoint = Callable[[Call], Awaitable[Any]]
"""Carries a call out; answers a Response, or what becomes its JSON."""


def answer(
    members: Any, status: int = 200, headers: Mapping[str, str] | None = None
) -> Response:
    """A JSON answer; nobody may keep it."""
    return Response(
        orjson.dumps(members) + b"\n",
        status,
        {"cache-control": "no-store", **(headers or {})},
        "application/json",
    )


def number(
    members: Mapping[str, Any], field: str, low: float, high: float, default: float | None = None
) -> float:
    """A number among a call's members. Raises Refused for what is none, and outside the bounds."""
    value = members.get(field, default)
    if (
        isinstance(value, bool)
        or not isinstance(value, int | float)
        or not low <= value <= high
    ):
        raise Refused(400, f"{field} must be a number from {low:g} to {high:g}", field)
    return value


def text(members: Mapping[str, Any], field: str) -> str | None:
    """A text among a call's members, None when it isn't there. Raises Refused."""
    value = members.get(field)
    if value is not None and (not isinstance(value, str) or not value):
        raise Refused(400, f"{field} must be a text", field)
    return value


def _check_known(given: Mapping[str, Any], known: Sequence[str]) -> None:
    for name in given:
        if name not in known:
            hint = f" (known: {', '.join(known)})" if known else ""
            raise Refused(400, f"unknown field '{name}'{hint}", name)
