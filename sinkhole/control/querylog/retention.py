"""Keeping querylog.db within its age and its size, in steps too small to hold up the writer.

By age, rows go when they are older than `keep_s` by the trusted clock (`model/clock.py`), so that
none goes because a clock jumped. By size, the oldest hour goes, rows and the detail of its
roll-ups alike, until file and WAL fit; then the pages that became free are handed back to the file
system (auto_vacuum INCREMENTAL), so that the file really shrinks. The other roll-ups stay as long
as statistics are kept, whatever room they leave for rows.

What a clock left that was ahead would push out all that is asked from now on: by size, it goes
first. But not what is only later than a clock which is behind: rows from before the time that was
trusted until the clock was set back are the real ones, and it is the oldest hour that goes.

Dictionary values go when nothing can refer to them any more: each knows the last hour it was
used in, and all that refers to it is at most as old.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from sinkhole.control.database import Database
from sinkhole.control.querylog.hour_index import index_hour
from sinkhole.control.querylog.placing import HOUR_US
from sinkhole.control.querylog.schema import WAL_BYTES
from sinkhole.control.stats import Rollups
from sinkhole.model.clock import Spell, expired

ROWS_A_STEP: Final = 5_000
PAGES_A_STEP: Final = 500
VALUES_A_STEP: Final = 5_000

ROW_BYTES: Final = 23
"""What a row takes on the disk, as measured; what it refers to counts as the roll-ups' do."""

MOST_FOR_STATISTICS: Final = 0.75
"""The share of its size from which on a full log says that it has hardly any room for rows."""

SHARE_BETWEEN: Final = 1 / 64
"""How much of the largest size may be written between steps."""

SWEEP_EVERY_S: Final = 6 * 3600
"""How often the dictionaries are swept; besides, after each step against a file too big."""


_FOLLOWING: Final = {
    "name": "client",
    "client": "account",
    "account": "answer",
    "answer": "list",
    "list": "",
}
"""The dictionaries in the order in which they are swept."""
_ROLLED_UP: Final = frozenset({"name", "client", "list"})


class Retention:
    """The steps that keep one database small; `step` does one of them, in its own transaction.

    `max_size_bytes` is for the file and the `wal_bytes` that its WAL may take. `problem` says that
    the roll-ups leave hardly any room for rows, `rows_between` after how many rows it is time for
    steps, however short ago the last ones were.
    """

    def __init__(self, rollups: Rollups, keep_s: float, max_size_bytes: int) -> None:
        self._rollups = rollups
        self.problem: str | None = None
        self._rows_were_cut = False
        self._next_sweep_s = 0.0
        self._sweep_table = ""
        self._sweep_from = 0
        self.use(keep_s, max_size_bytes)

    def use(self, keep_s: float, max_size_bytes: int) -> None:
        """Keep rows for so long, and all of it within so many bytes, from the next step on."""
        self._keep_s = keep_s
        self.max_size_bytes = max_size_bytes
        self.wal_bytes = min(WAL_BYTES, max_size_bytes // 8)
        self.rows_between = max(ROWS_A_STEP, int(max_size_bytes * SHARE_BETWEEN / ROW_BYTES))

    async def step(
        self,
        database: Database,
        now_s: float,
        *,
        wall_s: float | None = None,
        known_s: float = 0.0,
        spells: Sequence[Spell] = (),
    ) -> bool:
        """Do the most pressing bit of work, a few ms of it; whether there is more to do now.

        `now_s` is what is trusted to be past, 0 while nothing is: then nothing goes by age.
        `wall_s` is what the wall shows, if that is something else, `known_s` and `spells` are the
        clock's.
        """
        wall_s = now_s if wall_s is None else wall_s
        for start_s, stop_s in expired(spells, now_s - self._keep_s, wall_s):
            start, stop = int(max(start_s, 0) * 1e6), int(stop_s * 1e6)
            found = "SELECT min(id) FROM query WHERE id >= ? AND id < ?"
            if await database.value(found, (start, stop)) is not None:
                return await self._drop_rows(database, stop, start)
        oldest = await database.value("SELECT min(id) FROM query")
        pressed, spare = await self._measure(database)
        self._rows_were_cut |= pressed
        oldest_row_s = wall_s if oldest is None else oldest / 1e6
        async with database.transaction():
            if await self._rollups.tidy(database, now_s, oldest_row_s, pressed=pressed):
                return True
            if await index_hour(database, now_s):
                return True
        if await self._sweep(database, now_s or wall_s):
            return True
        if pressed and oldest is not None:
            self._next_sweep_s = 0.0
            if await self._drop_future(database, max(wall_s, known_s)):
                return True
            return await self._drop_rows(database, (oldest // HOUR_US + 1) * HOUR_US)
        if spare:
            await database.release_free_memory(PAGES_A_STEP)
        else:
            await self._judge(database)
        return spare

    async def _measure(self, database: Database) -> tuple[bool, bool]:
        """Whether what is in use is too much, and whether free pages should be handed back."""
        if await asyncio.to_thread(wal_size, database.path) > self.wal_bytes:
            await database.empty_wal()
        page_bytes = await database.value("PRAGMA page_size")
        pages = await database.value("PRAGMA page_count")
        free = await database.value("PRAGMA freelist_count")
        room = (self.max_size_bytes - self.wal_bytes) // page_bytes
        # Free pages are used again by the next rows: only many of them are worth moving others.
        spare = free > 0 and (pages > room or free > PAGES_A_STEP + pages // 8)
        return pages - free > room, spare

    async def _judge(self, database: Database) -> None:
        """Whether roll-ups and dictionaries leave room for rows, once size has made some go."""
        self.problem = None
        if not self._rows_were_cut:
            return
        sizes = "SELECT page_size * (page_count - freelist_count), value * ? FROM meta"
        sizes += ", pragma_page_size, pragma_page_count, pragma_freelist_count WHERE key = 'rows'"
        used, rows = (await database.rows(sizes, (ROW_BYTES,)))[0]
        if used - rows > MOST_FOR_STATISTICS * self.max_size_bytes:
            self.problem = (
                f"statistics take {(used - rows) / (1 << 20):.1f} MiB of query_log.max_size "
                f"({self.max_size_bytes / (1 << 20):.1f} MiB), so the log can keep few queries: "
                "set a larger max_size, or a shorter stats.keep"
            )

    async def _drop_rows(self, database: Database, before: int, start: int = 0) -> bool:
        edge = await database.value(
            "SELECT id FROM query WHERE id >= ? ORDER BY id LIMIT 1 OFFSET ?", (start, ROWS_A_STEP)
        )
        before = before if edge is None else min(edge, before)
        async with database.transaction():
            await database.rows("DELETE FROM query WHERE id >= ? AND id < ?", (start, before))
            await database.rows("UPDATE meta SET value = value - changes() WHERE key = 'rows'")
        return True

    async def _drop_future(self, database: Database, now_s: float) -> bool:
        """Drop a part of the first hour that is more than an hour later; whether there was any."""
        edge = (int(now_s * 1e6) // HOUR_US + 2) * HOUR_US
        row = await database.value("SELECT min(id) FROM query WHERE id >= ?", (edge,))
        found = "SELECT min(start) FROM by_name WHERE start >= ?"
        hour = await database.value(found, (edge // 1_000_000,))
        if hour is not None and (row is None or hour < row // HOUR_US * 3600):
            async with database.transaction():  # all rows of this hour are gone
                await database.rows(
                    "DELETE FROM by_name WHERE start = ? AND name IN"
                    " (SELECT name FROM by_name WHERE start = ? LIMIT ?)",
                    (hour, hour, VALUES_A_STEP),
                )
            return True
        if row is None:
            return False
        return await self._drop_rows(database, (row // HOUR_US + 1) * HOUR_US, row)

    async def _sweep(self, database: Database, now_s: float) -> bool:
        """Remove what is not referred to among the next few values; True until all are seen."""
        if not self._sweep_table:
            if self._next_sweep_s - SWEEP_EVERY_S <= now_s < self._next_sweep_s:
                return False
            self._sweep_table, self._sweep_from = "name", 0
            self._next_sweep_s = now_s + SWEEP_EVERY_S
        table = self._sweep_table
        last = await database.value(
            f"SELECT max(id) FROM (SELECT id FROM {table} WHERE id > ? ORDER BY id LIMIT ?)",
            (self._sweep_from, VALUES_A_STEP),
        )
        if last is None:
            self._sweep_table, self._sweep_from = _FOLLOWING[table], 0
            return self._sweep_table != ""
        unused = "seen < ?"
        if table == "name":
            unused += " AND NOT EXISTS (SELECT 1 FROM by_day WHERE by_day.name = name.id)"
        elif table == "list":  # an account names it for as long as it is there itself
            unused += " AND NOT EXISTS (SELECT 1 FROM account WHERE account.list = list.id)"
        async with database.transaction():
            await database.rows(
                f"DELETE FROM {table} WHERE id > ? AND id <= ? AND {unused}",
                (self._sweep_from, last, await _oldest_use(database, table, now_s)),
            )
        self._sweep_from = last
        return True


async def _oldest_use(database: Database, table: str, now_s: float) -> int:
    """The oldest hour in which something refers to a value of a dictionary."""
    starts = [int(now_s) // 3600 * 3600]
    row = await database.value("SELECT min(id) FROM query")
    if row is not None:
        starts.append(row // HOUR_US * 3600)
    if table in _ROLLED_UP:
        rollup = await database.value(f"SELECT min(start) FROM by_{table}")
        if rollup is not None:
            starts.append(rollup)
    return min(starts)


def wal_size(path: Path) -> int:
    """The bytes of a database's write-ahead log, 0 if there is none."""
    try:
        return path.with_name(path.name + "-wal").stat().st_size
    except OSError:
        return 0
