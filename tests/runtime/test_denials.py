"""Denials: messages that only their own server and account can read."""

import orjson
import pytest

from runtime import denials
from runtime.context import Context
from tests.runtime.surroundings import Surroundings, context

DENIED = {"allowed": False, "context": {"action": "ec2:RunInstances", "conditions": ["é"]}}


def test_a_message_says_what_was_sealed_in_it(context: Context) -> None:
    message = denials.encode(context, DENIED)
    assert "RunInstances" not in message
    document = denials.decode(context, message)
    assert document is not None
    assert orjson.loads(document) == DENIED
    assert denials.encode(context, DENIED) != message


def test_a_message_is_bound_to_its_account(runtime: Surroundings) -> None:
    message = denials.encode(context(runtime), DENIED)
    assert denials.decode(context(runtime, account="444455556666"), message) is None
    assert denials.decode(context(runtime, region="us-east-1"), message) is not None


@pytest.mark.parametrize("known", [False, True])
@pytest.mark.parametrize("text", ["", "a", "message", "AAAA" * 20, "é", "A\nA="])
def test_other_messages_are_refused(context: Context, text: str, known: bool) -> None:
    if known:
        denials.encode(context, DENIED)
    assert denials.decode(context, text) is None


def test_a_message_that_was_changed_is_refused(context: Context) -> None:
    message = denials.encode(context, DENIED)
    for place in (0, 20, len(message) - 5):
        other = "A" if message[place] != "A" else "B"
        assert denials.decode(context, message[:place] + other + message[place + 1 :]) is None
    assert denials.decode(context, message[:10] + "\n" + message[10:]) is None
