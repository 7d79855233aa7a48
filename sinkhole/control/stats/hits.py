"""How often each list blocked lately: the read side of the roll-up by list."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final, TypedDict

from sinkhole.control.stats.source import Reader
from sinkhole.control.stats.summary import DAY_S, HOUR_S

_HITS: Final = """
    SELECT list, sum(count) FILTER (WHERE start >= ?1), sum(count) FROM by_list
    WHERE start >= ?2 GROUP BY list
"""


class Hits(TypedDict):
    """Queries that a list blocked within the last day and week, by whole hours."""

    day: int
    week: int


class ListHits:
    """Counts by the names of lists."""

    def __init__(self, source: Reader, clock: Callable[[], float] = time.time) -> None:
        self._source = source
        self._clock = clock

    async def by_list(self) -> dict[str, Hits]:
        """The hits of every list that has any; StorageError if there is no database."""
        hour = int(self._clock()) // HOUR_S * HOUR_S
        rows = await self._source.rows(_HITS, (hour - DAY_S, hour - 7 * DAY_S))
        return {name: {"day": day or 0, "week": week} for name, day, week in rows}
