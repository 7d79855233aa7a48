"""Reading the query log: newest first, filtered, page by page."""

from __future__ import annotations

from typing import Final, TypedDict

from sinkhole.control.database import Reader, Row
from sinkhole.control.querylog.filters import QueryFilter, make_filter
from sinkhole.control.querylog.row_builder import HOUR_US
from sinkhole.dns.wire.numbers import rcode_name, type_name
from sinkhole.model.verdict import Outcome

MOST_ROWS: Final = 200

FIRST_HOURS: Final = 24
"""Hours looked at first; each further look takes four times as many."""

_COLUMNS: Final = """
    SELECT q.id, c.text, n.text, a.qtype, a.outcome, a.rcode, a.list, a.line, a.rule, a.hop,
           a.upstream, a.policy_group, a.detail, q.duration_us
    FROM query AS q
    CROSS JOIN account AS a ON a.id = q.account
    CROSS JOIN client AS c ON c.id = q.client
    LEFT JOIN name AS n ON n.id = q.name
"""  # CROSS JOIN: SQLite keeps this order, so that rows come newest first without sorting


class LoggedQuery(TypedDict):
    """One answered query, ready for JSON."""

    id: str
    time: float
    client: str
    name: str
    type: str
    outcome: str
    blocked: bool
    rcode: str
    list: str
    line: int
    rule: str
    hop: str
    upstream: str
    group: str
    detail: str
    duration_ms: float


class QueryPage(TypedDict):
    """Queries, newest first, and what to pass as `before` for the page after it."""

    queries: list[LoggedQuery]
    next: str | None


class History:
    """The read side of the query log."""

    def __init__(self, source: Reader) -> None:
        self._source = source

    async def page(
        self,
        *,
        limit: int = 100,
        before: str | None = None,
        client: str | None = None,
        name: str | None = None,
        verdict: str | None = None,
        qtype: str | None = None,
    ) -> QueryPage:
        """The newest queries, or those older than the cursor `before`, that meet every filter.

        `client` is a whole address, `name` any part of a name. Pages don't shift while rows are
        added. Raises ValueError, with a text for the user, for a limit outside 1..200, a cursor
        that is none, and filters that are not understood; StorageError if there is no log.
        """
        if not 1 <= limit <= MOST_ROWS:
            raise ValueError(f"limit is {limit}; it may be 1 to {MOST_ROWS}")
        end = _cursor(before)
        sought = await make_filter(
            self._source, client=client, name=name, verdict=verdict, qtype=qtype
        )
        if sought.is_empty:
            return {"queries": [], "next": None}
        # One row more than asked for tells whether there is another page.
        rows = await self._find(sought, end, limit + 1)
        following = str(rows[limit - 1][0]) if len(rows) > limit else None
        return {"queries": [_logged_query(row) for row in rows[:limit]], "next": following}

    async def _find(self, sought: QueryFilter, end: int | None, limit: int) -> list[Row]:
        # Two SELECTs: min and max in one would read the whole table.
        ends = await self._source.rows(
            "SELECT (SELECT min(id) FROM query), (SELECT max(id) FROM query)", []
        )
        oldest, newest = ends[0]
        if oldest is None:
            return []
        end = newest + 1 if end is None else min(end, newest + 1)
        if not sought.hours:
            return await self._scan(sought, oldest, end, limit)
        rows: list[Row] = []
        last_hour, width = (end - 1) // HOUR_US, FIRST_HOURS
        while last_hour >= oldest // HOUR_US and len(rows) < limit:
            first_hour = max(last_hour - width + 1, oldest // HOUR_US)
            for start, stop in await self._ranges(sought, first_hour, last_hour):
                rows += await self._scan(sought, start, min(stop, end), limit - len(rows))
                if len(rows) >= limit:
                    break
            last_hour, width = first_hour - 1, width * 4
        return rows

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

    async def _scan(self, sought: QueryFilter, start: int, stop: int, limit: int) -> list[Row]:
        where = " AND ".join(["q.id >= ?", "q.id < ?", *sought.where])
        return await self._source.rows(
            f"{_COLUMNS} WHERE {where} ORDER BY q.id DESC LIMIT ?",
            [start, stop, *sought.where_values, limit],
        )


def _cursor(before: str | None) -> int | None:
    if not before:
        return None
    if not (before.isascii() and before.isdigit() and len(before) <= 18):
        raise ValueError(f"before is {before!r}; it has to be the `next` of another page")
    return int(before)


def _logged_query(row: Row) -> LoggedQuery:
    outcome = Outcome(row[4])
    return {
        "id": str(row[0]),
        "time": row[0] / 1e6,
        "client": row[1],
        # Neither name nor type of a query that was refused before they were looked at.
        "name": row[2] or "",
        "type": type_name(row[3]) if row[3] else "",
        "outcome": outcome.name.lower(),
        "blocked": outcome.is_block,
        "rcode": rcode_name(row[5]),
        "list": row[6],
        "line": row[7],
        "rule": row[8],
        "hop": row[9],
        "upstream": row[10],
        "group": row[11],
        "detail": row[12],
        "duration_ms": row[13] / 1000,
    }
