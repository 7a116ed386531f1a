"""Running digests: known values, and that pieces make no difference."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runtime import digests

CHECK = b"123456789"
KNOWN = {
    "CRC32": "cbf43926",
    "CRC32C": "e3069283",
    "CRC64NVME": "ae8b14860a799888",
    "SHA1": "f7c3bc1d808e04732adf679965ccc34ca7ae3441",
    "SHA256": "15e2b0d3c33891ebb0f1ef609ec419420c20e320ce94c65fbc8c3312448eb225",
    "MD5": "25f9e794323b453885f5181f1b624d0b",
}


@pytest.mark.parametrize("algorithm", KNOWN)
def test_check_values(algorithm: str) -> None:
    running = digests.new(algorithm)
    running.update(CHECK)
    assert running.digest().hex() == KNOWN[algorithm]


@given(st.sampled_from(sorted(digests.LENGTHS)), st.lists(st.binary(max_size=20), max_size=6))
@settings(derandomize=True, deadline=None)
def test_pieces_make_no_difference(algorithm: str, pieces: list[bytes]) -> None:
    running, whole = digests.new(algorithm), digests.new(algorithm)
    for piece in pieces:
        running.update(piece)
    whole.update(b"".join(pieces))
    digest = running.digest()
    assert digest == whole.digest()
    assert len(digest) == digests.LENGTHS[algorithm]


def test_unknown_algorithms() -> None:
    for name in ("CRC65", "sha256", "SHA224", ""):
        with pytest.raises(KeyError):
            digests.new(name)
