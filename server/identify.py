"""Identify: which operation of which service a request is for, in which protocol.

Asked in this order; the first that names a service decides:

1. X-Amz-Target           prefix and operation of the JSON protocols
2. the path of RPC v2     /service/<name>/operation/<operation>
3. the credential scope   of a SigV4 signature; SigV2 in AWS's own form is S3's
4. the host name          sqs.eu-west-1.amazonaws.com, bucket.s3.localhost...
5. Action and Version     of an unsigned query request
6. the user agent         api/s3, as the SDK for JavaScript writes it
7. recognises()           a service's own hook: the path begins with a bucket's name

A name that several services share (`rds`, `ses`, `es`, ...) is decided by the protocol spoken, by
the API's version, by who has the operation, and by whose path it is. What names nothing at all is
refused, saying what was understood; nothing falls through to S3.
"""

import re
from typing import Any, NamedTuple

from protocols import index, routes
from protocols.errors import Error
from protocols.http import Request, unquote
from protocols.sniff import protocol_of
from server.handlers import Call, Registry, Service
from server.hosts import Host

_ACTION = re.compile(r"(?:^|&)Action=([^&]*)")
_VERSION = re.compile(r"(?:^|&)Version=([^&]*)")
_AGENT = re.compile(rb"\bapi/([a-z0-9][a-z0-9_-]*)")
_SIGNED_AS = {
    "s3express": ("s3",),
    "s3-object-lambda": ("s3",),
    "s3-outposts": ("s3", "s3control", "s3outposts"),
}
"""Names in credential scopes that no model has."""
_CALLED = {"queue": "sqs", "s3-control": "s3control", "email": "ses"}
"""Names in host names that no model has, or that mean the older of two."""
_NAME = re.compile(r"[A-Za-z0-9_]{1,128}")


class Unknown(Exception):
    """A request that names nothing; the message says what was understood of it."""


class Owners(NamedTuple):
    """Of services with one name: which has paths that begin with a word, which takes any."""

    literal: dict[str, list[Service]]
    open: list[Service]


class Identified:
    """What a request is for, as far as it is known without its body."""

    __slots__ = ("candidates", "operation", "protocol", "service")

    def __init__(
        self,
        service: Service,
        protocol: str,
        operation: str | None,
        candidates: tuple[str, ...],
    ) -> None:
        self.service = service
        self.protocol = protocol
        self.operation = operation
        self.candidates = candidates


class Identifier:
    """Tells requests apart; remembers what it has learnt of X-Amz-Target headers."""

    def __init__(self, registry: Registry, strict: bool) -> None:
        self._registry = registry
        self._strict = strict
        self._targets: dict[tuple[bytes, bytes | None], Identified] = {}
        self._plain: dict[tuple[str, str], Identified] = {}
        self._shared: dict[tuple[tuple[str, ...], str], Owners] = {}

    def service(
        self, request: Request, signing_name: str | None, host: Host, recognises: Any
    ) -> Identified:
        """The service and the protocol, told without the body. Raises Unknown."""
        target = request.headers.get(b"x-amz-target")
        if target is not None:
            kind = request.headers.get(b"content-type")
            known = self._targets.get((target, kind))
            if known is not None:
                return known
            found = self._of_target(request, target.decode("latin-1"), signing_name)
            if found is not None:
                if len(self._targets) < 5_000 and len(target) + len(kind or b"") < 256:
                    self._targets[target, kind] = found
                return found
        if request.path.startswith("/service/"):
            rpc = self._of_rpc_path(request)
            if rpc is not None:
                return rpc
        candidates = self._candidates(request, signing_name, host, recognises)
        service = self._choose(candidates, request)
        protocol = protocol_of(request, service.entry)
        known = self._plain.get((service.name, protocol))
        if known is None:
            known = self._plain[service.name, protocol] = Identified(
                service, protocol, None, candidates
            )
        return known

    def call(self, identified: Identified, request: Request) -> Call:
        """The operation, told with the body. Raises an Error of the identified service."""
        service, protocol, name = identified.service, identified.protocol, identified.operation
        if name is not None:
            known = service.calls.get((protocol, name))
            if known is not None:
                return known
        else:
            if protocol in ("query", "ec2"):
                service, name = self._action(identified, request)
            elif protocol.startswith("rest-"):
                matched = routes.match(service.model, request)
                if matched is None:
                    raise _no_operation(service, f"{request.method} {request.path[:200]}")
                name, request.labels = matched[0].name, matched[1]
            else:
                raise _no_operation(service, "a request without X-Amz-Target")
        found = service.call(name, protocol, self._strict) if _NAME.fullmatch(name) else None
        if found is None:
            raise _no_operation(service, name[:128])
        return found

    # the service -------------------------------------------------------------------------------

    def _of_target(
        self, request: Request, target: str, signing_name: str | None
    ) -> Identified | None:
        prefix, dot, operation = target.rpartition(".")
        names = index.by_target_prefix(prefix) if dot else ()
        if not names:
            return None
        if len(names) > 1 and signing_name is not None:
            narrowed = tuple(n for n in names if index.entry(n).signing_name == signing_name)
            names = narrowed or names
        service = self._having(names, operation)
        return Identified(service, protocol_of(request, service.entry), operation, names)

    def _of_rpc_path(self, request: Request) -> Identified | None:
        parts = request.path.split("/")
        if len(parts) != 5 or parts[3] != "operation":
            return None
        names = index.by_target_prefix(parts[2])
        if not names:
            return None
        service = self._having(names, parts[4])
        return Identified(service, "smithy-rpc-v2-cbor", parts[4], names)

    def _candidates(
        self, request: Request, signing_name: str | None, host: Host, recognises: Any
    ) -> tuple[str, ...]:
        if signing_name is not None:
            found = _SIGNED_AS.get(signing_name) or index.by_signing_name(signing_name)
            if found:
                return found
        for place, label in enumerate(host.labels):
            name = _CALLED.get(label)
            if name is not None:
                return (name,)
            if label == "s3" or label.startswith(("s3-website", "s3-accesspoint")):
                return ("s3",)
            if place == 0 and (found := index.by_endpoint_prefix(label)):
                return found
        action = _form_field(_ACTION, request)
        if action is not None and (found := self._of_version(request)):
            return found
        agent = _AGENT.search(request.headers.get(b"user-agent", b""))
        if agent is not None and (found := index.by_service_id(agent.group(1).decode())):
            return found
        for name in self._registry.names():
            service = self._registry.find(name)
            hook = None if service is None else getattr(service.wire, "recognises", None)
            if hook is not None and recognises(hook):
                return (name,)
        raise Unknown(_understood(request, signing_name, action))

    def _of_version(self, request: Request) -> tuple[str, ...]:
        version = _form_field(_VERSION, request)
        spoken = [
            entry
            for entry in map(index.entry, index.services())
            if {"query", "ec2"} & set(entry.protocols) or entry.service == "sqs"
        ]
        if version is not None:
            return tuple(entry.service for entry in spoken if entry.api_version == version)
        action = _form_field(_ACTION, request) or ""
        return tuple(
            entry.service
            for entry in spoken
            if self._registry.has(entry.service) and self._has(entry.service, action)
        )

    def _choose(self, names: tuple[str, ...], request: Request) -> Service:
        """The service of several with one name that a request without a target is for."""
        if len(names) == 1:
            return self._found(names[0])
        kind = request.headers.get(b"content-type", b"")
        form = kind.startswith(b"application/x-www-form-urlencoded") or "Action=" in request.query
        if form:
            return self._of_form(names, request)
        owners = self._shared.get((names, request.method))
        if owners is None:
            owners = self._shared[names, request.method] = self._owners(names, request.method)
        found = owners.literal.get(_first(request.path), owners.open)
        if len(found) > 1:
            for service in found:
                if routes.match(service.model, request) is not None:
                    return service
        return found[0] if found else self._found(self._ordered(names)[0])

    def _of_form(self, names: tuple[str, ...], request: Request) -> Service:
        """The service of several that a form is for: of its version, having its action."""
        version = _form_field(_VERSION, request)
        versions = [n for n in names if index.entry(n).api_version == version]
        fitting = [n for n in versions or names if _speaks(n, "query") or _speaks(n, "ec2")]
        return self._having(tuple(fitting) or names, _form_field(_ACTION, request) or "")

    def _ordered(self, names: tuple[str, ...]) -> list[str]:
        """Ours first, then the one that gave the others its name: `rds` before `docdb`."""

        def place(name: str) -> tuple[bool, bool]:
            return not self._registry.has(name), index.entry(name).signing_name != name

        return sorted(names, key=place)

    def _owners(self, names: tuple[str, ...], method: str) -> "Owners":
        """Whose a path is among REST services, by its first segment; ours come first."""
        owners = Owners({}, [])
        for name in self._ordered(names):
            service = self._found(name)
            if not any(protocol.startswith("rest-") for protocol in service.entry.protocols):
                continue
            root = routes.table(service.model).get(method)
            if root is None:
                continue
            for segment in root.literals:
                if segment:
                    owners.literal.setdefault(segment, []).append(service)
            if root.label is not None or root.greedy or "" in root.literals:
                owners.open.append(service)
        return owners

    def _having(self, names: tuple[str, ...], operation: str) -> Service:
        """Of several services: one that fogbank has the operation of, or one that knows it."""
        if len(names) == 1:
            return self._found(names[0])
        ordered = self._ordered(names)
        for name in ordered:
            if self._has(name, operation):
                return self._found(name)
        return self._found(ordered[0])

    def _has(self, name: str, operation: str) -> bool:
        return operation in self._found(name).model.operations

    def _found(self, name: str) -> Service:
        service = self._registry.find(name)
        assert service is not None
        return service

    # the operation -----------------------------------------------------------------------------

    def _action(self, identified: Identified, request: Request) -> tuple[Service, str]:
        name = _form_field(_ACTION, request)
        service = identified.service
        if not name:
            if "query" in service.entry.protocols or "ec2" in service.entry.protocols:
                raise Error("MissingAction", "Missing required parameter Action", status=400)
            raise _no_operation(service, f"{request.method} {request.path[:200]}")
        if len(identified.candidates) > 1:
            service = self._of_form(identified.candidates, request)
        return service, name


def _no_operation(service: Service, name: str) -> Error:
    """Nothing of that name is in the model; it may be newer than our botocore."""
    return Error("NotImplemented", f"fogbank does not implement {service.name}.{name}", status=501)


def _form_field(pattern: re.Pattern[str], request: Request) -> str | None:
    found = pattern.search(request.query) if request.query else None
    if found is None and isinstance(request.body, bytes) and request.body:
        kind = request.headers.get(b"content-type", b"")
        if not kind or kind.startswith(b"application/x-www-form-urlencoded"):
            found = pattern.search(request.body.decode("latin-1"))
    return None if found is None else unquote(found.group(1))


def _speaks(service: str, protocol: str) -> bool:
    return protocol in index.entry(service).protocols


def _understood(request: Request, signing_name: str | None, action: str | None) -> str:
    seen = [f"{request.method} {request.path[:200]}"]
    target = request.header(b"x-amz-target")
    if target is not None:
        seen.append(f"X-Amz-Target {target[:200]!r}")
    if signing_name is not None:
        seen.append(f"signed for {signing_name[:100]!r}")
    if action is not None:
        seen.append(f"Action {action[:100]!r}")
    return f"This names no service of AWS that fogbank knows: {', '.join(seen)}."


def _first(path: str) -> str:
    """The first word of a path, which may be `*` alone."""
    return path.removeprefix("/").partition("/")[0]
