"""Reading the query log: newest first, filtered, page by page.

A clock that was ahead leaves rows that are later than now. They are shown behind all others, as
what is at the top has just been asked; once their time has come they stand where they belong.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from typing import Final, NamedTuple, TypedDict

from sinkhole.control.database import Reader, Row
from sinkhole.control.querylog.filters import QueryFilter, make_filter
from sinkhole.control.querylog.row_builder import CLOCK_STEP_US, HOUR_US
from sinkhole.dns.wire.numbers import rcode_name, type_name
from sinkhole.model.verdict import Outcome

MOST_ROWS: Final = 200

FIRST_HOURS: Final = 24
"""Hours looked at first; each further look takes four times as many."""

_COLUMNS: Final = """
    SELECT q.id, c.text, n.text, a.qtype, a.outcome, a.rcode, a.list, a.line, a.rule, a.hop,
           a.upstream, a.policy_group, a.detail, q.duration_us
    FROM query AS q
    {join} account AS a ON a.id = q.account
    LEFT JOIN client AS c ON c.id = q.client
    LEFT JOIN name AS n ON n.id = q.name
"""
# SQLite keeps this order, so that rows come newest first without sorting. A row whose client or
# account is lost is shown all the same; only a condition on the account takes it for granted.


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


class _Cursor(NamedTuple):
    """Where a page begins: below `before`; ids from `edge` on were later than now and come last.

    None: at the top, and as the clock tells now.
    """

    before: int | None
    edge: int | None


class History:
    """The read side of the query log."""

    def __init__(self, source: Reader, clock: Callable[[], float] = time.time) -> None:
        self._source = source
        self._clock = clock

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
        cursor = _cursor(before)
        sought = await make_filter(
            self._source, client=client, name=name, verdict=verdict, qtype=qtype
        )
        if sought.is_empty:
            return {"queries": [], "next": None}
        # Two SELECTs: min and max in one would read the whole table.
        ((oldest, newest),) = await self._source.rows(
            "SELECT (SELECT min(id) FROM query), (SELECT max(id) FROM query)", []
        )
        if oldest is None:
            return {"queries": [], "next": None}
        edge = cursor.edge
        if edge is None:
            edge = max(int(self._clock() * 1e6) + CLOCK_STEP_US, cursor.before or 0)
        rows: list[Row] = []
        for start, end in _stretches(cursor, edge, oldest, newest + 1):
            # One row more than asked for tells whether there is another page.
            rows += await self._between(sought, start, end, limit + 1 - len(rows))
        following = None
        if len(rows) > limit:
            following = str(rows[limit - 1][0]) + (f"-{edge}" if newest >= edge else "")
        return {"queries": [_logged_query(row) for row in rows[:limit]], "next": following}

    async def _between(self, sought: QueryFilter, start: int, end: int, limit: int) -> list[Row]:
        """The newest rows from `start` to before `end`, no more than `limit`."""
        if not sought.hours:
            return await self._scan(sought, start, end, limit)
        rows: list[Row] = []
        last_hour, width = (end - 1) // HOUR_US, FIRST_HOURS
        while last_hour >= start // HOUR_US and len(rows) < limit:
            first_hour = max(last_hour - width + 1, start // HOUR_US)
            for begin, stop in await self._ranges(sought, first_hour, last_hour):
                rows += await self._scan(
                    sought, max(begin, start), min(stop, end), limit - len(rows)
                )
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
        columns = _COLUMNS.format(join="CROSS JOIN" if sought.has_account else "LEFT JOIN")
        return await self._source.rows(
            f"{columns} WHERE {where} ORDER BY q.id DESC LIMIT ?",
            [start, stop, *sought.where_values, limit],
        )


def _stretches(cursor: _Cursor, edge: int, oldest: int, end: int) -> list[tuple[int, int]]:
    """What to read, in this order: ids from the first to before the second of each pair."""
    before = end if cursor.before is None else min(cursor.before, end)
    if before > edge and cursor.before is not None:
        return [(max(edge, oldest), before)]
    stretches = [(oldest, min(before, edge)), (max(edge, oldest), end)]
    return [(start, stop) for start, stop in stretches if start < stop]


def _cursor(text: str | None) -> _Cursor:
    if not text:
        return _Cursor(None, None)
    if not (text.isascii() and re.fullmatch(r"\d{1,18}(-\d{1,18})?", text)):
        raise ValueError(f"before is {text!r}; it has to be the `next` of another page")
    before, _, edge = text.partition("-")
    return _Cursor(int(before), int(edge) if edge else None)


def _logged_query(row: Row) -> LoggedQuery:
    outcome = None if row[4] is None else Outcome(row[4])
    return {
        "id": str(row[0]),
        "time": row[0] / 1e6,
        "client": row[1] or "",
        # Neither name nor type of a query that was refused before they were looked at.
        "name": row[2] or "",
        "type": type_name(row[3]) if row[3] else "",
        "outcome": "unknown" if outcome is None else outcome.name.lower(),
        "blocked": outcome is not None and outcome.is_block,
        "rcode": "" if row[5] is None else rcode_name(row[5]),
        "list": row[6] or "",
        "line": row[7] or 0,
        "rule": row[8] or "",
        "hop": row[9] or "",
        "upstream": row[10] or "",
        "group": row[11] or "",
        "detail": row[12] or "",
        "duration_ms": row[13] / 1000,
    }
