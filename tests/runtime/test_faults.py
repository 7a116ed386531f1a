"""Fault rules: what they match, how often they strike, and what can be said wrong."""

from typing import Any

import pytest

from runtime.faults import Faults
from runtime.ids import Ids
from runtime.settings import ConfigError

SEND = ("sqs", "SendMessage", "111122223333", "eu-west-1", "arn:aws:sqs:eu-west-1:1:orders")


@pytest.fixture
def faults() -> Faults:
    """No rules yet; chance is seeded."""
    return Faults(Ids(1))


def strikes(faults: Faults, count: int = 1, request: tuple[str, ...] = SEND) -> list[str | None]:
    """The rules that struck so many requests."""
    service, operation, account, region, resource = request
    found = [faults.find(service, operation, account, region, resource) for _ in range(count)]
    return [None if rule is None else rule.name for rule in found]


@pytest.mark.parametrize(
    ("matches", "struck"),
    [
        ({}, True),
        ({"service": "sqs"}, True),
        ({"service": "SQS", "operation": "sendmessage"}, True),
        ({"operation": "Send*"}, True),
        ({"operation": "*Batch"}, False),
        ({"resource": "*:orders"}, True),
        ({"resource": "orders"}, False),
        ({"account": "111122223333", "region": "eu-*"}, True),
        ({"region": "us-*"}, False),
        ({"service": "sq?", "region": "us-*"}, False),
    ],
)
def test_a_rule_matches_all_that_it_names(
    faults: Faults, matches: dict[str, str], struck: bool
) -> None:
    faults.put("rule", {**matches, "throttle": True})
    assert strikes(faults) == ["rule" if struck else None]


def test_the_first_rule_that_strikes_is_carried_out(faults: Faults) -> None:
    faults.put("a", {"drop": True, "count": 1})
    faults.put("b", {"drop": True, "service": "s3"})
    faults.put("c", {"drop": True})
    assert strikes(faults, 3) == ["a", "c", "c"]
    faults.put("a", {"drop": True, "count": 1})
    assert strikes(faults, 2) == ["a", "c"]


def test_a_rule_can_begin_late_and_end_early(faults: Faults) -> None:
    rule = faults.put("rule", {"throttle": True, "after": 2, "count": 2})
    assert strikes(faults, 6) == [None, None, "rule", "rule", None, None]
    assert (rule.seen, rule.fired) == (6, 2)
    assert (rule.members()["matched"], rule.members()["fired"]) == (6, 2)


def test_chance_is_the_id_sources_and_repeats(faults: Faults) -> None:
    def run(seed: int) -> list[str | None]:
        rules = Faults(Ids(seed))
        rules.put("rule", {"throttle": True, "probability": 0.3})
        return strikes(rules, 500)

    assert run(1) == run(1) != run(2)
    assert 100 < run(1).count("rule") < 200
    faults.put("never", {"throttle": True, "probability": 0})
    assert set(strikes(faults, 50)) == {None}


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ({"error": "Broken"}, ("Broken", 500)),
        ({"error": {"code": "Gone", "status": 404, "message": "It left."}}, ("Gone", 404)),
    ],
)
def test_an_error_has_a_code_a_status_and_a_message(
    faults: Faults, given: dict[str, Any], shown: tuple[str, int]
) -> None:
    value = faults.put("rule", given).value
    assert (value["code"], value["status"]) == shown
    assert value["message"]


@pytest.mark.parametrize("action", ["latency_ms", "truncate"])
def test_zero_is_an_amount(faults: Faults, action: str) -> None:
    rule = faults.put("rule", {action: 0})
    assert (rule.action, rule.value) == (action, 0)


@pytest.mark.parametrize("given", [{"truncate": True}, {"drop": True}, {"throttle": True}])
def test_some_are_just_switched_on(faults: Faults, given: dict[str, Any]) -> None:
    assert faults.put("rule", {**given, "latency_ms": None, "error": False}).value is True


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({}, "error"),
        ({"drop": False}, "error"),
        ({"drop": True, "throttle": True}, "error"),
        ({"drop": True, "colour": "red"}, "colour"),
        ({"drop": "yes"}, "drop"),
        ({"throttle": 1}, "throttle"),
        ({"error": 500}, "error"),
        ({"error": {"status": 500}}, "error"),
        ({"error": {"code": "A", "status": 200}}, "error"),
        ({"error": {"code": "A", "status": "500"}}, "error"),
        ({"latency_ms": -1}, "latency_ms"),
        ({"latency_ms": True}, "latency_ms"),
        ({"latency_ms": 10**9}, "latency_ms"),
        ({"truncate": "half"}, "truncate"),
        ({"drop": True, "probability": 1.5}, "probability"),
        ({"drop": True, "probability": "often"}, "probability"),
        ({"drop": True, "count": -1}, "count"),
        ({"drop": True, "after": None}, "after"),
        ({"drop": True, "service": ""}, "service"),
        ({"drop": True, "region": 3}, "region"),
    ],
)
def test_what_is_wrong_is_named(faults: Faults, given: dict[str, Any], field: str) -> None:
    with pytest.raises(ConfigError) as caught:
        faults.put("rule", given)
    assert caught.value.field == field
    assert faults.rules == {}
