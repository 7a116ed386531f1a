"""The virtual clock: all time in fogbank is read from here.

Virtual time is real time plus an offset, or stands still. The clock remembers its own history as a
piecewise map from real to virtual time, so that a date a client signed (real time) can be judged
in the time that was virtual just then.

    state      real time flows      virtual time
    running    offset fixed         real + offset
    frozen     -                    the moment it was frozen at, moved only by advance
"""

import time
from bisect import bisect_right
from datetime import UTC, datetime
from typing import Any


class Clock:
    """Epoch seconds, as floats; `now` is virtual, `real` is the machine's."""

    def __init__(self) -> None:
        self._offset = 0.0
        self._frozen_at: float | None = None
        self._held = False
        start = time.time()
        self._history: list[tuple[float, float, bool]] = [(start, start, True)]
        self._settings: list[tuple[float, float]] = []
        """When it was set to a moment, in real and in virtual time."""

    @staticmethod
    def real() -> float:
        """The machine's own time."""
        return time.time()

    @staticmethod
    def monotonic() -> float:
        """Seconds of an arbitrary origin, for measuring durations."""
        return time.perf_counter()

    def now(self) -> float:
        """Virtual time."""
        if self._frozen_at is not None:
            return self._frozen_at
        return time.time() + self._offset

    @property
    def frozen(self) -> bool:
        """Whether virtual time stands still, and not only for as long as it is advanced."""
        return self._frozen_at is not None and not self._held

    @property
    def offset_seconds(self) -> float:
        """How far virtual time is ahead of real time."""
        return self._offset if self._frozen_at is None else self._frozen_at - time.time()

    def freeze(self, at: float | None = None) -> None:
        """Stop the flow of time, at a moment if one is given."""
        self._frozen_at = self.now() if at is None else at
        self._held = False
        self._remember()
        if at is not None:
            self._remember_setting()

    def resume(self) -> None:
        """Let time flow on from where it stands."""
        self._held = False
        if self._frozen_at is not None:
            self._offset = self._frozen_at - time.time()
            self._frozen_at = None
            self._remember()

    def hold(self) -> None:
        """Stop a running clock while it is advanced, so that what falls due sees its own moment."""
        if self._frozen_at is None:
            self.freeze()
            self._held = True

    def release(self) -> None:
        """The end of `hold`: go on, unless the clock was frozen meanwhile."""
        if self._held:
            self.resume()

    def move_to(self, moment: float) -> None:
        """Make virtual time this moment (the scheduler steps from due time to due time)."""
        if self._frozen_at is not None:
            self._frozen_at = moment
        else:
            self._offset = moment - time.time()
        self._remember()

    def restart(self) -> None:
        """Back to real time, running, with no history."""
        self.__init__()  # type: ignore[misc]

    def virtual(self, real: float) -> float:
        """The virtual time it was at a real moment; moments before the start count back from it."""
        index = bisect_right(self._history, real, key=lambda entry: entry[0]) - 1
        if index < 0:
            start_real, start_virtual, _ = self._history[0]
            return start_virtual - (start_real - real)
        start_real, start_virtual, flowing = self._history[index]
        return start_virtual + (real - start_real) if flowing else start_virtual

    def dated(self, second: float) -> float:
        """The virtual time of a real date in whole seconds, such as that of a signature.

        What a client signed in the second in which the clock was set to another moment is taken to
        be signed after that, and before the clock was advanced in the same second.
        """
        index = bisect_right(self._settings, second + 1, key=lambda entry: entry[0]) - 1
        if index >= 0 and self._settings[index][0] > second:
            return self._settings[index][1]
        return self.virtual(second)

    def _remember_setting(self) -> None:
        self._settings.append((time.time(), self.now()))
        del self._settings[:-1_000]

    def _remember(self) -> None:
        now = time.time()
        entry = (now, self.now(), self._frozen_at is None)
        if len(self._history) > 10_000:
            del self._history[:5_000]
        self._history.append(entry)

    def state(self) -> dict[str, Any]:
        """What a snapshot keeps of the clock."""
        frozen_at = self._frozen_at if self.frozen else None
        return {"offset": self.offset_seconds, "frozen_at": frozen_at, "virtual": self.now()}

    def load(self, state: dict[str, Any]) -> None:
        """Stand where a snapshot's clock stood when it was taken."""
        self._held = False
        self._frozen_at = state["frozen_at"]
        self._offset = state["offset"]
        self._remember()
        self._remember_setting()

    def go_on(self, state: dict[str, Any]) -> None:
        """Stand where an earlier process's clock stood; what was signed then is of that time."""
        self._history.clear()
        self._settings.clear()
        self.load(state)


def iso8601(moment: float, digits: int = 3) -> str:
    """A moment as `2026-11-24T12:00:00.000Z`."""
    text = datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")
    return (text[: len(text) - 6 + digits] if digits else text[:-7]) + "Z"


def basic_iso8601(moment: float) -> str:
    """A moment as signatures write it: `20261124T120000Z`."""
    return datetime.fromtimestamp(moment, UTC).strftime("%Y%m%dT%H%M%SZ")


def parse_iso8601(text: str) -> float:
    """Epoch seconds of an ISO 8601 date, or date and time; without a zone it is UTC.

    Raises ValueError.
    """
    moment = datetime.fromisoformat(text)
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
