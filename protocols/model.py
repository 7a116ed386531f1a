"""One service's operations and shapes, read lazily from its model."""

import re
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

import orjson

from protocols import cache

if TYPE_CHECKING:
    from protocols.codec import Codec

Amend = Callable[[dict[str, Any]], None]

# Names that the rule below would split wrongly; boto3 lists them the same.
_NAMES = {
    "CreateCachediSCSIVolume": "create_cached_iscsi_volume",
    "DescribeCachediSCSIVolumes": "describe_cached_iscsi_volumes",
    "DescribeStorediSCSIVolumes": "describe_stored_iscsi_volumes",
    "CreateStorediSCSIVolume": "create_stored_iscsi_volume",
    "ListHITsForQualificationType": "list_hits_for_qualification_type",
    "ExecutePartiQLStatement": "execute_partiql_statement",
    "ExecutePartiQLTransaction": "execute_partiql_transaction",
    "ExecutePartiQLBatch": "execute_partiql_batch",
    "CreateOAuth2TokenWithTokenExchange": "create_o_auth2_token_with_token_exchange",
}
_BRANDS = re.compile(r"OAuth2|WhatsApp|OTel")
_PLURAL = re.compile(r"[A-Z]{2,}s$")
_WORD = re.compile(r"(.)([A-Z][a-z]+)")
_EDGE = re.compile(r"([a-z0-9])([A-Z])")


def function_name(operation: str) -> str:
    """boto3's name for an operation: `SendMessage` is `send_message`, `ListARNs` `list_arns`."""
    found = _NAMES.get(operation)
    if found is not None:
        return found
    if "_" in operation:
        return operation
    name = _BRANDS.sub(lambda found: found.group().capitalize(), operation)
    plural = _PLURAL.search(name)
    if plural is not None:
        name = f"{name[: plural.start()]}_{plural.group().lower()}"
    return _EDGE.sub(r"\1_\2", _WORD.sub(r"\1_\2", name)).lower()


class Member:
    """A structure's member (or a list's element, a map's key or value): a shape in its place."""

    __slots__ = ("_service", "location", "name", "required", "traits", "wire_name")

    def __init__(
        self, service: "Service", name: str, traits: dict[str, Any], required: bool = False
    ) -> None:
        self._service = service
        self.name = name
        self.traits = traits
        self.wire_name: str = traits.get("locationName", name)
        self.location: str | None = traits.get("location")
        self.required = required

    @property
    def shape(self) -> "Shape":
        """The shape that the member has."""
        return self._service.shape(self.traits["shape"])

    def trait(self, name: str) -> Any:
        """A trait of this place, or else of the shape."""
        found = self.traits.get(name)
        return self.shape.traits.get(name) if found is None else found

    def __repr__(self) -> str:
        return f"<{self.name}: {self.traits['shape']}>"


class Shape:
    """A type of the model; its members are made when first looked at."""

    __slots__ = ("_members", "_service", "compiled", "name", "traits", "type")

    def __init__(self, service: "Service", name: str, traits: dict[str, Any]) -> None:
        self._service = service
        self.name = name
        self.traits = traits
        self.type: str = traits["type"]
        self._members: dict[str, Member] | None = None
        self.compiled: dict[Any, Any] = {}

    @property
    def members(self) -> dict[str, Member]:
        """A structure's members, in the model's order."""
        found = self._members
        if found is None:
            required = self.required
            found = self._members = {
                name: Member(self._service, name, traits, name in required)
                for name, traits in self.traits.get("members", {}).items()
            }
        return found

    def _part(self, name: str) -> Member:
        found = self._members
        if found is None:
            found = self._members = {}
        if name not in found:
            found[name] = Member(self._service, name, self.traits[name])
        return found[name]

    @property
    def member(self) -> Member:
        """A list's element."""
        return self._part("member")

    @property
    def key(self) -> Member:
        """A map's key."""
        return self._part("key")

    @property
    def value(self) -> Member:
        """A map's value."""
        return self._part("value")

    @property
    def required(self) -> frozenset[str]:
        """The names of a structure's required members."""
        return frozenset(self.traits.get("required", ()))

    @property
    def enum(self) -> list[str]:
        """The values that a string may have, or an empty list."""
        found: list[str] = self.traits.get("enum", [])
        return found

    @property
    def payload(self) -> Member | None:
        """The member that is the whole HTTP body, if the shape has one."""
        name = self.traits.get("payload")
        return None if name is None else self.members[name]

    @property
    def document(self) -> bool:
        """Whether the shape is any JSON value."""
        return bool(self.traits.get("document"))

    @property
    def union(self) -> bool:
        """Whether exactly one member must be set."""
        return bool(self.traits.get("union"))

    @property
    def event_stream(self) -> Member | None:
        """The member that is a stream of events, if there is one."""
        for member in self.members.values():
            if member.shape.traits.get("eventstream"):
                return member
        return None

    def __repr__(self) -> str:
        return f"<Shape {self.name}: {self.type}>"


class Operation:
    """One operation of a service."""

    __slots__ = (
        "_service",
        "compiled",
        "event_input",
        "event_output",
        "function",
        "input",
        "method",
        "name",
        "output",
        "result_wrapper",
        "status",
        "streaming_input",
        "traits",
        "uri",
    )

    def __init__(self, service: "Service", name: str, traits: dict[str, Any]) -> None:
        self._service = service
        self.name = name
        self.function = function_name(name)
        self.traits = traits
        http = traits.get("http", {})
        self.method: str = http.get("method", "POST")
        self.uri: str = http.get("requestUri", "/")
        self.status: int = http.get("responseCode", 200)
        self.input = self._shape("input")
        self.output = self._shape("output")
        self.result_wrapper: str | None = traits.get("output", {}).get("resultWrapper")
        self.event_input = self.input.event_stream if self.input else None
        self.event_output = self.output.event_stream if self.output else None
        self.streaming_input = _streams(self.input)
        self.compiled: dict[Any, Any] = {}

    def _shape(self, side: str) -> Shape | None:
        reference = self.traits.get(side)
        return None if reference is None else self._service.shape(reference["shape"])

    @property
    def service(self) -> "Service":
        """The service that the operation belongs to."""
        return self._service

    @property
    def errors(self) -> tuple[str, ...]:
        """The shapes of the errors that the model says it may answer."""
        return tuple(error["shape"] for error in self.traits.get("errors", ()))

    def __repr__(self) -> str:
        return f"<Operation {self._service.name}.{self.name}>"


def _streams(shape: Shape | None) -> bool:
    """Whether the body is a stream of bytes that is not read into memory."""
    if shape is None or shape.payload is None:
        return False
    payload = shape.payload
    return payload.shape.type == "blob" and bool(
        payload.trait("streaming") or payload.trait("requiresLength")
    )


class Operations(Mapping[str, Operation]):
    """A service's operations by name, each made when first asked for."""

    __slots__ = ("_made", "_packed", "_service")

    def __init__(self, service: "Service", packed: dict[str, bytes]) -> None:
        self._service = service
        self._packed = packed
        self._made: dict[str, Operation] = {}

    def __getitem__(self, name: str) -> Operation:
        found = self._made.get(name)
        if found is None:
            traits = orjson.loads(self._packed[name])
            found = self._made[name] = Operation(self._service, name, traits)
        return found

    def __iter__(self) -> Iterator[str]:
        return iter(self._packed)

    def __len__(self) -> int:
        return len(self._packed)

    def __contains__(self, name: object) -> bool:
        return name in self._packed

    def raw(self, name: str) -> dict[str, Any]:
        """An operation's traits without making it."""
        made = self._made.get(name)
        found: dict[str, Any] = made.traits if made else orjson.loads(self._packed[name])
        return found


class Shapes(Mapping[str, Shape]):
    """A service's shapes by name, each made when first asked for."""

    __slots__ = ("_made", "_packed", "_service")

    def __init__(self, service: "Service", packed: dict[str, bytes]) -> None:
        self._service = service
        self._packed = packed
        self._made: dict[str, Shape] = {}

    def __getitem__(self, name: str) -> Shape:
        found = self._made.get(name)
        if found is None:
            found = self._made[name] = Shape(self._service, name, orjson.loads(self._packed[name]))
        return found

    def __iter__(self) -> Iterator[str]:
        return iter(self._packed)

    def __len__(self) -> int:
        return len(self._packed)

    def __contains__(self, name: object) -> bool:
        return name in self._packed


class Service:
    """A service's model."""

    __slots__ = (
        "_codecs",
        "compiled",
        "metadata",
        "name",
        "operations",
        "protocols",
        "shapes",
        "statuses",
    )

    def __init__(self, name: str, packed: cache.Packed) -> None:
        self.name = name
        self.metadata, operations, shapes = packed
        listed = self.metadata.get("protocols") or []
        primary = self.metadata["protocol"]
        self.protocols: tuple[str, ...] = tuple(dict.fromkeys([primary, *listed]))
        self.operations = Operations(self, operations)
        self.shapes = Shapes(self, shapes)
        self._codecs: dict[str, Codec] = {}
        self.compiled: dict[Any, Any] = {}
        self.statuses: dict[str, int] = {}
        """Error codes that AWS sends but the model lacks, with their HTTP status."""

    def shape(self, name: str) -> Shape:
        """A shape by its name."""
        return self.shapes[name]

    def codec(self, protocol: str) -> "Codec":
        """The reader and writer of one protocol; LookupError for one that nobody speaks."""
        found = self._codecs.get(protocol)
        if found is None:
            from protocols.codec import create

            found = self._codecs[protocol] = create(protocol, self)
        return found

    def __repr__(self) -> str:
        return f"<Service {self.name}>"


def load(service: str, amend: Amend | None = None) -> Service:
    """A service's model by botocore's name of it, changed by `amend` where the service needs it."""
    packed = cache.load(service)
    if service == "s3":
        # S3's errors have no <ErrorResponse> around them, which botocore's model leaves out.
        packed[0].setdefault("noErrorWrapping", True)
    if amend is not None:
        raw = cache.unpacked(packed)
        amend(raw)
        packed = cache.pack(raw)
    return Service(service, packed)


def from_raw(name: str, model: dict[str, Any]) -> Service:
    """A service from a raw model in memory, for tests."""
    return Service(name, cache.pack(model))
