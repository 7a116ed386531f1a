"""Models on disk, stripped of documentation: a header of offsets, then each shape's JSON.

A shape is parsed when it is first used, so that EC2's thousands cost nothing until then. A file
that is damaged, or a folder that can't be written, only costs the time to read the model again.
"""

import os
import zlib
from pathlib import Path
from typing import Any

import orjson

from protocols import sources

FORMAT = b"fogbank-model-2"
_UNUSED = frozenset(
    {
        "documentation",
        "deprecatedMessage",
        "deprecatedSince",
        "contextParam",
        "staticContextParams",
        "operationContextParams",
        "clientContextParams",
        "endpointdiscovery",
        "endpointoperation",
        "readonly",
        "auth",
        "authtype",
        "examples",
    }
)

Packed = tuple[dict[str, Any], dict[str, bytes], dict[str, bytes]]


def load(service: str) -> Packed:
    """Metadata, and each operation's and each shape's JSON."""
    folder = _folder()
    if folder is None:
        return pack(_stripped(sources.read(service)))
    path = folder / f"{service}.model"
    try:
        return _unpack(path.read_bytes())
    except (OSError, ValueError, KeyError, TypeError):
        packed = pack(_stripped(sources.read(service)))
        _write(path, packed)
        return packed


def pack(model: dict[str, Any]) -> Packed:
    """A raw model as separate pieces of JSON."""
    dumps = orjson.dumps
    return (
        model["metadata"],
        {name: dumps(value) for name, value in model["operations"].items()},
        {name: dumps(value) for name, value in model["shapes"].items()},
    )


def unpacked(packed: Packed) -> dict[str, Any]:
    """The raw model again, for a service that amends it."""
    metadata, operations, shapes = packed
    loads = orjson.loads
    return {
        "metadata": metadata,
        "operations": {name: loads(value) for name, value in operations.items()},
        "shapes": {name: loads(value) for name, value in shapes.items()},
    }


def _folder() -> Path | None:
    chosen = os.environ.get("FOGBANK_CACHE")
    if chosen:
        return Path(chosen) / f"models-{sources.version()}"
    base = os.environ.get("XDG_CACHE_HOME")
    try:
        home = Path(base) if base else Path.home() / ".cache"
    except RuntimeError:
        home = None
    if home is not None:
        folder = home / "fogbank" / f"models-{sources.version()}"
        if _usable(folder):
            return folder
    import tempfile  # here and below: 8 ms that only a machine without a cache needs

    owner = getattr(os, "getuid", lambda: 0)()
    folder = Path(tempfile.gettempdir()) / f"fogbank-{owner}" / f"models-{sources.version()}"
    return folder if _usable(folder) else None


def _usable(folder: Path) -> bool:
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        owner = folder.stat().st_uid
    except OSError:
        return False
    mine = getattr(os, "getuid", lambda: owner)()
    return owner == mine and os.access(folder, os.W_OK)


def _stripped(value: Any) -> Any:
    if isinstance(value, dict):
        kept: dict[str, Any] = {}
        for name, item in value.items():
            if name in ("members", "operations", "shapes") and isinstance(item, dict):
                # The names below are AWS's own words ("deprecated" may be a member), not traits.
                kept[name] = {key: _stripped(child) for key, child in item.items()}
            elif name not in _UNUSED:
                kept[name] = _stripped(item)
        return kept
    if isinstance(value, list):
        return [_stripped(item) for item in value]
    return value


def _write(path: Path, packed: Packed) -> None:
    import tempfile

    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=".new-")
    except OSError:
        return
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(_packed_file(packed))
        os.replace(name, path)
    except OSError:
        Path(name).unlink(missing_ok=True)


def _packed_file(packed: Packed) -> bytes:
    metadata, operations, shapes = packed
    pieces: list[bytes] = []
    offset = 0
    tables: list[dict[str, int]] = []
    for group in (operations, shapes):
        table: dict[str, int] = {}
        for name, data in group.items():
            pieces.append(data)
            offset += len(data)
            table[name] = offset
        tables.append(table)
    header = orjson.dumps({"metadata": metadata, "operations": tables[0], "shapes": tables[1]})
    body = header + b"\n" + b"".join(pieces)
    return FORMAT + b" %d\n" % zlib.crc32(body) + body


def _unpack(data: bytes) -> Packed:
    first, _, body = data.partition(b"\n")
    if first != FORMAT + b" %d" % zlib.crc32(body):
        raise ValueError("damaged")
    header, _, blob = body.partition(b"\n")
    tables = orjson.loads(header)
    groups: list[dict[str, bytes]] = []
    start = 0
    for table in (tables["operations"], tables["shapes"]):
        group: dict[str, bytes] = {}
        for name, end in table.items():
            group[name] = blob[start:end]
            start = end
        groups.append(group)
    return tables["metadata"], groups[0], groups[1]
