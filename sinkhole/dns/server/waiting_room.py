"""How many queries wait for upstreams, and waiting until none does."""

from __future__ import annotations

import asyncio
import contextlib
from typing import Final

MAX_WAITING: Final = 2000
"""Queries that wait for upstreams in one room; more are dropped and counted."""


class WaitingRoom:
    """Counts queries that wait, `most` at once: of one UDP socket, or of all connections."""

    def __init__(self, most: int = MAX_WAITING) -> None:
        self.most = most
        self.waiting = 0
        self.overloaded = 0
        """Queries dropped because `most` others were waiting."""
        self._calm = asyncio.Event()

    def enter(self) -> bool:
        """Take a place for a query, to be given back by `leave`; False where there is none."""
        if self.waiting >= self.most:
            self.overloaded += 1
            return False
        self.waiting += 1
        return True

    def leave(self) -> None:
        """Give a place back, before the reply is sent."""
        self.waiting -= 1
        if not self.waiting:
            self._calm.set()

    async def empty(self, patience_s: float) -> None:
        """Wait until nobody waits, but no longer than this."""
        if not self.waiting or patience_s <= 0:
            return
        self._calm.clear()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(patience_s):
                await self._calm.wait()
