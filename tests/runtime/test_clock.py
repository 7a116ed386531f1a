"""The clock: frozen, moved on and resumed, and the map from real to virtual time."""

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runtime.clock import Clock, basic_iso8601, iso8601, parse_iso8601


class Machine:
    """The machine's time, moved by hand."""

    def __init__(self, now: float) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch) -> Machine:
    """Real time stands at 1000 seconds."""
    now = Machine(1000.0)
    monkeypatch.setattr(time, "time", now)
    return now


def test_virtual_time_is_real_time_at_first(machine: Machine) -> None:
    clock = Clock()
    machine.now = 1010.0
    assert clock.now() == clock.real() == 1010.0
    assert clock.offset_seconds == 0
    assert not clock.frozen


def test_a_frozen_clock_stands_still_and_goes_on_from_there(machine: Machine) -> None:
    clock = Clock()
    machine.now = 1010.0
    clock.freeze()
    machine.now = 1050.0
    assert clock.now() == 1010.0
    assert clock.frozen
    assert clock.offset_seconds == -40.0
    clock.resume()
    machine.now = 1051.0
    assert clock.now() == 1011.0
    assert not clock.frozen


def test_a_clock_can_be_frozen_at_any_moment(machine: Machine) -> None:
    clock = Clock()
    clock.freeze(5000.0)
    assert clock.now() == 5000.0
    clock.freeze(10.0)
    assert clock.now() == 10.0
    clock.resume()
    machine.now += 5
    assert clock.now() == 15.0


def test_moving_keeps_a_clock_running_or_frozen(machine: Machine) -> None:
    clock = Clock()
    clock.move_to(2000.0)
    machine.now += 1
    assert clock.now() == 2001.0
    clock.freeze()
    clock.move_to(3000.0)
    machine.now += 1
    assert clock.now() == 3000.0


def test_a_real_moment_is_mapped_to_what_was_virtual_then(machine: Machine) -> None:
    clock = Clock()  # real 1000: in step
    machine.now = 1100.0
    clock.move_to(2000.0)  # 900 ahead
    machine.now = 1200.0
    clock.freeze(5000.0)
    machine.now = 1300.0
    clock.resume()  # 3700 ahead
    machine.now = 1400.0
    assert [clock.virtual(real) for real in (900, 1000, 1099, 1100, 1150)] == [
        *(900, 1000, 1099),
        *(2000, 2050),
    ]
    assert [clock.virtual(real) for real in (1200, 1250, 1299)] == [5000, 5000, 5000]
    assert [clock.virtual(real) for real in (1300, 1400)] == [5000, 5100]


MOVES = st.lists(
    st.tuples(
        st.sampled_from(["freeze", "resume", "move", "wait"]), st.integers(0, 10_000), st.booleans()
    ),
    max_size=30,
)


@settings(derandomize=True, max_examples=100, deadline=None)
@given(moves=MOVES)
def test_the_history_tells_what_was_read_then(moves: list[tuple[str, int, bool]]) -> None:
    machine = Machine(1000.0)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(time, "time", machine)
        clock = Clock()
        read: list[tuple[float, float]] = []
        for move, amount, given_moment in moves:
            machine.now += 1
            match move:
                case "freeze":
                    clock.freeze(float(amount) if given_moment else None)
                case "resume":
                    clock.resume()
                case "move":
                    clock.move_to(clock.now() + amount)
                case "wait":
                    machine.now += amount
            read.append((machine.now, clock.now()))
        for real, virtual in read:
            assert clock.virtual(real) == pytest.approx(virtual)


def test_a_long_history_forgets_its_beginning(machine: Machine) -> None:
    clock = Clock()
    for step in range(25_000):
        machine.now += 1
        clock.move_to(clock.now() + 10)
        if step == 20_000:
            marked = machine.now, clock.now()
    assert clock.virtual(marked[0]) == pytest.approx(marked[1])
    assert len(clock._history) <= 10_001


def test_a_snapshot_brings_the_offset_back_or_the_moment_it_was_frozen_at(
    machine: Machine,
) -> None:
    clock = Clock()
    clock.move_to(5000.0)
    running = clock.state()
    clock.freeze(6000.0)
    frozen = clock.state()
    machine.now = 1100.0
    clock.load(running)
    assert (clock.now(), clock.frozen) == (5100.0, False)
    clock.load(frozen)
    assert (clock.now(), clock.frozen) == (6000.0, True)
    clock.restart()
    assert (clock.now(), clock.frozen) == (1100.0, False)


def test_what_was_signed_before_a_restart_is_of_the_time_that_goes_on(machine: Machine) -> None:
    earlier = Clock()
    earlier.move_to(5000.0)
    state = earlier.state()
    machine.now = 1100.0
    clock = Clock()
    clock.go_on(state)
    assert clock.now() == 5100.0
    assert clock.virtual(1050.0) == 5050.0
    restored = Clock()
    restored.load(state)
    assert restored.virtual(1050.0) == 1050.0


@pytest.mark.parametrize(
    ("moment", "digits", "text"),
    [
        (1795608000.0, 3, "2026-11-25T12:00:00.000Z"),
        (1795608000.25, 3, "2026-11-25T12:00:00.250Z"),
        (1795608000.25, 0, "2026-11-25T12:00:00Z"),
        (1795608000.123456, 6, "2026-11-25T12:00:00.123456Z"),
        (0, 0, "1970-01-01T00:00:00Z"),
    ],
)
def test_moments_are_written_as_iso_8601(moment: float, digits: int, text: str) -> None:
    assert iso8601(moment, digits) == text
    assert parse_iso8601(text) == pytest.approx(moment)


def test_signatures_write_moments_without_separators() -> None:
    assert basic_iso8601(1795608000.9) == "20261125T120000Z"


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-11-25", 1795564800.0),
        ("2026-11-25T12:00:00", 1795608000.0),
        ("2026-11-25T13:00:00+01:00", 1795608000.0),
        ("20261125T120000Z", 1795608000.0),
    ],
)
def test_dates_without_a_zone_are_utc(text: str, moment: float) -> None:
    assert parse_iso8601(text) == moment


@pytest.mark.parametrize("text", ["", "noon", "2026-13-01", "2026-11-25T25:00:00Z"])
def test_what_is_no_date_is_a_value_error(text: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        parse_iso8601(text)


def test_a_date_in_the_second_of_a_setting_is_after_it(machine: Machine) -> None:
    clock = Clock()
    machine.now = 2000.25
    clock.freeze(9000.0)
    machine.now = 2000.75
    clock.move_to(9100.0)
    assert clock.dated(2000.0) == 9000.0
    assert clock.virtual(2000.0) == 2000.0
    assert clock.dated(2001.0) == 9100.0
    assert clock.dated(1999.0) == 1999.0


def test_a_date_in_the_second_of_an_advance_is_before_it(machine: Machine) -> None:
    clock = Clock()
    machine.now = 2000.25
    clock.freeze()
    machine.now = 2000.75
    clock.move_to(9100.0)
    assert clock.dated(2000.0) == 2000.0
