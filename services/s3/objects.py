"""Objects: PutObject, and what every module knows of an object's row."""

from typing import NamedTuple

from protocols.errors import Error
from runtime.context import Context, Members
from services.s3 import buckets, checksums, conditions, content, errors, metadata, tags
from services.s3.buckets import Bucket

MOST_PUT_BYTES = 5 * 1024**3
NULL = "null"
ENCRYPTION = "AES256"
"""What S3 does to every object that asks for nothing else."""


class Stored(NamedTuple):
    """An object's row."""

    version_id: str
    body_id: int
    segments: int
    generation: int
    size: int
    etag: str
    modified: int
    storage_class: str
    algorithm: str
    checksum: str
    checksum_type: str
    headers: str
    tags: str | None
    parts: int | None

    @property
    def identity(self) -> str:
        """Another one after each write of the key."""
        return f"{self.body_id}.{self.generation}"


COLUMNS = (
    "version_id, body_id, segments, generation, size_bytes, etag, modified, storage_class,"
    " algorithm, checksum, checksum_type, headers, tags, parts"
)
_FIND = f"SELECT {COLUMNS} FROM s3_object WHERE bucket_id = ? AND key = ?"
_SAVE = (
    f"INSERT OR REPLACE INTO s3_object (bucket_id, key, {COLUMNS})"
    " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
)


def find(context: Context, bucket: Bucket, key: str) -> Stored | None:
    """The object of a key, if there is one."""
    found: Stored | None = context.store.one(_FIND, bucket.id, key, into=Stored)
    return found


def existing(context: Context, bucket: Bucket, key: str, version_id: str | None) -> Stored:
    """The object of a key, or a version of it. Raises NoSuchKey, NoSuchVersion, InvalidArgument."""
    found: Stored | None = context.store.one(_FIND, bucket.id, key, into=Stored)
    if version_id is not None:
        check_version(version_id)
        if found is None:
            raise errors.no_such_version(key, version_id)
    if found is None:
        raise errors.no_such_key(key)
    return found


def check_version(version_id: str) -> None:
    """Raises InvalidArgument for what can't be a version's id: here, all but `null`."""
    if version_id != NULL:
        raise errors.invalid_version(version_id)


def save(context: Context, bucket: Bucket, key: str, made: Stored, replaced: Stored | None) -> None:
    """Make this the object of a key; the replaced one's bytes are gone unless they are its own."""
    if replaced is not None and replaced.body_id != made.body_id:
        content.drop(context, replaced.body_id, replaced.segments, replaced.parts)
    context.store.run(_SAVE, bucket.id, key, *made)


def too_large(size: int, most: int = MOST_PUT_BYTES) -> Error:
    """More bytes than one request may bring."""
    return Error(
        "EntityTooLarge",
        "Your proposed upload exceeds the maximum allowed size",
        ProposedSize=size,
        MaxSizeAllowed=most,
    )


def put_object(context: Context, request: Members) -> Members:
    """Store an object, over one that has its key.

    Partial: SSE-KMS, SSE-C, ACLs, Object Lock and appending are refused.
    """
    bucket = buckets.find(context, request)
    key = request["Key"]
    metadata.check_key(key)
    metadata.refuse(request, bucket.ownership)
    storage_class = metadata.storage_class(request)
    headers = metadata.headers(request)
    tag_set = tags.of_header(request.get("Tagging"))
    body = content.spooled(request.get("Body"))
    if body.size > MOST_PUT_BYTES:
        raise too_large(body.size)
    checksums.verify_md5(request, body)
    algorithm, checksum = checksums.verify(context, request, body)
    old = find(context, bucket, key)
    conditions.check_write(request, key, None if old is None else old.etag)
    etag = body.md5.hex()
    if old is None:
        body_id, segments = content.create(context, bucket, body)
        generation = 0
    else:
        body_id, generation = old.body_id, old.generation + 1
        segments = content.overwrite(context, body_id, old.segments, body)
        if old.parts is not None:
            content.forget_parts(context, body_id)
    context.store.run(
        _SAVE,
        bucket.id,
        key,
        NULL,
        body_id,
        segments,
        generation,
        body.size,
        etag,
        int(context.now),
        storage_class,
        algorithm,
        checksum,
        checksums.FULL_OBJECT,
        headers,
        tag_set,
        None,
    )
    return {
        "ETag": f'"{etag}"',
        checksums.MEMBER[algorithm]: checksum,
        "ChecksumType": checksums.FULL_OBJECT,
        "ServerSideEncryption": ENCRYPTION,
    }
