"""Finding rows of all nodes that meet conditions, newest first, a stretch of time at a time."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable
from typing import Any, Final

from sinkhole.control.database import Row
from sinkhole.control.postgres.conditions import Conditions, conditions_of
from sinkhole.control.postgres.server import Server
from sinkhole.control.querylog.logged_query import COLUMNS
from sinkhole.control.querylog.sought import LoggedClient, Sought
from sinkhole.control.querylog.store import OutOfTime, Patience
from sinkhole.control.querylog.tally import LogSums, Span, Tally
from sinkhole.model.record import ClientName

FIRST_US: Final = 4 * 1_000_000
"""The first stretch; each further one is four times as long. So the last one, which is not read to
its end, has few more rows than are wanted, however many there are in a second."""

_ENDS: Final = (
    "SELECT (SELECT id FROM query ORDER BY id LIMIT 1),"
    " (SELECT id FROM query ORDER BY id DESC LIMIT 1)"
)
_WITHIN: Final = "q.id >= $1 AND q.id < $2"
# `q.id + 0` is in no index: rows that meet conditions are found by these, and not one after the
# other in the order of time, of which there may be millions that do not.
_ROWS: Final = COLUMNS.format(
    source=(
        f"FROM (SELECT * FROM query AS q WHERE {_WITHIN} AND {{conditions}}"
        " ORDER BY {order} DESC FETCH FIRST ($3::bigint) ROWS WITH TIES) AS q"
    )
)
_SUMS: Final = (
    "SELECT q.id / $3, q.name, a.outcome, a.list, count(*) FROM query AS q"
    f" JOIN account AS a ON a.id = q.account WHERE {_WITHIN} AND {{conditions}} GROUP BY 1, 2, 3, 4"
)
FIRST_VALUE: Final = 4
"""The number of the first parameter that is a condition's."""


class Search:
    """`Looking`, by one server."""

    def __init__(
        self,
        server: Server,
        clients: Callable[[], AsyncIterator[LoggedClient]],
        patience: Patience,
    ) -> None:
        self.found: list[Row] = []
        self.reached = 0
        self._conditions = Conditions(FIRST_VALUE)
        self._server = server
        self._clients = clients
        self._is_over, self._end = patience

    async def rows(self, sql: str, *values: Any) -> list[Row]:
        """Run one statement, or end it when the time is up."""
        left_s = self._end - asyncio.get_running_loop().time()
        if left_s <= 0 or self._is_over():
            raise OutOfTime
        try:
            return await self._server.rows(sql, *values, timeout_s=left_s)
        except TimeoutError:
            raise OutOfTime from None

    async def ends(self) -> tuple[int | None, int | None]:
        """The ids of the oldest and the newest row."""
        ((oldest, newest),) = await self.rows(_ENDS)
        return oldest, newest

    async def understand(self, sought: Sought, client_name: ClientName) -> bool:
        """Look for this from now on; whether there may be any."""
        self._conditions = await conditions_of(
            sought, self.rows, self._clients, client_name, FIRST_VALUE
        )
        return not self._conditions.is_empty

    async def read(self, start: int, end: int, most: int) -> None:
        """Find the newest rows between two ids."""
        self.reached, width = end, FIRST_US
        while self.reached > start and len(self.found) < most:
            begin = max(self.reached - width, start)
            await self.take(begin, self.reached, most - len(self.found))
            self.reached, width = begin, width * 4

    async def take(self, begin: int, end: int, most: int) -> None:
        """Find the newest rows of a stretch, as many as are wanted."""
        order = "q.id" if self._conditions.are_none else "q.id + 0"
        sql = _ROWS.format(conditions=self._conditions.sql, order=order)
        sql += " ORDER BY q.id DESC, q.node"
        self.found += await self.rows(sql, begin, end, most, *self._conditions.values)


class Summing(Search):
    """Sums up what it finds, in place of keeping it."""

    def __init__(
        self,
        server: Server,
        clients: Callable[[], AsyncIterator[LoggedClient]],
        patience: Patience,
        span: Span,
    ) -> None:
        super().__init__(server, clients, patience)
        self._tally = Tally(span)

    async def take(self, begin: int, end: int, most: int) -> None:
        """Add up a stretch."""
        sql = _SUMS.format(conditions=self._conditions.sql)
        step_us = self._tally.span.step_s * 1_000_000
        for row in await self.rows(sql, begin, end, step_us, *self._conditions.values):
            self._tally.add(*row)
        if self._tally.is_full:
            raise OutOfTime

    async def told(self, looked_back_to: float | None) -> LogSums:
        """What all of it comes to."""
        names, lists = self._tally.leading()
        return self._tally.told(
            await self._texts("SELECT id, text FROM name", names),
            await self._texts("SELECT id, name FROM list", lists),
            looked_back_to,
        )

    async def _texts(self, select: str, numbers: Iterable[int]) -> dict[int, str]:
        return dict(await self._server.rows(f"{select} WHERE id = ANY($1)", [*numbers]))
