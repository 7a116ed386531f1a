"""What comes in: headers, addresses, bodies of all lengths, and clients that go away."""

import asyncio
import contextlib
import sys
from base64 import b64encode
from collections.abc import AsyncIterator
from hashlib import md5, sha256
from itertools import pairwise
from typing import Any

import pytest
from botocore.auth import S3SigV4Auth
from botocore.awsrequest import AWSRequest

from fogbank.testing import Aws
from protocols.errors import Error
from protocols.http import Request
from runtime.principals import anonymous
from runtime.signatures import sign, signing_key
from server import receiving
from server.authenticate import Caller
from tests.server.raw import Answer, claimed, connected, request, send
from tests.server.signing import CREDENTIALS, KEY, SECRET

FORM = {"content-type": "application/x-www-form-urlencoded; charset=utf-8"}
WHO = b"Action=GetCallerIdentity&Version=2011-06-15"


def _json(operation: str) -> dict[str, str]:
    kind = "application/x-amz-json-1.0"
    return {"x-amz-target": f"AmazonSQS.{operation}", "content-type": kind}


# headers ------------------------------------------------------------------------------------------


def test_repeated_headers_are_joined() -> None:
    headers = [(b"a", b"1"), (b"b", b"2"), (b"a", b"3"), (b"a", b"")]
    assert receiving.joined(headers) == {b"a": b"1,3,", b"b": b"2"}


def test_a_forms_kind_may_say_more() -> None:
    kinds = [b"application/x-www-form-urlencoded", b"application/x-www-form-urlencoded; charset=x"]
    for kind in kinds:
        assert receiving.is_form(Request("POST", "/", "", {b"content-type": kind}))
    for kind in (b"", b"application/json", b"multipart/form-data"):
        assert not receiving.is_form(Request("POST", "/", "", {b"content-type": kind}))
    assert not receiving.is_form(Request("POST", "/"))


def test_the_address_is_as_the_client_has_it(aws: Aws) -> None:
    aws.client("sqs").create_queue(QueueName="queue")
    headers = {**_json("ListQueues"), **claimed("sqs", key=aws.account)}
    told = send(aws.endpoint_url, "POST", "/", headers, b"{}", host="sqs.localhost:1234")
    assert b"http://sqs.localhost:1234/" in told.body
    scope = {"scheme": "https", "server": ("127.0.0.1", 4566)}
    without = receiving.endpoint_url(scope, Request("GET", "/"))
    assert without == "https://127.0.0.1:4566"
    with_host = receiving.endpoint_url(scope, Request("GET", "/", "", {b"host": b"aws.test"}))
    assert with_host == "https://aws.test"


# bodies in memory ---------------------------------------------------------------------------------


class Sender:
    """A client that sends pieces, and then goes away or waits for ever."""

    def __init__(self, *pieces: bytes, gone: bool = False) -> None:
        self._pieces = list(pieces)
        self._gone = gone

    async def receive(self) -> Any:
        """The next piece."""
        if self._pieces:
            piece = self._pieces.pop(0)
            more = bool(self._pieces) or self._gone
            return {"type": "http.request", "body": piece, "more_body": more}
        if self._gone:
            return {"type": "http.disconnect"}
        return await asyncio.Event().wait()


def _read(sender: Sender, **headers: bytes) -> bytes:
    given = {name.replace("_", "-").encode(): value for name, value in headers.items()}
    asked = Request("POST", "/", "", given)
    return asyncio.run(asyncio.wait_for(receiving.read(asked, sender.receive), 10))


def test_a_body_is_read_whole() -> None:
    assert _read(Sender(b"ab", b"", b"c"), content_length=b"3") == b"abc"
    assert _read(Sender(b"ab", b"c"), transfer_encoding=b"chunked") == b"abc"


def test_where_nothing_comes_nothing_is_waited_for() -> None:
    assert _read(Sender()) == b""
    assert _read(Sender(), content_length=b"0") == b""


def test_half_a_body_is_none() -> None:
    for pieces in ((), (b"a",), (b"a", b"b")):
        with pytest.raises(receiving.Disconnected):
            _read(Sender(*pieces, gone=True), content_length=b"9")


def test_a_body_that_is_too_long_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("server.receiving.MOST_BYTES", 5)
    assert _read(Sender(b"abcde"), content_length=b"5") == b"abcde"
    for length in (b"6", b"-1", b"1x", b"", b"9" * 40):
        with pytest.raises(Error) as caught:
            _read(Sender(b"abcdef"), content_length=length)
        assert (caught.value.code, caught.value.status) == ("RequestEntityTooLarge", 413)
    with pytest.raises(Error):
        _read(Sender(b"abc", b"def", b"g"), transfer_encoding=b"chunked")


def test_chunks_of_awss_are_taken_apart() -> None:
    kind = b"STREAMING-UNSIGNED-PAYLOAD-TRAILER"
    body = b"5\r\nhello\r\n0\r\nx-amz-checksum-crc32:NhCmhg==\r\n\r\n"
    headers = {b"x-amz-content-sha256": kind, b"x-amz-decoded-content-length": b"5"}
    headers[b"x-amz-trailer"] = b"x-amz-checksum-crc32"
    given = Request("PUT", "/", "", headers, body)
    receiving.unchunk(given, Caller(anonymous("1"), "1", "us-east-1", None, None))
    assert given.body == b"hello"
    plain = Request("PUT", "/", "", {}, body)
    receiving.unchunk(plain, Caller(anonymous("1"), "1", "us-east-1", None, None))
    assert plain.body == body


class _Chunked(S3SigV4Auth):
    """Signs the seed of a body whose chunks are signed one by one."""

    def payload(self, request: Any) -> str:
        return "STREAMING-AWS4-HMAC-SHA256-PAYLOAD"


def _tagging(aws: Aws, tampered: bool) -> Answer:
    """PutObjectTagging, a body in memory, in one signed chunk: as signed, or with another value."""
    body = b"<Tagging><TagSet><Tag><Key>k</Key><Value>v</Value></Tag></TagSet></Tagging>"
    target = "/tagged/key?tagging"
    given = AWSRequest(method="PUT", url=f"http://localhost{target}")
    given.headers["x-amz-decoded-content-length"] = str(len(body))
    md5_of = body.replace(b">v<", b">w<") if tampered else body
    given.headers["content-md5"] = b64encode(md5(md5_of).digest()).decode()
    _Chunked(CREDENTIALS, "s3", "us-east-1").add_auth(given)
    moment = given.headers["X-Amz-Date"]
    scope = f"{moment[:8]}/us-east-1/s3/aws4_request"
    key = signing_key(SECRET, moment[:8], "us-east-1", "s3")
    last = given.headers["Authorization"].rpartition("Signature=")[2]
    sent = b""
    for data in (body, b""):
        parts = ["AWS4-HMAC-SHA256-PAYLOAD", moment, scope, last, sha256(b"").hexdigest()]
        last = sign(key, "\n".join([*parts, sha256(data).hexdigest()]))
        data = data.replace(b">v<", b">w<") if tampered else data
        sent += b"%x;chunk-signature=%b\r\n%b\r\n" % (len(data), last.encode(), data)
    headers = {name.lower(): value for name, value in given.headers.items()}
    return send(aws.endpoint_url, "PUT", target, headers, sent)


def test_signed_chunks_in_memory_are_verified(aws: Aws) -> None:
    owner = aws.server.client(
        "s3", aws_access_key_id=KEY, aws_secret_access_key=SECRET, region="us-east-1"
    )
    with contextlib.suppress(owner.exceptions.BucketAlreadyOwnedByYou):
        owner.create_bucket(Bucket="tagged")
    owner.put_object(Bucket="tagged", Key="key")
    refused = _tagging(aws, tampered=True)
    assert (refused.status, refused.code) == (403, "SignatureDoesNotMatch")
    assert owner.get_object_tagging(Bucket="tagged", Key="key")["TagSet"] == []
    assert _tagging(aws, tampered=False).status == 200
    tags = owner.get_object_tagging(Bucket="tagged", Key="key")["TagSet"]
    assert tags == [{"Key": "k", "Value": "v"}]


def test_a_form_of_nothing_is_not_waited_for(aws: Aws) -> None:
    headers = {**FORM, "transfer-encoding": "chunked", "content-length": ""}
    host = "s3.localhost"
    answer = send(aws.endpoint_url, "PUT", "/nobodys/key", headers, b"0\r\n\r\n", host=host)
    assert (answer.status, answer.code) == (404, "NoSuchBucket")


def test_chunks_of_https_are_taken_apart(aws: Aws) -> None:
    headers = {**FORM, **claimed("sts", key=aws.account), "transfer-encoding": "chunked"}
    headers["content-length"] = ""
    pieces = [WHO[:5], WHO[5:20], WHO[20:]]
    body = b"".join(b"%x\r\n%b\r\n" % (len(piece), piece) for piece in pieces) + b"0\r\n\r\n"
    answer = send(aws.endpoint_url, "POST", "/", headers, body)
    assert answer.status == 200
    assert aws.account.encode() in answer.body


@pytest.mark.parametrize("size", [1, 70_000, 3_000_000])
def test_a_body_may_come_late_and_in_pieces(aws: Aws, size: int) -> None:
    body = WHO + b"&Padding=" + b"x" * size
    headers = {**FORM, **claimed("sts", key=aws.account)}
    written = request("POST", "/", headers, body)
    head = len(written) - len(body)
    places = [0, 10, head - 2, head, head + 1, head + len(WHO) // 2, len(written)]
    with connected(aws.endpoint_url) as wire:
        for begin, end in pairwise(places):
            wire.write(written[begin:end])
            # What is answered on another connection was asked after this piece had come.
            send(aws.endpoint_url, "GET", "/_fogbank/clock")
        answer = wire.read()
    assert (answer.status, answer.code) == (200, "")
    assert aws.account.encode() in answer.body


@pytest.mark.parametrize(
    ("service", "method", "target", "headers"),
    [
        ("sqs", "POST", "/", _json("ListQueues")),
        ("sts", "POST", "/", FORM),
        ("s3", "PUT", "/bucket?tagging", {}),
        ("route53", "POST", "/2013-04-01/hostedzone", {}),
    ],
)
def test_a_length_over_the_limit_is_refused_before_the_body_comes(
    aws: Aws, service: str, method: str, target: str, headers: dict[str, str]
) -> None:
    length = {"content-length": str(receiving.MOST_BYTES + 1)}
    given = {**headers, **claimed(service, key=aws.account), **length}
    answer = send(aws.endpoint_url, method, target, given)
    assert (answer.status, answer.code) == (413, "RequestEntityTooLarge")
    assert answer.message == "The request is too large."


def test_an_upload_over_s3s_limit_is_refused_before_it_comes(aws: Aws) -> None:
    aws.client("s3").create_bucket(Bucket="bucket")
    length = {"content-length": str(6 * 1024**3)}
    given = {**claimed("s3", key=aws.account), **length}
    answer = send(aws.endpoint_url, "PUT", "/bucket/key", given)
    assert (answer.status, answer.code) == (400, "EntityTooLarge")


def test_expect_100_is_answered_before_the_body(aws: Aws) -> None:
    aws.client("s3").create_bucket(Bucket="bucket")
    headers = {**claimed("s3", key=aws.account), "expect": "100-continue"}
    written = request("PUT", "/bucket/key", headers, b"content")
    with connected(aws.endpoint_url) as wire:
        wire.write(written[: -len(b"content")])
        told = b""
        while b"\r\n\r\n" not in told:
            told += wire.socket.recv(100)
        assert told.startswith(b"HTTP/1.1 100 ")
        wire.write(b"content")
        assert wire.read("PUT").status == 200
    found = aws.client("s3").get_object(Bucket="bucket", Key="key")["Body"].read()
    assert found == b"content"


def test_an_upload_that_breaks_off_leaves_nothing(aws: Aws) -> None:
    s3 = aws.client("s3")
    s3.create_bucket(Bucket="bucket")
    headers = {**claimed("s3", key=aws.account), "content-length": "1000000"}
    with connected(aws.endpoint_url) as wire:
        wire.write(request("PUT", "/bucket/key", headers, bytes(500_000)))
    assert "Contents" not in s3.list_objects_v2(Bucket="bucket")
    assert aws.server.health()["status"] == "ok"


# going away ---------------------------------------------------------------------------------------


def test_long_work_goes_on_while_the_client_stays() -> None:
    async def work() -> str:
        await asyncio.sleep(0)
        return "done"

    async def failing() -> None:
        raise KeyError("why")

    async def both() -> None:
        assert await receiving.unless_disconnected(work(), Sender().receive) == "done"
        # A request without a body is told so first.
        assert await receiving.unless_disconnected(work(), Sender(b"").receive) == "done"
        with pytest.raises(KeyError):
            await receiving.unless_disconnected(failing(), Sender().receive)
        for _ in range(3):  # the tasks that were cancelled end
            await asyncio.sleep(0)
        assert len(asyncio.all_tasks()) == 1 + (sys.version_info < (3, 12))  # wait_for's own

    asyncio.run(asyncio.wait_for(both(), 10))


def test_long_work_is_given_up_when_the_client_goes() -> None:
    ended = []

    async def work() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            ended.append(True)

    async def gone() -> None:
        with pytest.raises(receiving.Disconnected):
            await receiving.unless_disconnected(work(), Sender(gone=True).receive)
        await asyncio.sleep(0)

    asyncio.run(asyncio.wait_for(gone(), 10))
    assert ended == [True]


def test_work_is_given_up_with_the_request() -> None:
    ended = []

    async def work() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            ended.append(True)

    async def cancelled() -> None:
        waiting = receiving.unless_disconnected(work(), Sender().receive)
        task = asyncio.ensure_future(waiting)
        for _ in range(3):
            await asyncio.sleep(0)
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task
        await asyncio.sleep(0)

    asyncio.run(asyncio.wait_for(cancelled(), 10))
    assert ended == [True]


def test_a_poll_of_a_client_that_has_gone_takes_no_message(aws: Aws) -> None:
    sqs = aws.client("sqs")
    url = sqs.create_queue(QueueName="queue")["QueueUrl"]
    body = b'{"QueueUrl":"%b","WaitTimeSeconds":20}' % url.encode()
    headers = {**_json("ReceiveMessage"), **claimed("sqs", key=aws.account)}
    with connected(aws.endpoint_url) as wire:
        wire.write(request("POST", "/", headers, body))
        sqs.get_queue_url(QueueName="queue")  # the poll is parked by now
    sqs.get_queue_url(QueueName="queue")  # and has gone by now
    sqs.send_message(QueueUrl=url, MessageBody="x")
    found = sqs.receive_message(QueueUrl=url, MessageSystemAttributeNames=["All"])["Messages"]
    assert found[0]["Attributes"]["ApproximateReceiveCount"] == "1"


@pytest.mark.parametrize("kind", ["json", "form", "url"])
def test_a_poll_waits_for_what_comes(aws: Aws, kind: str) -> None:
    sqs = aws.client("sqs")
    url = sqs.create_queue(QueueName="queue")["QueueUrl"]
    form = f"Action=ReceiveMessage&Version=2012-11-05&QueueUrl={url}&WaitTimeSeconds=20"
    claim = claimed("sqs", key=aws.account)
    if kind == "json":
        body = b'{"QueueUrl":"%b","WaitTimeSeconds":20}' % url.encode()
        written = request("POST", "/", {**_json("ReceiveMessage"), **claim}, body)
    elif kind == "form":
        written = request("POST", "/", {**FORM, **claim}, form.encode())
    else:
        written = request("GET", f"/?{form}", {**claim, "content-length": ""})
    with connected(aws.endpoint_url) as wire:
        wire.write(written)
        sqs.get_queue_url(QueueName="queue")
        sqs.send_message(QueueUrl=url, MessageBody="what has come")
        answer = wire.read()
    assert answer.status == 200
    assert b"what has come" in answer.body


def test_pieces_end_with_the_last() -> None:
    async def pieces() -> list[bytes]:
        found: AsyncIterator[bytes] = receiving._pieces(Sender(b"a", b"", b"b").receive)
        return [piece async for piece in found]

    assert asyncio.run(pieces()) == [b"a", b"b"]
