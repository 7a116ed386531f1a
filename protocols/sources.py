"""Where the models lie: botocore's data folder, found without importing botocore."""

import importlib.util
import re
from functools import cache
from pathlib import Path
from typing import Any

import orjson

_API_VERSION = re.compile(r"\d{4}-\d{2}-\d{2}")


@cache
def package() -> Path:
    """The folder of the installed botocore package."""
    spec = importlib.util.find_spec("botocore")
    if spec is None or not spec.submodule_search_locations:
        raise RuntimeError("botocore is not installed: its service models are needed")
    return Path(spec.submodule_search_locations[0])


@cache
def version() -> str:
    """The installed botocore's version, read from its source's text."""
    source = (package() / "__init__.py").read_text(encoding="utf-8")
    found = re.search(r"^__version__\s*=\s*['\"]([^'\"]+)['\"]", source, re.MULTILINE)
    return found.group(1) if found else "unknown"


def model_file(service: str) -> Path | None:
    """The newest model of a service, or None if botocore has no such service."""
    folder = package() / "data" / service
    if "/" in service or "\\" in service or not folder.is_dir():
        return None
    for path in sorted(folder.iterdir(), reverse=True):
        if _API_VERSION.match(path.name):
            for name in ("service-2.json.gz", "service-2.json"):
                if (path / name).is_file():
                    return path / name
    return None


def services() -> list[str]:
    """Every service that botocore has a model of."""
    folder = package() / "data"
    return sorted(entry.name for entry in folder.iterdir() if model_file(entry.name) is not None)


def read(service: str) -> dict[str, Any]:
    """A service's raw model with botocore's own additions merged in."""
    path = model_file(service)
    if path is None:
        raise LookupError(f"botocore has no service called {service!r}")
    import gzip  # only where the cache has no model yet

    data = path.read_bytes()
    model: dict[str, Any] = orjson.loads(gzip.decompress(data) if path.suffix == ".gz" else data)
    extras = path.parent / "service-2.sdk-extras.json"
    if extras.is_file():
        _merge(model, orjson.loads(extras.read_bytes()).get("merge", {}))
    return model


def _merge(into: dict[str, Any], addition: dict[str, Any]) -> None:
    for key, value in addition.items():
        if isinstance(value, dict) and isinstance(into.get(key), dict):
            _merge(into[key], value)
        else:
            into[key] = value
