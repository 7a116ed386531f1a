"""Generated blocks: the places in Markdown files that `make docs` writes.

    <!-- generated: options -->
    ... whatever the generator of that name answers ...
    <!-- end -->

Everything around them is written by hand and left alone.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

ROOT = Path(__file__).parent.parent
_BLOCK = re.compile(r"(<!-- generated: ([a-z0-9 -]+) -->\n).*?(<!-- end -->)", re.DOTALL)

Generators = Mapping[str, Callable[[], str]]


class BlockError(Exception):
    """A block that nothing generates."""


def pages(root: Path = ROOT) -> Iterator[Path]:
    """Every page: those at the top and those of docs/."""
    yield from sorted(root.glob("*.md"))
    yield from sorted((root / "docs").rglob("*.md"))


def filled(text: str, generators: Generators) -> str:
    """A page's text with each block as it should be now. Raises BlockError."""

    def fill(block: re.Match[str]) -> str:
        begin, name, end = block.groups()
        if name not in generators:
            raise BlockError(f"nothing generates '{name}': {', '.join(generators)}")
        return f"{begin}\n{generators[name]().strip()}\n\n{end}"

    return _BLOCK.sub(fill, text)


def names(text: str) -> list[str]:
    """The names of a page's blocks."""
    return [name for _, name, _ in _BLOCK.findall(text)]
