"""Coverage: what is said of operations is what their source says."""

from pathlib import Path

import pytest

from fogbank import Server
from server.control.coverage import service_report
from tests.server.control.calling import call


def test_every_service_there_is_with_every_operation_of_its_model(server: Server) -> None:
    report = call(server, "GET", "/_fogbank/coverage").json
    assert report["services"].keys() == server.health()["services"].keys()
    for service in report["services"].values():
        depths = [operation["depth"] for operation in service["operations"].values()]
        assert {name: depths.count(name) for name in ("real", "partial", "none")} == {
            name: service[name] for name in ("real", "partial", "none")
        }
        assert all(
            operation["reason"]
            for operation in service["operations"].values()
            if operation["depth"] == "partial"
        )
    assert report["services"]["sqs"]["operations"]["SendMessage"]["depth"] == "real"
    assert "workmail" in report["absent"]
    assert not set(report["absent"]) & report["services"].keys()


def test_to_look_is_not_to_load() -> None:
    with Server() as server:
        call(server, "GET", "/_fogbank/coverage")
        assert set(server.health()["services"].values()) == {"available"}


MODULE = '''
"""Queues."""


def create_queue(context, request):
    """Make a queue.

    Partial: its tags are dropped, and what it is
    given beyond that.
    """
    return {"QueueUrl": request["QueueName"]}


async def send_message(context, request):
    """Send a message. A Partial: in the middle is none."""
    for part in ("Body", "Attributes"):
        request.get(f"Message{part}")
    return dict(DelaySeconds=1)


def receive_message(context, request):
    """Receive nothing."""


def helper():
    """No operation."""
'''


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "__init__.py").touch()
    (tmp_path / "queues.py").write_text(MODULE)
    (tmp_path / "more.py").write_text('QUEUE = "Queue" + "Url"\n')
    return tmp_path


def test_a_handler_says_itself_what_it_lacks(folder: Path) -> None:
    report = service_report("sqs", folder)
    assert (report["real"], report["partial"]) == (2, 1)
    operations = report["operations"]
    assert operations["CreateQueue"]["depth"] == "partial"
    assert operations["CreateQueue"]["reason"] == (
        "its tags are dropped, and what it is given beyond that."
    )
    assert operations["SendMessage"]["depth"] == "real"
    assert "reason" not in operations["SendMessage"]
    assert operations["PurgeQueue"] == {"depth": "none"}


def test_members_that_no_module_names_are_never_read(folder: Path) -> None:
    operations = service_report("sqs", folder)["operations"]
    assert operations["CreateQueue"]["members_never_read"] == ["tags"]
    # What is put together could be any Message...; a keyword is a name, too.
    assert operations["SendMessage"]["members_never_read"] == []
    assert operations["ReceiveMessage"]["members_never_read"] == [
        "AttributeNames",
        "MaxNumberOfMessages",
        "VisibilityTimeout",
        "WaitTimeSeconds",
        "ReceiveRequestAttemptId",
    ]
