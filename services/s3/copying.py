"""Copying: CopyObject, and copy sources.

The bytes of large objects are not copied but shared. They are read, in a thread, only where a copy
has digests that its source has not: a copy of a multipart object is an object in one piece, with
the MD5 of all its bytes as its ETag.
"""

import asyncio
from base64 import b64encode
from typing import NamedTuple

import orjson

from protocols.errors import Error
from protocols.http import unquote
from runtime.context import Context, Members
from services.s3 import buckets, checksums, conditions, content, errors, metadata, objects, tags
from services.s3.buckets import Bucket
from services.s3.objects import Stored

MOST_COPY_BYTES = 5 * 1024**3


class Source(NamedTuple):
    """What is copied."""

    bucket: Bucket
    key: str
    object: Stored


def source(context: Context, request: Members) -> Source:
    """The object that x-amz-copy-source names, if the request's conditions allow to copy it."""
    text, _, version_id = request["CopySource"].partition("?versionId=")
    if text.startswith("arn:"):
        raise errors.not_implemented("x-amz-copy-source", "Access points are not implemented")
    name, _, key = unquote(text.replace("+", " ")).removeprefix("/").partition("/")
    if not name or not key:
        message = "Invalid copy source object key"
        raise errors.invalid_argument(message, "x-amz-copy-source", "x-amz-copy-source")
    if "CopySourceSSECustomerAlgorithm" in request:
        raise errors.not_implemented("x-amz-copy-source-server-side-encryption-customer-algorithm")
    expected = request.get("ExpectedSourceBucketOwner", "")
    bucket = buckets.find(context, request, name=name, expected=expected)
    found = objects.existing(context, bucket, key, version_id or None)
    conditions.check_source(context, request, found.etag, found.modified)
    if found.storage_class in metadata.ARCHIVED:
        raise Error(
            "InvalidObjectState",
            "Operation is not valid for the source object's storage class",
            StorageClass=found.storage_class,
        )
    return Source(bucket, key, found)


def too_large() -> Error:
    """A source of more than 5 GiB must be copied in parts."""
    return errors.invalid_request(
        "The specified copy source is larger than the maximum allowable size for a copy source: "
        f"{MOST_COPY_BYTES}"
    )


class Digests(NamedTuple):
    """What was computed of a source, and of which state of it."""

    identity: str
    etag: str
    checksum: str


async def copy_object(context: Context, request: Members) -> Members:
    """Make an object of another one's bytes, with its metadata and tags or with the request's.

    Partial: SSE-KMS, SSE-C, ACLs, Object Lock and access points are refused.
    """
    known: Digests | None = None
    while True:
        with context.transaction():
            bucket = buckets.find(context, request)
            found = source(context, request)
            _check(request, bucket, found)
            algorithm = request.get("ChecksumAlgorithm") or found.object.algorithm
            if known is None or known.identity != found.object.identity:
                known = _known(found.object, algorithm)
            if known is not None:
                return _finish(context, request, bucket, found, algorithm, known)
            if not found.object.segments:
                data = content.data(context, found.object.body_id)
                known = _digests(found.object, *content.both_digests((data,), algorithm))
                return _finish(context, request, bucket, found, algorithm, known)
            pieces = content.pieces(context, found.object.body_id)
            extents = content.extents(context, pieces)
        known = await _read(found.object, extents, algorithm)


async def _read(found: Stored, extents: list[content.Extent], algorithm: str) -> Digests | None:
    """Compute a source's digests in a thread; None when it was overwritten meanwhile."""
    try:
        both = await asyncio.to_thread(content.both_digests, content.bytes_of(extents), algorithm)
    except FileNotFoundError:
        return None
    return _digests(found, *both)


def _digests(found: Stored, etag: bytes, checksum: bytes) -> Digests:
    return Digests(found.identity, etag.hex(), b64encode(checksum).decode())


def _known(found: Stored, algorithm: str) -> Digests | None:
    """The digests that a copy takes over from its source, if they are what it needs."""
    if found.parts is not None or found.algorithm != algorithm:
        return None
    return Digests(found.identity, found.etag, found.checksum)


def _check(request: Members, bucket: Bucket, found: Source) -> None:
    key = request["Key"]
    metadata.check_key(key)
    metadata.refuse(request, bucket.ownership)
    if found.object.size > MOST_COPY_BYTES:
        raise too_large()
    changes = ("StorageClass", "WebsiteRedirectLocation", "ServerSideEncryption")
    if (
        (found.bucket.id, found.key) == (bucket.id, key)
        and request.get("MetadataDirective", "COPY") == "COPY"
        and not any(name in request for name in changes)
    ):
        raise errors.invalid_request(
            "This copy request is illegal because it is trying to copy an object to itself without "
            "changing the object's metadata, storage class, website redirect location or "
            "encryption attributes."
        )


def _finish(
    context: Context,
    request: Members,
    bucket: Bucket,
    found: Source,
    algorithm: str,
    known: Digests,
) -> Members:
    key, original = request["Key"], found.object
    old = objects.find(context, bucket, key)
    conditions.check_write(request, key, None if old is None else old.etag)
    if old is not None and old.body_id == original.body_id:
        body_id, generation = old.body_id, old.generation + 1
        if old.parts is not None:
            content.forget_parts(context, body_id)
    else:
        body_id, generation = content.copy(context, bucket, original.body_id, original.segments), 0
    made = Stored(
        version_id=objects.NULL,
        body_id=body_id,
        segments=original.segments,
        generation=generation,
        size=original.size,
        etag=known.etag,
        modified=int(context.now),
        storage_class=metadata.storage_class(request),
        algorithm=algorithm,
        checksum=known.checksum,
        checksum_type=checksums.FULL_OBJECT,
        headers=_headers(request, original),
        tags=_tags(request, original),
        parts=None,
    )
    objects.save(context, bucket, key, made, old)
    result = checksums.answer(algorithm, made.checksum, made.checksum_type)
    result.update(ETag=f'"{made.etag}"', LastModified=made.modified)
    return {"CopyObjectResult": result, "ServerSideEncryption": objects.ENCRYPTION}


def _headers(request: Members, original: Stored) -> str:
    """The copy's headers: a redirect is never taken over."""
    if request.get("MetadataDirective") == "REPLACE":
        return metadata.headers(request)
    redirect = request.get("WebsiteRedirectLocation")
    if redirect is None and "WebsiteRedirectLocation" not in original.headers:
        return original.headers
    kept: Members = orjson.loads(original.headers)
    kept.pop("WebsiteRedirectLocation", None)
    if redirect:
        kept["WebsiteRedirectLocation"] = metadata.redirect_to(redirect)
    return orjson.dumps(kept).decode()


def _tags(request: Members, original: Stored) -> str | None:
    if request.get("TaggingDirective") == "REPLACE":
        return tags.of_header(request.get("Tagging"))
    return original.tags
