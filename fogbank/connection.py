"""A running server as its user sees it: AWS clients, the clock, snapshots, faults, settings and the
journal.
"""

import builtins
import os
import weakref
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from tempfile import mkstemp
from typing import Any
from urllib.parse import quote

from fogbank import sessions
from fogbank.control import Control, ControlError
from fogbank.journal import Requests, fetch

DEFAULT_REGION = "us-east-1"


class Clock:
    """The server's virtual clock: all of AWS's time, for every account on that server."""

    def __init__(self, control: Control) -> None:
        self._control = control

    def now(self) -> datetime:
        """What AWS's time is now (UTC)."""
        return _moment(self._control.call("GET", "clock")["now"])

    @property
    def frozen(self) -> bool:
        """Whether time stands still."""
        return bool(self._control.call("GET", "clock")["frozen"])

    def advance(self, seconds: float | timedelta) -> int:
        """Move time forward, and run what falls due on the way in order of its due time; answers
        how much that was.
        """
        if isinstance(seconds, timedelta):
            seconds = seconds.total_seconds()
        return int(self._control.call("POST", "clock/advance", {"seconds": seconds})["fired"])

    def freeze(self, at: datetime | str | None = None) -> datetime:
        """Stop the flow of time, where it is or at a moment; answers that moment. A naive datetime
        is UTC.
        """
        body = {} if at is None else {"at": at if isinstance(at, str) else _text(at)}
        return _moment(self._control.call("POST", "clock/freeze", body)["now"])

    def resume(self) -> datetime:
        """Let time flow on from where it stands; answers that moment."""
        return _moment(self._control.call("POST", "clock/resume")["now"])

    @contextmanager
    def kept(self) -> Iterator["Clock"]:
        """Leave the clock as it was found: running or frozen, and as far from real time, whatever
        happens inside.
        """
        before = self._control.call("GET", "clock")
        try:
            yield self
        finally:
            self._restore(before)

    def _restore(self, before: dict[str, Any]) -> None:
        if before["frozen"]:
            self.freeze(before["now"])
            return
        now = self._control.call("GET", "clock")
        ahead = now["offset_seconds"] - before["offset_seconds"]
        if now["frozen"] or abs(ahead) > 0.001:
            self.freeze(_moment(now["now"]) - timedelta(seconds=ahead))
            self.resume()

    def __repr__(self) -> str:
        state = self._control.call("GET", "clock")
        return f"<fogbank clock {state['now']}{' frozen' if state['frozen'] else ''}>"


class Faults:
    """Fault rules: errors, throttling, delays and broken connections on purpose."""

    def __init__(self, control: Control) -> None:
        self._control = control

    def put(self, name: str, /, **rule: Any) -> dict[str, Any]:
        """Set or replace a rule.

        Matches on `service`, `operation`, `resource`, `account`, `region` (`*` and `?` stand for
        any characters), and does one of `error` (a code, or {"code", "status", "message"}),
        `throttle=True`, `latency_ms`, `drop=True`, `truncate` (True or a number of bytes); with
        `probability`, at most `count` times, `after` so many matches.
        """
        answer: dict[str, Any] = self._control.call("PUT", f"faults/{quote(name, safe='')}", rule)
        return answer

    @contextmanager
    def rule(self, name: str, /, **rule: Any) -> Iterator[None]:
        """A rule for the length of a `with` block."""
        self.put(name, **rule)
        try:
            yield
        finally:
            self.remove(name)

    def remove(self, name: str) -> None:
        """Take one rule away."""
        self._control.call("DELETE", f"faults/{quote(name, safe='')}")

    def clear(self) -> None:
        """Take all rules away."""
        self._control.call("DELETE", "faults")

    def list(self) -> builtins.list[dict[str, Any]]:
        """All rules, with how often each matched and fired."""
        return list(self._control.call("GET", "faults")["faults"])


class Connection:
    """A server that runs somewhere; `fogbank.Server` is one that this process started."""

    def __init__(self, endpoint_url: str, *, region: str = DEFAULT_REGION) -> None:
        self.control = Control(endpoint_url)
        self.clock = Clock(self.control)
        self.faults = Faults(self.control)
        self.region = region
        self._authority: str | None = None

    @property
    def endpoint_url(self) -> str:
        """Where it answers: what `AWS_ENDPOINT_URL` or `endpoint_url=` takes."""
        return self.control.endpoint_url

    # AWS -------------------------------------------------------------------------------------

    def session(self, account: str | None = None, region: str | None = None) -> Any:
        """A boto3 session for an account; it takes nothing from the user's environment and
        configuration files.
        """
        return sessions.session(account, region or self.region)

    def client(
        self, service: str, *, account: str | None = None, region: str | None = None, **options: Any
    ) -> Any:
        """A boto3 client, `options` being boto3's own; without an account it is the server's
        default one.
        """
        options = {"verify": self.ca_bundle, **options}
        return sessions.client(self.session(account, region), service, self.endpoint_url, **options)

    def resource(
        self, service: str, *, account: str | None = None, region: str | None = None, **options: Any
    ) -> Any:
        """A boto3 resource, made like a client."""
        options = {"verify": self.ca_bundle, **options}
        return sessions.resource(
            self.session(account, region), service, self.endpoint_url, **options
        )

    @property
    def ca_bundle(self) -> str | None:
        """The file that makes clients trust the server's https; None where there is none to have.

        What the server says over an address of this machine is believed; it goes with us.
        """
        if self._authority is None and self.endpoint_url.startswith("https:"):
            try:
                content = self.control.call("GET", "ca.pem", raw=True)
            except ControlError:  # a certificate of the user's own
                return None
            file, self._authority = mkstemp(prefix="fogbank-ca-", suffix=".pem")
            weakref.finalize(self, Path(self._authority).unlink, missing_ok=True)
            with os.fdopen(file, "wb") as target:
                target.write(content)
        return self._authority

    def requests(
        self, service: str | None = None, operation: str | None = None, **filters: Any
    ) -> Requests:
        """The AWS calls that the server got, oldest first.

        Filters: `account`, `region`, `status`, `principal`, `error` (its code), `parent`, `since`
        (a datetime), and `internal=True` for those that one service made to another as well.
        """
        return fetch(self.control, service, operation, filters)

    # the server ------------------------------------------------------------------------------

    def health(self) -> dict[str, Any]:
        """Its version, its uptime and the state of its services."""
        answer: dict[str, Any] = self.control.call("GET", "health")
        return answer

    def config(self, **changes: Any) -> dict[str, Any]:
        """Change settings, if any are given, and answer all of them."""
        answer: dict[str, Any] = (
            self.control.call("PUT", "config", changes)
            if changes
            else self.control.call("GET", "config")
        )
        return answer

    def reset(
        self,
        *,
        services: Iterable[str] | None = None,
        account: str | None = None,
        region: str | None = None,
    ) -> None:
        """Drop all state, or only that of some services, an account or a region."""
        narrowed = {
            "services": None if services is None else list(services),
            "account": account,
            "region": region,
        }
        self.control.call(
            "POST", "reset", {name: value for name, value in narrowed.items() if value is not None}
        )

    def settle(self, timeout: float = 10.0) -> None:
        """Wait till no background work is due or running. Raises TimeoutError naming what is."""
        answer = self.control.call(
            "POST", "settle", {"timeout": timeout}, timeout_seconds=timeout + 30
        )
        if not answer["settled"]:
            pending = ", ".join(map(str, answer["pending"]))
            raise TimeoutError(f"not settled after {timeout} seconds: {pending}")

    # snapshots -------------------------------------------------------------------------------

    def snapshot(self, name: str) -> None:
        """Keep all state, object bodies and the clock included, under a name."""
        self.control.call("PUT", _snapshot(name))

    def restore(self, name: str) -> None:
        """Go back to a snapshot."""
        self.control.call("POST", f"{_snapshot(name)}/restore")

    def snapshots(self) -> list[dict[str, Any]]:
        """What snapshots there are."""
        return list(self.control.call("GET", "snapshots")["snapshots"])

    def delete_snapshot(self, name: str) -> None:
        """Forget a snapshot."""
        self.control.call("DELETE", _snapshot(name))

    def export_snapshot(self, name: str, path: str | Path) -> Path:
        """Write a snapshot into one file, for a colleague or a CI job."""
        target = Path(path)
        with (
            self.control.open("GET", f"{_snapshot(name)}/export") as response,
            target.open("wb") as file,
        ):
            while piece := response.read(1 << 20):
                file.write(piece)
        return target

    def import_snapshot(self, name: str, path: str | Path) -> None:
        """Take in a file that `export_snapshot` wrote."""
        self.control.call("PUT", f"{_snapshot(name)}/import", Path(path).read_bytes())

    def __repr__(self) -> str:
        return f"<fogbank {type(self).__name__} {self.endpoint_url}>"


def connect(endpoint_url: str = "http://127.0.0.1:4566") -> Connection:
    """Reach a server that already runs. Raises ControlError when none does."""
    connection = Connection(endpoint_url)
    connection.health()
    return connection


def _snapshot(name: str) -> str:
    return f"snapshots/{quote(name, safe='')}"


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


def _text(moment: datetime) -> str:
    aware = moment if moment.tzinfo else moment.replace(tzinfo=_UTC)
    return aware.astimezone(_UTC).isoformat().replace("+00:00", "Z")


_UTC = _moment("2000-01-01T00:00:00Z").tzinfo
