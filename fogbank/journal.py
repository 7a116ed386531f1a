"""The journal as tests read it: the AWS calls that a server got."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from fogbank.control import Control

PAGE = 1000
_SHOWN = 12


class Request(dict[str, Any]):
    """One AWS call; its members are attributes as well.

    id, parent, time, duration_ms, service, operation, account, region, principal, status,
    error_code, error_message, request and response (the members of both).
    """

    def __getattr__(self, name: str) -> Any:
        try:
            return self[name]
        except KeyError:
            raise AttributeError(f"a request of the journal has no '{name}'") from None

    def __str__(self) -> str:
        error = f" {self['error_code']}" if self.get("error_code") else ""
        status = f"{self['status']}{error}"
        return f"{self['service']} {self['operation']} {status} {_short(self['request'])}"

    def __repr__(self) -> str:
        return f"<{self}>"


class Requests(list[Request]):
    """Calls, oldest first. Empty, it is false and its repr says what there was instead."""

    def __init__(
        self, found: list[Request], wanted: str = "request", others: list[Request] | None = None
    ) -> None:
        super().__init__(found)
        self._wanted = wanted
        self._others = others or []

    def one(self) -> Request:
        """The only call there is. Raises AssertionError when there is none, or more."""
        if len(self) != 1:
            raise AssertionError(repr(self))
        return self[0]

    @property
    def operations(self) -> list[str]:
        """Their operations' names, in order."""
        return [request["operation"] for request in self]

    def __repr__(self) -> str:
        if self:
            return f"{_counted(len(self), self._wanted)}: {_listed(self)}"
        if self._others:
            others = _counted(len(self._others), "request")
            return f"no {self._wanted}, but {others}: {_listed(self._others)}"
        return f"no {self._wanted}, nor any other"


def fetch(
    control: Control,
    service: str | None,
    operation: str | None,
    filters: Mapping[str, Any],
) -> Requests:
    """Read the journal with filters; when nothing is found, also what there was instead."""
    internal = bool(filters.get("internal"))
    query = {
        name: _plain(value)
        for name, value in filters.items()
        if name != "internal" and value is not None
    }
    found = _pages(control, {"service": service, "operation": operation, **query}, internal)
    others: list[Request] = []
    if not found and (service or operation):
        kept = {name: value for name, value in query.items() if name in ("account", "since")}
        others = _pages(control, kept, internal)
    return Requests(found, " ".join(filter(None, (service, operation))) or "request", others)


def _pages(control: Control, query: Mapping[str, Any], internal: bool) -> list[Request]:
    found: list[Request] = []
    cursor = None
    while True:
        page = control.call("GET", "requests", query={**query, "limit": PAGE, "cursor": cursor})
        found += [
            Request(members) for members in page["requests"] if internal or not members["parent"]
        ]
        cursor = page.get("cursor")
        if not cursor:
            return found


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime) else value


def _counted(count: int, noun: str) -> str:
    return f"{count} {noun}" + ("s" if count != 1 and noun == "request" else "")


def _listed(requests: list[Request]) -> str:
    shown = [str(request) for request in requests[:_SHOWN]]
    more = len(requests) - len(shown)
    return "; ".join(shown) + (f"; and {more} more" if more > 0 else "")


def _short(members: Any) -> str:
    text = "" if members is None else str(members)
    return text if len(text) <= 120 else f"{text[:117]}..."
