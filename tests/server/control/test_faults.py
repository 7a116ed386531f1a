"""Fault rules through the control API; what each does to a request is tested with the edge."""

import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from fogbank import ControlError, Server
from tests.server.control.calling import call, refusal

ONCE = Config(retries={"total_max_attempts": 1})


def test_a_rule_is_shown_with_what_it_did(server: Server) -> None:
    sts = server.client("sts", config=ONCE)
    rule = server.faults.put("broken", service="sts", error="ServiceUnavailable", count=1)
    assert rule == {
        "name": "broken",
        "service": "sts",
        "error": {
            "code": "ServiceUnavailable",
            "status": 500,
            "message": "A fault rule of fogbank answered this request.",
        },
        "probability": 1.0,
        "count": 1,
        "after": 0,
        "matched": 0,
        "fired": 0,
    }
    with pytest.raises(ClientError, match="ServiceUnavailable"):
        sts.get_caller_identity()
    sts.get_caller_identity()
    (shown,) = server.faults.list()
    assert (shown["matched"], shown["fired"]) == (2, 1)


def test_rules_are_replaced_and_taken_away(server: Server) -> None:
    server.faults.put("a", drop=True)
    server.faults.put("a", throttle=True)
    server.faults.put("b", latency_ms=5)
    assert [rule["name"] for rule in server.faults.list()] == ["a", "b"]
    assert call(server, "DELETE", "/_fogbank/faults/a").json == {"deleted": ["a"]}
    assert call(server, "DELETE", "/_fogbank/faults").json == {"deleted": ["b"]}
    with pytest.raises(ControlError, match="there is no fault rule 'a'") as missing:
        server.faults.remove("a")
    assert missing.value.status == 404


def test_what_is_no_rule_is_refused(server: Server) -> None:
    path = "/_fogbank/faults/x"
    assert refusal(server, "PUT", path, {"throttle": True, "servise": "s3"})[1] == "servise"
    assert refusal(server, "PUT", path, {"probability": 2, "drop": True})[1] == "probability"
    assert refusal(server, "PUT", path, {})[0].startswith("a fault does exactly one of")
    assert server.faults.list() == []
