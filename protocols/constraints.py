"""The model's constraints, compiled: a quick yes or no, and on a no every violation in AWS's words.

`checker` gives a function that raises `Broken` at the first violation, without knowing where it
stands; only then `violations` walks the request again, slowly, to name each one.
"""

from collections.abc import Callable
from typing import Any

from protocols.model import Member, Shape

Check = Callable[[Any], None]


class Broken(Exception):
    """The request breaks the model somewhere."""


_BROKEN = Broken()
_NUMBERS = frozenset({"integer", "long", "float", "double"})


def checker(shape: Shape) -> Check | None:
    """A function that raises Broken for an invalid value, or None if every value is valid."""
    try:
        found: Check | None = shape.compiled["check"]
    except KeyError:
        found = shape.compiled["check"] = _compile(shape)
    return found


def _compile(shape: Shape) -> Check | None:
    if shape.type == "structure":
        return None if shape.document else _structure(shape)
    if shape.type == "list":
        return _list(shape)
    if shape.type == "map":
        return _map(shape)
    return _scalar(shape, shape.traits)


def _late(shape: Shape) -> Check:
    """The check of a shape that is still being compiled (it contains itself)."""

    def check(value: Any) -> None:
        found = shape.compiled["check"]
        if found is not None:
            found(value)

    shape.compiled["check"] = check
    return check


def _member(member: Member) -> Check | None:
    enum = member.traits.get("enum")
    if enum:
        return _scalar(member.shape, {**member.shape.traits, "enum": enum})
    return checker(member.shape)


def _structure(shape: Shape) -> Check | None:
    _late(shape)
    required = tuple(name for name in shape.members if name in shape.required)
    checks: dict[str, Check] = {}
    for name, member in shape.members.items():
        found = _member(member)
        if found is not None:
            checks[name] = found
    if shape.union:
        return _union(frozenset(shape.members), checks)
    if not checks:
        if not required:
            return None
        if len(required) == 1:
            (only,) = required

            def check_one(value: Any) -> None:
                if only not in value:
                    raise _BROKEN

            return check_one
    get = checks.get

    def check(value: Any) -> None:
        for name in required:
            if name not in value:
                raise _BROKEN
        for name, item in value.items():
            test = get(name)
            if test is not None:
                test(item)

    return check


def _union(names: frozenset[str], checks: dict[str, Check]) -> Check:
    def check(value: Any) -> None:
        count = 0
        for name, item in value.items():
            if name in names:
                count += 1
                test = checks.get(name)
                if test is not None:
                    test(item)
        if count != 1:
            raise _BROKEN

    return check


def _list(shape: Shape) -> Check | None:
    _late(shape)
    least, most = shape.traits.get("min", 0), shape.traits.get("max", float("inf"))
    test = _member(shape.member)
    sparse = bool(shape.traits.get("sparse"))

    def check(value: Any) -> None:
        if not least <= len(value) <= most:
            raise _BROKEN
        for item in value:
            if item is None:
                if not sparse:
                    raise _BROKEN
            elif test is not None:
                test(item)

    return check


def _map(shape: Shape) -> Check | None:
    _late(shape)
    least, most = shape.traits.get("min", 0), shape.traits.get("max", float("inf"))
    key, test = _member(shape.key), _member(shape.value)
    if key is None and test is None and not least and most == float("inf"):
        return None

    def check(value: Any) -> None:
        if not least <= len(value) <= most:
            raise _BROKEN
        if key is not None:
            for name in value:
                key(name)
        if test is not None:
            for item in value.values():
                if item is not None:
                    test(item)

    return check


def _scalar(shape: Shape, traits: dict[str, Any]) -> Check | None:
    kind = shape.type
    if kind in _NUMBERS:
        return _number(traits)
    if kind == "blob":
        return _blob(traits)
    if kind not in ("string", "character"):
        return None
    least, most = int(traits.get("min", 0)), traits.get("max")
    enum, pattern = traits.get("enum"), traits.get("pattern")
    if enum:
        allowed = frozenset(enum)

        def check_enum(value: Any) -> None:
            if value not in allowed:
                raise _BROKEN

        return check_enum
    if pattern:
        return _pattern(pattern, least, most)
    if most is None:
        if not least:
            return None
        most = float("inf")
    highest = most

    def check(value: Any) -> None:
        if not least <= len(value) <= highest:
            raise _BROKEN

    return check


def _pattern(pattern: str, least: int, most: Any) -> Check:
    highest = float("inf") if most is None else most
    match: Any = ...

    def check(value: Any) -> None:
        nonlocal match
        if not least <= len(value) <= highest:
            raise _BROKEN
        if match is ...:
            from protocols.patterns import matcher  # 5 ms, when first there is a pattern

            match = matcher(pattern)
        if match is not None and not match(value):
            raise _BROKEN

    return check


def _number(traits: dict[str, Any]) -> Check | None:
    least, most = traits.get("min"), traits.get("max")
    if least is None and most is None:
        return None
    low = float("-inf") if least is None else least
    high = float("inf") if most is None else most

    def check(value: Any) -> None:
        if not low <= value <= high:
            raise _BROKEN

    return check


def _blob(traits: dict[str, Any]) -> Check | None:
    least, most = traits.get("min", 0), traits.get("max", float("inf"))
    if not least and most == float("inf"):
        return None

    def check(value: Any) -> None:
        # A spooled body is the server's own object; its size is the handler's business.
        if type(value) is bytes and not least <= len(value) <= most:
            raise _BROKEN

    return check
