"""The tables of querylog.db, and how the file is opened, brought up to date or set aside.

One row of `query` is one answered query: eight small integers, no index. Everything that repeats
stands once in the dictionaries `name`, `client`, `account`, `answer` and `list`. The roll-ups
(`total` and all that follow it) count queries by time; they are written in the same transaction
as the rows they count, so they serve as the index too: they tell which hours have rows of a
client or name, and only those are read. `sinkhole.control.stats` writes and reads the roll-ups,
`querylog` everything else.

All times are whole seconds since 1970 at which a minute, an hour or a day begins, except
`query.id`: microseconds since 1970, made strictly increasing by the writer.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Final

from sinkhole.control.database import (
    DamagedError,
    Database,
    NewerError,
    Schema,
    migrate,
    version_of,
)
from sinkhole.control.querylog.aside import set_aside
from sinkhole.control.querylog.dictionary import short_hash
from sinkhole.control.querylog.restored import take_up
from sinkhole.model.errors import StorageError
from sinkhole.model.files import PRIVATE, make_file, make_folder

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
    (
        # How a query came, a place in `model/record.TRANSPORTS`. Versions before this one did not
        # tell TCP from UDP: all of theirs counts as UDP, so that a search finds it.
        "ALTER TABLE query ADD COLUMN transport INTEGER NOT NULL DEFAULT 0",
        "CREATE TABLE by_transport (start INTEGER, transport INTEGER, count INTEGER NOT NULL,"
        " PRIMARY KEY (start, transport)) WITHOUT ROWID",
        "INSERT INTO by_transport SELECT start / 3600 * 3600, 0, sum(count) FROM total GROUP BY 1",
    ),
    (
        # Lists by number: one renamed keeps its history. `source` is the id of a subscription, or
        # "=" and the name of what has none, such as own rules; so are all those of versions before
        # this one, until the name is one of a subscription. 0 stands for no list.
        "CREATE TABLE list (id INTEGER PRIMARY KEY, source TEXT NOT NULL UNIQUE,"
        " name TEXT NOT NULL, seen INTEGER NOT NULL)",
        "INSERT INTO list (source, name, seen) SELECT '=' || list, list, max(seen) FROM"
        " (SELECT list, seen FROM account UNION ALL SELECT list, start FROM by_list)"
        " WHERE list <> '' GROUP BY list",
        "CREATE TABLE counted (id INTEGER PRIMARY KEY, digest INTEGER NOT NULL UNIQUE,"
        " qtype INTEGER NOT NULL, rcode INTEGER NOT NULL, outcome INTEGER NOT NULL,"
        " list INTEGER NOT NULL, line INTEGER NOT NULL, rule TEXT NOT NULL,"
        " allowed INTEGER NOT NULL, policy_group TEXT NOT NULL, hop TEXT NOT NULL,"
        " upstream TEXT NOT NULL, detail TEXT NOT NULL, seen INTEGER NOT NULL)",
        "INSERT INTO counted SELECT a.id, digest, qtype, rcode, outcome, coalesce(l.id, 0), line,"
        " rule, allowed, policy_group, hop, upstream, detail, a.seen"
        " FROM account AS a LEFT JOIN list AS l ON l.source = '=' || a.list",
        "DROP TABLE account",
        "ALTER TABLE counted RENAME TO account",
        "CREATE TABLE listed (start INTEGER, list INTEGER, count INTEGER NOT NULL,"
        " PRIMARY KEY (start, list)) WITHOUT ROWID",
        "INSERT INTO listed SELECT start, l.id, count FROM by_list AS b"
        " JOIN list AS l ON l.source = '=' || b.list",
        "DROP TABLE by_list",
        "ALTER TABLE listed RENAME TO by_list",
        # What was answered, see `answers`; `original` is what an upstream had said, where that was
        # refused. A query without a known answer has 0.
        "CREATE TABLE answer (id INTEGER PRIMARY KEY, digest INTEGER NOT NULL UNIQUE,"
        " given BLOB NOT NULL, original BLOB, seen INTEGER NOT NULL)",
        "ALTER TABLE query ADD COLUMN answer INTEGER NOT NULL DEFAULT 0",
        # Who answered; 0 is this very sinkhole.
        "CREATE TABLE node (id INTEGER PRIMARY KEY, name TEXT NOT NULL)",
        "INSERT INTO node VALUES (0, '')",
        "ALTER TABLE query ADD COLUMN node INTEGER NOT NULL DEFAULT 0",
        # The sum of durations, of as many queries as are `timed`: all since this version.
        "ALTER TABLE total ADD COLUMN timed INTEGER NOT NULL DEFAULT 0",
        "ALTER TABLE total ADD COLUMN sum_us INTEGER NOT NULL DEFAULT 0",
        # Statistics begin here: what is older was reset.
        "INSERT INTO meta VALUES ('reset', 0)",
        # What `hour_index` notes of the hours before `indexed`: which accounts they have, and what
        # goes together of clients, types and transports.
        "CREATE TABLE by_account (start INTEGER, account INTEGER, clients INTEGER NOT NULL,"
        " PRIMARY KEY (start, account)) WITHOUT ROWID",
        "ALTER TABLE by_name ADD COLUMN clients INTEGER NOT NULL DEFAULT 0",
        "ALTER TABLE by_name ADD COLUMN types INTEGER NOT NULL DEFAULT 0",
        "ALTER TABLE by_client ADD COLUMN transports INTEGER NOT NULL DEFAULT 0",
        "INSERT INTO meta VALUES ('indexed', 0)",
        # What somebody wants deleted and is not all gone yet: what of (`kind`), which, and up to
        # which row.
        "CREATE TABLE deletion (id INTEGER PRIMARY KEY, kind TEXT NOT NULL, value TEXT NOT NULL,"
        " through INTEGER NOT NULL)",
    ),
    (
        # Clients by address or id, device and group: an address that goes over to another device
        # takes no history along. Versions before this one knew no devices, and one group only.
        "CREATE TABLE asker (id INTEGER PRIMARY KEY, digest INTEGER NOT NULL UNIQUE,"
        " text TEXT NOT NULL, device TEXT NOT NULL, policy_group TEXT NOT NULL,"
        " seen INTEGER NOT NULL)",
        "INSERT INTO asker SELECT id, digest(text || char(10, 10) || 'default'), text, '',"
        " 'default', seen FROM client",
        "DROP TABLE client",
        "ALTER TABLE asker RENAME TO client",
        # The last hour with rows that statistics do not count: up to it, counts do not tell what
        # rows there are.
        "INSERT INTO meta VALUES ('uncounted', (SELECT value FROM meta WHERE key = 'reset'))",
    ),
    (
        # What has to be sent to a database that several share, see `outbox`: there `outbox` of meta
        # tells its count of batches from that of other files, and is 0 where none are kept.
        "CREATE TABLE outbox (number INTEGER PRIMARY KEY AUTOINCREMENT, kind TEXT NOT NULL,"
        " rows INTEGER NOT NULL, content BLOB NOT NULL)",
        "INSERT INTO meta VALUES ('outbox', 0)",
    ),
)
"""One tuple of statements for each version of the file (PRAGMA user_version). Only ever add."""


WAL_BYTES: Final = 4 << 20
"""How large the write-ahead log may grow before it is folded into the file, unless told."""


Watch = Callable[[Database, int, int], None]
"""Told how many statements are done of how many, while a file is brought up to date."""


async def is_outdated(path: Path) -> bool:
    """Whether a file is there that has to be brought up to date before it can be used."""
    if not await asyncio.to_thread(path.exists):
        return False
    try:
        database = await Database.connect(path, read_only=True)
        try:
            return 0 < await version_of(database, _schema()) < len(MIGRATIONS)
        finally:
            await database.close()
    except StorageError:
        return False  # opening it says what is wrong


async def open_database(
    path: Path, wal_bytes: int = WAL_BYTES, watch: Watch | None = None
) -> tuple[Database, str | None]:
    """Open querylog.db for writing, made or brought up to date as needed.

    A damaged file, or one of a newer sinkhole, is set aside under a new name and a fresh one
    begun; the second value then says so. Raises StorageError if the folder can't be written or
    the database is locked.
    """
    await asyncio.to_thread(take_up, path)
    try:
        return await _open(path, wal_bytes, watch), None
    except (DamagedError, NewerError) as error:
        why = "newer" if isinstance(error, NewerError) else "broken"
        aside = await asyncio.to_thread(set_aside, path, why)
        problem = f"{error}; it was kept as {aside.name} and a new log begun"
        return await _open(path, wal_bytes, watch), problem


async def check_file(path: Path) -> None:
    """StorageError where a file is no log that can be used here; nothing of it is changed."""
    database = await Database.connect(path, read_only=True)
    try:
        await version_of(database, Schema("query log", APPLICATION_ID, MIGRATIONS))
        await database.check()
    finally:
        await database.close()


def _touch(path: Path) -> None:
    """Make the file if there is none; SQLite would make it readable for everybody."""
    try:
        make_folder(path.parent)
        make_file(path, PRIVATE)
    except OSError as error:
        raise StorageError(f"{path}: {error.strerror}") from error


async def _open(path: Path, wal_bytes: int, watch: Watch | None) -> Database:
    await asyncio.to_thread(_touch, path)
    database = await Database.connect(path)
    try:
        await _prepare(database, wal_bytes)
        await _migrate(database, watch)
    except BaseException:
        await database.close()
        raise
    return database


async def _prepare(database: Database, wal_bytes: int) -> None:
    for pragma in (
        "auto_vacuum = INCREMENTAL",  # first: only a file without tables takes it
        "journal_mode = WAL",
        "synchronous = NORMAL",
        "temp_store = MEMORY",
        "cache_size = -2048",  # 2 MiB: the leaves written within an hour, with room
        f"journal_size_limit = {wal_bytes}",
    ):
        await database.rows(f"PRAGMA {pragma}")
    # A transaction more fits in before the limit is reached.
    pages = wal_bytes * 3 // 4 // int(await database.value("PRAGMA page_size"))
    await database.rows(f"PRAGMA wal_autocheckpoint = {max(1, pages)}")


def _schema() -> Schema:
    return Schema("query log", APPLICATION_ID, MIGRATIONS)


async def _migrate(database: Database, watch: Watch | None) -> None:
    await database.define("digest", short_hash)
    await migrate(database, _schema(), partial(watch, database) if watch else None)
    await database.value("SELECT max(id) FROM query")  # a damaged file shows itself here
