"""Checksums: the algorithms, their combination over parts, and their verification.

Small bodies are computed here, at once; of large ones the server has computed what the request
named while it spooled them. A CRC of a whole is combined from the CRCs of its parts; the other
algorithms are only ever checksums of the parts' checksums (COMPOSITE).
"""

import hashlib
from base64 import b64decode, b64encode
from collections.abc import Callable, Iterable
from zlib import crc32

from awscrt import checksums as crt

from protocols.errors import Error
from runtime import digests
from runtime.bodies import Body
from runtime.context import Context, Members
from runtime.digests import LENGTHS
from services.s3 import errors

DEFAULT = "CRC64NVME"
FULL_OBJECT, COMPOSITE = "FULL_OBJECT", "COMPOSITE"
MEMBERS = {f"Checksum{name}": name for name in LENGTHS}
MEMBER = {name: f"Checksum{name}" for name in LENGTHS}
HEADERS = {name: f"x-amz-checksum-{name.lower()}" for name in LENGTHS}
_COMBINE: dict[str, Callable[[int, int, int], int]] = {
    "CRC32": crt.combine_crc32,
    "CRC32C": crt.combine_crc32c,
    "CRC64NVME": crt.combine_crc64nvme,
}
LINEAR = frozenset(_COMBINE)
"""Those whose value over a whole follows from the parts' values."""


def compute(algorithm: str, pieces: Iterable[bytes]) -> bytes:
    """The digest of bytes that come in pieces."""
    running = digests.new(algorithm)
    for piece in pieces:
        running.update(piece)
    return running.digest()


def of(body: Body, algorithm: str) -> str:
    """A body's checksum in base64: as computed while it came in, or computed now."""
    digest = body.checksums.get(algorithm)
    if digest is None:
        data = body.data
        if data is None:
            digest = compute(algorithm, body.pieces())
        elif algorithm == "CRC64NVME":
            digest = crt.crc64nvme(data).to_bytes(8, "big")
        elif algorithm == "CRC32":
            digest = crc32(data).to_bytes(4, "big")
        else:
            digest = compute(algorithm, (data,))
        body.checksums[algorithm] = digest
    return b64encode(digest).decode()


def full_object(algorithm: str, parts: Iterable[tuple[str, int]]) -> str:
    """The CRC of a whole from its parts' CRCs (base64) and sizes, in order."""
    combine, total = _COMBINE[algorithm], 0
    for checksum, size in parts:
        total = combine(total, int.from_bytes(b64decode(checksum), "big"), size)
    return b64encode(total.to_bytes(LENGTHS[algorithm], "big")).decode()


def composite(algorithm: str, parts: Iterable[str]) -> str:
    """The checksum of the parts' checksums, with the number of parts."""
    digests = [b64decode(part) for part in parts]
    whole = b64encode(compute(algorithm, digests)).decode()
    return f"{whole}-{len(digests)}"


# what a request gives ----------------------------------------------------------------------------


def given(context: Context, request: Members, body: Body | None = None) -> tuple[str, str] | None:
    """The algorithm and the value that a request gives, in a header or a trailer; None without one.

    Raises InvalidRequest for several, or for a value that no digest of the algorithm can have.
    """
    found = [(MEMBERS[name], request[name]) for name in MEMBERS.keys() & request.keys()]
    if body is not None and body.trailers:
        for algorithm, header in HEADERS.items():
            if header in body.trailers:
                found.append((algorithm, body.trailers[header]))
    if not found:
        return None
    if len(found) > 1:
        raise errors.invalid_request(
            "Expecting a single x-amz-checksum- header. Multiple checksum Types are not allowed."
        )
    algorithm, value = found[0]
    if _digest_bytes(value) != LENGTHS[algorithm]:
        header = HEADERS[algorithm]
        raise errors.invalid_request(f"Value for {header} header is invalid.")
    return algorithm, value


def _digest_bytes(value: str) -> int:
    try:
        return len(b64decode(value, validate=True))
    except ValueError:
        return -1


def verify(context: Context, request: Members, body: Body) -> tuple[str, str]:
    """The algorithm and the checksum that a put object keeps: the request's, or else CRC64NVME.

    Raises BadDigest when the body has another one than the request says.
    """
    found = given(context, request, body)
    if found is None:
        return DEFAULT, of(body, DEFAULT)
    algorithm, value = found
    if of(body, algorithm) != value:
        raise mismatch(algorithm)
    return found


def mismatch(algorithm: str) -> Error:
    """The bytes have another checksum than the client said."""
    return Error(
        "BadDigest", f"The {algorithm} you specified did not match the calculated checksum."
    )


def verify_md5(request: Members, body: Body) -> None:
    """Compare Content-MD5 with what came. Raises InvalidDigest or BadDigest."""
    text = request.get("ContentMD5")
    if text is None:
        return
    try:
        expected = b64decode(text, validate=True)
    except ValueError:
        expected = b""
    if len(expected) != 16:
        message = "The Content-MD5 you specified was invalid."
        raise Error("InvalidDigest", message, **{"Content-MD5": text})
    if expected != body.md5:
        raise Error(
            "BadDigest",
            "The Content-MD5 you specified did not match what we received.",
            ExpectedDigest=text,
            CalculatedDigest=b64encode(body.md5).decode(),
        )


def verify_document(context: Context, request: Members) -> None:
    """Check that an XML body came with a digest, and has it; in-process calls bring none."""
    http = context.http
    if http is None:
        return
    data = http.body if isinstance(http.body, bytes) else http.body.read()
    body = Body(size=len(data), data=data)
    digest = http.header(b"content-md5")
    if digest is not None:
        body.md5 = hashlib.md5(data, usedforsecurity=False).digest()
        verify_md5({"ContentMD5": digest}, body)
    members = {
        MEMBER[name]: value
        for name, header in HEADERS.items()
        if (value := http.header(header.encode())) is not None
    }
    if members:
        verify(context, members, body)
    elif digest is None:
        raise errors.invalid_request(
            "Missing required header for this request: Content-MD5 OR x-amz-checksum-*"
        )


def answer(algorithm: str, checksum: str, kind: str) -> Members:
    """The members that tell an object's checksum."""
    return {MEMBER[algorithm]: checksum, "ChecksumType": kind}
