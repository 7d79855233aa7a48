"""Work in a thread leaves the event loop its turns, and ends when nobody waits for it."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator

import pytest

from sinkhole.control.explain.turns import in_turns


async def test_all_steps_are_taken_in_a_thread() -> None:
    taken: list[int] = []

    def work() -> Iterator[None]:
        for number in range(2000):
            taken.append(number)
            assert threading.current_thread() is not threading.main_thread()
            yield

    await in_turns(work())
    assert taken == list(range(2000))


async def test_nothing_is_done_when_nobody_waits_any_more() -> None:
    begun, ended = asyncio.Event(), asyncio.Event()
    loop = asyncio.get_running_loop()

    def work() -> Iterator[None]:
        try:
            while True:
                loop.call_soon_threadsafe(begun.set)
                yield
        finally:  # when the thread has let go of it
            loop.call_soon_threadsafe(ended.set)

    waiting = asyncio.ensure_future(in_turns(work()))
    await begun.wait()
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    await ended.wait()
