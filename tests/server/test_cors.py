"""Browsers' scripts: preflights, what answers carry, and origins that are refused."""

from urllib.request import Request as HttpRequest
from urllib.request import urlopen

import pytest

from fogbank.connection import Connection
from protocols.http import Request
from runtime.settings import Settings
from server import cors

PAGE = b"http://localhost:3000"


def request(method: str, **headers: bytes) -> Request:
    named = {name.replace("_", "-").encode(): value for name, value in headers.items()}
    return Request(method, "/bucket/key", "", {b"origin": PAGE, **named})


def asked(**headers: bytes) -> Request:
    return request("OPTIONS", access_control_request_method=b"PUT", **headers)


def test_a_preflight_is_allowed_what_it_asks_for() -> None:
    reply = cors.preflight(
        Settings(), asked(access_control_request_headers=b"authorization,x-amz-date")
    )
    assert reply is not None
    assert reply.status == 204
    assert reply.body == b""
    headers = dict(reply.headers)
    assert headers[b"access-control-allow-origin"] == b"*"
    assert b"PUT" in headers[b"access-control-allow-methods"]
    assert headers[b"access-control-allow-headers"] == b"authorization,x-amz-date"
    assert int(headers[b"access-control-max-age"]) > 0


@pytest.mark.parametrize("method", ["GET", "PUT", "POST", "OPTIONS"])
def test_another_request_is_no_preflight(method: str) -> None:
    assert cors.preflight(Settings(), request(method)) is None


def test_a_named_origin_is_answered_by_name() -> None:
    settings = Settings(cors_origins=[PAGE.decode()])
    assert cors.headers_for(settings, request("GET"))[:2] == [
        (b"access-control-allow-origin", PAGE),
        (b"vary", b"Origin"),
    ]


@pytest.mark.parametrize("allowed", [[], ["https://elsewhere.test"], ["http://localhost"]])
def test_an_origin_that_is_not_allowed_gets_nothing(allowed: list[str]) -> None:
    settings = Settings(cors_origins=allowed)
    assert cors.preflight(settings, asked()) is None
    assert cors.headers_for(settings, request("GET")) == []


def test_scripts_see_what_sdks_read() -> None:
    headers = dict(cors.headers_for(Settings(), request("GET")))
    exposed = headers[b"access-control-expose-headers"].split(b", ")
    for name in (b"*", b"etag", b"x-amz-request-id", b"x-amzn-requestid", b"content-range"):
        assert name in exposed


def test_the_public_web_reaches_in_only_by_name() -> None:
    private = {"access_control_request_private_network": b"true"}
    for origins, expected in ((["*"], None), (["*", PAGE.decode()], b"true")):
        reply = cors.preflight(Settings(cors_origins=origins), asked(**private))
        assert reply is not None
        found = dict(reply.headers).get(b"access-control-allow-private-network")
        assert found == expected


def test_a_page_calls_aws(fogbank: Connection) -> None:
    preflight = HttpRequest(
        fogbank.endpoint_url,
        method="OPTIONS",
        headers={
            "Origin": PAGE.decode(),
            "Access-Control-Request-Method": "POST",
            "Access-Control-Request-Headers": "authorization,x-amz-target",
        },
    )
    with urlopen(preflight) as answer:
        assert answer.status == 204
        assert answer.headers["Access-Control-Allow-Headers"] == "authorization,x-amz-target"
    client = fogbank.client("sts", account="111111111111")
    client.meta.events.register(
        "before-send", lambda request, **_: request.headers.__setitem__("Origin", PAGE.decode())
    )
    headers = client.get_caller_identity()["ResponseMetadata"]["HTTPHeaders"]
    assert headers["access-control-allow-origin"] == "*"
    assert "x-amzn-requestid" in headers["access-control-expose-headers"]
