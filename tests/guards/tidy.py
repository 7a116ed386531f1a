"""What every source must keep to, whatever it does: one function a rule, one problem a breach."""

import ast
import re
import sys
from collections.abc import Callable, Collection, Iterable, Iterator
from fnmatch import fnmatch

from tests.guards.sources import Function, Problem, Source

FILE_LINES = 500
FUNCTION_LINES = 70

LAYERS = ("server", "services", "runtime", "protocols")
"""Imports point from left to right."""
_APPLICATION = frozenset(LAYERS)
_USERS = frozenset({"boto3", "botocore", "pytest"})
"""What the user's side may import beside the standard library: late, since not all have it."""
_AT_ONCE = {"fogbank/pytest_plugin.py": frozenset({"pytest"})}
"""Where one of them is sure to be there: pytest loads its plugin itself."""
_STANDARD = frozenset(sys.stdlib_module_names)
_HANDS_OVER = {"fogbank/__main__.py": "server.cli"}
"""The command becomes the server's process here."""

Rule = Callable[[Source], Iterator[Problem]]


# sizes --------------------------------------------------------------------------------------------


def file_size(source: Source) -> Iterator[Problem]:
    """A file is a concept; one of many lines is several."""
    if len(source.lines) > FILE_LINES:
        what = f"{len(source.lines)} lines; take it apart by nouns, at most {FILE_LINES} a file"
        yield source.problem(FILE_LINES, what)


def function_size(source: Source) -> Iterator[Problem]:
    """A function is read at one glance."""
    for function in source.functions:
        length = (function.end_lineno or function.lineno) - function.lineno + 1
        if length > FUNCTION_LINES:
            what = f"{function.name} has {length} lines; name its parts, at most {FUNCTION_LINES}"
            yield source.problem(function, what)


# docstrings ---------------------------------------------------------------------------------------

_BEGINS = re.compile(
    r"[A-Z0-9`'\"*_./<(]"
    r"|[a-z0-9_-]+(?:'s |[:,.])"
    r"|(?:aws|boto3|botocore|fogbank|https?|pytest|uvicorn)\b"
)
"""A capital, or something that is written small: queue's, aws-cn, https."""
_ENDS = (".", ":", "?", "!", '."', ".)", "...")


def docstrings(source: Source) -> Iterator[Problem]:
    """Modules, public classes and public functions say in a sentence what they are.

    A method of a class with bases may leave that to the one that it overrides.
    """
    tree = source.tree
    if source.text.strip():
        yield from _documented(source, tree, source.path)
    if source.area != "tests" and not source.name.startswith("test_"):
        yield from _members(source, tree, "")


def _members(source: Source, holder: ast.Module | ast.ClassDef, prefix: str) -> Iterator[Problem]:
    for node in holder.body:
        if not isinstance(node, Function | ast.ClassDef) or node.name.startswith("_"):
            continue
        inherited = (
            isinstance(holder, ast.ClassDef) and holder.bases and not ast.get_docstring(node)
        )
        if not inherited and not _is_declaration(node):
            yield from _documented(source, node, prefix + node.name)
        if isinstance(node, ast.ClassDef):
            yield from _members(source, node, f"{prefix}{node.name}.")


def _is_declaration(node: Function | ast.ClassDef) -> bool:
    """Whether it only repeats what another one says: an overload, a setter."""
    names = {ast.unparse(decorator).rpartition(".")[2] for decorator in node.decorator_list}
    return bool(names & {"overload", "setter", "override"})


def _documented(
    source: Source, node: ast.Module | Function | ast.ClassDef, name: str
) -> Iterator[Problem]:
    text = ast.get_docstring(node)
    place = 1 if isinstance(node, ast.Module) else node
    if not text:
        yield source.problem(place, f"{name} has no docstring; say in a sentence what it is")
        return
    first = text.split("\n\n", 1)[0].strip()
    if not _is_sentence(first):
        shown = first if len(first) < 60 else f"{first[:57]}..."
        what = f"the docstring of {name} is no sentence, with its full stop: {shown!r}"
        yield source.problem(place, what)


def _is_sentence(text: str) -> bool:
    return len(text.split()) > 1 and text.endswith(_ENDS) and _BEGINS.match(text) is not None


# imports ------------------------------------------------------------------------------------------


def imports(source: Source) -> Iterator[Problem]:
    """Imports point one way; services know nothing of each other, users' code of none of them."""
    if source.area not in (*LAYERS, "fogbank"):
        return
    late = _late(source.tree)
    for node in ast.walk(source.tree):
        for module in _imported(node):
            if source.area == "fogbank":
                what = _for_users(source, module, id(node) in late)
            else:
                what = _for_application(source, module)
            if what:
                yield source.problem(node, what)


def _imported(node: ast.AST) -> list[str]:
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    if isinstance(node, ast.ImportFrom):
        if node.level:
            return ["."]
        module = node.module or ""
        return [f"{module}.{alias.name}" for alias in node.names]
    return []


def _late(tree: ast.Module) -> set[int]:
    """The imports that are not carried out when the module is: in functions, and for types only."""
    found = set()
    for node in ast.walk(tree):
        for_types = isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test)
        if for_types or isinstance(node, Function):
            found |= {id(inner) for inner in ast.walk(node)}
    return found


def _for_application(source: Source, module: str) -> str:
    top = module.split(".")[0]
    if module == ".":
        return "a relative import; write the whole name, as everywhere"
    if top in ("tests", "fogbank", "benchmarks", "demo"):
        return f"{source.area} may not import {top}; what both need belongs in runtime or protocols"
    if top not in _APPLICATION:
        return ""
    if LAYERS.index(top) < LAYERS.index(source.area):
        order = " -> ".join(LAYERS)
        return f"{source.area} may not import {module}: imports point {order}; pass it in instead"
    if top == "services" and source.area == "services":
        own, theirs = source.parts[1], module.split(".")[1]
        if own != theirs:
            return f"{own} may not import the service {theirs}; use context.call or context.later"
    return ""


def _for_users(source: Source, module: str, late: bool) -> str:
    top = module.split(".")[0]
    if module == ".":
        return "a relative import; write the whole name, as everywhere"
    if top in _APPLICATION:
        if module.startswith(_HANDS_OVER.get(source.path, "-")):
            return ""
        return f"fogbank/ runs in users' processes and may not import {module}; use the control API"
    if top in _USERS:
        if late or top in _AT_ONCE.get(source.path, ()):
            return ""
        return f"import {top} where it is used: fogbank must be importable without it, and quickly"
    if top == "fogbank" or top in _STANDARD:
        return ""
    return f"fogbank/ may import the standard library, boto3 and pytest only, not {top}"


# time, chance and output --------------------------------------------------------------------------

_NOW = {
    "time.time": "context.now",
    "time.time_ns": "context.now",
    "datetime.now": "context.now",
    "datetime.utcnow": "context.now",
    "datetime.today": "context.now",
    "date.today": "context.now",
}
_CHANCE = {
    "uuid.uuid1": "context.ids.uuid()",
    "uuid.uuid4": "context.ids.uuid()",
    "os.urandom": "context.ids.bytes()",
}
_SLEEP = {"time.sleep": "context.schedule", "asyncio.sleep": "context.schedule"}
_CHANCE_MODULES = frozenset({"random", "secrets", "uuid"})


def time_and_chance(source: Source) -> Iterator[Problem]:
    """The clock and the id source are the runtime's: all else asks them."""
    if source.area not in _APPLICATION or source.area == "runtime":
        return
    for call, name in _calls(source):
        for table in (_NOW, _CHANCE, _SLEEP):
            if name in table:
                what = f"{name} outside runtime; time and chance come from {table[name]}"
                yield source.problem(call, what)
        if name in ("gmtime", "localtime", "time.gmtime", "time.localtime") and not call.args:
            yield source.problem(call, f"{name}() is the machine's time; give it context.now")
    for node in ast.walk(source.tree):
        for module in _imported(node):
            top = module.split(".")[0]
            if top in _CHANCE_MODULES:
                what = f"{top} is random outside runtime; ids and secrets come from context.ids"
                yield source.problem(node, what)
            elif module in (*_NOW, *_SLEEP):
                what = f"{module} imported outside runtime; import the module, or ask context"
                yield source.problem(node, what)


def no_sleep(source: Source) -> Iterator[Problem]:
    """Nobody waits for time to pass: tests move the clock, users' code waits for what happens."""
    if source.area not in ("tests", "fogbank", "demo"):
        return
    for node, name in _calls(source):
        yields = [ast.unparse(argument) for argument in node.args] == ["0"]  # to other coroutines
        if (name in _SLEEP or name == "sleep") and not yields:
            what = f"{name}: wait for what happens, move AWS's clock, or settle() instead"
            yield source.problem(node, what)


def _calls(source: Source) -> Iterator[tuple[ast.Call, str]]:
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Call):
            name = ast.unparse(node.func) if isinstance(node.func, ast.Attribute | ast.Name) else ""
            yield node, name.removeprefix("datetime.") if name.count(".") > 1 else name


def no_print(source: Source) -> Iterator[Problem]:
    """The server logs; only commands write, and they say where to."""
    if source.area in ("tests", "benchmarks", "demo", "docs", "docker"):
        return
    for node, name in _calls(source):
        if name == "print":
            yield source.problem(node, "print; log it, or write to sys.stdout in a command")


# words --------------------------------------------------------------------------------------------

# Written so that this file does not hold what it looks for.
_UNDONE = re.compile(r"\b(?:T[O]DO|F[I]XME|X[X]X|H[A]CK)\b")
_MACHINE = re.compile(r"(?<![\w.])/(?:[w]ork|[h]ome|[r]oot)/\w")


def words(source: Source) -> Iterator[Problem]:
    """Nothing is left for later in a comment, and nobody's own machine is named."""
    for number, line in enumerate(source.lines, 1):
        if undone := _UNDONE.search(line):
            what = f"{undone.group()}; do it, or say `Partial: ...` in the operation's docstring"
            yield source.problem(number, what)
        if machine := _MACHINE.search(line):
            yield source.problem(number, f"{machine.group()}... is a path of one machine only")


# companions ---------------------------------------------------------------------------------------

_WITHOUT_TEST = frozenset({"server/__init__.py"})


def companions(
    sources: Iterable[Source], holding: Collection[str], tests: Collection[str]
) -> Iterator[Problem]:
    """Each module of the edge, and each one `holding` operations, has its test beside the others.

    A folder of the edge needs tests in the folder of its name.
    """
    for source in sources:
        if source.path not in holding and (source.area != "server" or source.path in _WITHOUT_TEST):
            continue
        *folders, name = source.parts
        folder = "/".join(["tests", *folders])
        if name == "__init__.py":
            expected = f"{folder}/test_*.py"
        else:
            expected = f"{folder}/test_{name.removesuffix('.py').rstrip('_')}.py"
        if not any(fnmatch(test, expected) for test in tests):
            yield source.problem(1, f"no test of its own; write {expected}")


RULES: tuple[Rule, ...] = (
    file_size,
    function_size,
    docstrings,
    imports,
    time_and_chance,
    no_sleep,
    no_print,
    words,
)
