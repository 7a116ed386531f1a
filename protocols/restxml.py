"""REST-XML: S3, S3 Control, Route 53 and CloudFront."""

from binascii import b2a_base64
from collections.abc import Callable
from typing import Any

from protocols import rest, xmlread, xmlwrite
from protocols.codec import (
    Codec,
    Members,
    Read,
    Write,
    error_members,
    message_member,
    resolve,
    validator,
)
from protocols.errors import Error, malformed_xml
from protocols.http import Reply, Request
from protocols.model import Member, Operation, Shape
from protocols.xmlwrite import REST, escape

_XML = (b"content-type", b"application/xml")
_TEXT_XML = (b"content-type", b"text/xml")


class RestXmlCodec(Codec):
    """The reader and writer of REST-XML."""

    name = "rest-xml"

    @property
    def bare_errors(self) -> bool:
        """Whether errors stand without <ErrorResponse> around them, as S3's do."""
        return bool(self.service.metadata.get("noErrorWrapping"))

    @property
    def namespace(self) -> str:
        """The xmlns attribute of every answer, which the model only tells of requests."""
        found: str | None = self.service.compiled.get("namespace")
        if found is None:
            traits = self.service.metadata.get("xmlNamespace")
            operations = self.service.operations
            for name in operations if traits is None else ():
                traits = operations.raw(name).get("input", {}).get("xmlNamespace")
                if traits:
                    break
            if self.service.name == "s3" and not traits:
                traits = "http://s3.amazonaws.com/doc/2006-03-01/"
            found = self.service.compiled["namespace"] = xmlwrite.namespace(traits)
        return found

    def identification(self, request_id: str) -> list[tuple[bytes, bytes]]:
        """The headers that name the request: S3 has two of its own."""
        encoded = request_id.encode()
        if self.bare_errors:
            return [(b"x-amz-request-id", encoded), (b"x-amz-id-2", _host_id(encoded))]
        return [(b"x-amzn-requestid", encoded)]

    def compile_read(self, operation: Operation) -> Read:
        shape = operation.input
        if shape is None:
            return lambda request: {}
        bind, body, validate = (
            rest.binder(shape, operation.uri),
            _body_reader(shape),
            validator(shape),
        )

        def read(request: Request) -> Members:
            members: Members = {}
            try:
                bind(request, members)
            except rest.Malformed as problem:
                raise _bad_argument(problem) from None
            if body is not None:
                body(request, members)
            if validate is not None:
                validate(members)
            return members

        return read

    def compile_write(self, operation: Operation) -> Write:
        identification, shape, status = self.identification, operation.output, operation.status
        if shape is None:
            return lambda answer, request_id: Reply(status, identification(request_id), b"")
        if operation.event_output is not None:
            from protocols.eventstream import rest_writer

            return rest_writer(operation, "rest-xml", identification)
        add_headers = rest.header_writer(shape)
        body = _body_writer(shape, self.namespace)
        content_type = _XML if self.bare_errors else _TEXT_XML

        def write(answer: Members, request_id: str) -> Reply:
            headers = identification(request_id)
            chosen = None if add_headers is None else add_headers(answer, headers)
            content, xml = body(answer)
            if xml and content:
                headers.append(content_type)
            return Reply(chosen or status, headers, content)

        return write

    def error(self, operation: Operation | None, error: Error, request_id: str) -> Reply:
        resolved = resolve(self.service, error)
        shape = resolved.shape
        headers = [*self.identification(request_id), _XML if self.bare_errors else _TEXT_XML]
        parts: list[str] = []
        extra = error.members
        if shape is not None:
            members = error_members(shape, error)
            place = message_member(shape)
            members.pop(place.name if place is not None else "", None)
            xmlwrite.content(shape, REST)(members, parts.append)
            extra = {key: item for key, item in members.items() if key not in shape.members}
            add_headers = rest.header_writer(shape)
            if add_headers is not None:
                add_headers(members, headers)
        parts.extend(xmlwrite.plain_element(key, item) for key, item in extra.items())
        more = "".join(parts)
        code, message = escape(resolved.code), ""
        if error.message:
            message = f"<Message>{escape(error.message)}</Message>"
        if self.bare_errors:
            host = _host_id(request_id.encode()).decode()
            body = (
                f"{xmlwrite.HEADER}<Error><Code>{code}</Code>{message}{more}"
                f"<RequestId>{request_id}</RequestId><HostId>{host}</HostId></Error>"
            )
        else:
            fault = "Sender" if resolved.sender else "Receiver"
            body = (
                f"{xmlwrite.HEADER}<ErrorResponse{self.namespace}><Error><Type>{fault}</Type>"
                f"<Code>{code}</Code>{message}{more}</Error>"
                f"<RequestId>{request_id}</RequestId></ErrorResponse>"
            )
        return Reply(resolved.status, headers, body.encode("utf-8", "replace"))


def _host_id(request_id: bytes) -> bytes:
    """S3's second identifier: as long as AWS's, and the same for the same request."""
    return b2a_base64((request_id * 4)[:56].ljust(56, b"0"), newline=False)


def _bad_argument(problem: rest.Malformed) -> Error:
    name, kind = problem.member.wire_name, problem.member.shape.type
    if kind in ("integer", "long"):
        message = f"Provided {name} not an integer or within integer range"
    else:
        message = f"Invalid value for {name}"
    return Error(
        "InvalidArgument", message, status=400, ArgumentName=name, ArgumentValue=problem.value
    )


def _body_reader(shape: Shape) -> Callable[[Request, Members], None] | None:
    payload = shape.payload
    if payload is not None:
        return _payload_reader(payload)
    members = rest.in_body(shape)
    if not members:
        return None
    parse = xmlread.structure(members)

    def read(request: Request, found: Members) -> None:
        if request.body:
            found.update(parse(xmlread.parse(request.body)))

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
                found[name] = request.body.decode("utf-8", "replace")

        return read_text
    if shape.traits.get("eventstream"):
        raise NotImplementedError("REST-XML with events in a request")
    parse = xmlread.reader(shape)
    roots = {payload.wire_name, shape.traits.get("locationName", shape.name), shape.name}

    def read(request: Request, found: Members) -> None:
        if request.body:
            root = xmlread.parse(request.body)
            if xmlread.local(root.tag) not in roots:
                raise malformed_xml()
            found[name] = parse(root)

    return read


def _body_writer(shape: Shape, namespace: str) -> Callable[[Members], tuple[Any, bool]]:
    """The function that gives a reply's body, and whether it is XML."""
    payload = shape.payload
    if payload is not None:
        name, kind = payload.name, payload.shape.type
        if kind == "blob":
            return lambda answer: (_or_empty(answer.get(name)), False)
        if kind == "string":
            return lambda answer: ((answer.get(name) or "").encode(), False)
        tag = payload.traits.get("locationName") or payload.shape.traits.get("locationName", name)
        spaces = xmlwrite.namespace(payload.trait("xmlNamespace")) or namespace
        write_root = xmlwrite.root(payload.shape, tag, spaces)

        def write_payload(answer: Members) -> tuple[Any, bool]:
            value = answer.get(name)
            if value is None:
                return b"", False
            parts = [xmlwrite.HEADER]
            write_root(value, parts.append)
            return xmlwrite.encode(parts), True

        return write_payload
    if not rest.in_answer(shape):
        return lambda answer: (b"", False)
    tag = shape.traits.get("locationName", shape.name)
    spaces = xmlwrite.namespace(shape.traits.get("xmlNamespace")) or namespace
    if shape.traits.get("unwrapped"):
        return _unwrapped_writer(rest.in_answer(shape)[0], tag, spaces)
    write_root = xmlwrite.root(shape, tag, spaces)

    def write(answer: Members) -> tuple[Any, bool]:
        parts = [xmlwrite.HEADER]
        write_root(answer, parts.append)
        return xmlwrite.encode(parts), True

    return write


def _unwrapped_writer(member: Member, tag: str, spaces: str) -> Callable[[Members], Any]:
    """The writer of an answer whose root holds its only member's text (S3's GetBucketLocation)."""
    name = member.name

    def write(answer: Members) -> tuple[Any, bool]:
        text = escape(answer.get(name) or "")
        return f"{xmlwrite.HEADER}<{tag}{spaces}>{text}</{tag}>".encode(), True

    return write


def _or_empty(value: Any) -> Any:
    return b"" if value is None else value
