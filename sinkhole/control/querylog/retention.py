"""Keeping querylog.db within its age and its size, in steps too small to hold up the writer.

By age, rows go when they are older than `keep_s` by the trusted clock (`model/clock.py`), so that
none goes because a clock jumped. By size, the oldest hour goes, rows and the
detail of its roll-ups alike, until the file fits; then the pages that became free are handed back
to the file system (auto_vacuum INCREMENTAL), so that the file really shrinks.

Dictionary values go when nothing can refer to them any more: each knows the last hour it was
used in, and all that refers to it is at most as old.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from sinkhole.control.database import Database
from sinkhole.control.querylog.row_builder import HOUR_US
from sinkhole.control.stats import Rollups
from sinkhole.model.clock import Spell, expired

ROWS_A_STEP: Final = 5_000
PAGES_A_STEP: Final = 500
VALUES_A_STEP: Final = 5_000

SWEEP_EVERY_S: Final = 6 * 3600
"""How often the dictionaries are swept; besides, after each step against a file too big."""


class Retention:
    """The steps that keep one database small; `step` does one of them, in its own transaction."""

    def __init__(self, rollups: Rollups, keep_s: float, max_size_bytes: int) -> None:
        self._rollups = rollups
        self._keep_s = keep_s
        self._max_size_bytes = max_size_bytes
        self._next_sweep_s = 0.0
        self._sweep_table = ""
        self._sweep_from = 0

    async def step(
        self,
        database: Database,
        now_s: float,
        *,
        wall_s: float | None = None,
        spells: Sequence[Spell] = (),
    ) -> bool:
        """Do the most pressing bit of work, a few ms of it; whether there is more to do now.

        `now_s` is what is trusted to be past, 0 while nothing is: then nothing goes by age.
        `wall_s` is what the wall shows, if that is something else, `spells` the clock's.
        """
        wall_s = now_s if wall_s is None else wall_s
        for start_s, stop_s in expired(spells, now_s - self._keep_s, wall_s):
            start, stop = int(max(start_s, 0) * 1e6), int(stop_s * 1e6)
            found = "SELECT min(id) FROM query WHERE id >= ? AND id < ?"
            if await database.value(found, (start, stop)) is not None:
                return await self._drop_rows(database, stop, start)
        oldest = await database.value("SELECT min(id) FROM query")
        pressed, spare = await self._measure(database)
        oldest_row_s = wall_s if oldest is None else oldest / 1e6
        async with database.transaction():
            if await self._rollups.tidy(database, now_s, oldest_row_s, pressed=pressed):
                return True
        if await self._sweep(database, now_s or wall_s):
            return True
        if pressed and oldest is not None:
            self._next_sweep_s = 0.0
            return await self._drop_rows(database, (oldest // HOUR_US + 1) * HOUR_US)
        if spare:
            await database.release_free_memory(PAGES_A_STEP)
        return spare

    async def _measure(self, database: Database) -> tuple[bool, bool]:
        """Whether what is in use is too much, and whether free pages should be handed back."""
        page_bytes = await database.value("PRAGMA page_size")
        pages = await database.value("PRAGMA page_count")
        free = await database.value("PRAGMA freelist_count")
        wal_bytes = wal_size(database.path)
        if wal_bytes and pages * page_bytes + wal_bytes > self._max_size_bytes:
            await database.rows("PRAGMA wal_checkpoint(TRUNCATE)")
            wal_bytes = wal_size(database.path)
        room = (self._max_size_bytes - wal_bytes) // page_bytes
        # Free pages are used again by the next rows: only many of them are worth moving others.
        spare = free > 0 and (pages > room or free > PAGES_A_STEP + pages // 8)
        return pages - free > room, spare

    async def _drop_rows(self, database: Database, before: int, start: int = 0) -> bool:
        edge = await database.value(
            "SELECT id FROM query WHERE id >= ? ORDER BY id LIMIT 1 OFFSET ?", (start, ROWS_A_STEP)
        )
        before = before if edge is None else min(edge, before)
        async with database.transaction():
            await database.rows("DELETE FROM query WHERE id >= ? AND id < ?", (start, before))
            await database.rows("UPDATE meta SET value = value - changes() WHERE key = 'rows'")
        return True

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
            following = {"name": "client", "client": "account", "account": ""}
            self._sweep_table, self._sweep_from = following[table], 0
            return self._sweep_table != ""
        unused = "seen < ?"
        if table == "name":
            unused += " AND NOT EXISTS (SELECT 1 FROM by_day WHERE by_day.name = name.id)"
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
    if table != "account":
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
