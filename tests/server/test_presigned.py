"""Presigned URLs: signed at a real moment, expired on AWS's clock."""

from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
from botocore.auth import HmacV1QueryAuth, S3SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.config import Config
from botocore.credentials import Credentials

from fogbank.testing import Aws
from tests.server import signing
from tests.server.raw import Answer, send


def _fetch(aws: Aws, url: str) -> Answer:
    target = url.removeprefix(aws.endpoint_url)
    return send(aws.endpoint_url, "GET", target, host=url.split("/")[2])


def _presigned(aws: Aws, seconds: int, ahead: float = 0.0) -> str:
    """A URL of an object, signed by a client whose clock is a little ahead of ours."""
    request = AWSRequest(method="GET", url=f"{aws.endpoint_url}/bucket/key")
    signer = S3SigV4QueryAuth(Credentials(aws.account, "test"), "s3", "us-east-1", seconds)
    with pytest.MonkeyPatch.context() as patch:
        moment = datetime.now(UTC).replace(tzinfo=None) + timedelta(seconds=ahead)
        patch.setattr("botocore.auth.get_current_datetime", lambda *_, **__: moment)
        signer.add_auth(request)
    url = str(request.url)
    return url


@pytest.fixture
def stored(aws: Aws) -> Aws:
    """An account with an object."""
    s3 = aws.client("s3")
    s3.create_bucket(Bucket="bucket")
    s3.put_object(Bucket="bucket", Key="key", Body=b"content")
    return aws


@pytest.mark.fogbank(freeze=True)
def test_a_url_signed_before_an_advance_expires_by_it(stored: Aws) -> None:
    url = _presigned(stored, 60)
    assert _fetch(stored, url).body == b"content"
    stored.clock.advance(55)
    assert _fetch(stored, url).status == 200
    stored.clock.advance(6)
    answer = _fetch(stored, url)
    assert (answer.status, answer.code) == (403, "AccessDenied")
    assert answer.message == "Request has expired"
    assert b"<X-Amz-Expires>60</X-Amz-Expires>" in answer.body


@pytest.mark.fogbank(freeze=True)
def test_a_url_signed_after_an_advance_is_not_born_expired(stored: Aws) -> None:
    stored.clock.advance(86_400)
    url = _presigned(stored, 60, ahead=2)
    assert _fetch(stored, url).body == b"content"


@pytest.mark.fogbank(freeze="2020-02-29T12:00:00Z")
def test_a_url_signed_after_a_freeze_in_the_past_expires_in_time(stored: Aws) -> None:
    url = _presigned(stored, 1)
    assert _fetch(stored, url).status == 200
    stored.clock.advance(3)
    assert _fetch(stored, url).status == 403


@pytest.mark.fogbank(freeze="2040-02-29T12:00:00Z")
def test_a_url_signed_after_a_freeze_in_the_future_is_not_born_expired(stored: Aws) -> None:
    url = _presigned(stored, 60)
    assert _fetch(stored, url).status == 200
    stored.clock.advance(61)
    assert _fetch(stored, url).status == 403


def test_a_url_of_the_far_future_is_not_valid_yet(stored: Aws) -> None:
    answer = _fetch(stored, _presigned(stored, 60, ahead=3600))
    assert (answer.status, answer.code) == (403, "AccessDenied")
    assert answer.message == "Request is not valid yet"


def test_a_url_that_botocore_signs_by_itself(stored: Aws) -> None:
    s3 = stored.client("s3", config=Config(signature_version="s3v4"))
    arguments = {"Bucket": "bucket", "Key": "key"}
    url = s3.generate_presigned_url("get_object", Params=arguments, ExpiresIn=60)
    assert "X-Amz-Signature=" in url
    assert _fetch(stored, url).body == b"content"
    old = stored.client("s3", config=Config(signature_version="s3"))
    url = old.generate_presigned_url("get_object", Params=arguments, ExpiresIn=60)
    assert "AWSAccessKeyId=" in url
    assert _fetch(stored, url).body == b"content"


def test_an_expiry_of_more_than_a_week_is_refused(stored: Aws) -> None:
    answer = _fetch(stored, _presigned(stored, 604_801))
    assert (answer.status, answer.code) == (400, "AuthorizationQueryParametersError")
    assert "less than a week" in answer.message


# Signature Version 2, which does not say when it was signed ---------------------------------------


def _presigned_v2(
    aws: Aws, seconds: int, key: str | None = None, secret: str = "test", ahead: float = 0.0
) -> str:
    """A URL that says only when it expires."""
    request = AWSRequest(method="GET", url=f"{aws.endpoint_url}/bucket/key")
    signer = HmacV1QueryAuth(Credentials(key or aws.account, secret), seconds)
    real = datetime.now(UTC).timestamp() + ahead
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("botocore.auth.time.time", lambda: real)
        signer.add_auth(request)
    url = str(request.url)
    assert set(parse_qs(urlsplit(url).query)) == {"AWSAccessKeyId", "Signature", "Expires"}
    return url


@pytest.mark.fogbank(freeze=True)
def test_a_v2_url_expires_counted_from_its_first_use(stored: Aws) -> None:
    url = _presigned_v2(stored, 600)
    assert _fetch(stored, url).body == b"content"
    stored.clock.advance(500)
    assert _fetch(stored, url).body == b"content"
    stored.clock.advance(101)
    answer = _fetch(stored, url)
    assert (answer.status, answer.code) == (403, "AccessDenied")
    assert answer.message == "Request has expired"
    assert b"<Expires>" in answer.body
    assert b"<ServerTime>" in answer.body
    assert b"X-Amz-Expires" not in answer.body


@pytest.mark.fogbank(freeze=True)
def test_a_v2_url_signed_after_an_advance_is_not_born_expired(stored: Aws) -> None:
    stored.clock.advance(86_400)
    url = _presigned_v2(stored, 600)
    assert _fetch(stored, url).body == b"content"
    stored.clock.advance(601)
    assert _fetch(stored, url).status == 403


@pytest.mark.fogbank(freeze="2020-02-29T12:00:00Z")
def test_a_v2_url_signed_after_a_freeze_in_the_past_expires_in_time(stored: Aws) -> None:
    url = _presigned_v2(stored, 600)
    assert _fetch(stored, url).status == 200
    stored.clock.advance(602)
    assert _fetch(stored, url).status == 403


def test_a_v2_url_whose_time_has_really_come_is_expired(stored: Aws) -> None:
    assert _fetch(stored, _presigned_v2(stored, 600, ahead=-602)).status == 403
    assert _fetch(stored, _presigned_v2(stored, 600, ahead=-500)).status == 200


@pytest.mark.parametrize("version", [2, 4])
def test_a_url_of_a_known_key_is_verified(stored: Aws, version: int) -> None:
    def told(secret: str) -> tuple[int, str]:
        if version == 2:
            url = _presigned_v2(stored, 600, signing.KEY, secret)
        else:
            request = AWSRequest(method="GET", url=f"{stored.endpoint_url}/bucket/key")
            credentials = Credentials(signing.KEY, secret)
            S3SigV4QueryAuth(credentials, "s3", "us-east-1", 600).add_auth(request)
            url = str(request.url)
        answer = _fetch(stored, url)
        return answer.status, answer.code

    assert told("another") == (403, "SignatureDoesNotMatch")
    status, code = told(signing.SECRET)
    assert status == 200 or code == "NoSuchBucket"  # the bucket is another account's


@pytest.mark.fogbank(freeze=True)
def test_two_keys_with_one_secret_have_urls_of_their_own(stored: Aws) -> None:
    moment = datetime.now(UTC).timestamp()
    urls = [
        _presigned_v2(stored, 600, key, ahead=moment - datetime.now(UTC).timestamp())
        for key in (None, "AKIDOFNOBODY")
    ]
    signatures = {parse_qs(urlsplit(url).query)["Signature"][0] for url in urls}
    assert len(signatures) == 1  # the key is no part of what is signed
    assert _fetch(stored, urls[1]).code == "NoSuchBucket"
    stored.clock.advance(3600)
    assert _fetch(stored, urls[0]).status == 200
    assert _fetch(stored, urls[1]).code == "AccessDenied"


@pytest.mark.fogbank(signatures="off", freeze=True)
def test_expiry_does_not_matter_when_signatures_do_not(stored: Aws) -> None:
    urls = [_presigned(stored, 60), _presigned_v2(stored, 60)]
    stored.clock.advance(86_400)
    assert [_fetch(stored, url).status for url in urls] == [200, 200]
