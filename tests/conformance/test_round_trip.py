"""Every operation: botocore's requests into our readers, our replies into botocore.

The models lose their patterns first, since no value could be made that matches them all.
"""

from collections.abc import Iterator
from typing import Any

import pytest

from protocols import model, routes, sources
from protocols.codec import Codec
from protocols.errors import Error
from protocols.model import Operation, Service, Shape
from tests.conformance.values import Maker
from tests.protocols import botocore_side

CHUNKS = 16

# What the wire itself can't tell apart, by operation.
REQUESTS = {
    "s3.GetBucketLifecycle": "the old name of GetBucketLifecycleConfiguration, on its path",
    "s3.PutBucketLifecycle": "the old name of PutBucketLifecycleConfiguration, on its path",
    "s3.GetBucketNotification": "the old name of GetBucketNotificationConfiguration, on its path",
    "s3.PutBucketNotification": "the old name of PutBucketNotificationConfiguration, on its path",
    "bedrock-agentcore.InvokeAgentRuntimeCommand": "its contentType is the request's own header",
    "s3.ListDirectoryBuckets": "on the same path as ListBuckets, told apart by the host only",
}
REPLIES = {
    "dataexchange.SendApiAsset": "its ResponseHeaders are all headers of the reply",
    "s3.GetBucketNotification": "Event and Events are the same element in this old operation",
}


def _chunk(number: int) -> list[str]:
    sizes = {}
    for name in sources.services():
        path = sources.model_file(name)
        sizes[name] = path.stat().st_size if path is not None else 0
    return sorted(sizes, key=lambda name: -sizes[name])[number::CHUNKS]


class Stream:
    """A reply's body as botocore's event streams read it."""

    def __init__(self, body: bytes) -> None:
        self.body = body

    def stream(self) -> Iterator[bytes]:
        yield self.body

    def close(self) -> None:
        pass


class Trip:
    """One service in one protocol."""

    def __init__(self, name: str, raw: dict[str, Any], protocol: str) -> None:
        self.name = name
        self.service: Service = model.from_raw(name, raw)
        if name == "s3":
            self.service.metadata["noErrorWrapping"] = True
        self.protocol = protocol
        self.codec: Codec = self.service.codec(protocol)
        self.client = botocore_side.service_model(raw, name)
        self.serializer = botocore_side.serializer(protocol)
        self.parser = botocore_side.parser(protocol)
        self.problems: list[str] = []

    def run(self) -> list[str]:
        for name in self.service.operations:
            operation = self.service.operations[name]
            client = self.client.operation_model(name)
            label = f"{self.name}.{name}"
            for step, known in (
                (self.request, REQUESTS),
                (self.reply, REPLIES),
                (self.error, {}),
            ):
                if label in known:
                    continue
                try:
                    step(operation, client)
                except Exception as problem:
                    said = f"{type(problem).__name__}: {problem}"
                    self.problems.append(f"{label} {self.protocol} {step.__name__}: {said}")
        return self.problems

    def request(self, operation: Operation, client: Any) -> None:
        shape = operation.input
        skip = frozenset({operation.event_input.name} if operation.event_input else ())
        for full in (False, True):
            made = {} if shape is None else Maker(full).members(shape, skip)
            if made is None:
                continue
            self._one_request(operation, client, made, skip)

    def _one_request(
        self, operation: Operation, client: Any, made: dict[str, Any], skip: frozenset[str]
    ) -> None:
        serialized = self.serializer.serialize_to_request(made, client)
        request = botocore_side.request_of(serialized)
        if self.protocol.startswith("rest"):
            matched = routes.match(self.service, request)
            assert matched is not None, "no route"
            assert matched[0] is operation, f"routed to {matched[0].name}"
            request.labels = matched[1]
        if skip:
            return
        found = self.codec.read(operation)(request)
        wanted = botocore_side.request_members(operation.input, made)
        got = botocore_side.request_members(operation.input, found)
        payload = operation.input.payload if operation.input else None
        if payload is not None and payload.name not in wanted and not got.get(payload.name):
            got.pop(payload.name, None)
        assert got == wanted, f"{got} != {wanted}"

    def reply(self, operation: Operation, client: Any) -> None:
        shape = operation.output
        stream = operation.event_output
        for full in (False, True):
            made: Any = {}
            if shape is not None:
                made = Maker(full).members(shape, frozenset({stream.name} if stream else ()))
                if made is None:
                    continue
                _fit(shape, made)
            if stream is not None:
                self._streamed(operation, client, made)
                continue
            reply = self.codec.write(operation, strict=True)(made, "id")
            response = botocore_side.response_of(reply, operation.name)
            parsed = self.parser.parse(response, client.output_shape)
            assert parsed.pop("ResponseMetadata", {}).get("HTTPStatusCode") == reply.status
            wanted = _without_blanks(botocore_side.normal(None, shape, made))
            got = _without_blanks(botocore_side.normal(None, shape, parsed))
            assert got == wanted, f"{got} != {wanted}"

    def _streamed(self, operation: Operation, client: Any, made: dict[str, Any]) -> None:
        member = operation.event_output
        assert member is not None
        events = []
        for name, event in member.shape.members.items():
            if not event.shape.traits.get("exception"):
                value = Maker(True).members(event.shape)
                if value is not None:
                    events.append({name: value})
        reply = self.codec.write(operation)({**made, member.name: events}, "id")
        response = botocore_side.response_of(reply, operation.name)
        response["body"] = Stream(response["body"])
        parsed = self.parser.parse(response, client.output_shape)
        got = [_event(member.shape, event) for event in parsed.pop(member.name)]
        assert got == [_event(member.shape, event) for event in events]

    def error(self, operation: Operation, client: Any) -> None:
        for name in operation.errors[:2]:
            shape = self.service.shapes[name]
            made = Maker(True).members(shape)
            if made is None:
                continue
            members = {
                key: value
                for key, value in made.items()
                if key.lower() not in ("code", "type", "requestid")
            }
            message = members.pop("message", None) or members.pop("Message", None) or ""
            if not isinstance(message, str):
                continue
            message = message.strip()
            raised = Error(name, message)
            raised.members = members  # one shape has a `status`, which is the keyword's name
            reply = self.codec.error(operation, raised, "id")
            response = botocore_side.response_of(reply)
            parsed = self.parser.parse(response, client.output_shape)
            code = name
            if self.protocol in ("query", "ec2", "rest-xml") or (
                "awsQueryCompatible" in self.service.metadata
            ):
                code = shape.traits.get("error", {}).get("code", name)
            if operation.event_output is None:
                assert parsed["Error"]["Code"] == code
                assert (parsed["Error"].get("Message") or "") == message


def _fit(shape: Shape, made: dict[str, Any]) -> None:
    """Bend an answer to what botocore can read: a status that is no error, a text as payload."""
    for member in shape.members.values():
        if member.location == "statusCode":
            made[member.name] = 200
    payload = shape.payload
    if payload is not None and payload.shape.type == "blob" and payload.name in made:
        made[payload.name] = b"a payload"


def _event(shape: Shape, event: dict[str, Any]) -> Any:
    return botocore_side.normal(None, shape, event)


def _without_blanks(value: Any) -> Any:
    """Without empty values, which XML, headers and payloads can't tell from absent ones."""
    if isinstance(value, dict):
        inner = {key: _without_blanks(item) for key, item in value.items()}
        return {key: item for key, item in inner.items() if item not in ({}, [], "", b"")}
    if isinstance(value, list):
        return [_without_blanks(item) for item in value]
    return value


def _prepared(name: str) -> dict[str, Any]:
    raw = sources.read(name)
    for shape in raw["shapes"].values():
        shape.pop("pattern", None)
    return raw


@pytest.mark.parametrize("number", range(CHUNKS))
def test_round_trips(number: int) -> None:
    problems: list[str] = []
    for name in _chunk(number):
        raw = _prepared(name)
        protocols = raw["metadata"].get("protocols") or [raw["metadata"]["protocol"]]
        for protocol in protocols:
            problems.extend(Trip(name, raw, protocol).run())
    assert not problems, f"{len(problems)} problems:\n" + "\n".join(
        problem[:600] for problem in problems[:200]
    )
