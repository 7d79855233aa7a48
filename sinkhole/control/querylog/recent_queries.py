"""Who asked for what lately, from the rows of the log: for trying other settings on it.

Read a span of time at a time, as whoever tries them goes by schedules, and may go away; a week of
40,000 queries a day takes half a second.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Final, NamedTuple

from sinkhole.control.querylog.store import LogStore

HOUR_S: Final = 3600
MOST_ASKERS: Final = 10_000
"""Clients of the log that are told apart, as many as a statement may name with room to spare."""
NAMES_AT_ONCE: Final = 500
"""Names whose texts are asked for in one statement."""


class LoggedAsker(NamedTuple):
    """Somebody as the log has one: `number` is its own, `text` an address or id, "" where nothing
    was told; `device` a MAC, "" where none was known."""

    number: int
    text: str
    device: str


Asked = tuple[int, int, int, int]
"""Who asked, for which name (0 where it was not told), by which type, and how often; the first two
as numbers. A plain tuple, as there are many."""


class RecentQueries:
    """The queries of the last `length_s` seconds, from `start_s` to `end_s`; StorageError from all
    methods without a log."""

    def __init__(
        self, store: LogStore, length_s: float, clock: Callable[[], float] = time.time
    ) -> None:
        self._store = store
        self.end_s = clock()
        self.start_s = self.end_s - length_s

    async def askers(self) -> list[LoggedAsker]:
        """Who asked, the latest MOST_ASKERS."""
        first_hour = int(self.start_s) // HOUR_S * HOUR_S
        rows = await self._store.seen_since(first_hour, MOST_ASKERS)
        return [LoggedAsker(*row) for row in rows]

    async def asked(
        self, first_s: float, end_s: float, askers: Sequence[int] | None = None
    ) -> list[Asked]:
        """What all or some asked within a span; without what was refused before it was read."""
        return await self._store.asked(_micros(first_s), _micros(end_s), askers)

    async def texts(self, names: Sequence[int]) -> dict[int, str]:
        """What is written of names, by their numbers."""
        found: dict[int, str] = {}
        for start in range(0, len(names), NAMES_AT_ONCE):
            found |= await self._store.name_texts(names[start : start + NAMES_AT_ONCE])
        return found


def _micros(moment_s: float) -> int:
    return int(moment_s * 1_000_000)
