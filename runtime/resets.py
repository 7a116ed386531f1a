"""Resets: all state dropped, or that of some services, an account or a region.

A whole reset leaves a server as one that has just started: no resources, no journal, no fault
rules, the clock at real time and running. What it was told about itself stays: its settings, those
changed at run time included, and its snapshots. A narrowed reset drops rows and journal entries and
leaves the clock and the fault rules alone, since they are everybody's.
"""

from collections import Counter
from collections.abc import Sequence

import orjson

from runtime.runtime import Runtime
from runtime.store import Store


async def reset(
    runtime: Runtime,
    services: Sequence[str] = (),
    account: str | None = None,
    region: str | None = None,
) -> None:
    """Drop all state, or only what belongs to these services, this account, this region."""
    whole = not services and account is None and region is None
    runtime.commit()
    replaced = runtime.bodies.owned()
    before = Counter[str]() if whole else _owners(runtime.store)
    runtime.store.clear(services, account, region)
    if whole:
        runtime.faults.rules.clear()
        runtime.presigned.clear()
        runtime.clock.restart()
        runtime.store.set("clock", orjson.dumps(runtime.clock.state()).decode())
    else:
        _disown(runtime.store, before - _owners(runtime.store))
    runtime.bodies.release(replaced)
    runtime.commit()
    runtime.scheduler.poke()
    runtime.scheduler.wake_all()
    await runtime.journal.clear(account, region, services)


def _owners(store: Store) -> Counter[str]:
    """How many rows own each body, in the tables that say so by `REFERENCES body`."""
    found = Counter[str]()
    for table, _ in store.tables():
        for _, _, parent, column, *_ in store.all(f"PRAGMA foreign_key_list({table})"):
            if parent == "body":
                rows = store.all(f"SELECT {column}, count(*) FROM {table} GROUP BY {column}")
                found.update({body_id: count for body_id, count in rows if body_id is not None})
    return found


def _disown(store: Store, lost: Counter[str]) -> None:
    """The rows went without dropping their bodies: take that many owners from each."""
    store.many(
        "UPDATE body SET uses = uses - ? WHERE id = ?",
        [(count, body_id) for body_id, count in lost.items()],
    )
    store.run("DELETE FROM body WHERE uses <= 0")
