"""Handlers: found by looking at the folders of `services/`, imported when they are first called.

A service's operations are the functions of its modules that bear boto3's names of them. Which
module has which function is read off the text, so that a request imports only what it needs.
"""

import importlib
import keyword
import re
from collections.abc import Callable
from functools import cached_property
from pathlib import Path
from types import ModuleType
from typing import Any

from protocols import index, model
from protocols.codec import Codec, Read, Write
from protocols.errors import Error, Violation, default_invalid
from protocols.http import Request
from protocols.model import Operation
from runtime.store import Store

_FUNCTION = re.compile(r"^(?:async )?def ([a-z][a-z0-9_]*)\(", re.MULTILINE)
ROOT = Path(__file__).parent.parent / "services"
_APART = frozenset({"__init__.py", "errors.py", "jobs.py", "wire.py"})
"""Modules that hold no operations."""


class Call:
    """One operation in one protocol: everything that its requests have in common."""

    __slots__ = (
        "codec",
        "function",
        "measured",
        "name",
        "operation",
        "read",
        "service",
        "streams",
        "write",
    )

    def __init__(
        self, service: "Service", operation: Operation, protocol: str, strict: bool
    ) -> None:
        self.service = service
        self.operation = operation
        self.name = operation.name
        self.codec: Codec = service.model.codec(protocol)
        self.function = service.handler(operation.name)
        self.streams = operation.streaming_input
        members = operation.output.members.values() if operation.output else ()
        self.measured = any(member.wire_name == "Content-Length" for member in members)
        """Whether answers say themselves how long they are, as GetObject's do."""
        if self.function is not None:
            self.read: Read = self.codec.read(operation)
            self.write: Write = self.codec.write(operation, strict)


class Service:
    """A service that botocore knows; `functions` is empty for one that fogbank has nothing of."""

    def __init__(self, entry: index.Entry, folder: Path | None) -> None:
        self.entry = entry
        self.name = entry.service
        self.folder = folder
        self.calls: dict[tuple[str, str], Call] = {}

    @cached_property
    def package(self) -> str:
        """The dotted name of its folder."""
        return f"services.{folder_name(self.name)}"

    @cached_property
    def wire(self) -> ModuleType | None:
        """Its `wire.py`, where it bends its protocol."""
        return self._module("wire")

    @cached_property
    def model(self) -> model.Service:
        """Its operations and shapes, with what `wire.amend` and `ERRORS` add."""
        found = model.load(self.name, getattr(self.wire, "amend", None))
        if self.folder is not None:
            found.statuses = getattr(importlib.import_module(self.package), "ERRORS", {})
        return found

    @cached_property
    def address(self) -> Callable[[Request, str, str], None] | None:
        """Its hook for virtual hosts."""
        return getattr(self.wire, "address", None)

    @cached_property
    def functions(self) -> dict[str, str]:
        """The module of each function, by the function's name."""
        found: dict[str, str] = {}
        if self.folder is not None:
            for path in self.folder.iterdir():
                if path.name.endswith(".py") and path.name not in _APART:
                    for name in _FUNCTION.findall(path.read_text("utf-8")):
                        found[name] = path.name[:-3]
        return found

    @property
    def operations(self) -> list[str]:
        """The operations that are there."""
        names = self.model.operations
        return [name for name in names if model.function_name(name) in self.functions]

    def handler(self, operation: str) -> Callable[..., Any] | None:
        """The function of an operation, if there is one."""
        function = model.function_name(operation)
        module = self.functions.get(function)
        if module is None or operation not in self.model.operations:
            return None
        found: Callable[..., Any] = getattr(
            importlib.import_module(f"{self.package}.{module}"), function
        )
        return found

    def job(self, function: str) -> Callable[..., Any] | None:
        """A function of its `jobs.py`."""
        return getattr(self._module("jobs"), function, None)

    def call(self, operation: str, protocol: str, strict: bool) -> Call | None:
        """An operation as it is spoken in a protocol; None for one that the model lacks."""
        key = (protocol, operation)
        found = self.calls.get(key)
        if found is None and operation in self.model.operations:
            described = self.model.operations[operation]
            found = self.calls[key] = Call(self, described, protocol, strict)
        return found

    def prepare(self, store: Store) -> None:
        """Make sure that its tables are there."""
        if self.folder is not None:
            store.prepare(self.name, self.folder)

    def invalid(self, call: Call, request: Request, violations: list[Violation]) -> Error:
        """The error for a request that breaks the model, in the service's own words if any."""
        own = getattr(self.wire, "invalid", None)
        if own is not None:
            error: Error = own(call.operation, request, violations)
            return error
        return default_invalid(call.codec.name, violations)

    def _module(self, name: str) -> ModuleType | None:
        if self.folder is None or not (self.folder / f"{name}.py").is_file():
            return None
        return importlib.import_module(f"{self.package}.{name}")

    def __repr__(self) -> str:
        return f"<Service {self.name}>"


class Registry:
    """All services: those with a folder, and what botocore knows of the others."""

    def __init__(self, enabled: list[str] | None = None) -> None:
        self.enabled = frozenset(enabled or ())
        """Only these are served; empty is all."""
        self.loaded: dict[str, Service] = {}

    @cached_property
    def _folders(self) -> dict[str, Path]:
        return {path.name: path for path in ROOT.iterdir() if (path / "__init__.py").is_file()}

    def names(self) -> list[str]:
        """The services that fogbank has, by botocore's names, sorted."""
        return sorted(service_name(folder) for folder in self._folders)

    def has(self, name: str) -> bool:
        """Whether fogbank has anything of a service."""
        return folder_name(name) in self._folders

    def serves(self, name: str) -> bool:
        """Whether the operator wants it served."""
        return not self.enabled or name in self.enabled

    def find(self, service: str) -> Service | None:
        """A service by botocore's name of it."""
        found = self.loaded.get(service)
        if found is None and index.exists(service):
            folder = self._folders.get(folder_name(service))
            found = self.loaded[service] = Service(index.entry(service), folder)
        return found


def folder_name(service: str) -> str:
    """A service's folder: `-` becomes `_`, and a keyword gets one behind it."""
    name = service.replace("-", "_")
    return f"{name}_" if keyword.iskeyword(name) else name


def service_name(folder: str) -> str:
    """The service that a folder is of."""
    name = folder.removesuffix("_")
    return name if index.exists(name) else name.replace("_", "-")
