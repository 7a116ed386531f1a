"""The client's side: botocore's own serializers and parsers, and plain comparisons."""

import asyncio
import base64
import math
from typing import Any
from urllib.parse import urlencode

from botocore import parsers, serialize
from botocore.awsrequest import prepare_request_dict
from botocore.model import ServiceModel
from botocore.utils import parse_timestamp

from protocols.http import Reply, Request
from protocols.model import Member, Shape


class CaseInsensitive(dict[str, str]):
    """Headers as the HTTP library gives them to botocore."""

    def __init__(self, pairs: Any) -> None:
        super().__init__({name.lower(): value for name, value in pairs})

    def __getitem__(self, name: str) -> str:
        return super().__getitem__(name.lower())

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and super().__contains__(name.lower())

    def get(self, name: str, default: Any = None) -> Any:
        return super().get(name.lower(), default)


def request_of(serialized: dict[str, Any]) -> Request:
    """botocore's serialized request as our server would see it."""
    prepare_request_dict(serialized, "https://example.com", {})
    path, _, query = serialized["url"].removeprefix("https://").partition("?")
    path = path[path.index("/") :] if "/" in path else "/"
    body = serialized["body"]
    if isinstance(body, dict):
        body = urlencode(body, doseq=True)
    if isinstance(body, str):
        body = body.encode()
    headers = {
        name.lower().encode(): str(value).encode() for name, value in serialized["headers"].items()
    }
    return Request(serialized["method"], path or "/", query, headers, body)


def response_of(reply: Reply, operation: str = "") -> dict[str, Any]:
    """Our reply as botocore's parsers take it."""
    headers = CaseInsensitive((name.decode(), value.decode()) for name, value in reply.headers)
    body = reply.body
    if hasattr(body, "__aiter__"):
        body = asyncio.run(collected(body))
    return {
        "body": body,
        "headers": headers,
        "status_code": reply.status,
        "context": {"operation_name": operation},
    }


async def collected(stream: Any) -> bytes:
    """A streamed body's bytes."""
    return b"".join([piece async for piece in stream])


def service_model(model: dict[str, Any], name: str) -> ServiceModel:
    """botocore's view of a raw model."""
    return ServiceModel(model, service_name=name)


def serializer(protocol: str) -> Any:
    """botocore's serializer, without its own validation."""
    return serialize.create_serializer(protocol, include_validation=False)


def parser(protocol: str) -> Any:
    """botocore's parser, with timestamps as epoch seconds."""
    found: Any = parsers.create_parser(protocol)
    found._timestamp_parser = seconds
    if found._event_stream_parser is not None:
        found._event_stream_parser._timestamp_parser = seconds
    return found


def seconds(value: Any) -> float:
    """Epoch seconds of anything that botocore takes for a timestamp."""
    if isinstance(value, int | float):
        return float(value)
    return parse_timestamp(value).timestamp()


def request_members(shape: Shape | None, value: Any) -> Any:
    """A request's members in one form; a map of arguments without those that have names.

    A server's map holds every argument, a client's only those that no other member sends.
    """
    found = normal(None, shape, value)
    if shape is None:
        return found
    arguments = [member for member in shape.members.values() if member.location == "querystring"]
    named = {member.wire_name for member in arguments if member.shape.type != "map"}
    for member in arguments:
        if member.shape.type == "map" and member.name in found:
            given = found.pop(member.name)
            rest = {key: item for key, item in given.items() if key not in named}
            if rest:
                found[member.name] = rest
    return found


def normal(member: Member | None, shape: Shape | None, value: Any) -> Any:
    """A value in one form, whoever wrote it: blobs bytes, timestamps floats, no Nones."""
    if shape is None or value is None:
        return value
    if shape.document or (member is not None and _json_header(member)):
        return value
    if shape.type == "structure":
        return {
            name: normal(shape.members[name], shape.members[name].shape, item)
            for name, item in value.items()
            if item is not None and name in shape.members
        }
    if shape.type == "list":
        return [normal(shape.member, shape.member.shape, item) for item in value]
    if shape.type == "map":
        return {key: normal(shape.value, shape.value.shape, item) for key, item in value.items()}
    if shape.type == "blob":
        return value.encode() if isinstance(value, str) else bytes(value)
    if shape.type == "timestamp":
        return round(seconds(value), 3)
    if shape.type in ("float", "double"):
        number = float(value)
        return "NaN" if math.isnan(number) else number
    return value


def _json_header(member: Member) -> bool:
    return member.location == "header" and bool(member.trait("jsonvalue"))


def decoded(data: str) -> bytes:
    """Base64 of a vector's binary body."""
    return base64.b64decode(data)
