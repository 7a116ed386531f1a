"""The control API: everything under `/_fogbank/`, and other emulators' paths for the same.

This is its table of contents; each module beside it holds what its name says. A call is first
admitted (guard.py), then carried out by one function; a name in a path is percent-encoded, so that
it may hold anything. Nothing here needs AWS credentials, and nothing here is in the journal.
"""

import logging
from functools import cache
from weakref import WeakKeyDictionary

from starlette.requests import ClientDisconnect
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route, Router
from starlette.types import Receive, Scope, Send

from runtime.runtime import Runtime
from runtime.settings import ConfigError
from runtime.snapshots import SnapshotError, Snapshots
from runtime.store import StoreError
from server.control import (
    authority,
    clock,
    config,
    console,
    coverage,
    faults,
    guard,
    health,
    metrics,
    requests,
    snapshots,
    states,
)
from server.control.calls import Call, Endpoint, Refused, answer

log = logging.getLogger("fogbank.control")



async def _to_console(call: Call) -> Response:
    return RedirectResponse("/_fogbank/ui/")


ROUTES: dict[str, dict[str, Endpoint]] = {
    "/_fogbank/": {"GET": _to_console},
    "/_fogbank/health": {"GET": health.show},
    "/_fogbank/config": {"GET": config.show, "PUT": config.change},
    "/_fogbank/reset": {"POST": states.reset},
    "/_fogbank/settle": {"POST": states.settle},
    "/_fogbank/clock": {"GET": clock.show},
    "/_fogbank/clock/advance": {"POST": clock.advance},
    "/_fogbank/clock/freeze": {"POST": clock.freeze},
    "/_fogbank/clock/resume": {"POST": clock.resume},
    "/_fogbank/snapshots": {"GET": snapshots.show},
    "/_fogbank/snapshots/{name}": {"PUT": snapshots.take, "DELETE": snapshots.delete},
    "/_fogbank/snapshots/{name}/restore": {"POST": snapshots.restore},
    "/_fogbank/snapshots/{name}/export": {"GET": snapshots.export},
    "/_fogbank/snapshots/{name}/import": {"PUT": snapshots.take_in},
    "/_fogbank/requests": {"GET": requests.show},
    "/_fogbank/requests/stream": {"GET": requests.stream},
    "/_fogbank/faults": {"GET": faults.show, "DELETE": faults.clear},
    "/_fogbank/faults/{name}": {"PUT": faults.put, "DELETE": faults.delete},
    "/_fogbank/coverage": {"GET": coverage.show},
    "/_fogbank/metrics": {"GET": metrics.show},
    "/_fogbank/ca.pem": {"GET": authority.show},
    "/_fogbank/ui": {"GET": _to_console},
    "/_fogbank/ui/": {"GET": console.page},
    "/_fogbank/ui/{name}": {"GET": console.page},
}


class _Methods:
    """What a path does, by method. Whatever goes wrong is answered in JSON."""

    def __init__(self, methods: dict[str, Endpoint]) -> None:
        self._methods = methods

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        call = Call(scope, receive)
        try:
            response = await self._response(call)
        except ClientDisconnect:
            return
        if (origin := scope["fogbank.origin"]) is not None:
            response.headers.update({"access-control-allow-origin": origin, "vary": "origin"})
        await response(scope, receive, send)

    async def _response(self, call: Call) -> Response:
        try:
            found = await self._endpoint(call)(call)
        except Refused as refusal:
            return refusal.response()
        except ConfigError as refusal:
            return Refused(400, str(refusal), refusal.field).response()
        except SnapshotError as refusal:
            if refusal.missing:
                return Refused(404, str(refusal)).response()
            return Refused(400, str(refusal), "name").response()
        except StoreError as failure:
            return Refused(409, str(failure)).response()
        except ClientDisconnect:
            raise
        except Exception:
            log.exception("%s %s failed", call.method, call.url.path)
            return Refused(500, "fogbank failed to carry this out; its log says why").response()
        runtime = call.runtime
        if runtime.store.durable and runtime.store.dirty:
            runtime.commit()
        return found if isinstance(found, Response) else answer(found)

    def _endpoint(self, call: Call) -> Endpoint:
        found = self._methods.get("GET" if call.method == "HEAD" else call.method)
        if found is not None:
            return found
        if call.method == "OPTIONS" and call.scope["fogbank.origin"] is not None:
            return guard.preflight
        allowed = ", ".join(self._methods)
        raise Refused(
            405,
            f"{call.url.path} takes {allowed}, not {call.method}",
            headers={"allow": allowed},
        )


async def _unknown(scope: Scope, receive: Receive, send: Send) -> None:
    refusal = Refused(404, f"there is no {scope['path']} in the control API")
    await refusal.response()(scope, receive, send)


@cache
def _router() -> Router:
    from server import aliases  # which needs what is in this package

    routes = {**ROUTES, **aliases.ROUTES}
    return Router(
        [Route(path, _Methods(methods)) for path, methods in routes.items()],
        redirect_slashes=False,
        default=_unknown,
    )


_snapshots: WeakKeyDictionary[Runtime, Snapshots] = WeakKeyDictionary()


async def control(runtime: Runtime, scope: Scope, receive: Receive, send: Send) -> None:
    """Answer one request to a path of ours."""
    try:
        origin = guard.admit(runtime.settings, Call(scope))
    except Refused as refusal:
        await refusal.response()(scope, receive, send)
        return
    if runtime not in _snapshots:
        _snapshots[runtime] = Snapshots(runtime)
    ours = {
        "path": scope["raw_path"].decode("latin-1"),
        "root_path": "",
        "fogbank.runtime": runtime,
        "fogbank.snapshots": _snapshots[runtime],
        "fogbank.origin": origin,
    }
    await _router()({**scope, **ours}, receive, send)
