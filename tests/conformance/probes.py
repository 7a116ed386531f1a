"""Requests that a model makes: the smallest valid one of an operation, and those just outside."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from protocols.model import Member, Operation, Shape
from tests.conformance import texts
from tests.conformance.values import Maker

DEEPEST = 3
LONGEST_TEXT = 70_000
LONGEST_HEADER = 2_000
MOST_ITEMS = 1_100
_BITS = {"integer": 31, "long": 63, "float": 127, "double": 127}
_IN_HEAD = ("header", "headers", "uri", "querystring")


class Probe(NamedTuple):
    """One request that breaks the model in one place."""

    what: str
    members: dict[str, Any]


class Smallest(Maker):
    """Makes what is required, and of that the least that every constraint allows."""

    def __init__(self, given: Mapping[str, Any]) -> None:
        super().__init__(full=False)
        self._given = given

    def request(self, operation: Operation, required: Iterable[str]) -> dict[str, Any] | None:
        """The smallest request, with what is given for its members; None where none is found.

        `required` are those that clients must send, which the server's model may not know.
        """
        shape = operation.input
        if shape is None:
            return {}
        wanted = {*shape.required, *required}
        given = {name: value for name, value in self._given.items() if name in wanted}
        made = self.members(shape, frozenset(given))
        if made is None or not shape.required <= {*made, *given}:
            return None
        return {**made, **given}

    def _text(self, shape: Shape, base: str) -> str:
        least, most = int(shape.traits.get("min", 0)), int(shape.traits.get("max", 1 << 30))
        pattern = shape.traits.get("pattern")
        found = None if pattern is None else texts.allowed(pattern, least, most)
        return super()._text(shape, "abc-0") if found is None else found


def outside(operation: Operation, members: dict[str, Any]) -> Iterator[Probe]:
    """The smallest request with one thing wrong: each of those that the model can tell."""
    if operation.input is not None:
        yield from _structure(operation.input, members, "", 0)


def _structure(
    shape: Shape, members: dict[str, Any], path: str, depth: int, head: bool = False
) -> Iterator[Probe]:
    for name, member in shape.members.items():
        place = f"{path}{name}"
        in_head = head or member.location in _IN_HEAD
        if name in shape.required and name in members and member.location != "uri":
            rest = {key: value for key, value in members.items() if key != name}
            yield Probe(f"{place} is missing", rest)
        for what, value in _values(member, in_head):
            yield Probe(f"{place} {what}", {**members, name: value})
        if depth < DEEPEST:
            base = members.get(name)
            for what, value in _inside(member, base, place, depth + 1, in_head):
                yield Probe(what, {**members, name: value})


def _inside(
    member: Member, base: Any, path: str, depth: int, head: bool
) -> Iterator[tuple[str, Any]]:
    """Values of a member that are wrong somewhere inside."""
    shape = member.shape
    if shape.document:
        return
    if shape.type == "structure" and not shape.traits.get("eventstream"):
        made = base if base is not None else Smallest({}).value(member, ())
        if made is not None:
            for probe in _structure(shape, made, f"{path}.", depth, head):
                yield probe.what, probe.members
    elif shape.type == "list":
        for what, value in _values(shape.member, head):
            yield f"{path}[] {what}", [value]
        first = base[0] if base else None
        for what, value in _inside(shape.member, first, f"{path}[]", depth, head):
            yield what, [value]
    elif shape.type == "map":
        keys = shape.key.shape.enum or [Smallest({})._text(shape.key.shape, "abc-0")]
        for what, value in _values(shape.value, head):
            yield f"{path}{{}} {what}", {keys[0]: value}
        for what, value in _inside(shape.value, None, f"{path}{{}}", depth, head):
            yield what, {keys[0]: value}


def _values(member: Member, head: bool) -> Iterator[tuple[str, Any]]:
    """Values of a member that are just outside of what it allows."""
    shape, kind = member.shape, member.shape.type
    if shape.document or member.trait("jsonvalue"):
        return
    if kind in _BITS:
        yield from _numbers(shape)
    elif kind == "string":
        yield from _texts(member, head)
    elif kind == "blob" and not member.trait("streaming"):
        for what, size in _sizes(shape, LONGEST_TEXT):
            yield what, b"x" * size
    elif kind in ("list", "map"):
        for what, size in _sizes(shape, MOST_ITEMS):
            yield what, _many(member, size)


def _numbers(shape: Shape) -> Iterator[tuple[str, Any]]:
    most = 2 ** _BITS[shape.type] - 1
    low, high = shape.traits.get("min"), shape.traits.get("max")
    if low is not None and low > -most:
        yield f"below {low}", low - 1
    if high is not None and high < most:
        yield f"above {high}", high + 1


def _texts(member: Member, head: bool) -> Iterator[tuple[str, Any]]:
    shape = member.shape
    if member.trait("enum"):
        yield "outside its enumeration", "no-such-value"
        return
    longest = LONGEST_HEADER if head else LONGEST_TEXT
    for what, size in _sizes(shape, longest):
        if size or not head:
            yield what, "a" * size
    pattern = shape.traits.get("pattern")
    if pattern is not None:
        least, most = int(shape.traits.get("min", 0)), int(shape.traits.get("max", 1 << 30))
        value = texts.forbidden(pattern, least, most)
        if value is not None and (value.isascii() or not head):
            yield "against its pattern", value


def _sizes(shape: Shape, longest: int) -> Iterator[tuple[str, int]]:
    low, high = int(shape.traits.get("min", 0)), shape.traits.get("max")
    if low > 0:
        yield f"shorter than {low}", low - 1
    if high is not None and high < longest:
        yield f"longer than {high}", high + 1


def _many(member: Member, size: int) -> Any:
    """A list or a map of so many."""
    maker, shape = Smallest({}), member.shape
    if shape.type == "list":
        return [maker.value(shape.member, ()) for _ in range(size)]
    base = maker._text(shape.key.shape, "abc-0")
    return {f"{base}{number}": maker.value(shape.value, ()) for number in range(size)}
