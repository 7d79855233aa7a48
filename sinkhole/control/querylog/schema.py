"""The tables of querylog.db, and how the file is opened, brought up to date or set aside.

One row of `query` is one answered query: five small integers, no index. Everything that repeats
stands once in the dictionaries `name`, `client` and `account`. The roll-ups (`total` and all that
follow it) count queries by time; they are written in the same transaction as the rows they count,
so they serve as the index too: they tell which hours have rows of a client or name, and only
those are read. `sinkhole.control.stats` writes and reads the roll-ups, `querylog` everything else.

All times are whole seconds since 1970 at which a minute, an hour or a day begins, except
`query.id`: microseconds since 1970, made strictly increasing by the writer.
"""

from __future__ import annotations

import time
from pathlib import Path
from typing import Final

from sinkhole.control.database import DamagedError, Database
from sinkhole.control.querylog.dictionary import short_hash
from sinkhole.model.errors import StorageError

APPLICATION_ID: Final = 0x73696E6B
"""Says "this file is ours" (PRAGMA application_id): "sink" in ASCII."""

MIGRATIONS: Final[tuple[tuple[str, ...], ...]] = (
    (
        "CREATE TABLE meta (key TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID",
        "INSERT INTO meta VALUES ('rows', 0), ('folded', 0), ('hourly', 0)",
        # Dictionaries. `seen` is the last hour in which a value was used; what is older than all
        # rows and roll-ups is removed.
        "CREATE TABLE name (id INTEGER PRIMARY KEY, text TEXT NOT NULL UNIQUE,"
        " seen INTEGER NOT NULL)",
        "CREATE TABLE client (id INTEGER PRIMARY KEY, text TEXT NOT NULL UNIQUE,"
        " seen INTEGER NOT NULL)",
        # What was asked for and what became of it and why: everything but name, client and time.
        # `digest` is a hash of the other columns: one probe finds a known account again.
        "CREATE TABLE account (id INTEGER PRIMARY KEY, digest INTEGER NOT NULL UNIQUE,"
        " qtype INTEGER NOT NULL, rcode INTEGER NOT NULL, outcome INTEGER NOT NULL,"
        " list TEXT NOT NULL, line INTEGER NOT NULL, rule TEXT NOT NULL,"
        " allowed INTEGER NOT NULL, policy_group TEXT NOT NULL, hop TEXT NOT NULL,"
        " upstream TEXT NOT NULL, detail TEXT NOT NULL, seen INTEGER NOT NULL)",
        "CREATE TABLE query (id INTEGER PRIMARY KEY, client INTEGER NOT NULL,"
        " name INTEGER NOT NULL, account INTEGER NOT NULL, duration_us INTEGER NOT NULL)",
        # Roll-ups. `total` and `latency` begin as minutes and are folded into hours; `by_day`
        # holds the leading names of each hour, summed by day; all others are by hour.
        "CREATE TABLE total (start INTEGER, outcome INTEGER, count INTEGER NOT NULL,"
        " PRIMARY KEY (start, outcome)) WITHOUT ROWID",
        "CREATE TABLE latency (start INTEGER, bucket INTEGER, count INTEGER NOT NULL,"
        " PRIMARY KEY (start, bucket)) WITHOUT ROWID",
        "CREATE TABLE by_name (start INTEGER, name INTEGER, count INTEGER NOT NULL,"
        " blocked INTEGER NOT NULL, PRIMARY KEY (start, name)) WITHOUT ROWID",
        "CREATE TABLE by_day (start INTEGER, name INTEGER, count INTEGER NOT NULL,"
        " blocked INTEGER NOT NULL, PRIMARY KEY (start, name)) WITHOUT ROWID",
        "CREATE INDEX by_day_name ON by_day (name)",
        "CREATE TABLE by_client (start INTEGER, client INTEGER, count INTEGER NOT NULL,"
        " blocked INTEGER NOT NULL, PRIMARY KEY (start, client)) WITHOUT ROWID",
        "CREATE TABLE by_type (start INTEGER, qtype INTEGER, count INTEGER NOT NULL,"
        " PRIMARY KEY (start, qtype)) WITHOUT ROWID",
        "CREATE TABLE by_list (start INTEGER, list TEXT, count INTEGER NOT NULL,"
        " PRIMARY KEY (start, list)) WITHOUT ROWID",
        "CREATE TABLE by_upstream (start INTEGER, upstream TEXT, count INTEGER NOT NULL,"
        " sum_us INTEGER NOT NULL, PRIMARY KEY (start, upstream)) WITHOUT ROWID",
    ),
    (
        # Names found by digest: an index of whole names was so big that nearly every new name
        # made a page of it be written anew.
        "CREATE TABLE named (id INTEGER PRIMARY KEY, digest INTEGER NOT NULL UNIQUE,"
        " text TEXT NOT NULL, seen INTEGER NOT NULL)",
        "INSERT INTO named SELECT id, digest(text), text, seen FROM name",
        "DROP TABLE name",
        "ALTER TABLE named RENAME TO name",
    ),
    (
        # What is known of the clock (`model/clock.py`), in µs. In meta `clock_wall` is the last
        # reading and `clock_held` the running time of all of them; `clock_lag` is the window.
        "INSERT INTO meta VALUES ('clock_wall', 0), ('clock_held', 0)",
        "CREATE TABLE clock_lag (part INTEGER PRIMARY KEY, lag INTEGER NOT NULL)",
        # Rows from `first` to `last` are younger than they look, as the clock was set by `gap`.
        "CREATE TABLE spell (first INTEGER NOT NULL, last INTEGER NOT NULL, gap INTEGER NOT NULL)",
        # Versions before this one summed by any clock. A day yet to come is taken back, its hours
        # are all there; what follows the last day with sums was never summed.
        "DELETE FROM by_day WHERE start > CAST(strftime('%s', 'now') AS INTEGER) AND EXISTS"
        " (SELECT 1 FROM by_name AS n WHERE n.start >= by_day.start"
        " AND n.start < by_day.start + 86400)",
        "UPDATE meta SET value = min(value, (SELECT coalesce(max(start), -86400) + 86400"
        " FROM by_day)) WHERE key = 'folded'",
    ),
)
"""One tuple of statements for each version of the file (PRAGMA user_version). Only ever add."""


class _NewerError(StorageError):
    """The file was written by a later sinkhole."""


async def open_database(path: Path) -> tuple[Database, str | None]:
    """Open querylog.db for writing, made or brought up to date as needed.

    A damaged file, or one of a newer sinkhole, is set aside under a new name and a fresh one
    begun; the second value then says so. Raises StorageError if the folder can't be written or
    the database is locked.
    """
    try:
        return await _open(path), None
    except (DamagedError, _NewerError) as error:
        why = "newer" if isinstance(error, _NewerError) else "broken"
        aside = set_aside(path, why)
        problem = f"{error}; it was kept as {aside.name} and a new log begun"
        return await _open(path), problem


def _touch(path: Path) -> None:
    """Make the file if there is none; SQLite would make it readable for everybody."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch(mode=0o600)
    except OSError as error:
        raise StorageError(f"{path}: {error.strerror}") from error


def set_aside(path: Path, why: str) -> Path:
    """Rename a database and the files that belong to it; returns the new name."""
    stamp = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime())
    aside = path.with_name(f"{path.name}.{why}-{stamp}")
    number = 1
    while aside.exists():
        number += 1
        aside = path.with_name(f"{path.name}.{why}-{stamp}-{number}")
    try:
        for suffix in ("-wal", "-shm", ""):
            part = path.with_name(path.name + suffix)
            if part.exists():
                part.rename(aside.with_name(aside.name + suffix))
    except OSError as error:
        raise StorageError(f"{path} is {why} and can't be renamed: {error.strerror}") from error
    return aside


async def _open(path: Path) -> Database:
    _touch(path)
    database = await Database.connect(path)
    try:
        await _prepare(database)
        await _migrate(database)
    except BaseException:
        await database.close()
        raise
    return database


async def _prepare(database: Database) -> None:
    for pragma in (
        "auto_vacuum = INCREMENTAL",  # first: only a file without tables takes it
        "journal_mode = WAL",
        "synchronous = NORMAL",
        "temp_store = MEMORY",
        "cache_size = -2048",  # 2 MiB: the leaves written within an hour, with room
        "journal_size_limit = 4194304",
    ):
        await database.rows(f"PRAGMA {pragma}")


async def _migrate(database: Database) -> None:
    version = await database.value("PRAGMA user_version")
    owner = await database.value("PRAGMA application_id")
    tables = await database.value("SELECT count(*) FROM sqlite_schema")
    if tables and owner != APPLICATION_ID:
        raise DamagedError(f"{database.path} is no query log of sinkhole")
    if version > len(MIGRATIONS):
        raise _NewerError(
            f"{database.path} has version {version}, this sinkhole knows {len(MIGRATIONS)}"
        )
    await database.define("digest", short_hash)
    for number, statements in enumerate(MIGRATIONS[version:], version + 1):
        async with database.transaction():
            for statement in statements:
                await database.rows(statement)
            await database.rows(f"PRAGMA application_id = {APPLICATION_ID}")
            await database.rows(f"PRAGMA user_version = {number}")
    await database.value("SELECT max(id) FROM query")  # a damaged file shows itself here
