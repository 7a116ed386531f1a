"""Reading: GetObject, HeadObject and GetObjectAttributes."""

from typing import Any

import orjson

from protocols.errors import Error
from runtime.context import Context, Members
from services.s3 import (
    buckets,
    checksums,
    conditions,
    content,
    errors,
    metadata,
    objects,
    ranges,
    tags,
)
from services.s3.objects import Stored

MOST_PARTS = 10_000
_OVERRIDES = {
    "ResponseCacheControl": "CacheControl",
    "ResponseContentDisposition": "ContentDisposition",
    "ResponseContentEncoding": "ContentEncoding",
    "ResponseContentLanguage": "ContentLanguage",
    "ResponseContentType": "ContentType",
    "ResponseExpires": "Expires",
}
_READ = (
    f"SELECT {objects.COLUMNS}, data FROM s3_object LEFT JOIN s3_body ON s3_body.id = body_id"
    " WHERE bucket_id = ? AND key = ?"
)
_CONDITIONS = frozenset({"IfMatch", "IfNoneMatch", "IfModifiedSince", "IfUnmodifiedSince"})
_PARTIAL = frozenset({"Range", "PartNumber"})
_RARE = frozenset(_OVERRIDES) | _CONDITIONS | _PARTIAL


def get_object(context: Context, request: Members) -> Members:
    """Answer an object's bytes, or a range of them, with all its headers.

    Partial: archived objects can't be restored, SSE-C is refused.
    """
    bucket = buckets.find(context, request)
    row = context.store.one(_READ, bucket.id, request["Key"])
    if row is None or "VersionId" in request:
        objects.existing(context, bucket, request["Key"], request.get("VersionId"))
    *values, data = row
    found = Stored(*values)
    answer, start, length = _described(context, request, found)
    if answer.get("StatusCode") == conditions.NOT_MODIFIED:
        return answer
    if found.storage_class in metadata.ARCHIVED:
        raise Error(
            "InvalidObjectState",
            "The operation is not valid for the object's storage class",
            StorageClass=found.storage_class,
        )
    if found.segments:
        answer["Body"] = content.read(context, found.body_id, start, length)
    else:
        data = data or b""
        answer["Body"] = data if length == found.size else data[start : start + length]
    return answer


def head_object(context: Context, request: Members) -> Members:
    """Answer an object's headers.

    Partial: SSE-C is refused.
    """
    bucket = buckets.find(context, request)
    found = objects.existing(context, bucket, request["Key"], request.get("VersionId"))
    return _described(context, request, found)[0]


def _described(context: Context, request: Members, found: Stored) -> tuple[Members, int, int]:
    """The headers of an answer, and the first byte and the number of those it is about."""
    if "SSECustomerAlgorithm" in request:
        raise errors.invalid_request("The encryption parameters are not applicable to this object.")
    size, start, length = found.size, 0, found.size
    answer: Members = orjson.loads(found.headers)
    answer["LastModified"] = found.modified
    answer["ETag"] = f'"{found.etag}"'
    answer["AcceptRanges"] = "bytes"
    answer["ServerSideEncryption"] = objects.ENCRYPTION
    part: tuple[str, int, int] | None = None
    if not _RARE.isdisjoint(request):
        if conditions.check_read(context, request, found.etag, found.modified):
            return _not_modified(answer), 0, 0
        _override(context, request, answer)
        part = _part(context, request, found)
        wanted = part[1:] if part is not None else _wanted(request, size)
        if wanted is not None:
            start, length = wanted
            answer["StatusCode"] = 206
            answer["ContentRange"] = ranges.content_range(start, length, size)
        if part is not None and found.parts is not None:
            answer["PartsCount"] = found.parts
    answer["ContentLength"] = length
    if request.get("ChecksumMode") == "ENABLED":
        if part is not None and found.checksum_type == checksums.COMPOSITE:
            answer.update(checksums.answer(found.algorithm, part[0], found.checksum_type))
        elif length == size:
            answer.update(checksums.answer(found.algorithm, found.checksum, found.checksum_type))
    if found.storage_class != "STANDARD":
        answer["StorageClass"] = found.storage_class
    if found.tags is not None:
        answer["TagCount"] = tags.count(found.tags)
    return answer, start, length


def _not_modified(answer: Members) -> Members:
    kept = ("ETag", "LastModified", "CacheControl", "Expires")
    found: Members = {name: answer[name] for name in kept if name in answer}
    found["StatusCode"] = conditions.NOT_MODIFIED
    return found


def _override(context: Context, request: Members, answer: Members) -> None:
    """Let the query string say other headers than the object has; signed requests only."""
    for name, header in _OVERRIDES.items():
        value = request.get(name)
        if value is None:
            continue
        if context.principal.type == "anonymous":
            raise errors.invalid_request(
                "Request specific response headers cannot be used for anonymous GET requests."
            )
        answer[header] = value


def _wanted(request: Members, size: int) -> tuple[int, int] | None:
    text = request.get("Range")
    return None if text is None else ranges.of_header(text, size)


def _part(context: Context, request: Members, found: Stored) -> tuple[str, int, int] | None:
    """A part's checksum, first byte and size, when the request is for a part."""
    number = request.get("PartNumber")
    if number is None:
        return None
    if "Range" in request:
        raise errors.invalid_request(
            "Cannot specify both Range header and partNumber query parameter"
        )
    check_number(number)
    if found.parts is None:
        if number != 1:
            raise _no_part(number, 1)
        return found.checksum, 0, found.size
    part: tuple[str, int, int] | None = context.store.one(
        "SELECT checksum, start, size_bytes FROM s3_part WHERE upload = ? AND number = ?",
        *(found.body_id, number),
    )
    if part is None:
        raise _no_part(number, found.parts)
    return part


def check_number(number: int) -> None:
    """Raises InvalidArgument for what can't be a part's number."""
    if not 1 <= number <= MOST_PARTS:
        raise errors.invalid_argument(
            "Part number must be an integer between 1 and 10000, inclusive", "partNumber", number
        )


def _no_part(number: int, count: int) -> Error:
    return Error(
        "InvalidPartNumber",
        "The requested partnumber is not satisfiable",
        ActualPartCount=count,
        PartNumberRequested=number,
    )


def get_object_attributes(context: Context, request: Members) -> Members:
    """Answer those facts of an object that the request names.

    The parts are only listed for objects whose parts have checksums of their own (COMPOSITE); of
    others just their number is told.
    """
    bucket = buckets.find(context, request)
    found = objects.existing(context, bucket, request["Key"], request.get("VersionId"))
    wanted = request["ObjectAttributes"]
    answer: Members = {"LastModified": found.modified}
    if "ETag" in wanted:
        answer["ETag"] = found.etag
    if "Checksum" in wanted:
        value = found.checksum.partition("-")[0]
        answer["Checksum"] = checksums.answer(found.algorithm, value, found.checksum_type)
    if "ObjectParts" in wanted and found.parts is not None:
        answer["ObjectParts"] = _parts(context, request, found)
    if "StorageClass" in wanted:
        answer["StorageClass"] = found.storage_class
    if "ObjectSize" in wanted:
        answer["ObjectSize"] = found.size
    return answer


def _parts(context: Context, request: Members, found: Stored) -> Members:
    answer: Members = {"TotalPartsCount": found.parts}
    if found.checksum_type != checksums.COMPOSITE:
        return answer
    most = min(request.get("MaxParts", 1000), 1000)
    after = request.get("PartNumberMarker", 0)
    if most < 0 or after < 0:
        name = "x-amz-max-parts" if most < 0 else "x-amz-part-number-marker"
        message = f"Argument {name} must be an integer between 0 and 2147483647"
        raise errors.invalid_argument(message, name, min(most, after))
    rows: list[Any] = context.store.all(
        "SELECT number, size_bytes, checksum FROM s3_part WHERE upload = ? AND number > ?"
        " ORDER BY number LIMIT ?",
        *(found.body_id, after, most + 1),
    )
    member = checksums.MEMBER[found.algorithm]
    listed = rows[:most]
    answer["PartNumberMarker"] = after
    answer["NextPartNumberMarker"] = listed[-1][0] if listed else 0
    answer["MaxParts"] = most
    answer["IsTruncated"] = len(rows) > most
    answer["Parts"] = [
        {"PartNumber": number, "Size": size, member: checksum} for number, size, checksum in listed
    ]
    return answer
