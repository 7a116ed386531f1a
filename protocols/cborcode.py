"""CBOR's bytes, as much of RFC 8949 as AWS's protocols use, read without trust."""

import struct
from datetime import datetime
from typing import Any, NamedTuple

from protocols import timestamps
from protocols.errors import serialization

DEPTH = 200
_BREAK = object()
_SIZES = {24: 1, 25: 2, 26: 4, 27: 8}
_FLOATS = {25: ">e", 26: ">f", 27: ">d"}
_SIMPLE = {20: False, 21: True, 22: None, 23: None}


class Moment(NamedTuple):
    """Epoch seconds that are written with the tag of a timestamp."""

    value: int | float


def loads(data: bytes, *, milliseconds: bool = False) -> Any:
    """One value; timestamps become epoch seconds (`milliseconds`: they are sent as such)."""
    decoder = _Decoder(data, milliseconds)
    try:
        value = decoder.item(0)
    except (IndexError, struct.error, UnicodeDecodeError, OverflowError, MemoryError):
        raise serialization("Invalid CBOR") from None
    if value is _BREAK or decoder.position != len(data):
        raise serialization("Invalid CBOR")
    return value


class _Decoder:
    __slots__ = ("data", "milliseconds", "position")

    def __init__(self, data: bytes, milliseconds: bool) -> None:
        self.data = data
        self.position = 0
        self.milliseconds = milliseconds

    def item(self, depth: int) -> Any:
        if depth > DEPTH:
            raise serialization("The request is nested too deeply")
        first = self.data[self.position]
        self.position += 1
        major, info = first >> 5, first & 31
        if major == 7:
            return self._simple(info)
        if major == 6:
            return self._tagged(self._count(info), depth)
        if info == 31 and major >= 2:
            return self._indefinite(major, depth)
        count = self._count(info)
        if major == 0:
            return count
        if major == 1:
            return -1 - count
        if major == 2:
            return self._take(count)
        if major == 3:
            return self._take(count).decode("utf-8")
        if count > len(self.data) - self.position:
            raise serialization("Invalid CBOR")
        if major == 4:
            return [self._inner(depth) for _ in range(count)]
        found: dict[Any, Any] = {}
        for _ in range(count):
            key = self._key(depth)
            found[key] = self._inner(depth)
        return found

    def _inner(self, depth: int) -> Any:
        value = self.item(depth + 1)
        if value is _BREAK:
            raise serialization("Invalid CBOR")
        return value

    def _key(self, depth: int) -> Any:
        key = self.item(depth + 1)
        if type(key) is not str:
            raise serialization("Invalid CBOR")
        return key

    def _count(self, info: int) -> int:
        if info < 24:
            return info
        size = _SIZES.get(info)
        if size is None:
            raise serialization("Invalid CBOR")
        return int.from_bytes(self._take(size), "big")

    def _take(self, count: int) -> bytes:
        end = self.position + count
        if end > len(self.data):
            raise serialization("Invalid CBOR")
        piece = self.data[self.position : end]
        self.position = end
        return bytes(piece)

    def _simple(self, info: int) -> Any:
        if info in _SIMPLE:
            return _SIMPLE[info]
        form = _FLOATS.get(info)
        if form is not None:
            return struct.unpack(form, self._take(_SIZES[info]))[0]
        if info == 31:
            return _BREAK
        raise serialization("Invalid CBOR")

    def _tagged(self, tag: int, depth: int) -> Any:
        value = self._inner(depth)
        if tag == 1:
            if type(value) not in (int, float):
                raise serialization("Invalid CBOR")
            return value / 1000 if self.milliseconds else value
        if tag in (2, 3) and type(value) is bytes and len(value) <= 64:
            number = int.from_bytes(value, "big")
            return number if tag == 2 else -1 - number
        return value

    def _indefinite(self, major: int, depth: int) -> Any:
        if major in (2, 3):
            pieces: list[Any] = []
            while (piece := self.item(depth + 1)) is not _BREAK:
                if type(piece) is not (bytes if major == 2 else str):
                    raise serialization("Invalid CBOR")
                pieces.append(piece)
            return b"".join(pieces) if major == 2 else "".join(pieces)
        if major == 4:
            items: list[Any] = []
            while (item := self.item(depth + 1)) is not _BREAK:
                items.append(item)
            return items
        if major != 5:
            raise serialization("Invalid CBOR")
        found: dict[Any, Any] = {}
        while (key := self.item(depth + 1)) is not _BREAK:
            if type(key) is not str:
                raise serialization("Invalid CBOR")
            found[key] = self._inner(depth)
        return found


def dumps(value: Any, *, milliseconds: bool = False) -> bytes:
    """A value's bytes; bytes are byte strings, datetimes and Moments tagged timestamps."""
    out = bytearray()
    _write(value, out, milliseconds)
    return bytes(out)


def _head(major: int, count: int, out: bytearray) -> None:
    first = major << 5
    if count < 24:
        out.append(first | count)
    elif count < 256:
        out += bytes((first | 24, count))
    elif count < 65536:
        out.append(first | 25)
        out += count.to_bytes(2, "big")
    elif count < 4294967296:
        out.append(first | 26)
        out += count.to_bytes(4, "big")
    else:
        out.append(first | 27)
        out += count.to_bytes(8, "big")


def _write(value: Any, out: bytearray, milliseconds: bool) -> None:
    kind = type(value)
    if kind is str:
        data = value.encode("utf-8", "replace")
        _head(3, len(data), out)
        out += data
    elif kind is dict:
        _head(5, len(value), out)
        for key, item in value.items():
            _write(key, out, milliseconds)
            _write(item, out, milliseconds)
    elif kind is bool or value is None:
        out.append(0xF6 if value is None else 0xF5 if value else 0xF4)
    elif kind is int:
        _integer(value, out)
    elif kind is float:
        out.append(0xFB)
        out += struct.pack(">d", value)
    elif kind is list or kind is tuple:
        _head(4, len(value), out)
        for item in value:
            _write(item, out, milliseconds)
    else:
        _write_other(value, out, milliseconds)


def _integer(value: int, out: bytearray) -> None:
    if -(1 << 64) <= value < 1 << 64:
        _head(0 if value >= 0 else 1, value if value >= 0 else -1 - value, out)
    else:
        out.append(0xFB)
        out += struct.pack(">d", float(value))


def _write_other(value: Any, out: bytearray, milliseconds: bool) -> None:
    if isinstance(value, bytes | bytearray | memoryview):
        data = bytes(value)
        _head(2, len(data), out)
        out += data
    elif isinstance(value, Moment | datetime):
        seconds = timestamps.epoch(value if isinstance(value, datetime) else value.value)
        out.append(0xC1)
        _write(round(seconds * 1000) if milliseconds else seconds, out, False)
    elif isinstance(value, str):
        _write(str(value), out, milliseconds)
    elif isinstance(value, dict):
        _write(dict(value), out, milliseconds)
    elif isinstance(value, int):
        _write(int(value), out, milliseconds)
    else:
        raise TypeError(f"{type(value).__name__} can't be written as CBOR")
