"""aws-chunked bodies: AWS's examples, botocore's encoder, any fragmentation, refusals."""

import hmac
import io
import tracemalloc
from base64 import b64encode
from collections import deque
from collections.abc import Sequence
from hashlib import sha256
from itertools import repeat

import pytest
from botocore import httpchecksum
from hypothesis import given, settings
from hypothesis import strategies as st

from protocols.errors import Error
from protocols.http import Request
from runtime.signatures import signing_key
from server import chunked, sigv4
from server.chunked import Chain, Decoder
from server.sigv4 import Signed
from tests.server.signing import KEY, SECRET

derandomized = settings(derandomize=True, deadline=None, max_examples=150)
EMPTY = sha256(b"").hexdigest()
SEED = "4f232c4386841ef735655705268965c44a0e4690baa4adea153f7db9fa80a0a9"
TRAILED_SEED = "106e2a8a18243abcf37539882f36619c00e2dfc72633413f02d3b74544bfeb8e"


def claim(signature: str = SEED, payload: str = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD") -> Signed:
    return Signed(
        "header",
        KEY,
        "20130524",
        "us-east-1",
        "s3",
        (b"host",),
        b"20130524/us-east-1/s3/aws4_request",
        signature,
        1369353600.0,
        None,
        None,
        payload,
        b"20130524T000000Z",
    )


def example(
    signatures: Sequence[str], trailer: bytes = b"", sizes: Sequence[int] = (65536, 1024, 0)
) -> bytes:
    """The body of AWS's examples: 65 KiB of `a`."""
    pieces = []
    for size, signature in zip(sizes, signatures, strict=True):
        data = b"a" * size + b"\r\n" if size else b""
        pieces.append(b"%x;chunk-signature=%b\r\n%b" % (size, signature.encode(), data))
    return b"".join(pieces) + trailer + b"\r\n"


PLAIN = example(
    [
        "ad80c730a21e5b8d04586a2213dd63b9a0e99e0e2307b0ade35a65485a288648",
        "0055627c9e194cb4542bae2aa5492e3c1575bbb81b612b7d234b86a503ef5497",
        "b6c6ea8a5354eaf15b3cb7646744f4275b71ea724fed81ceb9323e279d449df9",
    ]
)
TRAILED = example(
    [
        "b474d8862b1487a5145d686f57f013e54db672cee1c953b3010fb58501ef5aa2",
        "1c1344b170168f8e65b41376b44b20fe354e373826ccbbe2c1d40a8cae51e5c7",
        "2ca2aba2005185cf7159c6277faf83795951dd77a3a99e6e65d5c9f85863f992",
    ],
    b"x-amz-checksum-crc32c:sOO8/Q==\r\n"
    b"x-amz-trailer-signature:d81f82fc3505edab99d459891051a732e8730629a2e4a59689829ca17fe2e435\r\n",
)


def decode(decoder: Decoder, body: bytes, piece_bytes: int = 0) -> bytes:
    step = piece_bytes or len(body) or 1
    found = [
        piece
        for start in range(0, len(body), step)
        for piece in decoder.feed(body[start : start + step])
    ]
    decoder.finish()
    return b"".join(found)


def refusal(decoder: Decoder, body: bytes, piece_bytes: int = 0) -> Error:
    with pytest.raises(Error) as caught:
        decode(decoder, body, piece_bytes)
    return caught.value


def plain(length: int | None = 66560) -> Decoder:
    return Decoder(length, Chain(claim(), SECRET), frozenset())


def trailed(*announced: str) -> Decoder:
    names = announced or ("x-amz-checksum-crc32c",)
    return Decoder(66560, Chain(claim(TRAILED_SEED), SECRET), frozenset(names), True)


# AWS's own examples ----------------------------------------------------------------------------


def test_seed_of_the_s3_reference() -> None:
    names = (
        "content-encoding;content-length;host;x-amz-content-sha256;x-amz-date;"
        "x-amz-decoded-content-length;x-amz-storage-class"
    )
    request = Request(
        "PUT",
        "/examplebucket/chunkObject.txt",
        "",
        {
            b"host": b"s3.amazonaws.com",
            b"x-amz-date": b"20130524T000000Z",
            b"x-amz-storage-class": b"REDUCED_REDUNDANCY",
            b"x-amz-content-sha256": b"STREAMING-AWS4-HMAC-SHA256-PAYLOAD",
            b"content-encoding": b"aws-chunked",
            b"x-amz-decoded-content-length": b"66560",
            b"content-length": b"66824",
            b"authorization": f"AWS4-HMAC-SHA256 "
            f"Credential={KEY}/20130524/us-east-1/s3/aws4_request,SignedHeaders={names},"
            f"Signature={SEED}".encode(),
        },
    )
    signed = sigv4.parse(request)
    assert signed is not None
    assert sigv4.verify(request, signed, SECRET, "") is None
    assert len(PLAIN) == 66824
    decoder = chunked.decoder(request, signed, SECRET)
    assert decoder is not None
    assert decode(decoder, PLAIN) == b"a" * 66560


@pytest.mark.parametrize("piece_bytes", [0, 1, 2, 3, 85, 1000, 65536])
def test_examples_of_the_s3_reference(piece_bytes: int) -> None:
    assert decode(plain(), PLAIN, piece_bytes) == b"a" * 66560
    decoder = trailed()
    assert decode(decoder, TRAILED, piece_bytes) == b"a" * 66560
    assert decoder.trailers == {"x-amz-checksum-crc32c": "sOO8/Q=="}


@pytest.mark.parametrize("at", [10, 70, 1000, 66000, 65700, 66690, len(PLAIN) - 10])
def test_every_byte_is_signed(at: int) -> None:
    body = bytearray(PLAIN)
    body[at] ^= 1
    error = refusal(plain(), bytes(body))
    assert error.code in ("SignatureDoesNotMatch", "IncompleteBody")


def test_a_wrong_chunk_says_what_had_to_be_signed() -> None:
    error = refusal(plain(), PLAIN.replace(b"aaaa", b"aaab", 1))
    assert (error.code, error.status) == ("SignatureDoesNotMatch", 403)
    assert error.members["AWSAccessKeyId"] == KEY
    assert error.members["SignatureProvided"].startswith("ad80c7")
    data = sha256(b"aaab" + b"a" * 65532).hexdigest()
    assert error.members["StringToSign"] == (
        "AWS4-HMAC-SHA256-PAYLOAD\n20130524T000000Z\n20130524/us-east-1/s3/aws4_request\n"
        f"{SEED}\n{EMPTY}\n{data}"
    )


def test_the_chain_begins_with_the_request() -> None:
    decoder = Decoder(66560, Chain(claim("0" * 64), SECRET), frozenset())
    assert refusal(decoder, PLAIN).code == "SignatureDoesNotMatch"
    decoder = Decoder(66560, Chain(claim(), "another"), frozenset())
    assert refusal(decoder, PLAIN).code == "SignatureDoesNotMatch"


@pytest.mark.parametrize(
    ("was", "now", "code"),
    [
        (b"sOO8/Q==", b"sOO8/R==", "SignatureDoesNotMatch"),
        (b"signature:d8", b"signature:d9", "SignatureDoesNotMatch"),
        (b"-crc32c:", b"-crc32:", "MalformedTrailerError"),
        (b"-crc32c:", b"-crc32c=", "MalformedTrailerError"),
        (b"x-amz-checksum-crc32c:", b":", "MalformedTrailerError"),
        (b"x-amz-trailer-signature:", b"x-amz-other:", "MalformedTrailerError"),
    ],
)
def test_wrong_trailers(was: bytes, now: bytes, code: str) -> None:
    assert TRAILED.count(was) == 1
    assert refusal(trailed(), TRAILED.replace(was, now)).code == code


def test_a_trailer_is_what_was_announced() -> None:
    assert refusal(trailed("x-amz-checksum-sha1"), TRAILED).code == "MalformedTrailerError"
    nothing = Decoder(66560, Chain(claim(TRAILED_SEED), SECRET), frozenset(), True)
    assert refusal(nothing, TRAILED).code == "MalformedTrailerError"
    unsigned = TRAILED[: TRAILED.index(b"x-amz-trailer-signature")] + b"\r\n"
    assert refusal(trailed(), unsigned).code == "MalformedTrailerError"
    absent = Decoder(5, None, frozenset({"x-amz-checksum-crc32"}), True)
    assert refusal(absent, b"5\r\nhello\r\n0\r\n\r\n").code == "MalformedTrailerError"
    neither = Decoder(5, None, frozenset(), True)
    assert refusal(neither, b"5\r\nhello\r\n0\r\n\r\n").code == "IncompleteBody"


# what clients send -----------------------------------------------------------------------------


@given(st.binary(max_size=100_000), st.integers(8192, 70_000), st.integers(1, 70_000))
@settings(derandomize=True, deadline=None, max_examples=40)
def test_botocores_encoder(data: bytes, chunk_bytes: int, piece_bytes: int) -> None:
    wrapper = httpchecksum.AwsChunkedWrapper(
        io.BytesIO(data),
        checksum_cls=httpchecksum.Crc32Checksum,
        checksum_name="x-amz-checksum-crc32",
        chunk_size=chunk_bytes,
    )
    decoder = Decoder(len(data), None, frozenset({"x-amz-checksum-crc32"}), True)
    assert decode(decoder, wrapper.read(), piece_bytes) == data
    assert decoder.trailers == {"x-amz-checksum-crc32": httpchecksum.Crc32Checksum().handle(data)}


def encode(data: bytes, sizes: list[int], trailers: dict[str, str], signed: Signed) -> bytes:
    """Chunks and trailers as the S3 reference says they are signed."""
    key = signing_key(SECRET, signed.date, signed.region, signed.service)
    start = f"{signed.moment.decode()}\n{signed.scope.decode()}\n"
    last, body, at = signed.signature, b"", 0
    for size in [*sizes, len(data) - sum(sizes), 0]:
        chunk = data[at : at + size]
        at += size
        if not chunk and size:
            continue
        digest = sha256(chunk).hexdigest()
        text = f"AWS4-HMAC-SHA256-PAYLOAD\n{start}{last}\n{EMPTY}\n{digest}"
        last = hmac.digest(key, text.encode(), "sha256").hex()
        body += b"%X;chunk-signature=%b\r\n" % (len(chunk), last.encode())
        if chunk:
            body += chunk + b"\r\n"
    if trailers:
        canonical = "".join(f"{name}:{value}\n" for name, value in sorted(trailers.items()))
        digest = sha256(canonical.encode()).hexdigest()
        text = f"AWS4-HMAC-SHA256-TRAILER\n{start}{last}\n{digest}"
        last = hmac.digest(key, text.encode(), "sha256").hex()
        lines = [*trailers.items(), ("X-Amz-Trailer-Signature", last)]
        body += "".join(f"{name}: {value} \r\n" for name, value in lines).encode()
    return body + b"\r\n"


@given(
    st.integers(0, 3).flatmap(
        lambda count: st.lists(st.integers(8192, 9000), min_size=count, max_size=count)
    ),
    st.integers(1, 9000),
    st.dictionaries(st.sampled_from(sorted(chunked.TRAILERS)), st.sampled_from(["a", "b=="])),
    st.integers(1, 9000),
)
@derandomized
def test_signed_chunks_of_any_size(
    sizes: list[int], last: int, trailers: dict[str, str], piece_bytes: int
) -> None:
    data = bytes(range(256)) * ((sum(sizes) + last) // 256 + 1)
    data = data[: sum(sizes) + last]
    body = encode(data, sizes, trailers, claim())
    decoder = Decoder(len(data), Chain(claim(), SECRET), frozenset(trailers))
    assert decode(decoder, body, piece_bytes) == data
    assert decoder.trailers == trailers


def test_an_empty_body() -> None:
    assert decode(Decoder(0), b"0\r\n\r\n") == b""
    body = encode(b"", [], {}, claim())
    assert body.startswith(b"0;")


def test_data_that_looks_like_chunks() -> None:
    data = b"0\r\n\r\n5;chunk-signature=\r\n"
    assert decode(Decoder(len(data)), b"%x\r\n%b\r\n0\r\n\r\n" % (len(data), data), 1) == data


# what is refused -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"5",
        b"5\r\n",
        b"5\r\nhel",
        b"5\r\nhello",
        b"5\r\nhello\r\n",
        b"5\r\nhello\r\n0",
        b"5\r\nhello\r\n0\r\n",
        b"5\r\nhello\r\n0\r\n\r",
        b"5\r\nhello\r\n0\r\n\rX",
        b"5\r\nhello\r\n0\r\nx-amz-checksum-crc32:a\r\n",
        b"5\nhello\r\n0\r\n\r\n",
        b"5\r\nhelloX\n0\r\n\r\n",
        b"5\r\nhello0\r\n\r\n",
        b"3\r\nhello\r\n0\r\n\r\n",
        b"7\r\nhello\r\n0\r\n\r\n",
        b"4\r\nhell\r\n0\r\n\r\n",
        b"6\r\nhello!\r\n0\r\n\r\n",
        b"-5\r\nhello\r\n0\r\n\r\n",
        b"+5\r\nhello\r\n0\r\n\r\n",
        b" 5\r\nhello\r\n0\r\n\r\n",
        b"0x5\r\nhello\r\n0\r\n\r\n",
        b"\r\nhello\r\n0\r\n\r\n",
        b";chunk-signature=a\r\nhello\r\n0\r\n\r\n",
        b"g\r\nhello\r\n0\r\n\r\n",
        b"%b\r\nhello\r\n0\r\n\r\n" % (b"0" * 15 + b"05"),
        b"f" * 16 + b"\r\nhello",
    ],
)
@pytest.mark.parametrize("piece_bytes", [0, 1])
def test_malformed_bodies(body: bytes, piece_bytes: int) -> None:
    error = refusal(Decoder(5), body, piece_bytes)
    assert (error.code, error.status) == ("IncompleteBody", 400)


def test_unsigned_chunks_where_signed_ones_were_promised() -> None:
    decoder = Decoder(5, Chain(claim(), SECRET))
    assert refusal(decoder, b"5\r\nhello\r\n0\r\n\r\n").code == "IncompleteBody"


def test_small_chunks() -> None:
    error = refusal(Decoder(5), b"3\r\nhel\r\n2\r\nlo\r\n0\r\n\r\n")
    assert (error.code, error.status) == ("InvalidChunkSizeError", 403)
    assert error.members == {"Chunk": 2, "BadChunkSize": 3}
    body = b"2000\r\n%b\r\n1\r\nb\r\n0\r\n\r\n" % (b"a" * 8192)
    assert decode(Decoder(8193), body) == b"a" * 8192 + b"b"


@pytest.mark.parametrize(
    "endless", [b"1", b"5;chunk-signature=" + b"0" * 64, b"0\r\n", b"0\r\nx:y\r\n"]
)
def test_endless_headers_are_cut_short(endless: bytes) -> None:
    decoder = Decoder()
    decoder.feed(endless)
    tracemalloc.start()
    with pytest.raises(Error) as caught:
        deque(map(decoder.feed, repeat(b"a" * 1024, 100)), maxlen=0)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert caught.value.code in ("IncompleteBody", "MalformedTrailerError")
    assert peak < 100_000


@given(
    st.lists(
        st.sampled_from([b"5", b"0", b"\r\n", b"\n", b";", b"chunk-signature=", b"hello", b":"])
        | st.binary(max_size=3),
        max_size=20,
    ).map(b"".join),
    st.booleans(),
)
@settings(derandomize=True, deadline=None, max_examples=500)
def test_hostile_bodies(body: bytes, signed: bool) -> None:
    outcomes = set()
    for piece_bytes in (0, 1, 3):
        decoder = Decoder(5, Chain(claim(), SECRET) if signed else None)
        try:
            outcomes.add(decode(decoder, body, piece_bytes))
        except Error as error:
            outcomes.add(error.code.encode())
    assert len(outcomes) == 1


# the decoder that a request asks for -----------------------------------------------------------


def request(kind: str, **headers: str) -> Request:
    found = {name.replace("_", "-").encode(): value.encode() for name, value in headers.items()}
    return Request("PUT", "/b/k", "", {b"x-amz-content-sha256": kind.encode(), **found})


@pytest.mark.parametrize("kind", [EMPTY, "UNSIGNED-PAYLOAD", ""])
def test_bodies_that_are_not_chunked(kind: str) -> None:
    assert chunked.decoder(request(kind), None, None) is None
    assert chunked.decoder(Request("PUT", "/b/k"), None, None) is None


@pytest.mark.parametrize("length", [None, "", "five", "-1", "9" * 17])
def test_the_length_has_to_be_known(length: str | None) -> None:
    more = {} if length is None else {"x_amz_decoded_content_length": length}
    with pytest.raises(Error) as caught:
        chunked.decoder(request("STREAMING-UNSIGNED-PAYLOAD-TRAILER", **more), None, None)
    assert (caught.value.code, caught.value.status) == ("MissingContentLength", 411)


def test_only_checksums_can_trail() -> None:
    with pytest.raises(Error) as caught:
        chunked.decoder(
            request(
                "STREAMING-UNSIGNED-PAYLOAD-TRAILER",
                x_amz_decoded_content_length="5",
                x_amz_trailer="x-amz-checksum-sha10",
            ),
            None,
            None,
        )
    assert caught.value.code == "InvalidRequest"
    assert (
        caught.value.message == "The value specified in the x-amz-trailer header is not supported"
    )


@pytest.mark.parametrize(
    ("kind", "secret", "checked"),
    [
        ("STREAMING-AWS4-HMAC-SHA256-PAYLOAD", SECRET, True),
        ("STREAMING-AWS4-HMAC-SHA256-PAYLOAD", None, False),
        ("STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD", SECRET, False),
    ],
)
def test_signatures_are_checked_when_the_secret_is_known(
    kind: str, secret: str | None, checked: bool
) -> None:
    decoder = chunked.decoder(
        request(kind, x_amz_decoded_content_length="5"), claim(payload=kind), secret
    )
    assert decoder is not None
    body = b"5;chunk-signature=0\r\nhello\r\n0;chunk-signature=0\r\n\r\n"
    if checked:
        assert refusal(decoder, body).code == "SignatureDoesNotMatch"
    else:
        assert decode(decoder, body) == b"hello"


def test_names_of_trailers_are_read_as_a_list() -> None:
    asked = request(
        "STREAMING-UNSIGNED-PAYLOAD-TRAILER",
        x_amz_decoded_content_length="5",
        x_amz_trailer="X-Amz-Checksum-CRC32 , x-amz-checksum-sha1",
    )
    digest = b64encode(b"1234").decode()
    trailer = f"x-amz-checksum-sha1:{digest}\r\nx-amz-checksum-crc32: {digest}\r\n\r\n"
    decoder = chunked.decoder(asked, None, None)
    assert decoder is not None
    assert decode(decoder, b"5\r\nhello\r\n0\r\n" + trailer.encode()) == b"hello"
    assert set(decoder.trailers) == {"x-amz-checksum-crc32", "x-amz-checksum-sha1"}
