"""aws-chunked bodies: chunks with their lengths, each signed or not, and headers that trail.

    <length in hexadecimal>[;chunk-signature=<signature>] CRLF
    <data> CRLF
    ...
    0[;chunk-signature=<signature>] CRLF
    [name:value CRLF ... [x-amz-trailer-signature:<signature> CRLF]]
    CRLF

Each signature covers the one before it, the first one that of the request. Data is handed on before
its signature is known to be right: what was made of it has to be thrown away when `feed` or
`finish` raises. The signatures of SigV4A (ECDSA) are not checked.
"""

from hashlib import sha256

from protocols.errors import Error
from protocols.http import Request
from runtime.digests import LENGTHS
from runtime.signatures import same, sign, signing_key
from server.sigv4 import Signed, mismatch

SMALLEST_BYTES = 8192
"""All chunks but the last are at least so long."""
TRAILERS = frozenset(f"x-amz-checksum-{name.lower()}" for name in LENGTHS)
"""The headers that may trail a body."""
_LONGEST_LINE_BYTES = 1024
_LONGEST_TRAILER_BYTES = 16 * 1024
_EMPTY = sha256(b"").hexdigest().encode()
_HEXADECIMAL = frozenset(b"0123456789abcdefABCDEF")
_EXTENSION = b"chunk-signature="
_SIGNATURE = "x-amz-trailer-signature"

_HEADER, _DATA, _DATA_END, _TRAILER = range(4)


class Chain:
    """The signatures of one body, each made of the one before."""

    def __init__(self, signed: Signed, secret: str) -> None:
        self._key = signing_key(secret, signed.date, signed.region, signed.service)
        self._start = b"%b\n%b\n" % (signed.moment, signed.scope)
        self._signed = signed
        self._last = signed.signature.encode()

    def chunk(self, given: bytes, digest: str) -> None:
        """Check a chunk's signature. Raises SignatureDoesNotMatch."""
        parts = (b"AWS4-HMAC-SHA256-PAYLOAD\n", self._start, self._last, b"\n", _EMPTY, b"\n")
        self._check(given, b"".join(parts) + digest.encode())

    def trailer(self, given: bytes, canonical: bytes) -> None:
        """Check the signature of the trailing headers. Raises SignatureDoesNotMatch."""
        parts = (b"AWS4-HMAC-SHA256-TRAILER\n", self._start, self._last, b"\n")
        self._check(given, b"".join(parts) + sha256(canonical).hexdigest().encode())

    def _check(self, given: bytes, string_to_sign: bytes) -> None:
        signature = given.decode("latin-1")
        if not same(sign(self._key, string_to_sign), signature):
            signed = self._signed._replace(signature=signature)
            raise Error(
                "SignatureDoesNotMatch",
                "The request signature we calculated does not match the signature you provided. "
                "Check your key and signing method.",
                status=403,
                **mismatch(signed, string_to_sign),
            )
        self._last = given


class Decoder:
    """Takes an aws-chunked body in pieces of any size, and gives the data in it.

    `length` is x-amz-decoded-content-length; `chain` checks the signatures; `announced` are the
    names in x-amz-trailer. What is None is not checked. A body that `must_trail` has a trailer,
    whatever is announced. Errors are those that S3 answers.
    """

    def __init__(
        self,
        length: int | None = None,
        chain: Chain | None = None,
        announced: frozenset[str] | None = None,
        must_trail: bool = False,
    ) -> None:
        self.trailers: dict[str, str] = {}
        """The headers that trailed, names in lower case; complete after `finish`."""
        self.length = length
        self._chain = chain
        self._announced = announced
        self._must_trail = must_trail
        self._state = _HEADER
        self._held = bytearray()
        """Of a header, of the end of a chunk, or of the trailer: what has come so far."""
        self._chunks = 0
        self._size = 0
        """Of all chunks so far, the one that is coming included."""
        self._chunk_size = 0
        self._left = 0
        self._signature = b""
        self._digest = sha256()

    def feed(self, data: bytes) -> list[bytes]:
        """The data in the next piece. Raises what is wrong with it."""
        found: list[bytes] = []
        at, end = 0, len(data)
        while at < end:
            state = self._state
            if state == _DATA:
                piece = data[at : at + self._left]
                at += len(piece)
                self._left -= len(piece)
                if self._chain is not None:
                    self._digest.update(piece)
                found.append(piece)
                if not self._left:
                    self._state = _DATA_END
            elif state == _HEADER:
                stop = data.find(b"\n", at) + 1 or end
                self._held += data[at:stop]
                at = stop
                if len(self._held) > _LONGEST_LINE_BYTES:
                    raise _incomplete()
                if self._held.endswith(b"\n"):
                    self._begin_chunk(bytes(self._held))
                    self._held.clear()
            elif state == _DATA_END:
                stop = at + 2 - len(self._held)
                self._held += data[at:stop]
                at = stop
                if len(self._held) == 2:
                    self._end_chunk()
            else:
                self._held += data[at:]
                if len(self._held) > _LONGEST_TRAILER_BYTES:
                    raise _malformed_trailer()
                break
        return found

    def finish(self) -> None:
        """There is no more. Raises IncompleteBody or MalformedTrailerError if there should be."""
        if self._state != _TRAILER:
            raise _incomplete()
        if self.length is not None and self._size != self.length:
            raise _other_length()
        held = bytes(self._held)
        if held != b"\r\n" and not held.endswith(b"\r\n\r\n"):
            raise _incomplete()
        for line in held.decode("latin-1").split("\n"):
            text = line.strip()
            if text:
                name, colon, value = text.partition(":")
                if not colon or not name.strip():
                    raise _malformed_trailer()
                self.trailers[name.strip().lower()] = value.strip()
        signature = self.trailers.pop(_SIGNATURE, None)
        if self._announced is not None and self._announced != self.trailers.keys():
            raise _malformed_trailer()
        if self._must_trail and not self.trailers:
            raise _incomplete()
        if self._chain is not None and (self.trailers or signature is not None):
            if signature is None:
                raise _malformed_trailer()
            lines = [f"{name}:{value}\n" for name, value in sorted(self.trailers.items())]
            self._chain.trailer(signature.encode("latin-1"), "".join(lines).encode("latin-1"))

    def _begin_chunk(self, line: bytes) -> None:
        text, _, extension = line.partition(b";")
        digits = text.removesuffix(b"\r\n")
        if (
            not line.endswith(b"\r\n")
            or not 0 < len(digits) <= 16
            or not set(digits) <= _HEXADECIMAL
        ):
            raise _incomplete()
        size = int(digits, 16)
        self._chunks += 1
        if size and self._chunks > 1 and self._chunk_size < SMALLEST_BYTES:
            raise Error(
                "InvalidChunkSizeError",
                "Only the last chunk is allowed to have a size less than 8192 bytes",
                status=403,
                Chunk=self._chunks,
                BadChunkSize=self._chunk_size,
            )
        self._size += size
        if self.length is not None and self._size > self.length:
            raise _other_length()
        self._chunk_size = self._left = size
        if self._chain is not None:
            extension = extension.removesuffix(b"\r\n")
            if not extension.startswith(_EXTENSION):
                raise _incomplete()
            self._signature = extension.removeprefix(_EXTENSION)
            self._digest = sha256()
        if size:
            self._state = _DATA
        else:
            self._check_signature()
            self._state = _TRAILER

    def _end_chunk(self) -> None:
        if self._held != b"\r\n":
            raise _incomplete()
        self._held.clear()
        self._check_signature()
        self._state = _HEADER

    def _check_signature(self) -> None:
        if self._chain is not None:
            self._chain.chunk(self._signature, self._digest.hexdigest())


def decoder(request: Request, signed: Signed | None, secret: str | None) -> Decoder | None:
    """What takes a request's body apart; None when x-amz-content-sha256 says it is not chunked.

    The signatures of chunks are checked when the secret is known. Raises MissingContentLength and
    InvalidRequest.
    """
    kind = request.headers.get(b"x-amz-content-sha256", b"")
    if not kind.startswith(b"STREAMING-"):
        return None
    length = request.headers.get(b"x-amz-decoded-content-length")
    if length is None or not length.isdigit() or len(length) > 16:
        message = "You must provide the Content-Length HTTP header."
        raise Error("MissingContentLength", message, status=411)
    listed = request.headers.get(b"x-amz-trailer", b"").decode("latin-1").lower().split(",")
    announced = frozenset(name.strip() for name in listed) - {""}
    if not announced <= TRAILERS:
        message = "The value specified in the x-amz-trailer header is not supported"
        raise Error("InvalidRequest", message, status=400)
    chain = None
    if (
        signed is not None
        and secret is not None
        and kind.startswith(b"STREAMING-AWS4-HMAC-SHA256-")
    ):
        chain = Chain(signed, secret)
    return Decoder(int(length), chain, announced, kind.endswith(b"-TRAILER"))


def _incomplete() -> Error:
    return Error("IncompleteBody", "The request body terminated unexpectedly", status=400)


def _other_length() -> Error:
    message = "You did not provide the number of bytes specified by the Content-Length HTTP header"
    return Error("IncompleteBody", message, status=400)


def _malformed_trailer() -> Error:
    message = (
        "The request contained trailing data that was not well-formed "
        "or did not conform to our published schema."
    )
    return Error("MalformedTrailerError", message, status=400)
