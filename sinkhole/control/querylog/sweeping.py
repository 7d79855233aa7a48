"""Deleting the names, clients, accounts and answers that nothing refers to any more.

First all that is referred to is marked, by going through rows and roll-ups in slices; triggers mark
what is written meanwhile. Then what has no mark goes, in slices as well.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from typing import Final

from sinkhole.control.database import Database
from sinkhole.control.querylog.pace import Pace

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
    pace, start = Pace(), 0
    while True:
        ((last, count),) = await database.rows(
            "SELECT max(id), count(*) FROM (SELECT id FROM query WHERE id > ? AND id <= ?"
            " ORDER BY id LIMIT ?)",
            (start, end, pace.size),
        )
        if last is None:
            return
        with pace.slice(count):
            for table in TABLES:
                await database.rows(
                    f"INSERT OR IGNORE INTO used_{table} SELECT {table} FROM query"
                    " WHERE id > ? AND id <= ?",
                    (start, last),
                )
        start = last
        yield


async def _mark_rollup(database: Database, rollup: str, table: str) -> AsyncIterator[None]:
    pace, place = Pace(), (-1, -1)
    while True:
        found = await database.rows(
            f"SELECT start, {table} FROM {rollup} WHERE (start, {table}) > (?, ?)"
            f" ORDER BY start, {table} LIMIT 1 OFFSET ?",
            (*place, pace.size - 1),
        )
        to, behind = ("", ()) if not found else (f" AND (start, {table}) <= (?, ?)", found[0])
        with pace.slice(pace.size):
            await database.rows(
                f"INSERT OR IGNORE INTO used_{table} SELECT {table} FROM {rollup}"
                f" WHERE (start, {table}) > (?, ?){to}",
                (*place, *behind),
            )
        yield
        if not found:
            return
        place = found[0]


async def _delete_unmarked(database: Database, table: str, newest: int) -> AsyncIterator[None]:
    pace, start = Pace(), 0
    while True:
        ((last, count),) = await database.rows(
            f"SELECT max(id), count(*) FROM (SELECT id FROM {table} WHERE id > ? AND id <= ?"
            " ORDER BY id LIMIT ?)",
            (start, newest, pace.size),
        )
        if last is None:
            return
        with pace.slice(count):
            await database.rows(
                f"DELETE FROM {table} WHERE id > ? AND id <= ?"
                f" AND id NOT IN (SELECT id FROM used_{table})",
                (start, last),
            )
        start = last
        yield
