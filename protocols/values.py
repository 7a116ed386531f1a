"""Parsed JSON and CBOR into request members: types checked, blobs and timestamps converted.

Each shape becomes one closure that returns its value, changed in place where something had to be
converted; explicit nulls go, members that the model lacks stay (nobody reads them).
"""

from binascii import Error as Base64Error
from binascii import a2b_base64
from collections.abc import Callable
from typing import Any

from protocols import timestamps
from protocols.errors import Error, serialization
from protocols.model import Member, Shape

Read = Callable[[Any], Any]

DEPTH = 100  # levels of a shape that contains itself
DOCUMENT_DEPTH = 200  # levels of a free-form document
_NOUNS = {
    "string": "a String",
    "character": "a Character",
    "integer": "an Integer",
    "long": "a Long",
    "float": "a Float",
    "double": "a Double",
    "boolean": "a Boolean",
    "timestamp": "a Timestamp",
    "blob": "a Blob",
}


def mismatch(kind: str, value: Any) -> Error:
    """AWS's words for a value of the wrong type."""
    if kind in ("structure", "map", "list"):
        if type(value) is dict:
            return serialization("Start of structure or map found where not expected.")
        if type(value) is list:
            return serialization("Start of list found where not expected")
        return serialization(
            "Unexpected field type" if kind != "structure" else "Unexpected value type in payload"
        )
    if type(value) is dict:
        return serialization("Start of structure or map found where not expected.")
    if type(value) is list:
        return serialization("Start of list found where not expected")
    if value is True or value is False:
        token = "TRUE_VALUE" if value else "FALSE_VALUE"
    elif type(value) is str:
        token = "STRING_VALUE"
    elif type(value) is int:
        token = "NUMBER_VALUE"
    elif type(value) is float:
        token = "DECIMAL_VALUE"
    else:
        token = "BINARY_VALUE"
    return serialization(f"{token} can not be converted to {_NOUNS[kind]}")


def too_deep() -> Error:
    """The answer to a request that is nested without end."""
    return serialization("The request is nested too deeply")


def read_string(value: Any) -> Any:
    """A JSON or CBOR text, as it is."""
    if type(value) is not str:
        raise mismatch("string", value)
    return value


def read_boolean(value: Any) -> Any:
    """A JSON or CBOR boolean, as it is."""
    if value is not True and value is not False:
        raise mismatch("boolean", value)
    return value


def _integer(kind: str, bits: int) -> Read:
    low, high = -(1 << (bits - 1)), (1 << (bits - 1)) - 1

    def read(value: Any) -> Any:
        if type(value) is not int:
            if type(value) is not float or value != value // 1 or abs(value) > 2**63:
                raise mismatch(kind, value)
            value = int(value)
        if not low <= value <= high:
            raise mismatch(kind, value)
        return value

    return read


def _float(kind: str) -> Read:
    def read(value: Any) -> Any:
        if type(value) is float:
            return value
        if type(value) is int:
            return float(value)
        if value in ("NaN", "Infinity", "-Infinity"):
            return float(value)
        raise mismatch(kind, value)

    return read


def read_base64(value: Any) -> Any:
    """The bytes of a JSON blob, which is text in base64."""
    if type(value) is not str:
        raise mismatch("blob", value)
    try:
        return a2b_base64(value, strict_mode=True)
    except (Base64Error, ValueError):
        raise serialization("Invalid base64 in a blob") from None


def read_bytes(value: Any) -> Any:
    """A CBOR blob, as it is."""
    if type(value) is not bytes:
        raise mismatch("blob", value)
    return value


def read_timestamp(value: Any) -> Any:
    """A number of epoch seconds or a date in one of AWS's forms, as epoch seconds."""
    if type(value) not in (int, float, str):
        raise mismatch("timestamp", value)
    try:
        return timestamps.parse(value)
    except (ValueError, OverflowError):
        raise mismatch("timestamp", value) from None


def read_document(value: Any) -> Any:
    """Any value at all, but not one nested so deeply that nobody can walk it."""
    level = [value]
    for _ in range(DOCUMENT_DEPTH):
        inner: list[Any] = []
        for item in level:
            if type(item) is dict:
                inner.extend(item.values())
            elif type(item) is list:
                inner.extend(item)
        if not inner:
            return value
        level = inner
    raise too_deep()


_SCALARS: dict[str, Read] = {
    "string": read_string,
    "character": read_string,
    "boolean": read_boolean,
    "integer": _integer("integer", 32),
    "long": _integer("long", 64),
    "float": _float("float"),
    "double": _float("double"),
    "timestamp": read_timestamp,
}


def reader(shape: Shape, native: bool = False) -> Read:
    """The closure for a shape; `native` where blobs are bytes already (CBOR)."""
    if shape.document:
        return read_document
    if shape.type == "blob":
        return read_bytes if native else read_base64
    scalar = _SCALARS.get(shape.type)
    if scalar is not None:
        return scalar
    key = ("values", native)
    found: Read | None = shape.compiled.get(key)
    if found is None:
        shape.compiled[key] = _late(shape, key)
        if shape.type == "structure":
            found = structure(shape, list(shape.members.values()), native)
        elif shape.type == "list":
            found = _list(shape, native)
        else:
            found = _map(shape, native)
        shape.compiled[key] = found
    return found


def _late(shape: Shape, key: Any) -> Read:
    """A shape inside itself: counts how deep the request goes."""
    depth = 0

    def read(value: Any) -> Any:
        nonlocal depth
        if depth >= DEPTH:
            raise too_deep()
        depth += 1
        try:
            return shape.compiled[key](value)
        finally:
            depth -= 1

    return read


def structure(shape: Shape, members: list[Member], native: bool = False) -> Read:
    """The closure for a structure with these of its members (a REST body has only some)."""
    if any(member.wire_name != member.name for member in members):
        return _renamed(members, native)
    get = {member.name: reader(member.shape, native) for member in members}.get

    def read(value: Any) -> Any:
        if type(value) is not dict:
            raise mismatch("structure", value)
        absent: list[str] | None = None
        for name, item in value.items():
            parse = get(name)
            if item is None:
                if absent is None:
                    absent = [name]
                else:
                    absent.append(name)
            elif parse is not None:
                new = parse(item)
                if new is not item:
                    value[name] = new
        if absent is not None:
            for name in absent:
                del value[name]
        return value

    return read


def _renamed(members: list[Member], native: bool) -> Read:
    get = {member.wire_name: (member.name, reader(member.shape, native)) for member in members}.get

    def read(value: Any) -> Any:
        if type(value) is not dict:
            raise mismatch("structure", value)
        found: dict[str, Any] = {}
        for name, item in value.items():
            if item is not None:
                rule = get(name)
                if rule is not None:
                    found[rule[0]] = rule[1](item)
        return found

    return read


def _list(shape: Shape, native: bool) -> Read:
    parse = reader(shape.member.shape, native)

    def read(value: Any) -> Any:
        if type(value) is not list:
            raise mismatch("list", value)
        return [None if item is None else parse(item) for item in value]

    return read


def _map(shape: Shape, native: bool) -> Read:
    parse = reader(shape.value.shape, native)
    sparse = bool(shape.traits.get("sparse"))

    def read(value: Any) -> Any:
        if type(value) is not dict:
            raise mismatch("map", value)
        found: dict[str, Any] = {}
        for key, item in value.items():
            if type(key) is not str:
                raise mismatch("string", key)
            if item is not None:
                found[key] = parse(item)
            elif sparse:
                found[key] = None
        return found

    return read
