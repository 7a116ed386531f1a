"""Routing: every S3 operation from the paths that clients send."""

import pytest

from protocols import model, routes
from protocols.http import Request
from protocols.model import Service

COPY = {b"x-amz-copy-source": b"a/b"}


@pytest.fixture(scope="module")
def s3() -> Service:
    return model.load("s3")


@pytest.mark.parametrize(
    ("method", "path", "query", "headers", "operation", "key"),
    [
        ("GET", "/", "", {}, "ListBuckets", None),
        ("GET", "/b", "", {}, "ListObjects", None),
        ("GET", "/b/", "", {}, "ListObjects", None),
        ("GET", "/b", "list-type=2", {}, "ListObjectsV2", None),
        ("GET", "/b", "list-type=2&prefix=acl&delimiter=%2F", {}, "ListObjectsV2", None),
        ("GET", "/b", "acl", {}, "GetBucketAcl", None),
        ("GET", "/b", "acl=", {}, "GetBucketAcl", None),
        ("GET", "/b", "location", {}, "GetBucketLocation", None),
        ("GET", "/b", "versions", {}, "ListObjectVersions", None),
        ("GET", "/b", "uploads", {}, "ListMultipartUploads", None),
        ("GET", "/b", "lifecycle", {}, "GetBucketLifecycleConfiguration", None),
        ("GET", "/b", "notification", {}, "GetBucketNotificationConfiguration", None),
        ("GET", "/b", "analytics&id=1", {}, "GetBucketAnalyticsConfiguration", None),
        ("GET", "/b", "analytics", {}, "ListBucketAnalyticsConfigurations", None),
        ("HEAD", "/b", "", {}, "HeadBucket", None),
        ("PUT", "/b", "", {}, "CreateBucket", None),
        ("PUT", "/b/", "", {}, "CreateBucket", None),
        ("DELETE", "/b", "", {}, "DeleteBucket", None),
        ("POST", "/b", "delete", {}, "DeleteObjects", None),
        ("GET", "/b/k", "", {}, "GetObject", "k"),
        ("GET", "/b/k", "x-id=GetObject", {}, "GetObject", "k"),
        ("GET", "/b/k", "foo&bar=1", {}, "GetObject", "k"),
        ("GET", "/b/k", "versionId=1", {}, "GetObject", "k"),
        ("GET", "/b/k", "acl", {}, "GetObjectAcl", "k"),
        ("GET", "/b/k", "attributes", {}, "GetObjectAttributes", "k"),
        ("GET", "/b/k", "uploadId=1", {}, "ListParts", "k"),
        ("GET", "/b/k", "tagging", {}, "GetObjectTagging", "k"),
        ("HEAD", "/b/k", "", {}, "HeadObject", "k"),
        ("PUT", "/b/k", "", {}, "PutObject", "k"),
        ("PUT", "/b/k", "x-id=PutObject", {}, "PutObject", "k"),
        ("PUT", "/b/k", "", COPY, "CopyObject", "k"),
        ("PUT", "/b/k", "partNumber=1&uploadId=2", {}, "UploadPart", "k"),
        ("PUT", "/b/k", "partNumber=1&uploadId=2", COPY, "UploadPartCopy", "k"),
        ("POST", "/b/k", "uploads", {}, "CreateMultipartUpload", "k"),
        ("POST", "/b/k", "uploadId=1", {}, "CompleteMultipartUpload", "k"),
        ("POST", "/b/k", "select&select-type=2", {}, "SelectObjectContent", "k"),
        ("DELETE", "/b/k", "", {}, "DeleteObject", "k"),
        ("DELETE", "/b/k", "uploadId=1", {}, "AbortMultipartUpload", "k"),
        ("GET", "/b/a//b", "", {}, "GetObject", "a//b"),
        ("GET", "/b//a", "", {}, "GetObject", "/a"),
        ("GET", "/b/a/", "", {}, "GetObject", "a/"),
        ("GET", "/b/a+b%20c%2Fd%C3%A4%zz", "", {}, "GetObject", "a+b c/dä%zz"),
        ("GET", "/b/../k", "", {}, "GetObject", "../k"),
    ],
)
def test_s3(
    s3: Service, method: str, path: str, query: str, headers: dict[bytes, bytes], operation: str,
    key: str | None,
) -> None:  # fmt: skip
    found = routes.match(s3, Request(method, path, query, headers))
    assert found is not None
    assert found[0].name == operation
    assert found[1].get("Key") == key


def test_a_method_that_nobody_takes(s3: Service) -> None:
    assert routes.match(s3, Request("PATCH", "/b/k")) is None


@pytest.mark.parametrize(
    ("service", "method", "path", "operation", "labels"),
    [
        ("lambda", "GET", "/2015-03-31/functions/f", "GetFunction", {"FunctionName": "f"}),
        ("lambda", "GET", "/2015-03-31/functions/", "ListFunctions", {}),
        ("lambda", "GET", "/2015-03-31/functions", "ListFunctions", {}),
        ("lambda", "GET", "/2017-03-31/tags/arn%3Aaws%3Ax", "ListTags", {"Resource": "arn:aws:x"}),
        ("apigateway", "DELETE", "/restapis/1/resources/2/methods/GET", "DeleteMethod",
         {"restapi_id": "1", "resource_id": "2", "http_method": "GET"}),
        ("route53", "GET", "/2013-04-01/hostedzone/Z1/rrset", "ListResourceRecordSets",
         {"Id": "Z1"}),
    ],
)  # fmt: skip
def test_others(
    service: str, method: str, path: str, operation: str, labels: dict[str, str]
) -> None:
    found = routes.match(model.load(service), Request(method, path))
    assert found is not None
    assert (found[0].name, found[1]) == (operation, labels)
