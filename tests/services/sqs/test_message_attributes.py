"""The attributes that senders give to messages."""

from typing import Any

import pytest

from fogbank.testing import Aws
from tests.services.sqs.helpers import create, fails, receive, send

STRING = {"DataType": "String", "StringValue": "Bar"}


def test_attributes_come_back_with_the_digest_that_sdks_compare(aws: Aws) -> None:
    url = create(aws)
    given: dict[str, Any] = {
        "text": {"DataType": "String", "StringValue": "grüße"},
        "number": {"DataType": "Number.int", "StringValue": "-1.5e3"},
        "bytes": {"DataType": "Binary.png", "BinaryValue": b"\x00\xff"},
    }
    (sent,) = send(aws, url, "x", MessageAttributes=given)
    (got,) = receive(aws, url, MessageAttributeNames=["All"])
    assert got["MessageAttributes"] == given
    assert got["MD5OfMessageAttributes"] == sent["MD5OfMessageAttributes"]


def test_digests_are_aws_s(aws: Aws) -> None:
    """Known digests: of AWS's own answers."""
    url = create(aws)
    (sent,) = send(aws, url, "msg", MessageAttributes={"Foo": STRING})
    assert sent["MD5OfMessageAttributes"] == "ae7155c6026991b6d54b11589678bf9c"
    value = b"traceparent\x1e00-774062d6c37081a5a0b9b5b88e30627c-2d2482211f6489da-01"
    binary = {"attr1": {"DataType": "Binary", "BinaryValue": value}}
    (sent,) = send(aws, url, "test", MessageAttributes=binary)
    assert sent["MD5OfMessageAttributes"] == "8cbe4db156db8a94db8b801b7addb984"
    foobar = {"MyAttribute": {"DataType": "String", "StringValue": "foobar"}}
    (sent,) = send(aws, url, "message-1", MessageAttributes=foobar)
    assert sent["MD5OfMessageAttributes"] == "adb59cd4678ea5a855436b949cd07ab6"


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        ([], []),
        (["All"], ["bar.one", "bar.two", "foo"]),
        ([".*"], ["bar.one", "bar.two", "foo"]),
        (["bar.*"], ["bar.one", "bar.two"]),
        (["foo", "nothing"], ["foo"]),
        (["Foo"], []),
    ],
)
def test_receivers_choose_by_name_and_prefix(
    aws: Aws, wanted: list[str], expected: list[str]
) -> None:
    url = create(aws)
    given = {"foo": STRING, "bar.one": STRING, "bar.two": STRING}
    send(aws, url, "x", MessageAttributes=given)
    (got,) = receive(aws, url, MessageAttributeNames=wanted)
    assert sorted(got.get("MessageAttributes", {})) == expected
    assert ("MD5OfMessageAttributes" in got) == bool(expected)


def test_the_digest_is_of_the_attributes_that_were_chosen(aws: Aws) -> None:
    url = create(aws)
    send(aws, url, "x", MessageAttributes={"Foo": STRING, "Other": STRING})
    (got,) = receive(aws, url, MessageAttributeNames=["Foo"])
    assert got["MD5OfMessageAttributes"] == "ae7155c6026991b6d54b11589678bf9c"


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        (
            "ErrorDetails",
            {"DataType": "String", "StringValue": ""},
            "Message (user) attribute 'ErrorDetails' must contain a non-empty value of type"
            " 'String'.",
        ),
        (
            "a",
            {"DataType": "Binary", "StringValue": "x"},
            "Message (user) attribute 'a' must contain a non-empty value of type 'Binary'.",
        ),
        (
            "a",
            {"DataType": "Number", "StringValue": "one"},
            "Can't cast the value of message (user) attribute 'a' to a number.",
        ),
        (
            "a",
            {"DataType": "string", "StringValue": "x"},
            "The type of message (user) attribute 'a' is invalid. You must use only the following"
            " supported type prefixes: Binary, Number, String.",
        ),
        ("a", {"DataType": "", "StringValue": "x"}, "must contain a non-empty type"),
        ("", STRING, "non-empty message (user) attribute name"),
        (".a", STRING, "attribute name '.a' is invalid"),
        ("a..b", STRING, "attribute name 'a..b' is invalid"),
        ("AWS.a", STRING, "attribute name 'AWS.a' is invalid"),
        ("aMaZoN.a", STRING, "attribute name 'aMaZoN.a' is invalid"),
        ("a b", STRING, "attribute name 'a b' is invalid"),
        ("x" * 257, STRING, "is invalid"),
    ],
)
def test_rules(aws: Aws, name: str, value: dict[str, Any], words: str) -> None:
    url = create(aws)
    with fails("InvalidParameterValue", words):
        send(aws, url, "x", MessageAttributes={name: value})


def test_values_have_the_characters_of_bodies(aws: Aws) -> None:
    url = create(aws)
    bad = {"a": {"DataType": "String", "StringValue": "\x01"}}
    with fails("InvalidMessageContents", "Invalid binary character '#x1'"):
        send(aws, url, "x", MessageAttributes=bad)


def test_a_message_has_at_most_ten(aws: Aws) -> None:
    url = create(aws)
    send(aws, url, "x", MessageAttributes={f"a{n}": STRING for n in range(10)})
    words = "Number of message attributes [11] exceeds the allowed maximum [10]."
    with fails("InvalidParameterValue", words):
        send(aws, url, "x", MessageAttributes={f"a{n}": STRING for n in range(11)})


def test_the_trace_header_is_the_only_system_attribute(aws: Aws) -> None:
    url = create(aws)
    header = "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1"
    given = {"AWSTraceHeader": {"DataType": "String", "StringValue": header}}
    (sent,) = send(aws, url, "x", MessageSystemAttributes=given)
    assert sent["MD5OfMessageSystemAttributes"] == "5ae4d5d7636402d80f4eb6d213245a88"
    (got,) = receive(aws, url, MessageSystemAttributeNames=["AWSTraceHeader"])
    assert got["Attributes"] == {"AWSTraceHeader": header}
    with fails("InvalidParameterValue", "Message system attribute name 'Other' is invalid."):
        send(aws, url, "x", MessageSystemAttributes={"Other": STRING})
    wrong: dict[str, Any] = {"AWSTraceHeader": {"DataType": "Number", "StringValue": "1"}}
    with fails("InvalidParameterValue", "'AWSTraceHeader' must contain a non-empty value"):
        send(aws, url, "x", MessageSystemAttributes=wrong)
