"""What fault rules do to requests: errors, throttling, delays, and answers that never arrive."""

import re
from http.client import HTTPException, IncompleteRead
from typing import Any

import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from fogbank.testing import Aws
from protocols import cborcode
from server import faults
from tests.server.raw import Answer, Wire, claimed, connected, request, send

FORM = {"content-type": "application/x-www-form-urlencoded; charset=utf-8"}
JSON = {"x-amz-target": "AmazonSQS.ListQueues", "content-type": "application/x-amz-json-1.0"}
CBOR = {"smithy-protocol": "rpc-v2-cbor", "content-type": "application/cbor"}
REQUESTS: dict[str, tuple[str, str, str, dict[str, str], bytes]] = {
    "query": ("sts", "POST", "/", FORM, b"Action=GetCallerIdentity&Version=2011-06-15"),
    "json": ("sqs", "POST", "/", JSON, b"{}"),
    "cbor": ("sqs", "POST", "/service/AmazonSQS/operation/ListQueues", CBOR, b"\xa0"),
    "s3": ("s3", "GET", "/", {}, b""),
}
"""One request of each protocol: service, method, target, headers, body."""
ONCE = Config(retries={"total_max_attempts": 1})


def _written(aws: Aws, protocol: str) -> tuple[str, bytes]:
    service, method, target, headers, body = REQUESTS[protocol]
    claim = claimed(service, key=aws.account)
    return method, request(method, target, {**headers, **claim}, body)


def _ask(aws: Aws, protocol: str) -> Answer:
    method, written = _written(aws, protocol)
    with connected(aws.endpoint_url) as wire:
        wire.write(written)
        return wire.read(method)


def _told(answer: Answer) -> tuple[int, str, str]:
    if answer.headers.get("smithy-protocol") == "rpc-v2-cbor":
        members = cborcode.loads(answer.body)
        return answer.status, members["__type"].rpartition("#")[2], members["message"]
    return answer.status, answer.code, answer.message


def _identity(aws: Aws) -> Any:
    return aws.client("sts", config=ONCE).get_caller_identity()


# errors -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("protocol", REQUESTS)
def test_an_error_is_told_in_the_requests_protocol(aws: Aws, protocol: str) -> None:
    error = {"code": "InternalFailure", "status": 503, "message": 'a <made up> "error" & more'}
    with aws.faults.rule("error", account=aws.account, error=error):
        status, code, message = _told(_ask(aws, protocol))
    assert (status, code) == (503, "InternalFailure")
    for entity, sign in (("&lt;", "<"), ("&gt;", ">"), ("&amp;", "&")):
        message = message.replace(entity, sign)
    assert message == error["message"]
    assert _ask(aws, protocol).status == 200


def test_a_code_alone_is_an_error_of_the_server(aws: Aws) -> None:
    with aws.faults.rule("error", account=aws.account, error="Whatever"):
        assert _told(_ask(aws, "json"))[:2] == (500, "Whatever")


def test_an_sdk_retries_what_strikes_once(aws: Aws) -> None:
    rule = {"account": aws.account, "error": {"code": "ServiceUnavailable", "status": 503}}
    with aws.faults.rule("once", **rule, count=1):
        answer = aws.client("sts").get_caller_identity()
    assert answer["ResponseMetadata"]["RetryAttempts"] == 1
    statuses = [call.status for call in aws.requests("sts", "GetCallerIdentity")]
    assert statuses == [503, 200]


def test_a_rule_strikes_after_so_many_and_so_often(aws: Aws) -> None:
    statuses = []
    rule = {"account": aws.account, "error": {"code": "Oops", "status": 418}}
    with aws.faults.rule("some", **rule, after=2, count=3):
        statuses = [_ask(aws, "json").status for _ in range(7)]
    assert statuses == [200, 200, 418, 418, 418, 200, 200]


@pytest.mark.parametrize("probability", [0, 1])
def test_what_is_certain_is_certain(aws: Aws, probability: int) -> None:
    with aws.faults.rule("x", account=aws.account, error="Oops", probability=probability):
        statuses = {_ask(aws, "json").status for _ in range(10)}
    assert statuses == {500 if probability else 200}


def test_the_operation_has_not_run(aws: Aws) -> None:
    sqs = aws.client("sqs", config=ONCE)
    url = sqs.create_queue(QueueName="queue")["QueueUrl"]
    with (
        aws.faults.rule("x", account=aws.account, operation="SendMessage", error="Oops"),
        pytest.raises(ClientError, match="Oops"),
    ):
        sqs.send_message(QueueUrl=url, MessageBody="x")
    assert "Messages" not in sqs.receive_message(QueueUrl=url)


# what a rule matches ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("matches", "struck"),
    [
        ({"service": "sts"}, True),
        ({"service": "STS", "operation": "getcallerIdentity"}, True),
        ({"service": "s?s", "operation": "Get*"}, True),
        ({"region": "us-*"}, True),
        ({"service": "sqs"}, False),
        ({"service": "sts", "operation": "AssumeRole"}, False),
        ({"region": "eu-west-1"}, False),
        ({"resource": "something"}, False),
    ],
)
def test_rules_match_service_operation_and_region(
    aws: Aws, matches: dict[str, str], struck: bool
) -> None:
    with aws.faults.rule("x", account=aws.account, error="Oops", **matches):
        assert (_ask(aws, "query").status == 500) is struck


def test_an_account_is_struck_alone(aws: Aws) -> None:
    with aws.faults.rule("x", account="1" * 12, error="Oops"):
        assert _ask(aws, "json").status == 200


def test_a_resource_is_struck_alone(aws: Aws) -> None:
    sqs, s3 = aws.client("sqs", config=ONCE), aws.client("s3", config=ONCE)
    good, bad = (sqs.create_queue(QueueName=name)["QueueUrl"] for name in ("good", "bad"))
    s3.create_bucket(Bucket="bucket")
    with aws.faults.rule("x", account=aws.account, resource="bad", error="Oops"):
        sqs.send_message(QueueUrl=good, MessageBody="x")
        with pytest.raises(ClientError, match="Oops"):
            sqs.send_message(QueueUrl=bad, MessageBody="x")
    with aws.faults.rule("x", account=aws.account, resource="bucket/logs/*", error="Oops"):
        s3.put_object(Bucket="bucket", Key="other", Body=b"x")
        with pytest.raises(ClientError, match="Oops"):
            s3.put_object(Bucket="bucket", Key="logs/a", Body=b"x")


def test_the_rule_that_was_set_first_strikes(aws: Aws) -> None:
    with (
        aws.faults.rule("z", account=aws.account, error="First", count=1),
        aws.faults.rule("a", account=aws.account, error="Second"),
    ):
        assert [_ask(aws, "json").code for _ in range(2)] == ["First", "Second"]


@pytest.mark.parametrize(
    ("members", "expected"),
    [
        ({"QueueUrl": "http://localhost/000000000000/orders"}, "orders"),
        ({"Bucket": "photos"}, "photos"),
        ({"Bucket": "photos", "Key": "a/b"}, "photos/a/b"),
        ({"Limit": 1, "TableName": "t", "IndexName": "i"}, "t"),
        ({"MaxItems": 3, "RoleArn": "arn:aws:iam::1:role/r"}, "arn:aws:iam::1:role/r"),
        ({"KeyId": b"x"}, ""),
        ({}, ""),
    ],
)
def test_what_a_request_is_about(members: dict[str, Any], expected: str) -> None:
    assert faults.resource(members) == expected


# throttling ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("protocol", "expected"),
    [
        ("query", (400, "Throttling", "Rate exceeded")),
        ("json", (403, "RequestThrottled", "The request was denied due to request throttling.")),
        ("cbor", (403, "RequestThrottled", "The request was denied due to request throttling.")),
        ("s3", (503, "SlowDown", "Please reduce your request rate.")),
    ],
)
def test_each_service_throttles_in_its_own_words(
    aws: Aws, protocol: str, expected: tuple[int, str, str]
) -> None:
    with aws.faults.rule("slow", account=aws.account, throttle=True):
        assert _told(_ask(aws, protocol)) == expected


def test_an_sdk_takes_it_for_throttling(aws: Aws) -> None:
    with aws.faults.rule("slow", account=aws.account, throttle=True, count=1):
        answer = aws.client("sqs", config=Config(retries={"mode": "standard"})).list_queues()
    assert answer["ResponseMetadata"]["RetryAttempts"] == 1


# delays -------------------------------------------------------------------------------------------


def test_a_delay_is_real_time_and_holds_up_nobody_else(aws: Aws) -> None:
    method, written = _written(aws, "query")
    with (
        aws.faults.rule("late", account=aws.account, service="sts", latency_ms=80),
        connected(aws.endpoint_url) as wire,
    ):
        wire.write(written)
        assert _ask(aws, "json").status == 200
        assert wire.read(method).status == 200
    calls = aws.requests()
    assert calls.operations == ["ListQueues", "GetCallerIdentity"]
    assert calls[0].duration_ms < 80 <= calls[1].duration_ms


def test_what_happens_meanwhile_is_seen(aws: Aws) -> None:
    sqs = aws.client("sqs")
    method, written = _written(aws, "json")
    with (
        aws.faults.rule("late", account=aws.account, operation="ListQueues", latency_ms=100),
        connected(aws.endpoint_url) as wire,
    ):
        wire.write(written)
        sqs.create_queue(QueueName="meanwhile")
        assert b"/meanwhile" in wire.read(method).body


# broken connections -------------------------------------------------------------------------------


def _drop(wire: Wire, written: bytes) -> bytes:
    """What comes before the end of the connection."""
    wire.write(written)
    told = b""
    try:
        while piece := wire.socket.recv(65536):
            told += piece
    except ConnectionError:
        pass
    return told


@pytest.mark.parametrize("protocol", REQUESTS)
def test_a_dropped_request_gets_no_byte(aws: Aws, protocol: str) -> None:
    _, written = _written(aws, protocol)
    with (
        aws.faults.rule("drop", account=aws.account, drop=True),
        connected(aws.endpoint_url) as wire,
    ):
        assert _drop(wire, written) == b""
    assert _ask(aws, protocol).status == 200


def test_an_sdk_tries_again_after_a_drop(aws: Aws) -> None:
    with aws.faults.rule("drop", account=aws.account, drop=True, count=2):
        answer = aws.client("sqs").list_queues()
    assert answer["ResponseMetadata"]["RetryAttempts"] == 2


@pytest.mark.parametrize("protocol", REQUESTS)
@pytest.mark.parametrize("limit", [True, 0, 7])
def test_a_truncated_answer_promises_more_than_it_brings(
    aws: Aws, protocol: str, limit: bool | int
) -> None:
    aws.client("sqs").create_queue(QueueName="queue")
    whole = _ask(aws, protocol)
    _, written = _written(aws, protocol)
    with (
        aws.faults.rule("cut", account=aws.account, truncate=limit),
        connected(aws.endpoint_url) as wire,
    ):
        told = _drop(wire, written)
    head, _, body = told.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 200 OK\r\n")
    assert head.lower().count(b"content-length:") == 1
    # Request ids are all of one length.
    assert f"content-length: {len(whole.body)}".encode() in head.lower()
    assert len(body) == (len(whole.body) // 2 if limit is True else limit)


@pytest.mark.parametrize("size", [10, 300_000, 3_000_000])
def test_a_truncated_download(aws: Aws, size: int) -> None:
    s3 = aws.client("s3", config=ONCE)
    s3.create_bucket(Bucket="bucket")
    s3.put_object(Bucket="bucket", Key="key", Body=bytes(size))
    target = f"/bucket/key?{size}"
    headers = claimed("s3", key=aws.account)
    with (
        aws.faults.rule("cut", account=aws.account, operation="GetObject", truncate=True),
        pytest.raises(IncompleteRead) as caught,
    ):
        send(aws.endpoint_url, "GET", target, headers)
    assert len(caught.value.partial) + (caught.value.expected or 0) == size
    assert len(caught.value.partial) >= min(size // 2, 500_000)
    with (
        aws.faults.rule("cut", account=aws.account, operation="GetObject", truncate=3),
        pytest.raises(IncompleteRead) as caught,
    ):
        send(aws.endpoint_url, "GET", target, headers)
    assert caught.value.partial == bytes(3)
    assert send(aws.endpoint_url, "GET", target, headers).body == bytes(size)


def test_an_answer_without_a_body_is_cut_off_all_the_same(aws: Aws) -> None:
    s3 = aws.client("s3")
    s3.create_bucket(Bucket="bucket")
    s3.put_object(Bucket="bucket", Key="key", Body=b"x")
    headers = claimed("s3", key=aws.account)
    with aws.faults.rule("cut", account=aws.account, truncate=True):
        for method in ("HEAD", "DELETE"):
            try:
                answer = send(aws.endpoint_url, method, "/bucket/key", headers)
            except (OSError, HTTPException):
                continue
            assert answer.body == b""
            assert answer.status in (200, 204)


def test_faults_are_no_faults_of_the_servers(aws: Aws) -> None:
    log = getattr(aws.server, "log", "")
    with aws.faults.rule("drop", account=aws.account, drop=True), connected(aws.endpoint_url) as w:
        assert _drop(w, _written(aws, "json")[1]) == b""
    with aws.faults.rule("cut", account=aws.account, truncate=1), connected(aws.endpoint_url) as w:
        assert _drop(w, _written(aws, "json")[1])
    assert aws.server.health()["status"] == "ok"
    added = getattr(aws.server, "log", "")[len(log) :]
    assert not re.search("ERROR|Traceback|ASGI", added), added


def test_dropped_and_cut_requests_are_in_the_journal(aws: Aws) -> None:
    with aws.faults.rule("cut", account=aws.account, truncate=1), connected(aws.endpoint_url) as w:
        _drop(w, _written(aws, "json")[1])
    with aws.faults.rule("x", account=aws.account, drop=True), connected(aws.endpoint_url) as w:
        _drop(w, _written(aws, "query")[1])
    assert aws.requests().operations == ["ListQueues", "GetCallerIdentity"]
