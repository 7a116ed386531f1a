"""The state as a whole: dropping it, and waiting till nothing more happens by itself."""

import re
from typing import Any

from runtime import resets
from server.control import health
from server.control.calls import Call, Refused, number, text

LONGEST_SECONDS = 3600.0


async def reset(call: Call) -> Any:
    """`POST /_fogbank/reset`, narrowed by `services`, `account`, `region` (see runtime.resets)."""
    members = await call.members("services", "account", "region")
    services = _services(call, members.get("services"))
    account = text(members, "account")
    if account is not None and not re.fullmatch(r"[0-9]{12}", account):
        raise Refused(400, "account must be a text of 12 digits", "account")
    await resets.reset(call.runtime, services, account, text(members, "region"))
    return {"reset": "everything" if not any(members.values()) else members}


async def settle(call: Call) -> Any:
    """`POST /_fogbank/settle {"timeout": S}`: S real seconds at most."""
    members = await call.members("timeout")
    seconds = number(members, "timeout", 0, LONGEST_SECONDS, 10.0)
    pending = await call.runtime.scheduler.settle(seconds)
    return {"settled": not pending, "pending": pending}


def _services(call: Call, value: Any) -> list[str]:
    if value is None:
        return []
    known = health.registry(call.runtime).names()
    if not isinstance(value, list) or not value:
        raise Refused(400, "services must be a list of names, or left out for all", "services")
    for name in value:
        if name not in known:
            raise Refused(400, f"there is no service {name!r} here", "services")
    return value
