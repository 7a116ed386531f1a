"""The tour: it ends well, and shows what it says."""

import io
import re

import pytest

from demo import tour


@pytest.fixture(scope="module")
def shown() -> str:
    """All that the tour writes."""
    out = io.StringIO()
    assert tour.main(out) == 0
    return out.getvalue()


def answer(shown: str, line: str) -> list[str]:
    """What stands below each place where a line is typed."""
    pattern = rf"^>>> {re.escape(line)}\n((?: .*\n|\w+: .*\n)*)"
    return [" ".join(found.split()) for found in re.findall(pattern, shown, re.MULTILINE)]


def test_every_step_is_taken(shown: str) -> None:
    titles = re.findall(r"^\d\. (.+?) ─+$", shown, re.MULTILINE)
    assert titles == [step.title for step in tour.STEPS]


def test_the_message_appears_when_the_clock_says_so(shown: str) -> None:
    assert answer(shown, "sqs.receive_message(QueueUrl=url)") == ["{}", "{}"]
    received = '[message["Body"] for message in sqs.receive_message(QueueUrl=url)["Messages"]]'
    assert answer(shown, received) == ["['two lamps']"] * 2


def test_faults_strike_and_a_restore_brings_back(shown: str) -> None:
    assert answer(shown, 'sent["ResponseMetadata"]["RetryAttempts"]') == ["2"]
    before, after = answer(shown, 'sqs.get_queue_url(QueueName="orders")')
    assert before.startswith("QueueDoesNotExist: ")
    assert after.endswith("/111122223333/orders'}")


def test_the_only_errors_are_those_that_are_meant(shown: str) -> None:
    errors = re.findall(r"occurred\s\((\S+)\)", shown)
    assert errors == ["PreconditionFailed", "AWS.SimpleQueueService.NonExistentQueue"]


def test_colours_are_for_terminals(shown: str) -> None:
    assert "\x1b" not in shown
