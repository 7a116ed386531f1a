"""Watching another process's end."""

import asyncio
import os
import subprocess
import sys
from collections.abc import Callable

import pytest

from server import parent


def child() -> "subprocess.Popen[bytes]":
    return subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)


def end(process: "subprocess.Popen[bytes]") -> None:
    process.kill()
    process.communicate()


async def _is_told(change: Callable[[], None], pid: int) -> None:
    told = asyncio.Event()
    stop = parent.watch(pid, told.set)
    assert not told.is_set()
    change()
    async with asyncio.timeout(10):
        await told.wait()
    stop()


@pytest.mark.parametrize("polls", [False, True])
def test_the_end_is_told(polls: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    if polls:
        monkeypatch.delattr(os, "pidfd_open", raising=False)
        monkeypatch.setattr(parent, "POLL_SECONDS", 0.01)
    process = child()
    asyncio.run(_is_told(lambda: end(process), process.pid))


@pytest.mark.parametrize("polls", [False, True])
def test_a_process_that_is_gone_already_is_told_at_once(
    polls: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    if polls:
        monkeypatch.delattr(os, "pidfd_open", raising=False)
    process = child()
    end(process)

    async def watch() -> bool:
        told = asyncio.Event()
        parent.watch(process.pid, told.set)()
        return told.is_set()

    assert asyncio.run(watch())


@pytest.mark.parametrize("polls", [False, True])
def test_who_watches_no_more_hears_nothing(polls: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    if polls:
        monkeypatch.delattr(os, "pidfd_open", raising=False)
        monkeypatch.setattr(parent, "POLL_SECONDS", 0.01)
    process = child()

    async def watch() -> bool:
        told = asyncio.Event()
        parent.watch(process.pid, told.set)()
        end(process)
        try:
            async with asyncio.timeout(0.05):
                return await told.wait()
        except TimeoutError:
            return False

    assert not asyncio.run(watch())
