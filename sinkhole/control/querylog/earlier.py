"""What a file had before it is sent to the database that several share: put down for sending a
slice at a time, the newest first, while what is logged now goes its usual way.

A slice stands in the outbox among the batches, and says what the file has of a stretch of time: its
rows, and what the roll-ups have of the hours that begin in it. Who receives it puts that in the
place of what was there of this file. What was sent before within it is in it, and what is logged
later stands behind it: so all is there once, whatever was sent already, and a slice may be sent
again. How far it is is written down with each slice.
"""

from __future__ import annotations

from array import array
from itertools import chain
from typing import Any, Final

from sinkhole.control.database import Database
from sinkhole.control.querylog.outbox import Counts, Outbox
from sinkhole.control.stats.rollups import SUMS

ROWS_A_SLICE: Final = 4_000
HOURS_A_SLICE: Final = 96
"""Hours of which a slice has the counts, where there are no more rows."""

MOST_WAITING: Final = 8
"""Slices that wait to be sent; what is logged now waits no longer behind them than that."""

DAY_S: Final = 86_400
HOUR_S: Final = 3600
HOUR_US: Final = HOUR_S * 1_000_000

FOREIGN: Final = "foreign"
"""In meta: up to which hour the counts are those of other nodes as well, which were taken from a
database. They are not sent."""

_SINCE: Final = f"SELECT max(value) FROM meta WHERE key IN ('reset', '{FOREIGN}')"
_EDGE, _LEFT, _ROWS = "earlier", "earlier_left", "earlier_rows"
_KEEP: Final = (
    "INSERT INTO meta VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value"
)


class Earlier:
    """The slices of one file; `step` puts the next down, between two transactions.

    `rows` is how many the file had when it was begun, and `left` how many of them are not put down
    yet; `is_underway` tells whether anything is left.
    """

    def __init__(self, outbox: Outbox) -> None:
        self.rows = self.left = 0
        self.is_asked = False
        self._outbox = outbox
        self._edge = 0
        self._last = 0

    @property
    def is_underway(self) -> bool:
        """Whether not all is put down or sent."""
        return bool(self.is_asked or self._edge or self._last > self._outbox.sent)

    @property
    def is_busy(self) -> bool:
        """Whether a slice can be put down now."""
        if not self._outbox.is_kept or self._outbox.is_wanted is False:
            return False
        return self.is_asked or (self._edge > 0 and self._outbox.slices < MOST_WAITING)

    def ask(self) -> None:
        """Have all of it sent, from the newest on; `is_asked` until that is written down."""
        self.is_asked = True

    async def load(self, database: Database) -> None:
        """Go on with what a file has."""
        keys = (_EDGE, _LEFT, _ROWS)
        sql = "SELECT key, value FROM meta WHERE key IN (?, ?, ?)"
        found: dict[str, int] = dict(await database.rows(sql, keys))
        self._edge, self.left, self.rows = (int(found.get(key, 0)) for key in keys)

    async def step(self, database: Database) -> None:
        """Begin where that is asked for, or put down the next slice, in a transaction."""
        async with database.transaction():
            if self.is_asked:
                await self._begin(database)
            elif self._edge:
                await self._put(database)
        self.is_asked = False
        self._outbox.on_more()

    async def _begin(self, database: Database) -> None:
        newest = await database.value("SELECT max(id) FROM query WHERE node = 0") or 0
        rows = await database.value("SELECT value FROM meta WHERE key = 'rows'")
        self.rows = self.left = int(rows)
        starts = [await database.value(f"SELECT max(start) FROM {each}") for each in SUMS]
        last = max([int(newest) // HOUR_US * HOUR_S, *(each or 0 for each in starts)])
        await self._keep(database, (last + HOUR_S) * 1_000_000 if last else 0)

    async def _put(self, database: Database) -> None:
        since = int(await database.value(_SINCE) or 0)
        rows, begin = await self._rows(database)
        counts = await self._counts(database, begin, since)
        self._last = await self._outbox.put_earlier(database, begin, self._edge, rows, counts)
        self.left = max(self.left - len(rows) // 7, 0)
        await self._keep(database, begin if await self._has_more(database, begin, since) else 0)

    async def _rows(self, database: Database) -> tuple[array[int], int]:
        """The next rows, end to end, and where their stretch begins."""
        found = await database.rows(
            "SELECT id, client, name, account, duration_us, transport, answer FROM query"
            " WHERE node = 0 AND id < ? ORDER BY id DESC LIMIT ?",
            (self._edge, ROWS_A_SLICE),
        )
        rows = array("q", chain.from_iterable(reversed(found)))
        if found:
            return rows, int(rows[0])
        return rows, (self._edge - 1) // HOUR_US * HOUR_US - (HOURS_A_SLICE - 1) * HOUR_US

    async def _counts(self, database: Database, begin: int, since: int) -> Counts:
        """What the roll-ups have of the hours and days that begin between `begin` and the edge."""
        found: Counts = {}
        hours = max(_hour_from(begin), since), _hour_from(self._edge)
        for table, (key, sums) in SUMS.items():
            if table != "by_day":
                columns = ", ".join(("start", key, *sums))
                found[table] = await _entries(
                    database,
                    f"SELECT {columns} FROM {table} WHERE start >= ? AND start < ? AND count > 0",
                    hours,
                )
        first = max(_day_from(begin), since // DAY_S * DAY_S)
        found["by_day"] = await _entries(database, _DAYS, (first, _day_from(self._edge), since))
        return {table: entries for table, entries in found.items() if entries}

    async def _has_more(self, database: Database, begin: int, since: int) -> bool:
        if await database.value("SELECT 1 FROM query WHERE node = 0 AND id < ? LIMIT 1", (begin,)):
            return True
        oldest = [
            await database.value(f"SELECT min(start) FROM {each} WHERE start >= ?", (since,))
            for each in SUMS
        ]
        return any(each is not None and each < _hour_from(begin) for each in oldest)

    async def _keep(self, database: Database, edge: int) -> None:
        self._edge = edge
        self.left = self.left if edge else 0
        for key, value in ((_EDGE, edge), (_LEFT, self.left), (_ROWS, self.rows)):
            await database.rows(_KEEP, (key, value))


# Days are made of the leading names of their hours, and of all names of hours not summed yet.
_DAYS: Final = """
    SELECT start, name, sum(count), sum(blocked) FROM (
        SELECT start, name, count, blocked FROM by_day WHERE start >= ?1 AND start < ?2
        UNION ALL
        SELECT start / 86400 * 86400, name, count, blocked FROM by_name
        WHERE start >= max(?1, ?3, (SELECT value FROM meta WHERE key = 'folded'))
          AND start < ?2 + 86399 AND start / 86400 * 86400 < ?2)
    GROUP BY 1, 2 HAVING sum(count) > 0
"""


async def _entries(database: Database, sql: str, values: tuple[int, ...]) -> list[list[Any]]:
    return [[*row] for row in await database.rows(sql, values)]


def _hour_from(moment_us: int) -> int:
    """The first hour that begins at a moment or later."""
    return -(-moment_us // HOUR_US) * HOUR_S


def _day_from(moment_us: int) -> int:
    """The same of days."""
    return -(-moment_us // (DAY_S * 1_000_000)) * DAY_S
