"""One request's whole way: what is journalled, what is refused how, and what is answered when."""

import asyncio
import re
import sqlite3
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from fogbank.testing import Aws
from protocols import cborcode
from protocols.errors import Error
from runtime.context import Context, Members
from runtime.runtime import Runtime, open_runtime
from runtime.settings import Settings
from server.app import App
from server.handlers import Registry
from tests.server.raw import Answer, claimed, send

FORM = {"content-type": "application/x-www-form-urlencoded; charset=utf-8"}
CBOR = {"smithy-protocol": "rpc-v2-cbor", "content-type": "application/cbor"}
PAGE = {"origin": "http://localhost:3000"}


def _json(operation: str) -> dict[str, str]:
    kind = "application/x-amz-json-1.0"
    return {"x-amz-target": f"AmazonSQS.{operation}", "content-type": kind}


def _form(aws: Aws, **parameters: str) -> Answer:
    body = urlencode({"Version": "2011-06-15", **parameters}).encode()
    headers = {**FORM, **claimed("sts", key=aws.account)}
    return send(aws.endpoint_url, "POST", "/", headers, body)


# the journal --------------------------------------------------------------------------------------


def test_a_call_is_journalled_with_who_made_it(aws: Aws) -> None:
    client = aws.client("sqs", config=Config(user_agent_extra="orders/1.2"))
    answer = client.create_queue(QueueName="queue", tags={"a": "b"})
    call = aws.requests().one()
    assert call.id == answer["ResponseMetadata"]["RequestId"]
    assert (call.service, call.operation, call.status) == ("sqs", "CreateQueue", 200)
    assert (call.account, call.region) == (aws.account, "us-east-1")
    assert call.principal == f"arn:aws:iam::{aws.account}:root"
    assert call.access_key_id == aws.account
    assert call.source_ip == "127.0.0.1"
    assert call.user_agent.startswith("Boto3/")
    assert call.user_agent.endswith(" orders/1.2")
    assert (call.error_code, call.error_message, call.parent) == (None, None, "")
    assert call.request == {"QueueName": "queue", "tags": {"a": "b"}}
    assert call.response == {"QueueUrl": answer["QueueUrl"]}


def test_an_error_is_journalled_with_its_code(aws: Aws) -> None:
    with pytest.raises(ClientError) as caught:
        aws.client("sqs").get_queue_url(QueueName="missing")
    call = aws.requests().one()
    assert call.error_code == "QueueDoesNotExist"
    assert call.status == caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 400
    assert call.error_message == caught.value.response["Error"]["Message"]
    assert call.request == {"QueueName": "missing"}
    assert call.response is None


def test_what_is_refused_on_its_way_is_journalled_all_the_same(aws: Aws) -> None:
    claim = claimed("lambda", key=aws.account)
    send(aws.endpoint_url, "GET", "/2015-03-31/functions", claim)
    headers = {**_json("SendMessage"), **claimed("sqs", key=aws.account)}
    send(aws.endpoint_url, "POST", "/", headers, b'{"MessageBody":"x"}')
    send(aws.endpoint_url, "POST", "/", headers, b'{"MessageBody":')
    send(aws.endpoint_url, "POST", "/", {**headers, **_json("Fly")}, b"{}")
    found = [(call.operation, call.status, call.error_code) for call in aws.requests()]
    assert [entry[:2] for entry in found] == [
        ("ListFunctions", 501),
        ("SendMessage", 400),
        ("SendMessage", 400),
        ("", 501),
    ]
    assert all(code for _, _, code in found)
    assert aws.requests()[1].request == {"MessageBody": "x"}


def test_a_user_agent_of_any_bytes_is_kept(aws: Aws) -> None:
    headers = {**_json("ListQueues"), **claimed("sqs", key=aws.account)}
    send(aws.endpoint_url, "POST", "/", {**headers, "user-agent": "caf\xe9/1"}, b"{}")
    send(aws.endpoint_url, "POST", "/", headers, b"{}")
    assert [call.user_agent for call in aws.requests()] == ["caf\xe9/1", ""]


def test_secrets_of_the_body_are_shown_as_members_not_as_bytes(aws: Aws) -> None:
    s3 = aws.client("s3")
    s3.create_bucket(Bucket="bucket")
    s3.put_object(Bucket="bucket", Key="key", Body=b"x" * 100_000)
    call = aws.requests("s3", "PutObject").one()
    assert call.request["Key"] == "key"
    assert "xxxx" not in str(call.request)


# refusals in each protocol ------------------------------------------------------------------------


_PROTOCOLS: dict[str, tuple[str, str, str, dict[str, str], bytes, str]] = {
    "query": ("iam", "POST", "/", FORM, b"Action=ListUsers&Version=2010-05-08", "text/xml"),
    "ec2": ("ec2", "POST", "/", FORM, b"Action=DescribeVpcs&Version=2016-11-15", "text/xml"),
    "json": (
        "kinesis",
        "POST",
        "/",
        {
            "x-amz-target": "Kinesis_20131202.ListStreams",
            "content-type": "application/x-amz-json-1.1",
        },
        b"{}",
        "application/x-amz-json-1.1",
    ),
    "rest-json": ("lambda", "GET", "/2015-03-31/functions", {}, b"", "application/json"),
    "rest-xml": ("route53", "GET", "/2013-04-01/hostedzone", {}, b"", "text/xml"),
    "cbor": (
        "monitoring",
        "POST",
        "/service/GraniteServiceVersion20100801/operation/ListMetrics",
        CBOR,
        b"\xa0",
        "application/cbor",
    ),
}
"""What is not there: service, method, target, headers, body, and the answer's kind."""
_NAMES = {
    "query": "iam.ListUsers",
    "ec2": "ec2.DescribeVpcs",
    "json": "kinesis.ListStreams",
    "rest-json": "lambda.ListFunctions",
    "rest-xml": "route53.ListHostedZones",
    "cbor": "cloudwatch.ListMetrics",
}


@pytest.mark.parametrize("protocol", _PROTOCOLS)
def test_what_is_not_there_is_named_in_its_protocol(aws: Aws, protocol: str) -> None:
    service, method, target, headers, body, kind = _PROTOCOLS[protocol]
    given = {**headers, **claimed(service, key=aws.account)}
    answer = send(aws.endpoint_url, method, target, given, body)
    assert answer.status == 501
    assert answer.headers["content-type"].startswith(kind)
    if protocol == "cbor":
        members = cborcode.loads(answer.body)
        code, message = members["__type"].rpartition("#")[2], members["message"]
    else:
        code, message = answer.code, answer.message
    assert (code, message) == ("NotImplemented", f"fogbank does not implement {_NAMES[protocol]}")
    assert aws.requests().one().error_code == "NotImplemented"


@pytest.mark.parametrize("protocol", _PROTOCOLS)
def test_scripts_of_web_pages_can_read_refusals(aws: Aws, protocol: str) -> None:
    service, method, target, headers, body, _ = _PROTOCOLS[protocol]
    given = {**headers, **claimed(service, key=aws.account), **PAGE}
    answer = send(aws.endpoint_url, method, target, given, body)
    assert answer.status == 501
    assert answer.headers["access-control-allow-origin"] == "*"
    assert "x-amzn-errortype" in answer.headers["access-control-expose-headers"].lower()


@pytest.mark.parametrize(
    ("method", "target", "headers", "status"),
    [
        ("GET", "/bucket/missing", claimed("s3"), 404),
        ("HEAD", "/bucket/missing", claimed("s3"), 404),
        ("POST", "/", {**_json("GetQueueUrl"), **claimed("sqs")}, 400),
        ("POST", "/", {**claimed("sqs"), "content-length": "999999999"}, 413),
        ("POST", "/nothing", {}, 501),
    ],
)
def test_so_can_they_other_errors(
    aws: Aws, method: str, target: str, headers: dict[str, str], status: int
) -> None:
    answer = send(aws.endpoint_url, method, target, {**headers, **PAGE})
    assert answer.status == status
    assert answer.headers["access-control-allow-origin"] == "*"


def test_who_has_no_origin_gets_no_word_of_it(aws: Aws) -> None:
    answer = send(aws.endpoint_url, "POST", "/nothing")
    assert not [name for name in answer.headers if name.startswith("access-control")]


# validation ---------------------------------------------------------------------------------------


_ROLE = "arn:aws:iam::111122223333:role/reader"


def test_a_request_outside_the_model_is_refused(aws: Aws) -> None:
    answer = _form(aws, Action="AssumeRole", RoleArn=_ROLE, RoleSessionName="x")
    assert (answer.status, answer.code) == (400, "ValidationError")
    assert "'roleSessionName' failed to satisfy constraint" in answer.message.replace("&apos;", "'")


@pytest.mark.fogbank(validation="lenient")
def test_a_lenient_server_bears_what_it_can(aws: Aws) -> None:
    answer = _form(aws, Action="AssumeRole", RoleArn=_ROLE, RoleSessionName="x")
    assert answer.status == 200
    assert b"assumed-role/reader/x<" in answer.body


@pytest.mark.fogbank(validation="lenient")
def test_what_is_not_there_cannot_be_borne(aws: Aws) -> None:
    answer = _form(aws, Action="AssumeRole", RoleSessionName="me")
    assert (answer.status, answer.code) == (400, "ValidationError")
    headers = {**_json("SendMessage"), **claimed("sqs", key=aws.account)}
    answer = send(aws.endpoint_url, "POST", "/", headers, b'{"MessageBody":"x"}')
    assert answer.status == 400


# an application in this process -------------------------------------------------------------------


class House:
    """The application over a state of its own, with handlers of the test's own."""

    def __init__(self, data: Path | None = None) -> None:
        self.registry = Registry()
        self.runtime: Runtime = open_runtime(Settings(seed=1, data=data), self.registry)
        self.app = App(self.runtime, self.registry)
        self.sent: list[dict[str, Any]] = []
        self.on_send: Callable[[], None] = lambda: None

    def handle(self, operation: str, handler: Callable[[Context, Members], Any]) -> None:
        """Let an operation of SQS do this."""
        sqs = self.registry.find("sqs")
        assert sqs is not None
        for protocol in ("json", "query", "smithy-rpc-v2-cbor"):
            call = sqs.call(operation, protocol, False)
            assert call is not None
            call.function = handler

    def run(self, work: Callable[[], Awaitable[Any]]) -> Any:
        """Do something while the runtime runs, and close it."""

        async def served() -> Any:
            self.runtime.start(asyncio.get_running_loop())
            try:
                return await work()
            finally:
                await self.runtime.close()

        return asyncio.run(asyncio.wait_for(served(), 30))

    async def ask(
        self, headers: dict[str, str], body: bytes, target: str = "/", gone: bool = False
    ) -> Answer | None:
        """One request; None when it got no answer. The client may be gone before its body came."""
        given = {"host": "localhost", "content-length": str(len(body)), **headers}
        messages = [{"type": "http.request", "body": body, "more_body": False}]
        if gone:
            messages = [{"type": "http.disconnect"}]

        async def receive() -> Any:
            return messages.pop(0) if messages else await asyncio.Event().wait()

        async def send(message: dict[str, Any]) -> None:
            self.on_send()
            self.sent.append(message)

        scope = {
            "type": "http",
            "method": "POST",
            "scheme": "http",
            "path": target,
            "raw_path": target.encode(),
            "query_string": b"",
            "headers": [(name.encode(), value.encode()) for name, value in given.items()],
            "client": ("127.0.0.1", 1),
            "server": ("127.0.0.1", 4566),
        }
        self.sent.clear()
        await self.app(scope, receive, send)
        if not self.sent:
            return None
        names = {name.decode(): value.decode() for name, value in self.sent[0]["headers"]}
        content = b"".join(message["body"] for message in self.sent[1:])
        return Answer(self.sent[0]["status"], names, content)

    async def calls(self) -> list[dict[str, Any]]:
        """The journal, oldest first."""
        found, _ = await self.runtime.journal.select()
        return found


@pytest.fixture
def house() -> House:
    """One without a folder of its own."""
    return House()


_LIST = {**_json("ListQueues"), **claimed("sqs", key="111122223333")}
_FAILING: dict[str, tuple[dict[str, str], bytes, str]] = {
    "json": (_LIST, b"{}", "/"),
    "query": (
        {**FORM, **claimed("sqs", key="111122223333")},
        b"Action=ListQueues&Version=2012-11-05",
        "/",
    ),
    "cbor": (
        {**CBOR, **claimed("sqs", key="111122223333")},
        b"\xa0",
        "/service/AmazonSQS/operation/ListQueues",
    ),
}


@pytest.mark.parametrize("protocol", _FAILING)
def test_a_bug_is_an_internal_failure_that_tells_nothing(
    house: House, protocol: str, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(context: Context, request: Members) -> Members:
        raise RuntimeError("the secret of the house")

    house.handle("ListQueues", broken)

    async def work() -> None:
        answer = await house.ask(*_FAILING[protocol])
        assert answer is not None
        assert answer.status == 500
        assert b"InternalFailure" in answer.body
        assert not re.search(rb"secret|RuntimeError|Traceback|\.py", answer.body)
        (call,) = await house.calls()
        assert (call["status"], call["error_code"]) == (500, "InternalFailure")

    house.run(work)
    assert "ListQueues failed" in caplog.text
    assert "the secret of the house" in caplog.text


def test_a_bug_before_anything_is_known_is_one_too(
    house: House, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("the secret of the house")

    monkeypatch.setattr("server.identify.Identifier.service", broken)

    async def work() -> None:
        answer = await house.ask(_LIST, b"{}")
        assert answer is not None
        assert (answer.status, answer.code) == (500, "InternalFailure")
        assert b"secret" not in answer.body

    house.run(work)
    assert "the secret of the house" in caplog.text


@pytest.mark.parametrize("failure", [RuntimeError("bug"), Error("Refused", "no", status=400)])
def test_what_a_handler_did_before_it_failed_is_undone(house: House, failure: Exception) -> None:
    def half(context: Context, request: Members) -> Members:
        context.store.set("house", "half")
        raise failure

    house.handle("ListQueues", half)

    async def work() -> None:
        answer = await house.ask(_LIST, b"{}")
        assert answer is not None
        assert answer.status >= 400
        assert house.runtime.store.setting("house") is None

    house.run(work)


def test_an_answer_leaves_when_what_it_tells_is_permanent(tmp_path: Path) -> None:
    house = House(tmp_path / "data")
    seen: list[Any] = []

    def writing(context: Context, request: Members) -> Members:
        context.store.set("house", "built")
        return {}

    def look() -> None:
        database = sqlite3.connect(tmp_path / "data" / "state.db")
        seen.append([row for row in database.iterdump() if "'built'" in row])
        database.close()

    house.handle("ListQueues", writing)
    house.on_send = look

    async def work() -> None:
        answer = await house.ask(_LIST, b"{}")
        assert answer is not None
        assert answer.status == 200

    house.run(work)
    assert all(seen)
    assert len(seen) == 2


def test_an_answer_that_cannot_be_made_permanent_is_a_failure(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    house = House(tmp_path / "data")
    store = house.runtime.store
    execute = store._execute
    followed: list[str] = []

    def broken(sql: str, *parameters: Any) -> sqlite3.Cursor:
        if sql == "COMMIT":
            raise sqlite3.OperationalError("database or disk is full")
        return execute(sql, *parameters)

    def writing(context: Context, request: Members) -> Members:
        context.store.set("house", "built")
        context.after_commit(lambda: followed.append(context.request_id))
        return {"QueueUrls": ["http://a/b"]}

    house.handle("ListQueues", writing)

    async def work() -> None:
        with monkeypatch.context() as patch:
            patch.setattr(store, "_execute", broken)
            answer = await house.ask(_LIST, b"{}")
        assert answer is not None
        assert (answer.status, answer.code) == (500, "InternalFailure")
        assert store.setting("house") is None
        (call,) = await house.calls()
        assert (call["status"], call["error_code"]) == (500, "InternalFailure")
        assert call["response"] is None
        answer = await house.ask(_LIST, b"{}")
        assert answer is not None
        assert answer.status == 200
        assert followed == [answer.headers["x-amzn-requestid"]]

    house.run(work)


def test_a_handler_may_be_a_coroutine(house: House) -> None:
    async def slow(context: Context, request: Members) -> Members:
        await asyncio.sleep(0)
        with context.transaction():
            context.store.set("house", "built")
        return {"QueueUrls": ["http://a/b"]}

    house.handle("ListQueues", slow)

    async def work() -> None:
        answer = await house.ask(_LIST, b"{}")
        assert answer is not None
        assert answer.body == b'{"QueueUrls":["http://a/b"]}'
        assert answer.headers["content-length"] == str(len(answer.body))
        assert house.runtime.store.setting("house") == "built"

    house.run(work)


def test_what_an_operation_causes_is_journalled_as_its_child(house: House) -> None:
    def causing(context: Context, request: Members) -> Members:
        context.later("sqs", "CreateQueue", {"QueueName": "caused"})
        return {}

    house.handle("ListQueues", causing)

    async def work() -> None:
        await house.ask(_LIST, b"{}")
        await house.runtime.scheduler.settle(10)
        parent, child = await house.calls()
        assert (parent["operation"], parent["parent"]) == ("ListQueues", "")
        assert (child["operation"], child["parent"]) == ("CreateQueue", parent["id"])
        assert (child["account"], child["status"]) == ("111122223333", 200)

    house.run(work)


def test_who_is_gone_gets_no_answer_and_changes_nothing(house: House) -> None:
    ran: list[Members] = []
    house.handle("ListQueues", lambda context, request: ran.append(request))

    async def work() -> None:
        assert await house.ask(_LIST, b"{}", gone=True) is None
        assert await house.ask(*_FAILING["query"], gone=True) is None
        assert ran == []
        assert await house.calls() == []

    house.run(work)


def test_an_answer_of_nothing_is_an_empty_one(house: House) -> None:
    house.handle("ListQueues", lambda context, request: None)

    async def work() -> None:
        answer = await house.ask(_LIST, b"{}")
        assert answer is not None
        assert (answer.status, answer.body) == (200, b"{}")

    house.run(work)
