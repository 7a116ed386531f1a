"""http and https on one port, and connections that say nothing, or nonsense."""

import asyncio
import errno
import logging
import os
import socket
import ssl
import struct
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
import uvloop

from runtime.settings import Settings
from server import certificates, sniffing
from tests.server.serving import Loop, Serving, ask, close, tell, told

Client = Callable[[Serving], Awaitable[None]]


@pytest.fixture(params=[uvloop.new_event_loop, asyncio.new_event_loop], ids=["uvloop", "asyncio"])
def loop(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Loop:
    """A kind of event loop, which the server then runs on."""
    made: Loop = request.param
    monkeypatch.setattr(uvloop, "new_event_loop", made)
    return made


@pytest.fixture
def serving(loop: Loop, tmp_path: Path) -> Serving:
    """A server with an authority of its own."""
    return Serving(Settings(hosts=["127.0.0.1"], port=0, tls=True, data=tmp_path))


async def secure(serving: Serving) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    path = certificates.folder(serving.settings) / "ca.pem"
    context = ssl.create_default_context(cafile=path)
    return await serving.connect(ssl=context, server_hostname="localhost")


async def answered(serving: Serving) -> None:
    """It answers on both, on a connection of each that is kept."""
    for streams, scheme in (
        (await serving.connect(), b"http"),
        (await secure(serving), b"https"),
    ):
        for _ in range(2):
            ask(streams)
            assert (await told(streams))[1] == scheme + b" 127.0.0.1"
        await close(streams)


def test_one_port_speaks_both(serving: Serving) -> None:
    assert serving.run(answered) == 7


def test_a_request_may_come_in_single_bytes(serving: Serving) -> None:
    async def client(serving: Serving) -> None:
        streams = await serving.connect()
        streams[1].get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for byte in b"GET / HTTP/1.1\r\nHost: x\r\n\r\n":
            streams[1].write(bytes([byte]))
            await streams[1].drain()
        assert (await told(streams))[1] == b"http 127.0.0.1"
        await close(streams)

    assert serving.run(client) == 7


def test_connections_that_say_nothing_block_nobody(serving: Serving) -> None:
    async def client(serving: Serving) -> None:
        silent = [await serving.connect() for _ in range(150)]
        handshaking = await serving.connect()
        handshaking[1].write(b"\x16\x03\x01")
        await answered(serving)
        tell()  # and the end doesn't wait for them
        for streams in (*silent, handshaking):
            assert await streams[0].read() == b""
            await close(streams)

    assert serving.run(client) == 7


def test_silence_is_not_borne_for_ever(serving: Serving, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sniffing, "SILENCE_SECONDS", 0.05)
    monkeypatch.setattr(sniffing, "HANDSHAKE_SECONDS", 0.05)

    async def client(serving: Serving) -> None:
        for said in (b"", b"\x16\x03\x01"):
            streams = await serving.connect()
            streams[1].write(said)
            assert await streams[0].read() == b""
            await close(streams)
        await answered(serving)

    assert serving.run(client) == 7


def test_an_idle_client_that_does_not_look_holds_up_no_end(
    serving: Serving, caplog: pytest.LogCaptureFixture
) -> None:
    path = certificates.folder(serving.settings) / "ca.pem"
    kept = []

    def idle(path: Path, port: int) -> None:
        context = ssl.create_default_context(cafile=path)
        plain = socket.create_connection(("127.0.0.1", port), timeout=10)
        kept.append(context.wrap_socket(plain, server_hostname="localhost"))
        kept[0].sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        assert kept[0].recv(1000).startswith(b"HTTP/1.1 200")

    async def client(serving: Serving) -> None:
        await asyncio.to_thread(idle, path, serving.port)

    with caplog.at_level(logging.WARNING):
        assert serving.run(client) == 7
    assert caplog.messages == []  # such as that something did not end in time
    kept[0].close()


@pytest.mark.parametrize(
    "said", [b"\x16\x03\x01\x00\x05nonsense", b"\x16" * 4000, b"\x00\x00\r\n\r\n"]
)
def test_nonsense_ends_its_own_connection(
    said: bytes, serving: Serving, caplog: pytest.LogCaptureFixture
) -> None:
    async def client(serving: Serving) -> None:
        streams = await serving.connect()
        streams[1].write(said)
        content = await streams[0].read()
        assert content[:1] == b"\x15" or b" 400 " in content or content == b""  # a TLS alert
        await close(streams)
        await answered(serving)

    with caplog.at_level(logging.ERROR):
        assert serving.run(client) == 7
    assert caplog.messages == []


def test_who_does_not_trust_us_leaves_no_trace_in_the_log(
    serving: Serving, caplog: pytest.LogCaptureFixture
) -> None:
    async def client(serving: Serving) -> None:
        with pytest.raises(ssl.SSLCertVerificationError):
            await serving.connect(ssl=ssl.create_default_context(), server_hostname="localhost")
        for said in (b"", b"\x16", b"G"):
            with socket.create_connection(("127.0.0.1", serving.port)) as gone:
                gone.send(said)
                gone.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        await answered(serving)

    with caplog.at_level(logging.WARNING):
        assert serving.run(client) == 7
    assert caplog.messages == []


def test_with_no_descriptor_left_it_tries_again(
    serving: Serving, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(sniffing, "_PAUSE_SECONDS", 0.01)
    failures = [errno.EMFILE, errno.ENFILE, errno.ECONNABORTED, errno.ENOBUFS]

    class Full(socket.socket):
        def accept(self) -> Any:
            if failures:
                number = failures.pop()
                raise OSError(number, os.strerror(number))
            return super().accept()

    serving.sockets[0] = Full(fileno=serving.sockets[0].detach())
    serving.sockets[0].setblocking(False)
    assert serving.run(answered) == 7
    assert failures == []
    assert sum("no connection can be accepted" in message for message in caplog.messages) == 3
