"""What the modules under test stand on: a store in a folder, a clock that stands still."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

from runtime import credentials, resources, tags
from runtime.bodies import Bodies
from runtime.clock import Clock
from runtime.context import Context
from runtime.ids import Ids
from runtime.principals import root
from runtime.runtime import Runtime
from runtime.settings import Config
from runtime.store import Store

NOON = 1_795_608_000.0  # 2026-11-25T12:00:00Z


def frozen_clock(at: float = NOON) -> Clock:
    """A clock that stands still."""
    clock = Clock()
    clock.freeze(at)
    return clock


@dataclass
class Surroundings:
    """The parts of a runtime that a context hands on."""

    store: Store
    bodies: Bodies
    clock: Clock = field(default_factory=frozen_clock)
    ids: Ids = field(default_factory=lambda: Ids(1))
    config: Config = field(default_factory=Config)
    committed: list[Callable[[], None]] = field(default_factory=list)
    """What waits for the next commit."""

    def commit(self) -> None:
        """As the runtime does: the state first, then what waited for it."""
        self.store.commit()
        actions, self.committed[:] = list(self.committed), []
        for action in actions:
            action()


def open_surroundings(folder: Path) -> Surroundings:
    """A store with the tables that every service shares."""
    store = Store(folder / "state.db", durable=False)
    for schema in (credentials.SCHEMA, tags.SCHEMA, resources.SCHEMA):
        store.script(schema)
    committed: list[Callable[[], None]] = []
    bodies = Bodies(folder / "bodies", store, Ids(2), committed.append)
    store.commit()
    return Surroundings(store, bodies, committed=committed)


def context(surroundings: Surroundings, **changes: Any) -> Context:
    """An operation's context: SQS's ListQueues of account 111122223333 in Ireland, unless said."""
    given: dict[str, Any] = {
        "service": "sqs",
        "operation": "ListQueues",
        "account": "111122223333",
        "region": "eu-west-1",
        "request_id": "request",
    } | changes
    given.setdefault("principal", root(given["account"]))
    return Context(cast("Runtime", surroundings), **given)
