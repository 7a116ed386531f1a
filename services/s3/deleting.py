"""Deleting: DeleteObject and DeleteObjects."""

from protocols.errors import Error
from runtime.context import Context, Members
from services.s3 import buckets, checksums, conditions, content, errors, objects
from services.s3.buckets import Bucket

MOST_KEYS = 1000


def delete_object(context: Context, request: Members) -> Members:
    """Delete an object; one that isn't there is deleted just as well."""
    bucket = buckets.find(context, request)
    if "IfMatchLastModifiedTime" in request:
        raise errors.not_implemented("x-amz-if-match-last-modified-time")
    if "IfMatchSize" in request:
        raise errors.not_implemented("x-amz-if-match-size")
    if request.get("BypassGovernanceRetention"):
        _refuse_bypass()
    if "VersionId" in request:
        objects.check_version(request["VersionId"])
    _remove(context, bucket, request["Key"], request.get("IfMatch"))
    return {}


def _refuse_bypass() -> None:
    name = "x-amz-bypass-governance-retention"
    message = f"{name} is only applicable to Object Lock enabled buckets."
    raise errors.invalid_argument(message, name)


def _remove(context: Context, bucket: Bucket, key: str, match: str | None) -> None:
    found = objects.find(context, bucket, key)
    conditions.check_delete(match, key, None if found is None else found.etag)
    if found is not None:
        content.drop(context, found.body_id, found.segments, found.parts)
        context.store.run("DELETE FROM s3_object WHERE bucket_id = ? AND key = ?", bucket.id, key)


def delete_objects(context: Context, request: Members) -> Members:
    """Delete up to 1,000 objects; each succeeds or fails, and Quiet tells only of failures."""
    checksums.verify_document(context, request)
    bucket = buckets.find(context, request)
    if request.get("BypassGovernanceRetention"):
        _refuse_bypass()
    wanted = request["Delete"]
    if not 1 <= len(wanted["Objects"]) <= MOST_KEYS:
        raise errors.malformed_xml()
    answer: Members = {"Deleted": [], "Errors": []}
    for entry in wanted["Objects"]:
        told = {"Key": entry["Key"]}
        if entry.get("VersionId"):
            told["VersionId"] = entry["VersionId"]
        try:
            _delete_entry(context, bucket, entry)
        except Error as error:
            answer["Errors"].append({**told, "Code": error.code, "Message": error.message})
        else:
            if not wanted.get("Quiet"):
                answer["Deleted"].append(told)
    return answer


def _delete_entry(context: Context, bucket: Bucket, entry: Members) -> None:
    key, version_id = entry["Key"], entry.get("VersionId")
    for name in ("LastModifiedTime", "Size"):
        if name in entry:
            raise errors.not_implemented(name)
    if version_id and version_id != objects.NULL:
        raise errors.no_such_version(key, version_id)
    _remove(context, bucket, key, entry.get("ETag"))
