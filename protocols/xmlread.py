"""XML bodies into request members: no DTD, no entities, one closure a shape."""

from binascii import Error as Base64Error
from binascii import a2b_base64
from collections.abc import Callable
from typing import Any
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

from protocols import timestamps
from protocols.errors import malformed_xml
from protocols.model import Member, Shape
from protocols.values import DEPTH

Read = Callable[[Element], Any]


def parse(body: bytes) -> Element:
    """The root of a document; MalformedXML for one that is broken or defines entities."""
    # Another encoding could hide a DTD from the search below; SDKs only ever send UTF-8.
    if b"<!DOCTYPE" in body or b"<!ENTITY" in body or b"\x00" in body or _foreign(body):
        raise malformed_xml()
    try:
        return ElementTree.fromstring(body)
    except (ElementTree.ParseError, ValueError, LookupError):
        raise malformed_xml() from None


def _foreign(body: bytes) -> bool:
    """Whether the document declares an encoding in which ASCII is not ASCII."""
    start = body.find(b"<?xml")
    if start < 0 or start > 64:
        return False
    declaration = body[start : body.find(b"?>", start) + 2].lower()
    if b"encoding" not in declaration:
        return False
    return not any(
        known in declaration for known in (b"utf-8", b"utf8", b"us-ascii", b"iso-8859-1")
    )


def local(tag: str) -> str:
    """A tag without its namespace."""
    return tag.rpartition("}")[2] if tag[:1] == "{" else tag


def _text(element: Element) -> str:
    return element.text or ""


def _integer(element: Element) -> int:
    text = _text(element).strip()
    if not text.lstrip("+-").isdigit() or len(text) > 20 or not text.isascii():
        raise malformed_xml()
    return int(text)


def _float(element: Element) -> float:
    try:
        return float(_text(element))
    except ValueError:
        raise malformed_xml() from None


def _boolean(element: Element) -> bool:
    text = _text(element).strip().lower()
    if text in ("true", "1"):
        return True
    if text in ("false", "0"):
        return False
    raise malformed_xml()


def _blob(element: Element) -> bytes:
    try:
        return a2b_base64("".join(_text(element).split()), strict_mode=True)
    except (Base64Error, ValueError):
        raise malformed_xml() from None


def _timestamp(element: Element) -> float:
    try:
        return timestamps.parse(_text(element))
    except (ValueError, OverflowError):
        raise malformed_xml() from None


_SCALARS: dict[str, Read] = {
    "string": _text,
    "character": _text,
    "integer": _integer,
    "long": _integer,
    "float": _float,
    "double": _float,
    "boolean": _boolean,
    "blob": _blob,
    "timestamp": _timestamp,
}


def reader(shape: Shape, flattened: bool = False) -> Read:
    """The closure for a shape's element."""
    scalar = _SCALARS.get(shape.type)
    if scalar is not None:
        return scalar
    found: Read | None = shape.compiled.get("from xml")
    if found is None:
        shape.compiled["from xml"] = _late(shape)
        if shape.type == "structure":
            found = structure(list(shape.members.values()))
        elif shape.type == "list":
            found = _list(shape)
        else:
            found = _map(shape)
        shape.compiled["from xml"] = found
    return found


def _late(shape: Shape) -> Read:
    depth = 0

    def read(element: Element) -> Any:
        nonlocal depth
        if depth >= DEPTH:
            raise malformed_xml()
        depth += 1
        try:
            return shape.compiled["from xml"](element)
        finally:
            depth -= 1

    return read


def structure(members: list[Member]) -> Read:
    """The closure for an element that holds these members."""
    rules: dict[str, tuple[str, Read, str]] = {}
    attributes: list[tuple[str, str]] = []
    for member in members:
        if member.location is not None:
            continue
        shape = member.shape
        if member.traits.get("xmlAttribute"):
            attributes.append((member.name, member.wire_name.rpartition(":")[2]))
        elif shape.type == "list" and member.trait("flattened"):
            tag = shape.member.traits.get("locationName", member.wire_name)
            # Requests name flattened elements by the list, answers by the element.
            for name in {tag, member.wire_name}:
                rules[name] = (member.name, reader(shape.member.shape), "list")
        elif shape.type == "map" and member.trait("flattened"):
            rules[member.wire_name] = (member.name, _entry(shape), "map")
        else:
            rules[member.wire_name] = (member.name, reader(shape), "")
    get = rules.get

    def read(element: Element) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for child in element:
            tag = child.tag
            rule = get(tag if tag[:1] != "{" else tag.rpartition("}")[2])
            if rule is None:
                continue
            name, parse_child, kind = rule
            if not kind:
                found[name] = parse_child(child)
            elif kind == "list":
                found.setdefault(name, []).append(parse_child(child))
            else:
                key, value = parse_child(child)
                found.setdefault(name, {})[key] = value
        for name, wanted in attributes:
            for tag, text in element.attrib.items():
                if local(tag) == wanted:
                    found[name] = text
        return found

    return read


def _list(shape: Shape) -> Read:
    parse_item = reader(shape.member.shape)

    def read(element: Element) -> list[Any]:
        return [parse_item(child) for child in element]

    return read


def _entry(shape: Shape) -> Read:
    key_name = shape.key.traits.get("locationName", "key")
    value_name = shape.value.traits.get("locationName", "value")
    parse_key, parse_value = reader(shape.key.shape), reader(shape.value.shape)

    def read(element: Element) -> tuple[Any, Any]:
        key = value = None
        for child in element:
            tag = local(child.tag)
            if tag == key_name:
                key = parse_key(child)
            elif tag == value_name:
                value = parse_value(child)
        if key is None or value is None:
            raise malformed_xml()
        return key, value

    return read


def _map(shape: Shape) -> Read:
    entry = _entry(shape)

    def read(element: Element) -> dict[str, Any]:
        return dict(entry(child) for child in element)

    return read
