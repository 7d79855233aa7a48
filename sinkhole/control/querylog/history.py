"""Reading the query log: newest first, filtered, page by page.

A clock that was ahead leaves rows that are later than now. They are shown behind all others, as
what is at the top has just been asked; once their time has come they stand where they belong.
"""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Callable
from contextlib import nullcontext
from typing import Final, NamedTuple, NotRequired, TypedDict

from sinkhole.control.database import Reader, Row
from sinkhole.control.querylog.filters import QueryFilter, make_filter
from sinkhole.control.querylog.placing import CLOCK_STEP_US
from sinkhole.control.querylog.search import Search
from sinkhole.dns.wire.international import in_unicode
from sinkhole.dns.wire.numbers import rcode_name, type_name
from sinkhole.model.record import TRANSPORTS
from sinkhole.model.verdict import Outcome

MOST_ROWS: Final = 200

SEARCH_S: Final = 2.0
"""How long a page is looked for; the next one goes on from there."""


class LoggedQuery(TypedDict):
    """One answered query, ready for JSON.

    `client` is an address, or the id by which a client of the settings called itself;
    `client_name` is there where they know it, `name_unicode` where the name is an international
    one. `transport` is one of `model/record.TRANSPORTS`.
    """

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
    transport: str
    client_name: NotRequired[str]
    name_unicode: NotRequired[str]


class QueryPage(TypedDict):
    """Queries, newest first, and what to pass as `before` for the page after it.

    `looked_back_to` is the time down to which all was looked at, where the page ends because that
    took too long; null otherwise.
    """

    queries: list[LoggedQuery]
    next: str | None
    looked_back_to: float | None


class _Cursor(NamedTuple):
    """Where a page begins: below `before`; ids from `edge` on were later than now and come last.

    None: at the top, and as the clock tells now.
    """

    before: int | None
    edge: int | None


class History:
    """The read side of the query log."""

    def __init__(
        self,
        source: Reader,
        clock: Callable[[], float] = time.time,
        ticks: Callable[[], float] = time.monotonic,
        client_name: Callable[[str], str] = lambda address: "",
    ) -> None:
        self._source = source
        self._clock = clock
        self._ticks = ticks
        self._client_name = client_name
        self._naming = asyncio.Lock()

    async def page(
        self,
        *,
        limit: int = 100,
        before: str | None = None,
        client: str | None = None,
        name: str | None = None,
        verdict: str | None = None,
        qtype: str | None = None,
        transport: str | None = None,
        is_wanted: Callable[[], bool] = lambda: True,
    ) -> QueryPage:
        """The newest queries, or those older than the cursor `before`, that meet every filter.

        `client` is a whole address or id, `name` any part of a name, in Unicode as well. Pages
        don't shift while rows are added. Looking ends after SEARCH_S, and when nobody wants it any
        more, with what was found until then. Raises ValueError, with a text for the user, for a
        limit outside 1..200, a cursor that is none, and filters that are not understood;
        StorageError if there is no log.
        """
        if not 1 <= limit <= MOST_ROWS:
            raise ValueError(f"limit is {limit}; it may be 1 to {MOST_ROWS}")
        cursor = _cursor(before)
        # The names sought are in one table of the connection: one search for names at a time.
        async with self._naming if name else nullcontext():
            deadline = self._ticks() + SEARCH_S
            search = Search(self._source, lambda: self._ticks() >= deadline or not is_wanted())
            sought = await make_filter(
                self._source,
                search.is_over,
                client=client,
                name=name,
                verdict=verdict,
                qtype=qtype,
                transport=transport,
            )
            return await self._page(search, sought, cursor, limit)

    async def _page(
        self, search: Search, sought: QueryFilter, cursor: _Cursor, limit: int
    ) -> QueryPage:
        # Two SELECTs: min and max in one would read the whole table.
        ((oldest, newest),) = await self._source.rows(
            "SELECT (SELECT min(id) FROM query), (SELECT max(id) FROM query)", []
        )
        if sought.is_empty or oldest is None:
            return {"queries": [], "next": None, "looked_back_to": None}
        edge = cursor.edge
        if edge is None:
            edge = max(int(self._clock() * 1e6) + CLOCK_STEP_US, cursor.before or 0)
        rows: list[Row] = []
        following = looked_to = None
        for start, end in _stretches(cursor, edge, oldest, newest + 1):
            looked_to = end
            if not sought.is_unfinished:
                # One row more than asked for tells whether there is another page.
                found, looked_to = await search.rows(sought, start, end, limit + 1 - len(rows))
                rows += found
            if len(rows) > limit:
                following, looked_to = rows[limit - 1][0], None
                break
            if looked_to > start:
                following = looked_to
                break
            looked_to = None
        mark = f"-{edge}" if newest >= edge else ""
        return {
            "queries": self._with_names([_logged_query(row) for row in rows[:limit]]),
            "next": None if following is None else f"{following}{mark}",
            "looked_back_to": None if looked_to is None else looked_to / 1e6,
        }

    def _with_names(self, queries: list[LoggedQuery]) -> list[LoggedQuery]:
        """Add what people call clients and names: now, so a client renamed shows at once."""
        known = {each["client"] for each in queries}
        called = {address: called for address in known if (called := self._client_name(address))}
        for each in queries:
            if each["client"] in called:
                each["client_name"] = called[each["client"]]
            if (shown := in_unicode(each["name"])) != each["name"]:
                each["name_unicode"] = shown
        return queries


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
        "transport": TRANSPORTS[row[14]],
    }
