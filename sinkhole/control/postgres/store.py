"""The log of all nodes, to read: a LogStore by one server."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Final

from sinkhole.control.database import Row
from sinkhole.control.postgres.conditions import list_numbers
from sinkhole.control.postgres.counts import PostgresCounts
from sinkhole.control.postgres.search import Search, Summing
from sinkhole.control.postgres.server import Server
from sinkhole.control.querylog.logged_query import COLUMNS
from sinkhole.control.querylog.sought import LoggedClient, Sought
from sinkhole.control.querylog.store import AskedFor, Patience, RecentName
from sinkhole.control.querylog.tally import Span

_OF_DEVICE: Final = """
    SELECT id FROM client WHERE text = $1 OR device <> '' AND device IN
        ($1, (SELECT device FROM client WHERE text = $1 ORDER BY seen DESC, id DESC LIMIT 1))
"""
_ASKED_FOR: Final = """
    SELECT q.name, coalesce(c.text, ''), coalesce(c.device, ''), coalesce(c.policy_group, ''),
           count(*)
    FROM query AS q LEFT JOIN client AS c ON c.id = q.client
    WHERE q.id >= $2 AND q.id < $3 AND q.name = ANY($1::integer[])
    GROUP BY q.name, c.id, c.text, c.device, c.policy_group ORDER BY count(*) DESC, c.text
"""
_ASKERS: Final = """
    SELECT coalesce(c.text, ''), coalesce(c.device, ''), coalesce(c.policy_group, ''),
           sum(b.count)::bigint
    FROM by_client AS b LEFT JOIN client AS c ON c.id = b.client
    WHERE b.start >= $1 AND b.start < $2 GROUP BY b.client, c.text, c.device, c.policy_group
"""
_ASKED: Final = """
    SELECT q.client, q.name, a.qtype, count(*) FROM query AS q JOIN account AS a ON a.id = q.account
    WHERE q.id >= $1 AND q.id < $2 AND a.qtype > 0
      AND ($3::integer[] IS NULL OR q.client = ANY($3::integer[])) GROUP BY 1, 2, 3
"""
_NAMES_OF_HOUR: Final = """
    SELECT b.name, n.text, sum(b.count)::bigint FROM by_name AS b JOIN name AS n ON n.id = b.name
    WHERE b.start = $1 AND b.name > $2 GROUP BY b.name, n.text ORDER BY b.name LIMIT $3
"""
DAY_S: Final = 86_400


class PostgresStore:
    """The log of all nodes."""

    def __init__(self, server: Server) -> None:
        self.counts = PostgresCounts(server)
        self._server = server

    @asynccontextmanager
    async def searching(self, sought: Sought, patience: Patience) -> AsyncIterator[Search]:
        """A search; the pool of connections is its bound."""
        yield Search(self._server, self.clients, patience)

    @asynccontextmanager
    async def summing(
        self, sought: Sought, patience: Patience, span: Span
    ) -> AsyncIterator[Summing]:
        """The same, summing up."""
        yield Summing(self._server, self.clients, patience, span)

    async def nodes(self) -> list[str]:
        """The names of all nodes."""
        rows = await self._server.rows("SELECT DISTINCT name FROM node ORDER BY name")
        return [name for (name,) in rows]

    async def newest(self) -> int:
        """The id of the newest row."""
        sql = "SELECT id FROM query ORDER BY id DESC LIMIT 1"
        return int(await self._server.value(sql) or 0)

    async def row(self, ident: int) -> list[Row]:
        """One row, or none; of two nodes at the same microsecond, the first."""
        sql = COLUMNS.format(source="FROM query AS q") + " WHERE q.id = $1 ORDER BY q.node LIMIT 1"
        return await self._server.rows(sql, ident)

    async def numbers_of_device(self, text: str) -> tuple[int, ...]:
        """All clients that are of a device."""
        return tuple(row[0] for row in await self._server.rows(_OF_DEVICE, text))

    async def list_numbers(self, lists: Sequence[str | int]) -> tuple[int, ...]:
        """The numbers of lists."""
        return await list_numbers(lists, self._server.rows)

    async def clients(self) -> AsyncIterator[LoggedClient]:
        """All clients."""
        sql = "SELECT id, text, device, policy_group, seen FROM client ORDER BY id"
        for row in await self._server.rows(sql):
            yield LoggedClient(*row)

    # ---- what was asked lately, for trials -------------------------------------------------------

    async def names_of_hour(self, hour: int, after: int, most: int) -> list[RecentName]:
        """Names asked for in an hour."""
        rows = await self._server.rows(_NAMES_OF_HOUR, hour, after, most)
        return [RecentName(*row) for row in rows]

    async def asked_for(self, names: Sequence[int], start: int, end: int) -> list[AskedFor]:
        """Who asked for names."""
        within = start * 1_000_000, end * 1_000_000
        return [AskedFor(*row) for row in await self._server.rows(_ASKED_FOR, [*names], *within)]

    async def askers(self, start: int, end: int) -> list[Row]:
        """Everybody, and how often they asked."""
        return await self._server.rows(_ASKERS, start, end)

    async def seen_since(self, hour: int, most: int) -> list[Row]:
        """Who asked since the day of an hour."""
        return await self._server.rows(
            "SELECT id, text, device FROM client WHERE seen >= $1"
            " ORDER BY seen DESC, id DESC LIMIT $2",
            *(hour // DAY_S * DAY_S, most),
        )

    async def asked(self, start: int, end: int, askers: Sequence[int] | None) -> list[Row]:
        """What some or all asked for."""
        return await self._server.rows(_ASKED, start, end, None if askers is None else [*askers])

    async def name_texts(self, numbers: Sequence[int]) -> dict[int, str]:
        """What is written of names."""
        sql = "SELECT id, text FROM name WHERE id = ANY($1::integer[])"
        return dict(await self._server.rows(sql, [*numbers]))
