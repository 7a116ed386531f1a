"""The n-th write of an operation fails: nothing of it is there, and the next call works."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.faults.house import Broken, House

MOST_WRITES = 60
LARGE = bytes(range(256)) * 1024  # larger than what is kept in a row
_ARN = "arn:aws:sqs:us-east-1:111122223333:"

Request = dict[str, Any]
Prepared = Callable[[House], Request]
"""Makes what an operation needs; answers its request."""


@pytest.fixture
def house() -> Iterator[House]:
    """A new house."""
    made = House()
    yield made
    made.close()


def _queue(house: House, name: str = "queue", **attributes: str) -> str:
    request = {"QueueName": name, "Attributes": attributes}
    url: str = house.call("sqs", "CreateQueue", request)["QueueUrl"]
    return url


def _messages(house: House, count: int = 3, **attributes: str) -> str:
    url = _queue(house, **attributes)
    for number in range(count):
        house.call("sqs", "SendMessage", {"QueueUrl": url, "MessageBody": f"{number}"})
    return url


def _received(house: House) -> tuple[str, list[str]]:
    url = _messages(house)
    answer = house.call("sqs", "ReceiveMessage", {"QueueUrl": url, "MaxNumberOfMessages": 3})
    return url, [message["ReceiptHandle"] for message in answer["Messages"]]


def _handle(house: House) -> Request:
    url, handles = _received(house)
    return {"QueueUrl": url, "ReceiptHandle": handles[0]}


def _handles(house: House) -> Request:
    url, handles = _received(house)
    entries = [{"Id": str(place), "ReceiptHandle": handle} for place, handle in enumerate(handles)]
    return {"QueueUrl": url, "Entries": entries}


def _fifo(house: House) -> Request:
    url = _queue(house, "queue.fifo", FifoQueue="true", ContentBasedDeduplication="true")
    return {"QueueUrl": url, "MessageBody": "x", "MessageGroupId": "g"}


def _dead_letters(house: House) -> Request:
    dead = _queue(house, "dead")
    policy = f'{{"deadLetterTargetArn":"{_ARN}dead","maxReceiveCount":"1"}}'
    url = _messages(house, RedrivePolicy=policy, VisibilityTimeout="0")
    house.call("sqs", "ReceiveMessage", {"QueueUrl": url, "MaxNumberOfMessages": 10})
    assert dead != url
    return {"QueueUrl": url, "MaxNumberOfMessages": 10}


def _move(house: House) -> Request:
    request = _dead_letters(house)
    house.call("sqs", "ReceiveMessage", request)
    return {"SourceArn": f"{_ARN}dead"}


def _entries(house: House) -> Request:
    entries = [{"Id": str(number), "MessageBody": "x"} for number in range(3)]
    return {"QueueUrl": _queue(house), "Entries": entries}


SQS: dict[str, tuple[str, Prepared]] = {
    "a queue": ("CreateQueue", lambda house: {"QueueName": "queue", "tags": {"a": "b"}}),
    "a message": ("SendMessage", lambda house: {"QueueUrl": _queue(house), "MessageBody": "x"}),
    "a delayed message": (
        "SendMessage",
        lambda house: {"QueueUrl": _queue(house), "MessageBody": "x", "DelaySeconds": 9},
    ),
    "a message of a group": ("SendMessage", _fifo),
    "a batch": ("SendMessageBatch", _entries),
    "receiving": (
        "ReceiveMessage",
        lambda house: {"QueueUrl": _messages(house), "MaxNumberOfMessages": 10},
    ),
    "receiving what is dead": ("ReceiveMessage", _dead_letters),
    "deleting": ("DeleteMessage", _handle),
    "deleting a batch": ("DeleteMessageBatch", _handles),
    "visibility": (
        "ChangeMessageVisibility",
        lambda house: {**_handle(house), "VisibilityTimeout": 0},
    ),
    "purging": ("PurgeQueue", lambda house: {"QueueUrl": _messages(house)}),
    "deleting a queue": ("DeleteQueue", lambda house: {"QueueUrl": _messages(house)}),
    "attributes": (
        "SetQueueAttributes",
        lambda house: {"QueueUrl": _messages(house), "Attributes": {"VisibilityTimeout": "1"}},
    ),
    "tags": ("TagQueue", lambda house: {"QueueUrl": _queue(house), "Tags": {"a": "b"}}),
    "moving": ("StartMessageMoveTask", _move),
}


def _bucket(house: House, name: str = "bucket") -> str:
    house.call("s3", "CreateBucket", {"Bucket": name})
    return name


def _object(house: House, content: bytes = b"old") -> Request:
    place = {"Bucket": _bucket(house), "Key": "key"}
    house.call("s3", "PutObject", {**place, "Body": house.body(content), "Tagging": "a=b"})
    return place


def _upload(house: House) -> Request:
    place = {"Bucket": _bucket(house), "Key": "key"}
    return {**place, "UploadId": house.call("s3", "CreateMultipartUpload", place)["UploadId"]}


def _parts(house: House) -> Request:
    upload = _upload(house)
    part = {**upload, "PartNumber": 1, "Body": house.body(LARGE)}
    etag = house.call("s3", "UploadPart", part)["ETag"]
    return {**upload, "MultipartUpload": {"Parts": [{"PartNumber": 1, "ETag": etag}]}}


def _several(house: House) -> Request:
    place = _object(house, LARGE)
    house.call("s3", "PutObject", {**place, "Key": "other", "Body": house.body(b"x")})
    objects = [{"Key": "key"}, {"Key": "other"}, {"Key": "none"}]
    body = b"<Delete/>"
    return {"Bucket": place["Bucket"], "Delete": {"Objects": objects}, "Body": body}


S3: dict[str, tuple[str, Prepared]] = {
    "a bucket": ("CreateBucket", lambda house: {"Bucket": "bucket"}),
    "a small object": ("PutObject", lambda house: {"Bucket": _bucket(house), "Key": "key"}),
    "a large object": ("PutObject", lambda house: {"Bucket": _bucket(house), "Key": "key"}),
    "small over large": ("PutObject", lambda house: _object(house, LARGE)),
    "large over small": ("PutObject", _object),
    "large over large": ("PutObject", lambda house: _object(house, LARGE)),
    "deleting": ("DeleteObject", lambda house: _object(house, LARGE)),
    "deleting several": ("DeleteObjects", _several),
    "deleting a bucket": ("DeleteBucket", lambda house: {"Bucket": _bucket(house)}),
    "a copy": (
        "CopyObject",
        lambda house: {**_object(house, LARGE), "Key": "copy", "CopySource": "bucket/key"},
    ),
    "a copy over another": (
        "CopyObject",
        lambda house: {**_several(house), "Key": "other", "CopySource": "bucket/key"},
    ),
    "tags": (
        "PutObjectTagging",
        lambda house: {**_object(house), "Tagging": {"TagSet": [{"Key": "c", "Value": "d"}]}},
    ),
    "an upload": ("CreateMultipartUpload", lambda house: {"Bucket": _bucket(house), "Key": "key"}),
    "a part": ("UploadPart", lambda house: {**_upload(house), "PartNumber": 1}),
    "a part again": ("UploadPart", lambda house: {**_parts(house), "PartNumber": 1}),
    "completing": ("CompleteMultipartUpload", _parts),
    "aborting": ("AbortMultipartUpload", _parts),
}
_BODIES = {
    "a small object": b"new",
    "a large object": LARGE,
    "small over large": b"new",
    "large over small": LARGE[::-1],
    "large over large": LARGE[::-1],
    "a part": LARGE,
    "a part again": LARGE[::-1],
}


def _role(house: House) -> Request:
    return {"RoleArn": "arn:aws:iam::111122223333:role/reader", "RoleSessionName": "me"}


STS: dict[str, tuple[str, Prepared]] = {
    "a session of a role": ("AssumeRole", _role),
    "a session": ("GetSessionToken", lambda house: {}),
}

_CASES = [
    (service, what, *case)
    for service, cases in (("sqs", SQS), ("s3", S3), ("sts", STS))
    for what, case in cases.items()
]


@pytest.mark.parametrize(
    ("service", "what", "operation", "prepared"),
    _CASES,
    ids=[f"{service}-{what}" for service, what, _, _ in _CASES],
)
def test_a_write_that_fails_leaves_nothing(
    house: House, service: str, what: str, operation: str, prepared: Prepared
) -> None:
    request = prepared(house)
    before = house.state()
    for number in range(1, MOST_WRITES):
        made = dict(request)
        if what in _BODIES:
            made["Body"] = house.body(_BODIES[what])
        with house.failing(number) as asked:
            try:
                answer = house.call(service, operation, made)
            except Broken:
                pass
            else:
                assert len(asked) < number, f"{operation} took no notice of a failure: {asked}"
                break
        if what in _BODIES:
            made["Body"].discard()  # as the server does when the operation has failed
        assert house.state() == before, f"after write {number}: {asked[-1]}"
    else:
        pytest.fail(f"{operation} writes more than {MOST_WRITES} times")
    assert number > 1, f"{operation} writes nothing"
    assert answer is not None
    assert house.state() != before
