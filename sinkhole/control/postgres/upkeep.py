"""What the database needs now and then; of all nodes, whoever comes first does it.

A partition holds the rows of a day, so that old rows go by dropping it. Minutes are folded into
hours after two days, as in the file. Values that nothing can refer to any more go after that, with
a day to spare for who remembers their numbers.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Final

from sinkhole.control.postgres.list_offers import sweep_lists
from sinkhole.control.postgres.schema import LONG_S, MAKING, MIGRATIONS, ROLLUPS, migrate
from sinkhole.control.postgres.server import CONNECT_S, MOST_CONNECTIONS, Server, Session
from sinkhole.model.errors import StorageError

DAY_S: Final = 86_400
DAY_US: Final = DAY_S * 1_000_000
HOUR_S: Final = 3600
DETAIL_S: Final = 2 * DAY_S
"""How long minutes, and names by the hour, are kept."""

LEADING: Final = 2_000
"""How many names a node keeps of a day that is over: the most asked for, and the most blocked."""

_PREFIX: Final = "query_"
_OF_ROWS: Final = """
    SELECT c.relname FROM pg_inherits AS i JOIN pg_class AS c ON c.oid = i.inhrelid
    WHERE i.inhparent = 'query'::regclass ORDER BY 1
"""


async def opened(
    url: str, most_connections: int = MOST_CONNECTIONS, connect_s: float = CONNECT_S
) -> Server:
    """A server whose tables are up to date; StorageError, also where a newer sinkhole made them."""
    server = await Server.connect(url, most_connections, connect_s)
    try:
        version, known = await migrate(server), len(MIGRATIONS)
        if version > known:
            raise StorageError(f"the database has version {version}, this sinkhole knows {known}")
    except BaseException:
        await server.close()
        raise
    return server


class Partitions:
    """Those that rows need; which there are is remembered, and asked anew after a failure."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._known: set[int] = set()

    async def make(self, ids: Iterable[int]) -> None:
        """Make those that are missing for some rows."""
        missing = sorted({ident // DAY_US for ident in ids} - self._known)
        if not missing:
            return
        async with self._server.transaction() as session:
            await session.rows("SELECT pg_advisory_xact_lock($1)", MAKING)
            for day in missing:
                await session.rows(
                    f"CREATE TABLE IF NOT EXISTS {_PREFIX}{_date(day)} PARTITION OF query"
                    f" FOR VALUES FROM ({day * DAY_US}) TO ({(day + 1) * DAY_US})"
                )
        self._known.update(missing)


async def tidy(server: Server, now_s: float, keep_s: float, keep_statistics_s: float) -> None:
    """Do all that is due by a time that is certainly past, unless another node does it now."""
    async with server.transaction() as session:
        if not await session.value("SELECT pg_try_advisory_xact_lock($1)", MAKING):
            return
        await _drop_rows(session, int(now_s - keep_s) // DAY_S)
        await _fold(session, int(now_s - DETAIL_S) // HOUR_S * HOUR_S)
        await _keep_leading(session, int(now_s - HOUR_S) // DAY_S * DAY_S)
        expired = int(now_s - keep_statistics_s) // HOUR_S * HOUR_S
        for table in ROLLUPS:
            width = DAY_S if table == "by_day" else 0
            await session.rows(f"DELETE FROM {table} WHERE start < $1", expired - width)
        await _forget_erasures(session, now_s - keep_s)
        await _sweep(session, int(now_s))
        await sweep_lists(session)


async def _drop_rows(session: Session, day: int) -> None:
    """Drop the days before one."""
    for (name,) in await session.rows(_OF_ROWS):
        if name < f"{_PREFIX}{_date(day)}":
            await session.rows(f"DROP TABLE {name}")


async def _fold(session: Session, before: int) -> None:
    """Make hours of minutes, and drop names by the hour where no row needs them."""
    for table in ("total", "latency"):
        key, _, sums = ROLLUPS[table]
        columns = ", ".join(sums)
        summed = ", ".join(f"sum({each})" for each in sums)
        updates = ", ".join(f"{each} = t.{each} + excluded.{each}" for each in sums)
        await session.rows(
            f"WITH gone AS (DELETE FROM {table} WHERE start < $1 AND start % {HOUR_S} <> 0"
            f" RETURNING *) INSERT INTO {table} AS t (start, node, {key}, {columns})"
            f" SELECT start / {HOUR_S} * {HOUR_S}, node, {key}, {summed} FROM gone GROUP BY 1, 2, 3"
            f" ON CONFLICT (start, node, {key}) DO UPDATE SET {updates}",
            before,
        )
    await session.rows("DELETE FROM by_name WHERE start < $1", before - 7 * DAY_S)


async def _keep_leading(session: Session, before: int) -> None:
    """Of days that are over, keep the leading names: statistics of weeks are made of days, and most
    names of one are asked for once."""
    first = await session.value("SELECT value FROM meta WHERE key = 'leading'")
    if first >= before:
        return
    await session.rows(_DROP_OTHERS, first, before, LEADING, timeout_s=LONG_S)
    await session.rows("UPDATE meta SET value = $1 WHERE key = 'leading'", before)


_DROP_OTHERS: Final = """
    DELETE FROM by_day AS t USING (
        SELECT start, node, name,
               row_number() OVER (PARTITION BY start, node ORDER BY count DESC, name) AS asked,
               row_number() OVER (PARTITION BY start, node ORDER BY blocked DESC, name) AS refused
        FROM by_day WHERE start >= $1 AND start < $2) AS r
    WHERE t.start = r.start AND t.node = r.node AND t.name = r.name
      AND r.asked > $3 AND (r.refused > $3 OR t.blocked = 0)
"""


async def _forget_erasures(session: Session, since_s: float) -> None:
    """Forget what was erased once all nodes have done the same that came by since a moment: what
    older rows the others have is too old for them as well."""
    await session.rows(
        "DELETE FROM erasure AS e WHERE NOT EXISTS (SELECT 1 FROM node AS n"
        " WHERE n.id <> e.node AND n.erased < e.number AND n.seen > to_timestamp($1))",
        since_s,
    )


async def _sweep(session: Session, now_s: int) -> None:
    """Once a day, drop values last seen before all that can refer to them."""
    swept = await session.value("SELECT value FROM meta WHERE key = 'swept'")
    if now_s - swept < DAY_S:
        return
    await session.rows("UPDATE meta SET value = $1 WHERE key = 'swept'", now_s)
    oldest = await session.value("SELECT min(id) FROM query")
    row_day = now_s if oldest is None else oldest // 1_000_000
    for table, rollups in (
        ("name", ("by_day", "by_name")),
        ("client", ("by_client",)),
        ("account", ()),
        ("answer", ()),
        ("list", ("by_list",)),
    ):
        starts = [await session.value(f"SELECT min(start) FROM {each}") for each in rollups]
        first = min([row_day, now_s, *(each for each in starts if each is not None)])
        await session.rows(f"DELETE FROM {table} WHERE seen < $1", first // DAY_S * DAY_S - DAY_S)


def _date(day: int) -> str:
    return datetime.fromtimestamp(day * DAY_S, UTC).strftime("%Y%m%d")
