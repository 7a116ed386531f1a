"""The clock: AWS's time, shown, moved, stopped and restarted."""

from typing import Any

from runtime.clock import iso8601, parse_iso8601
from runtime.runtime import Runtime
from server.control.calls import Call, Refused, number

LONGEST_SECONDS = 100 * 366 * 86_400
"""How far one call moves time: a hundred years."""
_LAST = 250_000_000_000.0  # in the year 9892: dates end with 9999


async def show(call: Call) -> Any:
    """`GET /_fogbank/clock`."""
    return _state(call.runtime)


async def advance(call: Call) -> Any:
    """`POST /_fogbank/clock/advance {"seconds": N}`: answers when what fell due on the way has run.

    Time never goes backwards by it.
    """
    members = await call.members("seconds")
    seconds = number(members, "seconds", 0, LONGEST_SECONDS)
    if call.runtime.clock.now() + seconds > _LAST:
        raise Refused(400, "time ends with the year 9999", "seconds")
    fired = await call.runtime.advance(seconds)
    return {**_state(call.runtime), "fired": fired}


async def freeze(call: Call) -> Any:
    """`POST /_fogbank/clock/freeze {"at": "..."}`: without `at`, where time is now.

    `at` may lie in the past. What falls due till a later `at` runs with that moment as "now"; it is
    `advance` that shows everything its own moment.
    """
    members = await call.members("at")
    at = None if members.get("at") is None else moment(members["at"], "at")
    call.runtime.freeze(at)
    return _state(call.runtime)


async def resume(call: Call) -> Any:
    """`POST /_fogbank/clock/resume`: time flows on from where it stands."""
    await call.members()
    call.runtime.resume()
    return _state(call.runtime)


def moment(value: Any, field: str) -> float:
    """Epoch seconds of an ISO 8601 text, or of a number that is such. Raises Refused."""
    try:
        found = float(value) if not isinstance(value, str) else _parsed(value)
    except (ValueError, TypeError, OverflowError):
        found = -1.0
    if isinstance(value, bool) or not 0 <= found <= _LAST:
        raise Refused(400, f"{field} must be a moment such as 2026-02-28T23:59:00Z", field)
    return found


def _parsed(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return parse_iso8601(text)


def _state(runtime: Runtime) -> dict[str, Any]:
    clock = runtime.clock
    return {
        "now": iso8601(clock.now(), 6),
        "frozen": clock.frozen,
        "offset_seconds": round(clock.offset_seconds, 6),
    }
