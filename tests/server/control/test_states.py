"""The state as a whole: reset, all of it or a part, and settle."""

from pathlib import Path
from typing import Any

import pytest

from fogbank import Server
from tests.server.control.calling import call, refusal

LARGE = b"x" * 100_000


def names(client: Any) -> list[str]:
    return [url.rpartition("/")[2] for url in client.list_queues().get("QueueUrls", [])]


def test_a_whole_reset_is_a_fresh_start(server: Server) -> None:
    server.client("sqs").create_queue(QueueName="orders")
    server.client("s3").create_bucket(Bucket="photos")
    server.faults.put("broken", service="nothing", throttle=True)
    server.clock.freeze("2030-01-01")
    assert call(server, "POST", "/_fogbank/reset").json == {"reset": "everything"}
    assert server.requests() == []
    assert names(server.client("sqs")) == []
    assert server.client("s3").list_buckets()["Buckets"] == []
    assert server.faults.list() == []
    assert not server.clock.frozen
    assert abs(call(server, "GET", "/_fogbank/clock").json["offset_seconds"]) < 0.001
    server.client("sqs").create_queue(QueueName="orders")


def test_snapshots_and_settings_stay(server: Server) -> None:
    server.client("sqs").create_queue(QueueName="orders")
    server.snapshot("one-queue")
    server.config(limits="enforce")
    try:
        server.reset()
        assert server.config()["limits"] == "enforce"
        server.restore("one-queue")
        assert names(server.client("sqs")) == ["orders"]
    finally:
        server.config(limits="off")


def test_a_reset_of_an_account_leaves_the_others_alone(server: Server) -> None:
    for account in ("111111111111", "222222222222"):
        server.client("sqs", account=account).create_queue(QueueName="orders")
        server.client("s3", account=account).create_bucket(Bucket=f"b-{account}")
    server.clock.freeze("2030-01-01")
    server.faults.put("broken", service="nothing", throttle=True)
    server.reset(account="111111111111")
    assert {request.account for request in server.requests()} == {"222222222222"}
    assert names(server.client("sqs", account="111111111111")) == []
    assert names(server.client("sqs", account="222222222222")) == ["orders"]
    buckets = server.client("s3", account="222222222222").list_buckets()["Buckets"]
    assert [bucket["Name"] for bucket in buckets] == ["b-222222222222"]
    assert server.clock.frozen
    assert len(server.faults.list()) == 1


def test_a_reset_of_services_and_regions(server: Server) -> None:
    for region in ("us-east-1", "eu-west-1"):
        server.client("sqs", region=region).create_queue(QueueName="orders")
    server.client("s3").create_bucket(Bucket="photos")
    server.reset(services=["sqs"], region="eu-west-1")
    assert names(server.client("sqs", region="eu-west-1")) == []
    assert names(server.client("sqs")) == ["orders"]
    server.reset(services=["sqs"])
    assert {request.service for request in server.requests()} == {"s3"}
    assert names(server.client("sqs")) == []
    assert len(server.client("s3").list_buckets()["Buckets"]) == 1


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"services": []}, "services"),
        ({"services": "sqs"}, "services"),
        ({"services": ["nonsense"]}, "services"),
        ({"services": [["sqs"]]}, "services"),
        ({"account": "me"}, "account"),
        ({"account": 111111111111}, "account"),
        ({"region": ""}, "region"),
        ({"service": ["sqs"]}, "service"),
    ],
)
def test_a_reset_that_is_not_understood_drops_nothing(
    server: Server, body: object, field: str
) -> None:
    server.client("sqs").create_queue(QueueName="orders")
    assert refusal(server, "POST", "/_fogbank/reset", body)[1] == field
    assert names(server.client("sqs")) == ["orders"]


@pytest.mark.parametrize(
    "narrowed", [{}, {"services": ["s3"]}, {"account": "000000000000"}, {"region": "us-east-1"}]
)
def test_files_of_dropped_payloads_are_removed(tmp_path: Path, narrowed: Any) -> None:
    with Server(data=tmp_path) as server:
        s3 = server.client("s3")
        s3.create_bucket(Bucket="photos")
        s3.put_object(Bucket="photos", Key="one", Body=LARGE)
        s3.copy_object(Bucket="photos", Key="two", CopySource="photos/one")
        other = server.client("s3", account="222222222222", region="eu-west-1")
        place = {"LocationConstraint": "eu-west-1"}
        other.create_bucket(Bucket="others", CreateBucketConfiguration=place)
        other.put_object(Bucket="others", Key="one", Body=LARGE)
        assert len(files(tmp_path)) == 2
        server.reset(**narrowed)
        stays = "account" in narrowed or "region" in narrowed
        assert len(files(tmp_path)) == (1 if stays else 0)
        if stays:
            assert other.get_object(Bucket="others", Key="one")["Body"].read() == LARGE


def files(folder: Path) -> list[Path]:
    return [path for path in (folder / "bodies").rglob("*") if path.is_file()]


def test_settle(server: Server) -> None:
    assert call(server, "POST", "/_fogbank/settle").json == {"settled": True, "pending": []}
    server.settle(0)
    for timeout in (-1, "1", True, 100_000):
        body = {"timeout": timeout}
        assert refusal(server, "POST", "/_fogbank/settle", body)[1] == "timeout"
