"""What was asked lately, name by name: for trying out a list against the household's own log.

Counts come from the roll-up by name, so a week of queries is read in the time that its distinct
names take; only the clients of a few names are looked up in the rows.
"""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Sequence
from typing import Final, NamedTuple

from sinkhole.control.database import Reader, Row

HOUR_S: Final = 3600
PAGE: Final = 20_000
"""Entries read at a time."""
MOST_CLIENTS: Final = 5
NAMES_AT_ONCE: Final = 500
"""Names asked for in one statement."""


class RecentName(NamedTuple):
    """How often a name was asked for within one hour; `name` as text, `number` the log's own."""

    number: int
    name: str
    queries: int


class AskedBy(NamedTuple):
    """What the log says of who asked: an address or an id, the MAC of the device, its group then;
    "" for what it may not say."""

    text: str = ""
    device: str = ""
    group: str = ""


class RecentNames:
    """The names of the last `length_s` seconds; StorageError from all methods without a log."""

    def __init__(
        self, source: Reader, length_s: float, clock: Callable[[], float] = time.time
    ) -> None:
        self._source = source
        now = clock()
        self._first_hour = int(now - length_s) // HOUR_S * HOUR_S
        self._end = int(now) + 1

    async def pages(self) -> AsyncIterator[list[RecentName]]:
        """Everything asked, hour by hour, up to PAGE entries at a time; a name comes each hour."""
        for hour in range(self._first_hour, self._end, HOUR_S):
            last = -1
            while page := await self._page(hour, last):
                yield [RecentName(*row) for row in page]
                last = page[-1][0]

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
        rows = await self._source.rows(
            "SELECT coalesce(c.text, ''), coalesce(c.device, ''), coalesce(c.policy_group, ''),"
            " sum(b.count) FROM by_client AS b LEFT JOIN client AS c ON c.id = b.client"
            " WHERE b.start >= ? AND b.start < ? GROUP BY b.client",
            [self._first_hour, self._end],
        )
        return [(AskedBy(*row[:3]), int(row[3])) for row in rows]

    async def _counts(self, numbers: Sequence[int]) -> list[tuple[int, AskedBy, int]]:
        marks = ",".join("?" * len(numbers))
        rows = await self._source.rows(
            "SELECT q.name, coalesce(c.text, ''), coalesce(c.device, ''),"
            " coalesce(c.policy_group, ''), count(*)"
            " FROM query AS q LEFT JOIN client AS c ON c.id = q.client"
            f" WHERE q.id >= ? AND q.id < ? AND q.name IN ({marks})"
            " GROUP BY q.name, c.id ORDER BY count(*) DESC, c.text",
            [self._first_hour * 1_000_000, self._end * 1_000_000, *numbers],
        )
        return [(row[0], AskedBy(*row[1:4]), row[4]) for row in rows]

    async def _page(self, hour: int, last: int) -> list[Row]:
        return await self._source.rows(
            "SELECT b.name, n.text, b.count FROM by_name AS b JOIN name AS n ON n.id = b.name"
            " WHERE b.start = ? AND b.name > ? ORDER BY b.name LIMIT ?",
            [hour, last, PAGE],
        )
