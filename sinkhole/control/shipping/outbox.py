"""What waits to be sent to one target: bounded, and the oldest are dropped for the newest."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

MOST_BYTES: Final = 4 << 20
"""What may wait for one target; some ten thousand queries."""


@dataclass(slots=True)
class Tally:
    """Queries that were sent, and those that never will be; of all targets of a kind."""

    sent: int = 0
    dropped: int = 0


class Outbox:
    """Queries as bytes, oldest first. `tally` counts those that were dropped."""

    def __init__(self, tally: Tally, most_bytes: int = MOST_BYTES) -> None:
        self.tally = tally
        self._most_bytes = most_bytes
        self._items: deque[bytes] = deque()
        self._size = 0
        self._has_some = asyncio.Event()

    def __len__(self) -> int:
        """How many wait."""
        return len(self._items)

    def put(self, item: bytes) -> None:
        """Add one; the oldest go where there are more bytes than may wait."""
        self._items.append(item)
        self._size += len(item)
        if self._size > self._most_bytes:
            self._shrink()
        self._has_some.set()

    def take(self, most_bytes: int, most: int) -> list[bytes]:
        """The oldest, of about so many bytes together and no more than so many; they are gone."""
        taken: list[bytes] = []
        size = 0
        while self._items and size < most_bytes and len(taken) < most:
            item = self._items.popleft()
            size += len(item)
            taken.append(item)
        self._size -= size
        return taken

    def give_back(self, items: Sequence[bytes]) -> None:
        """Put in front again what could not be sent."""
        self._items.extendleft(reversed(items))
        self._size += sum(map(len, items))
        self._shrink()

    def drop_all(self) -> None:
        """Drop what waits, and count it."""
        self.tally.dropped += len(self._items)
        self._items.clear()
        self._size = 0

    async def some(self) -> None:
        """Wait until something waits, or until `wake`."""
        if not self._items:
            self._has_some.clear()
            await self._has_some.wait()

    def wake(self) -> None:
        """End the wait of `some`, though nothing may have come."""
        self._has_some.set()

    def _shrink(self) -> None:
        while self._size > self._most_bytes:
            self._size -= len(self._items.popleft())
            self.tally.dropped += 1
