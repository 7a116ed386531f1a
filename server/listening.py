"""Listening: the sockets, and uvicorn on them from the first request to the last."""

import asyncio
import errno
import logging
import signal
import socket
from collections.abc import Awaitable, Callable, Coroutine
from socket import socket as Socket
from typing import Any

from runtime.settings import Settings

log = logging.getLogger("fogbank.listening")

BACKLOG = 2048
STOP_SECONDS = 5
_LOOPBACK = ("127.0.0.1", "::1")

App = Callable[..., Awaitable[None]]
Step = Callable[[], Awaitable[None]]


def sockets(settings: Settings) -> list[Socket]:
    """Bound and listening, one for each host; port 0 is one free port for all of them.

    Raises OSError with a text that says which address can't be had.
    """
    made: list[Socket] = []
    port = settings.port
    wanted = [(host, port) for host in settings.hosts] + settings.more_listeners
    for host, number in wanted:
        if number == 0 and made:
            number = made[0].getsockname()[1]
        try:
            made.append(_listener(host, number))
        except OSError as failure:
            if (
                host == "::1"
                and made
                and failure.errno
                in (
                    errno.EADDRNOTAVAIL,
                    errno.EAFNOSUPPORT,
                )
            ):
                log.debug("this machine has no IPv6: %s", failure)
                continue
            for one in made:
                one.close()
            raise _explained(host, number, failure) from None
    return made


def _listener(host: str, port: int) -> Socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    made = socket.socket(family, socket.SOCK_STREAM)
    try:
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            made.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        made.bind((host, port))
        made.listen(BACKLOG)
        made.setblocking(False)
    except OSError:
        made.close()
        raise
    return made


def _explained(host: str, port: int, failure: OSError) -> OSError:
    place = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    if failure.errno == errno.EADDRINUSE:
        text = f"port {port} is taken ({place}); choose another with --port, or 0 for a free one"
    else:
        text = f"cannot listen on {place}: {failure.strerror or failure}"
    return OSError(text)


def run_loop(work: Coroutine[Any, Any, int]) -> int:
    """Run the server's coroutine on uvloop where there is one."""
    try:
        import uvloop
    except ImportError:
        return asyncio.run(work)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(work)


async def serve(
    app: App, settings: Settings, listening: list[Socket], answering: Step, stopping: Step
) -> None:
    """Answer requests until a signal says stop, then let those in flight end."""
    import uvicorn

    config = uvicorn.Config(
        app,
        http="httptools",
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        proxy_headers=False,
        server_header=False,
        backlog=BACKLOG,
        timeout_keep_alive=75,
        timeout_graceful_shutdown=STOP_SECONDS,
    )
    server = uvicorn.Server(config)
    server.install_signal_handlers = lambda: None  # type: ignore[attr-defined]
    loop = asyncio.get_running_loop()
    stop = asyncio.Event()

    def told() -> None:
        if stop.is_set():
            server.force_exit = True
        stop.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, told)
    parent = _parent(settings, told)
    config.load()
    server.lifespan = config.lifespan_class(config)
    await server.startup(sockets=listening)
    try:
        await answering()
        ticking = asyncio.ensure_future(server.main_loop())
        await stop.wait()
        await stopping()
        server.should_exit = True
        await ticking
        await server.shutdown(sockets=listening)
    finally:
        if parent is not None:
            parent.cancel()


def _parent(settings: Settings, told: Callable[[], None]) -> "asyncio.Task[None] | None":
    """Watch the process that wants to be outlived by nothing it started."""
    if settings.parent_pid is None:
        return None
    return asyncio.ensure_future(_watch(settings.parent_pid, told))


async def _watch(pid: int, told: Callable[[], None]) -> None:
    import os
    import select

    loop = asyncio.get_running_loop()
    try:
        handle = os.pidfd_open(pid)
    except OSError:
        told()
        return
    gone = asyncio.Event()
    loop.add_reader(handle, gone.set)
    try:
        await gone.wait()
        if select.select([handle], [], [], 0)[0]:
            told()
    finally:
        loop.remove_reader(handle)
        os.close(handle)
