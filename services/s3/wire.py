"""S3 on the wire: virtual hosts, its own errors for invalid requests, what botocore's model lacks.

The model knows neither the names of answers' elements, nor the statuses 206 and 304, nor uploads by
HTML forms.
"""

import re
from typing import Any

from protocols.errors import Error, Violation, malformed_xml
from protocols.http import Request
from protocols.model import Operation
from runtime.runtime import Runtime
from services.s3 import errors

# the model ---------------------------------------------------------------------------------------

_ELEMENTS = {
    "CompleteMultipartUploadOutput": "CompleteMultipartUploadResult",
    "CreateMultipartUploadOutput": "InitiateMultipartUploadResult",
    "DeleteObjectsOutput": "DeleteResult",
    "GetBucketLocationOutput": "LocationConstraint",
    "GetObjectAttributesOutput": "GetObjectAttributesResponse",
    "GetObjectTaggingOutput": "Tagging",
    "ListBucketsOutput": "ListAllMyBucketsResult",
    "ListMultipartUploadsOutput": "ListMultipartUploadsResult",
    "ListObjectsOutput": "ListBucketResult",
    "ListObjectsV2Output": "ListBucketResult",
    "ListPartsOutput": "ListPartsResult",
}
_OWN_WORDS = ("BucketLocationConstraint", "EncodingType", "StorageClass")
"""Enumerations whose unknown values the handlers refuse: the words depend on more than those."""
_STATUS = {"shape": "HttpStatus", "location": "statusCode", "locationName": "StatusCode"}


def amend(model: dict[str, Any]) -> None:
    """Name answers' elements, let reads choose their status, add redirects and PostObject."""
    shapes = model["shapes"]
    for name, element in _ELEMENTS.items():
        shapes[name]["locationName"] = element
    shapes["GetBucketLocationOutput"]["unwrapped"] = True
    for name in _OWN_WORDS:
        shapes[name].pop("enum", None)
    shapes["HttpStatus"] = {"type": "integer"}
    for name in ("GetObjectOutput", "HeadObjectOutput"):
        shapes[name]["members"]["StatusCode"] = dict(_STATUS)
    for name in ("Expires", "ResponseExpires"):
        shapes[name] = {"type": "string"}  # kept and told as it came, whatever it is
    shapes["CopySource"].pop("pattern", None)  # which knows only one of its spellings
    shapes["SpelledNumber"] = {"type": "string"}  # which may be empty
    for name in ("MaxParts", "PartNumberMarker"):
        shapes["ListPartsRequest"]["members"][name]["shape"] = "SpelledNumber"
    shapes["PermanentRedirect"] = _redirect()
    _add_form_uploads(model)


def _redirect() -> dict[str, Any]:
    """The error that tells the right region, in a header too: answers to HEAD have no body."""
    region = {"location": "header", "locationName": "x-amz-bucket-region"}
    return {
        "type": "structure",
        "exception": True,
        "error": {"httpStatusCode": 301},
        "members": {
            "Endpoint": {"shape": "Location"},
            "Bucket": {"shape": "BucketName"},
            "BucketRegion": {"shape": "Region", **region},
        },
    }


def _add_form_uploads(model: dict[str, Any]) -> None:
    shapes = model["shapes"]
    model["operations"]["PostObject"] = {
        "name": "PostObject",
        "http": {"method": "POST", "requestUri": "/{Bucket}", "responseCode": 204},
        "input": {"shape": "PostObjectRequest"},
        "output": {"shape": "PostObjectOutput"},
    }
    shapes["PostObjectRequest"] = {
        "type": "structure",
        "required": ["Bucket"],
        "members": {
            "Bucket": {"shape": "BucketName", "location": "uri", "locationName": "Bucket"},
            "ContentType": {
                "shape": "ContentType",
                "location": "header",
                "locationName": "Content-Type",
            },
            "Body": {"shape": "Body", "streaming": True},
        },
        "payload": "Body",
    }
    shapes["PostObjectOutput"] = {
        "type": "structure",
        "members": {
            "StatusCode": dict(_STATUS),
            "ETag": {"shape": "ETag", "location": "header", "locationName": "ETag"},
            "Location": {"shape": "Location", "location": "header", "locationName": "Location"},
            "ServerSideEncryption": {
                "shape": "ServerSideEncryption",
                "location": "header",
                "locationName": "x-amz-server-side-encryption",
            },
            "PostResponse": {"shape": "PostResponse", "xmlNamespace": {"uri": ""}},
        },
        "payload": "PostResponse",
    }
    shapes["PostResponse"] = {
        "type": "structure",
        "members": {
            "Location": {"shape": "Location"},
            "Bucket": {"shape": "BucketName"},
            "Key": {"shape": "ObjectKey"},
            "ETag": {"shape": "ETag"},
        },
    }


# invalid requests --------------------------------------------------------------------------------


def invalid(operation: Operation, request: Request, violations: list[Violation]) -> Error:
    """S3's words for the first thing that is wrong: the header's or argument's, or MalformedXML."""
    first = violations[0]
    path = first.path.split(".")
    members = operation.input.members if operation.input is not None else {}
    member = next((item for name, item in members.items() if _same(name, path[0])), None)
    if member is None or member.location is None:
        return malformed_xml()
    name = member.wire_name
    if first.kind == "required":
        return Error("MissingRequiredParameter", f"Missing required parameter: {name}", status=400)
    value = ",".join(first.value) if isinstance(first.value, list) else first.value
    if member.name == "CopySource":
        message = "Invalid copy source object key"
        return errors.invalid_argument(message, "x-amz-copy-source", "x-amz-copy-source")
    if member.name == "ChecksumAlgorithm":
        known = ", ".join(member.shape.enum)
        return errors.invalid_request(
            "Checksum algorithm provided is unsupported. "
            f"Please try again with any of the valid types: [{known}]"
        )
    if member.name == "ChecksumType":
        return errors.invalid_request(f"Value for {name} header is invalid.")
    if member.name == "MaxBuckets":
        message = f"Argument {name} must be an integer between 1 and 10000"
        return errors.invalid_argument(message, name, value)
    return errors.invalid_argument(_WORDS.get(member.name, ""), name, value)


_WORDS = {
    "MetadataDirective": "Unknown metadata directive.",
    "TaggingDirective": "Unknown tagging directive.",
    "ObjectAttributes": "Invalid attribute name specified.",
    "ObjectLockMode": "Unknown wormMode directive.",
    "ObjectOwnership": "Invalid x-amz-object-ownership header: value",
    "RequestPayer": "Invalid request payer specified",
    "ServerSideEncryption": "The encryption method specified is not supported",
}


def _same(name: str, spelled: str) -> bool:
    """Violations spell a member with a small first letter."""
    return name == spelled or name[:1].lower() + name[1:] == spelled


# addresses ---------------------------------------------------------------------------------------

_REGION = re.compile(r"[a-z]{2,}(-[a-z0-9]+)+-[0-9]+")
_AMAZON = frozenset({"amazonaws.com", "amazonaws.com.cn"})


def address(request: Request, host: str, base: str) -> None:
    """Put the bucket that a virtual host names before the path.

    `bucket.s3.REGION.BASE`, `bucket.s3.BASE`, `bucket.s3-REGION.BASE` and, but for AWS's own names,
    `bucket.BASE`; buckets may have dots. Raises NotImplemented for website and access point hosts.
    """
    if host == base:
        return
    labels = host[: -len(base) - 1].split(".")
    place = _service_label(labels)
    if place is None:
        if base in _AMAZON:
            return
        place = len(labels)
    elif labels[place].startswith(("s3-website", "s3-accesspoint", "s3-object-lambda")):
        kind = "_".join(labels[place].split("-")[:2])
        raise Error("NotImplemented", f"fogbank does not implement s3.{kind}", status=501)
    bucket = ".".join(labels[:place])
    if bucket:
        request.path = f"/{bucket}{request.path}"


def _service_label(labels: list[str]) -> int | None:
    """The place of `s3` among a host's labels: behind it only the region may stand."""
    for place in range(len(labels) - 1, -1, -1):
        label = labels[place]
        if label == "s3" or label.startswith("s3-"):
            return place
        if label != "dualstack" and not _REGION.fullmatch(label):
            return None
    return None


def recognises(runtime: Runtime, request: Request) -> bool:
    """Whether an unsigned request is for a bucket that there is, or uploads an HTML form."""
    if request.headers.get(b"content-type", b"").startswith(b"multipart/form-data"):
        return True
    name = request.path.removeprefix("/").partition("/")[0]  # a path may be `*` alone
    if not name or not name.isascii() or not 3 <= len(name) <= 63:
        return False
    store = runtime.store
    there = store.value("SELECT 1 FROM sqlite_schema WHERE name = 's3_bucket'")
    return there is not None and bool(
        store.value("SELECT 1 FROM s3_bucket WHERE name = ? LIMIT 1", name)
    )
