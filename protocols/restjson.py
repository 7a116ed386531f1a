"""REST-JSON: Lambda, API Gateway and most of the newer services."""

from collections.abc import Callable
from typing import Any

from protocols import jsonwrite, rest, values
from protocols.codec import Codec, Members, Read, Write, error_members, resolve, validator
from protocols.errors import Error, serialization
from protocols.http import Reply, Request, header_bytes
from protocols.jsonrpc import parse as parse_json
from protocols.jsonrpc import query_error
from protocols.model import Member, Operation, Shape

_JSON = (b"content-type", b"application/json")
_TEXT = (b"content-type", b"text/plain")
_BINARY = (b"content-type", b"application/octet-stream")


class RestJsonCodec(Codec):
    """The reader and writer of REST-JSON."""

    name = "rest-json"

    def compile_read(self, operation: Operation) -> Read:
        shape = operation.input
        if shape is None:
            return lambda request: {}
        bind, validate = rest.binder(shape, operation.uri), validator(shape)
        body = _body_reader(operation, shape)

        def read(request: Request) -> Members:
            members: Members = {}
            if body is not None:
                try:
                    body(request, members)
                except RecursionError:
                    raise values.too_deep() from None
            try:
                bind(request, members)
            except rest.Malformed as problem:
                raise values.mismatch(problem.member.shape.type, problem.value) from None
            if validate is not None:
                validate(members)
            return members

        return read

    def compile_write(self, operation: Operation) -> Write:
        shape, status = operation.output, operation.status
        if shape is None:
            empty = b"" if status == 204 else b"{}"

            def write_nothing(answer: Members, request_id: str) -> Reply:
                headers = [(b"x-amzn-requestid", request_id.encode())]
                if empty:
                    headers.append(_JSON)
                return Reply(status, headers, empty)

            return write_nothing
        if operation.event_output is not None:
            from protocols.eventstream import rest_writer

            return rest_writer(
                operation, "rest-json", lambda name: [(b"x-amzn-requestid", name.encode())]
            )
        add_headers = rest.header_writer(shape)
        body, content_type = _body_writer(shape)
        if rest.names_header(shape, b"content-type"):
            content_type = None

        def write(answer: Members, request_id: str) -> Reply:
            headers = [(b"x-amzn-requestid", request_id.encode())]
            chosen = None if add_headers is None else add_headers(answer, headers)
            content = body(answer)
            if content_type is not None:
                headers.append(content_type)
            return Reply(chosen or status, headers, content)

        return write

    def error(self, operation: Operation | None, error: Error, request_id: str) -> Reply:
        resolved = resolve(self.service, error)
        headers = [
            (b"x-amzn-requestid", request_id.encode()),
            (b"x-amzn-errortype", header_bytes(error.code)),
            _JSON,
            *query_error(self.service, resolved),
        ]
        shape = resolved.shape
        body: Members = {}
        if shape is not None:
            members = error_members(shape, error)
            add_headers = rest.header_writer(shape)
            if add_headers is not None:
                more: list[tuple[bytes, bytes]] = []
                add_headers(members, more)
                # Some shapes name the error's type as a member; the code above is that already.
                headers += [header for header in more if header[0] != b"x-amzn-errortype"]
            for name, value in members.items():
                member = shape.members.get(name)
                if member is None:
                    body[name] = value
                elif member.location is None:
                    convert = jsonwrite._place(member, True)
                    body[member.wire_name] = value if convert is None else convert(value)
        else:
            body.update(error.members)
        if error.message and not {"message", "Message"} & body.keys():
            body["message"] = error.message
        return Reply(resolved.status, headers, jsonwrite.dump(body))


def _body_reader(operation: Operation, shape: Shape) -> Callable[[Request, Members], None] | None:
    payload = shape.payload
    if payload is not None:
        if operation.event_input is not None:
            from protocols.eventstream import rest_reader

            return rest_reader(operation, "rest-json")
        return _payload_reader(payload)
    members = rest.in_body(shape)
    if not members:
        return None
    convert = values.structure(shape, members)
    located = [member.name for member in shape.members.values() if member.location is not None]

    def read(request: Request, found: Members) -> None:
        body = request.body
        if body:
            found.update(convert(parse_json(body)))
            # What belongs into the path or a header is not taken from the body.
            for name in located:
                found.pop(name, None)

    return read


def _payload_reader(payload: Member) -> Callable[[Request, Members], None]:
    name, shape = payload.name, payload.shape
    if shape.type == "blob":
        streams = bool(payload.trait("streaming")) or payload.required

        def read_blob(request: Request, found: Members) -> None:
            body = request.body
            if streams or type(body) is not bytes or body:
                found[name] = body

        return read_blob
    if shape.type == "string":

        def read_text(request: Request, found: Members) -> None:
            if request.body:
                try:
                    found[name] = request.body.decode("utf-8")
                except UnicodeDecodeError:
                    raise serialization() from None

        return read_text
    convert = values.reader(shape)

    def read(request: Request, found: Members) -> None:
        if request.body:
            value = parse_json(request.body)
            if value is not None:
                found[name] = convert(value)

    return read


def _body_writer(
    shape: Shape,
) -> tuple[Callable[[Members], Any], tuple[bytes, bytes] | None]:
    payload = shape.payload
    if payload is not None:
        name, kind = payload.name, payload.shape.type
        if kind == "blob":
            return lambda answer: b"" if answer.get(name) is None else answer[name], _BINARY
        if kind == "string":
            return lambda answer: (answer.get(name) or "").encode(), _TEXT
        dump = jsonwrite.value_dumper(payload.shape)

        def write_payload(answer: Members) -> Any:
            value = answer.get(name)
            return b"" if value is None else dump(value)

        return write_payload, _JSON
    members = rest.in_answer(shape)
    if len(members) == len(shape.members):
        return jsonwrite.dumper(shape), _JSON
    if not members:
        return lambda answer: b"", None
    return jsonwrite.dumper(shape, members), _JSON
