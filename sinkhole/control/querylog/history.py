"""Reading the query log: newest first, filtered, page by page.

A clock that was ahead leaves rows that are later than now. They are shown behind all others, as
what is at the top has just been asked; once their time has come they stand where they belong.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, Callable, Sequence
from dataclasses import replace
from typing import Final, TypedDict

from sinkhole.control.querylog.export import Format, encoder
from sinkhole.control.querylog.id_sets import sought_clients
from sinkhole.control.querylog.logged_query import LoggedQuery, logged_queries
from sinkhole.control.querylog.placing import CLOCK_STEP_US
from sinkhole.control.querylog.sought import (
    MOST_VALUES,
    Sought,
    SoughtName,
    as_logged,
    mac_of,
    text_test,
)
from sinkhole.control.querylog.store import LogStore, Looking, OutOfTime, Patience
from sinkhole.control.querylog.tally import LogSums, Span
from sinkhole.control.querylog.views import Cursor, written
from sinkhole.model.record import ClientName

MOST_ROWS: Final = 200

SEARCH_S: Final = 2.0
"""How long a page is looked for; the next one goes on from there."""

EXPORTED_A_PAGE: Final = 1_000

NOTHING: Final = (-1,)
"""The number of no client and no list, to look for where none is meant: empty means any."""


class QueryPage(TypedDict):
    """Queries, newest first, and what to pass as cursor for the page after it.

    `looked_back_to` is the time down to which all was looked at, where the page ends because that
    took too long; null otherwise.
    """

    queries: list[LoggedQuery]
    next: str | None
    looked_back_to: float | None


def _always() -> bool:
    return True


class History:
    """The read side of the query log, wherever that is kept."""

    def __init__(
        self,
        store: LogStore,
        clock: Callable[[], float] = time.time,
        ticks: Callable[[], float] = time.monotonic,
        client_name: ClientName = lambda client, device: "",
        search_s: float = SEARCH_S,
    ) -> None:
        self._store = store
        self._clock = clock
        self._ticks = ticks
        self._client_name = client_name
        self._search_s = search_s

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
        is_wanted: Callable[[], bool] = _always,
    ) -> QueryPage:
        """`search` for at most one value of each: `client` is a whole address, id or MAC, and
        stands for all that its device has asked; `name` is a part of a name."""
        sought = Sought(
            names=(SoughtName(name),) if name else (),
            verdicts=(verdict,) if verdict else (),
            types=(qtype,) if qtype else (),
            transports=(transport,) if transport else (),
        )
        if client:
            numbers = await self._store.numbers_of_device(mac_of(client) or as_logged(client))
            # Where nothing will be found the rest is looked at for mistakes all the same.
            sought = replace(sought, clients=numbers or NOTHING)
        return await self.search(sought, limit=limit, cursor=before, is_wanted=is_wanted)

    async def search(
        self,
        sought: Sought,
        *,
        limit: int = 100,
        cursor: str | None = None,
        is_wanted: Callable[[], bool] = _always,
    ) -> QueryPage:
        """The newest queries, or those older than a cursor, that are sought.

        Pages don't shift while rows are added. Looking ends after SEARCH_S, and when nobody wants
        it any more or it is cancelled, with what was found until then. Raises ValueError, with a
        text for the user, for a limit outside 1..200, a cursor that is none, and what is not
        understood; RequestError while too many search; StorageError if there is no log.
        """
        if not 1 <= limit <= MOST_ROWS:
            raise ValueError(f"limit is {limit}; it may be 1 to {MOST_ROWS}")
        return await self._search(sought, limit, Cursor.read(cursor), is_wanted)

    async def row(self, ident: int) -> LoggedQuery | None:
        """Everything about one row, None if there is no such row."""
        rows = await self._store.row(ident)
        return logged_queries(rows, self._client_name)[0] if rows else None

    async def freeze(self, sought: Sought) -> str:
        """A text by which `views.thaw` finds the same rows later: none that are new, and the same
        lists and clients whatever they are called then.

        More than MOST_VALUES clients of one name stay what they are called.
        """
        sought.check()
        if sought.through is None:
            sought = replace(sought, through=await self._store.newest())
        if sought.lists:
            numbers = await self._store.list_numbers(sought.lists)
            sought = replace(sought, lists=numbers or NOTHING)
        if sought.clients or sought.text:
            sought = await self._with_clients(sought)
        return written(sought)

    async def sums(self, sought: Sought, step_s: int) -> LogSums:
        """The same rows summed up, the newest first, from `from_s` on, which has to be given.

        Summing ends as looking does; `looked_back_to` is then the time down to which all is in it.
        Raises as `search` does, and ValueError for more than MOST_STEPS steps.
        """
        span = Span.of(sought, step_s, self._clock())
        async with self._store.summing(sought, self._patience(_always), span) as search:
            try:
                ends = await search.ends()
            except OutOfTime:
                return await search.told(self._clock())
            stretches = _stretches(sought, Cursor(), int(self._clock() * 1e6), *ends)
            is_done = await self._look(search, sought, stretches[:1], 1)
            return await search.told(None if is_done else search.reached / 1e6)

    async def export(self, sought: Sought, form: Format) -> AsyncGenerator[bytes, None]:
        """All rows that are sought and there now, newest first, a page at a time as bytes.

        The caller ends it by `aclose`; memory is that of one page. Raises as `search` does.
        """
        encode = encoder(form)
        if sought.through is None:
            sought = replace(sought, through=await self._store.newest())
        cursor: str | None = None
        while True:
            page = await self._search(sought, EXPORTED_A_PAGE, Cursor.read(cursor), _always)
            if text := encode(page["queries"], is_first=cursor is None):
                yield text
            cursor = page["next"]
            if cursor is None:
                return

    # ---- one page ------------------------------------------------------------------------------

    async def _search(
        self, sought: Sought, limit: int, cursor: Cursor, is_wanted: Callable[[], bool]
    ) -> QueryPage:
        async with self._store.searching(sought, self._patience(is_wanted)) as search:
            return await self._page(search, sought, cursor, limit)

    def _patience(self, is_wanted: Callable[[], bool]) -> Patience:
        """That of a search that begins now."""
        deadline = self._ticks() + self._search_s
        return Patience(
            lambda: self._ticks() >= deadline or not is_wanted(),
            asyncio.get_running_loop().time() + self._search_s,
        )

    async def _page(self, search: Looking, sought: Sought, cursor: Cursor, limit: int) -> QueryPage:
        edge = cursor.edge
        if edge is None:
            edge = max(int(self._clock() * 1e6) + CLOCK_STEP_US, cursor.before or 0)
        try:
            oldest, newest = await search.ends()
        except OutOfTime:
            return self._nothing_yet(cursor, edge)
        stretches = _stretches(sought, cursor, edge, oldest, newest)
        # One row more than asked for tells whether there is another page.
        is_done = await self._look(search, sought, stretches, limit + 1)
        following = looked_to = None
        limit += sum(row[0] == search.found[limit - 1][0] for row in search.found[limit:])
        if len(search.found) > limit:
            following = search.found[limit - 1][0]
        elif not is_done:
            following = looked_to = search.reached
        mark = f"-{edge}" if newest is not None and newest >= edge else ""
        return {
            "queries": logged_queries(search.found[:limit], self._client_name),
            "next": None if following is None else f"{following}{mark}",
            "looked_back_to": None if looked_to is None else looked_to / 1e6,
        }

    def _nothing_yet(self, cursor: Cursor, edge: int) -> QueryPage:
        """The page where the time was up before anything was looked at: the next one begins where
        this one was to."""
        before = edge if cursor.before is None else cursor.before
        reached_s = self._clock() if cursor.before is None else before / 1e6
        return {"queries": [], "next": f"{before}-{edge}", "looked_back_to": reached_s}

    async def _look(
        self, search: Looking, sought: Sought, stretches: Sequence[tuple[int, int]], most: int
    ) -> bool:
        """Read all stretches, one after the other; False if the time was up before."""
        search.reached = stretches[0][1] if stretches else 0
        try:
            may_be = await search.understand(sought, self._client_name)
            for start, end in stretches if may_be else ():
                await search.read(start, end, most)
                if len(search.found) >= most:
                    break
        except OutOfTime:
            return not stretches
        return True

    # ---- frozen views --------------------------------------------------------------------------

    async def _with_clients(self, sought: Sought) -> Sought:
        """The same with the numbers of all clients that are meant by the names of now."""
        is_wanted = await sought_clients(self._store.clients, sought, self._client_name)
        is_text = text_test(sought.text, sought.text_clients, self._client_name)
        wanted: list[int] = []
        by_text: list[int] = []
        async for client in self._store.clients():
            if sought.clients and is_wanted(client):
                wanted.append(client.number)
            if sought.text and is_text(client):
                by_text.append(client.number)
        if sought.clients and len(wanted) <= MOST_VALUES:
            sought = replace(sought, clients=tuple(wanted) or NOTHING)
        if len(by_text) <= MOST_VALUES:
            sought = replace(sought, text_clients=tuple(by_text))
        return sought


def _stretches(
    sought: Sought, cursor: Cursor, edge: int, oldest: int | None, newest: int | None
) -> list[tuple[int, int]]:
    """What to read, in this order: ids from the first to before the second of each pair."""
    if oldest is None or newest is None:
        return []
    end = newest + 1
    if sought.from_s is not None:
        oldest = max(oldest, int(sought.from_s * 1e6))
    if sought.to_s is not None:
        end = min(end, int(sought.to_s * 1e6))
    if sought.through is not None:
        end = min(end, sought.through + 1)
    before = end if cursor.before is None else min(cursor.before, end)
    if before > edge and cursor.before is not None:
        return [(max(edge, oldest), before)]
    stretches = [(oldest, min(before, edge)), (max(edge, oldest), end)]
    return [(start, stop) for start, stop in stretches if start < stop]
