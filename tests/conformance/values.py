"""Values made from the model: the same every time, within its bounds, with awkward characters."""

from typing import Any

from protocols.model import Member, Shape

AWKWARD = "<ä & \"b\"> + 100% 'c'/d "
SAFE = "abc-0"
NODES = 250  # how many values one request or answer may hold


class Maker:
    """Makes values; `full` ones hold every member, minimal ones what is required."""

    def __init__(self, full: bool) -> None:
        self.full = full
        self.nodes = 0
        self.safe = False

    def members(self, shape: Shape, skip: frozenset[str] = frozenset()) -> dict[str, Any]:
        """A structure's members."""
        self.nodes = 0
        made: dict[str, Any] = self._structure(shape, (), skip)
        return made

    def value(self, member: Member, inside: tuple[str, ...]) -> Any:
        """One value, or None where the shape contains itself or enough has been made."""
        shape = member.shape
        self.nodes += 1
        if member.trait("jsonvalue") and member.location == "header":
            return {"json": [1, "two"]}
        if shape.document:
            return {"document": [1, 2.5, "three", {"four": True}]}
        if shape.type == "structure":
            return None if shape.name in inside else self._structure(shape, inside)
        if shape.type == "list":
            return self._list(shape, inside)
        if shape.type == "map":
            return self._map(shape, inside)
        return self._scalar(member)

    def _structure(
        self, shape: Shape, inside: tuple[str, ...], skip: frozenset[str] = frozenset()
    ) -> Any:
        inside = (*inside, shape.name)
        made: dict[str, Any] = {}
        if shape.union:
            for name, member in shape.members.items():
                item = self.value(member, inside)
                if item is not None:
                    return {name: item}
            return None
        for name, member in shape.members.items():
            if name in skip:
                continue
            enough = not self.full or self.nodes > NODES or len(inside) > 5
            if enough and not member.required:
                continue
            outside, self.safe = self.safe, self.safe or member.location is not None
            item = self.value(member, inside)
            self.safe = outside
            if item is None and member.required:
                return None
            if item is not None:
                made[name] = item
        if not made and len(inside) > 1:
            # A form, a query string or XML can't show an empty structure.
            for name, member in shape.members.items():
                item = self.value(member, inside) if len(inside) < 14 else None
                if item is not None:
                    return {name: item}
        return made

    def _list(self, shape: Shape, inside: tuple[str, ...]) -> Any:
        count = max(int(shape.traits.get("min", 0)), min(1, shape.traits.get("max", 1)))
        if self.full:
            count = max(count, min(2, shape.traits.get("max", 2)))
        if count > 30:
            return None
        items = [self.value(shape.member, inside) for _ in range(count)]
        return None if None in items else items

    def _map(self, shape: Shape, inside: tuple[str, ...]) -> Any:
        count = max(int(shape.traits.get("min", 0)), min(1, shape.traits.get("max", 1)))
        if self.full:
            count = max(count, min(2, shape.traits.get("max", 2)))
        keys = shape.key.shape.enum[:count] or [
            self._text(shape.key.shape, f"key{number}") for number in range(count)
        ]
        made = {key: self.value(shape.value, inside) for key in keys}
        if None in made.values() or len(made) < int(shape.traits.get("min", 0)):
            return None
        return made

    def _scalar(self, member: Member) -> Any:
        shape, kind = member.shape, member.shape.type
        if kind == "boolean":
            return True
        if kind == "timestamp":
            return 1700000000 + self.nodes
        if kind in ("integer", "long", "float", "double"):
            return _number(shape)
        if kind == "blob":
            size = max(1, int(shape.traits.get("min", 0)))
            made = (b"blob\x00\xff" * (size // 6 + 1))[: max(size, 6)]
            return made[: shape.traits.get("max", len(made))]
        enum = member.trait("enum")
        if enum:
            return enum[self.nodes % len(enum)]
        return self._text(shape, SAFE if self.safe and member.location is None else _plain(member))

    def _text(self, shape: Shape, base: str) -> str:
        least, most = int(shape.traits.get("min", 0)), int(shape.traits.get("max", 1 << 30))
        text = base if len(base) >= least else (base * (least // len(base) + 1))[:least]
        return text[: max(most, 0)] if len(text) > most else text


def _plain(member: Member) -> str:
    if member.location in ("header", "headers") or member.traits.get("hostLabel"):
        return SAFE
    if member.location is None and not member.traits.get("xmlAttribute"):
        return AWKWARD
    return "a b+c%/é" if member.location == "uri" else SAFE


def _number(shape: Shape) -> Any:
    least, most = shape.traits.get("min"), shape.traits.get("max")
    number: Any = 7 if least is None else least
    if most is not None and number > most:
        number = most
    if shape.type in ("float", "double"):
        return float(number) if least is not None or most is not None else 1.5
    return int(number)
