"""Listening: sockets on each address, uvicorn's HTTP on them, https on the same port, and an
orderly end.

    signal       SIGTERM, SIGINT, or the parent process is gone
    stopping     the caller's part: shutdown hooks (the server still answers), then no more waiting
    close        no new connections, idle ones end, requests in flight have `GRACE_SECONDS`
    again        a second Ctrl-C cancels all that; a third kills

uvicorn's own server isn't used, for its ticks and for what it can't do: see the first byte of a
connection before it decides what speaks there.
"""

import asyncio
import contextlib
import errno
import logging
import signal
import socket
from collections.abc import Awaitable, Callable, Coroutine
from email.utils import formatdate
from typing import TYPE_CHECKING, Any

from runtime.clock import Clock
from runtime.settings import Settings
from server.http import Config, HttpToolsProtocol, ServerState
from server.joining import JoiningTransport, Outbox

if TYPE_CHECKING:
    import ssl

log = logging.getLogger("fogbank.server")

Socket = socket.socket
App = Callable[..., Awaitable[None]]
Step = Callable[[], Awaitable[None]]

BACKLOG = 2048
GRACE_SECONDS = 5.0
KEEP_ALIVE_SECONDS = 75
"""Longer than SDKs keep idle connections in their pools, so that it is they who close them."""
_LAST_SECONDS = 0.2
"""For requests to find that their client was cut off."""
_TRIES = 20
_SAME_SECONDS = 0.3
_AGAIN = "told to stop again"
_NO_IPV6 = (errno.EAFNOSUPPORT, errno.EADDRNOTAVAIL, errno.EPROTONOSUPPORT)


class ListenError(OSError):
    """An address can't be listened on; the message says why, and what to do."""


# sockets ------------------------------------------------------------------------------------------


def sockets(settings: Settings) -> list[Socket]:
    """Sockets bound to every host and port of the settings, that of the first host first.

    Port 0 becomes one free port, the same on all hosts. Raises ListenError.
    """
    tries = _TRIES if settings.port == 0 else 1
    while True:
        found: list[Socket] = []
        tries -= 1
        try:
            port = settings.port
            for host in settings.hosts:
                found += _bind(host, port, settings.hosts)
                if port == 0 and found:
                    port = found[0].getsockname()[1]
            if not found:
                raise ListenError("there is no address to listen on")
            for host, number in settings.more_listeners:
                found += _bind(host, number, [other for other, _ in settings.more_listeners])
            return found
        except ListenError as failure:
            for one in found:
                one.close()
            # The port that was free on the first host may not be so on the second.
            if failure.errno != errno.EADDRINUSE or tries <= 0:
                raise


def _bind(host: str, port: int, hosts: list[str]) -> list[Socket]:
    """Sockets on the addresses of one host; none on `::1` and `::` where there is no IPv6 and
    another host is listened on.
    """
    found: list[Socket] = []
    try:
        addresses = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except (socket.gaierror, UnicodeError) as failure:
        raise ListenError(f"{host} is not the name of an address: {failure}") from None
    for family, address in dict.fromkeys((entry[0], entry[4]) for entry in addresses):
        try:
            one = socket.socket(family, socket.SOCK_STREAM)
        except OSError as failure:
            if family != socket.AF_INET6 or not _dispensable(host, hosts):
                raise _explained(failure, host, port) from None
            log.info("%s is left out: this machine has no IPv6", host)
            continue
        try:
            one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            if family == socket.AF_INET6:
                both = any(":" not in other for other in hosts)  # IPv4 has a socket of its own
                one.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, int(both))
            if found and port == 0:
                address = (address[0], found[0].getsockname()[1], *address[2:])
            one.bind(address)
        except OSError as failure:
            one.close()
            left_out = family == socket.AF_INET6 and failure.errno in _NO_IPV6
            if not left_out or not _dispensable(host, hosts):
                for other in found:
                    other.close()
                raise _explained(failure, host, port) from None
            log.info("%s is left out: this machine has no IPv6", host)
        else:
            one.setblocking(False)
            found.append(one)
    return found


def _dispensable(host: str, hosts: list[str]) -> bool:
    """Whether an IPv6 address stands only for "here too", beside one of IPv4."""
    return host in ("::1", "::", "localhost") and any(":" not in other for other in hosts)


def _explained(failure: OSError, host: str, port: int) -> ListenError:
    """The reason in words, with the number that tells it to programs."""
    if failure.errno == errno.EADDRINUSE:
        text = f"port {port} is taken on {host} by another program (--port takes another, 0 any)"
    elif failure.errno == errno.EACCES:
        text = f"port {port} on {host} is not for this user: ports below 1024 need more rights"
    elif failure.errno == errno.EADDRNOTAVAIL:
        text = f"{host} is not an address of this machine"
    else:
        text = f"cannot listen on {host}, port {port}: {failure.strerror}"
    explained = ListenError(text)
    explained.errno = failure.errno
    return explained


# the loop -----------------------------------------------------------------------------------------


def run_loop(work: Coroutine[Any, Any, int]) -> int:
    """Run the server's coroutine; answers its exit status.

    Until `serve` takes the signals over, one that asks us to stop cancels the work, which then
    closes what it has opened: that is an orderly end as well.
    """
    factory: Callable[[], asyncio.AbstractEventLoop] = asyncio.new_event_loop
    with contextlib.suppress(ImportError):  # it doesn't exist for every platform
        from uvloop import new_event_loop as factory
    with asyncio.Runner(loop_factory=factory) as runner:
        return runner.run(_until_signalled(work))


async def _until_signalled(work: Coroutine[Any, Any, int]) -> int:
    task = asyncio.ensure_future(work)
    _on_signals(task.cancel)
    try:
        return await task
    except asyncio.CancelledError as cancelled:
        return 130 if cancelled.args == (_AGAIN,) else 0


def _on_signals(act: Callable[[], object]) -> None:
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, act)


def _stopping_signals(task: "asyncio.Task[Any] | None") -> None:
    """Signals while the orderly end is under way: a second Ctrl-C cancels it, and a third kills.

    SIGTERM says nothing new; and what comes on the heels of the first is the same one, which a
    wrapper (`timeout`, `npm run`) has passed on to a process that already had it.
    """
    assert task is not None
    loop = asyncio.get_running_loop()
    begun = loop.time()

    def again() -> None:
        if loop.time() - begun < _SAME_SECONDS:
            return
        log.warning("%s: requests in flight are cut off", _AGAIN)
        loop.remove_signal_handler(signal.SIGINT)
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        task.cancel(_AGAIN)

    loop.add_signal_handler(signal.SIGTERM, lambda: None)
    loop.add_signal_handler(signal.SIGINT, again)


# serving ------------------------------------------------------------------------------------------


class State(ServerState):
    """What the connections share."""

    def __init__(self) -> None:
        super().__init__()
        self.changed = asyncio.Event()
        """Set when the last connection has ended."""
        self.outbox = Outbox(asyncio.get_running_loop())


class Connection(HttpToolsProtocol):
    """One connection, which tells when it is the last to end."""

    server_state: State

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """The connection begins; what is written to it in one turn leaves in one piece."""
        joining: Any = JoiningTransport(transport, self.server_state.outbox)
        super().connection_made(joining)

    def connection_lost(self, exc: Exception | None) -> None:
        """The connection has ended, in order if there is no exception."""
        super().connection_lost(exc)
        if not self.connections:
            self.server_state.changed.set()

    def lingers(self) -> bool:
        """Whether only the goodbye of https is still to be said."""
        secure = self.transport.get_extra_info("sslcontext") is not None
        idle = self.cycle is None or self.cycle.response_complete
        return secure and idle and self.transport.get_write_buffer_size() == 0


class Front:
    """The sockets while they are served."""

    def __init__(self, app: App, listeners: list[Socket], context: "ssl.SSLContext | None") -> None:
        self._loop = asyncio.get_running_loop()
        self._listeners = listeners
        self._context = context
        self._state = State()
        self._config = Config(
            app,
            http=Connection,
            ws="none",
            lifespan="off",
            interface="asgi3",
            log_config=None,
            access_log=False,
            proxy_headers=False,
            server_header=False,
            timeout_keep_alive=KEEP_ALIVE_SECONDS,
        )
        self._config.load()
        self._servers: list[Any] = []
        self._date: asyncio.TimerHandle | None = None
        self._last: asyncio.TimerHandle | None = None

    def connection(self) -> asyncio.Protocol:
        """The protocol of a new connection."""
        return Connection(self._config, self._state, {}, self._loop)

    async def open(self) -> None:
        """Accept connections from now on. Raises ListenError when the port was taken meanwhile."""
        self._tick()
        for listener in self._listeners:
            try:
                listener.listen(BACKLOG)  # uvloop keeps it to itself when this fails
                if self._context is None:
                    self._servers.append(
                        await self._loop.create_server(
                            self.connection, sock=listener, backlog=BACKLOG
                        )
                    )
                else:
                    from server.sniffing import Sniffer

                    self._servers.append(Sniffer(listener, self.connection, self._context, BACKLOG))
            except OSError as failure:
                host, port = listener.getsockname()[:2]
                raise _explained(failure, host, port) from None

    def _tick(self) -> None:
        """Bring the Date header up to date; it is real time, whatever AWS's clock says."""
        date = formatdate(Clock.real(), usegmt=True).encode()
        self._state.default_headers = [(b"date", date)]
        self._date = self._loop.call_later(1.0, self._tick)

    async def close(self) -> None:
        """Accept no more, and let the requests in flight end within their time."""
        state = self._state
        for server in self._servers:
            server.close()
        for connection in list(state.connections):
            connection.shutdown()
        self._hang_up(_LAST_SECONDS)
        try:
            async with asyncio.timeout(GRACE_SECONDS):
                while state.tasks or state.connections:
                    if state.tasks:
                        await asyncio.wait(state.tasks)
                    else:
                        state.changed.clear()
                        await state.changed.wait()
        except TimeoutError:
            log.warning("%d requests did not end in time", len(state.tasks))
        finally:
            if self._date is not None:
                self._date.cancel()
            if self._last is not None:
                self._last.cancel()
            for connection in list(state.connections):
                connection.transport.abort()
            if state.tasks:
                await asyncio.wait(state.tasks, timeout=_LAST_SECONDS)
            for task in state.tasks:
                task.cancel()

    def _hang_up(self, after_seconds: float) -> None:
        """End https connections that have nothing more to say, again and again.

        Theirs is an end of two sides, and SDKs' pools never see that ours is over.
        """

        def end() -> None:
            for connection in list(self._state.connections):
                if isinstance(connection, Connection) and connection.lingers():
                    connection.transport.abort()
            self._hang_up(after_seconds)

        self._last = self._loop.call_later(after_seconds, end)


async def serve(
    app: App, settings: Settings, listeners: list[Socket], answering: Step, stopping: Step
) -> None:
    """Answer requests until told to stop.

    `answering` runs beside the requests from the moment they are answered; an error in it ends the
    server. `stopping` runs once it was told to stop, while it still answers.
    """
    context = None
    if settings.tls:
        from server import certificates

        context = certificates.context(settings)
    told = asyncio.Event()
    _on_signals(told.set)
    front = Front(app, listeners, context)
    try:
        await front.open()
        with contextlib.ExitStack() as watching:
            if settings.parent_pid is not None:
                from server.parent import watch

                watching.callback(watch(settings.parent_pid, told.set))
            await _answer_until(told, answering, stopping)
    finally:
        await front.close()


async def _answer_until(told: asyncio.Event, answering: Step, stopping: Step) -> None:
    """Run `answering`, and on till told to stop; then `stopping`. Raises what they raise."""
    beginning = asyncio.ensure_future(answering())
    ending = asyncio.ensure_future(told.wait())
    try:
        await asyncio.wait((beginning, ending), return_when=asyncio.FIRST_COMPLETED)
        if beginning.done():
            beginning.result()
            await ending
    finally:
        ending.cancel()
        beginning.cancel()
        await asyncio.wait((beginning,))
        _stopping_signals(asyncio.current_task())
        log.info("stopping")
        await stopping()
