"""Taking rows out of the log, and the counts by client and by name that tell of them.

The roll-ups lead to the rows: of each hour that has any, rows go in slices of ROWS_A_SLICE, and
the hour's own entry last. So what was interrupted is found again, and all that is gone stays gone.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Final

from sinkhole.control.database import Database
from sinkhole.control.querylog.placing import HOUR_US
from sinkhole.dns.wire.name import from_text, is_below
from sinkhole.model.verdict import Outcome

ROWS_A_SLICE: Final = 20_000
NAMES_A_SLICE: Final = 20_000
HOURS_A_SLICE: Final = 24

DAY_S: Final = 86_400
_BLOCKED: Final = ",".join(str(int(each)) for each in Outcome if each.is_block)


async def erase_all(database: Database, through: int) -> AsyncIterator[int]:
    """Every row up to one, oldest first; statistics stay."""
    start = 0
    while (last := await _slice_end(database, start, through)) is not None:
        async with database.transaction():
            await database.rows("DELETE FROM query WHERE id >= ? AND id <= ?", (start, last))
            deleted = await _counted(database)
        yield deleted
        start = last + 1


async def erase_client(database: Database, client: str, through: int) -> AsyncIterator[int]:
    """The rows of a client up to one, its counts, and what they added to those by name."""
    number = await database.value("SELECT id FROM client WHERE text = ?", (client,))
    if number is None:
        return
    hours = await database.rows(
        "SELECT start FROM by_client WHERE client = ? AND start <= ? ORDER BY start",
        (number, through // 1_000_000),
    )
    await database.rows(
        "CREATE TEMP TABLE IF NOT EXISTS erased"
        " (name INTEGER PRIMARY KEY, count INTEGER NOT NULL, blocked INTEGER NOT NULL)"
    )
    for (hour,) in hours:
        first, end = hour * 1_000_000, hour * 1_000_000 + HOUR_US
        while (last := await _slice_end(database, first, min(end - 1, through))) is not None:
            async with database.transaction():
                deleted = await _erase_rows_of(database, number, first, last)
                await _uncount_names(database, hour)
            yield deleted
            first = last + 1
        async with database.transaction():
            await _forget_hour(database, number, hour)
        yield 0


async def erase_names(
    database: Database, name: str, through: int, *, below: bool
) -> AsyncIterator[int]:
    """The rows about a name up to one, with `below` about all names below it too, and its counts.

    `name` is spelled as the log has it.
    """
    await database.rows("CREATE TEMP TABLE IF NOT EXISTS doomed (id INTEGER PRIMARY KEY)")
    await database.rows("DELETE FROM doomed")
    async for _ in _doom(database, name, below=below):
        yield 0
    if not await database.value("SELECT count(*) FROM doomed"):
        return
    looked_at, hour = 0, await _next_hour(database, -1)
    while hour is not None and hour <= through // 1_000_000:
        looked_at += 1
        if looked_at % HOURS_A_SLICE == 0:
            yield 0
        if await _has_doomed(database, hour):
            async for rows in _erase_doomed(database, hour, through):
                yield rows
        hour = await _next_hour(database, hour)
    await database.rows("DELETE FROM by_day WHERE name IN (SELECT id FROM doomed)")
    await database.rows("DROP TABLE doomed")
    yield 0


async def _erase_doomed(database: Database, hour: int, through: int) -> AsyncIterator[int]:
    """The rows and counts of one hour about the names that were noted."""
    first, end = hour * 1_000_000, hour * 1_000_000 + HOUR_US
    while (last := await _slice_end(database, first, min(end - 1, through))) is not None:
        async with database.transaction():
            await database.rows(
                "DELETE FROM query WHERE id >= ? AND id <= ? AND name IN (SELECT id FROM doomed)",
                (first, last),
            )
            deleted = await _counted(database)
        yield deleted
        first = last + 1
    await database.rows(
        "DELETE FROM by_name WHERE start = ? AND name IN (SELECT id FROM doomed)"
        " AND name NOT IN (SELECT name FROM query WHERE id >= ? AND id < ?)",
        (hour, hour * 1_000_000, end),
    )


async def _doom(database: Database, name: str, *, below: bool) -> AsyncIterator[None]:
    """Note the numbers of the names, slice by slice."""
    zone = from_text(name)
    await database.define("lies_below", lambda text: int(is_below(from_text(text), zone)))
    condition, values = "text = ?", [name]
    if below:
        condition, values = (
            "(text = ? OR (substr(text, -length(?)) = ? AND lies_below(text)))",
            [*(name, f".{name}", f".{name}")],
        )
    start = 0
    while True:
        last = await database.value(
            "SELECT max(id) FROM (SELECT id FROM name WHERE id > ? ORDER BY id LIMIT ?)",
            (start, NAMES_A_SLICE),
        )
        if last is None:
            return
        await database.rows(
            f"INSERT INTO doomed SELECT id FROM name WHERE id > ? AND id <= ? AND {condition}",
            (start, last, *values),
        )
        start = last
        yield


async def _has_doomed(database: Database, hour: int) -> bool:
    return bool(
        await database.value(
            "SELECT EXISTS (SELECT 1 FROM by_name AS b CROSS JOIN doomed AS d ON d.id = b.name"
            " WHERE b.start = ?)",
            (hour,),
        )
    )


async def _next_hour(database: Database, hour: int) -> int | None:
    found = await database.value("SELECT min(start) FROM by_name WHERE start > ?", (hour,))
    return None if found is None else int(found)


async def _slice_end(database: Database, first: int, through: int) -> int | None:
    """The last id of the next slice, None if there are no rows from `first` to `through`."""
    last = await database.value(
        "SELECT max(id) FROM (SELECT id FROM query WHERE id >= ? AND id <= ? ORDER BY id LIMIT ?)",
        (first, through, ROWS_A_SLICE),
    )
    return None if last is None else int(last)


async def _counted(database: Database) -> int:
    """Take what was just deleted off the number of rows; how many they were."""
    deleted = int(await database.value("SELECT changes()"))
    await database.rows("UPDATE meta SET value = max(value - ?, 0) WHERE key = 'rows'", (deleted,))
    return deleted


async def _erase_rows_of(database: Database, client: int, first: int, last: int) -> int:
    """Delete a client's rows of a slice, and note how often each name was in them."""
    await database.rows("DELETE FROM erased")
    await database.rows(
        "INSERT INTO erased SELECT q.name, count(*),"
        f" count(*) FILTER (WHERE a.outcome IN ({_BLOCKED}))"
        " FROM query AS q LEFT JOIN account AS a ON a.id = q.account"
        " WHERE q.id >= ? AND q.id <= ? AND q.client = ? GROUP BY q.name",
        (first, last, client),
    )
    await database.rows(
        "DELETE FROM query WHERE id >= ? AND id <= ? AND client = ?", (first, last, client)
    )
    return await _counted(database)


async def _uncount_names(database: Database, hour: int) -> None:
    """Take what was noted off the counts by name, of the hour and of its day."""
    for table, start in (("by_name", hour), ("by_day", hour // DAY_S * DAY_S)):
        await database.rows(
            f"UPDATE {table} SET count = max({table}.count - e.count, 0),"
            f" blocked = max({table}.blocked - e.blocked, 0) FROM erased AS e"
            f" WHERE {table}.start = ? AND {table}.name = e.name",
            (start,),
        )
    await database.rows(
        "DELETE FROM by_day WHERE start = ? AND count = 0 AND name IN (SELECT name FROM erased)",
        (hour // DAY_S * DAY_S,),
    )


async def _forget_hour(database: Database, client: int, hour: int) -> None:
    """Make an hour's counts of a client, and of the names that nobody else asked for, those of the
    rows that are left: none, but for what came since."""
    first, end = hour * 1_000_000, hour * 1_000_000 + HOUR_US
    await database.rows("DELETE FROM by_client WHERE start = ? AND client = ?", (hour, client))
    await database.rows(
        "INSERT INTO by_client (start, client, count, blocked) SELECT ?, q.client, count(*),"
        f" count(*) FILTER (WHERE a.outcome IN ({_BLOCKED}))"
        " FROM query AS q LEFT JOIN account AS a ON a.id = q.account"
        " WHERE q.id >= ? AND q.id < ? AND q.client = ? GROUP BY q.client",
        (hour, first, end, client),
    )
    await database.rows(
        "DELETE FROM by_name WHERE start = ? AND count = 0"
        " AND name NOT IN (SELECT name FROM query WHERE id >= ? AND id < ?)",
        (hour, first, end),
    )
