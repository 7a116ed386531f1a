"""The control API as a whole: paths, methods, and what is refused."""

import pytest

from fogbank import Server
from server import aliases, control
from tests.server.control.calling import call, refusal

PATHS = [*control.ROUTES, *aliases.ROUTES]


def test_an_unknown_path_is_404(server: Server) -> None:
    assert refusal(server, "GET", "/_fogbank/nonsense", status=404) == (
        "there is no /_fogbank/nonsense in the control API",
        None,
    )
    assert call(server, "GET", "/_fogbank/health/").status == 404


@pytest.mark.parametrize("path", PATHS)
def test_an_unknown_method_is_405_and_names_those_there_are(server: Server, path: str) -> None:
    answer = call(server, "PATCH", path.replace("{", "").replace("}", ""))
    assert answer.status == 405
    allowed = {**control.ROUTES, **aliases.ROUTES}[path]
    assert answer.headers["allow"] == ", ".join(allowed)
    assert "not PATCH" in answer.json["error"]


def test_head_is_get_without_a_body(server: Server) -> None:
    for path in ("/_fogbank/health", "/_localstack/health", "/_fogbank/requests/stream"):
        answer = call(server, "HEAD", path)
        assert (answer.status, answer.content) == (200, b"")


@pytest.mark.parametrize(
    ("body", "complaint"),
    [
        (b"{", "the body is not JSON"),
        (b"\xff\xfe", "the body is not JSON"),
        (b"[]", "the body is not a JSON object"),
        (b'"seconds"', "the body is not a JSON object"),
    ],
)
def test_what_is_no_json_object_is_400(server: Server, body: bytes, complaint: str) -> None:
    message, field = refusal(server, "POST", "/_fogbank/clock/advance", body)
    assert message.startswith(complaint)
    assert field is None


def test_an_unknown_field_is_named(server: Server) -> None:
    message, field = refusal(server, "POST", "/_fogbank/clock/advance", {"second": 1})
    assert message == "unknown field 'second' (known: seconds)"
    assert field == "second"
    assert refusal(server, "POST", "/_fogbank/clock/resume", {"at": 1})[1] == "at"
    assert refusal(server, "GET", "/_fogbank/requests?servise=sqs")[1] == "servise"


def test_a_long_body_is_413(server: Server) -> None:
    assert call(server, "POST", "/_fogbank/settle", b" " * 2_000_000).status == 413


def test_a_browser_is_led_to_the_console(server: Server) -> None:
    for path in ("/_fogbank/", "/_fogbank/ui"):
        answer = call(server, "GET", path)
        assert answer.status in (302, 307)
        assert answer.headers["location"] == "/_fogbank/ui/"


def test_names_in_paths_may_hold_anything(server: Server) -> None:
    name = "50% of sends/ünd more?"
    server.faults.put(name, throttle=True)
    assert [rule["name"] for rule in server.faults.list()] == [name]
    server.faults.remove(name)
    assert server.faults.list() == []


def test_no_call_is_in_the_journal_and_none_may_be_kept(server: Server) -> None:
    assert call(server, "GET", "/_fogbank/health").headers["cache-control"] == "no-store"
    call(server, "GET", "/_fogbank/nonsense")
    assert server.requests(internal=True) == []
