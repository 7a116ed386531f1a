"""Hostile and broken bodies: always a client's error, never a crash."""

import time
from typing import Any

import pytest

from protocols import cborcode, xmlread
from protocols.errors import Error, Invalid
from tests.protocols import small

TREE = {
    "Tree": {
        "type": "structure",
        "members": {
            "Left": {"shape": "Tree"},
            "Items": {"shape": "Trees"},
            "Name": {"shape": "String"},
        },
    },
    "Trees": {"type": "list", "member": {"shape": "Tree"}},
}
DEEP = {"Tree": {"shape": "Tree"}, "Any": {"shape": "Document"}}


@pytest.mark.parametrize("depth", [150, 300, 900, 10_000])
@pytest.mark.parametrize("name", [b"Tree", b"Any"])
def test_deep_json(depth: int, name: bytes) -> None:
    made = small.service("json", DEEP, TREE)
    body = b'{"%s":' % name + b'{"Left":' * depth + b"{}" + b"}" * depth + b"}"
    if name == b"Any" and depth == 150:
        assert small.read(made, body)
        return
    assert small.said(made, body).startswith("SerializationException")


def test_moderately_deep_json_is_read() -> None:
    made = small.service("json", DEEP, TREE)
    body = b'{"Tree":' + b'{"Left":' * 50 + b"{}" + b"}" * 50 + b"}"
    assert small.read(made, body)


@pytest.mark.parametrize("depth", [150, 10_000])
def test_deep_xml(depth: int) -> None:
    made = small.service("rest-xml", DEEP, TREE)
    body = b"<R><Tree>" + b"<Left>" * depth + b"</Left>" * depth + b"</Tree></R>"
    assert small.said(made, body).startswith("MalformedXML")


@pytest.mark.parametrize("depth", [150, 10_000])
def test_deep_form(depth: int) -> None:
    made = small.service("query", DEEP, TREE)
    body = b"Action=Do&Tree" + b".Left" * depth + b".Name=x"
    assert small.said(made, body).startswith("MalformedInput")


@pytest.mark.parametrize("depth", [150, 10_000])
def test_deep_cbor(depth: int) -> None:
    made = small.service("smithy-rpc-v2-cbor", DEEP, TREE)
    body = b"\xa1\x64Tree" + b"\xa1\x64Left" * depth + b"\xa0"
    assert small.said(made, body).startswith("SerializationException")


@pytest.mark.parametrize(
    "body",
    [
        b"{", b"[]", b"1", b"null", b'"x"', b'{"Tree":NaN}', b'{"Any":1e999999}x', b"\xff\xfe",
        b'{"Name":"\xff"}', b'{"Name":"\\ud800"}', b'{"Number":123456789012345678901234567890}',
        b'{"Number":4294967296}', b'{"Number":1.5}', b'{"Number":"1"}', b'{"Data":"***"}',
        b'{"When":"yesterday"}', b'{"When":1e300}', b'{"Flag":"true"}', b'{"Tree":[]}',
    ],
)  # fmt: skip
def test_broken_json(body: bytes) -> None:
    members = {
        **DEEP,
        "Name": {"shape": "String"},
        "Number": {"shape": "Integer"},
        "Data": {"shape": "Blob"},
        "When": {"shape": "Timestamp"},
        "Flag": {"shape": "Boolean"},
    }
    assert small.said(small.service("json", members, TREE), body).startswith(
        "SerializationException"
    )


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b'{"Number":"1"}', "STRING_VALUE can not be converted to an Integer"),
        (b'{"Name":1}', "NUMBER_VALUE can not be converted to a String"),
        (b'{"Name":1.5}', "DECIMAL_VALUE can not be converted to a String"),
        (b'{"Name":true}', "TRUE_VALUE can not be converted to a String"),
        (b'{"Name":{}}', "Start of structure or map found where not expected."),
        (b'{"Name":[]}', "Start of list found where not expected"),
    ],
)
def test_wrong_types_in_awss_words(body: bytes, words: str) -> None:
    members = {"Name": {"shape": "String"}, "Number": {"shape": "Integer"}}
    assert small.said(small.service("json", members), body) == f"SerializationException: {words}"


BOMB = b'<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">]><R><Name>&b;</Name></R>'


@pytest.mark.parametrize(
    "body",
    [
        BOMB,
        BOMB.decode().encode("utf-16"),
        BOMB.decode().encode("utf-16-le"),
        b'<?xml version="1.0" encoding="utf-7"?><R/>',
        b'<!DOCTYPE x SYSTEM "file:///etc/passwd"><R/>',
        b"<R>", b"", b"{}", b"<R>&undefined;</R>", b"<R/><R/>", b"\x00", b"<R \xff/>",
    ],
)  # fmt: skip
def test_unsafe_or_broken_xml(body: bytes) -> None:
    with pytest.raises(Error) as caught:
        xmlread.parse(body)
    assert caught.value.code == "MalformedXML"


@pytest.mark.parametrize(
    "form",
    [
        b"Items.-1.Name=a",
        b"Items.99999999999999999999.Name=a",
        b"Items.member.1000000000.Name=a",
        b"Items.1=a&Items.1.Name=b&Items=c",
        b"Items..=a&.=b&=c&&Items.x.Name=d",
        b"Items.member.1.Name=a&Items.member.1.Name=b",
        b"%zz=%&Name=%ff",
        "Items.member.\u0661.Name=a".encode(),
    ],
)
def test_odd_forms(form: bytes) -> None:
    members = {"Items": {"shape": "Trees"}, "Name": {"shape": "String"}}
    made = small.service("query", members, TREE)
    try:
        found = small.read(made, form)
    except (Error, Invalid):
        return
    assert len(found.get("Items", [])) <= 1


def test_a_form_of_many_numbers_is_quick() -> None:
    made = small.service("query", {"Items": {"shape": "Trees"}}, TREE)
    body = b"&".join(b"Items.member.%d.Name=a" % number for number in range(20_000, 0, -1))
    started = time.process_time()
    assert len(small.read(made, body)["Items"]) == 20_000
    assert time.process_time() - started < 2


@pytest.mark.parametrize(
    "body",
    [
        b"\x9f", b"\xbf\x01\x02\xff", b"\x9b" + b"\xff" * 8, b"\x5b\x7f" + b"\xff" * 7,
        b"\x62\xff\xff", b"\xa1\x61a", b"\xff", b"\x1c", b"\xf8\x20", b"\x80\x80", b"\xc1\x61a",
        b"\xa1\x9f\xff\x00",
    ],
)  # fmt: skip
def test_broken_cbor(body: bytes) -> None:
    with pytest.raises(Error) as caught:
        cborcode.loads(body)
    assert caught.value.code == "SerializationException"


@pytest.mark.parametrize(
    "value",
    [
        {}, {"a": [1, -1, 23, 24, 255, 256, 65536, 2**32, -(2**63), 2**64 - 1]},
        [None, True, False],
        {"b": b"\x00" * 300, "t": "ä" * 30_000}, [1.5, -0.0, float("inf")], {"x": {"y": [[], {}]}},
    ],
)  # fmt: skip
def test_cbor_there_and_back(value: Any) -> None:
    assert cborcode.loads(cborcode.dumps(value)) == value


def test_cbors_timestamps() -> None:
    data = cborcode.dumps({"t": cborcode.Moment(1.5)}, milliseconds=True)
    assert data == b"\xa1\x61t\xc1\x19\x05\xdc"
    assert cborcode.loads(data, milliseconds=True) == {"t": 1.5}
    assert cborcode.loads(b"\xbf\x61a\x9f\x01\x02\xff\x61b\x7f\x61x\x61y\xff\xff") == {
        "a": [1, 2],
        "b": "xy",
    }
