"""Fault rules: what goes wrong on purpose, by name. They last till they are deleted or a reset."""

from typing import Any

from server.control.calls import Call, Refused


async def show(call: Call) -> Any:
    """`GET /_fogbank/faults`: each rule, with how often it matched and fired."""
    return {"faults": [rule.members() for rule in call.runtime.faults.rules.values()]}


async def put(call: Call) -> Any:
    """`PUT /_fogbank/faults/{name} {...}`: what a rule may say is in `runtime.faults`."""
    return call.runtime.faults.put(call.name, await call.everything()).members()


async def delete(call: Call) -> Any:
    """`DELETE /_fogbank/faults/{name}`."""
    if call.runtime.faults.rules.pop(call.name, None) is None:
        raise Refused(404, f"there is no fault rule '{call.name}'")
    return {"deleted": [call.name]}


async def clear(call: Call) -> Any:
    """`DELETE /_fogbank/faults`: all of them."""
    names = list(call.runtime.faults.rules)
    call.runtime.faults.rules.clear()
    return {"deleted": names}
