"""What calls may hold: numbers, texts, and nothing else."""

from typing import Any

import pytest

from server.control.calls import Refused, number, text


@pytest.mark.parametrize(
    "value", [True, "1", None, [], float("nan"), float("inf"), -1, 11, 10**400]
)
def test_what_is_no_number_within_the_bounds_is_refused(value: Any) -> None:
    with pytest.raises(Refused, match="n must be a number from 0 to 10") as refusal:
        number({"n": value}, "n", 0, 10)
    assert refusal.value.field == "n"
    assert refusal.value.status == 400


def test_numbers_within_the_bounds_are_taken() -> None:
    assert [number({"n": value}, "n", 0, 10) for value in (0, 10, 2.5)] == [0, 10, 2.5]
    assert number({}, "n", 0, 10, 3) == 3


def test_texts() -> None:
    assert text({"t": "x"}, "t") == "x"
    assert text({}, "t") is None
    for value in ("", 1, ["x"]):
        with pytest.raises(Refused, match="t must be a text"):
            text({"t": value}, "t")


def test_a_refusal_names_its_field_if_it_has_one() -> None:
    assert Refused(404, "gone").response().body == b'{"error":"gone"}\n'
    assert Refused(400, "bad", "at").response().body == b'{"error":"bad","field":"at"}\n'
