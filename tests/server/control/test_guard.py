"""Who may call the control API, and who may not."""

from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest

from fogbank import Server
from tests.server.control.calling import call

NAVIGATES = {"Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"}


@pytest.fixture(scope="module")
def guarded() -> Iterator[Server]:
    """A server that two more names are known for."""
    with Server(
        hostname="aws.test", served_hostnames=["s3.test"], allowed_hosts=["fogbank", "app.test"]
    ) as server:
        yield server


def status(
    server: Server, method: str = "GET", path: str = "/_fogbank/health", **headers: str
) -> int:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return call(server, method, path, b"", named).status


@pytest.mark.parametrize(
    "host",
    [
        "localhost",
        "LOCALHOST:4566",
        "localhost.",
        "bucket.localhost:1",
        "127.0.0.1",
        "127.0.0.1:9",
        "[::1]:4566",
        "[::1]",
        "0.0.0.0",
        "172.17.0.2:4566",
        "aws.test:4566",
        "sqs.us-east-1.aws.test",
        "s3.test",
        "fogbank",
        "fogbank:4566",
        "app.test",
    ],
)
def test_our_own_names_are_answered(guarded: Server, host: str) -> None:
    assert status(guarded, Host=host) == 200


@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        "evil.example:4566",
        "localhost.evil.example",
        "notlocalhost",
        "evilaws.test",
        "127.0.0.1.evil.example",
        "1.2.3",
        "",
        "a b",
        "[evil]",
    ],
)
def test_a_name_that_is_not_ours_is_refused(guarded: Server, host: str) -> None:
    answer = call(guarded, "GET", "/_fogbank/health", headers={"Host": host})
    assert answer.status in (400, 403)
    if answer.status == 403:
        assert "--allowed-hosts" in answer.json["error"]


def test_every_path_of_ours_is_guarded(guarded: Server) -> None:
    for path in (
        "/_fogbank/ui/",
        "/_fogbank/nonsense",
        "/_localstack/health",
        "/_aws/sqs/messages",
        "/moto-api/data.json",
    ):
        assert status(guarded, path=path, Host="evil.example") == 403


def test_aws_itself_is_answered_under_any_name(guarded: Server) -> None:
    headers = {"Host": "evil.example", "Content-Type": "application/x-www-form-urlencoded"}
    body = b"Action=GetCallerIdentity&Version=2011-06-15"
    assert b"--allowed-hosts" not in call(guarded, "POST", "/", body, headers).content


@pytest.mark.parametrize(
    "origin",
    ["http://evil.example", "https://localhost", "http://localhost:3000", "null", "x", "http://"],
)
@pytest.mark.parametrize("method", ["GET", "POST", "OPTIONS"])
def test_pages_of_other_origins_are_refused(guarded: Server, method: str, origin: str) -> None:
    path = "/_fogbank/reset" if method == "POST" else "/_fogbank/health"
    answer = call(guarded, method, path, headers={"Origin": origin, "Host": "localhost:4566"})
    assert answer.status == 403
    assert "access-control-allow-origin" not in answer.headers
    assert "--allowed-hosts" in answer.json["error"]


def test_our_own_page_is_answered(guarded: Server) -> None:
    own = urlsplit(guarded.endpoint_url)
    for host in (own.netloc, "localhost:4566", "aws.test"):
        for scheme in ("http", "https"):
            origin = f"{scheme}://{host}"
            assert status(guarded, "POST", "/_fogbank/settle", Host=host, Origin=origin) == 200


def test_pages_of_allowed_hosts_are_answered_and_may_read_it(guarded: Server) -> None:
    headers = {"Origin": "http://app.test:3000"}
    answer = call(guarded, "GET", "/_fogbank/health", headers=headers)
    assert answer.status == 200
    assert answer.headers["access-control-allow-origin"] == "http://app.test:3000"
    assert answer.headers["vary"] == "origin"
    asked = {"Access-Control-Request-Headers": "content-type", **headers}
    preflight = call(guarded, "OPTIONS", "/_fogbank/config", headers=asked)
    assert preflight.status == 204
    assert preflight.headers["access-control-allow-origin"] == "http://app.test:3000"
    assert preflight.headers["access-control-allow-headers"] == "content-type"
    assert "PUT" in preflight.headers["access-control-allow-methods"]


def test_requests_that_a_foreign_page_makes_without_an_origin_are_refused(guarded: Server) -> None:
    assert status(guarded, Sec_Fetch_Site="cross-site") == 403
    assert status(guarded, Sec_Fetch_Site="cross-site", Sec_Fetch_Mode="no-cors") == 403
    frame = {"Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "iframe"}
    assert status(guarded, Sec_Fetch_Site="cross-site", **frame) == 403


def test_a_link_may_be_followed_where_nothing_comes_of_it(guarded: Server) -> None:
    for path in ("/_fogbank/ui/", "/_fogbank/health"):
        assert status(guarded, path=path, Sec_Fetch_Site="cross-site", **NAVIGATES) == 200
    seed = "/moto-api/seed?a=1"
    assert status(guarded, path=seed, Sec_Fetch_Site="cross-site", **NAVIGATES) == 403
    reset = "/_fogbank/reset"
    assert status(guarded, "POST", reset, Sec_Fetch_Site="cross-site", **NAVIGATES) == 403


def test_the_users_own_clicks_are_no_foreign_page(guarded: Server) -> None:
    for site in ("none", "same-origin", "same-site"):
        assert status(guarded, Sec_Fetch_Site=site) == 200


def test_a_star_lets_in_everybody() -> None:
    with Server(allowed_hosts=["*"]) as server:
        headers = {"Host": "evil.example", "Origin": "http://other.example"}
        answer = call(server, "GET", "/_fogbank/health", headers=headers)
        assert answer.status == 200
        assert answer.headers["access-control-allow-origin"] == "http://other.example"
        assert status(server, Sec_Fetch_Site="cross-site") == 200
