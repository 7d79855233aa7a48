"""What was asked lately, name by name: for trying out a list against the household's own log.

Counts come from the roll-up by name, so a week of queries is read in the time that its distinct
names take; only the clients of a few names are looked up in the rows.
"""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Sequence
from typing import Final, NamedTuple

from sinkhole.control.querylog.store import LogStore, RecentName

HOUR_S: Final = 3600
PAGE: Final = 20_000
"""Entries read at a time."""
MOST_CLIENTS: Final = 5
NAMES_AT_ONCE: Final = 500
"""Names asked for in one statement."""


class AskedBy(NamedTuple):
    """What the log says of who asked: an address or an id, the MAC of the device, its group then;
    "" for what it may not say."""

    text: str = ""
    device: str = ""
    group: str = ""


class RecentNames:
    """The names of the last `length_s` seconds; StorageError from all methods without a log."""

    def __init__(
        self, store: LogStore, length_s: float, clock: Callable[[], float] = time.time
    ) -> None:
        self._store = store
        now = clock()
        self._first_hour = int(now - length_s) // HOUR_S * HOUR_S
        self._end = int(now) + 1

    async def pages(self) -> AsyncIterator[list[RecentName]]:
        """Everything asked, hour by hour, up to PAGE entries at a time; a name comes each hour."""
        for hour in range(self._first_hour, self._end, HOUR_S):
            last = -1
            while page := await self._store.names_of_hour(hour, last, PAGE):
                yield page
                last = page[-1].number

    async def clients(self, numbers: Sequence[int]) -> dict[int, list[tuple[AskedBy, int]]]:
        """Who asked for a few names and how often, the busiest MOST_CLIENTS first."""
        found: dict[int, list[tuple[AskedBy, int]]] = defaultdict(list)
        for number, client, count in await self.counts(numbers):
            if len(found[number]) < MOST_CLIENTS:
                found[number].append((client, count))
        return dict(found)

    async def counts(self, numbers: Sequence[int]) -> list[tuple[int, AskedBy, int]]:
        """How often each client asked for each of these names: name, client, queries; the busiest
        first among each NAMES_AT_ONCE names. From the rows of the log."""
        found: list[tuple[int, AskedBy, int]] = []
        for start in range(0, len(numbers), NAMES_AT_ONCE):
            found += await self._counts(numbers[start : start + NAMES_AT_ONCE])
        return found

    async def askers(self) -> list[tuple[AskedBy, int]]:
        """How much each client asked, by the hourly sums."""
        rows = await self._store.askers(self._first_hour, self._end)
        return [(AskedBy(*row[:3]), int(row[3])) for row in rows]

    async def _counts(self, numbers: Sequence[int]) -> list[tuple[int, AskedBy, int]]:
        found = await self._store.asked_for(numbers, self._first_hour, self._end)
        return [(each.number, AskedBy(*each[1:4]), each.queries) for each in found]
