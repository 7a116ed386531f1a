"""Running digests: of bytes that come in pieces, by the names that S3 gives the algorithms."""

import hashlib
from collections.abc import Callable
from typing import Any, Protocol
from zlib import crc32

LENGTHS = {
    "CRC32": 4,
    "CRC32C": 4,
    "CRC64NVME": 8,
    "SHA1": 20,
    "SHA256": 32,
    "SHA512": 64,
    "MD5": 16,
    "XXHASH64": 8,
    "XXHASH3": 8,
    "XXHASH128": 16,
}
"""The algorithms, with the bytes of their digests."""


class Digest(Protocol):
    """A running digest."""

    def update(self, data: bytes, /) -> None:
        """Take more bytes."""

    def digest(self) -> bytes:
        """The digest of all bytes so far."""


class _Crc:
    def __init__(self, function: Callable[[bytes, int], int], size: int) -> None:
        self._function, self._size, self._value = function, size, 0

    def update(self, data: bytes, /) -> None:
        """Take more bytes."""
        self._value = self._function(data, self._value)

    def digest(self) -> bytes:
        """The value in network order."""
        return self._value.to_bytes(self._size, "big")


class _XxHash:
    def __init__(self, running: Any) -> None:
        self._running = running

    def update(self, data: bytes, /) -> None:
        """Take more bytes."""
        self._running.update(data)

    def digest(self) -> bytes:
        """The digest; nothing can be added after it."""
        found: bytes = self._running.finalize()
        return found


def new(algorithm: str) -> Digest:
    """A running digest of one of `LENGTHS`. Raises KeyError for other names."""
    if algorithm == "CRC32":
        return _Crc(crc32, 4)
    if algorithm not in LENGTHS:
        raise KeyError(algorithm)
    if not algorithm.startswith(("CRC", "XX")):
        return hashlib.new(algorithm.lower(), usedforsecurity=False)
    # Imported late: it is large, and a server that is only asked for SHA-256 can do without.
    from awscrt import checksums

    if algorithm == "CRC32C":
        return _Crc(checksums.crc32c, 4)
    if algorithm == "CRC64NVME":
        return _Crc(checksums.crc64nvme, 8)
    if algorithm == "XXHASH64":
        return _XxHash(checksums.XXHash.new_xxhash64())
    if algorithm == "XXHASH3":
        return _XxHash(checksums.XXHash.new_xxhash3_64())
    return _XxHash(checksums.XXHash.new_xxhash3_128())
