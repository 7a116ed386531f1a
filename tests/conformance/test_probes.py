"""Each operation that is there: its smallest valid request, and every bound of its model."""

from collections.abc import Iterator
from typing import Any

import pytest

from fogbank.testing import Aws
from protocols import codec
from protocols.errors import Error, Invalid
from protocols.model import Operation, Service
from protocols.routes import match
from server.handlers import Registry
from tests.conformance import fixtures, probes
from tests.conformance.client import Client, raw_model
from tests.server.raw import Wire, connected

_REGISTRY = Registry()
_FRONT_ENDS = frozenset(
    {
        "InvalidParameterValue",
        "InvalidRequest",
        "MalformedInput",
        "MalformedXML",
        "MissingParameter",
        "SerializationException",
        "ValidationError",
        "ValidationException",
    }
)
"""Codes of the protocols themselves, for what can't be read and for what breaks the model."""


def _service(name: str) -> Service:
    found = _REGISTRY.find(name)
    assert found is not None
    return found.model


def _operations() -> Iterator[tuple[str, str]]:
    for name in _REGISTRY.names():
        found = _REGISTRY.find(name)
        assert found is not None
        botocores = raw_model(name)["operations"]  # `wire.py` may have added others
        yield from ((name, operation) for operation in found.operations if operation in botocores)


def _codes(service: Service) -> frozenset[str]:
    codes = {*service.statuses, *codec.STATUSES, *_FRONT_ENDS}
    for name, shape in service.shapes.items():
        if shape.traits.get("exception"):
            codes |= {name, shape.traits.get("error", {}).get("code", name)}
    return frozenset(codes)


@pytest.fixture
def wire(aws: Aws) -> Iterator[Wire]:
    """A connection to the session's server."""
    with connected(aws.endpoint_url) as made:
        yield made


def _protocols(service: str) -> list[str]:
    found = _REGISTRY.find(service)
    assert found is not None
    return list(found.entry.protocols)


@pytest.mark.parametrize(("service", "operation"), list(_operations()))
def test_the_model_is_kept_to(aws: Aws, wire: Wire, service: str, operation: str) -> None:
    model = _service(service)
    described = model.operations[operation]
    given, chosen = fixtures.prepared(service, operation, aws)
    required = [*_required(service, described), *chosen]
    smallest = probes.Smallest({**given, **chosen}).request(described, required)
    if smallest is None:
        pytest.skip("the model gives no valid request: tests/conformance has none for it either")
    for protocol in _protocols(service):
        client = Client(service, protocol)
        problems = [
            problem
            for probe in probes.outside(described, smallest)
            for problem in _refused(client, wire, described, probe, aws.account)
        ]
        assert not problems, "\n".join(problems[:30])
    parsed = Client(service, _protocols(service)[0]).call(
        wire, operation, smallest, account=aws.account
    )
    status = parsed["ResponseMetadata"]["HTTPStatusCode"]
    code = parsed.get("Error", {}).get("Code")
    assert status < 500, parsed
    if fixtures.known(service):
        assert code == fixtures.refused(service, operation), parsed


def _required(service: str, described: Operation) -> list[str]:
    """The members that botocore requires."""
    if described.input is None:
        return []
    shape: dict[str, Any] = raw_model(service)["shapes"][described.input.name]
    return list(shape.get("required", ()))


def _refused(
    client: Client, wire: Wire, described: Operation, probe: probes.Probe, account: str
) -> Iterator[str]:
    """What is wrong with the answer to a request that breaks the model."""
    service = described.service
    try:
        made = client.request(described.name, probe.members)
    except Exception:  # botocore itself can't say it
        return
    if not _seen(service, client.protocol, described, made):
        return
    parsed = client.send(wire, described.name, made, account=account)
    status = parsed["ResponseMetadata"]["HTTPStatusCode"]
    error: dict[str, Any] = parsed.get("Error", {})
    if not 400 <= status < 500:
        yield f"{probe.what}: {status} {error}"
    elif error.get("Code") not in _codes(service) and made.method != "HEAD":
        yield f"{probe.what}: {error} is no error of {service.name}"
    elif any("['" in str(value) or "{'" in str(value) for value in error.values()):
        yield f"{probe.what}: {error} shows Python's own form of a value"


def _seen(service: Service, protocol: str, described: Operation, made: Any) -> bool:
    """Whether what is wrong is there on the wire: a form has no empty lists."""
    if protocol.startswith("rest-"):
        matched = match(service, made)
        if matched is None or matched[0] is not described:
            return False
        made.labels = matched[1]
    try:
        service.codec(protocol).read(described)(made)
    except (Invalid, Error):
        return True
    return False
