"""Which services there are and how requests name them: a generated table, newer ones on demand.

`python -m protocols.index` writes `services.json` from the installed botocore.
"""

from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import orjson

from protocols import sources

TABLE = Path(__file__).with_name("services.json")


class Entry(NamedTuple):
    """What a request needs to be recognised as one for this service."""

    service: str
    protocols: tuple[str, ...]
    signing_name: str
    endpoint_prefix: str
    target_prefix: str | None
    service_id: str
    api_version: str
    json_version: str | None


class Index(NamedTuple):
    """Every lookup table, built once."""

    entries: dict[str, Entry]
    signing_names: dict[str, tuple[str, ...]]
    target_prefixes: dict[str, tuple[str, ...]]
    endpoint_prefixes: dict[str, tuple[str, ...]]
    service_ids: dict[str, str]


def entry(service: str) -> Entry:
    """The row of a service; LookupError if botocore has none of that name."""
    found = _index().entries.get(service)
    if found is not None:
        return found
    if sources.model_file(service) is None:
        raise LookupError(f"botocore has no service called {service!r}")
    return _newcomer(service)


def exists(service: str) -> bool:
    """Whether botocore knows the service (by its folder's name)."""
    return service in _index().entries or sources.model_file(service) is not None


def by_signing_name(name: str) -> tuple[str, ...]:
    """Every service that signs with this name; several share `rds`, `dynamodb`, `ses`..."""
    return _index().signing_names.get(name) or _newcomers("signing_name", name)


def by_target_prefix(prefix: str) -> tuple[str, ...]:
    """Every service whose X-Amz-Target (or RPC v2 path) begins so."""
    return _index().target_prefixes.get(prefix) or _newcomers("target_prefix", prefix)


def by_endpoint_prefix(prefix: str) -> tuple[str, ...]:
    """Every service whose host name begins so."""
    return _index().endpoint_prefixes.get(prefix) or _newcomers("endpoint_prefix", prefix)


def by_service_id(service_id: str) -> tuple[str, ...]:
    """The service with this id (any case, spaces, `_` and `-` alike)."""
    found = _index().service_ids.get(_folded(service_id))
    return () if found is None else (found,)


def services() -> tuple[str, ...]:
    """Every service of the table, sorted."""
    return tuple(_index().entries)


def _folded(service_id: str) -> str:
    return service_id.replace(" ", "_").replace("-", "_").lower()


@cache
def _index() -> Index:
    entries: dict[str, Entry] = {}
    signing: dict[str, list[str]] = {}
    targets: dict[str, list[str]] = {}
    endpoints: dict[str, list[str]] = {}
    ids: dict[str, str] = {}
    for row in orjson.loads(TABLE.read_bytes()):
        service, protocols, *rest = row
        item = Entry(service, tuple(protocols), *rest)
        entries[service] = item
        signing.setdefault(item.signing_name, []).append(service)
        endpoints.setdefault(item.endpoint_prefix, []).append(service)
        ids[_folded(item.service_id)] = service
        if item.target_prefix is not None:
            targets.setdefault(item.target_prefix, []).append(service)

    def frozen(table: dict[str, list[str]]) -> dict[str, tuple[str, ...]]:
        return {name: tuple(found) for name, found in table.items()}

    return Index(entries, frozen(signing), frozen(targets), frozen(endpoints), ids)


@cache
def _newcomer(service: str) -> Entry:
    return entry_of(service, sources.read(service)["metadata"])


@cache
def _unlisted() -> tuple[str, ...]:
    known = _index().entries
    folder = sources.package() / "data"
    names = (item.name for item in folder.iterdir() if item.name not in known)
    return tuple(sorted(name for name in names if sources.model_file(name) is not None))


def _newcomers(field: str, value: str) -> tuple[str, ...]:
    rows = (_newcomer(service) for service in _unlisted())
    return tuple(row.service for row in rows if getattr(row, field) == value)


def entry_of(service: str, metadata: dict[str, Any]) -> Entry:
    """The row that a model's metadata makes."""
    protocols = metadata.get("protocols") or [metadata["protocol"]]
    return Entry(
        service=service,
        protocols=tuple(protocols),
        signing_name=metadata.get("signingName", metadata["endpointPrefix"]),
        endpoint_prefix=metadata["endpointPrefix"],
        target_prefix=metadata.get("targetPrefix"),
        service_id=metadata["serviceId"],
        api_version=metadata["apiVersion"],
        json_version=metadata.get("jsonVersion"),
    )


def generate() -> bytes:
    """The table for the installed botocore, one row a line."""
    rows = (entry_of(name, sources.read(name)["metadata"]) for name in sources.services())
    return b"[\n" + b",\n".join(orjson.dumps(row) for row in map(list, rows)) + b"\n]\n"


if __name__ == "__main__":
    TABLE.write_bytes(generate())
