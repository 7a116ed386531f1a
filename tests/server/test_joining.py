"""Joining: what a turn of the event loop writes leaves in one piece, in order."""

import asyncio
from typing import Any

from server.joining import LARGE_BYTES, JoiningTransport, Outbox


class Recorder:
    """A transport that remembers what it was told."""

    def __init__(self) -> None:
        self.told: list[Any] = []

    def write(self, data: bytes) -> None:
        self.told.append(data)

    def close(self) -> None:
        self.told.append("close")

    def abort(self) -> None:
        self.told.append("abort")

    def is_closing(self) -> bool:
        return False


def joining(recorder: Recorder, outbox: Outbox | None = None) -> JoiningTransport:
    transport: Any = recorder
    return JoiningTransport(transport, outbox or Outbox(asyncio.get_running_loop()))


async def turn() -> None:
    """Let the loop come round once."""
    await asyncio.sleep(0)


def test_a_head_and_its_body_leave_together_at_the_end_of_the_turn() -> None:
    async def scenario() -> None:
        recorder = Recorder()
        transport = joining(recorder)
        transport.write(b"head")
        transport.write(b"")
        transport.write(b"body")
        assert recorder.told == []
        await turn()
        assert recorder.told == [b"headbody"]
        transport.write(b"next")
        await turn()
        assert recorder.told == [b"headbody", b"next"]

    asyncio.run(scenario())


def test_several_connections_share_the_end_of_a_turn() -> None:
    async def scenario() -> None:
        outbox = Outbox(asyncio.get_running_loop())
        recorders = [Recorder(), Recorder()]
        for number, recorder in enumerate(recorders):
            joining(recorder, outbox).write(b"%d" % number)
        await turn()
        assert [recorder.told for recorder in recorders] == [[b"0"], [b"1"]]

    asyncio.run(scenario())


def test_large_pieces_are_not_held_and_keep_their_place() -> None:
    async def scenario() -> None:
        recorder = Recorder()
        transport = joining(recorder)
        large = b"x" * LARGE_BYTES
        transport.write(b"head")
        transport.write(large)
        assert recorder.told == [b"head", large]
        await turn()
        assert recorder.told == [b"head", large]

    asyncio.run(scenario())


def test_closing_writes_what_is_held_and_aborting_does_not() -> None:
    async def scenario() -> None:
        closed, aborted = Recorder(), Recorder()
        first, second = joining(closed), joining(aborted)
        first.write(b"last words")
        first.close()
        second.write(b"lost words")
        second.abort()
        await turn()
        assert closed.told == [b"last words", "close"]
        assert aborted.told == ["abort"]

    asyncio.run(scenario())


def test_all_else_is_the_wrapped_transports() -> None:
    async def scenario() -> None:
        assert joining(Recorder()).is_closing() is False

    asyncio.run(scenario())
