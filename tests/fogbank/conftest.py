"""A server that these tests may reset, freeze and break as they like."""

from collections.abc import Iterator

import pytest

from fogbank import Server


@pytest.fixture(scope="session")
def own_server() -> Iterator[Server]:
    """One server for all tests of the user side."""
    with Server(strict_answers=True) as server:
        yield server


@pytest.fixture
def server(own_server: Server) -> Iterator[Server]:
    """The same, as one that has just started."""
    own_server.reset()
    yield own_server
    for snapshot in own_server.snapshots():
        own_server.delete_snapshot(snapshot["name"])
