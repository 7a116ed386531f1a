"""What every protocol's codec has in common: compiling once, validating, resolving errors."""

import zlib
from collections.abc import Callable
from typing import Any, NamedTuple

from protocols.constraints import Broken, Check, checker
from protocols.errors import Error, Invalid, serialization
from protocols.http import Reply, Request
from protocols.model import Member, Operation, Service, Shape

Members = dict[str, Any]
Read = Callable[[Request], Members]
Write = Callable[[Members, str], Reply]

INFLATED = 16 * 1024 * 1024  # bytes that a compressed request may hold

# Codes that no model has, with the status that AWS's front ends give them everywhere.
STATUSES = {
    "AccessDenied": 403,
    "ExpiredToken": 403,
    "IncompleteSignature": 403,
    "InternalError": 500,
    "InternalFailure": 500,
    "InternalServerError": 500,
    "InternalServerException": 500,
    "InvalidClientTokenId": 403,
    "MissingAuthenticationToken": 403,
    "NotImplemented": 501,
    "RequestEntityTooLarge": 413,
    "RequestExpired": 403,
    "ServiceUnavailable": 503,
    "SignatureDoesNotMatch": 403,
    "UnauthorizedOperation": 403,
}


class Resolved(NamedTuple):
    """An error as the model knows it: its shape, the code on query's wire, status, whose fault."""

    shape: Shape | None
    code: str
    status: int
    sender: bool


class Codec:
    """A service's reader and writer in one protocol."""

    name = ""

    def __init__(self, service: Service) -> None:
        self.service = service

    def read(self, operation: Operation) -> Read:
        """The function that turns a request into valid members, compiled on first use."""
        key = ("read", self.name)
        found: Read | None = operation.compiled.get(key)
        if found is None:
            found = self.compile_read(operation)
            if operation.traits.get("requestcompression"):
                found = _decompressing(found)
            operation.compiled[key] = found
        return found

    def write(self, operation: Operation, strict: bool = False) -> Write:
        """The function that turns an answer into a reply, compiled on first use."""
        key = ("write", self.name, strict)
        found: Write | None = operation.compiled.get(key)
        if found is None:
            found = self.compile_write(operation)
            if strict:
                found = _strict(operation, found)
            operation.compiled[key] = found
        return found

    def compile_read(self, operation: Operation) -> Read:
        """Make the reader of an operation."""
        raise NotImplementedError

    def compile_write(self, operation: Operation) -> Write:
        """Make the writer of an operation."""
        raise NotImplementedError

    def error(self, operation: Operation | None, error: Error, request_id: str) -> Reply:
        """The reply that tells an error."""
        raise NotImplementedError


def create(protocol: str, service: Service) -> Codec:
    """A service's codec; the modules are imported when a protocol is first spoken."""
    if protocol == "json":
        from protocols.jsonrpc import JsonCodec

        return JsonCodec(service)
    if protocol == "query":
        from protocols.query import QueryCodec

        return QueryCodec(service)
    if protocol == "ec2":
        from protocols.query import Ec2Codec

        return Ec2Codec(service)
    if protocol == "rest-xml":
        from protocols.restxml import RestXmlCodec

        return RestXmlCodec(service)
    if protocol == "rest-json":
        from protocols.restjson import RestJsonCodec

        return RestJsonCodec(service)
    if protocol in ("smithy-rpc-v2-cbor", "cbor"):
        from protocols.cbor import CborCodec, OldCborCodec

        return CborCodec(service) if protocol != "cbor" else OldCborCodec(service)
    raise LookupError(f"no codec for the protocol {protocol!r}")


def _decompressing(read: Read) -> Read:
    """Undo the gzip that SDKs put around large requests of the operations that allow it."""

    def read_decompressed(request: Request) -> Members:
        coding = request.headers.get(b"content-encoding", b"")
        if request.body and coding.rpartition(b",")[2].strip() == b"gzip":
            inflater = zlib.decompressobj(wbits=31)
            try:
                body = inflater.decompress(request.body, INFLATED)
            except zlib.error:
                raise serialization("The body is not gzip") from None
            if inflater.unconsumed_tail:
                raise Error("RequestEntityTooLarge", "The body is too large", status=413)
            request.body = body
        return read(request)

    return read_decompressed


def _strict(operation: Operation, write: Write) -> Write:
    from protocols.strict import check_answer

    def write_strictly(answer: Members, request_id: str) -> Reply:
        check_answer(operation, answer)
        return write(answer, request_id)

    return write_strictly


def validator(shape: Shape | None) -> Check | None:
    """A function that raises Invalid, with every violation, for members that break the model."""
    check = None if shape is None else checker(shape)
    if shape is None or check is None:
        return None

    def validate(value: Members) -> None:
        try:
            check(value)
        except Broken:
            from protocols.sentences import violations

            raise Invalid(violations(shape, value), value) from None

    return validate


def validate(operation: Operation, members: Members) -> None:
    """Raise Invalid if the members of an in-process call break the model."""
    check = operation.compiled.get("validate", ...)
    if check is ...:
        check = operation.compiled["validate"] = validator(operation.input)
    if check is not None:
        check(members)


def resolve(service: Service, error: Error) -> Resolved:
    """What the model says about an error's code."""
    shape = None
    if error.code in service.shapes:
        shape = service.shapes[error.code]
        if not shape.traits.get("exception"):
            shape = None
    if shape is None:
        status = error.status or service.statuses.get(error.code) or STATUSES.get(error.code, 400)
        return Resolved(None, error.code, status, status < 500)
    traits = shape.traits.get("error", {})
    fault = bool(shape.traits.get("fault"))
    status = error.status or traits.get("httpStatusCode") or (500 if fault else 400)
    sender = bool(traits.get("senderFault", not fault and status < 500))
    return Resolved(shape, traits.get("code", error.code), status, sender)


def message_member(shape: Shape | None) -> Member | None:
    """The member that carries an error's message, however it is spelled."""
    if shape is not None:
        for name in ("message", "Message", "errorMessage", "ErrorMessage"):
            if name in shape.members:
                return shape.members[name]
    return None


def error_members(shape: Shape | None, error: Error) -> Members:
    """An error's members by the model's names, with its message among them."""
    members = {name: value for name, value in error.members.items() if value is not None}
    place = message_member(shape)
    if place is not None and place.name not in members and (error.message or place.required):
        members[place.name] = error.message
    return members
