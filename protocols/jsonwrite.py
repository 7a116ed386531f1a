"""Answers into JSON: as they are where nothing needs converting, through closures elsewhere.

orjson itself asks for help with bytes and datetimes, so most shapes are written untouched. A
`null` in the result tells that a None or a NaN went in; then the answer is written again, fully.
"""

import json
from binascii import b2a_base64
from collections.abc import Callable
from datetime import datetime
from typing import Any

import orjson

from protocols import timestamps
from protocols.model import Member, Shape

Write = Callable[[Any], Any]
Dump = Callable[[Any], bytes]

OPTIONS = orjson.OPT_PASSTHROUGH_DATETIME


def foreign(value: Any) -> Any:
    """What JSON has no word for: blobs as base64, datetimes as epoch seconds."""
    if isinstance(value, bytes | bytearray | memoryview):
        return b2a_base64(value, newline=False).decode("ascii")
    if isinstance(value, datetime):
        return timestamps.epoch(value)
    raise TypeError(f"{type(value).__name__} can't be written as JSON")


def dump(value: Any) -> bytes:
    """Any plain value as JSON, also what orjson refuses (huge numbers, lone surrogates)."""
    try:
        return orjson.dumps(value, default=foreign, option=OPTIONS)
    except TypeError:
        return json.dumps(value, default=foreign, separators=(",", ":")).encode("ascii")


def dumper(shape: Shape, members: list[Member] | None = None) -> Dump:
    """A function that writes an answer (or those of its members that are in the body)."""
    chosen = list(shape.members.values()) if members is None else members
    quick = None
    if members is not None or not plain(shape):
        quick = _structure(chosen, full=False)
    thorough: Write | None = None

    def write(value: Any) -> bytes:
        nonlocal thorough
        try:
            body = orjson.dumps(
                value if quick is None else quick(value), default=foreign, option=OPTIONS
            )
            if b"null" not in body:
                return body
        except TypeError:
            pass
        if thorough is None:
            thorough = _structure(chosen, full=True)
        return dump(thorough(value))

    return write


def value_dumper(shape: Shape) -> Dump:
    """A function that writes one value of any type (a payload member)."""
    if shape.type == "structure" and not shape.document:
        return dumper(shape)
    convert = converter(shape, full=True)
    return dump if convert is None else lambda value: dump(convert(value))


def plain(shape: Shape) -> bool:
    """Whether values of the shape can go to orjson as they are."""
    found: bool | None = shape.compiled.get("plain json")
    if found is None:
        seen: dict[str, Shape] = {}
        found = _plain(shape, seen)
        if found:
            for each in seen.values():
                each.compiled["plain json"] = True
        else:
            shape.compiled["plain json"] = False
    return found


def _plain(shape: Shape, seen: dict[str, Shape]) -> bool:
    if shape.name in seen or shape.document:
        return True
    seen[shape.name] = shape
    if shape.type == "structure":
        return all(
            member.wire_name == member.name and _plain_place(member, seen)
            for member in shape.members.values()
        )
    if shape.type == "list":
        return _plain_place(shape.member, seen)
    if shape.type == "map":
        return _plain_place(shape.value, seen)
    return True


def _plain_place(member: Member, seen: dict[str, Shape]) -> bool:
    if member.shape.type == "timestamp":
        return str(member.trait("timestampFormat") or "unixTimestamp") == "unixTimestamp"
    return _plain(member.shape, seen)


def _place(member: Member, full: bool) -> Write | None:
    shape = member.shape
    if shape.type == "timestamp":
        form = str(member.trait("timestampFormat") or "unixTimestamp")
        if form == "unixTimestamp":
            return timestamps.epoch if full else None
        return timestamps.writer(form)
    return converter(shape, full)


def converter(shape: Shape, full: bool) -> Write | None:
    """The closure that converts a value, or None where the value goes as it is."""
    if shape.document:
        return None
    if shape.type in ("float", "double"):
        return _float if full else None
    if shape.type not in ("structure", "list", "map") or (not full and plain(shape)):
        return None
    key = ("to json", full)
    if key in shape.compiled:
        found: Write = shape.compiled[key]
        return found
    shape.compiled[key] = lambda value: shape.compiled[key](value)
    if shape.type == "structure":
        made = _structure(list(shape.members.values()), full)
    elif shape.type == "list":
        made = _list(shape, full)
    else:
        made = _map(shape, full)
    shape.compiled[key] = made
    return made


def _float(value: Any) -> Any:
    if value != value:
        return "NaN"
    if value in (float("inf"), float("-inf")):
        return "Infinity" if value > 0 else "-Infinity"
    return value


def _structure(members: list[Member], full: bool) -> Write:
    get = {member.name: (member.wire_name, _place(member, full)) for member in members}.get

    def write(value: Any) -> Any:
        out: dict[str, Any] = {}
        for name, item in value.items():
            if item is not None:
                rule = get(name)
                if rule is not None:
                    wire, convert = rule
                    out[wire] = item if convert is None else convert(item)
        return out

    return write


def _list(shape: Shape, full: bool) -> Write:
    convert = _place(shape.member, full)

    def write(value: Any) -> Any:
        if convert is None:
            return list(value)
        return [None if item is None else convert(item) for item in value]

    return write


def _map(shape: Shape, full: bool) -> Write:
    convert = _place(shape.value, full)
    sparse = bool(shape.traits.get("sparse"))

    def write(value: Any) -> Any:
        out: dict[str, Any] = {}
        for key, item in value.items():
            if item is not None:
                out[str(key)] = item if convert is None else convert(item)
            elif sparse:
                out[str(key)] = None
        return out

    return write
