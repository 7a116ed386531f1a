"""Other emulators' paths, used as their documentation tells."""

import xml.etree.ElementTree as ElementTree
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

import boto3
import pytest

from fogbank import Server
from tests.server.control.calling import call, refusal


@pytest.fixture(scope="module")
def own_server() -> Iterator[Server]:
    """One server for these tests."""
    with Server(strict_answers=True) as server:
        yield server


@pytest.fixture
def server(own_server: Server) -> Server:
    """The same, as one that has just started."""
    own_server.reset()
    return own_server


def queues(server: Server) -> list[str]:
    found: list[str] = server.client("sqs").list_queues().get("QueueUrls", [])
    return found


# LocalStack --------------------------------------------------------------------------------------


def test_localstack_health(server: Server) -> None:
    health = call(server, "GET", "/_localstack/health").json
    assert health.keys() == {"services", "edition", "version"}
    assert health["services"].keys() == server.health()["services"].keys()
    assert set(health["services"].values()) <= {"available", "running"}


def test_localstack_info(server: Server) -> None:
    info = call(server, "GET", "/_localstack/info").json
    assert info["version"] == server.health()["version"]
    assert info["is_license_activated"] is False
    assert info["uptime"] >= 0
    assert isinstance(info["is_docker"], bool)
    assert len(info["session_id"]) == 32


def test_localstack_init_with_hooks(tmp_path: Path) -> None:
    (tmp_path / "ready.d").mkdir()
    (tmp_path / "ready.d" / "10-good.sh").write_text("true\n")
    (tmp_path / "ready.d" / "20-bad.sh").write_text("exit 3\n")
    with Server(hooks=[tmp_path]) as server:
        while not call(server, "GET", "/_localstack/init/ready").json["completed"]:
            pass
        scripts = [
            {"stage": "READY", "name": "10-good.sh", "state": "SUCCESSFUL"},
            {"stage": "READY", "name": "20-bad.sh", "state": "ERROR"},
        ]
        assert call(server, "GET", "/_localstack/init").json == {
            "completed": {"BOOT": True, "START": True, "READY": True, "SHUTDOWN": False},
            "scripts": scripts,
        }
        assert call(server, "GET", "/_localstack/init/READY").json["scripts"] == scripts
        shutdown = {"completed": False, "scripts": []}
        assert call(server, "GET", "/_localstack/init/shutdown").json == shutdown
        assert refusal(server, "GET", "/_localstack/init/nonsense", status=404)


def test_localstack_reset(server: Server) -> None:
    server.client("sqs").create_queue(QueueName="orders")
    server.client("s3").create_bucket(Bucket="photos")
    assert call(server, "POST", "/_localstack/state/sqs/reset").status == 200
    assert queues(server) == []
    assert len(server.client("s3").list_buckets()["Buckets"]) == 1
    assert call(server, "POST", "/_localstack/state/reset").status == 200
    assert server.client("s3").list_buckets()["Buckets"] == []
    assert call(server, "POST", "/_localstack/state/nonsense/reset").status == 404


def test_localstack_restart_drops_what_is_temporary_and_runs_the_hooks_again(
    tmp_path: Path,
) -> None:
    hooks, ran = tmp_path / "hooks", tmp_path / "ran"
    (hooks / "ready.d").mkdir(parents=True)
    (hooks / "ready.d" / "once-more.sh").write_text(f"echo ran >> {ran}\n")
    path = "/_localstack/health"
    with Server(hooks=[hooks]) as server:
        while not call(server, "GET", "/_localstack/init/ready").json["completed"]:
            pass
        server.client("sqs").create_queue(QueueName="orders")
        assert call(server, "POST", path, {"action": "restart"}).status == 200
        assert queues(server) == []
        assert ran.read_text() == "ran\nran\n"
        assert refusal(server, "POST", path, {"action": "kill"})[1] == "action"
        assert refusal(server, "POST", path)[1] == "action"
    with Server(data=tmp_path / "data", hooks=[]) as server:
        server.client("sqs").create_queue(QueueName="orders")
        server.faults.put("x", throttle=True)
        assert call(server, "POST", path, {"action": "restart"}).status == 200
        assert len(queues(server)) == 1
        assert server.faults.list() == []


# SQS's messages ----------------------------------------------------------------------------------


@pytest.fixture
def url(server: Server) -> str:
    """A queue with a message there, one in flight, and one delayed."""
    sqs = server.client("sqs")
    found: str = sqs.create_queue(QueueName="orders")["QueueUrl"]
    sqs.send_message(QueueUrl=found, MessageBody="in flight")
    sqs.receive_message(QueueUrl=found)
    sqs.send_message(
        QueueUrl=found,
        MessageBody="there <&>",
        MessageAttributes={"kind": {"DataType": "String", "StringValue": "new"}},
    )
    sqs.send_message(QueueUrl=found, MessageBody="delayed", DelaySeconds=60)
    return found


def shown(server: Server, **query: str) -> list[dict[str, Any]]:
    path = f"/_aws/sqs/messages?{urlencode(query)}"
    answer = call(server, "GET", path, headers={"Accept": "application/json"})
    result = answer.json["ReceiveMessageResponse"]["ReceiveMessageResult"]
    return [] if result is None else list(result["Message"])


def test_messages_are_seen_without_being_received(server: Server, url: str) -> None:
    for _ in range(3):
        (message,) = shown(server, QueueUrl=url)
    assert message["Body"] == "there <&>"
    attributes = {entry["Name"]: entry["Value"] for entry in message["Attribute"]}
    assert attributes["ApproximateReceiveCount"] == "0"
    assert message["MessageAttribute"][0]["Name"] == "kind"
    received = server.client("sqs").receive_message(
        QueueUrl=url, MaxNumberOfMessages=10, MessageSystemAttributeNames=["All"]
    )
    assert [entry["Body"] for entry in received["Messages"]] == ["there <&>"]
    assert received["Messages"][0]["Attributes"]["ApproximateReceiveCount"] == "1"
    assert shown(server, QueueUrl=url) == []


def test_those_in_flight_and_delayed_are_shown_when_wanted(server: Server, url: str) -> None:
    def bodies(**query: str) -> list[str]:
        return [message["Body"] for message in shown(server, QueueUrl=url, **query)]

    assert bodies(ShowInvisible="true") == ["in flight", "there <&>"]
    assert bodies(ShowDelayed="True") == ["there <&>", "delayed"]
    assert bodies(ShowInvisible="1", ShowDelayed="1") == ["in flight", "there <&>", "delayed"]
    assert bodies(ShowInvisible="false", ShowDelayed="maybe") == ["there <&>"]


def test_the_form_is_xml_unless_json_is_wanted(server: Server, url: str) -> None:
    get = call(server, "GET", f"/_aws/sqs/messages?QueueUrl={quote(url, safe='')}")
    form = call(
        server,
        "POST",
        "/_aws/sqs/messages",
        urlencode({"Action": "ReceiveMessage", "QueueUrl": url}).encode(),
        {"Content-Type": "application/x-www-form-urlencoded"},
    )
    place = call(server, "GET", "/_aws/sqs/messages/us-east-1/000000000000/orders")
    for answer in (get, form, place):
        assert answer.headers["content-type"] == "text/xml"
        root = ElementTree.fromstring(answer.content)
        assert [element.text for element in root.iterfind(".//{*}Body")] == ["there <&>"]


def test_boto3_sees_them_with_this_path_as_its_endpoint(server: Server, url: str) -> None:
    sqs = boto3.client(
        "sqs",
        endpoint_url=f"{server.endpoint_url}/_aws/sqs/messages",
        region_name="us-east-1",
        aws_access_key_id="test",
        aws_secret_access_key="test",
    )
    answer = sqs.receive_message(QueueUrl=url)
    assert [message["Body"] for message in answer["Messages"]] == ["there <&>"]
    with pytest.raises(sqs.exceptions.QueueDoesNotExist):
        sqs.receive_message(QueueUrl=f"{url}-missing")


def test_a_queue_that_is_not_there(server: Server, url: str) -> None:
    missing = quote(f"{url}-missing", safe="")
    answer = call(server, "GET", f"/_aws/sqs/messages?QueueUrl={missing}")
    assert answer.status == 400
    assert b"NonExistentQueue" in answer.content
    headers = {"Accept": "application/json"}
    answer = call(server, "GET", f"/_aws/sqs/messages?QueueUrl={missing}", headers=headers)
    assert answer.status == 400
    assert answer.json["field"] == "QueueUrl"
    assert refusal(server, "GET", "/_aws/sqs/messages")[1] == "QueueUrl"


def test_what_stands_on_services_that_are_not_there_says_so(server: Server) -> None:
    for method, path, service in (
        ("GET", "/_aws/ses", "SES"),
        ("DELETE", "/_aws/ses", "SES"),
        ("DELETE", "/_aws/dynamodb/expired", "DynamoDB"),
    ):
        message, _ = refusal(server, method, path, status=501)
        assert message.startswith(f"fogbank does not implement {service}")
    with Server(services=["s3"]) as other:
        assert call(other, "GET", "/_aws/sqs/messages?QueueUrl=x").status == 501


# moto --------------------------------------------------------------------------------------------


def test_moto_reset(server: Server) -> None:
    server.client("sqs").create_queue(QueueName="orders")
    assert call(server, "POST", "/moto-api/reset").json == {"status": "ok"}
    assert queues(server) == []


def test_moto_seed_makes_ids_repeat(server: Server) -> None:
    sqs = server.client("sqs")
    url = sqs.create_queue(QueueName="orders")["QueueUrl"]
    found = []
    for method in ("GET", "POST"):
        assert call(server, method, "/moto-api/seed?a=42").json == {"status": "ok"}
        found.append(sqs.send_message(QueueUrl=url, MessageBody="x")["MessageId"])
    assert found[0] == found[1]
    for query in ("", "?a=", "?a=x"):
        assert refusal(server, "GET", f"/moto-api/seed{query}")[1] == "a"


def test_ids_that_repeat_do_not_mix_up_payloads(server: Server) -> None:
    s3 = server.client("s3")
    s3.create_bucket(Bucket="photos")
    for key in ("a", "b"):
        call(server, "POST", "/moto-api/seed?a=7")
        s3.put_object(Bucket="photos", Key=key, Body=key.encode() * 100_000)
    for key in ("a", "b"):
        body = s3.get_object(Bucket="photos", Key=key)["Body"].read()
        assert body == key.encode() * 100_000


def test_moto_data_shows_what_there_is(server: Server) -> None:
    server.client("sqs").create_queue(QueueName="orders")
    data = call(server, "GET", "/moto-api/data.json").json
    assert [row["name"] for row in data["sqs"]["queue"]] == ["orders"]
