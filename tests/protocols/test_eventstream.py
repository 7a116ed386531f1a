"""Framed messages, in any pieces and with any fault."""

import asyncio
import struct
from binascii import crc32
from typing import Any

import pytest
from botocore.eventstream import EventStreamBuffer

from protocols import eventstream, model
from protocols.errors import Error
from protocols.http import Request

HEADERS: dict[str, Any] = {
    ":message-type": "event",
    "yes": True,
    "no": False,
    "small": 7,
    "large": 2**40,
    "bytes": b"\x00\x01",
    "when": eventstream.Timestamp(1700000000123),
}


def test_botocore_reads_our_messages() -> None:
    buffer = EventStreamBuffer()
    buffer.add_data(eventstream.encode(HEADERS, b"payload"))
    message: Any = next(iter(buffer))
    assert message.headers == HEADERS
    assert message.payload == b"payload"


def decode_all(data: bytes) -> list[eventstream.Message]:
    decoder = eventstream.Decoder()
    found = decoder.feed(data)
    decoder.finish()
    return found


@pytest.mark.parametrize("size", [1, 3, 16, 1000])
def test_messages_in_pieces(size: int) -> None:
    data = eventstream.encode(HEADERS, b"one") + eventstream.encode({}, b"")
    decoder = eventstream.Decoder()
    found = []
    for place in range(0, len(data), size):
        found += decoder.feed(data[place : place + size])
    decoder.finish()
    assert found == [(HEADERS, b"one"), ({}, b"")]


@pytest.mark.parametrize("place", [0, 5, 9, 14, -6, -1])
def test_a_flipped_bit_is_noticed(place: int) -> None:
    data = bytearray(eventstream.encode(HEADERS, b"payload"))
    data[place] ^= 0x10
    with pytest.raises(Error, match=r"checksum|too long|cut off"):
        decode_all(bytes(data))


def test_a_message_cut_short() -> None:
    decoder = eventstream.Decoder()
    assert decoder.feed(eventstream.encode({}, b"payload")[:-1]) == []
    with pytest.raises(Error, match="cut off"):
        decoder.finish()


def test_a_huge_message_is_refused_from_its_prelude() -> None:
    start = struct.pack(">II", 1 << 30, 0)
    decoder = eventstream.Decoder()
    with pytest.raises(Error, match="too long"):
        decoder.feed(start + struct.pack(">I", crc32(start)))


@pytest.mark.parametrize("block", [b"\x05ab", b"\x01a\x0b", b"\x01a\x07\xff\xff", b"\x01a\x04\x00"])
def test_broken_headers(block: bytes) -> None:
    total = 16 + len(block)
    start = struct.pack(">II", total, len(block))
    body = start + struct.pack(">I", crc32(start)) + block
    data = body + struct.pack(">I", crc32(body))
    with pytest.raises(Error, match="headers are broken"):
        eventstream.Decoder().feed(data)


def test_events_in_a_request() -> None:
    service = model.load("polly")
    operation = service.operations["StartSpeechSynthesisStream"]
    stream = operation.event_input
    assert stream is not None
    text = {"TextEvent": {"Text": "hello"}}
    write = eventstream.event_writer(stream.shape, "rest-json", service)
    signed = eventstream.encode({":date": 1, ":chunk-signature": b"x"}, write(text))

    async def body() -> Any:
        yield signed[:20]
        yield signed[20:]

    events: Any = eventstream.read_events(
        body(), eventstream.event_reader(stream.shape, "rest-json")
    )

    async def collected() -> list[Any]:
        return [event async for event in events]

    assert asyncio.run(collected()) == [text]


def test_an_rpc_requests_initial_message() -> None:
    raw = {
        "metadata": {
            "apiVersion": "1", "endpointPrefix": "x", "protocol": "json", "serviceId": "X",
            "jsonVersion": "1.1",
        },
        "operations": {"Talk": {"name": "Talk", "http": {}, "input": {"shape": "In"}}},
        "shapes": {
            "In": {
                "type": "structure",
                "members": {"Name": {"shape": "S"}, "Stream": {"shape": "Events"}},
            },
            "S": {"type": "string"},
            "Events": {
                "type": "structure", "eventstream": True, "members": {"Said": {"shape": "Said"}},
            },
            "Said": {"type": "structure", "event": True, "members": {"Text": {"shape": "S"}}},
        },
    }  # fmt: skip
    service = model.from_raw("x", raw)
    first = {":event-type": "initial-request", ":message-type": "event"}
    said = {":event-type": "Said", ":message-type": "event"}
    body = eventstream.encode(first, b'{"Name":"n"}') + eventstream.encode(said, b'{"Text":"t"}')
    read = service.codec("json").read(service.operations["Talk"])
    found = read(Request("POST", "/", body=body))

    async def collected() -> list[Any]:
        return [event async for event in found.pop("Stream")]

    assert asyncio.run(collected()) == [{"Said": {"Text": "t"}}]
    assert found == {"Name": "n"}
