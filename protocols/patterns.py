"""The model's regular expressions, which are Java's, made into safe Python matchers.

A pattern must match the whole value, as Coral's front ends do. One that Python can't compile is
not checked; one whose cost could explode is checked only on values short enough to be cheap.
"""

import re
import unicodedata
import warnings
from collections.abc import Callable
from functools import cache
from re import _constants as codes  # type: ignore[attr-defined]
from re import _parser as parser  # type: ignore[attr-defined]
from typing import Any

Matcher = Callable[[str], Any]

# How long a value may be to be checked, by how many open repeats could share its characters.
LENGTHS = {0: 20_000, 1: 20_000, 2: 1_000, 3: 200}
MANY = 80  # more than those
EXPLOSIVE = 20  # a repeat within a repeat that could share them

_POSIX = {
    "ASCII": r"\x00-\x7f",
    "Alnum": "a-zA-Z0-9",
    "Alpha": "a-zA-Z",
    "Blank": r" \t",
    "Cntrl": r"\x00-\x1f\x7f",
    "Digit": "0-9",
    "Graph": r"\x21-\x7e",
    "Lower": "a-z",
    "Print": r"\x20-\x7e",
    "Punct": r"\x21-\x2f\x3a-\x40\x5b-\x60\x7b-\x7e",
    "Space": r"\s",
    "Upper": "A-Z",
    "XDigit": "0-9a-fA-F",
    "all": r"\x00-\U0010ffff",
    "IsWhitespace": r"\s\x85\xa0\u2000-\u200a\u2028\u2029\u202f\u205f\u3000",
}
_SURROGATES = r"\uD800\uDC00-\uDBFF\uDFFF"
_PROPERTY = re.compile(r"\\([pP])(?:\{([^}]*)\}|(\w))")
_HEX = re.compile(r"\\x\{([0-9A-Fa-f]+)\}")
_CLASS_DASH = re.compile(r"(\\[wdsWDS])-(?=[^\]])")
_CATEGORIES = {
    "CATEGORY_DIGIT": r"\d",
    "CATEGORY_NOT_DIGIT": r"\D",
    "CATEGORY_SPACE": r"\s",
    "CATEGORY_NOT_SPACE": r"\S",
    "CATEGORY_WORD": r"\w",
    "CATEGORY_NOT_WORD": r"\W",
}
_FLAG = re.compile(r"\(\?i\)")


@cache
def matcher(pattern: str) -> Matcher | None:
    """A function that is true for values which the pattern allows, or None if it can't be had."""
    if "\\p" not in pattern and "\\P" not in pattern:
        return _compile(pattern, False)
    # The classes of all of Unicode take 0.1 s to build: only for the value that needs them.
    ascii_match = _compile(pattern, False)
    full_match: Any = ...

    def matches(value: str) -> Any:
        nonlocal full_match
        if value.isascii():
            return ascii_match(value) if ascii_match is not None else True
        if full_match is ...:
            full_match = _compile(pattern, True)
        return full_match(value) if full_match is not None else True

    return None if ascii_match is None else matches


def _compile(pattern: str, wide: bool) -> Matcher | None:
    text = _python(pattern, wide)
    flags = re.ASCII
    if "(?i)" in text:
        text = _FLAG.sub("", text)
        flags |= re.IGNORECASE
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            compiled = re.compile(text, flags)
            tree = parser.parse(text, flags)
        except (re.error, RecursionError, OverflowError, ValueError):
            return None
    limit = _limit(tree)
    # A pattern of one character ("must contain something visible") can't mean the whole value.
    single = tree.getwidth()[1] == 1 and "^" not in text and "$" not in text
    match = compiled.search if single else compiled.fullmatch

    def matches(value: str) -> Any:
        return len(value) > limit or match(value)

    return matches


def _python(pattern: str, wide: bool) -> str:
    text = pattern.replace(_SURROGATES, r"\U00010000-\U0010ffff")
    text = text.replace(r"\z", r"\Z").replace(r"\/", "/")
    text = _HEX.sub(lambda found: f"\\U{int(found.group(1), 16):08x}", text)
    if "\\p" in text or "\\P" in text:
        text = _properties(text, wide)
    return _CLASS_DASH.sub(r"\1\\-", text) if "[" in text else text


def _properties(text: str, wide: bool) -> str:
    """Replace each Unicode property by its characters, inside a class or as one."""
    parts: list[str] = []
    inside = False
    position = 0
    while position < len(text):
        found = _PROPERTY.match(text, position)
        if found is not None:
            negated = found.group(1) == "P"
            characters = _characters(found.group(2) or found.group(3), negated, wide)
            parts.append(characters if inside else f"[{characters}]")
            position = found.end()
            if inside and text[position : position + 1] == "-":
                parts.append("\\-")
                position += 1
            continue
        character = text[position]
        if character == "\\":
            parts.append(text[position : position + 2])
            position += 2
            continue
        if character == "[":
            inside = True
        elif character == "]":
            inside = False
        parts.append(character)
        position += 1
    return "".join(parts)


@cache
def _characters(name: str, negated: bool, wide: bool) -> str:
    if name in _POSIX and not negated:
        return _POSIX[name]
    categories = {"IsAlphabetic": ("L", "Nl"), "LD": ("L", "Nd")}.get(name, (name,))
    blocks = [range(0x80)]
    if wide:
        blocks = [range(0x3400), range(0xA000, 0xAC00), range(0xD7A0, 0x20000)]
    wanted = [
        number
        for block in blocks
        for number in block
        if unicodedata.category(chr(number)).startswith(categories) != negated
    ]
    # Ideographs and Hangul are letters from end to end; the far planes are nothing else.
    if wide and ("L" in categories or "Lo" in categories) != negated:
        wanted.extend(range(0x3400, 0xA000))
        wanted.extend(range(0xAC00, 0xD7A0))
        wanted.extend(range(0x20000, 0x32000))
    wanted.sort()
    # An empty class is no class in Python's syntax: one character that no ASCII value holds.
    return _ranges(wanted) if wanted else "\\U0010ffff"


def _ranges(numbers: list[int]) -> str:
    parts: list[str] = []
    index = 0
    while index < len(numbers):
        last = index
        while last + 1 < len(numbers) and numbers[last + 1] == numbers[last] + 1:
            last += 1
        parts.append(f"\\U{numbers[index]:08x}-\\U{numbers[last]:08x}")
        index = last + 1
    return "".join(parts)


def _limit(tree: Any) -> int:
    if _explosive(tree):
        return EXPLOSIVE
    run = _Run()
    run.walk(tree)
    return LENGTHS.get(run.longest, MANY)


class _Run:
    """Counts open repeats in a row, with no character between them that ends the one before."""

    def __init__(self) -> None:
        self.row: list[Any] = []
        self.longest = 0

    def walk(self, tree: Any) -> None:
        for item in tree:
            code, argument = item
            if code is codes.LITERAL:
                if not any(_may_contain(repeat, argument) for repeat in self.row):
                    self.row = []
            elif _repeats(item):
                self.row.append(item)
                self.longest = max(self.longest, len(self.row))
            elif code is codes.BRANCH:
                before = self.row
                after: list[Any] = []
                for branch in argument[1]:
                    self.row = list(before)
                    self.walk(branch)
                    after.extend(item for item in self.row if item not in after)
                self.row = after
            else:
                for part in _parts(item):
                    self.walk(part)


def _parts(item: Any) -> list[Any]:
    """The sub-patterns of one item of a parsed pattern."""
    code, argument = item
    if code in (codes.MAX_REPEAT, codes.MIN_REPEAT):
        return [argument[2]]
    if code is codes.SUBPATTERN:
        return [argument[3]]
    if code is codes.BRANCH:
        return list(argument[1])
    if code in (codes.ASSERT, codes.ASSERT_NOT):
        return [argument[1]]
    return []


def _repeats(item: Any) -> bool:
    code, argument = item
    return code in (codes.MAX_REPEAT, codes.MIN_REPEAT) and argument[1] > 20


def _loops(item: Any) -> bool:
    code, argument = item
    return code in (codes.MAX_REPEAT, codes.MIN_REPEAT) and argument[1] > 1


def _explosive(tree: Any) -> bool:
    """Whether a repeat holds a repeat (or alternatives) that could divide a value in many ways."""
    for item in tree:
        if _loops(item) and _ambiguous(item[1][2]):
            return True
        if any(_explosive(part) for part in _parts(item)):
            return True
    return False


def _ambiguous(body: Any) -> bool:
    items = list(body)
    while len(items) == 1 and items[0][0] is codes.SUBPATTERN:
        items = list(items[0][1][3])
    if len(items) == 1 and items[0][0] is codes.BRANCH:
        return _branches_overlap(items[0][1][1])
    loose = [item for item in items if _contains_repeat([item])]
    if not loose:
        return False
    # A separator that no loose part can contain keeps the division unique.
    taken = set().union(*(_characters_of(item) for item in loose))
    return not any(
        item[0] in (codes.LITERAL, codes.IN) and not taken & _characters_of(item) for item in items
    )


def _branches_overlap(branches: list[Any]) -> bool:
    if any(_contains_repeat(branch) for branch in branches):
        return True
    firsts = [branch[0] if len(branch) else None for branch in branches]
    literals = [item[1] for item in firsts if item is not None and item[0] is codes.LITERAL]
    if len(literals) == len(branches) == len(set(literals)):
        return False
    return {branch.getwidth() for branch in branches} != {(1, 1)}


def _contains_repeat(items: Any) -> bool:
    return any(
        (item[0] in (codes.MAX_REPEAT, codes.MIN_REPEAT) and item[1][0] != item[1][1])
        or (item[0] is codes.BRANCH and len({part.getwidth() for part in item[1][1]}) > 1)
        or any(_contains_repeat(part) for part in _parts(item))
        for item in items
        if item[0] not in (codes.ASSERT, codes.ASSERT_NOT)  # they take no characters
    )


def _characters_of(item: Any) -> set[int]:
    """The ASCII characters (and one for all others) that an item may hold."""
    return {number for number in (*range(128), 0xE9) if _may_contain(item, number)}


def _may_contain(item: Any, literal: int) -> bool:
    code, argument = item
    if code is codes.LITERAL:
        return bool(argument == literal)
    if code is codes.IN:
        return _in_class(argument, literal)
    if code in (codes.ANY, codes.NOT_LITERAL, codes.GROUPREF):
        return True
    return any(_may_contain(child, literal) for part in _parts(item) for child in part)


def _in_class(members: Any, literal: int) -> bool:
    """Whether a parsed character class holds a character."""
    negated = found = False
    for code, argument in members:
        if code is codes.NEGATE:
            negated = True
        elif code is codes.LITERAL:
            found = found or argument == literal
        elif code is codes.RANGE:
            found = found or argument[0] <= literal <= argument[1]
        else:
            category = _CATEGORIES.get(str(argument), ".")
            found = found or re.match(category, chr(literal), re.ASCII) is not None
    return found != negated
