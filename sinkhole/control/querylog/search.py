"""Finding rows that meet a filter, newest first, a slice at a time.

The roll-ups tell which hours can have such rows, and only those are read. Between two slices, some
hundredths of a second of work, others get their turn on the same connection, and it is asked
whether to go on.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from sinkhole.control.database import Reader, Row
from sinkhole.control.querylog.filters import QueryFilter
from sinkhole.control.querylog.row_builder import HOUR_US

FIRST_HOURS: Final = 24
MOST_HOURS: Final = 24 * 8
"""Hours looked at first, and at most; each further look takes twice as many."""

FIRST_ROWS: Final = 2_000
MOST_READ: Final = 20_000
"""The same for the rows of a slice."""

_COLUMNS: Final = """
    SELECT q.id, c.text, n.text, a.qtype, a.outcome, a.rcode, l.name, a.line, a.rule, a.hop,
           a.upstream, a.policy_group, a.detail, q.duration_us, q.transport
    FROM query AS q
    {join} account AS a ON a.id = q.account
    LEFT JOIN client AS c ON c.id = q.client
    LEFT JOIN name AS n ON n.id = q.name
    LEFT JOIN list AS l ON l.id = a.list
"""
# SQLite keeps this order, so that rows come newest first without sorting. A row whose client or
# account is lost is shown all the same; only a condition on the account takes it for granted.


class Search:
    """Looks for rows by way of one reader, until `is_over` says so."""

    def __init__(self, source: Reader, is_over: Callable[[], bool]) -> None:
        self.is_over = is_over
        self._source = source
        self._slice = FIRST_ROWS

    async def rows(
        self, sought: QueryFilter, start: int, end: int, limit: int
    ) -> tuple[list[Row], int]:
        """The newest rows from id `start` to before `end`, `limit` at most; and how far it looked.

        The second value is `start` unless it was over sooner: all from it on was looked at, but
        for what the limit has cut off.
        """
        if not sought.hours:
            return await self._between(sought, start, end, limit)
        rows: list[Row] = []
        last_hour, width = (end - 1) // HOUR_US, FIRST_HOURS
        while last_hour >= start // HOUR_US and len(rows) < limit:
            if self.is_over():
                return rows, min(end, (last_hour + 1) * HOUR_US)
            first_hour = max(last_hour - width + 1, start // HOUR_US)
            for begin, stop in await self._ranges(sought, first_hour, last_hour):
                begin, stop = max(begin, start), min(stop, end)
                found, reached = await self._between(sought, begin, stop, limit - len(rows))
                rows += found
                if len(rows) >= limit:
                    break
                if reached > begin:
                    return rows, reached
            last_hour, width = first_hour - 1, min(width * 2, MOST_HOURS)
        return rows, start

    async def _ranges(self, sought: QueryFilter, first: int, last: int) -> list[tuple[int, int]]:
        """The stretches of ids that may have matching rows, newest first; neighbours joined."""
        hours = await self._source.rows(
            "WITH RECURSIVE h (start) AS"
            " (SELECT ? UNION ALL SELECT start - 3600 FROM h WHERE start > ?)"
            f" SELECT start / 3600 FROM h WHERE {' AND '.join(sought.hours)} ORDER BY start DESC",
            [last * 3600, first * 3600, *sought.hours_values],
        )
        ranges: list[tuple[int, int]] = []
        for (hour,) in hours:
            start, stop = hour * HOUR_US, (hour + 1) * HOUR_US
            if ranges and ranges[-1][0] == stop:
                ranges[-1] = (start, ranges[-1][1])
            else:
                ranges.append((start, stop))
        return ranges

    async def _between(
        self, sought: QueryFilter, start: int, end: int, limit: int
    ) -> tuple[list[Row], int]:
        """As `rows`, whatever the hours."""
        if not sought.where:
            return await self._scan(sought, start, end, limit), start
        rows: list[Row] = []
        while start < end and len(rows) < limit:
            if self.is_over():
                return rows, end
            edge = await self._source.rows(
                "SELECT id FROM query WHERE id >= ? AND id < ? ORDER BY id DESC LIMIT 1 OFFSET ?",
                [start, end, self._slice - 1],
            )
            begin = edge[0][0] if edge else start
            rows += await self._scan(sought, begin, end, limit - len(rows))
            end = begin
            self._slice = min(self._slice * 2, MOST_READ)
        return rows, start

    async def _scan(self, sought: QueryFilter, start: int, end: int, limit: int) -> list[Row]:
        where = " AND ".join(["q.id >= ?", "q.id < ?", *sought.where])
        columns = _COLUMNS.format(join="CROSS JOIN" if sought.has_account else "LEFT JOIN")
        return await self._source.rows(
            f"{columns} WHERE {where} ORDER BY q.id DESC LIMIT ?",
            [start, end, *sought.where_values, limit],
        )
