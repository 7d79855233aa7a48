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
        found: dict[int, list[tuple[str, int]]] = defaultdict(list)
        for number, text, count in await self.counts(numbers):
            if len(found[number]) < MOST_CLIENTS:
                found[number].append((text, count))
        return dict(found)

    async def counts(
        self, numbers: Sequence[int], client: str | None = None
    ) -> list[tuple[int, str, int]]:
        """How often each client, or one, asked for each of these names: name, client, queries; the
        busiest first among each NAMES_AT_ONCE names. From the rows of the log."""
        found: list[tuple[int, str, int]] = []
        for start in range(0, len(numbers), NAMES_AT_ONCE):
            found += await self._counts(numbers[start : start + NAMES_AT_ONCE], client)
        return found

    async def queries_of(self, client: str) -> int:
        """How much one client asked, by the hourly sums."""
        rows = await self._source.rows(
            "SELECT coalesce(sum(b.count), 0) FROM by_client AS b JOIN client AS c"
            " ON c.id = b.client WHERE b.start >= ? AND b.start < ? AND c.text = ?",
            [self._first_hour, self._end, client],
        )
        return int(rows[0][0])

    async def _counts(self, numbers: Sequence[int], client: str | None) -> list[Row]:
        marks = ",".join("?" * len(numbers))
        only, wanted = ("", []) if client is None else (" AND c.text = ?", [client])
        rows = await self._source.rows(
            "SELECT q.name, coalesce(c.text, ''), count(*)"
            " FROM query AS q LEFT JOIN client AS c ON c.id = q.client"
            f" WHERE q.id >= ? AND q.id < ? AND q.name IN ({marks}){only}"
            " GROUP BY q.name, q.client ORDER BY count(*) DESC, c.text",
            [self._first_hour * 1_000_000, self._end * 1_000_000, *numbers, *wanted],
        )
        return [(row[0], row[1], row[2]) for row in rows]

    async def _page(self, hour: int, last: int) -> list[Row]:
        return await self._source.rows(
            "SELECT b.name, n.text, b.count FROM by_name AS b JOIN name AS n ON n.id = b.name"
            " WHERE b.start = ? AND b.name > ? ORDER BY b.name LIMIT ?",
            [hour, last, PAGE],
        )
