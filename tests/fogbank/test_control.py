"""Calls of the control API, and servers that don't answer them."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from socket import socket

import pytest

from fogbank import ControlError, Server, connect
from fogbank.control import Control


@contextmanager
def answering(status: int, content: bytes) -> Iterator[str]:
    """A server that is something else."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status)
            self.send_header("content-length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *parts: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


def test_a_refusal_is_an_error_with_its_field(server: Server) -> None:
    with pytest.raises(ControlError, match="seconds must be a number") as refused:
        server.control.call("POST", "clock/advance", {"seconds": "x"})
    assert (refused.value.status, refused.value.field) == (400, "seconds")


def test_answers_as_they_came(server: Server) -> None:
    raw = server.control.call("GET", "metrics", raw=True)
    assert raw.startswith(b"# HELP fogbank_info")
    assert server.control.call("GET", "requests", query={"limit": 1, "service": None}) == {
        "requests": [],
        "cursor": None,
    }


def test_nobody_answers() -> None:
    with socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}"
        with pytest.raises(ControlError, match=f"no server answers at {url}: ") as failed:
            connect(url)
    assert failed.value.status is None


def test_somebody_else_answers() -> None:
    with answering(200, b"<html>") as url, pytest.raises(ControlError, match="not fogbank's"):
        connect(url)
    with answering(404, b"gone") as url, pytest.raises(ControlError, match="was answered 404"):
        connect(url)


@pytest.mark.parametrize("url", ["localhost:4566", "ftp://localhost", "http://", ""])
def test_what_is_no_endpoint(url: str) -> None:
    with pytest.raises(ValueError, match="an endpoint is http://HOST:PORT"):
        Control(url)


def test_proxies_of_the_environment_are_passed_by(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    assert connect(server.endpoint_url).health()["status"] == "ok"
    assert server.client("sts").get_caller_identity()["Account"]
