"""The log in querylog.db, to read: a reader for what is quick, others for searches."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Final

from sinkhole.control.database import Reader, Row
from sinkhole.control.querylog.filters import list_numbers
from sinkhole.control.querylog.id_sets import all_clients
from sinkhole.control.querylog.logged_query import COLUMNS
from sinkhole.control.querylog.search import Search
from sinkhole.control.querylog.searchers import Searchers
from sinkhole.control.querylog.sought import LoggedClient, Sought
from sinkhole.control.querylog.store import AskedFor, Patience, RecentName
from sinkhole.control.querylog.sums import Summing
from sinkhole.control.querylog.tally import Span
from sinkhole.control.stats.sqlite_counts import SqliteCounts
from sinkhole.model.errors import StorageError

_OF_DEVICE: Final = """
    SELECT id FROM client WHERE text = ?1 OR device <> '' AND device IN
        (?1, (SELECT device FROM client WHERE text = ?1 ORDER BY seen DESC, id DESC LIMIT 1))
"""
_ASKED: Final = (
    "SELECT q.client, q.name, a.qtype, count(*) FROM query AS q"
    " JOIN account AS a ON a.id = q.account"
    " WHERE q.id >= ? AND q.id < ? AND a.qtype > 0{only} GROUP BY 1, 2, 3"
)


class SqliteStore:
    """A LogStore by the readers of one file."""

    def __init__(self, source: Reader, searchers: Searchers | None = None) -> None:
        self.counts = SqliteCounts(source)
        self._source = source
        self._searchers = searchers or Searchers([source])

    @asynccontextmanager
    async def searching(self, sought: Sought, patience: Patience) -> AsyncIterator[Search]:
        """A search by a reader that has looked for the same, if there is one."""
        _refuse_others(sought)
        async with self._searchers.borrow(replace(sought, through=None)) as reader:
            yield Search(reader, patience)

    @asynccontextmanager
    async def summing(
        self, sought: Sought, patience: Patience, span: Span
    ) -> AsyncIterator[Summing]:
        """The same, summing up."""
        _refuse_others(sought)
        async with self._searchers.borrow(replace(sought, through=None)) as reader:
            yield Summing(reader, patience, span=span)

    async def nodes(self) -> list[str]:
        """Nobody else writes to it."""
        return []

    async def newest(self) -> int:
        """The id of the newest row."""
        rows = await self._source.rows("SELECT max(id) FROM query")
        return rows[0][0] or 0

    async def row(self, ident: int) -> list[Row]:
        """One row, or none."""
        sql = COLUMNS.format(source="FROM query AS q") + " WHERE q.id = ?"
        return await self._source.rows(sql, [ident])

    async def numbers_of_device(self, text: str) -> tuple[int, ...]:
        """All clients that are of a device."""
        return tuple(row[0] for row in await self._source.rows(_OF_DEVICE, [text]))

    async def list_numbers(self, lists: Sequence[str | int]) -> tuple[int, ...]:
        """The numbers of lists."""
        return await list_numbers(self._source.rows, lists)

    def clients(self) -> AsyncIterator[LoggedClient]:
        """All clients."""
        return all_clients(self._source.rows)

    # ---- what was asked lately, for trials -------------------------------------------------------

    async def names_of_hour(self, hour: int, after: int, most: int) -> list[RecentName]:
        """Names asked for in an hour."""
        rows = await self._source.rows(
            "SELECT b.name, n.text, b.count FROM by_name AS b JOIN name AS n ON n.id = b.name"
            " WHERE b.start = ? AND b.name > ? ORDER BY b.name LIMIT ?",
            [hour, after, most],
        )
        return [RecentName(*row) for row in rows]

    async def asked_for(self, names: Sequence[int], start: int, end: int) -> list[AskedFor]:
        """Who asked for names."""
        rows = await self._source.rows(
            "SELECT q.name, coalesce(c.text, ''), coalesce(c.device, ''),"
            " coalesce(c.policy_group, ''), count(*)"
            " FROM query AS q LEFT JOIN client AS c ON c.id = q.client"
            f" WHERE q.id >= ? AND q.id < ? AND q.name IN ({_marks(names)})"
            " GROUP BY q.name, c.id ORDER BY count(*) DESC, c.text",
            [start * 1_000_000, end * 1_000_000, *names],
        )
        return [AskedFor(*row) for row in rows]

    async def askers(self, start: int, end: int) -> list[Row]:
        """Everybody, and how often they asked."""
        return await self._source.rows(
            "SELECT coalesce(c.text, ''), coalesce(c.device, ''), coalesce(c.policy_group, ''),"
            " sum(b.count) FROM by_client AS b LEFT JOIN client AS c ON c.id = b.client"
            " WHERE b.start >= ? AND b.start < ? GROUP BY b.client",
            [start, end],
        )

    async def seen_since(self, hour: int, most: int) -> list[Row]:
        """Who asked since an hour."""
        return await self._source.rows(
            "SELECT id, text, device FROM client WHERE seen >= ?"
            " ORDER BY seen DESC, id DESC LIMIT ?",
            [hour, most],
        )

    async def asked(self, start: int, end: int, askers: Sequence[int] | None) -> list[Row]:
        """What some or all asked for."""
        only = "" if askers is None else f" AND q.client IN ({_marks(askers)})"
        return await self._source.rows(_ASKED.format(only=only), [start, end, *(askers or ())])

    async def name_texts(self, numbers: Sequence[int]) -> dict[int, str]:
        """What is written of names."""
        sql = f"SELECT id, text FROM name WHERE id IN ({_marks(numbers)})"
        return dict(await self._source.rows(sql, numbers))


def _marks(values: Sequence[int]) -> str:
    return ",".join("?" * len(values))


def _refuse_others(sought: Sought) -> None:
    """StorageError where what other nodes answered is looked for."""
    if sought.nodes:
        names = ", ".join(sought.nodes)
        raise StorageError(f"what other nodes ({names}) answered can't be read now")
