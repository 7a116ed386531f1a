"""Sockets on hosts and ports, requests in flight at the end, signals."""

import asyncio
import contextlib
import faulthandler
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest
import uvloop

from runtime.settings import Settings
from server import listening
from server.listening import ListenError
from tests.server.serving import Loop, Serving, ask, close, tell, told

IPV6 = pytest.mark.skipif(not os.path.exists("/proc/net/if_inet6"), reason="no IPv6 here")


@pytest.fixture(autouse=True)
def _ends() -> Iterator[None]:
    """A loop that hangs in its own machinery ends the process, with a traceback."""
    faulthandler.dump_traceback_later(50, exit=True)
    yield
    faulthandler.cancel_dump_traceback_later()


@pytest.fixture(params=[uvloop.new_event_loop, asyncio.new_event_loop], ids=["uvloop", "asyncio"])
def loop(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Loop:
    """A kind of event loop, which the server then runs on."""
    made: Loop = request.param
    monkeypatch.setattr(uvloop, "new_event_loop", made)
    return made


# sockets ------------------------------------------------------------------------------------------


def names(settings: Settings) -> list[tuple[str, int]]:
    with contextlib.ExitStack() as closing:
        found = listening.sockets(settings)
        for one in found:
            closing.enter_context(one)
        return [one.getsockname()[:2] for one in found]


@IPV6
def test_port_0_is_one_free_port_on_all_hosts() -> None:
    (host, port), (host6, port6) = names(Settings(port=0))
    assert (host, host6) == ("127.0.0.1", "::1")
    assert port == port6 > 0


@IPV6
def test_a_port_that_is_free_on_the_first_host_only_is_not_taken(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    bind, tried = listening._bind, []

    def busy(host: str, port: int, hosts: list[str]) -> list[socket.socket]:
        tried.append(host)
        if len(tried) == 2:
            raise listening._explained(OSError(98, "taken"), host, port)
        return bind(host, port, hosts)

    monkeypatch.setattr(listening, "_bind", busy)
    assert len(names(Settings(port=0))) == 2
    assert tried == ["127.0.0.1", "::1"] * 2


def test_a_name_is_all_of_its_addresses() -> None:
    found = names(Settings(hosts=["localhost"], port=0))
    assert ("127.0.0.1", found[0][1]) in found
    assert len({port for _, port in found}) == 1


def test_more_listeners_have_ports_of_their_own() -> None:
    found = names(
        Settings(hosts=["127.0.0.1"], port=0, more_listeners=[("127.0.0.1", 0), ("127.0.0.2", 0)])
    )
    assert [host for host, _ in found] == ["127.0.0.1", "127.0.0.1", "127.0.0.2"]
    assert found[0][1] != found[1][1]


@IPV6
@pytest.mark.parametrize(("hosts", "only"), [(["::", "0.0.0.0"], 1), (["::"], 0)])
def test_all_of_ipv6_takes_ipv4_along_unless_that_has_its_own(hosts: list[str], only: int) -> None:
    found = listening.sockets(Settings(hosts=hosts, port=0))
    (six,) = [one for one in found if one.family == socket.AF_INET6]
    assert six.getsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY) == only
    for one in found:
        one.close()


def test_a_taken_port_is_named() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(ListenError, match=f"port {port} is taken on 127.0.0.1 by another"):
            listening.sockets(Settings(port=port))
        with pytest.raises(ListenError, match=f"port {port} is taken"):
            listening.sockets(Settings(port=0, more_listeners=[("127.0.0.1", port)]))


def test_a_port_can_be_had_again_at_once() -> None:
    port = names(Settings(hosts=["127.0.0.1"], port=0))[0][1]
    for _ in range(3):
        assert names(Settings(hosts=["127.0.0.1"], port=port)) == [("127.0.0.1", port)]


@pytest.mark.parametrize(
    ("settings", "complaint"),
    [
        (Settings(hosts=["203.0.113.7"]), "203.0.113.7 is not an address of this machine"),
        (Settings(hosts=["nowhere.invalid"]), "nowhere.invalid is not the name of an address"),
        (Settings(hosts=["a" * 300]), "is not the name of an address"),
        (Settings(hosts=[]), "there is no address to listen on"),
    ],
)
def test_what_cant_be_listened_on_is_told(settings: Settings, complaint: str) -> None:
    with pytest.raises(ListenError, match=complaint):
        listening.sockets(settings)


def test_privileged_ports_say_so() -> None:
    failure = listening._explained(PermissionError(13, "Permission denied"), "0.0.0.0", 443)
    assert (
        str(failure)
        == "port 443 on 0.0.0.0 is not for this user: ports below 1024 need more rights"
    )


@pytest.mark.parametrize("at", ["socket", "bind"])
def test_a_machine_without_ipv6_serves_the_rest(at: str, monkeypatch: pytest.MonkeyPatch) -> None:
    class Old(socket.socket):
        def __init__(self, family: int = -1, kind: int = -1, *rest: Any, **more: Any) -> None:
            if family == socket.AF_INET6 and at == "socket":
                raise OSError(97, "Address family not supported by protocol")
            super().__init__(family, kind, *rest, **more)

        def bind(self, address: Any) -> None:
            if self.family == socket.AF_INET6:
                raise OSError(99, "Cannot assign requested address")
            super().bind(address)

    monkeypatch.setattr(socket, "socket", Old)
    for hosts in (["127.0.0.1", "::1"], ["::", "0.0.0.0"]):
        assert len(names(Settings(hosts=hosts, port=0))) == 1
    for hosts in (["::1"], ["127.0.0.1", "2001:db8::1"]):
        with pytest.raises(ListenError):
            listening.sockets(Settings(hosts=hosts, port=0))


# serving ------------------------------------------------------------------------------------------


async def answers(serving: Serving) -> None:
    """A connection that is kept alive, and closed when the server stops."""
    streams = await serving.connect()
    for _ in range(2):
        ask(streams)
        head, body = await told(streams)
        assert head.startswith(b"HTTP/1.1 200 OK\r\ndate: ")
        assert b"server:" not in head
        assert body == b"http 127.0.0.1"
    tell()
    assert await streams[0].read() == b""
    await close(streams)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_in_order(number: signal.Signals, loop: Loop) -> None:
    serving = Serving()

    async def client(serving: Serving) -> None:
        tell(number)

    assert serving.run(client) == 7
    assert serving.happened == ["stopping", "stopped"]


def test_connections_are_kept_alive_and_closed_at_the_end(loop: Loop) -> None:
    assert Serving().run(answers) == 7


def test_requests_in_flight_are_answered(loop: Loop) -> None:
    async def client(serving: Serving) -> None:
        streams = await serving.connect()
        ask(streams, "/wait")
        await serving.asked.wait()
        tell()
        head, body = await told(streams)
        assert b"\r\nconnection: close\r\n" in head
        assert body == b"http 127.0.0.1"
        assert await streams[0].read() == b""
        await close(streams)

    async def stopping(serving: Serving) -> None:
        streams = await serving.connect()
        ask(streams)  # what ends the server may still ask it
        assert (await told(streams))[1] == b"http 127.0.0.1"
        await close(streams)
        serving.go.set()

    serving = Serving()
    assert serving.run(client, stopping) == 7
    assert serving.happened == ["stopping", "stopped"]


def test_a_long_answer_is_read_to_its_end(loop: Loop) -> None:
    async def client(serving: Serving) -> None:
        streams = await serving.connect()
        ask(streams, "/big")
        await serving.asked.wait()
        tell()
        _, body = await told(streams)
        assert len(body) == 8 * 1024 * 1024
        await close(streams)

    assert Serving().run(client) == 7


def test_no_connection_is_taken_after_the_end(loop: Loop) -> None:
    async def client(serving: Serving) -> None:
        waiting = await serving.connect()
        ask(waiting, "/wait")
        await serving.asked.wait()
        tell()
        async with asyncio.timeout(5):
            while True:  # till the sockets are closed, which the server does in its own time
                try:
                    await close(await serving.connect())
                except ConnectionRefusedError:
                    break
        serving.go.set()
        assert (await told(waiting))[1]
        await close(waiting)

    assert Serving().run(client) == 7


@pytest.mark.parametrize("path", ["/never", "/deaf"])
def test_what_doesnt_end_in_time_is_cut_off(
    path: str, loop: Loop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listening, "GRACE_SECONDS", 0.05)

    async def client(serving: Serving) -> None:
        streams = await serving.connect()
        ask(streams, path)
        await serving.asked.wait()
        tell()
        with contextlib.suppress(ConnectionResetError):
            assert await streams[0].read() == b""
        await close(streams)

    serving = Serving()
    assert serving.run(client) == 7
    assert ("cut off" in serving.happened) == (path == "/never")
    assert serving.happened[-1] == "stopped"


def test_a_second_ctrl_c_ends_it_at_once(loop: Loop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listening, "_SAME_SECONDS", 0.0)

    async def client(serving: Serving) -> None:
        tell(signal.SIGINT)

    async def stopping(_: Serving) -> None:
        tell(signal.SIGINT)
        await asyncio.Event().wait()

    serving = Serving()
    assert serving.run(client, stopping) == 130
    assert serving.happened == ["stopping"]


def test_what_a_wrapper_passes_on_is_no_second_one(loop: Loop) -> None:
    async def client(_: Serving) -> None:
        tell(signal.SIGINT)

    async def stopping(_: Serving) -> None:
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGTERM):
            tell(number)
        for _round in range(5):
            await asyncio.sleep(0)

    assert Serving().run(client, stopping) == 7


def test_a_signal_before_it_serves_ends_it_in_order(loop: Loop) -> None:
    closed = []

    async def work() -> int:
        try:
            tell()
            await asyncio.Event().wait()
        finally:
            closed.append(True)
        return 1

    assert listening.run_loop(work()) == 0
    assert closed


def test_an_error_while_it_begins_ends_it_in_order(loop: Loop) -> None:
    serving, ended = Serving(), []

    async def answering() -> None:
        ended.append(await serving.connect())
        raise LookupError("no such folder")

    async def stopping() -> None:
        serving.happened.append("stopping")

    async def work() -> int:
        try:
            await listening.serve(
                serving.answer, serving.settings, serving.sockets, answering, stopping
            )
        finally:
            assert await ended[0][0].read() == b""
            await close(ended[0])
        return 0

    with pytest.raises(LookupError):
        listening.run_loop(work())
    serving.close()
    assert serving.happened == ["stopping"]


def test_the_parents_end_is_like_a_signal(loop: Loop) -> None:
    parent = subprocess.Popen(
        [sys.executable, "-c", "input()"], stdin=subprocess.PIPE, stderr=subprocess.DEVNULL
    )

    async def client(serving: Serving) -> None:
        streams = await serving.connect()
        parent.communicate(timeout=10)
        assert await streams[0].read() == b""  # the server ends, without having been told to
        await close(streams)

    serving = Serving(Settings(hosts=["127.0.0.1"], port=0, parent_pid=parent.pid))
    assert serving.run(client) == 7
    assert serving.happened == ["stopping", "stopped"]


def test_a_port_taken_between_is_told(loop: Loop) -> None:
    first = listening.sockets(Settings(hosts=["127.0.0.1"], port=0))
    port = first[0].getsockname()[1]
    serving = Serving(Settings(hosts=["127.0.0.1"], port=port))  # neither listens yet
    first[0].listen()

    async def client(_: Serving) -> None:
        raise AssertionError

    with pytest.raises(ListenError, match=f"port {port} is taken on"):
        serving.run(client)
    first[0].close()
