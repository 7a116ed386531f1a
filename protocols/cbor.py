"""Smithy's RPC v2 in CBOR, and the older JSON protocol in CBOR that Kinesis speaks."""

from collections.abc import Callable
from typing import Any

from protocols import cborcode, values
from protocols.codec import Codec, Members, Read, Write, error_members, resolve, validator
from protocols.errors import Error
from protocols.http import Reply, Request
from protocols.jsonrpc import qualified, query_error
from protocols.model import Member, Operation, Shape

Convert = Callable[[Any], Any]


def converter(shape: Shape) -> Convert | None:
    """The closure that tags timestamps and drops Nones, or None where nothing can need it."""
    if shape.document:
        return None
    if shape.type == "timestamp":
        return lambda value: value if type(value) is cborcode.Moment else cborcode.Moment(value)
    if shape.type in ("float", "double"):
        return float
    if shape.type not in ("structure", "list", "map"):
        return None
    found: Convert | None = shape.compiled.get("to cbor")
    if found is None:
        shape.compiled["to cbor"] = lambda value: shape.compiled["to cbor"](value)
        if shape.type == "structure":
            found = structure(list(shape.members.values()))
        elif shape.type == "list":
            found = _list(shape)
        else:
            found = _map(shape)
        shape.compiled["to cbor"] = found
    return found


def structure(members: list[Member]) -> Convert:
    """The closure for a structure with these of its members."""
    get = {member.name: (member.wire_name, converter(member.shape)) for member in members}.get

    def convert(value: Any) -> Any:
        out: dict[str, Any] = {}
        for name, item in value.items():
            if item is not None:
                rule = get(name)
                if rule is not None:
                    out[rule[0]] = item if rule[1] is None else rule[1](item)
        return out

    return convert


def _list(shape: Shape) -> Convert:
    inner = converter(shape.member.shape)

    def convert(value: Any) -> Any:
        if inner is None:
            return list(value)
        return [None if item is None else inner(item) for item in value]

    return convert


def _map(shape: Shape) -> Convert:
    inner = converter(shape.value.shape)
    sparse = bool(shape.traits.get("sparse"))

    def convert(value: Any) -> Any:
        return {
            str(key): item if inner is None or item is None else inner(item)
            for key, item in value.items()
            if item is not None or sparse
        }

    return convert


class CborCodec(Codec):
    """Smithy RPC v2 CBOR: the operation in the path, everything else in the body."""

    name = "smithy-rpc-v2-cbor"
    content_type = (b"content-type", b"application/cbor")
    protocol: tuple[tuple[bytes, bytes], ...] = ((b"smithy-protocol", b"rpc-v2-cbor"),)
    milliseconds = False

    def compile_read(self, operation: Operation) -> Read:
        shape = operation.input
        if shape is None:
            return lambda request: {}
        if operation.event_input is not None:
            from protocols.eventstream import rpc_reader

            return rpc_reader(operation, "cbor")
        convert, validate = values.reader(shape, native=True), validator(shape)
        milliseconds = self.milliseconds

        def read(request: Request) -> Members:
            body = request.body
            data = cborcode.loads(body, milliseconds=milliseconds) if body else {}
            members: Members = convert(data)
            if validate is not None:
                validate(members)
            return members

        return read

    def headers(self, request_id: str) -> list[tuple[bytes, bytes]]:
        """What every reply carries."""
        return [(b"x-amzn-requestid", request_id.encode()), *self.protocol, self.content_type]

    def compile_write(self, operation: Operation) -> Write:
        shape, milliseconds = operation.output, self.milliseconds
        if operation.event_output is not None:
            from protocols.eventstream import rpc_writer

            return rpc_writer(operation, "cbor", self.content_type, self.protocol)
        convert = None if shape is None else structure(list(shape.members.values()))

        def write(answer: Members, request_id: str) -> Reply:
            headers = self.headers(request_id)
            if convert is None:
                return Reply(200, [header for header in headers if header[0] != b"content-type"])
            body = cborcode.dumps(convert(answer or {}), milliseconds=milliseconds)
            return Reply(200, headers, body)

        return write

    def error(self, operation: Operation | None, error: Error, request_id: str) -> Reply:
        resolved = resolve(self.service, error)
        body: Members = {"__type": self.code(resolved, error)}
        if resolved.shape is not None:
            convert = structure(list(resolved.shape.members.values()))
            body.update(convert(error_members(resolved.shape, error)))
        else:
            body.update(error.members)
        if error.message and not {"message", "Message"} & body.keys():
            body["message"] = error.message
        headers = [*self.headers(request_id), *query_error(self.service, resolved)]
        content = cborcode.dumps(body, milliseconds=self.milliseconds)
        return Reply(resolved.status, headers, content)

    def code(self, resolved: Any, error: Error) -> str:
        """The error's type in the body."""
        return qualified(self.service, resolved, error.code)


class OldCborCodec(CborCodec):
    """The JSON protocol's messages in CBOR, with timestamps in milliseconds."""

    name = "cbor"
    content_type = (b"content-type", b"application/x-amz-cbor-1.1")
    protocol = ()
    milliseconds = True

    def code(self, resolved: Any, error: Error) -> str:
        return error.code
