"""The ASGI application: one AWS request from its bytes to its answer's.

    1  ours       /_fogbank/... and the aliases go to the control API, a browser's preflight to CORS
    2  identify   which operation of which service, in which protocol       server/identify.py
    3  who        the signature, the credentials, the account, the region   server/authenticate.py
    4  body       read into memory, or spooled to a file                    server/receiving.py
    5  read       the protocol's reader makes members of it                 protocols/
    6  act        the handler runs in its transaction                       runtime/dispatch.py
    7  write      the protocol's writer makes bytes of the answer           protocols/
    8  journal    one entry, whatever happened
    9  send       once what was written is permanent                        server/sending.py

What is refused on the way is answered in the protocol that the client speaks.
"""

import logging
from collections.abc import Awaitable, Callable
from typing import Any

from protocols.codec import Members
from protocols.errors import Error, Invalid
from protocols.http import Reply, Request
from runtime import dispatch
from runtime.bodies import Body
from runtime.context import Context
from runtime.runtime import Runtime, not_implemented
from server import authenticate, faults, receiving, sending, unknown
from server.authenticate import Caller
from server.handlers import Call, Registry, Service
from server.hosts import Hosts
from server.identify import Identifier, Unknown

log = logging.getLogger("fogbank.server")

Scope = dict[str, Any]
Receive = Callable[[], Awaitable[Any]]
Send = Callable[[Any], Awaitable[None]]

_FAILURE = "The request processing has failed because of an unknown error, exception or failure."
_OURS = ("/_fogbank/", "/_localstack/", "/_aws/", "/moto-api/")


class Exchange:
    """One request on its way, as far as it is known."""

    __slots__ = (
        "answer",
        "call",
        "caller",
        "context",
        "error",
        "members",
        "protocol",
        "request",
        "request_id",
        "scope",
        "service",
        "size_bytes",
        "started",
    )

    def __init__(self, request: Request, scope: Scope, started: float) -> None:
        self.request = request
        self.scope = scope
        self.started = started
        self.request_id = ""
        self.service: Service | None = None
        self.protocol = ""
        self.call: Call | None = None
        self.caller: Caller | None = None
        self.context: Context | None = None
        self.members: Members | None = None
        self.answer: Members | None = None
        self.error: Error | None = None
        self.size_bytes = 0


class App:
    """The application that uvicorn calls."""

    def __init__(self, runtime: Runtime, registry: Registry) -> None:
        self._runtime = runtime
        self._registry = registry
        self._strict = runtime.settings.strict_answers
        self._identifier = Identifier(registry, self._strict)
        self._hosts = Hosts(runtime.settings)
        self._monotonic = runtime.clock.monotonic
        self._debug = runtime.settings.log_level == "debug"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        path: str = scope["path"]
        headers = scope["headers"]
        request = Request(
            scope["method"],
            scope["raw_path"].decode("latin-1"),
            scope["query_string"].decode("latin-1"),
            dict(headers),
        )
        if len(request.headers) != len(headers):
            request.headers = receiving.joined(headers)
        if path.startswith(_OURS):
            await self._control(scope, receive, send)
            return
        cors: list[tuple[bytes, bytes]] = []
        if b"origin" in request.headers:
            from server import cors as rules

            settings = self._runtime.settings
            preflight = rules.preflight(settings, request)
            if preflight is not None:
                await sending.send(preflight, send)
                return
            cors = rules.headers_for(settings, request)
        exchange = Exchange(request, scope, self._monotonic())
        reply = await self._reply(exchange, receive, send)
        if reply is None:
            return
        if cors:
            reply.headers.extend(cors)
        self._record(exchange, reply)
        if type(reply.body) is bytes:
            call = exchange.call
            if call is None or not call.measured or exchange.error is not None:
                reply.headers.append((b"content-length", b"%d" % len(reply.body)))
            start = {
                "type": "http.response.start",
                "status": reply.status,
                "headers": reply.headers,
            }
            await send(start)
            await send({"type": "http.response.body", "body": reply.body})
        else:
            await sending.send(reply, send)

    # one AWS request ---------------------------------------------------------------------------

    async def _reply(self, exchange: Exchange, receive: Receive, send: Send) -> Reply | None:
        """The reply, whatever happens; None when the connection was closed without one."""
        runtime = self._runtime
        try:
            reply = await self._answer(exchange, receive, send)
            if runtime.store.dirty and runtime.store.durable:
                await runtime.committed()  # what is answered is permanent
            return reply
        except Error as error:
            if exchange.service is None:
                status = error.status or 400
                return unknown.reply(exchange.request, error.message, status, error.code)
            exchange.error = error
        except Invalid as invalid:
            assert exchange.call is not None
            assert exchange.service is not None
            exchange.error = exchange.service.invalid(
                exchange.call, exchange.request, invalid.violations
            )
        except Unknown as problem:
            return unknown.reply(exchange.request, str(problem))
        except receiving.Disconnected:
            return None
        except Exception:
            name = exchange.call.name if exchange.call else exchange.request.path
            log.exception("%s failed", name)
            exchange.error, exchange.answer = Error("InternalFailure", _FAILURE, status=500), None
            if exchange.service is None:
                return unknown.reply(exchange.request, _FAILURE, 500, "InternalFailure")
        finally:
            if isinstance(exchange.request.body, Body):
                exchange.request.body.discard()  # unless an operation kept it
        return self._refusal(exchange)

    async def _admit(self, exchange: Exchange, receive: Receive) -> tuple[Call, Caller]:
        """What is called and by whom, once the signature is right and the body is there."""
        runtime, request = self._runtime, exchange.request
        # who signed, in the form of a claim
        signed, malformed = authenticate.claim(request)
        taken = signed is None and receiving.is_form(request)
        if taken:
            request.body = await receiving.read(request, receive)
        # identify
        host = self._hosts.parse(request.headers.get(b"host", b""))
        signed_for = None if signed is None else signed.service
        identified = self._identifier.service(
            request, signed_for, host, lambda hook: hook(runtime, request)
        )
        service = exchange.service = identified.service
        exchange.protocol = identified.protocol
        exchange.request_id = authenticate.request_id(runtime, service)
        if not self._registry.serves(service.name):
            raise _not_served(service.name)
        raw_path = request.path
        if service.address is not None:
            service.address(request, host.name, host.base)
        # who
        if malformed is not None:
            raise authenticate.refused(service, exchange.protocol, malformed)
        caller = exchange.caller = authenticate.caller(
            runtime, service, exchange.protocol, signed, host
        )
        # body: what the REST protocols call is told without it
        call: Call | None = None
        if identified.protocol.startswith("rest-"):
            call = exchange.call = self._identifier.call(identified, request)
        if call is not None and call.streams:
            authenticate.verify(runtime, service, exchange.protocol, request, raw_path, caller)
            if call.function is None:
                raise not_implemented(service.name, call.name)
            request.body = await receiving.spool(
                runtime, request, _once(request.body) if taken else receive, caller
            )
            exchange.size_bytes = 256
            return call, caller
        if not taken:
            request.body = await receiving.read(request, receive)
        if call is None:
            call = exchange.call = self._identifier.call(identified, request)
        authenticate.verify(runtime, service, exchange.protocol, request, raw_path, caller)
        exchange.size_bytes = len(request.body)
        receiving.unchunk(request, caller)
        return call, caller

    async def _answer(self, exchange: Exchange, receive: Receive, send: Send) -> Reply | None:
        runtime, request = self._runtime, exchange.request
        call, caller = await self._admit(exchange, receive)
        service = exchange.service = call.service
        function = call.function
        if function is None:
            raise not_implemented(service.name, call.name)
        # read
        try:
            members = exchange.members = call.read(request)
        except Invalid as invalid:
            exchange.members = invalid.members
            if runtime.config.validation == "strict" or not invalid.bearable:
                raise
            members = invalid.members
        # act
        context = exchange.context = self._context(exchange, service, call.name, caller)
        service.prepare(runtime.store)
        struck = None
        if runtime.faults.rules:
            struck = await faults.strike(runtime, context, members)
            if struck is not None and struck.action == "drop":
                self._drop(exchange, send)
                return None
        answer = exchange.answer = await self._act(context, function, members, receive)
        # write
        reply = call.write(answer, exchange.request_id)
        return reply if struck is None else faults.truncated(reply, struck)

    def _context(
        self, exchange: Exchange, service: Service, operation: str, caller: Caller
    ) -> Context:
        scope, request = exchange.scope, exchange.request
        return Context(
            self._runtime,
            service=service.name,
            operation=operation,
            account=caller.account,
            region=caller.region,
            principal=caller.principal,
            request_id=exchange.request_id,
            http=request,
            endpoint_url=receiving.endpoint_url(scope, request),
            protocol=exchange.protocol,
            source_ip=scope["client"][0] if scope["client"] else "",
        )

    async def _act(
        self, context: Context, function: Callable[..., Any], members: Members, receive: Receive
    ) -> Members:
        """Run the handler: at once, again and again while it waits, or as the coroutine it is."""
        runtime = self._runtime
        try:
            answer = dispatch.perform(runtime, context, function, members)
        except dispatch.Wait as parked:
            waiting = dispatch.wait(runtime, context, function, members, parked)
            answer = await receiving.unless_disconnected(waiting, receive)
        if answer is None:
            return {}
        if type(answer) is not dict:
            answer = await answer
            runtime.settle_effects(context)
        return answer or {}

    # other ends --------------------------------------------------------------------------------

    def _drop(self, exchange: Exchange, send: Send) -> None:
        """Close the connection; the journal alone says why."""
        exchange.error = faults.dropped()
        self._record(exchange, Reply(500, []))
        sending.abort(send)

    def _refusal(self, exchange: Exchange) -> Reply:
        error, service, call = exchange.error, exchange.service, exchange.call
        assert error is not None
        assert service is not None
        codec = service.model.codec(exchange.protocol) if call is None else call.codec
        operation = None if call is None else call.operation
        return codec.error(operation, error, exchange.request_id)

    def _record(self, exchange: Exchange, reply: Reply) -> None:
        """Put the request into the journal, and into the log if that is wanted."""
        runtime, context, service = self._runtime, exchange.context, exchange.service
        if service is None:
            return
        if context is None:
            caller = exchange.caller or authenticate.nobody(runtime)
            operation = "" if exchange.call is None else exchange.call.name
            context = self._context(exchange, service, operation, caller)
        runtime.record(
            context,
            exchange.members,
            exchange.answer,
            exchange.error,
            exchange.started,
            reply.status,
            exchange.request.headers.get(b"user-agent", b"").decode("latin-1"),
            exchange.size_bytes + (len(reply.body) if type(reply.body) is bytes else 256),
        )
        if self._debug:
            from server import logs

            logs.request_line(context, reply.status, exchange.error, exchange.started)

    async def _control(self, scope: Scope, receive: Receive, send: Send) -> None:
        from server.control import control

        await control(self._runtime, scope, receive, send)


def _once(body: bytes) -> Receive:
    """A body that was read already, to be received."""

    async def receive() -> Any:
        return {"type": "http.request", "body": body}

    return receive


def _not_served(service: str) -> Error:
    return Error(
        "NotImplemented",
        f"the service {service} is not among those this fogbank was told to serve (--services)",
        status=501,
    )
