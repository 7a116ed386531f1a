"""Buckets: creating, finding, listing and deleting them, and the rules for their names."""

import re
from functools import lru_cache
from typing import NamedTuple

from protocols import model
from protocols.errors import Error
from runtime import arns, pages
from runtime.context import Context, Members
from runtime.principals import canonical_id
from services.s3 import errors

_NAME = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
_ADDRESS = re.compile(r"[0-9]+\.[0-9]+\.[0-9]+\.[0-9]+")
_RESERVED_STARTS = ("xn--", "sthree-", "amzn-s3-demo-")
_RESERVED_ENDS = ("-s3alias", "--ol-s3", ".mrap", "--x-s3", "--table-s3")
_ACCOUNT = re.compile(r"[0-9]{12}")
MOST_LISTED = 10_000


class Bucket(NamedTuple):
    """A bucket's row."""

    id: int
    account: str
    region: str
    name: str
    created: int
    location: str
    ownership: str
    versioning: str

    @property
    def arn(self) -> str:
        """The bucket's ARN, which has neither region nor account."""
        return f"arn:{arns.partition(self.region)}:s3:::{self.name}"

    @property
    def owner(self) -> Members:
        """The owner as listings tell it."""
        return {"ID": canonical_id(self.account)}


def find(context: Context, request: Members, *, name: str = "", expected: str = "") -> Bucket:
    """The bucket that a request names.

    Raises NoSuchBucket, PermanentRedirect for a bucket of another region than the one the request
    is signed for, and AccessDenied when it isn't the expected account's. `name` and `expected`
    stand for another one: a copy's source, which may be in any region.
    """
    wanted = name or request["Bucket"]
    key = (context.config.s3_namespace, context.account, wanted)
    found: Bucket | None = context.store.cache("s3.bucket").get(key)
    if found is None:
        found = _load(context, wanted)
        context.store.cache("s3.bucket")[key] = found
    owner = expected or ("" if name else request.get("ExpectedBucketOwner"))
    if owner:
        _check_owner(found, owner)
    if found.region != context.region and not name:
        _check_region(context, found)
    return found


_SELECT = (
    "SELECT id, account, region, name, created, location, ownership, versioning FROM s3_bucket"
)
_OWN = _SELECT + " WHERE account = ? AND name = ?"
_ANY = _SELECT + " WHERE name = ? ORDER BY account <> ?, id LIMIT 1"


def _look_up(context: Context, name: str) -> Bucket | None:
    found: Bucket | None
    if context.config.s3_namespace == "account":
        found = context.store.one(_OWN, context.account, name, into=Bucket)
    else:
        found = context.store.one(_ANY, name, context.account, into=Bucket)
    return found


def _load(context: Context, name: str) -> Bucket:
    found = _look_up(context, name)
    if found is None:
        if not _valid(name):
            raise _invalid_name(name)
        raise errors.no_such_bucket(name)
    return found


def _check_owner(bucket: Bucket, expected: str) -> None:
    if not _ACCOUNT.fullmatch(expected):
        raise Error(
            "InvalidBucketOwnerAWSAccountID",
            "The value of the expected bucket owner parameter must be an AWS Account ID... "
            f"[{expected}]",
        )
    if bucket.account != expected:
        raise errors.access_denied()


def _check_region(context: Context, bucket: Bucket) -> None:
    """Send a client that signed for another region to the right one; SDKs follow by themselves."""
    if context.http is None or context.principal.type in ("anonymous", "service"):
        return
    raise Error(
        "PermanentRedirect",
        "The bucket you are attempting to access must be addressed using the specified endpoint. "
        "Please send all future requests to this endpoint.",
        Endpoint=f"s3.{bucket.region}.amazonaws.com",
        Bucket=bucket.name,
        BucketRegion=bucket.region,
    )


# names -------------------------------------------------------------------------------------------


def _valid(name: str) -> bool:
    return bool(
        _NAME.fullmatch(name)
        and ".." not in name
        and not _ADDRESS.fullmatch(name)
        and not name.startswith(_RESERVED_STARTS)
        and not name.endswith(_RESERVED_ENDS)
    )


def _invalid_name(name: str) -> Error:
    return Error("InvalidBucketName", "The specified bucket is not valid.", BucketName=name)


# creating ----------------------------------------------------------------------------------------


def create_bucket(context: Context, request: Members) -> Members:
    """Make a bucket in the region of the request's signature, or in that of its LocationConstraint.

    In us-east-1, and only there, making a bucket anew that one has already succeeds, and changes
    nothing.

    Partial: canned ACLs other than private, grants and Object Lock are refused.
    """
    name = request["Bucket"]
    if not _valid(name):
        raise _invalid_name(name)
    _check_namespace(context, request)
    location, region = _placed(context, request)
    ownership = request.get("ObjectOwnership", "BucketOwnerEnforced")
    _refuse(request, ownership)
    taken = _look_up(context, name)
    if taken is None:
        context.store.run(
            "INSERT INTO s3_bucket"
            " (account, region, name, created, location, ownership, versioning)"
            " VALUES (?, ?, ?, ?, ?, ?, '')",
            *(context.account, region, name, int(context.now), location, ownership),
        )
        context.store.cache("s3.bucket").clear()
    elif taken.account != context.account:
        raise Error(
            "BucketAlreadyExists",
            "The requested bucket name is not available. The bucket namespace is shared by all "
            "users of the system. Please select a different name and try again.",
            BucketName=name,
        )
    elif region != "us-east-1" or taken.region != "us-east-1":
        raise Error(
            "BucketAlreadyOwnedByYou",
            "Your previous request to create the named bucket succeeded and you already own it.",
            BucketName=name,
        )
    partition = arns.partition(region)
    return {
        "Location": f"http://{name}.s3.amazonaws.com/" if location else f"/{name}",
        "BucketArn": f"arn:{partition}:s3:::{name}",
    }


def _placed(context: Context, request: Members) -> tuple[str, str]:
    """The location constraint ('' without one) and the region of a new bucket."""
    wanted = (request.get("CreateBucketConfiguration") or {}).get("LocationConstraint") or ""
    here = context.region
    if here == "us-east-1":
        if not wanted:
            return "", here
        if wanted == "EU":
            return wanted, "eu-west-1"
        if not known_region(wanted) or wanted == "us-east-1":
            raise Error(
                "InvalidLocationConstraint",
                "The specified location-constraint is not valid",
                LocationConstraint=wanted,
            )
        return wanted, wanted
    if wanted == here or (wanted == "EU" and here == "eu-west-1"):
        return wanted, here
    raise Error(
        "IllegalLocationConstraintException",
        f"The {wanted or 'unspecified'} location constraint is incompatible for the region "
        "specific endpoint this request was sent to.",
    )


def known_region(name: str) -> bool:
    """Whether this is one of S3's regions, as far as the model's list of constraints tells."""
    return name == "us-east-1" or name in _constraints()


@lru_cache(maxsize=1)
def _constraints() -> frozenset[str]:
    return frozenset(model.load("s3").shape("BucketLocationConstraint").enum) - {"EU"}


def _check_namespace(context: Context, request: Members) -> None:
    """Names of the account's own regional namespace end with the account, the region and -an."""
    if request.get("BucketNamespace") != "account-regional":
        return
    name = request["Bucket"]
    if not name.endswith(f"-{context.account}-{context.region}-an"):
        raise _invalid_name(name)


def _refuse(request: Members, ownership: str) -> None:
    acl = request.get("ACL", "private")
    grants = [name for name in request if name.startswith("Grant")]
    if ownership == "BucketOwnerEnforced" and (acl != "private" or grants):
        raise Error(
            "InvalidBucketAclWithObjectOwnership",
            "Bucket cannot have ACLs set with ObjectOwnership's BucketOwnerEnforced setting",
        )
    if acl != "private":
        raise errors.not_implemented("x-amz-acl")
    if grants:
        raise errors.not_implemented("x-amz-grant-*")
    if request.get("ObjectLockEnabledForBucket"):
        raise errors.not_implemented("x-amz-bucket-object-lock-enabled")


# the other operations ----------------------------------------------------------------------------


def head_bucket(context: Context, request: Members) -> Members:
    """Tell that a bucket exists, and its region."""
    bucket = find(context, request)
    return {"BucketArn": bucket.arn, "BucketRegion": bucket.region, "AccessPointAlias": False}


def get_bucket_location(context: Context, request: Members) -> Members:
    """Tell the constraint that a bucket was created with; a bucket in us-east-1 has none."""
    bucket = find(context, request)
    return {"LocationConstraint": bucket.location} if bucket.location else {}


def delete_bucket(context: Context, request: Members) -> Members:
    """Remove an empty bucket; its unfinished uploads go with it."""
    bucket = find(context, request)
    if context.store.value("SELECT 1 FROM s3_object WHERE bucket_id = ? LIMIT 1", bucket.id):
        raise Error(
            "BucketNotEmpty", "The bucket you tried to delete is not empty", BucketName=bucket.name
        )
    from services.s3 import multipart  # which needs this module

    multipart.abandon_all(context, bucket)
    context.store.run("DELETE FROM s3_bucket WHERE id = ?", bucket.id)
    context.store.cache("s3.bucket").clear()
    return {}


def list_buckets(context: Context, request: Members) -> Members:
    """Page through the caller's own buckets, by name.

    A bucket's region is only told when the request pages or filters, as on AWS.
    """
    prefix, region = request.get("Prefix", ""), request.get("BucketRegion")
    if region is not None and not known_region(region):
        message = f"Argument value {region} is not a valid AWS Region"
        raise errors.invalid_argument(message, "bucket-region")
    most = request.get("MaxBuckets", MOST_LISTED)
    after = _after(context, request)
    rows: list[Bucket] = context.store.all(
        _SELECT + " WHERE account = ? AND name > ? AND name >= ? AND name < ?"
        " AND (? = '' OR region = ?) ORDER BY name LIMIT ?",
        # A tilde is behind all characters of names.
        *(context.account, after, prefix, f"{prefix}~", region or "", region, most + 1),
        into=Bucket,
    )
    paged = any(name in request for name in ("Prefix", "BucketRegion", "MaxBuckets")) or after
    answer: Members = {"Buckets": [], "Owner": {"ID": canonical_id(context.account)}}
    for row in rows[:most]:
        entry = {"Name": row.name, "CreationDate": row.created, "BucketArn": row.arn}
        if paged:
            entry["BucketRegion"] = row.region
        answer["Buckets"].append(entry)
    if "Prefix" in request:
        answer["Prefix"] = prefix
    if len(rows) > most:
        answer["ContinuationToken"] = pages.token(context, rows[most - 1].name)
    return answer


def _after(context: Context, request: Members) -> str:
    text = request.get("ContinuationToken")
    if not text:
        return ""
    wrong = errors.invalid_argument(
        "The continuation token provided is incorrect", "continuation-token"
    )
    (name,) = pages.cursor(context, text, error=wrong)
    return str(name)
