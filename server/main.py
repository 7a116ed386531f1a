"""The server's life: open the state, listen, say `Ready.`, serve, stop in order."""

import asyncio
import gc
import os
import sys
from pathlib import Path
from socket import socket as Socket

import orjson

from runtime.runtime import Runtime, open_runtime
from runtime.settings import Settings
from runtime.store import StoreError
from server import listening, logs
from server.app import App
from server.handlers import Registry
from server.hooks import Hooks

_COLLECT_AFTER = (10_000, 20, 100)
"""Objects, and collections of each younger generation, between two collections."""


class PortFileError(listening.ListenError):
    """The file that tells our port can't be written."""


def run(settings: Settings) -> int:
    """Serve until told to stop; answers the exit status."""
    logs.configure(settings)
    log = logs.log
    for warning in settings.warnings:
        log.warning("%s", warning)
    try:
        sockets = listening.sockets(settings)
    except OSError as failure:
        log.error("%s", failure)
        return 1
    try:
        return listening.run_loop(_serve(settings, sockets))
    except (StoreError, listening.ListenError) as failure:
        log.error("%s", failure)
        return 1
    finally:
        for socket in sockets:
            socket.close()


async def _serve(settings: Settings, sockets: list[Socket]) -> int:
    hooks = Hooks(settings)
    await hooks.run("boot")
    registry = Registry(settings.services)
    runtime = open_runtime(settings, registry)
    runtime.hooks = hooks
    try:
        runtime.start(asyncio.get_running_loop())
        if settings.eager:
            _load_all(runtime, registry)

        async def answering() -> None:
            """Requests are answered from now on."""
            port = sockets[0].getsockname()[1]
            hooks.endpoint_url = endpoint_url(settings, port)
            await hooks.run("start")
            _write_port_file(settings, port)
            # What is there now stays: the collector need not walk it again and again.
            gc.collect()
            gc.freeze()
            gc.set_threshold(*_COLLECT_AFTER)
            logs.ready(settings, hooks.endpoint_url)
            await hooks.run("ready")

        async def stopping() -> None:
            """The server was told to stop; requests in flight end first."""
            await hooks.run("shutdown")
            runtime.stop_waiting()

        await listening.serve(App(runtime, registry), settings, sockets, answering, stopping)
    finally:
        await runtime.close()
        if settings.port_file is not None:
            settings.port_file.unlink(missing_ok=True)
    return 0


def endpoint_url(settings: Settings, port: int) -> str:
    """Where this machine's own programs reach the server."""
    host = settings.hosts[0]
    host = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(host, f"[{host}]" if ":" in host else host)
    return f"{'https' if settings.tls else 'http'}://{host}:{port}"


def _load_all(runtime: Runtime, registry: Registry) -> None:
    for name in registry.names():
        service = registry.find(name)
        if service is not None and registry.serves(name):
            service.prepare(runtime.store)
            for operation in service.operations:
                service.handler(operation)


def _write_port_file(settings: Settings, port: int) -> None:
    path = settings.port_file
    if path is None:
        return
    content = {"port": port, "pid": os.getpid(), "endpoint_url": endpoint_url(settings, port)}
    half = Path(f"{path}.new")
    try:
        half.write_bytes(orjson.dumps(content))
        half.replace(path)  # whoever waits for it must not see half of it
    except OSError as failure:
        raise PortFileError(f"{path} cannot be written: {failure.strerror}") from None


if __name__ == "__main__":
    sys.exit(run(Settings()))
