"""The load generator and the requests it is given."""

import json
from urllib.parse import urlsplit

import pytest

from benchmarks import load
from benchmarks.wire import ACCESS_KEY_ID, Wire
from fogbank import Connection
from tests.packaging.checkout import ROOT


def address(server: Connection) -> load.Address:
    parts = urlsplit(server.endpoint_url)
    assert parts.hostname
    assert parts.port
    return parts.hostname, parts.port


@pytest.fixture
def wire(fogbank: Connection) -> Wire:
    """Requests for the session's server."""
    return Wire(fogbank.endpoint_url)


def test_a_request_is_what_boto3_would_send(wire: Wire) -> None:
    head, _, body = wire.request("sqs", "list_queues", MaxResults=7).partition(b"\r\n\r\n")
    assert head.startswith(b"POST / HTTP/1.1\r\nHost: 127.0.0.1:")
    assert f"Credential={ACCESS_KEY_ID}/".encode() in head
    assert head.endswith(f"Content-Length: {len(body)}".encode())
    assert json.loads(body) == {"MaxResults": 7}


def test_answers_come_in_full_over_many_connections(fogbank: Connection, wire: Wire) -> None:
    request = wire.request("sts", "get_caller_identity")
    found = load.run(address(fogbank), [request] * 50, connections=8)
    assert len(found.bodies) == len(found.seconds) == 50
    assert all(body.rstrip().endswith(b"</GetCallerIdentityResponse>") for body in found.bodies)


def test_its_signatures_are_really_verified(fogbank: Connection, wire: Wire) -> None:
    request = wire.request("sts", "get_caller_identity")
    forged = request.replace(b"Version=2011-06-15", b"Version=2011-06-16")
    assert forged != request
    with pytest.raises(load.LoadError, match="403"):
        load.run(address(fogbank), [forged])


def test_what_is_no_success_is_no_measurement(fogbank: Connection, wire: Wire) -> None:
    with pytest.raises(load.LoadError, match=" 404 "):
        load.exchange(
            address(fogbank), wire.request("s3", "get_object", Bucket="nobodys", Key="none")
        )


def test_the_numbers_that_are_quoted_name_their_source() -> None:
    for name in ("README.md", "ARCHITECTURE.md"):
        text = (ROOT / name).read_text()
        assert "µs" not in text or "make bench" in text
