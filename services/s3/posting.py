"""Posting: uploads by an HTML form, whose fields are PutObject's headers."""

import asyncio
from collections.abc import Callable, Iterable
from hashlib import md5
from typing import Any
from urllib.parse import quote, urlsplit

from protocols import model, xmlread
from runtime import digests
from runtime.bodies import INLINE_BYTES, Body
from runtime.context import Context, Members
from services.s3 import buckets, checksums, content, errors, forms, multipart, objects, post_policy
from services.s3.forms import Form
from services.s3.post_policy import Fields, Policy

_HEADERS = {
    "acl": "ACL",
    "cache-control": "CacheControl",
    "content-disposition": "ContentDisposition",
    "content-encoding": "ContentEncoding",
    "content-md5": "ContentMD5",
    "content-type": "ContentType",
    "expires": "Expires",
    "x-amz-server-side-encryption": "ServerSideEncryption",
    "x-amz-server-side-encryption-aws-kms-key-id": "SSEKMSKeyId",
    "x-amz-server-side-encryption-customer-algorithm": "SSECustomerAlgorithm",
    "x-amz-storage-class": "StorageClass",
    "x-amz-website-redirect-location": "WebsiteRedirectLocation",
    **{header: checksums.MEMBER[name] for name, header in checksums.HEADERS.items()},
}
_METADATA = "x-amz-meta-"
_NO_CONTENT = 204


async def post_object(context: Context, request: Members) -> Members:
    """Store an object that a browser's form uploads, if the form's policy allows it.

    Partial: forms without a policy are refused; so is what PutObject refuses.
    """
    separator = forms.boundary(request.get("ContentType", ""))
    if separator is None:
        raise errors.precondition_failed(
            "Bucket POST must be of the enclosure-type multipart/form-data"
        )
    whole = content.spooled(request.get("Body"))
    head = _head(whole)
    form = forms.parse(head, separator, len(head) == whole.size)
    fields = _fields(form, request["Bucket"])
    if "key" not in fields:
        raise post_policy.missing("key")
    with context.transaction():
        issued = post_policy.authenticate(context, fields)
        policy = post_policy.read(fields["policy"])
        signature = fields.get("x-amz-signature") or fields.get("signature", "")
        post_policy.check_expiry(context, policy, issued, signature)
        post_policy.check_fields(policy, fields)
        buckets.find(context, request)
        put = _put(request["Bucket"], fields)
    algorithm = next((checksums.MEMBERS[name] for name in put if name in checksums.MEMBERS), None)
    body = await _file(context, whole, form, algorithm or checksums.DEFAULT)
    try:
        with context.transaction():
            return _stored(context, put, policy, body, fields)
    finally:
        body.discard()


def _head(body: Body) -> bytes:
    """The first bytes, in which all fields must be."""
    most = 2 * forms.MOST_FIELDS_BYTES
    if body.path is None:
        return (body.data or b"")[:most]
    with body.path.open("rb") as file:
        return file.read(most)


def _fields(form: Form, bucket: str) -> Fields:
    """The form's fields, with the file's name where they ask for it."""
    fields = dict(form.fields)
    if form.filename is not None:
        for name, value in fields.items():
            if name not in ("policy", "signature", "x-amz-signature"):
                fields[name] = value.replace("${filename}", form.filename)
    fields["bucket"] = bucket
    return fields


def _put(bucket: str, fields: Fields) -> Members:
    """What PutObject is asked for."""
    put: Members = {"Bucket": bucket, "Key": fields["key"]}
    for field, value in fields.items():
        if field in _HEADERS and value:
            put[_HEADERS[field]] = value
        elif field.startswith(_METADATA):
            put.setdefault("Metadata", {})[field.removeprefix(_METADATA)] = value
    if fields.get("tagging"):
        read = xmlread.reader(model.load("s3").shape("Tagging"))
        given = read(xmlread.parse(fields["tagging"].encode()))
        pairs = [(tag.get("Key", ""), tag.get("Value", "")) for tag in given.get("TagSet") or []]
        put["Tagging"] = "&".join(f"{quote(key)}={quote(value)}" for key, value in pairs)
    return put


# the file -----------------------------------------------------------------------------------------


async def _file(context: Context, whole: Body, form: Form, algorithm: str) -> Body:
    """The file in a form's body, as a body of its own. Raises MalformedPOSTRequest."""
    if whole.data is not None:
        data = b"".join(forms.file_bytes((whole.data[form.start :],), form.end))
        return content.spooled(data)
    body_id, path = context.bodies.new()
    body = Body(size=0, path=path, body_id=body_id)
    digest = digests.new(algorithm)
    try:
        pieces = forms.file_bytes(_from(whole, form.start), form.end)
        body.size, body.md5 = await asyncio.to_thread(_write, body, pieces, digest.update)
    except BaseException:
        body.discard()
        raise
    body.checksums[algorithm] = digest.digest()
    if body.size <= INLINE_BYTES:
        body.data = body.read()
        body.discard()
        body.path = None
    return body


def _from(whole: Body, start: int) -> Iterable[bytes]:
    assert whole.path is not None
    with whole.path.open("rb") as file:
        file.seek(start)
        while piece := file.read(content.READ_BYTES):
            yield piece


def _write(
    body: Body, pieces: Iterable[bytes], update: Callable[[bytes], Any]
) -> tuple[int, bytes]:
    assert body.path is not None
    size, digest = 0, md5(usedforsecurity=False)
    with body.path.open("xb") as file:
        for piece in pieces:
            size += len(piece)
            digest.update(piece)
            update(piece)
            file.write(piece)
    return size, digest.digest()


# the answer ---------------------------------------------------------------------------------------


def _stored(context: Context, put: Members, policy: Policy, body: Body, fields: Fields) -> Members:
    post_policy.check_size(policy, body.size)
    made = objects.put_object(context, {**put, "Body": body})
    bucket, key, etag = put["Bucket"], put["Key"], made["ETag"]
    url = multipart.location(context, buckets.find(context, put), key)
    answer: Members = {"StatusCode": _NO_CONTENT, "ETag": etag, "Location": url}
    answer["ServerSideEncryption"] = objects.ENCRYPTION
    target = fields.get("success_action_redirect") or fields.get("redirect") or ""
    if _leads_somewhere(target):
        told = f"bucket={quote(bucket)}&key={quote(key, safe='')}&etag={quote(etag)}"
        answer["StatusCode"] = 303
        answer["Location"] = f"{target}{'&' if urlsplit(target).query else '?'}{told}"
        return answer
    status = fields.get("success_action_status")
    if status == "200":
        answer["StatusCode"] = 200
    elif status == "201":
        answer["StatusCode"] = 201
        answer["PostResponse"] = {"Location": url, "Bucket": bucket, "Key": key, "ETag": etag}
    return answer


def _leads_somewhere(text: str) -> bool:
    """Whether a form's redirect is an address; others are passed over."""
    try:
        target = urlsplit(text)
    except ValueError:
        return False
    return target.scheme in ("http", "https") and bool(target.netloc)
