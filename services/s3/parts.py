"""Parts: uploading, copying and listing the parts of an upload."""

import asyncio
from base64 import b64encode
from typing import NamedTuple

from runtime.bodies import Body
from runtime.context import Context, Members
from services.s3 import buckets, checksums, content, copying, errors, multipart, objects, ranges
from services.s3.buckets import Bucket
from services.s3.multipart import Part, Upload
from services.s3.reading import check_number

MOST_LISTED = 1000


def upload_part(context: Context, request: Members) -> Members:
    """Keep a part of an upload, in the place of one that has its number.

    Partial: SSE-C is refused.
    """
    check_number(request["PartNumber"])
    bucket = buckets.find(context, request)
    upload = multipart.find(context, bucket, request)
    if "SSECustomerAlgorithm" in request:
        raise errors.invalid_request(
            "The multipart upload initiate requested encryption. Subsequent part requests must "
            "include the appropriate encryption parameters."
        )
    body = content.spooled(request.get("Body"))
    if body.size > objects.MOST_PUT_BYTES:
        raise objects.too_large(body.size)
    checksums.verify_md5(request, body)
    given = checksums.given(context, request, body)
    if given is not None:
        algorithm, value = given
        if upload.algorithm not in (None, algorithm):
            raise multipart.type_mismatch(upload, algorithm)
        if checksums.of(body, algorithm) != value:
            raise checksums.mismatch(algorithm)
    checksum = checksums.of(body, upload.algorithm or checksums.DEFAULT)
    etag = body.md5.hex()
    made = Part(
        number=request["PartNumber"],
        body_id=content.create_file(context, bucket, body),
        size=body.size,
        etag=etag,
        modified=int(context.now),
        checksum=checksum,
        given=int(given is not None),
    )
    _save(context, upload, made)
    answer: Members = {"ETag": f'"{etag}"', "ServerSideEncryption": objects.ENCRYPTION}
    if given is not None:
        answer[checksums.MEMBER[given[0]]] = given[1]
    elif upload.algorithm is not None:
        answer[checksums.MEMBER[upload.algorithm]] = checksum
    return answer


def _save(context: Context, upload: Upload, part: Part) -> None:
    old = context.store.value(
        "SELECT body_id FROM s3_part WHERE upload = ? AND number = ?", upload.id, part.number
    )
    if old is not None:
        content.drop(context, old, segments=1)
    context.store.run(
        "INSERT OR REPLACE INTO s3_part"
        " (upload, number, body_id, size_bytes, etag, modified, checksum, given)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        *(upload.id, *part),
    )


# copying -----------------------------------------------------------------------------------------


class _Read(NamedTuple):
    identity: str
    etag: str
    checksum: str


async def upload_part_copy(context: Context, request: Members) -> Members:
    """Make a part of an object, or of a range of one.

    The bytes of large ones are shared, and only read for their digests.

    Partial: SSE-C and access points are refused.
    """
    check_number(request["PartNumber"])
    known: _Read | None = None
    while True:
        with context.transaction():
            bucket = buckets.find(context, request)
            upload = multipart.find(context, bucket, request)
            found = copying.source(context, request)
            start, size = _range(request, found.object.size)
            algorithm = upload.algorithm or checksums.DEFAULT
            stored = found.object
            if not stored.segments:
                data = content.data(context, stored.body_id)[start : start + size]
                return _keep_small(context, request, bucket, upload, data, algorithm)
            pieces = content.pieces(context, stored.body_id, start, size)
            if known is not None and known.identity == stored.identity:
                body_id = content.reserve(context, bucket)
                content.share(context, body_id, pieces)
                return _finish(context, request, upload, (body_id, size), known)
            extents = content.extents(context, pieces)
        known = await _digests(stored.identity, extents, algorithm)


async def _digests(identity: str, extents: list[content.Extent], algorithm: str) -> _Read | None:
    """Compute in a thread; None when the source was overwritten meanwhile."""
    try:
        etag, checksum = await asyncio.to_thread(
            content.both_digests, content.bytes_of(extents), algorithm
        )
    except FileNotFoundError:
        return None
    return _Read(identity, etag.hex(), b64encode(checksum).decode())


def _range(request: Members, size: int) -> tuple[int, int]:
    text = request.get("CopySourceRange")
    start, length = (0, size) if text is None else ranges.of_copy(text, size)
    if length > copying.MOST_COPY_BYTES:
        raise copying.too_large()
    return start, length


def _keep_small(
    context: Context,
    request: Members,
    bucket: Bucket,
    upload: Upload,
    data: bytes,
    algorithm: str,
) -> Members:
    etag, checksum = content.both_digests((data,), algorithm)
    body_id = content.create_file(context, bucket, Body(size=len(data), md5=etag, data=data))
    known = _Read("", etag.hex(), b64encode(checksum).decode())
    return _finish(context, request, upload, (body_id, len(data)), known)


def _finish(
    context: Context, request: Members, upload: Upload, body: tuple[int, int], known: _Read
) -> Members:
    body_id, size = body
    made = Part(
        number=request["PartNumber"],
        body_id=body_id,
        size=size,
        etag=known.etag,
        modified=int(context.now),
        checksum=known.checksum,
        given=0,
    )
    _save(context, upload, made)
    result: Members = {"ETag": f'"{known.etag}"', "LastModified": made.modified}
    if upload.algorithm is not None:
        result[checksums.MEMBER[upload.algorithm]] = known.checksum
    return {"CopyPartResult": result, "ServerSideEncryption": objects.ENCRYPTION}


# listing -----------------------------------------------------------------------------------------


def list_parts(context: Context, request: Members) -> Members:
    """List the parts that an upload has so far."""
    bucket = buckets.find(context, request)
    upload = multipart.find(context, bucket, request)
    most = min(_number(request, "MaxParts", "max-parts", MOST_LISTED), MOST_LISTED)
    after = _number(request, "PartNumberMarker", "part-number-marker", 0)
    rows: list[Part] = context.store.all(
        multipart.PART + " WHERE upload = ? AND number > ? ORDER BY number LIMIT ?",
        *(upload.id, after, most + 1),
        into=Part,
    )
    listed = rows[:most]
    answer: Members = {
        "Bucket": bucket.name,
        "Key": upload.key,
        "UploadId": upload.upload_id,
        "PartNumberMarker": after,
        "NextPartNumberMarker": listed[-1].number if listed else 0,
        "MaxParts": most,
        "IsTruncated": len(rows) > most,
        "Parts": [_told(upload, part) for part in listed],
        "Initiator": upload.initiator,
        "Owner": bucket.owner,
        "StorageClass": upload.storage_class,
    }
    if upload.algorithm is not None:
        answer.update(ChecksumAlgorithm=upload.algorithm, ChecksumType=upload.checksum_type)
    return answer


def _told(upload: Upload, part: Part) -> Members:
    entry: Members = {
        "PartNumber": part.number,
        "LastModified": part.modified,
        "ETag": f'"{part.etag}"',
        "Size": part.size,
    }
    if upload.algorithm is not None:
        entry[checksums.MEMBER[upload.algorithm]] = part.checksum
    return entry


def _number(request: Members, member: str, name: str, default: int) -> int:
    """A whole number that the client may also leave empty. Raises InvalidArgument."""
    text = request.get(member)
    if text in (None, ""):
        return default
    try:
        number = int(text)
    except ValueError:
        message = f"Provided {name} not an integer or within integer range"
        raise errors.invalid_argument(message, name, text) from None
    if not 0 <= number <= 2147483647:
        message = f"Argument {name} must be an integer between 0 and 2147483647"
        raise errors.invalid_argument(message, name, text)
    return number
