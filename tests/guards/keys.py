"""Literal keys, followed through a function's text and held against a model's shapes.

`Reads` knows which shape a local name has, because it was read from the request; `Answers` knows
which shape an expression must have, because it is returned. Both go through the text in its order,
and forget what they can't follow.
"""

import ast
from collections.abc import Iterator, Mapping
from typing import Any

from protocols.model import Operation, Shape
from tests.guards.sources import Function, Problem, Source

Known = Shape | tuple[Any, ...] | None
"""The shape of a value; of a tuple, those of its items; None of what is not known."""

_ALIKE = frozenset({"dict", "list", "reversed", "sorted", "tuple", "iter", "filter"})
"""Functions that answer what they were given, as far as keys go."""

_READING = frozenset({"get", "pop", "setdefault"})


def literal(node: ast.AST | None) -> str | None:
    """A string that stands in the text."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    return None


class _Any:
    """The inputs of several operations, where a helper's request may be any of them."""

    def __init__(self, shapes: list[Shape]) -> None:
        self.members: dict[str, Shape] = {}
        clash = set()
        for shape in shapes:
            for name, member in shape.members.items():
                if self.members.setdefault(name, member.shape).name != member.shape.name:
                    clash.add(name)
        self.ambiguous = clash


class Reads(ast.NodeVisitor):
    """The keys that one function reads from its request."""

    def __init__(self, source: Source, function: Function, operations: list[Operation]) -> None:
        self._source = source
        self._function = function
        self._shapes = [found.input for found in operations if found.input is not None]
        self._whose = operations[0].name if len(operations) == 1 else "any operation"
        self._request = _Any(self._shapes)
        self._names: dict[str, Any] = {}
        self._found: list[Problem] = []

    def problems(self) -> Iterator[Problem]:
        """Keys that the model lacks."""
        self._names["request"] = self._request
        for statement in self._function.body:
            self.visit(statement)
        return iter(self._found)

    # what an expression is -----------------------------------------------------------------------

    def _known(self, node: ast.expr) -> Any:
        """The shape of an expression, as far as it can be told."""
        if isinstance(node, ast.Name):
            return self._names.get(node.id)
        if isinstance(node, ast.NamedExpr):
            return self._known(node.value)
        if isinstance(node, ast.BoolOp):
            return next((found for found in map(self._known, node.values) if found), None)
        if isinstance(node, ast.IfExp):
            return self._known(node.body) or self._known(node.orelse)
        if isinstance(node, ast.Subscript):
            return self._item(self._known(node.value), node.slice)
        if isinstance(node, ast.Call):
            return self._called(node)
        return None

    def _called(self, node: ast.Call) -> Any:
        if isinstance(node.func, ast.Attribute):
            if node.func.attr in _READING and node.args:
                return self._item(self._known(node.func.value), node.args[0])
            if node.func.attr == "copy":
                return self._known(node.func.value)
        elif isinstance(node.func, ast.Name) and node.func.id in _ALIKE and node.args:
            return self._known(node.args[-1])
        return None

    def _item(self, holder: Any, key: ast.expr) -> Any:
        name = literal(key)
        if isinstance(holder, _Any):
            if name is None or name in holder.ambiguous:
                return None
            return holder.members.get(name)
        if not isinstance(holder, Shape):
            return None
        if isinstance(key, ast.Slice):
            return holder
        if _is_structure(holder):
            member = None if name is None else holder.members.get(name)
            return None if member is None else member.shape
        if holder.type == "list":
            return holder.member.shape
        return holder.value.shape if holder.type == "map" else None

    def _element(self, node: ast.expr) -> Known:
        """What a loop over an expression gives each time."""
        if isinstance(node, ast.Call):
            if isinstance(node.func, ast.Attribute):
                holder = self._known(node.func.value)
                if isinstance(holder, Shape) and holder.type == "map":
                    pair = (holder.key.shape, holder.value.shape)
                    views: dict[str, Known] = {"items": pair, "keys": pair[0], "values": pair[1]}
                    return views.get(node.func.attr)
            elif isinstance(node.func, ast.Name) and node.args:
                if node.func.id == "enumerate":
                    return (None, self._element(node.args[0]))
                if node.func.id == "zip":
                    return tuple(map(self._element, node.args))
                if node.func.id in _ALIKE:
                    return self._element(node.args[-1])
        holder = self._known(node)
        if not isinstance(holder, Shape):
            return None
        if holder.type == "list":
            return holder.member.shape
        return holder.key.shape if holder.type == "map" else None

    def _bind(self, target: ast.expr, known: Any) -> None:
        if isinstance(target, ast.Name):
            self._names[target.id] = known
        elif isinstance(target, ast.Tuple | ast.List):
            parts = known if isinstance(known, tuple) else ()
            for number, item in enumerate(target.elts):
                self._bind(item, parts[number] if number < len(parts) else None)

    # the text in its order -----------------------------------------------------------------------

    def visit_Assign(self, node: ast.Assign) -> None:
        """`a = b`."""
        self.visit(node.value)
        for target in node.targets:
            self.visit(target)
            if isinstance(target, ast.Tuple) and isinstance(node.value, ast.Tuple):
                self._bind(target, tuple(map(self._known, node.value.elts)))
            else:
                self._bind(target, self._known(node.value))

    def visit_AnnAssign(self, node: ast.AnnAssign) -> None:
        """`a: T = b`."""
        if node.value is not None:
            self.visit(node.value)
            self._bind(node.target, self._known(node.value))

    def visit_NamedExpr(self, node: ast.NamedExpr) -> None:
        """`(a := b)`."""
        self.visit(node.value)
        self._bind(node.target, self._known(node.value))

    def visit_For(self, node: ast.For) -> None:
        """A loop."""
        self.visit(node.iter)
        self._bind(node.target, self._element(node.iter))
        for statement in (*node.body, *node.orelse):
            self.visit(statement)

    def _comprehension(self, node: Any) -> None:
        outside = dict(self._names)
        for generator in node.generators:
            self.visit(generator.iter)
            self._bind(generator.target, self._element(generator.iter))
            for condition in generator.ifs:
                self.visit(condition)
        for part in ("key", "value", "elt"):
            if hasattr(node, part):
                self.visit(getattr(node, part))
        self._names = outside

    visit_ListComp = visit_SetComp = visit_GeneratorExp = visit_DictComp = _comprehension

    def _inner(self, node: Any) -> None:
        """A function within: its parameters hide what is outside."""
        outside = dict(self._names)
        for argument in (*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs):
            self._names[argument.arg] = None
        for statement in node.body if isinstance(node.body, list) else [node.body]:
            self.visit(statement)
        self._names = outside

    visit_FunctionDef = visit_AsyncFunctionDef = visit_Lambda = _inner

    # keys ----------------------------------------------------------------------------------------

    def visit_Subscript(self, node: ast.Subscript) -> None:
        """`a["Key"]`."""
        self.generic_visit(node)
        self._check(node, node.value, node.slice)

    def visit_Call(self, node: ast.Call) -> None:
        """`a.get("Key")` and its like."""
        self.generic_visit(node)
        function = node.func
        if isinstance(function, ast.Attribute) and node.args and function.attr in _READING:
            self._check(node, function.value, node.args[0])

    def visit_Compare(self, node: ast.Compare) -> None:
        """`"Key" in a`."""
        self.generic_visit(node)
        if len(node.ops) == 1 and isinstance(node.ops[0], ast.In | ast.NotIn):
            self._check(node, node.comparators[0], node.left)

    def _check(self, node: ast.AST, holder: ast.expr, key: ast.expr) -> None:
        name, known = literal(key), self._known(holder)
        if name is None:
            return
        if isinstance(known, _Any):
            if name not in known.members:
                what = f"the request of {self._whose} has no member {name}"
                self._found.append(self._source.problem(node, f"{what}; see the model"))
        elif _is_structure(known) and name not in known.members:
            what = f"{known.name} has no member {name}, but {', '.join(known.members)}"
            self._found.append(self._source.problem(node, what))


Functions = Mapping[tuple[str, str], tuple[Source, Function]]
"""A service's functions by the names of their module and their own."""


class Answers:
    """The keys that one operation answers with, its helpers' included."""

    def __init__(
        self, functions: Functions, source: Source, function: Function, operation: Operation
    ) -> None:
        self._functions = functions
        self._operation = operation
        self._source = source
        self._function = function
        self._seen: set[tuple[int, str, str]] = set()
        self._found: list[Problem] = []

    def problems(self) -> Iterator[Problem]:
        """Keys that the model lacks."""
        self._returned(self._source, self._function, self._operation.output)
        return iter(self._found)

    def _returned(self, source: Source, function: Function, shape: Shape | None) -> None:
        """Everything that a function returns, or lets a parked request answer, has this shape."""
        key = (id(function), "", shape.name if shape else "")
        if key in self._seen:
            return
        self._seen.add(key)
        for node in _own(function):
            if isinstance(node, ast.Return) and node.value is not None:
                self._value(source, function, node.value, shape)
            elif isinstance(node, ast.Call) and len(node.args) > 2 and _parks(node.func):
                self._value(source, function, node.args[2], shape)

    def _value(
        self, source: Source, function: Function, node: ast.expr, shape: Shape | None
    ) -> None:
        """An expression must have a shape; None is that of an operation that answers nothing."""
        if isinstance(node, ast.Dict):
            self._dict(source, function, node, shape)
        elif isinstance(node, ast.IfExp):
            self._value(source, function, node.body, shape)
            self._value(source, function, node.orelse, shape)
        elif isinstance(node, ast.BoolOp):
            for value in node.values:
                self._value(source, function, value, shape)
        elif isinstance(node, ast.BinOp):
            self._value(source, function, node.left, shape)
            self._value(source, function, node.right, shape)
        elif isinstance(node, ast.NamedExpr | ast.Await | ast.Starred):
            self._value(source, function, node.value, shape)
        elif isinstance(node, ast.Name):
            self._name(source, function, node.id, shape)
        elif isinstance(node, ast.Call):
            self._call(source, node, shape)
        elif shape is not None and shape.type == "list":
            for item in _items(node):
                self._value(source, function, item, shape.member.shape)
        elif shape is not None and shape.type == "map" and isinstance(node, ast.DictComp):
            self._value(source, function, node.value, shape.value.shape)

    def _dict(
        self, source: Source, function: Function, node: ast.Dict, shape: Shape | None
    ) -> None:
        for key, value in zip(node.keys, node.values, strict=True):
            if key is None:
                self._value(source, function, value, shape)
            else:
                self._member(source, function, key, value, shape)

    def _member(
        self,
        source: Source,
        function: Function,
        key: ast.expr,
        value: ast.expr,
        shape: Shape | None,
    ) -> None:
        name = literal(key)
        if shape is None:
            if name is not None:
                what = f"{self._operation.name} answers nothing, but {function.name} has {name}"
                self._found.append(source.problem(key, what))
        elif _is_structure(shape):
            member = None if name is None else shape.members.get(name)
            if member is not None:
                self._value(source, function, value, member.shape)
            elif name is not None:
                what = f"{shape.name} has no member {name}, but {', '.join(shape.members)}"
                self._found.append(source.problem(key, what))
        elif shape.type == "map":
            self._value(source, function, value, shape.value.shape)

    def _call(self, source: Source, node: ast.Call, shape: Shape | None) -> None:
        """The service's own helpers answer what is wanted of them."""
        called = ast.unparse(node.func)
        module, _, name = called.rpartition(".")
        helper = self._functions.get((module or source.name, name))
        if helper is not None:
            self._returned(*helper, shape)
        elif called in _ALIKE and node.args:
            self._value(source, self._function, node.args[-1], shape)

    def _name(self, source: Source, function: Function, name: str, shape: Shape | None) -> None:
        """A local name has a shape: everything that is put into it does."""
        key = (id(function), name, shape.name if shape else "")
        if key in self._seen:
            return
        self._seen.add(key)
        for node in _own(function):
            if isinstance(node, ast.Assign):
                for target in node.targets:
                    self._assigned(source, function, target, node.value, name, shape)
            elif isinstance(node, ast.AnnAssign) and node.value is not None:
                self._assigned(source, function, node.target, node.value, name, shape)
            elif isinstance(node, ast.AugAssign) and _is(node.target, name):
                self._value(source, function, node.value, shape)
            elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
                method = node.func.attr if _is(node.func.value, name) else ""
                self._grown(source, function, node, method, shape)

    def _assigned(
        self,
        source: Source,
        function: Function,
        target: ast.expr,
        value: ast.expr,
        name: str,
        shape: Shape | None,
    ) -> None:
        if _is(target, name):
            self._value(source, function, value, shape)
        elif isinstance(target, ast.Subscript) and _is(target.value, name):
            self._member(source, function, target.slice, value, shape)

    def _grown(
        self,
        source: Source,
        function: Function,
        node: ast.Call,
        method: str,
        shape: Shape | None,
    ) -> None:
        if method == "update" and node.args:
            self._value(source, function, node.args[0], shape)
        elif method == "setdefault" and len(node.args) == 2:
            self._member(source, function, node.args[0], node.args[1], shape)
        elif method == "append" and shape is not None and shape.type == "list":
            self._value(source, function, node.args[0], shape.member.shape)


def _is(node: ast.expr, name: str) -> bool:
    return isinstance(node, ast.Name) and node.id == name


def _is_structure(known: Any) -> bool:
    return isinstance(known, Shape) and known.type == "structure" and not known.document


def _parks(function: ast.expr) -> bool:
    return ast.unparse(function).rpartition(".")[2] == "Wait"


def _own(function: Function) -> Iterator[ast.AST]:
    """The nodes of a function without those of the functions within it."""
    waiting: list[ast.AST] = list(function.body)
    while waiting:
        node = waiting.pop(0)
        yield node
        if not isinstance(node, Function | ast.Lambda | ast.ClassDef):
            waiting = [*ast.iter_child_nodes(node), *waiting]


def _items(node: ast.expr) -> list[ast.expr]:
    if isinstance(node, ast.List | ast.Tuple):
        return node.elts
    if isinstance(node, ast.ListComp | ast.GeneratorExp):
        return [node.elt]
    return []
