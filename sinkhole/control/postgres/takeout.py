"""What the database has, node by node, for a file that takes it back: rows, oldest first, then the
counts of the hours that are over."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from typing import Any, Final, NamedTuple

from sinkhole.control.database import Row
from sinkhole.control.postgres.schema import MIGRATIONS, ROLLUPS
from sinkhole.control.postgres.server import Server
from sinkhole.control.querylog.foreign import ForeignSlice, Position, Values
from sinkhole.control.querylog.outbox import Counts
from sinkhole.model.errors import StorageError

HOUR_S: Final = 3600
DAY_S: Final = 86_400
ROWS_A_SLICE: Final = 4_000

_ROWS: Final = (
    "SELECT id, client, name, account, duration_us, transport, answer FROM query"
    " WHERE node = $1 AND id > $2 AND id < $3 ORDER BY id LIMIT $4"
)
_ACCOUNT: Final = (
    *("qtype", "rcode", "outcome", "list", "line", "rule", "allowed"),
    *("policy_group", "hop", "upstream", "detail"),
)
_CLIENT: Final = ("digest", "text", "device", "policy_group")


class Node(NamedTuple):
    """A file whose log is there; `stream` tells it from others."""

    number: int
    name: str
    stream: int


class Takeout:
    """Reads one database. StorageError from all methods, with what to do where it has no log."""

    def __init__(self, server: Server) -> None:
        self._server = server

    async def nodes(self) -> list[Node]:
        """All nodes that ever sent anything."""
        found = await self._server.rows("SELECT id, name, stream FROM node ORDER BY id")
        return [Node(*row) for row in found]

    async def count(self, node: Node, after: Position, since_us: int, before_us: int) -> int:
        """How many rows there are to take."""
        sql = "SELECT count(*) FROM query WHERE node = $1 AND id > $2 AND id < $3"
        start = max(after.row, since_us - 1)
        return int(await self._server.value(sql, node.number, start, before_us))

    async def slices(
        self, node: Node, after: Position, since: tuple[int, int], end: int
    ) -> AsyncIterator[ForeignSlice]:
        """All of a node behind a place: rows and counts since these hours, to before hour `end`."""
        rows_since, counts_since = since
        row = max(after.row, rows_since * 1_000_000 - 1)
        while rows := await self._server.rows(
            _ROWS, node.number, row, end * 1_000_000, ROWS_A_SLICE
        ):
            row = rows[-1][0]
            values = await self._values(rows, {})
            after = after._replace(row=row)
            yield ForeignSlice(node.stream, node.name, after, values, rows)
        hour = max(after.hour, counts_since)
        first = await self._first_hour(node, hour)
        while first is not None and first < end:
            begin = max(hour, first // DAY_S * DAY_S)
            hour = min(first // DAY_S * DAY_S + DAY_S, end)
            after = after._replace(hour=hour)
            yield await self._day(node, after, begin, hour)
            first = await self._first_hour(node, hour)

    async def _first_hour(self, node: Node, since: int) -> int | None:
        """The first that has counts from one on."""
        found = [
            await self._server.value(
                f"SELECT min(start) FROM {each} WHERE node = $1 AND start >= $2", node.number, since
            )
            for each in ROLLUPS
        ]
        return min((each for each in found if each is not None), default=None)

    async def _day(self, node: Node, after: Position, begin: int, end: int) -> ForeignSlice:
        counts: Counts = {}
        is_whole = end - begin == DAY_S
        for table, (key, _, sums) in ROLLUPS.items():
            if table != "by_day" or is_whole:
                found = await self._server.rows(
                    f"SELECT start, {key}, {', '.join(sums)} FROM {table}"
                    " WHERE node = $1 AND start >= $2 AND start < $3",
                    *(node.number, begin, end),
                )
                counts[table] = [[*row] for row in found]
        counts = {table: entries for table, entries in counts.items() if entries}
        values = await self._values((), counts)
        return ForeignSlice(
            node.stream, node.name, after, values, counts=counts, is_whole_days=is_whole
        )

    async def _values(self, rows: Sequence[Row], counts: Counts) -> Values:
        """What all numbers of a slice stand for."""
        keys = {table: {entry[1] for entry in entries} for table, entries in counts.items()}
        names = keys.get("by_name", set()) | keys.get("by_day", set())
        accounts = await self._texts("account", _ACCOUNT, (row[3] for row in rows))
        lists = keys.get("by_list", set()) | {row[3] for row in accounts.values()}
        return Values(
            await self._texts("name", ("digest", "text"), names | {row[2] for row in rows}),
            await self._texts(
                "client", _CLIENT, keys.get("by_client", set()) | {row[1] for row in rows}
            ),
            await self._texts("list", ("source", "name"), lists),
            accounts,
            await self._texts("answer", ("digest", "given", "original"), (row[6] for row in rows)),
        )

    async def _texts(
        self, table: str, columns: Sequence[str], numbers: Iterable[int]
    ) -> dict[int, Row]:
        if not (wanted := [*({*numbers} - {0})]):
            return {}
        found = await self._server.rows(
            f"SELECT id, {', '.join(columns)} FROM {table} WHERE id = ANY($1::integer[])", wanted
        )
        return {row[0]: row[1:] for row in found}


@asynccontextmanager
async def takeout_of(url: str) -> AsyncIterator[Takeout]:
    """A database to read; StorageError, with what to do, where it has no log that is known here."""
    server = await Server.connect(url)
    try:
        if not await server.value("SELECT to_regclass('sinkhole.meta') IS NOT NULL"):
            raise StorageError("the database has no log: is it the one that storage.url named?")
        version: Any = await server.value("SELECT value FROM meta WHERE key = 'version'")
        if version != len(MIGRATIONS):
            raise StorageError(
                f"the database has version {version}, this sinkhole knows {len(MIGRATIONS)}: "
                "let all that share it, and this one, be of one version"
            )
        yield Takeout(server)
    finally:
        await server.close()
