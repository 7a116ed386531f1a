"""Policies of HTML forms: who signed one, until when it is good, and what it allows."""

import json
from base64 import b64encode
from typing import Any

import boto3
import pytest
from botocore.config import Config

from fogbank.testing import Aws
from tests.services.s3.helpers import BUCKET, Answer, create, exists, http

VERSIONS = ["s3", "s3v4"]
FAR = "2099-01-01T00:00:00Z"


def signer(aws: Aws, version: str, **options: Any) -> Any:
    """A client whose forms are signed by this version, after making the bucket."""
    create(aws)
    return aws.client("s3", config=Config(signature_version=version), **options)


def send(form: Any, body: str = "data", **fields: str | None) -> Answer:
    """Send a form with other fields than it came with; None leaves one out."""
    given = {**form["fields"], **fields}
    sent = {name: value for name, value in given.items() if value is not None}
    return http("POST", form["url"], fields={**sent, "file": ("file", body)})


def with_policy(form: Any, policy: object) -> Any:
    """The form with another policy; test keys are believed."""
    text = policy if isinstance(policy, bytes) else json.dumps(policy).encode()
    return {**form, "fields": {**form["fields"], "policy": b64encode(text).decode()}}


def message(answer: Answer) -> str:
    """The message of an error."""
    return answer.root.findtext("Message") or ""


# signatures ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("version", VERSIONS)
def test_both_versions_of_signatures(aws: Aws, version: str) -> None:
    s3 = signer(aws, version)
    assert send(s3.generate_presigned_post(BUCKET, "key")).status == 204
    assert exists(s3, "key")


@pytest.mark.parametrize("version", VERSIONS)
def test_signatures_of_known_secrets_are_verified(aws: Aws, version: str) -> None:
    create(aws)
    found = aws.client("sts").get_session_token()["Credentials"]
    s3 = boto3.client(
        "s3",
        endpoint_url=aws.endpoint_url,
        region_name=aws.region,
        aws_access_key_id=found["AccessKeyId"],
        aws_secret_access_key=found["SecretAccessKey"],
        aws_session_token=found["SessionToken"],
        config=Config(signature_version=version, s3={"addressing_style": "path"}),
    )
    form = s3.generate_presigned_post(BUCKET, "key")
    assert send(form).status == 204
    name = "signature" if version == "s3" else "x-amz-signature"
    answer = send(form, **{name: form["fields"][name][::-1]})
    assert (answer.status, answer.code) == (403, "SignatureDoesNotMatch")
    assert answer.root.findtext("AWSAccessKeyId") == found["AccessKeyId"]
    assert answer.root.findtext("StringToSign") == form["fields"]["policy"]
    answer = send(with_policy(form, {"expiration": FAR, "conditions": []}))
    assert (answer.status, answer.code) == (403, "SignatureDoesNotMatch")
    answer = send(form, **{"x-amz-security-token": "other"})
    assert (answer.status, answer.code) == (400, "InvalidToken")


@pytest.mark.parametrize(
    ("version", "first"), [("s3", "AWSAccessKeyId"), ("s3v4", "x-amz-algorithm")]
)
def test_fields_that_a_signature_needs(aws: Aws, version: str, first: str) -> None:
    s3 = signer(aws, version)
    form = s3.generate_presigned_post(BUCKET, "key")
    absent: dict[str, Any] = {first: None}
    answer = send(form, **absent)
    assert (answer.status, answer.code) == (400, "InvalidArgument")
    name = answer.root.findtext("ArgumentName") or ""
    assert name.lower() == first.lower()
    assert message(answer) == (
        f"Bucket POST must contain a field named '{name}'.  If it is specified, please check the"
        " order of the fields."
    )
    assert send(form, policy=None).root.findtext("ArgumentName") == "policy"
    answer = http("POST", form["url"], fields={"key": "key", "file": ("file", "data")})
    assert (answer.status, answer.code) == (403, "AccessDenied")
    assert not exists(s3, "key")


def test_credentials_and_dates_that_are_none(aws: Aws) -> None:
    s3 = signer(aws, "s3v4")
    form = s3.generate_presigned_post(BUCKET, "key")
    for name, value in [
        ("x-amz-algorithm", "AWS4-HMAC-SHA1"),
        ("x-amz-credential", "nonsense"),
        ("x-amz-credential", f"{aws.account}/20260101/us-east-1/sqs/aws4_request"),
        ("x-amz-date", "yesterday"),
    ]:
        answer = send(form, **{name: value})
        assert (answer.status, answer.code) == (400, "InvalidArgument"), name
        assert (answer.root.findtext("ArgumentName") or "").lower() == name


# expiry -------------------------------------------------------------------------------------------


@pytest.mark.fogbank(freeze=True)
@pytest.mark.parametrize("version", VERSIONS)
def test_a_policy_expires_in_virtual_time(aws: Aws, version: str) -> None:
    s3 = signer(aws, version)
    form = s3.generate_presigned_post(BUCKET, "key", ExpiresIn=60)
    assert send(form).status == 204
    aws.clock.advance(120)
    answer = send(form)
    assert (answer.status, answer.code) == (403, "AccessDenied")
    assert message(answer) == "Invalid according to Policy: Policy expired."
    later = s3.generate_presigned_post(BUCKET, "key", ExpiresIn=3600)
    assert send(later).status == 204


# conditions ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("condition", "value", "told"),
    [
        ({"x-amz-meta-a": "1"}, "1", None),
        ({"X-Amz-Meta-A": "1"}, "1", None),
        (["eq", "$x-amz-meta-a", "1"], "1", None),
        ({"x-amz-meta-a": "1"}, "2", '["eq", "$x-amz-meta-a", "1"]'),
        (["eq", "$x-amz-meta-a", "A"], "a", '["eq", "$x-amz-meta-a", "A"]'),
        (["eq", "x-amz-meta-a", "1"], "1", '["eq", "x-amz-meta-a", "1"]'),
        (["starts-with", "$x-amz-meta-a", "ab"], "abc", None),
        (["starts-with", "$x-amz-meta-a", ""], "anything", None),
        (["starts-with", "$x-amz-meta-a", "ab"], "Abc", '["starts-with", "$x-amz-meta-a", "ab"]'),
    ],
)
def test_conditions(aws: Aws, condition: Any, value: str, told: str | None) -> None:
    s3 = signer(aws, "s3v4")
    form = s3.generate_presigned_post(BUCKET, "key", Conditions=[condition])
    answer = send(form, **{"x-amz-meta-a": value})
    if told is None:
        assert answer.status == 204
        return
    assert (answer.status, answer.code) == (403, "AccessDenied")
    assert message(answer) == f"Invalid according to Policy: Policy Condition failed: {told}"
    assert not exists(s3, "key")


def test_each_of_several_content_types_counts(aws: Aws) -> None:
    s3 = signer(aws, "s3v4")
    condition = ["starts-with", "$Content-Type", "image/"]
    form = s3.generate_presigned_post(BUCKET, "key", Conditions=[condition])
    assert send(form, **{"Content-Type": "image/png,image/jpeg"}).status == 204
    assert send(form, **{"Content-Type": "image/png,text/html"}).status == 403


def test_the_key_and_the_bucket_are_the_policys(aws: Aws) -> None:
    s3 = signer(aws, "s3v4")
    s3.create_bucket(Bucket="second")
    form = s3.generate_presigned_post(BUCKET, "user/${filename}")
    assert send(form, key="user/other").status == 204
    answer = send(form, key="admin/other")
    assert (answer.status, answer.code) == (403, "AccessDenied")
    elsewhere = {**form, "url": form["url"].replace(BUCKET, "second")}
    answer = send(elsewhere)
    assert '["eq", "$bucket", "photos"]' in message(answer)


def test_fields_that_the_policy_does_not_name(aws: Aws) -> None:
    s3 = signer(aws, "s3v4")
    form = s3.generate_presigned_post(BUCKET, "key")
    assert send(form, **{"x-ignore-this": "x"}).status == 204
    answer = send(form, **{"x-amz-meta-a": "1"})
    assert (answer.status, answer.code) == (403, "AccessDenied")
    words = "Invalid according to Policy: Extra input fields: x-amz-meta-a"
    assert message(answer) == words


def test_the_files_size_has_its_limits(aws: Aws) -> None:
    s3 = signer(aws, "s3v4")
    condition = ["content-length-range", 5, 10]
    form = s3.generate_presigned_post(BUCKET, "key", Conditions=[condition])
    answer = send(form, "a" * 12)
    assert (answer.status, answer.code) == (400, "EntityTooLarge")
    told = [answer.root.findtext(name) for name in ("ProposedSize", "MaxSizeAllowed")]
    assert told == ["12", "10"]
    answer = send(form, "a")
    assert (answer.status, answer.code) == (400, "EntityTooSmall")
    told = [answer.root.findtext(name) for name in ("ProposedSize", "MinSizeAllowed")]
    assert told == ["1", "5"]
    assert not exists(s3, "key")
    for size in (5, 10):
        assert send(form, "a" * size).status == 204
    wrong = ["content-length-range", "test", 10]
    answer = send(s3.generate_presigned_post(BUCKET, "key", Conditions=[wrong]))
    assert (answer.status, answer.code) == (403, "AccessDenied")
    assert message(answer).endswith('failed: ["content-length-range", "test", "10"]')


@pytest.mark.parametrize(
    ("policy", "words"),
    [
        (b"\xff", "Invalid JSON."),
        (b"[]", "Invalid JSON."),
        ({"conditions": []}, "Policy missing expiration."),
        ({"expiration": FAR}, "Policy missing conditions."),
        ({"expiration": "soon", "conditions": []}, "Invalid 'expiration' value: 'soon'"),
        ({"expiration": FAR, "conditions": {}}, "Invalid 'conditions' value"),
        (
            {"expiration": FAR, "conditions": [{"a": "1", "b": "2"}]},
            "Invalid Simple-Condition: Simple-Conditions must have exactly one property specified.",
        ),
        ({"expiration": FAR, "conditions": [["eq", "$key"]]}, "Invalid Condition"),
        ({"expiration": FAR, "conditions": [["like", "$key", "k"]]}, "Invalid Condition"),
        ({"expiration": FAR, "conditions": [{"key": [1]}]}, "Invalid Condition"),
    ],
)
def test_policies_that_are_none(aws: Aws, policy: object, words: str) -> None:
    s3 = signer(aws, "s3v4")
    answer = send(with_policy(s3.generate_presigned_post(BUCKET, "key"), policy))
    assert (answer.status, answer.code) == (400, "InvalidPolicyDocument")
    assert message(answer).startswith(f"Invalid Policy: {words}")
    assert not exists(s3, "key")
