"""Signature algorithms, against the numbers that AWS publishes."""

import hmac
from base64 import b64encode

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runtime import signatures

SECRET = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"


def test_signing_key_of_the_general_reference() -> None:
    key = signatures.signing_key(SECRET, "20150830", "us-east-1", "iam")
    assert key.hex() == "c4afb1cc5771d871763a393e44b703571b55cc28424d1a5e86da6ed3c154a4b9"


def test_signature_of_the_general_reference() -> None:
    string_to_sign = (
        "AWS4-HMAC-SHA256\n20150830T123600Z\n20150830/us-east-1/iam/aws4_request\n"
        "f536975d06c0309214f805bb90ccff089219ecd68b2577efef23edd43b7e1a59"
    )
    key = signatures.signing_key(SECRET, "20150830", "us-east-1", "iam")
    expected = "5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7"
    assert signatures.sign(key, string_to_sign) == expected
    assert signatures.sign(key, string_to_sign.encode()) == expected


def test_keys_differ_in_every_part() -> None:
    parts = ["secret", "20260101", "us-east-1", "s3"]
    keys = {signatures.signing_key(*parts)}
    for index in range(4):
        changed = [*parts]
        changed[index] += "x"
        keys.add(signatures.signing_key(*changed))
    assert len(keys) == 5


def test_remembered_keys_are_bounded() -> None:
    for number in range(3000):
        signatures.sign(signatures.signing_key(f"secret {number}", "20260101", "r", "s"), b"")
    assert signatures.signing_key.cache_info().currsize <= 2048


@given(st.binary(min_size=32, max_size=32), st.binary(max_size=200))
@settings(derandomize=True, deadline=None)
def test_signatures_are_hmacs(key: bytes, text: bytes) -> None:
    assert signatures.sign(key, text) == hmac.digest(key, text, "sha256").hex()


def test_version_2_of_the_s3_developer_guide() -> None:
    string_to_sign = "GET\n\n\nWed, 28 Mar 2007 01:29:59 +0000\n/"
    secret = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
    assert signatures.sign_v2(secret, string_to_sign) == "qGdzdERIC03wnaRNKh6OqZehG9s="


def test_version_2_with_the_query_protocols_digest() -> None:
    expected = b64encode(hmac.digest(b"secret", b"text", "sha256")).decode()
    assert signatures.sign_v2("secret", b"text", "sha256") == expected


@pytest.mark.parametrize(
    ("given_signature", "equal"),
    [
        ("abc", True),
        ("abd", False),
        ("", False),
        ("abc ", False),
        ("äbc", False),
        ("\ud800", False),
    ],
)
def test_same(given_signature: str, equal: bool) -> None:
    assert signatures.same("abc", given_signature) is equal


@pytest.mark.parametrize(
    ("text", "safe", "encoded"),
    [
        (b"azAZ09-._~", "", "azAZ09-._~"),
        (b"a b/c", "", "a%20b%2Fc"),
        (b"a b/c", "/", "a%20b/c"),
        (b"*'()!+", "", "%2A%27%28%29%21%2B"),
        ("é".encode(), "", "%C3%A9"),
        (b"\xff\0", "", "%FF%00"),
        (b"", "", ""),
    ],
)
def test_encode(text: bytes, safe: str, encoded: str) -> None:
    assert signatures.encode(text, safe) == encoded
