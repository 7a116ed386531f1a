"""Texts that a model's pattern allows, and texts that it doesn't."""

from re import _constants as codes  # type: ignore[attr-defined]
from re import _parser as parser  # type: ignore[attr-defined]
from typing import Any

from protocols.patterns import matcher

_CATEGORIES = {
    codes.CATEGORY_DIGIT: "1",
    codes.CATEGORY_NOT_DIGIT: "a",
    codes.CATEGORY_SPACE: " ",
    codes.CATEGORY_NOT_SPACE: "a",
    codes.CATEGORY_WORD: "a",
    codes.CATEGORY_NOT_WORD: "-",
}
_ODD = ("!", " ", "\u00fc", "a", "A", "0", "-", "\\", "#", "~")


def allowed(pattern: str, least: int, most: int) -> str | None:
    """A text of a length that a pattern allows, or None when none is found."""
    sizes = (max(1, least), max(least, min(most, 8)), most if most < 2000 else max(1, least))
    try:
        tree = parser.parse(pattern)
    except Exception:  # it is Java's
        tree = []
    tried = [_text(tree, size) for size in sizes]
    tried += [letter * size for letter in ("a", "1") for size in sizes]
    for text in tried:
        if least <= len(text) <= most and _matches(pattern, text):
            return text
    return None


def forbidden(pattern: str, least: int, most: int) -> str | None:
    """A text of a length that the model allows, and that its pattern does not."""
    size = max(least, min(most, 3))
    for odd in _ODD:
        text = odd * size
        if text and not _matches(pattern, text):
            return text
    return None


def _matches(pattern: str, text: str) -> bool:
    match = matcher(pattern)
    return match is None or bool(match(text))


def _text(tree: Any, wanted: int) -> str:
    """The shortest text, made longer at its first open repeat until it is as long as wanted."""
    short = "".join(_one(code, value, 0) for code, value in tree)
    if len(short) >= wanted:
        return short
    return "".join(_one(code, value, wanted) for code, value in tree)


def _one(code: Any, value: Any, wanted: int) -> str:
    if code is codes.LITERAL:
        return chr(value)
    if code is codes.NOT_LITERAL:
        return "a" if value != ord("a") else "b"
    if code is codes.ANY:
        return "a"
    if code is codes.IN:
        return _of_class(value)
    if code in (codes.MAX_REPEAT, codes.MIN_REPEAT):
        low, high, inner = value
        unit = _text(inner, 1)
        count: int = max(low, min(high, wanted // max(1, len(unit)))) if wanted else low
        return unit * count
    if code is codes.SUBPATTERN:
        return _text(value[3], wanted)
    if code is codes.BRANCH:
        return _text(value[1][0], wanted)
    return ""


def _of_class(items: list[tuple[Any, Any]]) -> str:
    if items[0][0] is codes.NEGATE:
        shut = {chr(value) for code, value in items if code is codes.LITERAL}
        return next(letter for letter in "aA0-" if letter not in shut)
    for code, value in items:
        if code is codes.RANGE:
            return chr(ord("a") if value[0] <= ord("a") <= value[1] else max(value[0], 33))
        if code is codes.CATEGORY:
            return str(_CATEGORIES.get(value, "a"))
    return chr(items[0][1])
