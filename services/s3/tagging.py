"""Tagging: reading and changing the tags of objects."""

import orjson

from runtime.context import Context, Members
from services.s3 import buckets, checksums, objects, tags


def _change(context: Context, request: Members, kept: str | None) -> None:
    bucket = buckets.find(context, request)
    objects.existing(context, bucket, request["Key"], request.get("VersionId"))
    context.store.run(
        "UPDATE s3_object SET tags = ? WHERE bucket_id = ? AND key = ?",
        *(kept, bucket.id, request["Key"]),
    )


def put_object_tagging(context: Context, request: Members) -> Members:
    """Replace all tags of an object."""
    checksums.verify_document(context, request)
    _change(context, request, tags.of_set(request["Tagging"]["TagSet"]))
    return {}


def get_object_tagging(context: Context, request: Members) -> Members:
    """List the tags of an object."""
    bucket = buckets.find(context, request)
    found = objects.existing(context, bucket, request["Key"], request.get("VersionId"))
    kept = orjson.loads(found.tags) if found.tags else {}
    return {"TagSet": [{"Key": key, "Value": value} for key, value in kept.items()]}


def delete_object_tagging(context: Context, request: Members) -> Members:
    """Remove all tags of an object."""
    _change(context, request, None)
    return {}
