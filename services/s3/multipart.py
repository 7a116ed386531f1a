"""Multipart uploads, from their creation to their completion or end.

Completing costs the number of parts, not their bytes: the parts' pieces of files become those of
the object.
"""

from hashlib import md5
from typing import Any, NamedTuple
from urllib.parse import quote

from protocols.errors import Error
from runtime.context import Context, Members
from runtime.ids import ALPHANUMERIC
from runtime.principals import canonical_id
from services.s3 import (
    buckets,
    checksums,
    conditions,
    content,
    errors,
    listing,
    metadata,
    objects,
    tags,
)
from services.s3.buckets import Bucket
from services.s3.checksums import COMPOSITE, FULL_OBJECT
from services.s3.objects import Stored

LEAST_PART_BYTES = 5 * 1024**2
_ID_BYTES = 128


class Upload(NamedTuple):
    """An upload's row."""

    id: int
    upload_id: str
    bucket_id: int
    key: str
    initiated: int
    initiator_id: str
    initiator_name: str
    storage_class: str
    algorithm: str | None
    checksum_type: str | None
    headers: str
    tags: str | None
    replaces: str
    finished: int

    @property
    def initiator(self) -> Members:
        """Who created the upload."""
        return {"ID": self.initiator_id, "DisplayName": self.initiator_name}


class Part(NamedTuple):
    """A part's row."""

    number: int
    body_id: int | None
    size: int
    etag: str
    modified: int
    checksum: str
    given: int


UPLOAD = (
    "SELECT id, upload_id, bucket_id, key, initiated, initiator_id, initiator_name, storage_class,"
    " algorithm, checksum_type, headers, tags, replaces, finished FROM s3_upload"
)
_FIND = UPLOAD + " WHERE upload_id = ? AND bucket_id = ? AND key = ?"
PART = "SELECT number, body_id, size_bytes, etag, modified, checksum, given FROM s3_part"


def find(context: Context, bucket: Bucket, request: Members, finished: bool = False) -> Upload:
    """The upload that a request names. Raises NoSuchUpload."""
    upload_id = request["UploadId"]
    found: Upload | None = context.store.one(
        _FIND, upload_id, bucket.id, request["Key"], into=Upload
    )
    if found is None or (found.finished and not finished):
        raise errors.no_such_upload(upload_id)
    return found


def create_multipart_upload(context: Context, request: Members) -> Members:
    """Begin an upload in parts; the object's headers, class, tags and checksum are fixed now.

    Partial: SSE-KMS, SSE-C, ACLs and Object Lock are refused.
    """
    bucket = buckets.find(context, request)
    key = request["Key"]
    metadata.check_key(key)
    metadata.refuse(request, bucket.ownership)
    algorithm, kind = _checksum(request)
    current = objects.find(context, bucket, key)
    principal = context.principal
    root = principal.type in ("root", "anonymous", "service")
    upload_id = context.ids.characters(ALPHANUMERIC + "._-", _ID_BYTES)
    context.store.run(
        "INSERT INTO s3_upload (id, upload_id, bucket_id, key, initiated, initiator_id,"
        " initiator_name, storage_class, algorithm, checksum_type, headers, tags, replaces,"
        " finished)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0)",
        content.reserve(context, bucket),
        upload_id,
        bucket.id,
        key,
        int(context.now),
        canonical_id(context.account) if root else principal.arn,
        principal.arn.rpartition("/")[2].rpartition(":")[2],
        metadata.storage_class(request),
        algorithm,
        kind,
        metadata.headers(request),
        tags.of_header(request.get("Tagging")),
        "" if current is None else current.identity,
    )
    answer: Members = {
        "Bucket": bucket.name,
        "Key": key,
        "UploadId": upload_id,
        "ServerSideEncryption": objects.ENCRYPTION,
    }
    if algorithm is not None:
        answer.update(ChecksumAlgorithm=algorithm, ChecksumType=kind)
    return answer


def _checksum(request: Members) -> tuple[str | None, str | None]:
    """The algorithm of an upload, and how the parts' checksums become the whole's."""
    algorithm, kind = request.get("ChecksumAlgorithm"), request.get("ChecksumType")
    if algorithm is None:
        if kind is not None:
            raise errors.invalid_request(
                "The x-amz-checksum-type header can only be used with the x-amz-checksum-algorithm "
                "header."
            )
        return None, None
    if kind is None:
        kind = FULL_OBJECT if algorithm == checksums.DEFAULT else COMPOSITE
    if (kind == FULL_OBJECT and algorithm not in checksums.LINEAR) or (
        kind == COMPOSITE and algorithm == checksums.DEFAULT
    ):
        raise errors.invalid_request(
            f"The {kind} checksum type cannot be used with the {algorithm.lower()} "
            "checksum algorithm."
        )
    return algorithm, kind


# the end -----------------------------------------------------------------------------------------


def complete_multipart_upload(context: Context, request: Members) -> Members:
    """Make an object of an upload's parts; repeated, it answers the same while that is there."""
    bucket = buckets.find(context, request)
    upload = find(context, bucket, request, finished=True)
    key = upload.key
    current = objects.find(context, bucket, key)
    if upload.finished:
        if current is None or current.body_id != upload.id:
            raise errors.no_such_upload(upload.upload_id)
        return _completed(context, bucket, upload, current)
    chosen, unused = _chosen(context, request, upload)
    size = sum(part.size for part in chosen)
    checksum = _whole(context, request, upload, chosen)
    if request.get("MpuObjectSize", size) != size:
        raise errors.invalid_request(
            f"The provided 'x-amz-mp-object-size' header value {request['MpuObjectSize']} does not "
            f"match what was computed: {size}"
        )
    conditions.check_write(request, key, None if current is None else current.etag)
    if "IfMatch" in request and current is not None and current.identity != upload.replaces:
        raise conditions.conflict(key, "If-Match")
    segments = _join(context, upload, chosen, unused)
    joined = md5(b"".join(bytes.fromhex(part.etag) for part in chosen), usedforsecurity=False)
    made = Stored(
        version_id=objects.NULL,
        body_id=upload.id,
        segments=segments,
        generation=0,
        size=size,
        etag=f"{joined.hexdigest()}-{len(chosen)}",
        modified=upload.initiated,
        storage_class=upload.storage_class,
        algorithm=upload.algorithm or checksums.DEFAULT,
        checksum=checksum,
        checksum_type=upload.checksum_type or FULL_OBJECT,
        headers=upload.headers,
        tags=upload.tags,
        parts=len(chosen),
    )
    objects.save(context, bucket, key, made, current)
    context.store.run("UPDATE s3_upload SET finished = 1 WHERE id = ?", upload.id)
    return _completed(context, bucket, upload, made)


def _completed(context: Context, bucket: Bucket, upload: Upload, made: Stored) -> Members:
    answer = checksums.answer(made.algorithm, made.checksum, made.checksum_type)
    answer.update(
        Location=location(context, bucket, upload.key),
        Bucket=bucket.name,
        Key=upload.key,
        ETag=f'"{made.etag}"',
        ServerSideEncryption=objects.ENCRYPTION,
    )
    return answer


def location(context: Context, bucket: Bucket, key: str) -> str:
    """An object's URL here."""
    return f"{context.endpoint_url}/{bucket.name}/{quote(key, safe='~/')}"


def _join(context: Context, upload: Upload, chosen: list[Part], unused: list[Part]) -> int:
    """Make the parts' bytes the object's, and forget the parts that weren't chosen."""
    for part in unused:
        _drop(context, part)
    context.store.many(
        "DELETE FROM s3_part WHERE upload = ? AND number = ?",
        [(upload.id, part.number) for part in unused],
    )
    start, places = 0, []
    for part in chosen:
        places.append(start)
        start += part.size
    context.store.many(
        "UPDATE s3_part SET body_id = NULL, start = ? WHERE upload = ? AND number = ?",
        [(place, upload.id, part.number) for part, place in zip(chosen, places, strict=True)],
    )
    bodies = [
        (part.body_id, place)
        for part, place in zip(chosen, places, strict=True)
        if part.body_id is not None
    ]
    return content.join(context, upload.id, bodies)


def _chosen(context: Context, request: Members, upload: Upload) -> tuple[list[Part], list[Part]]:
    """The parts that the object is to have, in order, and the others.

    Raises what is wrong with the request's list of parts.
    """
    if "MultipartUpload" not in request:
        raise errors.invalid_request("You must specify at least one part")
    wanted = request["MultipartUpload"].get("Parts") or []
    if not wanted:
        raise errors.malformed_xml()
    rows: list[Part] = context.store.all(
        PART + " WHERE upload = ? ORDER BY number", upload.id, into=Part
    )
    there = {part.number: part for part in rows}
    chosen: list[Part] = []
    for entry in wanted:
        if "PartNumber" not in entry or "ETag" not in entry:
            raise errors.malformed_xml()
        number = entry["PartNumber"]
        gap = upload.checksum_type == COMPOSITE and number != len(chosen) + 1
        if gap or (chosen and number <= chosen[-1].number):
            raise Error(
                "InvalidPartOrder",
                "The list of parts was not in ascending order. "
                "Parts must be ordered by part number.",
                UploadId=upload.upload_id,
            )
        chosen.append(_matching(upload, entry, there.pop(number, None)))
    for part in chosen[:-1]:
        if part.size < LEAST_PART_BYTES:
            raise Error(
                "EntityTooSmall",
                "Your proposed upload is smaller than the minimum allowed size",
                ETag=part.etag,
                MinSizeAllowed=LEAST_PART_BYTES,
                PartNumber=part.number,
                ProposedSize=part.size,
            )
    return chosen, list(there.values())


def _matching(upload: Upload, entry: Members, part: Part | None) -> Part:
    """The part that an entry names. Raises InvalidPart when it isn't there, or is another."""
    etag, number = conditions.tag(entry["ETag"]), entry["PartNumber"]
    wrong = Error(
        "InvalidPart",
        "One or more of the specified parts could not be found.  The part may not have been "
        "uploaded, or the specified entity tag may not match the part's entity tag.",
        ETag=etag,
        PartNumber=number,
        UploadId=upload.upload_id,
    )
    if part is None or part.etag != etag:
        raise wrong
    given = [(checksums.MEMBERS[name], entry[name]) for name in checksums.MEMBERS if name in entry]
    if upload.checksum_type == COMPOSITE and not given:
        algorithm = (upload.algorithm or "").lower()
        raise errors.invalid_request(
            f"The upload was created using a {algorithm} checksum. The complete request must "
            f"include the checksum for each part. It was missing for part {number} in the request."
        )
    for algorithm, value in given:
        if algorithm == upload.algorithm and value == part.checksum:
            continue
        if algorithm == upload.algorithm and not part.given:
            raise Error(
                "BadDigest",
                f"The {algorithm.lower()} you specified for part {number} did not match what we "
                "received.",
            )
        raise wrong
    return part


def _whole(context: Context, request: Members, upload: Upload, chosen: list[Part]) -> str:
    """The object's checksum, compared with what the request says of it."""
    kind = request.get("ChecksumType")
    if kind is not None and kind != upload.checksum_type:
        created = upload.checksum_type or "null"
        raise errors.invalid_request(
            f"The upload was created using the {created} checksum mode. The complete request must "
            "use the same checksum mode."
        )
    algorithm = upload.algorithm or checksums.DEFAULT
    if upload.checksum_type == COMPOSITE:
        whole = checksums.composite(algorithm, (part.checksum for part in chosen))
    else:
        whole = checksums.full_object(algorithm, ((part.checksum, part.size) for part in chosen))
    for member, named in checksums.MEMBERS.items():
        value = request.get(member)
        if value is None:
            continue
        if named != algorithm:
            raise type_mismatch(upload, named)
        if value not in (whole, whole.partition("-")[0]):
            raise checksums.mismatch(algorithm)
    return whole


def type_mismatch(upload: Upload, actual: str) -> Error:
    """A checksum of another algorithm than the upload was created with."""
    expected = "null" if upload.algorithm is None else upload.algorithm.lower()
    return errors.invalid_request(
        f"Checksum Type mismatch occurred, expected checksum Type: {expected}, "
        f"actual checksum Type: {actual.lower()}"
    )


def _drop(context: Context, part: Part) -> None:
    if part.body_id is not None:
        content.drop(context, part.body_id, segments=1)


def abort_multipart_upload(context: Context, request: Members) -> Members:
    """End an upload and forget its parts."""
    bucket = buckets.find(context, request)
    _abandon(context, find(context, bucket, request).id)
    return {}


def _abandon(context: Context, number: int) -> None:
    for part in context.store.all(PART + " WHERE upload = ?", number, into=Part):
        _drop(context, part)
    content.forget_parts(context, number)
    context.store.run("DELETE FROM s3_body WHERE id = ?", number)


def abandon_all(context: Context, bucket: Bucket) -> None:
    """End all uploads of a bucket that is deleted."""
    for (number,) in context.store.all(
        "SELECT id FROM s3_upload WHERE bucket_id = ? AND NOT finished", bucket.id
    ):
        _abandon(context, number)


# listing -----------------------------------------------------------------------------------------

_UNDER_WAY = (
    "SELECT key, id, upload_id, initiated, initiator_id, initiator_name, storage_class, algorithm,"
    " checksum_type FROM s3_upload WHERE bucket_id = ? AND NOT finished AND (key, id) > (?, ?)"
)
_ALL = _UNDER_WAY + " ORDER BY key, id LIMIT ?"
_BELOW = _UNDER_WAY + " AND key < ? ORDER BY key, id LIMIT ?"


def list_multipart_uploads(context: Context, request: Members) -> Members:
    """List the uploads that are under way, by key and then by age.

    As on AWS the next markers name the last upload of the page, and are empty for a page of common
    prefixes alone.
    """
    bucket = buckets.find(context, request)
    wanted = listing.wish(request, request.get("MaxUploads"), "max-uploads", "max-uploads")
    key_marker = request.get("KeyMarker", "")
    id_marker = request.get("UploadIdMarker", "") if key_marker else ""
    after = (key_marker, listing.BEHIND)
    if id_marker:
        after = (key_marker, _marked(context, bucket, key_marker, id_marker))

    def fetch(place: listing.Place, end: str | None, most: int) -> list[listing.Row]:
        if end is None:
            return context.store.all(_ALL, bucket.id, *place, most)
        return context.store.all(_BELOW, bucket.id, *place, end, most)

    page = listing.walk(fetch, wanted.prefix, wanted.delimiter, after, wanted.most)
    text = wanted.text
    last: Any = page.rows[-1] if page.rows else ("", 0, "")
    answer: Members = {
        "Bucket": bucket.name,
        "KeyMarker": text(key_marker),
        "UploadIdMarker": id_marker,
        "NextKeyMarker": text(last[0]),
        "NextUploadIdMarker": last[2],
        "MaxUploads": wanted.most,
        "IsTruncated": page.truncated,
        "Uploads": [_told(bucket, row, text(row[0])) for row in page.rows],
        "CommonPrefixes": [{"Prefix": text(prefix)} for prefix in page.prefixes],
    }
    if wanted.prefix:
        answer["Prefix"] = text(wanted.prefix)
    if wanted.delimiter:
        answer["Delimiter"] = text(wanted.delimiter)
    if wanted.encoded:
        answer["EncodingType"] = "url"
    return answer


def _told(bucket: Bucket, row: listing.Row, key: str) -> Members:
    _, _, upload_id, initiated, initiator_id, name, storage_class, algorithm, kind = row
    entry: Members = {
        "UploadId": upload_id,
        "Key": key,
        "Initiated": initiated,
        "StorageClass": storage_class,
        "Owner": bucket.owner,
        "Initiator": {"ID": initiator_id, "DisplayName": name},
    }
    if algorithm is not None:
        entry.update(ChecksumAlgorithm=algorithm, ChecksumType=kind)
    return entry


def _marked(context: Context, bucket: Bucket, key: str, upload_id: str) -> int:
    found: int | None = context.store.value(
        "SELECT id FROM s3_upload WHERE upload_id = ? AND bucket_id = ? AND key = ?",
        *(upload_id, bucket.id, key),
    )
    if found is None:
        message = "Invalid uploadId marker"
        raise errors.invalid_argument(message, "upload-id-marker", upload_id)
    return found
