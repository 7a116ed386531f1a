"""What a service's probes need: things that are there, and what its operations answer to them.

`tests/conformance/<service>.py` may have

    prepare(aws)    makes things; answers values of members, by name, for all operations
    OPERATIONS      values for one operation only: functions of what `prepare` answered
    REFUSED         by operation, the code with which its smallest valid request is refused
    fill(aws)       makes things; for each paginated operation, a request that finds more than two
"""

import importlib
import importlib.util
from collections.abc import Callable
from types import ModuleType
from typing import Any

from fogbank.testing import Aws
from server.handlers import folder_name

Values = dict[str, Any]
Chosen = Callable[[Values], Values]


def _module(service: str) -> ModuleType | None:
    name = f"tests.conformance.{folder_name(service)}"
    return None if importlib.util.find_spec(name) is None else importlib.import_module(name)


def prepared(service: str, operation: str, aws: Aws) -> tuple[Values, Values]:
    """Values for members by name: for those that are required, and for this operation anyway."""
    module = _module(service)
    if module is None or not hasattr(module, "prepare"):
        return {}, {}
    values: Values = module.prepare(aws)
    chosen: dict[str, Chosen] = getattr(module, "OPERATIONS", {})
    return values, chosen[operation](values) if operation in chosen else {}


def refused(service: str, operation: str) -> str | None:
    """The code with which the smallest valid request is refused, if it must be."""
    codes: dict[str, str] = getattr(_module(service), "REFUSED", {})
    return codes.get(operation)


def known(service: str) -> bool:
    """Whether a service's smallest valid requests are expected to succeed."""
    return hasattr(_module(service), "prepare")


def filled(service: str, aws: Aws) -> dict[str, Values]:
    """Requests that find more than two things, by operation."""
    fill = getattr(_module(service), "fill", None)
    return {} if fill is None else fill(aws)
