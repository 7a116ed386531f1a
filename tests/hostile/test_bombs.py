"""Small requests that mean a lot of work: refused, or answered soon, with little memory."""

import base64
from hashlib import md5
from typing import Any

import pytest

from fogbank.testing import Aws
from tests.server.raw import Answer, claimed, connected, request, send

_JSON = {"x-amz-target": "AmazonSQS.CreateQueue", "content-type": "application/x-amz-json-1.0"}
_RPC = {"smithy-protocol": "rpc-v2-cbor", "content-type": "application/cbor"}
_FORM = {"content-type": "application/x-www-form-urlencoded"}


def _json(aws: Aws, body: bytes) -> Answer:
    return send(aws.endpoint_url, "POST", "/", {**claimed("sqs", key=aws.account), **_JSON}, body)


def _cbor(aws: Aws, body: bytes) -> Answer:
    headers = {**claimed("sqs", key=aws.account), **_RPC}
    path = "/service/AmazonSQS/operation/CreateQueue"
    return send(aws.endpoint_url, "POST", path, headers, body)


def _xml(aws: Aws, body: bytes) -> Answer:
    digest = base64.b64encode(md5(body).digest()).decode()
    headers = {**claimed("s3", key=aws.account), "content-md5": digest}
    return send(aws.endpoint_url, "POST", "/bucket?delete", headers, body)


def _form(aws: Aws, body: bytes) -> Answer:
    headers = {**claimed("sts", key=aws.account), **_FORM}
    return send(aws.endpoint_url, "POST", "/", headers, body)


def _deep(before: bytes, inner: bytes, after: bytes, depth: int = 200_000) -> bytes:
    return before * depth + inner + after * depth


@pytest.mark.parametrize(
    "body",
    [
        _deep(b'{"a":', b"1", b"}"),
        _deep(b"[", b"", b"]"),
        b'{"tags":' + _deep(b'{"a":', b"1", b"}") + b"}",
        b'{"QueueName":"' + b"a" * 2_000_000 + b'"}',
        b'{"tags":{' + b",".join(b'"%d":"x"' % number for number in range(100_000)) + b"}}",
        b'{"QueueName":1' + b"0" * 100_000 + b"}",
        b'{"QueueName":"a"' + b',"QueueName":"a"' * 100_000 + b"}",
    ],
    ids=["maps", "lists", "inside", "text", "members", "digits", "twice"],
)
def test_json(aws: Aws, body: bytes) -> None:
    answer = _json(aws, body)
    assert answer.status in (200, 400)
    assert len(answer.body) < 300_000


@pytest.mark.parametrize(
    "body",
    [
        _deep(b"\xa1\x61a", b"\xa0", b""),
        _deep(b"\x81", b"\x80", b""),
        _deep(b"\xc0", b"\x00", b""),
        _deep(b"\x9f", b"", b""),
        b"\x9b\x7f" + b"\xff" * 7,
        b"\xbb\x00\x00\x00\xff" + b"\xff" * 4,
        b"\x5b\x00\x00\x00\xff" + b"\xff" * 4,
        b"\x7b\x7f" + b"\xff" * 7 + b"a",
        b"\xa1\x69QueueName\x7f" + b"\x61a" * 500_000 + b"\xff",
        b"\xc2\x5a\x00\x01\x00\x00" + b"\xff" * 65_536,
    ],
    ids=[
        "maps", "lists", "tags", "open", "list", "map", "bytes", "text", "pieces", "big",
    ],
)  # fmt: skip
def test_cbor(aws: Aws, body: bytes) -> None:
    answer = _cbor(aws, body)
    assert answer.status == 400
    assert len(answer.body) < 10_000


_LAUGHS = b"".join(
    b'<!ENTITY l%d "%s">' % (number, b"&l%d;" % (number - 1) * 10) for number in range(1, 10)
)


@pytest.mark.parametrize(
    "body",
    [
        b'<!DOCTYPE x [<!ENTITY l0 "ha">' + _LAUGHS + b"]><Delete><Quiet>&l9;</Quiet></Delete>",
        b'<!DOCTYPE x [<!ENTITY f SYSTEM "file:///etc/passwd">]><Delete><Quiet>&f;</Quiet></Delete>',
        b'<!DOCTYPE x SYSTEM "http://127.0.0.1:1/x.dtd"><Delete/>',
        _deep(b"<a>", b"", b"</a>"),
        b"<Delete>" + _deep(b"<Object>", b"", b"</Object>") + b"</Delete>",
        b"<Delete " + b" ".join(b'a%d="x"' % number for number in range(50_000)) + b"/>",
        b"<Delete" + b"".join(b' xmlns:a%d="x"' % number for number in range(50_000)) + b"/>",
        b"<Delete><Objects>" + b"&#97;" * 300_000 + b"</Objects></Delete>",
        b"<Delete>" + b"<Object><Key>a</Key></Object>" * 40_000 + b"</Delete>",
        b"<Delete><![CDATA[" + b"]]" * 400_000,
        b"<!--" + b"-" * 1_000_000,
    ],
    ids=[
        "laughs", "file", "dtd", "deep", "deep-inside", "attributes", "namespaces", "references",
        "many", "cdata", "comment",
    ],
)  # fmt: skip
def test_xml(aws: Aws, body: bytes) -> None:
    aws.client("s3").create_bucket(Bucket="bucket")
    answer = _xml(aws, body)
    assert answer.status in (400, 403)
    assert b"root:" not in answer.body
    assert len(answer.body) < 10_000


@pytest.mark.parametrize(
    "body",
    [
        b"Action=AssumeRole&" + b"&".join(b"Tags.member.%d.Key=a" % n for n in range(50_000)),
        b"Action=AssumeRole&Tags.member.999999999999.Key=a",
        b"Action=AssumeRole&" + b"Tags" + b".member.1" * 100_000 + b"=a",
        b"Action=AssumeRole" + b"&" * 1_000_000,
        b"Action=" + b"A" * 1_000_000,
        b"Action=AssumeRole&RoleArn=" + b"%61" * 500_000,
        b"Action=AssumeRole&Action=" * 100_000,
    ],
    ids=["many", "far", "deep", "empty", "long-action", "escapes", "actions"],
)
def test_forms(aws: Aws, body: bytes) -> None:
    answer = _form(aws, body)
    assert answer.status in (400, 501)
    assert len(answer.body) < 2 * len(body) + 10_000


@pytest.mark.parametrize(
    "headers",
    [
        {"x-amz-meta-a": "a" * 200_000},
        {f"x-amz-meta-{number}": "a" for number in range(2_000)},
        {"authorization": "AWS4-HMAC-SHA256 " + "Credential=a/b/c/d/e," * 5_000},
        {"authorization": "AWS4-HMAC-SHA256 Credential=" + "/" * 50_000},
        {"x-amz-trailer": "x-amz-checksum-crc32," * 5_000},
        {"x-amz-copy-source": "%25" * 20_000},
        {"range": "bytes=" + "0-0," * 20_000},
        {"if-none-match": '"a",' * 20_000},
        {"x-amz-tagging": "a=b&" * 20_000},
        {"content-type": "a/b;" + " c=d;" * 20_000},
        {"accept": "text/html," * 20_000},
        {"origin": "http://" + "a." * 20_000},
        {"user-agent": "api/" * 50_000},
        {"host": "a." * 50_000 + "localhost"},
    ],
    ids=lambda headers: f"{next(iter(headers))}-{len(headers)}",
)
@pytest.mark.parametrize("method", ["GET", "PUT"])
def test_headers(aws: Aws, headers: dict[str, str], method: str) -> None:
    aws.client("s3").create_bucket(Bucket="bucket")
    given = {**claimed("s3", key=aws.account), **headers}
    answer = send(aws.endpoint_url, method, "/bucket/key", given, b"")
    assert answer.status in (200, 400, 403, 404, 416, 431, 501)
    assert len(answer.body) < 400_000


@pytest.mark.parametrize(
    "target",
    [
        "/" + "a" * 100_000,
        "/bucket/" + "/" * 100_000,
        "/bucket/" + "../" * 30_000,
        "/bucket/" + "%2e%2e%2f" * 10_000,
        "/bucket?" + "&".join(f"a{number}" for number in range(20_000)),
        "/bucket?list-type=2&prefix=" + "%ff" * 10_000,
        "/bucket?list-type=2&max-keys=" + "9" * 50_000,
        "/bucket?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Expires=" + "9" * 50_000,
    ],
    ids=["long", "slashes", "dots", "escaped", "arguments", "prefix", "number", "presigned"],
)
def test_targets(aws: Aws, target: str) -> None:
    aws.client("s3").create_bucket(Bucket="bucket")
    answer = send(aws.endpoint_url, "GET", target, claimed("s3", key=aws.account))
    assert answer.status in (200, 400, 403, 404, 414)


@pytest.mark.parametrize("method", ["GET", "PUT", "POST", "DELETE", "HEAD", "OPTIONS"])
@pytest.mark.parametrize("service", ["s3", "sqs", "sts", "lambda", "route53", ""])
def test_paths_without_a_slash(aws: Aws, method: str, service: str) -> None:
    headers = claimed(service, key=aws.account) if service else {}
    for host in ("localhost", "bucket.s3.localhost", "s3.amazonaws.com"):
        answer = send(aws.endpoint_url, method, "*", headers, host=host)
        assert 200 <= answer.status < 500 or answer.status == 501
        answer = send(aws.endpoint_url, method, "http://localhost/bucket/*", headers, host=host)
        assert 200 <= answer.status < 500 or answer.status == 501


@pytest.mark.parametrize(
    "chunks",
    [
        b"ffffffffffffffff\r\nx",
        b"-1\r\n",
        b"0" * 100_000 + b"1\r\nx\r\n0\r\n\r\n",
        b"1;" + b"a=b;" * 50_000 + b"\r\nx\r\n0\r\n\r\n",
        b"1\r\nx\r\n" * 20_000 + b"0\r\n\r\n",
        b"0\r\n" + b"a: b\r\n" * 20_000 + b"\r\n",
    ],
    ids=["huge", "negative", "zeros", "extension", "small", "trailers"],
)
def test_chunks(aws: Aws, chunks: bytes) -> None:
    aws.client("s3").create_bucket(Bucket="bucket")
    headers: dict[str, Any] = {
        **claimed("s3", key=aws.account),
        "transfer-encoding": "chunked",
        "content-length": "",
    }
    with connected(aws.endpoint_url) as wire:
        wire.write(request("PUT", "/bucket/key", headers) + chunks)
        wire.socket.shutdown(1)
        try:
            answer = wire.read("PUT")
        except ConnectionError:
            return
        assert answer.status in (200, 400, 411, 413)
