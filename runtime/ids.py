"""The source of all randomness: ids, tokens, secrets, and chance itself.

Seeded, it repeats a run exactly; unseeded, bytes come from the operating system.
"""

import os
import random
from base64 import b64encode

LOWER = "abcdefghijklmnopqrstuvwxyz"
DIGITS = "0123456789"
BASE32 = LOWER.upper() + "234567"
ALPHANUMERIC = LOWER.upper() + LOWER + DIGITS
_UUID = (1 << 128) - 1 & ~(0xF << 76) & ~(3 << 62)
_VERSION_4 = 4 << 76 | 2 << 62


class Ids:
    """Random values in the forms AWS gives its ids."""

    def __init__(self, seed: int | None = None) -> None:
        self.seed(seed)

    def seed(self, seed: int | None) -> None:
        """Start over from a seed (None: from the operating system's randomness)."""
        self._seeded = seed is not None
        self._random = random.Random(seed)
        self._bits = self._random.getrandbits

    def uuid(self) -> str:
        """A version 4 UUID."""
        text = (self._bits(128) & _UUID | _VERSION_4).to_bytes(16, "big").hex()
        return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"

    def hex(self, length: int) -> str:
        """Lower-case hexadecimal digits."""
        return f"{self._bits(length * 4):0{length}x}"

    def digits(self, length: int) -> str:
        """Decimal digits, the first not a zero."""
        return str(self._random.randrange(10 ** (length - 1), 10**length))

    def characters(self, alphabet: str, length: int) -> str:
        """Characters of an alphabet."""
        return "".join(self._random.choices(alphabet, k=length))

    def upper(self, length: int) -> str:
        """Capital letters and digits 2 to 7, as in access key ids."""
        return self.characters(BASE32, length)

    def bytes(self, length: int) -> bytes:
        """Random bytes, fit for keys and secrets when unseeded."""
        return self._random.randbytes(length) if self._seeded else os.urandom(length)

    def base64(self, length_bytes: int) -> str:
        """Random bytes as base64."""
        return b64encode(self.bytes(length_bytes)).decode()

    def number(self, low: int, high: int) -> int:
        """A whole number from low to high, both included."""
        return self._random.randint(low, high)

    def random(self) -> float:
        """A number from 0 up to, not including, 1."""
        return self._random.random()
