"""Pagination tokens: what is ours comes back, everything else is refused."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from protocols.errors import Error
from runtime import pages
from runtime.context import Context
from tests.runtime.surroundings import Surroundings, context

INVALID = Error("InvalidNextToken", "The token is not valid.")
SCALARS = st.one_of(st.none(), st.booleans(), st.integers(-(2**53), 2**53), st.text())


def refused(operation: Context, text: str) -> bool:
    try:
        pages.cursor(operation, text, error=INVALID)
    except Error as error:
        return error is INVALID
    return False


@settings(derandomize=True, max_examples=100, deadline=None)
@given(values=st.lists(SCALARS, max_size=4))
def test_a_token_stands_for_its_values(values: list[Any]) -> None:
    operation = context(Any)  # type: ignore[arg-type]
    text = pages.token(operation, *values)
    assert pages.cursor(operation, text, error=INVALID) == tuple(values)


@pytest.mark.parametrize(
    "changes",
    [
        {"account": "444455556666"},
        {"region": "us-east-1"},
        {"service": "sns"},
        {"operation": "ListDeadLetterSourceQueues"},
    ],
)
def test_another_operations_token_is_refused(
    runtime: Surroundings, changes: dict[str, str]
) -> None:
    assert refused(context(runtime, **changes), pages.token(context(runtime), "a"))


@settings(derandomize=True, max_examples=300, deadline=None)
@given(place=st.integers(0, 30), character=st.characters())
def test_a_token_that_was_changed_is_refused(place: int, character: str) -> None:
    operation = context(Any)  # type: ignore[arg-type]
    text = pages.token(operation, "name-0001", 17)
    changed = text[:place] + character + text[place + 1 :]
    assert changed == text or refused(operation, changed)
    assert refused(operation, text[:place] + character + text[place:])


@pytest.mark.parametrize("text", ["", "a", "AAAA", "AAAAAAAA", "é", "token", "=", "🙂"])
def test_any_other_text_is_refused(context: Context, text: str) -> None:
    assert refused(context, text)
