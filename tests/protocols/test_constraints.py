"""Validation: the sentences are AWS's, from recorded answers."""

import time

import pytest

from protocols import model
from protocols.codec import validate
from protocols.errors import Error, Invalid, default_invalid
from protocols.patterns import matcher
from protocols.sentences import java_hash_order
from tests.protocols import small

SHAPES = {
    "Name": {"type": "string", "min": 1, "max": 8, "pattern": "[a-z]+"},
    "Mode": {"type": "string", "enum": ["A", "B"]},
    "Count": {"type": "integer", "min": 1, "max": 10},
    "Weight": {"type": "double", "min": 0, "max": 1},
    "Secret": {"type": "blob", "max": 3, "sensitive": True},
    "Data": {"type": "blob", "max": 3},
    "Names": {"type": "list", "member": {"shape": "Name"}, "min": 1, "max": 2},
    "Modes": {"type": "list", "member": {"shape": "Mode"}},
    "Weights": {"type": "map", "key": {"shape": "Name"}, "value": {"shape": "Weight"}},
    "Tag": {
        "type": "structure",
        "required": ["Key"],
        "members": {"Key": {"shape": "Name"}, "Value": {"shape": "String"}},
    },
    "Tags": {"type": "list", "member": {"shape": "Tag"}, "max": 2},
    "TagMap": {"type": "map", "key": {"shape": "String"}, "value": {"shape": "Tag"}},
    "Choice": {
        "type": "structure",
        "union": True,
        "members": {"One": {"shape": "String"}, "Two": {"shape": "String"}},
    },
}
MEMBERS = {name: {"shape": name} for name in SHAPES}
FAILED = "failed to satisfy constraint: Member must"
PATTERN = "satisfy regular expression pattern: [a-z]+"


@pytest.mark.parametrize(
    ("body", "sentences"),
    [
        (
            b'{"Name":"abcdefghi"}',
            f"Value 'abcdefghi' at 'name' {FAILED} have length less than or equal to 8",
        ),
        (b'{"Name":"A1"}', f"Value 'A1' at 'name' {FAILED} {PATTERN}"),
        (b'{"Mode":"C"}', f"Value 'C' at 'mode' {FAILED} satisfy enum value set: [A, B]"),
        (b'{"Count":0}', f"Value '0' at 'count' {FAILED} have value greater than or equal to 1"),
        (b'{"Count":11}', f"Value '11' at 'count' {FAILED} have value less than or equal to 10"),
        (b'{"Weight":2}', f"Value '2.0' at 'weight' {FAILED} have value less than or equal to 1.0"),
        (
            b'{"Secret":"YWFhYQ=="}',
            f"Value at 'secret' {FAILED} have length less than or equal to 3",
        ),
        (
            b'{"Data":"YWFhYQ=="}',
            "Value 'java.nio.HeapByteBuffer[pos=0 lim=4 cap=4]' at 'data' "
            f"{FAILED} have length less than or equal to 3",
        ),
        (b'{"Names":[]}', f"Value '[]' at 'names' {FAILED} have length greater than or equal to 1"),
        (
            b'{"Names":["A"]}',
            f"Value '[A]' at 'names' {FAILED} satisfy constraint: "
            "[Member must have length less than or equal to 8, "
            f"Member must have length greater than or equal to 1, Member must {PATTERN}]",
        ),
        (
            b'{"Modes":["A","C"]}',
            f"Value '[A, C]' at 'modes' {FAILED} satisfy enum value set: [A, B]",
        ),
        (
            b'{"Weights":{"a":2.0}}',
            "Value '{a=2.0}' at 'weights' failed to satisfy constraint: Map value must satisfy "
            "constraint: [Member must have value less than or equal to 1.0, "
            "Member must have value greater than or equal to 0.0, Member must not be null]",
        ),
        (b'{"Tags":[{"Key":"a"},{}]}', f"Value null at 'tags.2.member.key' {FAILED} not be null"),
        (b'{"TagMap":{"x":{}}}', f"Value null at 'tagMap.x.member.key' {FAILED} not be null"),
        (
            b'{"Tags":[{"Key":"a"},{"Key":"b"},{"Key":"c","Value":"d"}]}',
            "Value '[Tag(key=a, value=null), Tag(key=b, value=null), Tag(key=c, value=d)]' "
            f"at 'tags' {FAILED} have length less than or equal to 2",
        ),
    ],
)
def test_sentence(body: bytes, sentences: str) -> None:
    made = small.service("json", MEMBERS, SHAPES)
    assert small.said(made, body) == f"1 validation error detected: {sentences}"


def test_all_violations_in_the_models_order() -> None:
    made = small.service("json", MEMBERS, SHAPES, required=("Name",))
    assert small.said(made, b'{"Count":0,"Mode":"X"}') == (
        "3 validation errors detected: "
        f"Value null at 'name' {FAILED} not be null; "
        f"Value 'X' at 'mode' {FAILED} satisfy enum value set: [A, B]; "
        f"Value '0' at 'count' {FAILED} have value greater than or equal to 1"
    )


@pytest.mark.parametrize("body", [b'{"Choice":{}}', b'{"Choice":{"One":"a","Two":"b"}}'])
def test_a_union_has_one_member(body: bytes) -> None:
    made = small.service("json", MEMBERS, SHAPES)
    assert "at 'choice'" in small.said(made, body)


def test_lengths_are_characters() -> None:
    made = small.service(
        "json", {"Text": {"shape": "Text"}}, {"Text": {"type": "string", "max": 2}}
    )
    assert small.read(made, '{"Text":"äö"}'.encode()) == {"Text": "äö"}


def test_explicit_nulls_are_absent() -> None:
    made = small.service("json", MEMBERS, SHAPES, required=("Name",))
    assert small.read(made, b'{"Name":"a","Mode":null}') == {"Name": "a"}
    assert "Value null at 'name'" in small.said(made, b'{"Name":null}')


def test_in_process_calls_are_validated_too() -> None:
    made = small.service("json", MEMBERS, SHAPES)
    validate(made.operations["Do"], {"Mode": "A"})
    with pytest.raises(Invalid):
        validate(made.operations["Do"], {"Mode": "C"})


@pytest.mark.parametrize(
    ("protocol", "code"),
    [
        ("json", "ValidationException"),
        ("rest-json", "ValidationException"),
        ("smithy-rpc-v2-cbor", "ValidationException"),
        ("query", "ValidationError"),
        ("ec2", "MissingParameter"),
        ("rest-xml", "MalformedXML"),
    ],
)
def test_each_protocols_error(protocol: str, code: str) -> None:
    made = small.service("json", MEMBERS, SHAPES, required=("Name",))
    with pytest.raises(Invalid) as caught:
        small.read(made, b"{}")
    error = default_invalid(protocol, caught.value.violations)
    assert isinstance(error, Error)
    assert error.code == code


@pytest.mark.parametrize(
    "shown", [["x86_64", "arm64"], ["PublishedVersions", "None"], ["Terminate", "Allow"]]
)
def test_lambdas_enums_are_in_javas_order(shown: list[str]) -> None:
    assert java_hash_order(sorted(shown)) == shown


@pytest.mark.parametrize(
    ("pattern", "good", "bad"),
    [
        (r"[\p{L}\p{N}_.:/=+\-@]*", "Straße/日本=1", "a<b"),
        (r"([a-zA-Z0-9-_]+)", "a-b_c", "example.com"),
        (r"\S", " visible ", "   "),
        (r"(?!(?i)AWS_)[a-zA-Z_]+", "AZ_x", "aws_x"),
        (r"[\u0020-\uD7FF\uE000-\uFFFD\uD800\uDC00-\uDBFF\uDFFF\r\n\t]*", "a😀\n", "\x01"),
        (r"\A[a-z]+\z", "abc", "abc\n"),
        (r"[\w-.~]+", "a-b.c", "a b"),
    ],
)
def test_javas_patterns(pattern: str, good: str, bad: str) -> None:
    match = matcher(pattern)
    assert match is not None
    assert match(good)
    assert not match(bad)


def test_a_pattern_that_cannot_be_compiled_is_not_checked() -> None:
    assert matcher("[a-z]*${2,64}") is None


@pytest.mark.parametrize(
    "pattern",
    [
        r"(a+)+$",
        r"([a-z]+)*",
        r"(a|aa)+",
        r"[a-z](?:-?[a-z0-9]+){0,15}",
        r"(.*a){12}",
        r".*.*.*=.*",
    ],
)
def test_no_pattern_costs_more_than_a_moment(pattern: str) -> None:
    match = matcher(pattern)
    assert match is not None
    started = time.process_time()
    for length in (15, 19, 25, 60, 200, 999, 20_000):
        match("a" * length + "!")
    assert time.process_time() - started < 0.5


def test_real_models_compile() -> None:
    service = model.load("dynamodb")
    read = service.codec("json").read(service.operations["PutItem"])
    assert read is service.codec("json").read(service.operations["PutItem"])
