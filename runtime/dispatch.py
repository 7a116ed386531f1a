"""Dispatch: one operation is one frame of the store is one plain function call.

The order, as AWS's front ends have it:

1. faults      a rule set through the control API may answer, delay or drop the request instead
2. authorise   policies decide, when `iam` asks for it (the door stands in `authorize`)
3. limits      account quotas, when `limits` asks for it, are the handlers' own
4. act         the handler runs inside a frame; an error undoes all of it
5. park        a handler that must wait raises `Wait`: undone, parked, run again on a change
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import TYPE_CHECKING, Any

from runtime.context import Context, Members

if TYPE_CHECKING:
    from runtime.runtime import Runtime
    from runtime.scheduler import Waiter


class Wait(Exception):
    """This operation must wait: undo it, park the request, run it again.

    topic    who calls `context.changed(topic)` lets it run again
    seconds  how long in all, counted from the first time it ran; then `answer` is its answer
    again    run it again after so many seconds anyway (when something appears by itself)
    """

    def __init__(
        self, topic: str, seconds: float, answer: Members, *, again: float | None = None
    ) -> None:
        super().__init__(topic)
        self.topic = topic
        self.seconds = seconds
        self.answer = answer
        self.again = again


def perform(
    runtime: Runtime, context: Context, function: Callable[..., Any], request: Members
) -> Any:
    """Run a handler once, in its frame; wake who waits for what it changed."""
    store = runtime.store
    if runtime.config.iam != "off":
        runtime.authorize(context, request)
    store.enter()
    try:
        answer = function(context, request)
    except BaseException:
        store.abandon()
        raise
    store.leave()
    if context.topics is not None or context.actions is not None:
        runtime.settle_effects(context)
    return answer


def wait(
    runtime: Runtime,
    context: Context,
    function: Callable[..., Any],
    request: Members,
    first: Wait,
) -> Coroutine[Any, Any, Members]:
    """Keep a waiting request parked, and run it again, until it answers or its time is over.

    It is parked by the call already: another request may change the topic before the coroutine
    begins to run.
    """
    end = context.now + first.seconds
    waiter = _park(runtime, first, end)
    return _waiting(runtime, context, function, request, first, end, waiter)


def _park(runtime: Runtime, held: Wait, end: float) -> Waiter:
    """A place to wait in till the topic changes, or till it is time to look again."""
    again = end if held.again is None else min(end, runtime.clock.now() + held.again)
    return runtime.scheduler.park(held.topic, again)


async def _waiting(
    runtime: Runtime,
    context: Context,
    function: Callable[..., Any],
    request: Members,
    held: Wait,
    end: float,
    waiter: Waiter,
) -> Members:
    """Run a parked request again each time it is woken."""
    clock, scheduler = runtime.clock, runtime.scheduler
    loop = asyncio.get_running_loop()
    started, started_real = context.now, loop.time()
    while True:
        # On a frozen clock nobody should wait for ever: real seconds count too.
        timer = loop.call_later(max(0.0, held.seconds - (loop.time() - started_real)), waiter.wake)
        try:
            await waiter.future
        finally:
            timer.cancel()
            scheduler.unpark(waiter)
        context.waited = max(clock.now() - started, loop.time() - started_real)
        context.topics = context.actions = None
        context.restart_clock()
        try:
            return perform(runtime, context, function, request)  # type: ignore[no-any-return]
        except Wait as again:
            held = again
        if context.waited >= held.seconds - 0.001 or runtime.stopping:
            return held.answer
        waiter = _park(runtime, held, end)
