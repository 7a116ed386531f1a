"""A server as its user sees it."""

from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from fogbank import Connection, Server, connect


def test_clients_are_of_an_account_and_a_region(server: Server) -> None:
    assert server.client("sts").get_caller_identity()["Account"] == "000000000000"
    sts = server.client("sts", account="111122223333", region="eu-west-1")
    assert sts.get_caller_identity()["Arn"] == "arn:aws:iam::111122223333:root"
    assert sts.meta.region_name == "eu-west-1"
    assert sts.meta.endpoint_url == server.endpoint_url


def test_a_clients_own_options_count(server: Server) -> None:
    client = server.client("s3", config=Config(s3={"addressing_style": "path"}))
    assert client.meta.config.s3 == {"addressing_style": "path"}


def test_resources(server: Server) -> None:
    queue = server.resource("sqs").create_queue(QueueName="orders")
    queue.send_message(MessageBody="one")
    assert [message.body for message in queue.receive_messages()] == ["one"]


def test_connect_reaches_one_that_runs(server: Server) -> None:
    connection = connect(server.endpoint_url + "/")
    assert type(connection) is Connection
    assert connection.endpoint_url == server.endpoint_url
    assert repr(connection) == f"<fogbank Connection {server.endpoint_url}>"


# the clock ---------------------------------------------------------------------------------------


def test_moments_are_taken_as_they_are_written(server: Server) -> None:
    noon = datetime(2026, 3, 1, 12, tzinfo=UTC)
    for moment in (
        "2026-03-01T12:00:00Z",
        datetime(2026, 3, 1, 12),
        datetime(2026, 3, 1, 14, tzinfo=timezone(timedelta(hours=2))),
    ):
        assert server.clock.freeze(moment) == noon
    assert repr(server.clock) == "<fogbank clock 2026-03-01T12:00:00.000000Z frozen>"


def test_advances_answer_what_fell_due(server: Server) -> None:
    server.clock.freeze()
    assert server.clock.advance(timedelta(hours=1)) == 0


def state(server: Server) -> dict[str, Any]:
    found: dict[str, Any] = server.control.call("GET", "clock")
    return found


def _fail_an_hour_later(server: Server) -> None:
    with server.clock.kept():
        server.clock.advance(3600)
        raise KeyError


def test_a_clock_is_left_as_it_was_found(server: Server) -> None:
    with server.clock.kept() as clock:
        clock.freeze("2030-01-01")
    assert not server.clock.frozen
    assert abs(state(server)["offset_seconds"]) < 0.1

    server.clock.advance(3600)
    with pytest.raises(KeyError):
        _fail_an_hour_later(server)
    assert abs(state(server)["offset_seconds"] - 3600) < 0.1

    moment = server.clock.freeze("2030-01-01T00:00:00.123456Z")
    with server.clock.kept():
        server.clock.resume()
        server.clock.advance(5)
    assert server.clock.frozen
    assert server.clock.now() == moment


# faults, settings, states ------------------------------------------------------------------------


def test_a_rule_for_a_block(server: Server) -> None:
    sts = server.client("sts", config=Config(retries={"total_max_attempts": 1}))
    rule = server.faults.rule("broken", service="sts", throttle=True)
    with rule, pytest.raises(ClientError, match="Rate exceeded"):
        sts.get_caller_identity()
    sts.get_caller_identity()
    server.faults.put("a", throttle=True, service="x")
    server.faults.clear()
    assert server.faults.list() == []


def test_settings_are_read_and_changed(server: Server) -> None:
    before = server.config()
    assert server.config(validation="lenient")["validation"] == "lenient"
    assert server.config(**before) == before


def test_settling(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    server.settle()
    unsettled = {"settled": False, "pending": ["sqs.move", "s3.expire"]}
    monkeypatch.setattr(server.control, "call", lambda *arguments, **named: unsettled)
    with pytest.raises(TimeoutError, match=r"not settled after 1 seconds: sqs.move, s3.expire"):
        server.settle(1)


def test_snapshots_into_files_and_out_of_them(server: Server, tmp_path: Path) -> None:
    server.client("sqs").create_queue(QueueName="orders")
    server.snapshot("full")
    file = server.export_snapshot("full", str(tmp_path / "full.tar.gz"))
    assert file == tmp_path / "full.tar.gz"
    server.delete_snapshot("full")
    server.reset()
    server.import_snapshot("again", file)
    server.restore("again")
    assert len(server.client("sqs").list_queues()["QueueUrls"]) == 1
    assert [snapshot["name"] for snapshot in server.snapshots()] == ["again"]


def test_a_narrowed_reset(server: Server) -> None:
    for account in ("111111111111", "222222222222"):
        server.client("sqs", account=account).create_queue(QueueName="orders")
    server.reset(services=["sqs"], account="111111111111")
    assert "QueueUrls" not in server.client("sqs", account="111111111111").list_queues()
    assert "QueueUrls" in server.client("sqs", account="222222222222").list_queues()
