"""Fault rules: answers, delays and broken connections on purpose, set through the control API."""

from collections.abc import Mapping
from fnmatch import fnmatchcase
from typing import Any

from runtime.ids import Ids
from runtime.settings import ConfigError

MATCHES = ("service", "operation", "resource", "account", "region")
ACTIONS = ("error", "throttle", "latency_ms", "drop", "truncate")
_OTHERS = ("probability", "count", "after")


class Fault:
    """One rule: what it matches, what it does, how often.

    probability  of 0 to 1, for each match
    count        how many times at most
    after        how many matches pass untouched first
    """

    __slots__ = (
        "action",
        "after",
        "count",
        "fired",
        "matches",
        "name",
        "probability",
        "seen",
        "value",
    )

    def __init__(self, name: str, values: Mapping[str, Any]) -> None:
        for field in values:
            if field not in (*MATCHES, *ACTIONS, *_OTHERS):
                raise ConfigError(field, f"unknown field '{field}'")
        actions = [action for action in ACTIONS if _given(values.get(action))]
        if len(actions) != 1:
            raise ConfigError("error", f"a fault does exactly one of {', '.join(ACTIONS)}")
        self.name = name
        self.action = actions[0]
        self.value = _checked(self.action, values[self.action])
        self.matches = {
            field: _pattern(field, values[field]) for field in MATCHES if field in values
        }
        self.probability = _number("probability", values.get("probability", 1.0), 0, 1)
        self.count = values.get("count")
        if self.count is not None:
            _number("count", self.count, 0, 2**53)
        self.after = int(_number("after", values.get("after", 0), 0, 2**53))
        self.seen = 0
        self.fired = 0

    def applies(self, facts: Mapping[str, str], ids: Ids) -> bool:
        """Whether this rule strikes now; counts the match."""
        for field, pattern in self.matches.items():
            if not fnmatchcase(facts.get(field, "").lower(), pattern):
                return False
        self.seen += 1
        if self.seen <= self.after or (self.count is not None and self.fired >= self.count):
            return False
        if self.probability < 1 and ids.random() >= self.probability:
            return False
        self.fired += 1
        return True

    def members(self) -> dict[str, Any]:
        """The rule as the control API shows it."""
        return {
            "name": self.name,
            **self.matches,
            self.action: self.value,
            "probability": self.probability,
            "count": self.count,
            "after": self.after,
            "matched": self.seen,
            "fired": self.fired,
        }


class Faults:
    """All rules, by name; the first in order of their setting that strikes is carried out."""

    def __init__(self, ids: Ids) -> None:
        self._ids = ids
        self.rules: dict[str, Fault] = {}

    def put(self, name: str, values: Mapping[str, Any]) -> Fault:
        """Set or replace a rule. Raises ConfigError."""
        self.rules[name] = Fault(name, values)
        return self.rules[name]

    def find(
        self, service: str, operation: str, account: str, region: str, resource: str
    ) -> Fault | None:
        """The rule that strikes this request."""
        facts = {
            "service": service,
            "operation": operation,
            "account": account,
            "region": region,
            "resource": resource,
        }
        for rule in self.rules.values():
            if rule.applies(facts, self._ids):
                return rule
        return None


def _given(value: Any) -> bool:
    return value is not None and value is not False  # 0 is a value


def _pattern(field: str, value: Any) -> str:
    if not isinstance(value, str) or not value:
        raise ConfigError(field, f"{field} must be a string; * and ? stand for any characters")
    return value.lower()


def _number(field: str, value: Any, low: float, high: float) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= high:
        raise ConfigError(field, f"{field} must be a number from {low} to {high}")
    return value


def _checked(action: str, value: Any) -> Any:
    if action == "error":
        if isinstance(value, str):
            value = {"code": value}
        if not isinstance(value, dict) or not isinstance(value.get("code"), str):
            raise ConfigError("error", 'error must be a code, or {"code", "status", "message"}')
        status = value.get("status", 500)
        if not isinstance(status, int) or not 400 <= status <= 599:
            raise ConfigError("error", "the status of an error is from 400 to 599")
        return {
            "code": value["code"],
            "status": status,
            "message": str(value.get("message", "A fault rule of fogbank answered this request.")),
        }
    if action == "latency_ms":
        return _number(action, value, 0, 600_000)
    if action == "truncate" and value is not True:
        return int(_number(action, value, 0, 2**40))
    if action in ("drop", "throttle") and value is not True:
        raise ConfigError(action, f"{action} is true or left out")
    return value
