"""Config: how AWS behaves here, shown and changed while the server runs.

A change lasts as long as the server does: the next start takes its options, whatever the data
folder's last server was told. A snapshot keeps the settings, and a restore brings them back, since
they say what its state means (whose bucket names are unique, for one).
"""

from typing import Any

from runtime.settings import Config, ConfigError
from server.control.calls import Call


async def show(call: Call) -> Any:
    """`GET /_fogbank/config`."""
    return call.runtime.config.members()


async def change(call: Call) -> Any:
    """`PUT /_fogbank/config {"limits": "enforce", ...}`: all of it or nothing."""
    changes = await call.everything()
    Config().change(changes)
    if changes.get("iam", "off") != "off":
        raise ConfigError(
            "iam", "policies are not evaluated in this version: iam can only be 'off'"
        )
    call.runtime.config.change(changes)
    return call.runtime.config.members()
