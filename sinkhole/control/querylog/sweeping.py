"""Deleting the names, clients, accounts and answers that nothing refers to any more.

First all that is referred to is marked, by going through rows and roll-ups in slices; triggers mark
what is written meanwhile. Then what has no mark goes, in slices as well.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from typing import Final

from sinkhole.control.database import Database

ROWS_A_SLICE: Final = 50_000
VALUES_A_SLICE: Final = 5_000
HOURS_A_SLICE: Final = 48
HOUR_S: Final = 3600

TABLES: Final = ("name", "client", "account", "answer")
_ROLL_UPS: Final = (("by_name", "name"), ("by_day", "name"), ("by_client", "client"))


async def sweep(database: Database, forget: Callable[[], None]) -> AsyncIterator[None]:
    """Delete what is not in use; `forget` is called when a number that is remembered elsewhere may
    no longer be that of a value."""
    await _unmark(database)
    await _prepare(database)
    forget()  # from here on, what is used is written, and so marked
    newest = {table: await database.value(f"SELECT max(id) FROM {table}") or 0 for table in TABLES}
    async for _ in _mark_rows(database):
        yield
    for rollup, table in _ROLL_UPS:
        async for _ in _mark_rollup(database, rollup, table):
            yield
    for table in TABLES:
        async for _ in _delete_unmarked(database, table, newest[table]):
            forget()
            yield
    await _unmark(database)
    yield


async def _prepare(database: Database) -> None:
    for table in TABLES:
        await database.rows(f"CREATE TEMP TABLE used_{table} (id INTEGER PRIMARY KEY)")
    marks = " ".join(f"INSERT OR IGNORE INTO used_{t} VALUES (new.{t});" for t in TABLES)
    await database.rows(
        f"CREATE TEMP TRIGGER mark_query AFTER INSERT ON main.query BEGIN {marks} END"
    )
    for rollup, table in _ROLL_UPS:
        await database.rows(
            f"CREATE TEMP TRIGGER mark_{rollup} AFTER INSERT ON main.{rollup} BEGIN"
            f" INSERT OR IGNORE INTO used_{table} VALUES (new.{table}); END"
        )


async def _unmark(database: Database) -> None:
    for name in ("query", *(rollup for rollup, _ in _ROLL_UPS)):
        await database.rows(f"DROP TRIGGER IF EXISTS temp.mark_{name}")
    for table in TABLES:
        await database.rows(f"DROP TABLE IF EXISTS temp.used_{table}")


async def _mark_rows(database: Database) -> AsyncIterator[None]:
    end = await database.value("SELECT max(id) FROM query")
    start = 0
    while True:
        last = await database.value(
            "SELECT max(id) FROM (SELECT id FROM query WHERE id > ? AND id <= ?"
            " ORDER BY id LIMIT ?)",
            (start, end, ROWS_A_SLICE),
        )
        if last is None:
            return
        for table in TABLES:
            await database.rows(
                f"INSERT OR IGNORE INTO used_{table} SELECT {table} FROM query"
                " WHERE id > ? AND id <= ?",
                (start, last),
            )
        start = last
        yield


async def _mark_rollup(database: Database, rollup: str, table: str) -> AsyncIterator[None]:
    start = await database.value(f"SELECT min(start) FROM {rollup}")
    while start is not None:
        end = start + HOURS_A_SLICE * HOUR_S
        await database.rows(
            f"INSERT OR IGNORE INTO used_{table} SELECT {table} FROM {rollup}"
            " WHERE start >= ? AND start < ?",
            (start, end),
        )
        yield
        start = await database.value(f"SELECT min(start) FROM {rollup} WHERE start >= ?", (end,))


async def _delete_unmarked(database: Database, table: str, newest: int) -> AsyncIterator[None]:
    start = 0
    while True:
        last = await database.value(
            f"SELECT max(id) FROM (SELECT id FROM {table} WHERE id > ? AND id <= ?"
            " ORDER BY id LIMIT ?)",
            (start, newest, VALUES_A_SLICE),
        )
        if last is None:
            return
        await database.rows(
            f"DELETE FROM {table} WHERE id > ? AND id <= ?"
            f" AND id NOT IN (SELECT id FROM used_{table})",
            (start, last),
        )
        start = last
        yield
