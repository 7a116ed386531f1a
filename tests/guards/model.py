"""What a service's modules must keep to, as far as AWS's model of the service says it.

Every literal key that is read from a request or put into an answer is followed through local names,
loops and the service's own helpers, and held against the shapes of the operation. What can't be
told from the text (a key in a variable, a value from another function's argument) is let be.
"""

import ast
from collections.abc import Iterable, Iterator, Mapping
from difflib import get_close_matches

from protocols import codec
from protocols.model import Operation, Service, function_name
from tests.guards.keys import Answers, Reads
from tests.guards.sources import Function, Problem, Source

_APART = frozenset({"__init__", "errors", "jobs", "wire"})
"""Modules that hold no operations."""


class Guarded:
    """One service: its sources, its model, and the operations that were found in them."""

    def __init__(
        self, service: Service, errors: Mapping[str, int], sources: Iterable[Source]
    ) -> None:
        self.service = service
        self.sources = list(sources)
        self.operations = {function_name(name): name for name in service.operations}
        self.verbs = {name.split("_")[0] for name in self.operations}
        self.codes = {*errors, *codec.STATUSES, *_exceptions(service)}
        self.functions = {
            (source.name, node.name): (source, node)
            for source in self.sources
            for node in source.tree.body
            if isinstance(node, Function)
        }

    def problems(self) -> Iterator[Problem]:
        """All that is wrong, by modules and lines."""
        found: list[Problem] = []
        for source in self.sources:
            if source.name not in _APART:
                found += self._names(source)
                found += self._keys(source)
            found += self._errors(source)
        found += self._twice()
        return iter(sorted(set(found)))

    def _handlers(self, source: Source) -> Iterator[tuple[Function, Operation]]:
        for node in source.tree.body:
            if isinstance(node, Function) and node.name in self.operations:
                yield node, self.service.operations[self.operations[node.name]]

    # names ---------------------------------------------------------------------------------------

    def _names(self, source: Source) -> Iterator[Problem]:
        for node in source.tree.body:
            if not isinstance(node, Function):
                continue
            parameters = [argument.arg for argument in node.args.args]
            if node.name in self.operations:
                if parameters != ["context", "request"]:
                    what = f"{node.name} is an operation's name; give this helper another"
                    yield source.problem(node, what)
            elif is_handler(node):
                close = get_close_matches(node.name, self.operations, 1, 0.8)
                if close or node.name.split("_")[0] in self.verbs:
                    meant = f", perhaps {close[0]}" if close else ""
                    what = f"{self.service.name} has no operation {node.name}{meant}"
                    yield source.problem(node, f"{what}; a helper needs another name")

    def _twice(self) -> Iterator[Problem]:
        first: dict[str, Source] = {}
        for source in self.sources:
            if source.name in _APART:
                continue
            for node, _ in self._handlers(source):
                if node.name in first:
                    other = first[node.name].path
                    yield source.problem(node, f"{node.name} is in {other} too; only one is found")
                first.setdefault(node.name, source)

    # keys ----------------------------------------------------------------------------------------

    def _keys(self, source: Source) -> Iterator[Problem]:
        handlers = {id(node): operation for node, operation in self._handlers(source)}
        for node in source.tree.body:
            if not isinstance(node, Function):
                continue
            operation = handlers.get(id(node))
            if operation is not None:
                yield from Reads(source, node, [operation]).problems()
                yield from Answers(self.functions, source, node, operation).problems()
            elif any(argument.arg == "request" for argument in node.args.args):
                every = list(self.service.operations.values())
                yield from Reads(source, node, every).problems()

    # errors --------------------------------------------------------------------------------------

    def _errors(self, source: Source) -> Iterator[Problem]:
        for node in ast.walk(source.tree):
            if not isinstance(node, ast.Call):
                continue
            name = ast.unparse(node.func).rpartition(".")[2]
            if name == "Error" and node.args:
                for code in _literals(node.args[0]):
                    yield from self._code(source, node, code)
                    yield from self._error_members(source, node, code)
            elif name == "Resource":
                for keyword in node.keywords:
                    if keyword.arg in ("missing", "taken"):
                        for code in _literals(keyword.value):
                            yield from self._code(source, node, code)

    def _code(self, source: Source, node: ast.AST, code: str) -> Iterator[Problem]:
        if code in self.codes:
            return
        close = get_close_matches(code, self.codes, 1)
        meant = f" (perhaps {close[0]})" if close else ""
        what = f"no error of {self.service.name} has the code {code}{meant}"
        yield source.problem(node, f"{what}; if AWS sends it, list it in the service's ERRORS")

    def _error_members(self, source: Source, node: ast.Call, code: str) -> Iterator[Problem]:
        if code not in _exceptions(self.service):
            return
        members = self.service.shapes[code].members
        if len(members) < 2:  # the model leaves out what such errors say beside their message
            return
        for keyword in node.keywords:
            if keyword.arg not in (None, "status", "message", *members):
                what = f"the error {code} has no member {keyword.arg}"
                yield source.problem(node, f"{what}, but {', '.join(members)}")


def is_handler(node: Function) -> bool:
    """Whether a function has the form of an operation: public, from a request to an answer."""
    if node.name.startswith("_") or node.returns is None:
        return False
    parameters = [argument.arg for argument in node.args.args]
    return parameters == ["context", "request"] and ast.unparse(node.returns) == "Members"


def _exceptions(service: Service) -> frozenset[str]:
    found: frozenset[str] | None = service.compiled.get("exceptions of the guard")
    if found is None:
        names = [name for name, shape in service.shapes.items() if shape.traits.get("exception")]
        found = service.compiled["exceptions of the guard"] = frozenset(names)
    return found


def _literals(node: ast.expr) -> Iterator[str]:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value
    elif isinstance(node, ast.IfExp):
        yield from _literals(node.body)
        yield from _literals(node.orelse)
