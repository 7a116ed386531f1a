"""The sources are tidy; and the guard that says so catches what is not."""

import pytest

from protocols.model import function_name
from server.handlers import Registry, folder_name
from tests.guards import tidy
from tests.guards.sources import ROOT, Source, found, report

_SOURCES = list(found())


@pytest.mark.parametrize("rule", tidy.RULES, ids=lambda rule: rule.__name__)
def test_every_source_is_tidy(rule: tidy.Rule) -> None:
    problems = [problem for source in _SOURCES for problem in rule(source)]
    assert not problems, report(problems)


def test_what_holds_operations_has_its_test() -> None:
    tests = [path.relative_to(ROOT).as_posix() for path in (ROOT / "tests").rglob("test_*.py")]
    registry = Registry()
    holding = {
        f"services/{folder_name(name)}/{module}.py"
        for name in registry.names()
        if (service := registry.find(name)) is not None
        for function, module in service.functions.items()
        if function in map(function_name, service.operations)
    }
    problems = list(tidy.companions(_SOURCES, holding, tests))
    assert not problems, report(problems)


def test_the_guard_sees_every_folder_of_the_application() -> None:
    seen = {source.area for source in _SOURCES}
    assert seen >= {"fogbank", "server", "services", "runtime", "protocols", "tests"}
    assert {source.path for source in _SOURCES} >= {"server/app.py", "tests/test_tidy.py"}


# planted faults: the rule that catches each, and the line it names --------------------------------

_LONG = '"""A module of many lines."""\n' + "x = 1\n" * 500
_BIG = '"""A module."""\n\n\ndef _big():\n' + "    x = 1\n" * 70
_DOC = '"""A module of its own."""\n'

_PLANTED = [
    ("file_size", "server/a.py", _LONG, 500, "at most 500"),
    ("function_size", "server/a.py", _BIG, 4, "_big has 71 lines"),
    ("docstrings", "server/a.py", "x = 1\n", 1, "server/a.py has no docstring"),
    ("docstrings", "tests/a.py", "x = 1\n", 1, "tests/a.py has no docstring"),
    ("docstrings", "server/a.py", '"""Things of all kinds"""\n', 1, "no sentence"),
    ("docstrings", "server/a.py", '"""things of all kinds."""\n', 1, "no sentence"),
    ("docstrings", "server/a.py", _DOC + "def act(): ...\n", 2, "act has no docstring"),
    ("docstrings", "server/a.py", _DOC + 'class A:\n    """A."""\n', 2, "no sentence"),
    (
        "docstrings",
        "server/a.py",
        _DOC + 'class A:\n    """One of them."""\n    def go(self): ...\n',
        4,
        "A.go has no docstring",
    ),
    ("imports", "runtime/a.py", "from services.sqs import queues\n", 1, "pass it in"),
    ("imports", "runtime/a.py", "import server.app\n", 1, "runtime may not import server.app"),
    ("imports", "protocols/a.py", "from runtime import arns\n", 1, "protocols may not import"),
    ("imports", "services/s3/a.py", "def f():\n    import server.app\n", 2, "may not import"),
    ("imports", "services/s3/a.py", "from services.sqs import queues\n", 1, "context.call"),
    ("imports", "services/s3/a.py", "from services import sqs\n", 1, "the service sqs"),
    ("imports", "services/s3/a.py", "from .objects import find\n", 1, "relative import"),
    ("imports", "server/a.py", "from tests.guards import tidy\n", 1, "may not import tests"),
    ("imports", "server/a.py", "from fogbank.connection import Clock\n", 1, "may not import fog"),
    ("imports", "fogbank/a.py", "from runtime import arns\n", 1, "use the control API"),
    ("imports", "fogbank/a.py", "from server.cli import run\n", 1, "use the control API"),
    ("imports", "fogbank/a.py", "import boto3\n", 1, "where it is used"),
    ("imports", "fogbank/a.py", "import orjson\n", 1, "not orjson"),
    ("time_and_chance", "server/a.py", "import time\nx = time.time()\n", 2, "context.now"),
    ("time_and_chance", "server/a.py", "from time import time\n", 1, "ask context"),
    ("time_and_chance", "services/s3/a.py", "x = datetime.now(UTC)\n", 1, "context.now"),
    ("time_and_chance", "services/s3/a.py", "x = datetime.datetime.now()\n", 1, "context.now"),
    ("time_and_chance", "services/s3/a.py", "import uuid\n", 1, "context.ids"),
    ("time_and_chance", "services/s3/a.py", "from random import choice\n", 1, "context.ids"),
    ("time_and_chance", "services/s3/a.py", "x = os.urandom(8)\n", 1, "context.ids"),
    ("time_and_chance", "protocols/a.py", "x = gmtime()\n", 1, "the machine's time"),
    ("time_and_chance", "server/a.py", "asyncio.sleep(1)\n", 1, "context.schedule"),
    ("no_sleep", "tests/a.py", "time.sleep(1)\n", 1, "move AWS's clock"),
    ("no_sleep", "tests/a.py", "from time import sleep\nsleep(1)\n", 2, "settle()"),
    ("no_print", "services/s3/a.py", "print('here')\n", 1, "log it"),
    ("words", "server/a.py", "x = 1\n# TO" + "DO: more\n", 2, "do it"),
    ("words", "tests/a.py", 'x = "see FIX' + 'ME"\n', 1, "Partial"),
    ("words", "tests/a.py", 'open("/wo' + 'rk/main/x")\n', 1, "one machine only"),
]


@pytest.mark.parametrize(
    ("rule", "path", "text", "line", "said"),
    _PLANTED,
    ids=[f"{rule}-{number}" for number, (rule, *_) in enumerate(_PLANTED)],
)
def test_a_planted_fault_is_caught(rule: str, path: str, text: str, line: int, said: str) -> None:
    (problem,) = getattr(tidy, rule)(Source(path, text))
    assert (problem.path, problem.line) == (path, line)
    assert said in problem.what
    assert str(problem).startswith(f"{path}:{line}: ")


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("services/s3/a.py", "from services.s3 import objects\nfrom runtime import arns\n"),
        ("server/a.py", "from protocols.http import Request\nimport services.sqs\n"),
        ("fogbank/a.py", "def _f():\n    import boto3\n    from botocore.config import Config\n"),
        ("fogbank/a.py", "if TYPE_CHECKING:\n    import pytest\n"),
        ("fogbank/pytest_plugin.py", "import pytest\n"),
        ("runtime/a.py", "import random\nimport time\ntime.sleep(1)\nx = time.time()\n"),
        (
            "server/a.py",
            "loop.time()\nloop.call_later(1, f)\ngmtime(seconds)\nruntime.ids.uuid()\n",
        ),
        ("tests/a.py", "async def f():\n    await asyncio.sleep(0)\n"),
    ],
)
def test_what_is_allowed_is_let_be(path: str, text: str) -> None:
    source = Source(path, f'"""A module."""\n{text}')
    assert [problem for rule in tidy.RULES for problem in rule(source)] == []


@pytest.mark.parametrize(
    ("path", "tests", "expected"),
    [
        ("services/sqs/a.py", [], "tests/services/sqs/test_a.py"),
        ("services/sqs/a.py", ["tests/services/sqs/test_b.py"], "test_a.py"),
        ("services/sqs/a.py", ["tests/services/sqs/test_a.py"], None),
        ("services/iot/import_.py", ["tests/services/iot/test_import.py"], None),
        ("services/sqs/helper.py", [], None),
        ("server/a.py", [], "tests/server/test_a.py"),
        ("server/control/a.py", [], "tests/server/control/test_a.py"),
        ("server/control/__init__.py", [], "tests/server/control/test_*.py"),
        ("server/control/__init__.py", ["tests/server/control/test_a.py"], None),
        ("runtime/a.py", [], None),
    ],
)
def test_a_lacking_test_is_missed(path: str, tests: list[str], expected: str | None) -> None:
    holding = {"services/sqs/a.py", "services/iot/import_.py"}
    problems = list(tidy.companions([Source(path, "")], holding, tests))
    if expected is None:
        assert problems == []
    else:
        assert len(problems) == 1
        assert expected in problems[0].what
