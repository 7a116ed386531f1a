"""What the REST protocols keep outside the body: labels, query arguments, headers, the status."""

from binascii import Error as Base64Error
from binascii import a2b_base64, b2a_base64
from collections.abc import Callable
from typing import Any

import orjson

from protocols import timestamps
from protocols.codec import Members
from protocols.http import Request, header_bytes, header_text, parse_query
from protocols.model import Member, Shape
from protocols.xmlwrite import OUTSIDE, blob_text, boolean_text, number_text

Parse = Callable[[str], Any]
Format = Callable[[Any], str]
Bind = Callable[[Request, Members], None]
Headers = list[tuple[bytes, bytes]]


class Malformed(ValueError):
    """A label, argument or header that is not of its member's type."""

    def __init__(self, member: Member, value: str) -> None:
        super().__init__(member.wire_name, value)
        self.member = member
        self.value = value


def in_body(shape: Shape) -> list[Member]:
    """The members that a body without a payload member holds."""
    return [member for member in shape.members.values() if member.location is None]


def in_answer(shape: Shape) -> list[Member]:
    """The members of an answer that its body holds: all but those in headers and the status."""
    return [member for member in shape.members.values() if member.location not in OUTSIDE]


def binder(shape: Shape, uri: str) -> Bind:
    """The function that reads everything that is not in the body."""
    fixed = frozenset(parse_query(uri.partition("?")[2]))
    labels: list[tuple[str, str, Parse | None]] = []
    headers: dict[bytes, tuple[str, Parse | None]] = {}
    arguments: list[tuple[str, str, Parse | None, bool]] = []
    prefixes: list[tuple[bytes, str]] = []
    maps: list[Member] = []
    for member in shape.members.values():
        place = member.location
        if place == "uri":
            labels.append((member.wire_name, member.name, _parser(member)))
        elif place == "header":
            headers[member.wire_name.lower().encode()] = (member.name, _header(member))
        elif place == "headers":
            prefixes.append((member.traits.get("locationName", "").lower().encode(), member.name))
        elif place == "querystring":
            if member.shape.type == "map":
                maps.append(member)
            elif member.shape.type == "list":
                parse = _parser(member.shape.member)
                arguments.append((member.wire_name, member.name, parse, True))
            else:
                arguments.append((member.wire_name, member.name, _parser(member), False))

    header_rule = headers.get

    def bind(request: Request, members: Members) -> None:
        given = request.headers
        for key, value in given.items():
            rule = header_rule(key)
            if rule is not None:
                text = header_text(value)
                members[rule[0]] = text if rule[1] is None else rule[1](text)
        for wire, name, parse in labels:
            text = request.labels.get(wire, "")
            members[name] = text if parse is None else parse(text)
        if request.query:
            found = request.arguments
            for wire, name, parse, many in arguments:
                values = found.get(wire)
                if values is not None:
                    if many:
                        members[name] = (
                            values[:] if parse is None else [parse(text) for text in values]
                        )
                    else:
                        members[name] = values[0] if parse is None else parse(values[0])
            for member in maps:
                _bind_map(member, found, fixed, members)
        for prefix, name in prefixes:
            _bind_prefix(prefix, name, given, members)

    return bind


def _bind_map(
    member: Member, found: dict[str, list[str]], fixed: frozenset[str], members: Members
) -> None:
    # Also those that other members take: a server can't tell which are only the map's.
    many = member.shape.value.shape.type == "list"
    given = {key: item if many else item[0] for key, item in found.items() if key not in fixed}
    if given:
        members[member.name] = given


def _bind_prefix(prefix: bytes, name: str, given: dict[bytes, bytes], members: Members) -> None:
    found = {
        header_text(key[len(prefix) :]): header_text(value)
        for key, value in given.items()
        if key.startswith(prefix)
    }
    if found:
        members[name] = found


def _guarded(member: Member, parse: Parse) -> Parse:
    def guarded(text: str) -> Any:
        try:
            return parse(text)
        except (ValueError, OverflowError, Base64Error):
            raise Malformed(member, text) from None

    return guarded


def _integer(text: str) -> int:
    if len(text) > 20 or "_" in text:
        raise ValueError(text)
    return int(text)


def _boolean(text: str) -> bool:
    folded = text.strip().lower()
    if folded in ("true", "false"):
        return folded == "true"
    raise ValueError(text)


def _blob(text: str) -> bytes:
    return a2b_base64(text, strict_mode=True)


def _json(text: str) -> Any:
    return orjson.loads(a2b_base64(text))


_PARSERS: dict[str, Parse] = {
    "integer": _integer,
    "long": _integer,
    "float": float,
    "double": float,
    "boolean": _boolean,
    "timestamp": timestamps.parse,
    "blob": _blob,
}


def _parser(member: Member) -> Parse | None:
    parse = _PARSERS.get(member.shape.type)
    return None if parse is None else _guarded(member, parse)


def _header(member: Member) -> Parse | None:
    shape = member.shape
    if member.trait("jsonvalue"):
        return _guarded(member, _json)
    if shape.type != "list":
        return _parser(member)
    inner = _PARSERS.get(shape.member.shape.type)
    split = _split_dates if shape.member.shape.type == "timestamp" else split_header

    def parse(text: str) -> Any:
        items = split(text)
        return items if inner is None else [inner(item) for item in items]

    return _guarded(member, parse)


def _split_dates(text: str) -> list[str]:
    """Dates in a header; those in RFC 822's form hold a comma themselves."""
    found: list[str] = []
    for piece in text.split(","):
        if found and found[-1].strip()[-3:] in timestamps.DAYS and len(found[-1].strip()) == 3:
            found[-1] += "," + piece
        else:
            found.append(piece)
    return [item.strip() for item in found if item.strip()]


def split_header(text: str) -> list[str]:
    """A header's comma-separated values; a quoted one may hold commas and escaped quotes."""
    if '"' not in text:
        return [item.strip() for item in text.split(",") if item.strip()]
    found: list[str] = []
    current: list[str] = []
    quoted = escaped = False
    for character in text:
        if escaped:
            current.append(character)
            escaped = False
        elif quoted and character == "\\":
            escaped = True
        elif character == '"':
            quoted = not quoted
        elif character == "," and not quoted:
            found.append("".join(current).strip())
            current = []
        else:
            current.append(character)
    found.append("".join(current).strip())
    return [item for item in found if item]


def _format_header_item(text: str) -> str:
    if '"' in text or "," in text:
        escaped = text.replace("\\", "\\\\").replace('"', '\\"')
        return f'"{escaped}"'
    return text


def _header_format(member: Member, inside: bool = False) -> Format:
    shape = member.shape
    if member.trait("jsonvalue"):
        return lambda value: b2a_base64(orjson.dumps(value), newline=False).decode("ascii")
    if shape.type == "list":
        inner = _header_format(shape.member, inside=True)
        return lambda value: ", ".join(inner(item) for item in value if item is not None)
    if shape.type == "timestamp":
        form = member.trait("timestampFormat")
        return timestamps.rfc822 if form is None else timestamps.writer(form)
    formats: dict[str, Format] = {
        "boolean": boolean_text,
        "float": number_text,
        "double": number_text,
        "blob": blob_text,
        "integer": str,
        "long": str,
    }
    return formats.get(shape.type, _format_header_item if inside else str)


def header_writer(shape: Shape) -> Callable[[Members, Headers], int | None] | None:
    """The function that adds an answer's headers and gives the status if a member is it."""
    rules: dict[str, tuple[bytes, Format]] = {}
    prefixes: list[tuple[str, str]] = []
    status: str | None = None
    for member in shape.members.values():
        if member.location == "header":
            rules[member.name] = (member.wire_name.lower().encode(), _header_format(member))
        elif member.location == "headers":
            prefixes.append((member.name, member.traits.get("locationName", "").lower()))
        elif member.location == "statusCode":
            status = member.name
    if not rules and not prefixes and status is None:
        return None

    rule_of = rules.get

    def write(answer: Members, headers: Headers) -> int | None:
        for name, value in answer.items():
            rule = rule_of(name)
            if rule is not None and value is not None and value != []:
                headers.append((rule[0], header_bytes(rule[1](value))))
        for name, prefix in prefixes:
            for key, value in (answer.get(name) or {}).items():
                headers.append((header_bytes(prefix + key.lower()), header_bytes(str(value))))
        return None if status is None else answer.get(status)

    return write


def names_header(shape: Shape, wanted: bytes) -> bool:
    """Whether a member of the shape is this header."""
    return any(
        member.location == "header" and member.wire_name.lower().encode() == wanted
        for member in shape.members.values()
    )


def has_header(headers: Headers, wanted: bytes) -> bool:
    """Whether a header is among them already."""
    return any(name == wanted for name, _ in headers)
