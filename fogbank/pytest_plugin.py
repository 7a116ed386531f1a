"""The pytest plugin: `fogbank`, one server a session; `aws`, one account a test.

    def test_orders_are_queued(aws):
        url = aws.client("sqs").create_queue(QueueName="orders")["QueueUrl"]
        place_order(url)  # code under test, with a boto3 client of its own
        assert aws.requests("sqs", "SendMessage").one().status == 200

    @pytest.mark.fogbank(freeze="2026-02-28T23:59:00Z", limits="enforce")
    def test_end_of_month(aws): ...

With pytest-xdist each worker has a server of its own. Everything is imported when it is first used:
pytest loads this module in every run of everyone who has fogbank installed.
"""

import os
import time
from collections.abc import Generator, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from fogbank.connection import Connection
    from fogbank.testing import Aws

_MARKER = (
    "fogbank(freeze=True | moment, isolation='snapshot', iam=..., limits=..., latency=..., ...):"
    " for this test freeze AWS's time, go back to the state before it afterwards, change settings"
    " of the server"
)
_MARKED = "_fogbank_marked"
_SNAPSHOT = f"pytest-{os.getpid()}"
_COUNTS = pytest.StashKey[dict[str, int]]()
_RUN = pytest.StashKey[str]()


def pytest_addoption(parser: pytest.Parser) -> None:
    """The options, on the command line and in the configuration file."""
    parser.getgroup("fogbank").addoption(
        "--fogbank-endpoint",
        metavar="URL",
        help="use the fogbank server that runs there instead of starting one",
    )
    parser.addini("fogbank_endpoint", "the same, for every run", default="")
    parser.addini(
        "fogbank_options",
        "options of the server that is started, as name=value (see fogbank serve --help)",
        type="linelist",
        default=[],
    )
    parser.addini(
        "fogbank_isolation",
        "'account': a fresh account a test (default); 'snapshot': also go back afterwards",
        default="account",
    )


def pytest_configure(config: pytest.Config) -> None:
    """Make the marker known."""
    config.addinivalue_line("markers", _MARKER)
    config.stash[_COUNTS] = {}


def pytest_itemcollected(item: pytest.Item) -> None:
    """Marked tests, and with `fogbank_isolation = snapshot` all others, are prepared first."""
    names = getattr(item, "fixturenames", None)
    if names is None or _MARKED in names:
        return
    everywhere = item.config.getini("fogbank_isolation") == "snapshot"
    if item.get_closest_marker("fogbank") or (everywhere and {"aws", "fogbank"} & set(names)):
        names.insert(0, _MARKED)


@pytest.fixture(scope="session")
def fogbank(pytestconfig: pytest.Config) -> Iterator["Connection"]:
    """One server for the session: a child process, or what runs at `fogbank_endpoint`."""
    endpoint_url = (
        pytestconfig.getoption("--fogbank-endpoint")
        or pytestconfig.getini("fogbank_endpoint")
        or os.environ.get("FOGBANK_ENDPOINT")
    )
    if endpoint_url:
        from fogbank.connection import connect

        connection = connect(endpoint_url)
        connection.config(s3_namespace="account")
        pytestconfig.stash[_RUN] = f"{os.getpid()} {time.time_ns()}"  # others use that server too
        yield connection
        return
    from fogbank.process import Server

    pytestconfig.stash[_RUN] = ""
    with Server(**_options(pytestconfig.getini("fogbank_options"))) as server:
        yield server


@pytest.fixture
def aws(request: pytest.FixtureRequest, fogbank: "Connection") -> Iterator["Aws"]:
    """A fresh AWS account for this test.

    The environment is patched, so that code under test that makes its boto3 clients meanwhile gets
    them for this account; bucket names are the account's own, too, and tests can run side by side.
    """
    from fogbank import testing

    counts = request.config.stash[_COUNTS]
    counts[request.node.nodeid] = count = counts.get(request.node.nodeid, 0) + 1
    seed = f"{request.config.stash[_RUN]} {request.node.nodeid} {count}"
    account = testing.Aws(fogbank, testing.account(seed))
    with pytest.MonkeyPatch.context() as patch:
        _patch(patch, account)
        yield account


@pytest.fixture
def _fogbank_marked(request: pytest.FixtureRequest, fogbank: "Connection") -> Iterator[None]:
    """What the marker asks for, undone afterwards."""
    wanted: dict[str, Any] = {"isolation": request.config.getini("fogbank_isolation")}
    for marker in reversed(list(request.node.iter_markers("fogbank"))):
        if marker.args:
            raise pytest.UsageError("the marker fogbank takes names only, as in limits='enforce'")
        wanted |= marker.kwargs
    isolation = wanted.pop("isolation")
    if isolation not in ("account", "snapshot"):
        raise pytest.UsageError(f"isolation is 'account' or 'snapshot', not {isolation!r}")
    freeze = wanted.pop("freeze", None)
    with ExitStack() as undo:
        if isolation == "snapshot":
            undo.enter_context(_rolled_back(fogbank))
        if wanted:
            undo.enter_context(_configured(fogbank, wanted))
        if freeze is not None and freeze is not False:
            undo.enter_context(fogbank.clock.kept())
            fogbank.clock.freeze(None if freeze is True else freeze)
        yield


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Show what AWS was called with beside a test's failure."""
    report = yield
    account: Any = getattr(item, "funcargs", {}).get("aws")
    if report.when == "call" and report.failed and hasattr(account, "requests"):
        from fogbank.control import ControlError

        try:
            lines = [str(request) for request in account.requests()]
        except ControlError as failure:
            lines = [str(failure)]
        report.sections.append(("AWS calls", "\n".join(lines[-50:]) or "none"))
    return report


@contextmanager
def _rolled_back(server: "Connection") -> Iterator[None]:
    server.snapshot(_SNAPSHOT)
    try:
        yield
    finally:
        server.restore(_SNAPSHOT)
        server.delete_snapshot(_SNAPSHOT)


@contextmanager
def _configured(server: "Connection", changes: Mapping[str, Any]) -> Iterator[None]:
    before = server.config()
    server.config(**changes)
    try:
        yield
    finally:
        server.config(**{name: before[name] for name in changes})


def _patch(patch: pytest.MonkeyPatch, account: "Aws") -> None:
    import boto3

    from fogbank.sessions import ambient
    from fogbank.testing import unset

    for name in unset(dict(os.environ)):
        patch.delenv(name)
    for name, value in account.environment().items():
        patch.setenv(name, value)
    # boto3.client() keeps the session it made first, with the account of the test that came first.
    patch.setattr(boto3, "DEFAULT_SESSION", ambient())


def _options(lines: list[str]) -> Any:
    """`name=value` lines as keyword arguments of `Server`."""
    options: dict[str, Any] = {"s3_namespace": "account"}
    for line in lines:
        name, equals, value = (part.strip() for part in line.partition("="))
        if not equals:
            raise pytest.UsageError(f"fogbank_options: '{line}' is not name=value")
        options[name.replace("-", "_")] = {"true": True, "false": False}.get(value.lower(), value)
    return options
