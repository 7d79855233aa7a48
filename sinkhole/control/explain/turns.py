"""Work in a thread that leaves the event loop its turns."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from typing import Final

TURN_S: Final = 0.001
"""How long names are judged before others get their turn."""

BREATH_S: Final = 0.0001
"""The pause between two turns, in which the event loop gets hold of the interpreter."""


async def in_turns(work: Iterator[object]) -> None:
    """Have a thread take the steps of a work, with a breath for others each TURN_S; it stops when
    nobody waits for it any more."""
    is_wanted = True

    def take() -> None:
        while is_wanted and _turn(work):
            time.sleep(BREATH_S)

    try:
        await asyncio.to_thread(take)
    finally:
        is_wanted = False


def _turn(work: Iterator[object]) -> bool:
    """Take steps for one turn; False when there are no more."""
    end = time.perf_counter() + TURN_S
    return any(time.perf_counter() >= end for _ in work)
