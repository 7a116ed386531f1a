"""The project's Python sources as the guards see them, and the problems they report."""

import ast
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path, PurePosixPath
from typing import NamedTuple

ROOT = Path(__file__).parent.parent.parent
AREAS = (
    "fogbank",
    "server",
    "services",
    "runtime",
    "protocols",
    "tests",
    "benchmarks",
    "demo",
    "docs",
    "docker",
)
"""The folders that hold sources; what is generated or downloaded lies elsewhere."""
_NOT_OURS = frozenset({"node_modules", "__pycache__", "build", "dist"})

Function = ast.FunctionDef | ast.AsyncFunctionDef


class Problem(NamedTuple):
    """One thing that is wrong, where it stands, and what to do about it."""

    path: str
    line: int
    what: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.what}"


class Source:
    """One module: its path from the project's root, and its text."""

    def __init__(self, path: str, text: str) -> None:
        self.path = path
        self.text = text
        self.parts = PurePosixPath(path).parts

    @cached_property
    def lines(self) -> list[str]:
        """Its lines."""
        return self.text.splitlines()

    @cached_property
    def tree(self) -> ast.Module:
        """What Python makes of it."""
        return ast.parse(self.text, self.path)

    @property
    def area(self) -> str:
        """The top folder that it lies in."""
        return self.parts[0]

    @property
    def name(self) -> str:
        """The module's own name, without its folder."""
        return self.parts[-1].removesuffix(".py")

    @cached_property
    def functions(self) -> list[Function]:
        """Every function and method, wherever it is defined."""
        return [node for node in ast.walk(self.tree) if isinstance(node, Function)]

    def problem(self, node: ast.AST | int, what: str) -> Problem:
        """A problem at a node or a line of this module."""
        line = node if isinstance(node, int) else getattr(node, "lineno", 1)
        return Problem(self.path, line, what)


def found(root: Path = ROOT) -> Iterator[Source]:
    """Every source of the project, in the order of its paths."""
    for area in AREAS:
        for path in sorted((root / area).rglob("*.py")):
            relative = path.relative_to(root)
            if not _NOT_OURS.intersection(relative.parts):
                yield Source(relative.as_posix(), path.read_text("utf-8"))


def report(problems: list[Problem]) -> str:
    """Problems as a test's message, one a line."""
    return f"{len(problems)} to mend:\n" + "\n".join(map(str, problems))
