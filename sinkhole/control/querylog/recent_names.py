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


class RecentName(NamedTuple):
    """How often a name was asked for within one hour; `name` as text, `number` the log's own."""

    number: int
    name: str
    queries: int


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

    async def clients(self, numbers: Sequence[int]) -> dict[int, list[tuple[str, int]]]:
        """Who asked for a few names and how often, the busiest MOST_CLIENTS first."""
        marks = ",".join("?" * len(numbers))
        rows = await self._source.rows(
            "SELECT q.name, coalesce(c.text, ''), count(*)"
            " FROM query AS q LEFT JOIN client AS c ON c.id = q.client"
            f" WHERE q.id >= ? AND q.id < ? AND q.name IN ({marks}) GROUP BY q.name, q.client"
            " ORDER BY count(*) DESC, c.text",
            [self._first_hour * 1_000_000, self._end * 1_000_000, *numbers],
        )
        found: dict[int, list[tuple[str, int]]] = defaultdict(list)
        for number, client, count in rows:
            if len(found[number]) < MOST_CLIENTS:
                found[number].append((client, count))
        return dict(found)

    async def _page(self, hour: int, last: int) -> list[Row]:
        return await self._source.rows(
            "SELECT b.name, n.text, b.count FROM by_name AS b JOIN name AS n ON n.id = b.name"
            " WHERE b.start = ? AND b.name > ? ORDER BY b.name LIMIT ?",
            [hour, last, PAGE],
        )
