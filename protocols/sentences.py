"""Every violation of a request, in the order and the words of AWS's front ends.

The words are from recorded answers: `Value 'x' at 'tags.1.member.tagKey' failed to satisfy
constraint: Member must have length less than or equal to 128`. Elements of a list of plain values
are reported on the list, with all of the element's constraints.
"""

from typing import Any

from protocols.errors import Violation
from protocols.model import Member, Shape
from protocols.patterns import matcher

LIMIT = 100  # violations named in one answer
_PLAIN = frozenset(
    {"string", "character", "integer", "long", "float", "double", "boolean", "blob", "timestamp"}
)
Broken = tuple[str, Any, str]  # kind, constraint, "Member must ..."


def violations(shape: Shape, value: Any) -> list[Violation]:
    """Everything that is wrong with a request's members."""
    found: list[Violation] = []
    _structure(shape, value, "", found)
    return found[:LIMIT]


def camel(name: str) -> str:
    """A member's name as AWS's messages spell it."""
    return name[:1].lower() + name[1:]


def java_hash_order(values: list[str]) -> list[str]:
    """The order in which a Java HashSet lists strings; Lambda's messages show enums so."""
    size = 16
    while len(values) > size * 0.75:
        size *= 2

    def bucket(text: str) -> int:
        code = 0
        for character in text:
            code = (31 * code + ord(character)) & 0xFFFFFFFF
        return (code ^ (code >> 16)) & (size - 1)

    return sorted(values, key=bucket)


def _add(
    found: list[Violation], broken: Broken, path: str, value: Any, shape: Shape, said: str = ""
) -> None:
    kind, constraint, words = broken
    shown = _quoted(shape, value)
    place = f"Value {shown} at" if shown else "Value at"
    text = f"{place} '{path}' failed to satisfy constraint: {said or words}"
    found.append(Violation(kind, path, value, constraint, text))


def _quoted(shape: Shape, value: Any) -> str:
    if value is None:
        return "null"
    if shape.traits.get("sensitive"):
        return ""
    return f"'{shown(shape, value)}'"


def shown(shape: Shape, value: Any) -> str:
    """A value as Java prints it: [a, b], {k=v}, Name(member=value, other=null)."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, bytes):
        return f"java.nio.HeapByteBuffer[pos=0 lim={len(value)} cap={len(value)}]"
    if shape.type == "list" and isinstance(value, list):
        return f"[{', '.join(shown(shape.member.shape, item) for item in value)}]"
    if shape.type == "map" and isinstance(value, dict):
        inner = shape.value.shape
        return "{" + ", ".join(f"{key}={shown(inner, item)}" for key, item in value.items()) + "}"
    if shape.type == "structure" and isinstance(value, dict) and not shape.document:
        members = (
            f"{camel(name)}={shown(member.shape, value.get(name))}"
            for name, member in shape.members.items()
        )
        return f"{shape.name}({', '.join(members)})"
    if shape.type in ("float", "double") and isinstance(value, int | float):
        return str(float(value))
    return str(value)


def _number(shape: Shape, bound: Any) -> str:
    return str(float(bound)) if shape.type in ("float", "double") else str(bound)


def _broken(member: Member, value: Any) -> list[Broken]:
    """The constraints of its own that a value breaks."""
    shape = member.shape
    test: dict[str, bool] = {}
    traits = shape.traits
    if shape.type in ("integer", "long", "float", "double"):
        test["max_value"] = value <= traits.get("max", value)
        test["min_value"] = value >= traits.get("min", value)
    elif shape.type in ("string", "character", "blob", "list", "map") and hasattr(value, "__len__"):
        if not member.trait("enum"):
            test["max_length"] = len(value) <= traits.get("max", len(value))
            test["min_length"] = len(value) >= traits.get("min", 0)
        if isinstance(value, str):
            match = matcher(traits["pattern"]) if "pattern" in traits else None
            test["pattern"] = match is None or bool(match(value))
            enum = member.trait("enum")
            test["enum"] = not enum or value in enum
            if enum:
                test["pattern"] = True
    return [item for item in _constraints(member) if not test.get(item[0], True)]


def _constraints(member: Member) -> list[Broken]:
    shape = member.shape
    traits = shape.traits
    found: list[Broken] = []
    if shape.type in ("integer", "long", "float", "double"):
        for kind, trait, words in (
            ("max_value", "max", "less"),
            ("min_value", "min", "greater"),
        ):
            if trait in traits:
                bound = _number(shape, traits[trait])
                said = f"Member must have value {words} than or equal to {bound}"
                found.append((kind, traits[trait], said))
        return found
    enum = member.trait("enum")
    if enum:
        listed = enum
        if shape._service.metadata.get("enumOrder") == "hash":
            listed = java_hash_order(enum)
        return [("enum", enum, f"Member must satisfy enum value set: [{', '.join(listed)}]")]
    for kind, trait, words in (
        ("max_length", "max", "less"),
        ("min_length", "min", "greater"),
    ):
        if trait in traits and shape.type not in ("timestamp", "boolean"):
            said = f"Member must have length {words} than or equal to {traits[trait]}"
            found.append((kind, traits[trait], said))
    if "pattern" in traits:
        pattern = traits["pattern"]
        said = f"Member must satisfy regular expression pattern: {pattern}"
        found.append(("pattern", pattern, said))
    return found


_NULL: Broken = ("required", True, "Member must not be null")


def _value(member: Member, value: Any, path: str, found: list[Violation]) -> None:
    if len(found) >= LIMIT:
        return
    shape = member.shape
    for broken in _broken(member, value):
        _add(found, broken, path, value, shape)
    if shape.type == "structure" and isinstance(value, dict) and not shape.document:
        _structure(shape, value, path + ".", found)
    elif shape.type == "list" and isinstance(value, list):
        _list(shape, value, path, found)
    elif shape.type == "map" and isinstance(value, dict):
        _map(shape, value, path, found)


def _structure(shape: Shape, value: dict[str, Any], prefix: str, found: list[Violation]) -> None:
    required = shape.required
    for name, member in shape.members.items():
        item = value.get(name)
        path = prefix + camel(name)
        if item is not None:
            _value(member, item, path, found)
        elif name in required:
            _add(found, _NULL, path, None, member.shape)
    if shape.union:
        count = sum(value.get(name) is not None for name in shape.members)
        if count != 1:
            path = prefix[:-1] or camel(shape.name)
            words = "Member must have exactly one member set"
            _add(found, ("union", 1, words), path, value, shape)


def _list(shape: Shape, value: list[Any], path: str, found: list[Violation]) -> None:
    member = shape.member
    if member.shape.type in _PLAIN and None not in value:
        broken = any(_broken(member, item) for item in value)
        if broken:
            said = [words for _, _, words in _constraints(member)]
            words = said[0]
            if len(said) > 1:
                words = f"Member must satisfy constraint: [{', '.join(said)}]"
            _add(found, ("element", tuple(said), words), path, value, shape)
        return
    sparse = shape.traits.get("sparse")
    for number, item in enumerate(value, 1):
        if item is not None:
            _value(member, item, f"{path}.{number}.member", found)
        elif not sparse:
            _add(found, _NULL, f"{path}.{number}.member", None, member.shape)


def _map(shape: Shape, value: dict[str, Any], path: str, found: list[Violation]) -> None:
    if any(_broken(shape.key, key) for key in value):
        said = [words for _, _, words in _constraints(shape.key)]
        words = f"Map keys must satisfy constraint: [{', '.join(said)}]"
        _add(found, ("map_key", tuple(said), words), path, value, shape)
    member = shape.value
    if member.shape.type in _PLAIN:
        if any(_broken(member, item) for item in value.values() if item is not None):
            said = [words for _, _, words in [*_constraints(member), _NULL]]
            words = f"Map value must satisfy constraint: [{', '.join(said)}]"
            _add(found, ("map_value", tuple(said), words), path, value, shape)
        return
    for key, item in value.items():
        if item is not None:
            _value(member, item, f"{path}.{key}.member", found)
