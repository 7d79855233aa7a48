"""Taking rows out of the log, and the counts by client and by name that tell of them.

Rows go in slices, each a transaction, oldest first; with them go what they added to the counts, and
last, of hours that are done, the entries that lead to them. So what was interrupted is found again,
and all that is gone stays gone.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Sequence
from typing import Final, NamedTuple

from sinkhole.control.database import Database
from sinkhole.control.querylog.dictionary import client_digest
from sinkhole.control.querylog.pace import Pace
from sinkhole.control.querylog.placing import HOUR_US
from sinkhole.dns.wire.name import from_text, is_below
from sinkhole.model.verdict import Outcome

HOUR_S: Final = 3600
DAY_S: Final = 86_400
_BLOCKED: Final = ",".join(str(int(each)) for each in Outcome if each.is_block)
_START: Final = f"q.id / {HOUR_US} * {HOUR_S}"
"""The hour of a row."""
_DOOMED: Final = "IN (SELECT id FROM doomed)"


class _Slice(NamedTuple):
    """Rows that follow each other: their first and last id, and how many they are.

    Without rows it goes as far as there could be any.
    """

    first: int
    last: int
    size: int

    @property
    def done(self) -> int:
        """The start of the first hour that may have more rows behind it."""
        return (self.last + 1) // HOUR_US * HOUR_S


async def erase_all(database: Database, through: int) -> AsyncIterator[int]:
    """Every row up to one, oldest first; statistics stay."""
    pace, first = Pace(), 0
    while (rows := await _slice(database, pace, first, through)).size:
        with pace.slice(rows.size):
            async with database.transaction():
                await database.rows("DELETE FROM query WHERE id >= ? AND id <= ?", rows[:2])
                deleted = await _counted(database)
        yield deleted
        first = rows.last + 1


async def clients_called(database: Database, text: str) -> list[int]:
    """The numbers of whoever had an address or id."""
    return [row[0] for row in await database.rows("SELECT id FROM client WHERE text = ?", (text,))]


async def clients_known(database: Database, keys: str) -> list[int]:
    """The numbers of some clients by address or id, device and group, as JSON; a number, as
    versions before wrote it, is that of a client."""
    found: list[int] = []
    for key in json.loads(keys):
        digest = "SELECT id FROM client WHERE digest = ?"
        number = key if isinstance(key, int) else 0
        if not number:
            number = await database.value(digest, (client_digest(tuple(key)),))
        found += [number] if number else []
    return found


async def erase_clients(
    database: Database, numbers: Sequence[int], through: int
) -> AsyncIterator[int]:
    """The rows of some clients up to one, their counts, and what they added to those by name."""
    await _make_tables(database)
    await database.rows("DELETE FROM doomed")
    await database.rows(
        "INSERT OR IGNORE INTO doomed SELECT value FROM json_each(?)", (json.dumps(numbers),)
    )
    pace, first = Pace(), 0
    while first <= through:
        hour = await _next_hour(database, first, through)
        if hour is None:
            break
        rows = await _slice(database, pace, max(first, hour * 1_000_000), through)
        with pace.slice(rows.size):
            async with database.transaction():
                deleted = await _erase_rows_of(database, rows)
        yield deleted
        async for _ in _forget_hours(database, (hour, rows.done), through):
            yield 0
        first = rows.last + 1
    last = through // HOUR_US * HOUR_S
    async for _ in _forget_hours(database, (last, last + HOUR_S), through):
        yield 0


async def erase_names(
    database: Database, name: str, through: int, *, below: bool
) -> AsyncIterator[int]:
    """The rows about a name up to one, with `below` about all names below it too, and its counts.

    `name` is spelled as the log has it.
    """
    await _make_tables(database)
    await database.rows("DELETE FROM doomed")
    async for _ in _doom(database, name, below=below):
        yield 0
    if not await database.value("SELECT count(*) FROM doomed"):
        return
    pace, first, hour = Pace(), 0, 0
    while first <= through:
        rows = await _slice(database, pace, first, through)
        with pace.slice(rows.size):
            async with database.transaction():
                deleted = await _erase_doomed(database, rows, hour)
        yield deleted
        first, hour = rows.last + 1, rows.done
    async with database.transaction():
        await _forget_doomed(database, through)
    yield 0


async def _make_tables(database: Database) -> None:
    for table in (
        "erased (start INTEGER, name INTEGER, count INTEGER NOT NULL, blocked INTEGER NOT NULL,"
        " PRIMARY KEY (start, name)) WITHOUT ROWID",
        "unused (start INTEGER, name INTEGER, PRIMARY KEY (start, name)) WITHOUT ROWID",
        "doomed (id INTEGER PRIMARY KEY)",
        "behind (start INTEGER, client INTEGER, count INTEGER NOT NULL, blocked INTEGER NOT NULL)",
    ):
        await database.rows(f"CREATE TEMP TABLE IF NOT EXISTS {table}")


async def _slice(database: Database, pace: Pace, first: int, through: int) -> _Slice:
    """The next rows from an id on, none behind `through`."""
    ((last, count),) = await database.rows(
        "SELECT max(id), count(*) FROM"
        " (SELECT id FROM query WHERE id >= ? AND id <= ? ORDER BY id LIMIT ?)",
        (first, through, pace.size),
    )
    return _Slice(first, through if last is None else int(last), int(count))


async def _counted(database: Database) -> int:
    """Take what was just deleted off the number of rows; how many they were."""
    deleted = int(await database.value("SELECT changes()"))
    if deleted:
        await database.rows(
            "UPDATE meta SET value = max(value - ?, 0) WHERE key = 'rows'", (deleted,)
        )
    return deleted


# ---- of clients -------------------------------------------------------------------------------


async def _next_hour(database: Database, first: int, through: int) -> int | None:
    """The first hour that has something of the clients, from that of a row on."""
    found = await database.value(
        f"SELECT start FROM by_client WHERE client {_DOOMED} AND start >= ? AND start <= ?"
        " ORDER BY start LIMIT 1",
        (first // HOUR_US * HOUR_S, through // 1_000_000),
    )
    return None if found is None else int(found)


async def _erase_rows_of(database: Database, rows: _Slice) -> int:
    """Delete the clients' rows of a slice, and what they added to the counts by name: nothing in
    hours in which the client itself did not count."""
    within = (rows.first, rows.last)
    await database.rows("DELETE FROM erased")
    await database.rows(
        f"INSERT INTO erased SELECT {_START}, q.name, count(*),"
        f" count(*) FILTER (WHERE a.outcome IN ({_BLOCKED}))"
        " FROM query AS q LEFT JOIN account AS a ON a.id = q.account"
        f" JOIN by_client AS c ON c.start = {_START} AND c.client = q.client AND c.count > 0"
        f" WHERE q.id >= ? AND q.id <= ? AND q.client {_DOOMED} GROUP BY 1, 2",
        within,
    )
    await database.rows(f"DELETE FROM query WHERE id >= ? AND id <= ? AND client {_DOOMED}", within)
    deleted = await _counted(database)
    if deleted:
        await _uncount_names(database)
    return deleted


async def _uncount_names(database: Database) -> None:
    """Take what was noted off the counts by name, of the hours and of their days."""
    for table, width in (("by_name", HOUR_S), ("by_day", DAY_S)):
        # Summed, so that what was noted is walked through and not the table.
        erased = (
            f"SELECT start / {width} * {width} AS start, name, sum(count) AS count,"
            " sum(blocked) AS blocked FROM erased GROUP BY 1, 2"
        )
        await database.rows(
            f"UPDATE {table} SET count = max({table}.count - e.count, 0),"
            f" blocked = max({table}.blocked - e.blocked, 0) FROM ({erased}) AS e"
            f" WHERE {table}.start = e.start AND {table}.name = e.name"
        )
    await database.rows(
        "DELETE FROM by_day WHERE count = 0 AND (start, name) IN"
        f" (SELECT start / {DAY_S} * {DAY_S}, name FROM erased)"
    )


async def _forget_hours(
    database: Database, hours: tuple[int, int], through: int
) -> AsyncIterator[None]:
    """From one hour to before another, make the counts of the clients those of what came behind a
    row, and delete the names that no row has any more."""
    await database.rows("DELETE FROM unused")
    await database.rows(
        "INSERT OR IGNORE INTO unused SELECT b.start, b.name FROM by_client AS c"
        " CROSS JOIN by_name AS b ON b.start = c.start"
        f" WHERE c.client {_DOOMED} AND c.start >= ? AND c.start < ? AND b.count = 0",
        hours,
    )
    if await database.value("SELECT EXISTS (SELECT 1 FROM unused)"):
        async for _ in _spare_used(database, hours):
            yield
    async with database.transaction():
        await database.rows(
            "DELETE FROM by_name WHERE count = 0 AND (start, name) IN (SELECT * FROM unused)"
        )
        await _forget_counts(database, hours, through)
    yield


async def _forget_counts(database: Database, hours: tuple[int, int], through: int) -> None:
    """Leave of the clients' counts in some hours no more than what came behind a row."""
    await database.rows("DELETE FROM behind")
    await database.rows(
        f"INSERT INTO behind SELECT {_START}, q.client,"
        f" count(*), count(*) FILTER (WHERE a.outcome IN ({_BLOCKED}))"
        " FROM query AS q LEFT JOIN account AS a ON a.id = q.account"
        f" WHERE q.id > ? AND q.id < ? AND q.client {_DOOMED} GROUP BY 1, 2",
        (through, hours[1] * 1_000_000),
    )
    await database.rows(
        "UPDATE by_client SET count = min(by_client.count, b.count),"
        " blocked = min(by_client.blocked, b.blocked) FROM behind AS b"
        " WHERE by_client.start = b.start AND by_client.client = b.client"
    )
    await database.rows(
        f"DELETE FROM by_client WHERE client {_DOOMED} AND start >= ? AND start < ?"
        " AND (start, client) NOT IN (SELECT start, client FROM behind)",
        hours,
    )


async def _spare_used(database: Database, hours: tuple[int, int]) -> AsyncIterator[None]:
    """Of names with a count of 0 spare those of rows: statistics that were reset have such."""
    pace, (first, end) = Pace(), (hour * 1_000_000 for hour in hours)
    while (rows := await _slice(database, pace, first, end - 1)).size:
        with pace.slice(rows.size):
            await database.rows(
                f"DELETE FROM unused WHERE (start, name) IN (SELECT {_START}, q.name"
                " FROM query AS q WHERE q.id >= ? AND q.id <= ?)",
                rows[:2],
            )
        yield
        first = rows.last + 1


# ---- of names ----------------------------------------------------------------------------------


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
    pace, start = Pace(), 0
    while True:
        ((last, count),) = await database.rows(
            "SELECT max(id), count(*) FROM (SELECT id FROM name WHERE id > ? ORDER BY id LIMIT ?)",
            (start, pace.size),
        )
        if last is None:
            return
        with pace.slice(count):
            await database.rows(
                f"INSERT INTO doomed SELECT id FROM name WHERE id > ? AND id <= ? AND {condition}",
                (start, last, *values),
            )
        start = last
        yield


async def _erase_doomed(database: Database, rows: _Slice, hour: int) -> int:
    """Delete what a slice has about the names that were noted, and from an hour on, as far as the
    slice goes, what leads there."""
    await database.rows(
        "DELETE FROM query WHERE id >= ? AND id <= ? AND name IN (SELECT id FROM doomed)", rows[:2]
    )
    deleted = await _counted(database)
    await database.rows(
        "DELETE FROM by_name WHERE start >= ? AND start < ? AND name IN (SELECT id FROM doomed)",
        (hour, rows.done),
    )
    return deleted


async def _forget_doomed(database: Database, through: int) -> None:
    """Delete what is left of the names that were noted, but for what came behind a row."""
    hour = through // HOUR_US
    await database.rows(
        "DELETE FROM by_name WHERE start = ? AND name IN (SELECT id FROM doomed)"
        " AND name NOT IN (SELECT name FROM query WHERE id > ? AND id < ?)",
        (hour * HOUR_S, through, (hour + 1) * HOUR_US),
    )
    await database.rows("DELETE FROM by_day WHERE name IN (SELECT id FROM doomed)")
    await database.rows("DELETE FROM doomed")
