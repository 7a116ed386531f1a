"""The end of another process, so that a server which a test started ends with it, however it ends.

Linux tells (a descriptor of the process becomes readable); elsewhere we look every second.
"""

import asyncio
import os
from collections.abc import Callable

POLL_SECONDS = 1.0


def watch(pid: int, act: Callable[[], object]) -> Callable[[], None]:
    """Act once when the process is gone, at once if it is already; answers how to watch no more."""
    loop = asyncio.get_running_loop()
    try:
        descriptor = os.pidfd_open(pid)
    except ProcessLookupError:
        act()
        return lambda: None
    except (AttributeError, OSError):  # no Linux, or one whose kernel or container lacks it
        return _poll(loop, pid, act)

    def stop() -> None:
        loop.remove_reader(descriptor)
        os.close(descriptor)

    def gone() -> None:
        loop.remove_reader(descriptor)
        act()

    loop.add_reader(descriptor, gone)
    return stop


def _poll(
    loop: asyncio.AbstractEventLoop, pid: int, act: Callable[[], object]
) -> Callable[[], None]:
    timer = loop.call_later(0, lambda: None)

    def look() -> None:
        nonlocal timer
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            act()
            return
        except PermissionError:  # it lives, as somebody else
            pass
        timer = loop.call_later(POLL_SECONDS, look)

    look()
    return lambda: timer.cancel()
