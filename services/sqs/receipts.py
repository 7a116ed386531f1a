"""Receipt handles: which message, on which queue, received for the how-manieth time.

A handle is a short sealed record in base64, so that one that was never issued is told from one that
is out of date. The same receive always has the same handle.
"""

import struct
import zlib
from binascii import Error as Base64Error
from binascii import a2b_base64, b2a_base64
from typing import NamedTuple

from protocols.errors import Error

_RECORD = struct.Struct(">3sQQI")
_START = b"\x01\x01\x01"  # AWS's handles begin with AQEB, which is this in base64
_SALT = zlib.crc32(b"fogbank receipt handle")


class Receipt(NamedTuple):
    """What a handle says: ids of a message (sqs_message) and a queue, and the count of receives."""

    message: int
    queue: int
    receives: int


def handle(message: int, queue: int, receives: int) -> str:
    """The handle of one receive."""
    record = _RECORD.pack(_START, message, queue, receives)
    seal = zlib.crc32(record, _SALT).to_bytes(4, "big")
    return b2a_base64(record + seal, newline=False).decode()


def read(text: str, queue: int) -> Receipt:
    """What a handle says. Raises ReceiptHandleIsInvalid for one not issued by this queue."""
    try:
        raw = a2b_base64(text, strict_mode=True)
    except (Base64Error, ValueError):
        raw = b""
    record, seal = raw[:-4], raw[-4:]
    if len(record) != _RECORD.size or zlib.crc32(record, _SALT).to_bytes(4, "big") != seal:
        message = f'The input receipt handle "{text}" is not a valid receipt handle.'
        raise Error("ReceiptHandleIsInvalid", message)
    receipt = Receipt(*_RECORD.unpack(record)[1:])
    if receipt.queue != queue:
        message = f'The receipt handle "{text}" is not valid for this queue.'
        raise Error("ReceiptHandleIsInvalid", message)
    return receipt
