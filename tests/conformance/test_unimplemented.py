"""What is not there says so: one operation of every service of AWS, in each of its protocols."""

from collections.abc import Iterator
from typing import Any

import pytest

from fogbank import Server
from protocols import index, model, sources
from protocols.model import function_name
from server.handlers import Registry
from tests.conformance.client import Client
from tests.conformance.values import Maker
from tests.server.raw import Wire, connected

CHUNKS = 4
_REGISTRY = Registry()


@pytest.fixture(scope="module")
def wire() -> Iterator[Wire]:
    """A connection to a server of its own: it will know every model there is."""
    with Server(strict_answers=True) as server, connected(server.endpoint_url) as made:
        yield made


def _lacking(service: str) -> tuple[str, dict[str, Any]] | None:
    """An operation that is not there, with the smallest request for it."""
    found = _REGISTRY.find(service)
    there = () if found is None else found.functions
    described = model.load(service)
    for name in described.operations:
        operation = described.operations[name]
        if function_name(name) in there or operation.event_input is not None:
            continue
        made = {} if operation.input is None else Maker(False).members(operation.input)
        if made is not None:
            return name, made
    return None


def names(service: str, operation: str) -> set[str]:
    """The operation's name, and its names in services whose requests are the same to the byte.

    Amazon Neptune's and DocumentDB's are RDS's, which all of them sign for.
    """
    own = index.entry(service)
    method, uri = _line(service, operation)
    found = set()
    for other in index.by_signing_name(own.signing_name):
        entry = index.entry(other)
        if entry.protocols == own.protocols and (
            entry.api_version == own.api_version or own.protocols[0].startswith("rest-")
        ):
            described = model.load(other).operations
            if operation in described and _line(other, operation) == (method, uri):
                found.add(f"{other}.{operation}")
    return found


def _line(service: str, operation: str) -> tuple[str, str]:
    described = model.load(service).operations[operation]
    return described.method, described.uri


@pytest.mark.parametrize("number", range(CHUNKS))
def test_each_service_names_what_it_lacks(wire: Wire, number: int) -> None:
    problems = []
    for service in sources.services()[number::CHUNKS]:
        lacking = _lacking(service)
        if lacking is None:
            continue
        operation, members = lacking
        for protocol in index.entry(service).protocols:
            parsed = Client(service, protocol).call(wire, operation, members)
            error = parsed.get("Error", {})
            named = error.get("Message", "").rpartition(" ")[2]
            told = parsed["ResponseMetadata"].get("HTTPStatusCode"), error.get("Code")
            if told != (501, "NotImplemented") or named not in names(service, operation):
                problems.append(f"{service}.{operation} in {protocol}: {told} {named}")
    assert not problems, "\n".join(problems)
