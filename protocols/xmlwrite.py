"""Answers into XML: one closure a shape, which appends text to a list."""

import re
from binascii import b2a_base64
from collections.abc import Callable
from typing import Any, NamedTuple

from protocols import timestamps
from protocols.model import Member, Shape

Append = Callable[[str], None]
Write = Callable[[Any, Append], None]

HEADER = '<?xml version="1.0" encoding="UTF-8"?>\n'

# Where a member of an answer may be other than in the body (a label or argument is in the body).
OUTSIDE = frozenset({"header", "headers", "statusCode"})

_SPECIAL = re.compile('[&<>"\r\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff\ud800-\udfff]')
_NAMED = {"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "\r": "&#xD;"}
# These write every timestamp with milliseconds; the other services only where there are any.
_MILLISECONDS = frozenset({"s3", "ec2", "s3control", "route53", "cloudfront"})


class Style(NamedTuple):
    """What differs between the XML protocols."""

    name: str  # part of the key under which closures are kept
    query_names: bool = False  # `queryName` names elements too (query, not EC2)
    element: str = "member"  # a list's element where the model names none


REST = Style("rest")
QUERY = Style("query", query_names=True)
EC2 = Style("ec2", element="item")


def _entity(found: re.Match[str]) -> str:
    character = found.group()
    named = _NAMED.get(character)
    if named is not None:
        return named
    return "\ufffd" if "\ud800" <= character <= "\udfff" else f"&#x{ord(character):X};"


def escape(text: str) -> str:
    """Text that can stand in an element or in an attribute."""
    return _SPECIAL.sub(_entity, text)


def _text(value: Any) -> str:
    """A string's text, fast where nothing (or only an ETag's quotes) needs escaping."""
    if type(value) is not str:
        value = str(value)
    if not value.isprintable():
        return _SPECIAL.sub(_entity, value)
    if "&" in value:
        value = value.replace("&", "&amp;")
    if "<" in value:
        value = value.replace("<", "&lt;")
    if ">" in value:
        value = value.replace(">", "&gt;")
    if '"' in value:
        value = value.replace('"', "&quot;")
    text: str = value
    return text


def number_text(value: Any) -> str:
    """A float's text: NaN and the infinities by their XML names."""
    if value != value:
        return "NaN"
    if value in (float("inf"), float("-inf")):
        return "Infinity" if value > 0 else "-Infinity"
    return repr(float(value))


def blob_text(value: Any) -> str:
    """A blob in base64."""
    return b2a_base64(value, newline=False).decode("ascii")


def boolean_text(value: Any) -> str:
    """`true` or `false`."""
    return "true" if value else "false"


def namespace(traits: Any) -> str:
    """The attribute that an xmlNamespace trait makes."""
    if not traits:
        return ""
    if isinstance(traits, str):
        return f' xmlns="{escape(traits)}"'
    prefix = traits.get("prefix")
    name = f"xmlns:{prefix}" if prefix else "xmlns"
    return f' {name}="{escape(traits["uri"])}"'


def wire_name(member: Member, style: Style) -> str:
    """The element that a member is written as."""
    if style.query_names:
        queried: str | None = member.traits.get("queryName")
        if queried is not None:
            return queried
    if "locationName" not in member.traits and member.shape.type == "list":
        # ElastiCache names a list at its shape.
        named: str = member.shape.traits.get("locationName", member.name)
        return named
    return member.wire_name


def _scalar(member: Member) -> Callable[[Any], str]:
    kind = member.shape.type
    if kind == "timestamp":
        form = member.trait("timestampFormat")
        if form is None:
            if member._service.name in _MILLISECONDS:
                return timestamps.iso8601_milliseconds
            return timestamps.iso8601
        return timestamps.writer(form)
    texts: dict[str, Callable[[Any], str]] = {
        "boolean": boolean_text,
        "float": number_text,
        "double": number_text,
        "blob": blob_text,
        "integer": str,
        "long": str,
    }
    return texts.get(kind, _text)


def element(member: Member, tag: str, style: Style) -> Write:
    """The closure that writes a member's value as an element."""
    shape = member.shape
    spaces = namespace(member.trait("xmlNamespace"))
    if shape.type == "structure":
        return _structure_element(shape, tag, spaces, style)
    if shape.type == "list":
        return _list(member, tag, spaces, style)
    if shape.type == "map":
        return _map(member, tag, spaces, style)
    opening, closing = f"<{tag}{spaces}>", f"</{tag}>"
    if shape.type in ("string", "character"):

        def write_text(value: Any, append: Append) -> None:
            append(opening + _text(value) + closing)

        return write_text
    text = _scalar(member)

    def write(value: Any, append: Append) -> None:
        append(opening + text(value) + closing)

    return write


def root(shape: Shape, tag: str, spaces: str) -> Write:
    """The closure that writes a whole document's element."""
    return _structure_element(shape, tag, spaces, REST)


def _structure_element(shape: Shape, tag: str, spaces: str, style: Style) -> Write:
    attributes = [item for item in shape.members.values() if item.traits.get("xmlAttribute")]
    inner = content(shape, style)
    opening, closing = f"<{tag}{spaces}>", f"</{tag}>"
    if attributes:
        return _with_attributes(tag, spaces, attributes, inner)

    def write(value: Any, append: Append) -> None:
        append(opening)
        inner(value, append)
        append(closing)

    return write


def _with_attributes(tag: str, spaces: str, attributes: list[Member], inner: Write) -> Write:
    def write(value: Any, append: Append) -> None:
        append(f"<{tag}{spaces}")
        for member in attributes:
            item = value.get(member.name)
            if item is not None:
                append(f' {member.wire_name}="{escape(str(item))}"')
        append(">")
        inner(value, append)
        append(f"</{tag}>")

    return write


def content(shape: Shape, style: Style) -> Write:
    """The function that writes a structure's members, without an element around them.

    It is made when first used: EC2's answers name hundreds of shapes that most never hold.
    """
    key = ("xml content", style.name)
    found: Write | None = shape.compiled.get(key)
    if found is not None:
        return found
    made: Write | None = None

    def write(value: Any, append: Append) -> None:
        nonlocal made
        if made is None:
            made = members_writer(list(shape.members.values()), style)
        made(value, append)

    shape.compiled[key] = write
    return write


_INLINE = {
    "boolean": "append({true!r} if v else {false!r})",
    "integer": "append(f{number!r})",
    "long": "append(f{number!r})",
}


def members_writer(members: list[Member], style: Style) -> Write:
    """The function that writes these members of a structure, in the model's order.

    It is generated as source: calling a closure a member takes three times as long.
    """
    names: dict[str, Any] = {"text": _text}
    lines = ["def write(value, append):", " get = value.get"]
    for number, member in enumerate(members):
        if member.location in OUTSIDE or member.traits.get("xmlAttribute"):
            continue
        kind, tag = member.shape.type, wire_name(member, style)
        spaces = namespace(member.trait("xmlNamespace"))
        simple = not re.search(r"[{}\\'\"]", tag + spaces)
        lines.append(f" v = get({member.name!r})")
        if simple and kind in _INLINE:
            opening, closing = f"<{tag}{spaces}>", f"</{tag}>"
            action = _INLINE[kind].format(
                true=f"{opening}true{closing}",
                false=f"{opening}false{closing}",
                number=opening + "{v}" + closing,
            )
        elif simple and kind not in ("structure", "list", "map"):
            names[f"t{number}"] = _scalar(member)
            text = f"t{number}(v)"
            if kind == "string" and member.trait("enum"):
                text = f"v if v.isidentifier() else {text}"
            template = f"<{tag}{spaces}>{{{text}}}</{tag}>"
            action = f"append(f{template!r})"
        else:
            names[f"w{number}"] = _member(member, style)
            action = f"w{number}(v, append)"
        lines.append(f" if v is not None: {action}")
    exec("\n".join(lines), names)  # only names of the model, checked above
    write: Write = names["write"]
    return write


def _member(member: Member, style: Style) -> Write:
    tag = wire_name(member, style)
    if member.shape.type == "list" and member.trait("flattened"):
        inner = member.shape.member
        tag = inner.traits.get("queryName" if style.query_names else "", None) or inner.traits.get(
            "locationName", tag
        )
    return element(member, tag, style)


def _list(member: Member, tag: str, spaces: str, style: Style) -> Write:
    inner = member.shape.member
    if member.trait("flattened"):
        write_item = element(inner, tag, style)

        def write_flat(value: Any, append: Append) -> None:
            for item in value:
                if item is not None:
                    write_item(item, append)

        return write_flat
    name = inner.traits.get("queryName") if style.query_names else None
    write_item = element(inner, name or inner.traits.get("locationName", style.element), style)
    opening, closing = f"<{tag}{spaces}>", f"</{tag}>"

    def write(value: Any, append: Append) -> None:
        append(opening)
        for item in value:
            if item is not None:
                write_item(item, append)
        append(closing)

    return write


def _map(member: Member, tag: str, spaces: str, style: Style) -> Write:
    shape = member.shape

    def named(place: Member, default: str) -> Write:
        queried = place.traits.get("queryName") if style.query_names else None
        return element(place, queried or place.traits.get("locationName", default), style)

    write_key, write_value = named(shape.key, "key"), named(shape.value, "value")
    flat = bool(member.trait("flattened"))
    opening, closing = (f"<{tag}{spaces}>", f"</{tag}>") if flat else ("<entry>", "</entry>")

    def write_entries(value: Any, append: Append) -> None:
        for key, item in value.items():
            if item is not None:
                append(opening)
                write_key(key, append)
                write_value(item, append)
                append(closing)

    if flat:
        return write_entries

    def write(value: Any, append: Append) -> None:
        append(f"<{tag}{spaces}>")
        write_entries(value, append)
        append(f"</{tag}>")

    return write


def plain_element(name: str, value: Any) -> str:
    """An element for a value that no shape describes (an error's extra member)."""
    tag = re.sub(r"[^\w.-]", "", name) or "Member"
    if isinstance(value, dict):
        inner = "".join(plain_element(key, item) for key, item in value.items())
    elif isinstance(value, list | tuple):
        inner = "".join(plain_element("member", item) for item in value)
    elif isinstance(value, bool):
        inner = boolean_text(value)
    elif isinstance(value, bytes):
        inner = blob_text(value)
    else:
        inner = escape(str(value))
    return f"<{tag}>{inner}</{tag}>"


def encode(parts: list[str]) -> bytes:
    """The bytes of a finished document."""
    return "".join(parts).encode("utf-8", "replace")
