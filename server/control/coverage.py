"""Coverage: which operations there are and how completely, read off the handlers' source.

    real      a handler, and nothing said against it
    partial   a handler whose docstring ends with `Partial: what is missing`
    none      no handler: answers 501

`members_never_read` are the members of a request whose names occur nowhere in the service's
modules: clients may send them, and they do nothing. A name that occurs may still do nothing, so
the list is the least that is missing, and what it holds is certain.
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
    docstrings, literals = _source(folder)
    operations = {
        operation: _depth(service.model.operations[operation], docstrings, literals)
        for operation in service.model.operations
    }
    counts = dict.fromkeys(("real", "partial", "none"), 0)
    for found in operations.values():
        counts[found["depth"]] += 1
    return {**counts, "operations": operations}


def _depth(operation: Operation, docstrings: dict[str, str], literals: set[str]) -> dict[str, Any]:
    docstring = docstrings.get(operation.function)
    if docstring is None:
        return {"depth": "none"}
    found: dict[str, Any] = {"depth": "real"}
    if partial := _PARTIAL.search(docstring):
        found = {"depth": "partial", "reason": " ".join(partial.group(1).split())}
    if operation.input is not None:
        members = operation.input.members
        found["members_never_read"] = [name for name in members if name not in literals]
    return found


def _source(folder: Path) -> tuple[dict[str, str], set[str]]:
    """The docstrings of a folder's functions by their names, and all texts in its modules."""
    docstrings: dict[str, str] = {}
    literals: set[str] = set()
    for path in sorted(folder.glob("*.py")):
        tree = ast.parse(path.read_bytes())
        for node in tree.body:
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                docstrings.setdefault(node.name, ast.get_docstring(node) or "")
        for inner in ast.walk(tree):
            if isinstance(inner, ast.Constant) and isinstance(inner.value, str):
                literals.add(inner.value)
            elif isinstance(inner, ast.keyword) and inner.arg is not None:
                literals.add(inner.arg)
    return docstrings, literals
