"""Event streams: Amazon's framed messages, in requests and in answers.

A message is a prelude (total length, headers' length, CRC of both), headers with types, a
payload, and a CRC of everything before it. Handlers see dicts: {"EventName": {members}}.
"""

import struct
from binascii import crc32
from collections.abc import AsyncIterable, AsyncIterator, Callable, Iterable
from typing import Any

import orjson

from protocols import cborcode, jsonwrite, rest, timestamps, values, xmlread, xmlwrite
from protocols.cbor import structure as to_cbor
from protocols.codec import Members, Read, Write, resolve
from protocols.errors import Error, serialization
from protocols.http import Reply, Request
from protocols.model import Member, Operation, Service, Shape

MAX_MESSAGE = 24 * 1024 * 1024
MAX_HEADERS = 128 * 1024
CONTENT_TYPE = (b"content-type", b"application/vnd.amazon.eventstream")
_PRELUDE = struct.Struct(">III")
_FIXED = {2: ">b", 3: ">h", 4: ">i", 5: ">q", 8: ">q"}

Headers = dict[str, Any]
Message = tuple[Headers, bytes]


class Timestamp(int):
    """A header's timestamp, in milliseconds."""


def encode(headers: Headers, payload: bytes) -> bytes:
    """One framed message."""
    block = b"".join(_header(name, value) for name, value in headers.items())
    total = 16 + len(block) + len(payload)
    start = struct.pack(">II", total, len(block))
    message = start + struct.pack(">I", crc32(start)) + block + payload
    return message + struct.pack(">I", crc32(message))


def _header(name: str, value: Any) -> bytes:
    text = name.encode()
    return bytes((len(text),)) + text + _header_value(value)


def _header_value(value: Any) -> bytes:
    if value is True:
        return b"\x00"
    if value is False:
        return b"\x01"
    if isinstance(value, Timestamp):
        return b"\x08" + struct.pack(">q", value)
    if isinstance(value, int):
        return (
            b"\x04" + struct.pack(">i", value)
            if -(2**31) <= value < 2**31
            else b"\x05" + struct.pack(">q", value)
        )
    if isinstance(value, bytes):
        return b"\x06" + struct.pack(">H", len(value)) + value
    data = str(value).encode()
    return b"\x07" + struct.pack(">H", len(data)) + data


class Decoder:
    """Messages out of bytes that arrive in any pieces."""

    __slots__ = ("_buffer",)

    def __init__(self) -> None:
        self._buffer = bytearray()

    def feed(self, data: bytes) -> list[Message]:
        """The messages that are complete with these bytes."""
        self._buffer += data
        found: list[Message] = []
        while len(self._buffer) >= 12:
            total, size, check = _PRELUDE.unpack_from(self._buffer)
            if crc32(self._buffer[:8]) != check:
                raise serialization("Event stream: the prelude's checksum is wrong")
            if not 16 <= total <= MAX_MESSAGE or size > min(MAX_HEADERS, total - 16):
                raise serialization("Event stream: a message is too long")
            if len(self._buffer) < total:
                break
            message = bytes(self._buffer[:total])
            del self._buffer[:total]
            if crc32(message[:-4]) != int.from_bytes(message[-4:], "big"):
                raise serialization("Event stream: a message's checksum is wrong")
            found.append((_headers(message[12 : 12 + size]), message[12 + size : -4]))
        return found

    def finish(self) -> None:
        """Refuse a stream that ends within a message."""
        if self._buffer:
            raise serialization("Event stream: the last message is cut off")


def _headers(block: bytes) -> Headers:
    found: Headers = {}
    place = 0
    try:
        while place < len(block):
            end = place + 1 + block[place]
            name, kind = block[place + 1 : end].decode(), block[end]
            place = end + 1
            if kind in (0, 1):
                found[name] = kind == 0
            elif kind in _FIXED:
                form = _FIXED[kind]
                found[name] = struct.unpack_from(form, block, place)[0]
                place += struct.calcsize(form)
            elif kind in (6, 7):
                start = place + 2
                place = start + int.from_bytes(block[place:start], "big")
                if place > len(block):
                    raise IndexError
                value = block[start:place]
                found[name] = value if kind == 6 else value.decode()
            elif kind == 9:
                found[name] = block[place : place + 16]
                place += 16
            else:
                raise IndexError
    except (IndexError, struct.error, UnicodeDecodeError):
        raise serialization("Event stream: a message's headers are broken") from None
    return found


# What a payload is made of, by the protocol's base format.


def _payload_writer(shape: Shape, base: str) -> tuple[Callable[[Any], bytes], str]:
    if base == "cbor":
        convert = to_cbor(list(shape.members.values()))
        return lambda value: cborcode.dumps(convert(value)), "application/cbor"
    if base == "rest-xml":
        tag = shape.traits.get("locationName", shape.name)
        inner = xmlwrite.content(shape, xmlwrite.REST)

        def write(value: Any) -> bytes:
            parts = [f"<{tag}>"]
            inner(value, parts.append)
            return xmlwrite.encode([*parts, f"</{tag}>"])

        return write, "text/xml"
    return jsonwrite.dumper(shape), "application/json"


def _payload_reader(shape: Shape, base: str) -> Callable[[bytes], Any]:
    if base == "cbor":
        convert = values.reader(shape, native=True)
        return lambda data: convert(cborcode.loads(data)) if data else {}
    if base == "rest-xml":
        parse = xmlread.reader(shape)
        return lambda data: parse(xmlread.parse(data)) if data else {}
    read_json = values.reader(shape)

    def read(data: bytes) -> Any:
        try:
            return read_json(orjson.loads(data)) if data else {}
        except orjson.JSONDecodeError:
            raise serialization() from None

    return read


def _split(shape: Shape) -> tuple[list[Member], Member | None]:
    """An event's members in headers, and the one that is the payload."""
    headers = [member for member in shape.members.values() if member.traits.get("eventheader")]
    payload = [member for member in shape.members.values() if member.traits.get("eventpayload")]
    return headers, payload[0] if payload else None


def _blank(payload: Member) -> str:
    return "application/octet-stream" if payload.shape.type == "blob" else "text/plain"


def event_writer(stream: Shape, base: str, service: Service) -> Callable[[Members], bytes]:
    """The function that frames one event."""
    made: dict[str, Callable[[Any], bytes]] = {}

    def write(event: Members) -> bytes:
        ((name, value),) = event.items()
        if isinstance(value, Error):
            return exception(stream, value, base, service)
        if name not in made:
            made[name] = _one_event(stream.members[name], base)
        return made[name](value or {})

    return write


def _one_event(member: Member, base: str) -> Callable[[Any], bytes]:
    shape = member.shape
    located, payload = _split(shape)
    error = bool(shape.traits.get("exception"))
    kind = ":exception-type" if error else ":event-type"
    fixed = {kind: member.name, ":message-type": "exception" if error else "event"}
    structure = payload is None or payload.shape.type == "structure"
    dump: Callable[[Any], bytes] | None = None
    content_type = ""
    if structure:
        dump, content_type = _payload_writer(payload.shape if payload else shape, base)

    def write(value: Any) -> bytes:
        headers: Headers = {}
        for place in located:
            item = value.get(place.name)
            if item is not None:
                if place.shape.type == "timestamp":
                    item = Timestamp(round(timestamps.epoch(item) * 1000))
                headers[place.name] = item
        if payload is None:
            rest_of = {key: item for key, item in value.items() if key not in headers}
            body = dump(rest_of) if dump is not None and shape.members else b""
        else:
            item = value.get(payload.name)
            if item is None:
                body = b""
            elif dump is not None:
                body = dump(item)
            else:
                body = item if isinstance(item, bytes) else str(item).encode()
        return encode(
            {**fixed, ":content-type": content_type or _blank(payload or member), **headers}, body
        )

    return write


def exception(stream: Shape, error: Error, base: str, service: Service) -> bytes:
    """The message that ends a stream with an error: modelled, or by code and message."""
    resolved = resolve(service, error)
    member = stream.members.get(error.code)
    for candidate in stream.members.values():
        if candidate.traits["shape"] == error.code:
            member = candidate
    if member is not None and resolved.shape is not None:
        key = next((name for name in member.shape.members if name.lower() == "message"), None)
        content = dict(error.members)
        if key is not None and error.message:
            content[key] = error.message
        return _one_event(member, base)(content)
    headers = {
        ":message-type": "error",
        ":error-code": error.code,
        ":error-message": error.message,
    }
    return encode(headers, b"")


def event_reader(stream: Shape, base: str) -> Callable[[Message], Members | None]:
    """The function that reads one event, or None for a message that isn't one of the stream's."""

    def read(message: Message) -> Members | None:
        headers, data = message
        member = stream.members.get(headers.get(":event-type", ""))
        if member is None:
            return None
        located, payload = _split(member.shape)
        found: Members = {}
        for place in located:
            if place.name in headers:
                value = headers[place.name]
                stamp = place.shape.type == "timestamp"
                found[place.name] = value / 1000 if stamp else value
        if payload is None:
            parsed = _payload_reader(member.shape, base)(data)
            found = {**parsed, **found}
        elif payload.shape.type == "blob":
            found[payload.name] = data
        elif payload.shape.type == "string":
            found[payload.name] = data.decode("utf-8", "replace")
        else:
            found[payload.name] = _payload_reader(payload.shape, base)(data)
        return {member.name: found}

    return read


def _unsigned(message: Message) -> list[Message]:
    """The messages inside a signed one (SDKs wrap each event in one with its signature)."""
    headers, data = message
    if ":chunk-signature" not in headers:
        return [message]
    decoder = Decoder()
    inner = decoder.feed(data)
    decoder.finish()
    return inner


async def _pieces(body: Any) -> AsyncIterator[bytes]:
    if isinstance(body, bytes | bytearray):
        yield bytes(body)
    elif isinstance(body, AsyncIterable):
        async for piece in body:
            yield piece
    elif isinstance(body, Iterable):
        for piece in body:
            yield piece
    else:
        yield getattr(body, "data", None) or b""


async def read_events(
    body: Any, read: Callable[[Message], Members | None], first: list[Message] | None = None
) -> AsyncIterator[Members]:
    """The events of a request's body, as they arrive."""
    decoder = Decoder()
    for message in first or ():
        event = read(message)
        if event is not None:
            yield event
    async for piece in _pieces(body):
        for outer in decoder.feed(piece):
            for message in _unsigned(outer):
                event = read(message)
                if event is not None:
                    yield event
    decoder.finish()


async def write_events(
    events: Any, write: Callable[[Members], bytes], stream: Shape, base: str, service: Service
) -> AsyncIterator[bytes]:
    """Frames for a handler's events; an error that it raises is the stream's last message."""
    try:
        if isinstance(events, AsyncIterable):
            async for event in events:
                yield write(event)
        else:
            for event in events or ():
                yield write(event)
    except Error as error:
        yield exception(stream, error, base, service)


def _reader(operation: Operation, base: str) -> tuple[Member, Callable[[Message], Members | None]]:
    member = operation.event_input
    assert member is not None
    return member, event_reader(member.shape, base)


def rest_reader(operation: Operation, base: str) -> Callable[[Request, Members], None]:
    """The reader of a REST request whose payload is a stream of events."""
    member, read = _reader(operation, base)

    def bind(request: Request, found: Members) -> None:
        found[member.name] = read_events(request.body, read)

    return bind


def rpc_reader(operation: Operation, base: str) -> Read:
    """The reader of an RPC request: its plain members come in an `initial-request` event."""
    member, read = _reader(operation, base)
    assert operation.input is not None
    parse = _payload_reader(operation.input, base)

    def read_request(request: Request) -> Members:
        body = request.body
        found: Members = {}
        if not isinstance(body, bytes):
            # The initial members must be known before the handler starts; see read_initial.
            return {member.name: read_events(body, read)}
        decoder = Decoder()
        messages = [inner for outer in decoder.feed(body) for inner in _unsigned(outer)]
        decoder.finish()
        if messages and messages[0][0].get(":event-type") == "initial-request":
            found.update(parse(messages.pop(0)[1]))
        found[member.name] = read_events(b"", read, messages)
        return found

    return read_request


def rest_writer(
    operation: Operation, base: str, identification: Callable[[str], list[tuple[bytes, bytes]]]
) -> Write:
    """The writer of a REST answer whose payload is a stream of events."""
    member, shape, service = operation.event_output, operation.output, operation.service
    assert member is not None
    assert shape is not None
    stream = member.shape
    write_event = event_writer(stream, base, service)
    add_headers = rest.header_writer(shape)

    def write(answer: Members, request_id: str) -> Reply:
        headers = identification(request_id)
        status = None if add_headers is None else add_headers(answer, headers)
        if not rest.has_header(headers, b"content-type"):
            headers.append(CONTENT_TYPE)
        body = write_events(answer.get(member.name), write_event, stream, base, service)
        return Reply(status or operation.status, headers, body)

    return write


def rpc_writer(
    operation: Operation,
    base: str,
    content_type: tuple[bytes, bytes],
    more: Iterable[tuple[bytes, bytes]] = (),
) -> Write:
    """The writer of an RPC answer: its plain members go in an `initial-response` event."""
    member, shape, service = operation.event_output, operation.output, operation.service
    assert member is not None
    assert shape is not None
    stream = member.shape
    write_event = event_writer(stream, base, service)
    others = [item for item in shape.members.values() if item.name != member.name]
    convert = to_cbor(others) if base == "cbor" else None
    dump = jsonwrite.dumper(shape, others)
    extra = list(more)

    def write(answer: Members, request_id: str) -> Reply:
        plain = {name: value for name, value in answer.items() if name != member.name}
        payload = dump(plain) if convert is None else cborcode.dumps(convert(plain))
        kind = content_type[1].decode()
        initial = encode(
            {":event-type": "initial-response", ":content-type": kind, ":message-type": "event"},
            payload,
        )

        async def body() -> AsyncIterator[bytes]:
            yield initial
            events = answer.get(member.name)
            async for frame in write_events(events, write_event, stream, base, service):
                yield frame

        headers = [(b"x-amzn-requestid", request_id.encode()), *extra, CONTENT_TYPE]
        return Reply(operation.status, headers, body())

    return write
