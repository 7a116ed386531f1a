"""Errors as each protocol tells them, and the strict writer's complaints."""

import asyncio
from typing import Any

import orjson
import pytest

from protocols import cborcode, model
from protocols.errors import Error, StrictAnswer
from protocols.http import Reply
from protocols.model import Service
from tests.protocols import botocore_side, small

GONE = Error("Gone", "It <is> gone.", Name="x & y")


def told(service: Service, protocol: str, error: Error = GONE) -> tuple[Reply, dict[bytes, bytes]]:
    """An error's reply and its headers."""
    reply = service.codec(protocol).error(None, error, "request-1")
    return reply, dict(reply.headers)


def told_json(reply: Reply) -> Any:
    """A reply's body, parsed."""
    assert isinstance(reply.body, bytes)
    return orjson.loads(reply.body)


def test_json_1_0_names_the_namespace() -> None:
    reply, headers = told(small.service("json", {}), "json")
    assert reply.status == 404
    assert told_json(reply) == {
        "__type": "com.amazonaws.small#Gone",
        "message": "It <is> gone.",
        "Name": "x & y",
    }
    assert headers[b"content-type"] == b"application/x-amz-json-1.0"
    assert headers[b"x-amzn-requestid"] == b"request-1"
    assert b"x-amzn-query-error" not in headers


def test_json_1_1_does_not() -> None:
    reply, headers = told(small.service("json", {}, jsonVersion="1.1"), "json")
    assert told_json(reply)["__type"] == "Gone"
    assert headers[b"content-type"] == b"application/x-amz-json-1.1"


def test_the_front_ends_own_errors() -> None:
    reply, _ = told(model.load("dynamodb"), "json", Error("ValidationException", "No."))
    assert told_json(reply)["__type"] == "com.amazon.coral.validate#ValidationException"
    reply, _ = told(model.load("dynamodb"), "json", Error("ResourceNotFoundException", "No."))
    assert told_json(reply)["__type"] == (
        "com.amazonaws.dynamodb.v20120810#ResourceNotFoundException"
    )


def test_query_compatible_services_tell_the_old_code() -> None:
    made = small.service("json", {}, awsQueryCompatible={})
    assert told(made, "json")[1][b"x-amzn-query-error"] == b"Small.Gone;Sender"
    made = small.service("smithy-rpc-v2-cbor", {}, awsQueryCompatible={})
    reply, headers = told(made, "smithy-rpc-v2-cbor")
    assert headers[b"x-amzn-query-error"] == b"Small.Gone;Sender"
    assert isinstance(reply.body, bytes)
    assert cborcode.loads(reply.body)["__type"] == "com.amazonaws.small#Gone"


def test_the_spelling_of_message_is_the_models() -> None:
    reply, _ = told(model.load("secretsmanager"), "json", Error("ResourceNotFoundException", "No."))
    assert told_json(reply) == {"__type": "ResourceNotFoundException", "Message": "No."}


def test_query() -> None:
    reply, headers = told(small.service("query", {}, xmlNamespace="urn:small"), "query")
    assert reply.status == 404
    assert reply.body == (
        b'<ErrorResponse xmlns="urn:small"><Error><Type>Sender</Type><Code>Small.Gone</Code>'
        b"<Message>It &lt;is&gt; gone.</Message><Name>x &amp; y</Name></Error>"
        b"<RequestId>request-1</RequestId></ErrorResponse>"
    )
    assert headers[b"content-type"] == b"text/xml"


def test_ec2() -> None:
    reply, _ = told(small.service("ec2", {}), "ec2", Error("InvalidX.NotFound", "No."))
    assert reply.body == (
        b'<?xml version="1.0" encoding="UTF-8"?>\n<Response><Errors><Error>'
        b"<Code>InvalidX.NotFound</Code><Message>No.</Message></Error></Errors>"
        b"<RequestID>request-1</RequestID></Response>"
    )


def test_rest_json() -> None:
    reply, headers = told(small.service("rest-json", {}), "rest-json")
    assert headers[b"x-amzn-errortype"] == b"Gone"
    assert told_json(reply) == {"message": "It <is> gone.", "Name": "x & y"}


def test_s3_has_nothing_around_its_errors() -> None:
    reply, headers = told(
        model.load("s3"), "rest-xml", Error("NoSuchBucket", "No.", status=404, BucketName="b")
    )
    assert isinstance(reply.body, bytes)
    assert b"<Error><Code>NoSuchBucket</Code><Message>No.</Message><BucketName>b</BucketName>" in (
        reply.body
    )
    assert b"<RequestId>request-1</RequestId><HostId>" in reply.body
    assert headers[b"x-amz-request-id"] == b"request-1"
    assert len(headers[b"x-amz-id-2"]) == 76


def test_other_rest_xml_services_do() -> None:
    reply, headers = told(model.load("route53"), "rest-xml", Error("NoSuchHostedZone", "No."))
    assert reply.status == 404
    assert isinstance(reply.body, bytes)
    assert b"<ErrorResponse xmlns=" in reply.body
    assert b"<Type>Sender</Type><Code>NoSuchHostedZone</Code>" in reply.body
    assert headers[b"x-amzn-requestid"] == b"request-1"


@pytest.mark.parametrize(
    ("code", "status", "found"),
    [("Unlisted", None, 400), ("Unlisted", 418, 418), ("InternalFailure", None, 500)],
)
def test_codes_that_no_model_has(code: str, status: int | None, found: int) -> None:
    assert told(small.service("json", {}), "json", Error(code, status=status))[0].status == found


def test_headers_take_no_line_breaks() -> None:
    members = {"Name": {"shape": "String", "location": "header", "locationName": "x-name"}}
    made = small.service("rest-json", {}, output=members)
    reply = made.codec("rest-json").write(made.operations["Do"])(
        {"Name": "a\r\nset-cookie: b"}, "i"
    )
    assert dict(reply.headers)[b"x-name"] == b"a  set-cookie: b"


OUTPUT = {
    "Name": {"shape": "String"},
    "Count": {"shape": "Integer"},
    "Flag": {"shape": "Boolean"},
    "Data": {"shape": "Blob"},
    "When": {"shape": "Timestamp"},
    "Number": {"shape": "Double"},
    "Items": {"shape": "Items"},
    "Map": {"shape": "Map"},
    "Any": {"shape": "Document"},
}
NESTED = {
    "Items": {"type": "list", "member": {"shape": "Item"}},
    "Item": {"type": "structure", "required": ["Id"], "members": {"Id": {"shape": "String"}}},
    "Map": {"type": "map", "key": {"shape": "String"}, "value": {"shape": "Integer"}},
}


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        ({"Other": 1}, "small.Do.Other: DoResult has no such member"),
        ({"Name": None}, "small.Do.Name: None; leave the member out"),
        ({"Name": 1}, "small.Do.Name: 1 (int) is no string"),
        ({"Count": True}, "small.Do.Count: True (bool) is no integer"),
        ({"Count": "1"}, "small.Do.Count: '1' (str) is no integer"),
        ({"Flag": 1}, "small.Do.Flag: 1 is no boolean"),
        ({"Data": "x"}, "small.Do.Data: 'x' (str) is no blob"),
        ({"When": "now"}, "small.Do.When: 'now' (str) is no timestamp"),
        ({"Items": [{}]}, "small.Do.Items[0].Id: Item requires it"),
        ({"Items": [None]}, "small.Do.Items[0]: None in a list"),
        ({"Map": {1: 1}}, "small.Do.Map: the key 1 is no string"),
        ({"Map": {"a": "b"}}, "small.Do.Map['a']: 'b' (str) is no integer"),
        ([], "small.Do: the answer is a list, not a dict"),
    ],
)
def test_the_strict_writer_names_the_place(answer: Any, words: str) -> None:
    made = small.service("json", {}, NESTED, output=OUTPUT)
    write = made.codec("json").write(made.operations["Do"], strict=True)
    with pytest.raises(StrictAnswer) as caught:
        write(answer, "id")
    assert str(caught.value) == words


@pytest.mark.parametrize("protocol", ["json", "rest-json", "query", "ec2", "rest-xml"])
def test_the_lenient_writer_drops_nones(protocol: str) -> None:
    made = small.service(protocol, {}, NESTED, output=OUTPUT, xmlNamespace="urn:small")
    answer = {
        "Name": "a", "Count": None, "Number": float("nan"), "Data": b"\x00", "When": 1.5,
        "Items": [{"Id": "i"}],
    }  # fmt: skip
    reply = made.codec(protocol).write(made.operations["Do"])(answer, "id")
    body = reply.body
    assert isinstance(body, bytes)
    assert b"Count" not in body
    assert b"null" not in body
    assert b"NaN" in body
    assert b"AA==" in body


def test_json_that_orjson_refuses() -> None:
    made = small.service("json", {}, NESTED, output=OUTPUT)
    write = made.codec("json").write(made.operations["Do"])
    body = write({"Name": "\ud800", "Any": {"n": 2**70}}, "id").body
    assert body == b'{"Name":"\\ud800","Any":{"n":1180591620717411303424}}'


def test_an_error_within_a_stream_ends_it() -> None:
    service = model.load("kinesis")
    operation = service.operations["SubscribeToShard"]

    async def events() -> Any:
        yield {"SubscribeToShardEvent": {"Records": [], "ContinuationSequenceNumber": "1",
                                         "MillisBehindLatest": 0}}  # fmt: skip
        raise Error("ResourceNotFoundException", "Gone.")

    reply = service.codec("json").write(operation)({"EventStream": events()}, "id")
    body = asyncio.run(botocore_side.collected(reply.body))
    assert b":exception-type" in body
    assert b"ResourceNotFoundException" in body
    assert body.index(b"initial-response") < body.index(b"SubscribeToShardEvent")
