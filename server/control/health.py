"""Health: the server answers, and which services it has."""

from typing import Any, cast

from runtime.runtime import Runtime
from server import __version__
from server.control.calls import Call
from server.handlers import Registry

EDITION = "community"
"""There is one edition; programs written for LocalStack know it by this name."""


async def show(call: Call) -> Any:
    """`GET /_fogbank/health`: answers before any service is loaded, and loads none."""
    runtime = call.runtime
    return {
        "status": "ok",
        "version": __version__,
        "uptime_seconds": round(uptime_seconds(runtime), 3),
        "edition": EDITION,
        "services": services(runtime),
    }


def uptime_seconds(runtime: Runtime) -> float:
    """How long the server has run, in real seconds."""
    return runtime.clock.real() - runtime.started_real


def registry(runtime: Runtime) -> Registry:
    """The services as the server finds them."""
    return cast(Registry, runtime.services)


def services(runtime: Runtime) -> dict[str, str]:
    """Each service there is: available, running (called since the start), or disabled."""
    known = registry(runtime)
    return {name: _state(known, name) for name in known.names()}


def _state(known: Registry, name: str) -> str:
    if not known.serves(name):
        return "disabled"
    return "running" if name in known.loaded else "available"
