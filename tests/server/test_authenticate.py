"""Who a request is from: keys, accounts and regions, sessions, dates, signatures."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import pytest
from botocore.auth import HmacV1Auth, S3SigV4Auth, SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.config import Config
from botocore.credentials import Credentials
from botocore.exceptions import ClientError

from fogbank.testing import Aws
from protocols.errors import Error
from protocols.http import Request
from runtime import credentials
from server import authenticate
from server.hosts import Host
from tests.faults.house import House
from tests.server import signing
from tests.server.raw import Answer, claimed, send

FORM = {"content-type": "application/x-www-form-urlencoded; charset=utf-8"}
WHO = b"Action=GetCallerIdentity&Version=2011-06-15"


def _who(aws: Aws, headers: dict[str, str], host: str = "localhost") -> Answer:
    return send(aws.endpoint_url, "POST", "/", {**FORM, **headers}, WHO, host=host)


def _arn(answer: Answer) -> str:
    assert answer.status == 200, answer
    found = re.search(rb"<Arn>(.*?)</Arn>", answer.body)
    assert found is not None
    return found.group(1).decode()


def _deliver(aws: Aws, request: Request) -> Answer:
    target = request.path + (f"?{request.query}" if request.query else "")
    headers = {name.decode(): value.decode() for name, value in request.headers.items()}
    return send(aws.endpoint_url, request.method, target, headers, request.body)


# whose key it is ----------------------------------------------------------------------------------


def test_twelve_digits_are_an_account(aws: Aws) -> None:
    assert _arn(_who(aws, claimed("sts", key="123456789012"))) == "arn:aws:iam::123456789012:root"


@pytest.mark.parametrize("key", ["test", "AKIDOFNOBODY", "1234567890123", "12345678901a", "a/b"])
def test_other_keys_are_the_default_accounts(aws: Aws, key: str) -> None:
    assert _arn(_who(aws, claimed("sts", key=key))) == "arn:aws:iam::000000000000:root"


@pytest.mark.fogbank(default_account="999988887777")
def test_the_default_account_can_be_changed(aws: Aws) -> None:
    assert _arn(_who(aws, claimed("sts"))) == "arn:aws:iam::999988887777:root"


def test_accounts_do_not_see_each_other(aws: Aws) -> None:
    aws.client("sqs").create_queue(QueueName="mine")
    other = aws.server.client("sqs", account="210987654321")
    with pytest.raises(ClientError, match="NonExistentQueue"):
        other.get_queue_url(QueueName="mine")


@pytest.mark.parametrize(
    ("region", "partition"),
    [("eu-west-1", "aws"), ("cn-north-1", "aws-cn"), ("us-gov-west-1", "aws-us-gov")],
)
def test_the_scope_names_region_and_partition(aws: Aws, region: str, partition: str) -> None:
    queue = aws.client("sqs", region=region).create_queue(QueueName="queue")["QueueUrl"]
    told = aws.client("sqs", region=region).get_queue_attributes(
        QueueUrl=queue, AttributeNames=["QueueArn"]
    )
    assert told["Attributes"]["QueueArn"] == f"arn:{partition}:sqs:{region}:{aws.account}:queue"
    arn = _arn(_who(aws, claimed("sts", key=aws.account, region=region)))
    assert arn == f"arn:{partition}:iam::{aws.account}:root"


@pytest.mark.parametrize("region", ["aws-global", ""])
def test_a_scope_without_a_region_of_its_own_is_the_defaults(aws: Aws, region: str) -> None:
    answer = _who(aws, claimed("sts", key=aws.account, region=region))
    assert _arn(answer) == f"arn:aws:iam::{aws.account}:root"
    assert aws.requests("sts", "GetCallerIdentity").one().region == "us-east-1"


@pytest.mark.parametrize("region", ["nowhere", "US-EAST-1", "us_east_1", "a" * 40, "-"])
def test_a_scope_of_no_region_is_refused(aws: Aws, region: str) -> None:
    answer = _who(aws, claimed("sts", region=region))
    assert (answer.status, answer.code) == (403, "SignatureDoesNotMatch")
    assert answer.message == "Credential should be scoped to a valid region."


def test_an_unsigned_requests_region_is_its_hosts(aws: Aws) -> None:
    target = f"/?Action=GetQueueUrl&QueueName=nothing{aws.account}"
    answer = send(aws.endpoint_url, "GET", target, host="sqs.eu-central-1.amazonaws.com")
    assert answer.status == 400
    found = [
        request
        for request in aws.server.requests("sqs", "GetQueueUrl", region="eu-central-1")
        if aws.account in str(request.request)
    ]
    assert len(found) == 1
    assert found[0].account == "000000000000"


# sessions -----------------------------------------------------------------------------------------


def _session(aws: Aws, seconds: int = 900) -> dict[str, Any]:
    role = f"arn:aws:iam::{aws.account}:role/reader"
    answer = aws.client("sts").assume_role(
        RoleArn=role, RoleSessionName="me", DurationSeconds=seconds
    )
    found: dict[str, Any] = answer["Credentials"]
    return found


def _client(aws: Aws, service: str, session: dict[str, Any], token: str | None = None) -> Any:
    client: Any = boto3.client
    return client(
        service,
        endpoint_url=aws.endpoint_url,
        region_name="us-east-1",
        aws_access_key_id=session["AccessKeyId"],
        aws_secret_access_key=session["SecretAccessKey"],
        aws_session_token=session["SessionToken"] if token is None else token,
        config=Config(retries={"max_attempts": 1}),
    )


def test_a_session_is_its_role(aws: Aws) -> None:
    identity = _client(aws, "sts", _session(aws)).get_caller_identity()
    assert identity["Arn"] == f"arn:aws:sts::{aws.account}:assumed-role/reader/me"
    assert identity["Account"] == aws.account


@pytest.mark.parametrize("service", ["sqs", "s3"])
def test_a_sessions_signature_is_verified(aws: Aws, service: str) -> None:
    session = _session(aws)
    listed = {"sqs": "list_queues", "s3": "list_buckets"}[service]
    getattr(_client(aws, service, session), listed)()
    wrong = {**session, "SecretAccessKey": "x" * 40}
    with pytest.raises(ClientError, match=r"InvalidSignatureException|SignatureDoesNotMatch"):
        getattr(_client(aws, service, wrong), listed)()


def _json(target: str) -> dict[str, str]:
    return {"x-amz-target": target, "content-type": "application/x-amz-json-1.0"}


REQUESTS: dict[str, tuple[str, str, str, dict[str, str], bytes]] = {
    "query": ("sts", "POST", "/", FORM, WHO),
    "json": ("sqs", "POST", "/", _json("AmazonSQS.ListQueues"), b"{}"),
    "s3": ("s3", "GET", "/", {}, b""),
    "rest-json": ("lambda", "GET", "/2015-03-31/functions", {}, b""),
    "rest-xml": ("route53", "GET", "/2013-04-01/hostedzone", {}, b""),
    "ec2": ("ec2", "POST", "/", FORM, b"Action=DescribeVpcs&Version=2016-11-15"),
    "cbor": (
        "monitoring",
        "POST",
        "/service/GraniteServiceVersion20100801/operation/ListMetrics",
        {"smithy-protocol": "rpc-v2-cbor", "content-type": "application/cbor"},
        b"\xa0",
    ),
}
"""One request of each protocol: service, method, target, headers, body."""


def _ask(aws: Aws, protocol: str, **claim: Any) -> tuple[int, str, str]:
    service, method, target, headers, body = REQUESTS[protocol]
    answer = send(aws.endpoint_url, method, target, {**headers, **claimed(service, **claim)}, body)
    if protocol == "cbor":
        from protocols import cborcode

        members = cborcode.loads(answer.body)
        code = members["__type"].rpartition("#")[2]
        return answer.status, code, members.get("message") or members.get("Message")
    return answer.status, answer.code, answer.message


_TOKEN = {
    "query": (403, "InvalidClientTokenId"),
    "json": (400, "UnrecognizedClientException"),
    "s3": (400, "InvalidToken"),
    "rest-json": (403, "UnrecognizedClientException"),
    "rest-xml": (403, "InvalidClientTokenId"),
    "ec2": (401, "AuthFailure"),
    "cbor": (400, "UnrecognizedClientException"),
}


@pytest.mark.parametrize("protocol", REQUESTS)
@pytest.mark.parametrize("token", [None, "anothers"])
def test_a_session_needs_its_token(aws: Aws, protocol: str, token: str | None) -> None:
    key = _session(aws)["AccessKeyId"]
    status, code, message = _ask(aws, protocol, key=key, token=token)
    assert (status, code) == _TOKEN[protocol]
    assert message


_EXPIRED = {
    "query": (403, "ExpiredToken", "The security token included in the request is expired"),
    "json": (
        400,
        "ExpiredTokenException",
        "The security token included in the request is expired",
    ),
    "s3": (400, "ExpiredToken", "The provided token has expired."),
    "rest-json": (
        403,
        "ExpiredTokenException",
        "The security token included in the request is expired",
    ),
    "rest-xml": (403, "ExpiredToken", "The security token included in the request is expired"),
    "ec2": (400, "RequestExpired", "Request has expired."),
    "cbor": (
        400,
        "ExpiredTokenException",
        "The security token included in the request is expired",
    ),
}


@pytest.mark.fogbank(freeze=True)
def test_a_session_expires_on_awss_clock(aws: Aws) -> None:
    session = _session(aws, seconds=900)
    sts = _client(aws, "sts", session)
    aws.clock.advance(899)
    sts.get_caller_identity()
    aws.clock.advance(1)
    with pytest.raises(ClientError, match="ExpiredToken"):
        sts.get_caller_identity()
    key, token = session["AccessKeyId"], session["SessionToken"]
    for protocol, expected in _EXPIRED.items():
        assert _ask(aws, protocol, key=key, token=token) == expected


def test_keys_that_were_never_issued_are_test_keys(aws: Aws) -> None:
    status, _, _ = _ask(aws, "query", key="ASIAIOSFODNN7UNKNOWN", token="whatever")
    assert status == 200


@pytest.mark.parametrize("change", ["inactive", "revoked"])
def test_a_key_that_is_switched_off_is_refused_and_one_that_is_revoked_forgotten(
    change: str,
) -> None:
    house = House()
    try:
        runtime, service = house.runtime, house.registry.find("sts")
        assert service is not None
        context = house.context("sts", "GetCallerIdentity")
        arn = "arn:aws:iam::111122223333:user/me"
        key = credentials.issue(context, arn=arn, kind="user", user_id="AIDAME").access_key_id
        headers = {name.encode(): value.encode() for name, value in claimed("sts", key=key).items()}
        signed, malformed = authenticate.claim(Request("POST", "/", "", headers))
        assert malformed is None
        host = Host("localhost", "localhost", ())
        found = authenticate.caller(runtime, service, "query", signed, host)
        assert found.principal.arn == arn
        if change == "inactive":
            credentials.set_active(context, key, False)
            with pytest.raises(Error) as caught:
                authenticate.caller(runtime, service, "query", signed, host)
            assert (caught.value.code, caught.value.status) == ("InvalidClientTokenId", 403)
            credentials.set_active(context, key, True)
        else:
            credentials.revoke(context, key)
            arn = "arn:aws:iam::000000000000:root"
        found = authenticate.caller(runtime, service, "query", signed, host)
        assert found.principal.arn == arn
    finally:
        house.close()


# dates --------------------------------------------------------------------------------------------

_SKEWED = {
    "query": (403, "SignatureDoesNotMatch"),
    "json": (400, "InvalidSignatureException"),
    "s3": (403, "RequestTimeTooSkewed"),
    "rest-json": (403, "InvalidSignatureException"),
    "rest-xml": (403, "SignatureDoesNotMatch"),
    "ec2": (400, "RequestExpired"),
    "cbor": (400, "InvalidSignatureException"),
}


@pytest.mark.parametrize("protocol", REQUESTS)
@pytest.mark.parametrize("minutes", [-16, 16])
def test_a_date_far_from_now_is_refused_in_the_protocols_words(
    aws: Aws, protocol: str, minutes: int
) -> None:
    moment = datetime.now(UTC) + timedelta(minutes=minutes)
    status, code, message = _ask(aws, protocol, moment=moment)
    assert (status, code) == _SKEWED[protocol]
    if protocol == "s3":
        said = "The difference between the request time and the current time is too large."
        assert message == said
        return
    stamp = f"{moment:%Y%m%dT%H%M%SZ}"
    if minutes < 0:
        assert message.startswith(f"Signature expired: {stamp} is now earlier than ")
        assert message.endswith(" - 15 min.)")
    else:
        assert message.startswith(f"Signature not yet current: {stamp} is still later than ")
        assert message.endswith(" + 15 min.)")


@pytest.mark.parametrize("minutes", [-14, 14])
def test_a_date_near_now_is_taken(aws: Aws, minutes: int) -> None:
    moment = datetime.now(UTC) + timedelta(minutes=minutes)
    assert _ask(aws, "query", moment=moment)[0] == 200


@pytest.mark.fogbank(freeze="2030-01-01T00:00:00Z")
def test_dates_of_the_real_and_of_the_virtual_clock_are_taken(aws: Aws) -> None:
    assert _ask(aws, "query")[0] == 200
    assert _ask(aws, "query", moment=datetime(2030, 1, 1, 0, 5, tzinfo=UTC))[0] == 200
    assert _ask(aws, "query", moment=datetime(2030, 1, 1, 1, tzinfo=UTC))[0] == 403


@pytest.mark.fogbank(signatures="off")
def test_dates_do_not_matter_when_signatures_do_not(aws: Aws) -> None:
    assert _ask(aws, "query", moment=datetime(2001, 1, 1, tzinfo=UTC))[0] == 200


# signatures ---------------------------------------------------------------------------------------


def _signed_query(aws: Aws, credentials: Credentials) -> Request:
    signer = SigV4Auth(credentials, "sts", "us-east-1")
    url = f"{aws.endpoint_url}/"
    return signing.signed(signer, "POST", url, list(FORM.items()), WHO)


def test_the_example_keys_signature_is_verified(aws: Aws) -> None:
    assert _deliver(aws, _signed_query(aws, signing.CREDENTIALS)).status == 200
    wrong = _signed_query(aws, Credentials(signing.KEY, "another secret"))
    answer = _deliver(aws, wrong)
    assert (answer.status, answer.code) == (403, "SignatureDoesNotMatch")
    assert answer.message.startswith("The request signature we calculated does not match")


@pytest.mark.parametrize(
    ("service", "operation", "codes"),
    [
        ("sts", "get_caller_identity", (403, "SignatureDoesNotMatch")),
        ("sqs", "list_queues", (400, "InvalidSignatureException")),
        ("s3", "list_buckets", (403, "SignatureDoesNotMatch")),
        ("lambda", "list_functions", (403, "InvalidSignatureException")),
        ("route53", "list_hosted_zones", (403, "SignatureDoesNotMatch")),
        ("ec2", "describe_vpcs", (401, "AuthFailure")),
    ],
)
def test_a_wrong_secret_is_refused_in_the_protocols_words(
    aws: Aws, service: str, operation: str, codes: tuple[int, str]
) -> None:
    keys = {"AccessKeyId": signing.KEY, "SecretAccessKey": "another", "SessionToken": None}
    client = _client(aws, service, keys)
    with pytest.raises(ClientError) as caught:
        getattr(client, operation)()
    answer = caught.value.response
    told = answer["ResponseMetadata"]["HTTPStatusCode"], answer["Error"]["Code"]
    assert told == codes
    right = _client(aws, service, {**keys, "SecretAccessKey": signing.SECRET})
    if service in ("lambda", "route53", "ec2"):
        with pytest.raises(ClientError, match="NotImplemented"):
            getattr(right, operation)()
    else:
        getattr(right, operation)()


@pytest.mark.parametrize("secret", [signing.SECRET, "another"])
def test_signatures_of_version_2_are_verified_too(aws: Aws, secret: str) -> None:
    signer = HmacV1Auth(Credentials(signing.KEY, secret))
    request = AWSRequest(method="GET", url=f"{aws.endpoint_url}/")
    signer.add_auth(request)
    answer = _deliver(aws, signing.received(request))
    expected = (200, "") if secret == signing.SECRET else (403, "SignatureDoesNotMatch")
    assert (answer.status, answer.code) == expected


@pytest.mark.fogbank(signatures="off")
def test_a_wrong_signature_does_not_matter_when_signatures_are_off(aws: Aws) -> None:
    wrong = _signed_query(aws, Credentials(signing.KEY, "another secret"))
    assert _deliver(aws, wrong).status == 200


def test_a_changed_body_breaks_its_signature(aws: Aws) -> None:
    request = _signed_query(aws, signing.CREDENTIALS)
    request.body = request.body.replace(b"2011", b"2012")
    answer = _deliver(aws, request)
    assert (answer.status, answer.code) == (403, "SignatureDoesNotMatch")


def test_s3_shows_what_it_would_have_signed(aws: Aws) -> None:
    signer = S3SigV4Auth(Credentials(signing.KEY, "another"), "s3", "us-east-1")
    answer = _deliver(aws, signing.signed(signer, "GET", f"{aws.endpoint_url}/"))
    assert (answer.status, answer.code) == (403, "SignatureDoesNotMatch")
    for element in (b"AWSAccessKeyId", b"StringToSign", b"SignatureProvided", b"CanonicalRequest"):
        assert b"<" + element + b">" in answer.body


def test_a_payload_that_is_not_what_was_signed_is_refused(aws: Aws) -> None:
    aws.client("s3").create_bucket(Bucket="bucket")
    headers = {**claimed("s3", key=aws.account), "x-amz-content-sha256": "0" * 64}
    answer = send(aws.endpoint_url, "PUT", "/bucket/key", headers, b"x")
    assert (answer.status, answer.code) == (400, "XAmzContentSHA256Mismatch")
    answer = send(aws.endpoint_url, "PUT", "/bucket?tagging", headers, b"x")
    assert (answer.status, answer.code) == (400, "XAmzContentSHA256Mismatch")


def test_an_unsigned_payload_is_taken(aws: Aws) -> None:
    body = b"<CreateBucketConfiguration/>"
    headers = {**claimed("s3", key=aws.account), "x-amz-content-sha256": "UNSIGNED-PAYLOAD"}
    assert send(aws.endpoint_url, "PUT", "/bucket", headers, body).status == 200


@pytest.mark.parametrize(
    ("authorization", "code"),
    [
        ("AWS4-HMAC-SHA256 Credential=a/20260101/us-east-1/sts", "IncompleteSignature"),
        ("AWS4-HMAC-SHA256 Signature=1", "IncompleteSignature"),
        ("AWS4-HMAC-SHA256", "IncompleteSignature"),
    ],
)
def test_a_header_that_lacks_something_is_refused(aws: Aws, authorization: str, code: str) -> None:
    answer = _who(aws, {**claimed("sts"), "authorization": authorization})
    assert answer.status in (400, 403)
    assert answer.code == code
