"""Coverage: which operations there are and how completely, read off the handlers' source.

    real      a handler, and nothing said against it
    partial   a handler whose docstring ends with `Partial: what is missing`
    none      no handler: answers 501

`members_never_read` are the members of a request whose names the service's modules have nowhere,
neither as they are nor put together (`f"Checksum{algorithm}"`): clients may send them, and nothing
comes of it. A name that occurs somewhere may still be of no effect here, so the list is the least
that is missing.
"""

import ast
import asyncio
import re
from functools import cache
from pathlib import Path
from typing import Any

from protocols import index
from protocols.model import Operation
from server.control import health
from server.control.calls import Call
from server.handlers import ROOT, Registry, Service, folder_name

_PARTIAL = re.compile(r"^\s*Partial:\s*(.+)\Z", re.MULTILINE | re.DOTALL)
_TELLING = 4
"""So many letters of a name put together must be known for it to tell anything."""


async def show(call: Call) -> Any:
    """`GET /_fogbank/coverage`: made once, since the source is what this process runs."""
    return await asyncio.to_thread(_report, health.registry(call.runtime))


@cache
def _report(registry: Registry) -> dict[str, Any]:
    names = registry.names()
    return {
        "services": {name: service_report(name) for name in names},
        "absent": [name for name in index.services() if name not in names],
    }


def service_report(name: str, folder: Path | None = None) -> dict[str, Any]:
    """One service's operations; without a folder, it is the service's own."""
    folder = folder or ROOT / folder_name(name)
    service = Service(index.entry(name), folder)  # of our own: to look is not to load
    source = _Source(folder)
    operations = {
        name: _depth(operation, source) for name, operation in service.model.operations.items()
    }
    counts = dict.fromkeys(("real", "partial", "none"), 0)
    for found in operations.values():
        counts[found["depth"]] += 1
    return {**counts, "operations": operations}


def _depth(operation: Operation, source: "_Source") -> dict[str, Any]:
    docstring = source.docstrings.get(operation.function)
    if docstring is None:
        return {"depth": "none"}
    found: dict[str, Any] = {"depth": "real"}
    if partial := _PARTIAL.search(docstring):
        found = {"depth": "partial", "reason": " ".join(partial.group(1).split())}
    if operation.input is not None:
        members = operation.input.members
        found["members_never_read"] = [name for name in members if not source.names(name)]
    return found


class _Source:
    """A folder's modules: what their functions say of themselves, and the names that they hold."""

    def __init__(self, folder: Path) -> None:
        self.docstrings: dict[str, str] = {}
        self._texts: set[str] = set()
        self._composed: set[str] = set()
        for path in sorted(folder.glob("*.py")):
            tree = ast.parse(path.read_bytes())
            for node in tree.body:
                if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                    self.docstrings.setdefault(node.name, ast.get_docstring(node) or "")
            for inner in ast.walk(tree):
                self._take(inner)
        self._pattern = re.compile("|".join(sorted(self._composed)) or r"(?!)")

    def names(self, member: str) -> bool:
        """Whether a member's name is there, as it is or put together."""
        return member in self._texts or self._pattern.fullmatch(member) is not None

    def _take(self, node: ast.AST) -> None:
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            self._texts.add(node.value)
        elif isinstance(node, ast.keyword) and node.arg is not None:
            self._texts.add(node.arg)
        elif isinstance(node, ast.JoinedStr):
            self._compose(node.values)
        elif isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
            self._compose([node.left, node.right])

    def _compose(self, nodes: list[ast.expr]) -> None:
        """Remember the names that these parts make with anything in the gaps between them."""
        parts = [node.value if isinstance(node, ast.Constant) else None for node in nodes]
        fixed = "".join(part for part in parts if isinstance(part, str))
        if len(fixed) >= _TELLING and fixed.isalnum():
            gap = "[A-Za-z0-9]+"
            pattern = (re.escape(part) if isinstance(part, str) else gap for part in parts)
            self._composed.add("".join(pattern))
