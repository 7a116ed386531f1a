"""Health: who answers, and with what."""

from fogbank import Server
from server import __version__


def test_it_answers_before_any_service_is_loaded_and_loads_none() -> None:
    with Server(services=["sqs", "sts"]) as server:
        for _ in range(2):
            health = server.health()
            assert health["status"] == "ok"
            assert health["version"] == __version__
            assert 0 < health["uptime_seconds"] < 60
            assert health["services"]["sqs"] == "available"
            assert health["services"]["s3"] == "disabled"
        server.client("sts").get_caller_identity()
        states = server.health()["services"]
        assert (states["sts"], states["sqs"], states["s3"]) == ("running", "available", "disabled")


def test_what_fogbank_has_nothing_of_is_not_listed(server: Server) -> None:
    assert "workmail" not in server.health()["services"]
