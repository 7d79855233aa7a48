"""Finding rows that meet a filter, newest first, a slice at a time.

The roll-ups tell which hours can have such rows; those hours are put into a table of the reader's
connection, and only they are read. Between two slices, some hundredths of a second of work, it is
asked whether to go on; a statement that takes longer than there is time is interrupted.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any, Final, NamedTuple

from sinkhole.control.database import Reader, Row
from sinkhole.control.querylog.answers import addresses
from sinkhole.control.querylog.filters import FilterMaker, QueryFilter
from sinkhole.control.querylog.id_sets import prepare
from sinkhole.control.querylog.logged_query import COLUMNS
from sinkhole.control.querylog.placing import HOUR_US
from sinkhole.control.querylog.sought import Sought
from sinkhole.control.querylog.store import OutOfTime, Patience
from sinkhole.dns.wire.international import decoded
from sinkhole.model.record import ClientName

FIRST_HOURS: Final = 24
MOST_HOURS: Final = 24 * 8
"""Hours looked at first, and at most; each further look takes twice as many."""

FIRST_ROWS: Final = 5_000
MOST_READ: Final = 100_000
"""The same for the rows of a slice."""

_ENDS: Final = "SELECT (SELECT min(id) FROM query), (SELECT max(id) FROM query)"
"""Two SELECTs: min and max in one would read the whole table."""

_HOURS: Final = "CREATE TEMP TABLE IF NOT EXISTS hour (id INTEGER PRIMARY KEY)"


class Way(NamedTuple):
    """How rows between two ids are read newest first, in an order of loops that needs no sorting.

    `within` takes both ids `times` times.
    """

    source: str
    within: str
    times: int
    order: str


_ANYWHERE: Final = Way("FROM query AS q", "q.id >= ? AND q.id < ?", 1, "ORDER BY q.id DESC")
_IN_HOURS: Final = Way(
    "FROM hour AS h CROSS JOIN query AS q",
    f"h.id >= ? / {HOUR_US} AND h.id <= ? / {HOUR_US}"
    f" AND q.id >= max(h.id * {HOUR_US}, ?) AND q.id < min((h.id + 1) * {HOUR_US}, ?)",
    2,
    "ORDER BY h.id DESC, q.id DESC",
)


class Search:
    """Looks for rows by way of one reader that nobody else uses meanwhile.

    `found` are the rows, newest first, and `reached` says how far it looked: all from that id on,
    but for what a limit has cut off. Both hold when a method has raised OutOfTime, which they do
    when patience ends.
    """

    reads_all = False
    """Whether all rows are wanted, also where nothing is looked for in particular."""

    def __init__(self, source: Reader, patience: Patience) -> None:
        self.found: list[Row] = []
        self.reached = 0
        self._sought = QueryFilter()
        self._source = source
        self._is_over, self._end = patience
        self._slice = FIRST_ROWS

    async def rows(self, sql: str, values: Sequence[Any] = ()) -> list[Row]:
        """Run one statement, or interrupt it when the time is up."""
        try:
            async with asyncio.timeout_at(self._end):
                return await self._source.rows(sql, values)
        except TimeoutError:
            await self._source.interrupt()
            raise OutOfTime from None

    async def ends(self) -> tuple[int | None, int | None]:
        """The ids of the oldest and the newest row."""
        ((oldest, newest),) = await self.rows(_ENDS)
        return oldest, newest

    async def understand(self, sought: Sought, client_name: ClientName) -> bool:
        """Look for this from now on; whether there may be any. ValueError says what is wrong."""
        await self._source.define("decoded", decoded)
        await self._source.define("addresses", addresses)
        await prepare(self.rows)
        await self.rows(_HOURS)
        self._sought = await FilterMaker(self.rows, self._look, client_name).make(sought)
        return not self._sought.is_empty

    async def read(self, start: int, end: int, most: int) -> None:
        """Find the newest rows from id `start` to before `end` until there are `most` of them."""
        self.reached, sought = end, self._sought
        if not sought.hours:
            await self._slices(sought, start, end, most)
            return
        last_hour, width = (end - 1) // HOUR_US, FIRST_HOURS
        while self.reached > start and len(self.found) < most:
            self._look()
            first_hour = max(last_hour - width + 1, start // HOUR_US)
            begin = max(start, first_hour * HOUR_US)
            if await self._choose(sought, first_hour, last_hour):
                await self._slices(sought, begin, self.reached, most)
            else:
                self.reached = begin
            last_hour, width = first_hour - 1, min(width * 2, MOST_HOURS)

    async def _choose(self, sought: QueryFilter, first: int, last: int) -> bool:
        """Put the hours that may have matching rows into the table; whether there are any."""
        await self.rows("DELETE FROM hour")
        await self.rows(
            "INSERT INTO hour WITH RECURSIVE h (start) AS"
            " (SELECT ? UNION ALL SELECT start - 3600 FROM h WHERE start > ?)"
            f" SELECT start / 3600 FROM h WHERE {' AND '.join(sought.hours)}",
            [last * 3600, first * 3600, *sought.hours_values],
        )
        return bool(await self.rows("SELECT 1 FROM hour LIMIT 1"))

    async def _slices(self, sought: QueryFilter, start: int, end: int, most: int) -> None:
        """As `read`, within the hours chosen or, where none are, whatever the hours."""
        way = _IN_HOURS if sought.hours else _ANYWHERE
        conditions = " AND ".join([way.within, *sought.where])
        while start < end and len(self.found) < most:
            begin = start
            if sought.where or self.reads_all:
                self._look()
                edge = await self.rows(
                    f"SELECT q.id {way.source} WHERE {way.within} {way.order} LIMIT 1 OFFSET ?",
                    [*(start, end) * way.times, self._slice - 1],
                )
                begin = edge[0][0] if edge else start
            values = [*(begin, end) * way.times, *sought.where_values]
            await self.take(way, conditions, values, most - len(self.found))
            self.reached = end = begin
            self._slice = min(self._slice * 2, MOST_READ)

    async def take(self, way: Way, conditions: str, values: list[Any], most: int) -> None:
        """Find the newest rows of a slice, as many as are wanted."""
        self.found += await self.rows(
            f"{COLUMNS.format(source=way.source)} WHERE {conditions} {way.order} LIMIT ?",
            [*values, most],
        )

    def _look(self) -> None:
        if self._is_over():
            raise OutOfTime
