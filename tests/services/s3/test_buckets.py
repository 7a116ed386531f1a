"""Buckets: creating, finding, listing and deleting them, and the rules for their names."""

import pytest

from fogbank.testing import Aws
from tests.services.s3.helpers import BUCKET, begin, create, fails, http, presigned, upload


def test_a_new_bucket_is_there(aws: Aws) -> None:
    s3 = aws.client("s3")
    made = s3.create_bucket(Bucket=BUCKET)
    assert made["Location"] == f"/{BUCKET}"
    assert made["BucketArn"] == f"arn:aws:s3:::{BUCKET}"
    assert s3.head_bucket(Bucket=BUCKET)["BucketRegion"] == "us-east-1"
    assert s3.get_bucket_location(Bucket=BUCKET)["LocationConstraint"] is None
    listed = s3.list_buckets()
    assert [bucket["Name"] for bucket in listed["Buckets"]] == [BUCKET]
    assert len(listed["Owner"]["ID"]) == 64
    assert "BucketRegion" not in listed["Buckets"][0]


@pytest.mark.parametrize(
    "name",
    ["Photos", "a..b", "-ab", "ab-", "ab.", "192.168.1.1", "xn--ab", "ab-s3alias", "a_b", "x" * 64],
)
def test_a_name_that_is_none_is_refused(aws: Aws, name: str) -> None:
    s3 = aws.client("s3")
    with fails("InvalidBucketName", "The specified bucket is not valid.", BucketName=name):
        s3.create_bucket(Bucket=name)
    assert s3.list_buckets()["Buckets"] == []


@pytest.mark.parametrize("name", ["abc", "a.b.c", "1-2", "x" * 63, "192.168.1.1a"])
def test_names_at_the_edge_are_fine(aws: Aws, name: str) -> None:
    s3 = create(aws, name, "key")
    assert s3.list_objects_v2(Bucket=name)["KeyCount"] == 1


def test_making_a_bucket_again_succeeds_in_us_east_1_only(aws: Aws) -> None:
    s3 = create(aws, BUCKET, "kept")
    s3.create_bucket(Bucket=BUCKET)
    assert s3.list_objects_v2(Bucket=BUCKET)["KeyCount"] == 1
    there = aws.client("s3", region="eu-west-1")
    where = {"LocationConstraint": "eu-west-1"}
    there.create_bucket(Bucket="second", CreateBucketConfiguration=where)
    words = "Your previous request to create the named bucket succeeded and you already own it."
    for name in (BUCKET, "second"):
        with fails("BucketAlreadyOwnedByYou", words, status=409, BucketName=name):
            there.create_bucket(Bucket=name, CreateBucketConfiguration=where)


@pytest.mark.fogbank(s3_namespace="global")
def test_another_accounts_bucket_has_its_name_for_all(aws: Aws) -> None:
    name = f"taken-{aws.account}"
    create(aws, name, "secret")
    other = aws.server.client("s3", account="999988887777")
    with fails("BucketAlreadyExists", "is not available", status=409, BucketName=name):
        other.create_bucket(Bucket=name)
    assert name not in [bucket["Name"] for bucket in other.list_buckets()["Buckets"]]


def test_each_account_has_its_own_names(aws: Aws) -> None:
    create(aws, BUCKET, "mine")
    other = aws.server.client("s3", account="999988887777")
    other.create_bucket(Bucket=BUCKET)
    try:
        assert other.list_objects_v2(Bucket=BUCKET)["KeyCount"] == 0
    finally:
        other.delete_bucket(Bucket=BUCKET)
    assert aws.client("s3").list_objects_v2(Bucket=BUCKET)["KeyCount"] == 1


def test_the_location_constraint_decides_on_the_region(aws: Aws) -> None:
    s3 = aws.client("s3")
    where = {"LocationConstraint": "eu-central-1"}
    made = s3.create_bucket(Bucket=BUCKET, CreateBucketConfiguration=where)
    assert made["Location"] == f"http://{BUCKET}.s3.amazonaws.com/"
    there = aws.client("s3", region="eu-central-1")
    assert there.get_bucket_location(Bucket=BUCKET)["LocationConstraint"] == "eu-central-1"
    assert there.head_bucket(Bucket=BUCKET)["BucketRegion"] == "eu-central-1"


def test_eu_is_an_old_name_for_ireland(aws: Aws) -> None:
    s3 = aws.client("s3")
    s3.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": "EU"})
    there = aws.client("s3", region="eu-west-1")
    assert there.get_bucket_location(Bucket=BUCKET)["LocationConstraint"] == "EU"
    assert there.head_bucket(Bucket=BUCKET)["BucketRegion"] == "eu-west-1"


@pytest.mark.parametrize("constraint", ["us-east-1", "nowhere-1", "aws-global"])
def test_a_constraint_that_is_none_is_refused(aws: Aws, constraint: str) -> None:
    words = "The specified location-constraint is not valid"
    with fails("InvalidLocationConstraint", words, LocationConstraint=constraint):
        aws.client("s3").create_bucket(
            Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": constraint}
        )


@pytest.mark.parametrize("constraint", [None, "eu-central-1"])
def test_elsewhere_only_the_own_region_may_be_asked_for(aws: Aws, constraint: str | None) -> None:
    there = aws.client("s3", region="eu-west-1")
    where = {} if constraint is None else {"LocationConstraint": constraint}
    words = (
        f"The {constraint or 'unspecified'} location constraint is incompatible for the region"
        " specific endpoint this request was sent to."
    )
    with fails("IllegalLocationConstraintException", words):
        if where:
            there.create_bucket(Bucket=BUCKET, CreateBucketConfiguration=where)
        else:
            there.create_bucket(Bucket=BUCKET)


def test_a_client_of_another_region_is_led_to_the_right_one(aws: Aws) -> None:
    s3 = create(aws, BUCKET, "key")
    there = aws.client("s3", region="eu-west-1")
    assert there.get_object(Bucket=BUCKET, Key="key")["Body"].read() == b"key"
    answer = http("GET", presigned(aws.client("s3", region="eu-north-1"), "get_object", Key="key"))
    assert (answer.status, answer.code) == (301, "PermanentRedirect")
    assert answer.headers["x-amz-bucket-region"] == "us-east-1"
    assert answer.root.findtext("Endpoint") == "s3.us-east-1.amazonaws.com"
    assert there.head_object(Bucket=BUCKET, Key="key")["ContentLength"] == 3
    s3.put_object(Bucket=BUCKET, Key="key", Body=b"new")


def test_a_bucket_that_is_not_there(aws: Aws) -> None:
    s3 = aws.client("s3")
    with fails("404", "Not Found", status=404):
        s3.head_bucket(Bucket=BUCKET)
    words = "The specified bucket does not exist"
    for call in (s3.delete_bucket, s3.list_objects, s3.list_objects_v2, s3.get_bucket_location):
        with fails("NoSuchBucket", words, status=404, BucketName=BUCKET):
            call(Bucket=BUCKET)
    with pytest.raises(s3.exceptions.NoSuchBucket):
        s3.get_object(Bucket=BUCKET, Key="key")


def test_only_an_empty_bucket_can_be_deleted(aws: Aws) -> None:
    s3 = create(aws, BUCKET, "key")
    words = "The bucket you tried to delete is not empty"
    with fails("BucketNotEmpty", words, status=409, BucketName=BUCKET):
        s3.delete_bucket(Bucket=BUCKET)
    s3.delete_object(Bucket=BUCKET, Key="key")
    upload(s3, begin(s3, "unfinished"), 1, b"part")
    answer = s3.delete_bucket(Bucket=BUCKET)
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == 204
    assert s3.list_buckets()["Buckets"] == []
    create(aws)
    assert "Uploads" not in s3.list_multipart_uploads(Bucket=BUCKET)


def test_the_expected_owner_is_compared(aws: Aws) -> None:
    s3 = create(aws, BUCKET, "key")
    s3.head_object(Bucket=BUCKET, Key="key", ExpectedBucketOwner=aws.account)
    with fails("AccessDenied", "Access Denied", status=403):
        s3.get_object(Bucket=BUCKET, Key="key", ExpectedBucketOwner="999988887777")
    words = "The value of the expected bucket owner parameter must be an AWS Account ID... [x]"
    with fails("InvalidBucketOwnerAWSAccountID", words):
        s3.get_object(Bucket=BUCKET, Key="key", ExpectedBucketOwner="x")


def test_buckets_are_listed_page_by_page(aws: Aws) -> None:
    s3 = aws.client("s3")
    names = [f"logs-{number}" for number in range(5)]
    for name in (*names, "alpha", "zulu"):
        s3.create_bucket(Bucket=name)
    first = s3.list_buckets(Prefix="logs-", MaxBuckets=2)
    assert first["Prefix"] == "logs-"
    assert {bucket["BucketRegion"] for bucket in first["Buckets"]} == {"us-east-1"}
    pages = s3.get_paginator("list_buckets").paginate(
        Prefix="logs-", PaginationConfig={"PageSize": 2}
    )
    found = [[bucket["Name"] for bucket in page["Buckets"]] for page in pages]
    assert found == [names[:2], names[2:4], names[4:]]


def test_buckets_are_listed_by_region(aws: Aws) -> None:
    s3 = create(aws, "here")
    where = {"LocationConstraint": "us-west-2"}
    s3.create_bucket(Bucket="there", CreateBucketConfiguration=where)
    found = s3.list_buckets(BucketRegion="us-west-2")["Buckets"]
    assert [(bucket["Name"], bucket["BucketRegion"]) for bucket in found] == [
        ("there", "us-west-2")
    ]
    with fails("InvalidArgument", "Argument value moon-1 is not a valid AWS Region"):
        s3.list_buckets(BucketRegion="moon-1")
    with fails("InvalidArgument", "The continuation token provided is incorrect"):
        s3.list_buckets(ContinuationToken="nonsense")
    with fails("InvalidArgument", "Argument max-buckets must be an integer between 1 and 10000"):
        s3.list_buckets(MaxBuckets=10_001)


def test_what_is_not_there_yet_is_refused(aws: Aws) -> None:
    s3 = aws.client("s3")
    with fails("InvalidBucketAclWithObjectOwnership", "Bucket cannot have ACLs set"):
        s3.create_bucket(Bucket=BUCKET, ACL="public-read")
    with fails("NotImplemented", status=501, Header="x-amz-acl"):
        s3.create_bucket(Bucket=BUCKET, ACL="public-read", ObjectOwnership="ObjectWriter")
    with fails("NotImplemented", status=501, Header="x-amz-bucket-object-lock-enabled"):
        s3.create_bucket(Bucket=BUCKET, ObjectLockEnabledForBucket=True)
    assert s3.list_buckets()["Buckets"] == []
