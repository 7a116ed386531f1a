"""The model's regular expressions, which are Java's, made into safe Python matchers.

A pattern must match the whole value, as Coral's front ends do. One that Python can't compile is
not checked; one whose cost could explode is checked only on values short enough to be cheap.
"""

import re
import unicodedata
import warnings
from collections.abc import Callable
from functools import cache
from typing import Any

try:
    import re._constants as codes
    import re._parser as parser
except ImportError:  # pragma: no cover - the names before Python 3.11
    import sre_constants as codes  # type: ignore[no-redef]
    import sre_parse as parser  # type: ignore[no-redef]

Matcher = Callable[[str], Any]

LONG = 20_000  # a linear pattern is checked on values up to this many characters
POLYNOMIAL = 2_000  # one with several open repeats in a row, up to this many
EXPLOSIVE = 20  # one with ambiguous nested repeats, up to this many

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
_FLAG = re.compile(r"\(\?i\)")


@cache
def matcher(pattern: str) -> Matcher | None:
    """A function that is true for values which the pattern allows, or None if it can't be had."""
    text = _python(pattern)
    if text is None:
        return None
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


def _python(pattern: str) -> str | None:
    text = pattern.replace(_SURROGATES, r"\U00010000-\U0010ffff")
    text = text.replace(r"\z", r"\Z").replace(r"\/", "/")
    text = _HEX.sub(lambda found: f"\\U{int(found.group(1), 16):08x}", text)
    if "\\p" in text or "\\P" in text:
        text = _properties(text)
    return _CLASS_DASH.sub(r"\1\\-", text) if "[" in text else text


def _properties(text: str) -> str:
    """Replace each Unicode property by its characters, inside a class or as one."""
    parts: list[str] = []
    inside = False
    position = 0
    while position < len(text):
        found = _PROPERTY.match(text, position)
        if found is not None:
            negated = found.group(1) == "P"
            characters = _characters(found.group(2) or found.group(3), negated)
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
def _characters(name: str, negated: bool) -> str:
    if name in _POSIX and not negated:
        return _POSIX[name]
    categories = {"IsAlphabetic": ("L", "Nl"), "LD": ("L", "Nd")}.get(name, (name,))
    wanted = [
        number
        for block in (range(0x0, 0x3400), range(0xA000, 0xAC00), range(0xD7A0, 0x20000))
        for number in block
        if unicodedata.category(chr(number)).startswith(categories) != negated
    ]
    # Ideographs and Hangul are letters from end to end; the far planes are nothing else.
    if ("L" in categories or "Lo" in categories) != negated:
        wanted.extend(range(0x3400, 0xA000))
        wanted.extend(range(0xAC00, 0xD7A0))
        wanted.extend(range(0x20000, 0x32000))
    wanted.sort()
    return _ranges(wanted)


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
    return POLYNOMIAL if _open_repeats(tree) > 2 else LONG


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


def _open_repeats(tree: Any) -> int:
    total = 0
    for item in tree:
        total += _repeats(item)
        counts = [_open_repeats(part) for part in _parts(item)]
        total += max(counts, default=0)
    return total


def _explosive(tree: Any) -> bool:
    """Whether a repeat holds a repeat (or alternatives) that could divide a value in many ways."""
    for item in tree:
        if _repeats(item) and _ambiguous(item[1][2]):
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
    # A separator that the loose part can't contain keeps the division unique.
    for item in items:
        if item[0] is codes.LITERAL and not any(_may_contain(part, item[1]) for part in loose):
            return False
    return True


def _branches_overlap(branches: list[Any]) -> bool:
    if any(_contains_repeat(branch) for branch in branches):
        return True
    widths = {branch.getwidth() for branch in branches}
    return widths != {(1, 1)}


def _contains_repeat(items: Any) -> bool:
    return any(
        (item[0] in (codes.MAX_REPEAT, codes.MIN_REPEAT) and item[1][0] != item[1][1])
        or any(_contains_repeat(part) for part in _parts(item))
        for item in items
    )


def _may_contain(item: Any, literal: int) -> bool:
    code, argument = item
    if code is codes.LITERAL:
        return bool(argument == literal)
    if code is codes.IN:
        return re.compile(_class(argument)).fullmatch(chr(literal)) is not None
    if code in (codes.ANY, codes.NOT_LITERAL, codes.GROUPREF):
        return True
    return any(_may_contain(child, literal) for part in _parts(item) for child in part)


def _class(members: Any) -> str:
    """A parsed character class as text again, just enough to ask whether it holds a character."""
    parts: list[str] = []
    negated = ""
    for code, argument in members:
        if code is codes.NEGATE:
            negated = "^"
        elif code is codes.LITERAL:
            parts.append(f"\\U{argument:08x}")
        elif code is codes.RANGE:
            parts.append(f"\\U{argument[0]:08x}-\\U{argument[1]:08x}")
        else:
            parts.append({"CATEGORY_DIGIT": r"\d", "CATEGORY_SPACE": r"\s"}.get(str(argument), r"\w\W"))
    return f"[{negated}{''.join(parts)}]"
