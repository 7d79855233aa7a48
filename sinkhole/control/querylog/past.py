"""Queries that another server answered, taken into the log at their own times, each of them once.

They come in slices. With the rows of a slice it is written down how far its source was taken: so
who is interrupted goes on where it was, and nothing is taken twice. Rows that are older than the
log keeps them are counted all the same, as long as statistics are kept.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Callable, Sequence
from math import inf
from typing import Any, Final, NamedTuple

from sinkhole.control.database import Database
from sinkhole.control.querylog.dictionary import Dictionaries
from sinkhole.control.querylog.foreign import ForeignSlice
from sinkhole.control.querylog.outbox import Outbox
from sinkhole.control.querylog.placing import Placing
from sinkhole.control.querylog.row_builder import INSERT_ROWS, ROW_WIDTH, RowBuilder
from sinkhole.control.querylog.rule_texts import RuleTexts
from sinkhole.control.querylog.terms import LogTerms
from sinkhole.control.stats import Rollups
from sinkhole.control.stats.minute_counts import by_hour
from sinkhole.control.stats.spans import DETAIL_S
from sinkhole.model.errors import RequestError, StorageError
from sinkhole.model.record import Batch, Who

MOST_SLICES: Final = 4
"""Slices that wait; who has more waits for one to be written."""

BITE: Final = 100
"""Records whose rows are made at a time, a few milliseconds' work of the event loop."""

AHEAD_S: Final = 60.0
"""Queries that are later than now by more are of a clock that was wrong."""

_KEY: Final = "taken "

Rows = Callable[[str, Sequence[Any]], Any]


class PastSlice(NamedTuple):
    """Some queries of a source, with the place in it up to which all are taken with these."""

    source: str
    position: int
    batches: list[Batch]


class PastTerms:
    """Which queries of the past count: rows from one moment on, and counts from another one."""

    def __init__(self, terms: LogTerms, now_s: float) -> None:
        self._rows_since_s = now_s - terms.keep_s if terms.enabled else inf
        self._counts_since_s = min(now_s - terms.keep_statistics_s, self._rows_since_s)
        self._until_s = now_s + AHEAD_S
        self._counted: dict[str, Who] = {}

    def sorted_out(self, batches: list[Batch]) -> list[Batch]:
        """What is kept of these; of what is too old for a row only that it counts."""
        return [
            each if each.time_s >= self._rows_since_s else self._without_row(each)
            for each in batches
            if self._counts_since_s <= each.time_s <= self._until_s
        ]

    def has_row(self, batch: Batch) -> bool:
        """Whether what is kept of it is more than counts."""
        return batch.time_s >= self._rows_since_s

    def _without_row(self, batch: Batch) -> Batch:
        return batch._replace(records=[(said, self._quiet(who)) for said, who in batch.records])

    def _quiet(self, who: Who) -> Who:
        if who.text not in self._counted:
            telling = who.telling._replace(rows=False)
            self._counted[who.text] = Who(who.text, who.device, who.group, telling)
        return self._counted[who.text]


async def taken_up_to(rows: Rows, source: str) -> int:
    """The place in a source up to which it was taken, 0 where nothing was; StorageError."""
    found = await rows("SELECT value FROM meta WHERE key = ?", (_KEY + source,))
    return int(found[0][0]) if found else 0


class Past:
    """The slices that wait for one database; `step` writes one, between two transactions."""

    def __init__(self, outbox: Outbox, wall: Callable[[], float] = time.time) -> None:
        self._outbox = outbox
        self._wall = wall
        self._waiting: deque[tuple[PastSlice | ForeignSlice, asyncio.Future[int]]] = deque()

    @property
    def is_busy(self) -> bool:
        """Whether there is something to write."""
        return bool(self._waiting)

    def want(self, piece: PastSlice | ForeignSlice) -> asyncio.Future[int]:
        """Have a slice written; the future tells how many rows that made."""
        if len(self._waiting) >= MOST_SLICES:
            raise RequestError("too_many", "log.past", "queries of others are being taken already")
        future: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        self._waiting.append((piece, future))
        return future

    def give_up(self, why: str) -> None:
        """Nobody needs to wait any longer, and nothing that waited will be written."""
        while self._waiting:
            _fail(self._waiting.popleft()[1], StorageError(f"{why}: not all was taken"))

    async def step(
        self,
        database: Database,
        rules: RuleTexts,
        terms: LogTerms,
        rollups: Rollups,
        source_of: Callable[[str], str],
    ) -> int:
        """Write the next slice, in a transaction; how many rows. Numbers of names and of all else
        that repeats are given out: who remembers any has to ask the database anew."""
        piece, future = self._waiting[0]
        writing = _Writing(database, rules, terms, self._wall(), self._outbox)
        try:
            async with database.transaction():
                if isinstance(piece, ForeignSlice):
                    rows = await piece.write(database, rollups)
                else:
                    await writing.load(source_of)
                    rows = await writing.write(piece, rollups)
        except StorageError as error:
            self._waiting.popleft()
            _fail(future, error)
            raise
        self._waiting.popleft()
        if not future.done():
            future.set_result(rows)
        return rows


class _Writing:
    """One slice on its way into the database."""

    def __init__(
        self, database: Database, rules: RuleTexts, terms: LogTerms, now_s: float, outbox: Outbox
    ) -> None:
        self._database = database
        self._rules = rules
        self._terms = terms
        self._now_s = now_s
        self._outbox = outbox
        self.rows = 0

    async def load(self, source_of: Callable[[str], str]) -> None:
        """Begin where the database ends; times are free to go back from there."""
        newest = await self._database.value("SELECT max(id) FROM query") or 0
        values = await Dictionaries.load(self._database, source_of)
        placing = Placing(newest)
        placing.last_id = 0
        self._builder = RowBuilder(values, self._rules, self._terms, placing)

    async def write(self, piece: PastSlice, rollups: Rollups) -> int:
        """Rows, counts, and how far the source is taken; how many rows."""
        database, builder = self._database, self._builder
        for start in range(0, len(piece.batches), BITE):
            builder.take(piece.batches[start : start + BITE])
            await builder.settle(database)
            values = await builder.take_rows(database)
            if self._terms.enabled:
                await database.insert(INSERT_ROWS, ROW_WIDTH, values)
                self._outbox.note(values)
                self.rows += len(values) // ROW_WIDTH
        minutes = by_hour(builder.collect(), self._now_s - DETAIL_S)
        list_ids = await builder.list_ids(database, minutes)
        await self._outbox.put(database, await rollups.write(database, minutes, list_ids))
        await database.rows("UPDATE meta SET value = value + ? WHERE key = 'rows'", (self.rows,))
        await database.rows(
            "INSERT INTO meta VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value",
            (_KEY + piece.source, piece.position),
        )
        return self.rows


def _fail(future: asyncio.Future[int], error: StorageError) -> None:
    if not future.done():
        future.set_exception(error)
        future.exception()  # who no longer waits need not be told
