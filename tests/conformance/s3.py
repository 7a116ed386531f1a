"""A bucket with an object, an upload with a part, and an empty bucket."""

from typing import Any

from fogbank.testing import Aws


def prepare(aws: Aws) -> dict[str, Any]:
    """Values for the members of all operations."""
    s3 = aws.client("s3")
    s3.create_bucket(Bucket="bucket")
    s3.create_bucket(Bucket="empty")
    s3.put_object(Bucket="bucket", Key="key", Body=b"x")
    upload = s3.create_multipart_upload(Bucket="bucket", Key="key")["UploadId"]
    part = s3.upload_part(Bucket="bucket", Key="key", UploadId=upload, PartNumber=1, Body=b"x")
    return {
        "Bucket": "bucket",
        "Key": "key",
        "UploadId": upload,
        "PartNumber": 1,
        "CopySource": "bucket/key",
        "Tagging": {"TagSet": [{"Key": "a", "Value": "b"}]},
        "ObjectAttributes": ["ETag"],
        "Delete": {"Objects": [{"Key": "other"}]},
        "part": part["ETag"],
    }


OPERATIONS = {
    "CompleteMultipartUpload": lambda given: {
        "MultipartUpload": {"Parts": [{"PartNumber": 1, "ETag": given["part"]}]}
    },
    "CopyObject": lambda given: {"Key": "copy"},
    "CreateBucket": lambda given: {"Bucket": "new"},
    "DeleteBucket": lambda given: {"Bucket": "empty"},
}


def fill(aws: Aws) -> dict[str, dict[str, Any]]:
    """Requests that find several things."""
    s3 = aws.client("s3")
    for number in range(3):
        s3.create_bucket(Bucket=f"bucket{number}")
        s3.put_object(Bucket="bucket0", Key=f"key{number}", Body=b"x")
        s3.create_multipart_upload(Bucket="bucket0", Key=f"other{number}")
    upload = s3.create_multipart_upload(Bucket="bucket0", Key="whole")["UploadId"]
    whole = {"Bucket": "bucket0", "Key": "whole", "UploadId": upload}
    for number in range(1, 4):
        s3.upload_part(**whole, PartNumber=number, Body=b"x")
    return {
        "ListBuckets": {},
        "ListObjects": {"Bucket": "bucket0"},
        "ListObjectsV2": {"Bucket": "bucket0"},
        "ListMultipartUploads": {"Bucket": "bucket0"},
        "ListParts": whole,
    }
