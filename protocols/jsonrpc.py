"""The JSON protocols 1.0 and 1.1: everything in the body, the operation in X-Amz-Target."""

from typing import Any

import orjson

from protocols import jsonwrite, values
from protocols.codec import (
    Codec,
    Members,
    Read,
    Resolved,
    Write,
    error_members,
    resolve,
    validator,
)
from protocols.errors import Error, serialization
from protocols.http import Reply, Request, header_bytes
from protocols.model import Operation, Service

# The namespaces that services put before an error's shape; others use com.amazonaws.<service>.
NAMESPACES = {
    "dynamodb": "com.amazonaws.dynamodb.v20120810",
    "dynamodbstreams": "com.amazonaws.dynamodb.v20120810",
    "stepfunctions": "com.amazonaws.swf.service.v2.model",
    "swf": "com.amazonaws.swf.base.model",
}
# Errors of AWS's common front end, which are in no service's namespace.
_FRAMEWORK = {
    "ValidationException": "com.amazon.coral.validate",
    "SerializationException": "com.amazon.coral.service",
    "UnknownOperationException": "com.amazon.coral.service",
    "InternalFailure": "com.amazon.coral.service",
    "AccessDeniedException": "com.amazon.coral.service",
    "UnrecognizedClientException": "com.amazon.coral.service",
    "MissingAuthenticationTokenException": "com.amazon.coral.service",
    "InvalidSignatureException": "com.amazon.coral.service",
    "ExpiredTokenException": "com.amazon.coral.service",
    "IncompleteSignatureException": "com.amazon.coral.service",
    "ThrottlingException": "com.amazon.coral.availability",
}


def parse(body: Any) -> Any:
    """A JSON body; an empty one is an empty structure."""
    if not body:
        return {}
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError:
        raise serialization() from None


def qualified(service: Service, resolved: Resolved, code: str) -> str:
    """An error's type as JSON 1.0 and RPC v2 name it, with its namespace."""
    namespace = service.metadata.get("errorNamespace")
    if namespace is None:
        if resolved.shape is None and code in _FRAMEWORK:
            namespace = _FRAMEWORK[code]
        else:
            namespace = NAMESPACES.get(service.name)
            if namespace is None:
                namespace = f"com.amazonaws.{service.name.replace('-', '')}"
    return f"{namespace}#{code}" if namespace else code


def query_error(service: Service, resolved: Resolved) -> list[tuple[bytes, bytes]]:
    """The header that tells old query clients the code they know."""
    if "awsQueryCompatible" not in service.metadata:
        return []
    fault = "Sender" if resolved.sender else "Receiver"
    return [(b"x-amzn-query-error", header_bytes(f"{resolved.code};{fault}"))]


class JsonCodec(Codec):
    """JSON 1.0 and 1.1."""

    name = "json"

    def __init__(self, service: Service) -> None:
        super().__init__(service)
        version = service.metadata.get("jsonVersion", "1.1")
        self.namespaced = version == "1.0"
        self.content_type = (b"content-type", f"application/x-amz-json-{version}".encode())

    def compile_read(self, operation: Operation) -> Read:
        shape = operation.input
        if shape is None:
            return lambda request: {}
        if operation.event_input is not None:
            from protocols.eventstream import rpc_reader

            return rpc_reader(operation, "json")
        convert, validate = values.reader(shape), validator(shape)
        loads = orjson.loads

        def read(request: Request) -> Members:
            body = request.body
            try:
                members: Members = convert(loads(body) if body else {})
            except orjson.JSONDecodeError:
                raise serialization() from None
            except RecursionError:
                raise values.too_deep() from None
            if validate is not None:
                validate(members)
            return members

        return read

    def compile_write(self, operation: Operation) -> Write:
        content_type = self.content_type
        shape = operation.output
        status = operation.status
        if shape is None:
            return lambda answer, request_id: Reply(
                status, [(b"x-amzn-requestid", request_id.encode()), content_type], b""
            )
        if operation.event_output is not None:
            from protocols.eventstream import rpc_writer

            return rpc_writer(operation, "json", content_type)
        dump = jsonwrite.dumper(shape)

        def write(answer: Members, request_id: str) -> Reply:
            body = dump(answer) if answer else b"{}"
            headers = [(b"x-amzn-requestid", request_id.encode()), content_type]
            return Reply(status, headers, body)

        return write

    def error(self, operation: Operation | None, error: Error, request_id: str) -> Reply:
        service = self.service
        resolved = resolve(service, error)
        code = qualified(service, resolved, error.code) if self.namespaced else error.code
        body: Members = {"__type": code}
        if resolved.shape is not None:
            members = error_members(resolved.shape, error)
            convert = jsonwrite.converter(resolved.shape, full=True)
            body.update(members if convert is None else convert(members))
        else:
            body.update(error.members)
        if error.message and not {"message", "Message"} & body.keys():
            body["message"] = error.message
        headers = [
            (b"x-amzn-requestid", request_id.encode()),
            self.content_type,
            *query_error(service, resolved),
        ]
        return Reply(resolved.status, headers, jsonwrite.dump(body))
