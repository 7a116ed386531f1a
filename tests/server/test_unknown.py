"""Requests that name no service: what a browser, an SDK and a script are told."""

import orjson
import pytest

from fogbank.connection import Connection
from protocols import xmlread
from protocols.http import Request
from server import unknown
from tests.server.raw import send

BROWSER = {"accept": "text/html,application/xhtml+xml,*/*;q=0.8"}


def request(method: str = "POST", path: str = "/coffee", **headers: str) -> Request:
    named = {name.replace("_", "-").encode(): text.encode() for name, text in headers.items()}
    return Request(method, path, "", named)


@pytest.mark.parametrize(
    "headers",
    [
        {"content_type": "application/json"},
        {"content_type": "application/x-amz-json-1.0"},
        {"content_type": "application/cbor"},
        {"x_amz_target": "Coffee_2020.Brew"},
    ],
)
def test_who_speaks_json_is_told_in_json(headers: dict[str, str]) -> None:
    reply = unknown.reply(request(**headers), 'no "coffee" here')
    assert reply.status == 501
    assert isinstance(reply.body, bytes)
    told = orjson.loads(reply.body)
    assert told["__type"] == "NotImplemented"
    assert told["message"].startswith('no "coffee" here A request is recognised by ')


@pytest.mark.parametrize("headers", [{}, {"content_type": "text/plain"}, {"accept": "text/html"}])
def test_everybody_else_is_told_in_xml(headers: dict[str, str]) -> None:
    reply = unknown.reply(request(**headers), "no <coffee> & no tea")
    assert (reply.status, dict(reply.headers)) == (501, {b"content-type": b"text/xml"})
    assert isinstance(reply.body, bytes)
    assert b"<Code>NotImplemented</Code><Message>no &lt;coffee&gt; &amp; no tea A" in reply.body


def test_a_refusal_of_another_kind_keeps_its_code_and_its_words() -> None:
    reply = unknown.reply(request(), "too much", 413, "RequestEntityTooLarge")
    assert reply.status == 413
    assert isinstance(reply.body, bytes)
    assert b"<Code>RequestEntityTooLarge</Code><Message>too much</Message>" in reply.body
    reply = unknown.reply(request(content_type="application/json"), "too much", 413, "Large")
    assert reply.body == b'{"__type":"Large","message":"too much"}'


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_a_browser_is_told_in_plain_words(fogbank: Connection, method: str) -> None:
    answer = send(fogbank.endpoint_url, method, "/coffee?cups=2", BROWSER)
    assert answer.status == 404
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    if method == "GET":
        text = answer.body.decode()
        assert "GET /coffee" in text
        assert "/_fogbank/" in text
        assert text.endswith("\n")
        assert "<" not in text


def test_a_browser_that_comes_by_is_led_to_the_console(fogbank: Connection) -> None:
    answer = send(fogbank.endpoint_url, "GET", "/", BROWSER)
    assert answer.status == 302
    assert answer.headers["location"] == "/_fogbank/ui/"
    shown = send(fogbank.endpoint_url, "GET", answer.headers["location"], BROWSER)
    assert shown.status == 200
    assert shown.headers["content-type"].startswith("text/html")


def test_a_browser_that_asks_for_something_of_awss_is_no_stranger(fogbank: Connection) -> None:
    target = "/?Action=GetCallerIdentity&Version=2011-06-15"
    answer = send(fogbank.endpoint_url, "GET", target, BROWSER)
    assert answer.status in (200, 403)
    assert answer.headers["content-type"] == "text/xml"


@pytest.mark.parametrize("path", ["/%FF%00", "/%F0%9F%92%A9", "/<b>", "/a&b", "/" + "a" * 3000])
def test_strange_paths_are_told_well_formed(fogbank: Connection, path: str) -> None:
    answer = send(fogbank.endpoint_url, "PUT", path)
    assert answer.status == 501
    xmlread.parse(answer.body)
    answer = send(fogbank.endpoint_url, "PUT", path, {"content-type": "application/json"})
    assert orjson.loads(answer.body)["__type"] == "NotImplemented"


def test_nothing_of_it_is_in_the_journal(fogbank: Connection) -> None:
    assert send(fogbank.endpoint_url, "PUT", "/nobody-has-this-bucket/a").status == 501
    assert not [call for call in fogbank.requests() if "nobody-has-this-bucket" in str(dict(call))]
