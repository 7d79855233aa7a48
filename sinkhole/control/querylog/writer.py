"""The one task that writes: from the record buffer to rows, roll-ups and counters.

Records are taken in bites of BITE, because the event loop that takes them also answers queries.
All bites of most of a second go into one transaction, closed by the roll-ups: rows and roll-ups
never disagree, and `kill -9` loses the last second at most. Whatever fails here is shown and
tried again; it never reaches the DNS plane, which only ever appends to the buffer.

While nothing can be written, records wait in the buffer for a minute; after that they are counted
and given up as rows. The counts wait in `Unwritten` and are written with the next transaction.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

from sinkhole.control.database import DamagedError, Database
from sinkhole.control.querylog.backoff import Backoff
from sinkhole.control.querylog.list_names import ListNames
from sinkhole.control.querylog.log_file import LogFile
from sinkhole.control.querylog.placing import Placing
from sinkhole.control.querylog.row_builder import INSERT_ROWS, ROW_WIDTH, RowBuilder
from sinkhole.control.querylog.rule_texts import RuleTexts
from sinkhole.control.querylog.tail import Follower, Tails
from sinkhole.control.querylog.terms import LogTerms
from sinkhole.control.querylog.unwritten import Unwritten, count_by_minute
from sinkhole.control.querylog.upkeep import DELETE_PAUSE_S, Upkeep, loop_now
from sinkhole.control.stats import Counters, Rollups
from sinkhole.model.errors import StorageError
from sinkhole.model.record import Batch, RecordBuffer
from sinkhole.model.verdict import Cause

log = logging.getLogger(__name__)

COMMIT_S: Final = 0.7
"""The time between two transactions. With the pause and the work it stays below a second."""

BUSY_PAUSE_S: Final = 0.1
"""The time between two looks at the buffer while it fills quickly, and while somebody waits."""

FOLLOWED_PAUSE_S: Final = 0.2
"""The same while somebody follows what is asked; what is written is written no more often."""

BITE: Final = 2_000
"""Records taken at a time, half a millisecond's work."""

ROWS_A_STATEMENT: Final = 500
"""A prepared statement is kept with its parameters, half a kilobyte a row."""

HOLD_S: Final = 60.0
"""How long records wait for a log that can't be written; the locks of a backup are shorter."""


class Writer:
    """Drains one buffer into one database until it is told to stop.

    `backoff` says what is wrong now. `lost` counts queries that were counted but of which no row
    could be written. `is_usable` is False where no database can be had at all.
    """

    def __init__(
        self,
        path: Path,
        buffer: RecordBuffer,
        *,
        terms: LogTerms,
        rule_text: Callable[[Cause], str],
        rollups: Rollups,
        counters: Counters,
        list_sources: Callable[[], Mapping[str, str]] = dict,
        wall: Callable[[], float] = time.time,
        elapsed: Callable[[], float] | None = None,
    ) -> None:
        self.backoff = Backoff()
        self.upkeep = Upkeep(path, rollups, terms, wall, elapsed)
        self.tails = Tails()
        self.file = LogFile(path)
        self.lost = self.rows = self._written = self._untidy_rows = 0
        self._buffer = buffer
        self._terms = terms
        self._rules = RuleTexts(rule_text)
        self._lists = ListNames(list_sources)
        self._rollups = rollups
        self._counters = counters
        self._unwritten = Unwritten()
        self._builder: RowBuilder | None = None
        self._stopping = asyncio.Event()
        self._awake = asyncio.Event()
        buffer.on_first = self.upkeep.groups.on_renamed = self._awake.set
        self._is_open, self.is_usable = False, True
        self._taken: list[Batch] = []
        self._committed = 0.0

    async def open(self) -> None:
        """Open the database. Failing that, `backoff` says why, and `run` tries again.

        A file of an older version is left to `run`, as bringing it up to date may take minutes.
        """
        try:
            await self.file.look()
        except StorageError as error:
            self.is_usable = False  # nor will it ever be: only the counters are served
            self.backoff.report(str(error))
            return
        if not self.file.bringing:
            await self._try_to_connect()

    async def run(self) -> None:
        """Write until `stop`, and then what is left; close the database in any case."""
        try:
            if self.file.bringing:
                await self.file.bring_up_to_date(self._try_to_connect(), self._wait_for_file)
            busy = False
            while not self._stopping.is_set():
                busy = await self._round()
                await self._sleep()
                await self._pause(self._pause_s(busy))
            await self._round(last=True)
        except asyncio.CancelledError:
            # Something is running that takes too long. Not in the usual case: a connection that
            # was interrupted closes without folding its WAL into the file.
            await self.file.interrupt()
            raise
        finally:
            self.upkeep.give_up("the program ends", "it goes on at the next start")
            self.tails.close()
            await self._disconnect()

    def stop(self) -> None:
        """Let `run` write what is left and end."""
        self._stopping.set()
        self._awake.set()

    def lists_changed(self) -> None:
        """Read rule texts anew, and what lists are called."""
        self._rules.forget()
        self._lists.is_stale = True
        self._awake.set()

    def use(self, terms: LogTerms) -> None:
        """Go over to other terms, from the next record on."""
        self._terms = terms
        self._rollups.keep_s = terms.keep_statistics_s
        self.upkeep.use(terms)
        if self._builder is not None:
            self._builder.use(terms)
        self._awake.set()

    def wake(self) -> None:
        """Look soon at what the upkeep was asked for."""
        self._awake.set()

    def follow(self, limit: int) -> Follower:
        """Be told of every query from now on."""
        last_id = self._builder.last_id if self._builder is not None else 0
        return self.tails.open(limit, Placing(last_id), self._buffer.gone + self._buffer.batches)

    # ---- rounds ------------------------------------------------------------------------------

    def _pause_s(self, busy: bool) -> float:
        if busy or self.upkeep.is_busy:
            return DELETE_PAUSE_S if self.upkeep.is_busy else BUSY_PAUSE_S
        return FOLLOWED_PAUSE_S if self.tails else COMMIT_S

    async def _sleep(self) -> None:
        """Sleep while there is nothing to do: with nobody asking, the machine shall sleep too."""
        self._awake.clear()
        is_idle = not (self._is_open or self.backoff.failures or self.upkeep.is_busy)
        is_idle &= not (self.is_usable and (self._lists.is_stale or self.upkeep.is_stale))
        if self._stopping.is_set() or not is_idle or len(self._buffer):
            return
        with contextlib.suppress(TimeoutError):  # it is time to tidy
            async with asyncio.timeout_at(self.upkeep.next_tidy if self.is_usable else None):
                await self._awake.wait()

    async def _pause(self, seconds: float) -> None:
        with contextlib.suppress(TimeoutError):  # the usual end of a pause
            async with asyncio.timeout(seconds):
                await self._stopping.wait()

    async def _round(self, *, last: bool = False) -> bool:
        """Take what waits and, when it is time, commit; whether much was waiting."""
        if not self.is_usable:
            await self._show()
            self._only_count()
            return False
        if self.backoff.is_waiting and not last:
            await self._show()
            if self.backoff.failing_s > HOLD_S or len(self._buffer) > self._buffer.limit // 2:
                self._only_count()
            return False
        try:
            await self._make_sure()
            database, builder = self._opened()
            if not self._is_open and await self._lists.keep_up(database):
                builder.forget_lists()
            await self.upkeep.read_clock(database)
            busy = await self._take_all()
            await self._show()
            is_time = loop_now() - self._committed >= COMMIT_S
            if last or is_time or not (busy or self.tails):
                await self._commit()
                await self._between_transactions(last=last)
        except StorageError as error:
            await self._undo(error)
            return False
        except Exception as error:  # a bug may cost a second's rows, but not all from here on
            log.exception("query log: a bug")
            await self._undo(StorageError(f"{self.file.path}: {error!r}"))
            return False
        return busy

    async def _show(self) -> None:
        """Tell who follows of what came, whether it can be written or not."""
        if self.tails:
            known = self._builder.known_lists if self._builder is not None else {}
            await self.tails.show(self._buffer, self._rules, self._terms, known)

    async def _make_sure(self) -> None:
        """After a failure try whether writing works, before any record is staked on it."""
        if self.file.database is None:
            await self._connect()
        if self.backoff.failures:
            await self.file.prove_writable()

    # ---- the transaction ---------------------------------------------------------------------

    async def _take_all(self) -> bool:
        """Take all records that wait now into the transaction; whether they were many."""
        database, builder = self._opened()
        bites = -(-len(self._buffer) // BITE)
        if (bites or self._unwritten.counts) and not self._is_open:
            await database.begin()  # before anything is taken: only this can meet a lock
            self._is_open = True
        for _ in range(bites):
            batches = self._buffer.drain(BITE)
            self.tails.note(self._buffer.gone, batches)
            self._taken += batches
            builder.take(batches)
            await builder.settle(database)
            await self._write_rows(database, builder, at_least=BITE)
        return bites > 1

    async def _write_rows(self, database: Database, builder: RowBuilder, *, at_least: int) -> None:
        """Write whole statements' worth of rows; the rest stays for the next bite."""
        if not self._terms.enabled or self.upkeep.room.problem:
            builder.rows.clear()
            return
        values = await builder.take_rows(database, at_least)
        await database.insert(INSERT_ROWS, ROW_WIDTH, values, most=ROWS_A_STATEMENT)
        self.upkeep.outbox.note(values)
        self._written += len(values) // ROW_WIDTH

    async def _commit(self) -> None:
        """End the transaction, if there was anything to write."""
        self._committed = loop_now()
        if self._is_open:
            await self._write_counts()
        if not self.upkeep.room.problem:
            self.backoff.succeeded()

    async def _write_counts(self) -> None:
        database, builder = self._opened()
        await self._write_rows(database, builder, at_least=1)
        minutes = builder.collect()
        counted = [*self._unwritten.counts, *minutes]
        list_ids = await builder.list_ids(database, counted)
        added = await self._rollups.write(database, counted, list_ids)
        await self.upkeep.outbox.put(database, added)
        await database.rows(
            "UPDATE meta SET value = value + ? WHERE key = 'rows'", (self._written,)
        )
        await database.commit()
        self.upkeep.outbox.on_more()
        for counts in minutes:
            self._counters.add(counts)
        self._unwritten.clear()
        self.rows += self._written
        self._untidy_rows += self._written
        self._written, self._is_open = 0, False
        if self.upkeep.room.problem:
            self._lose(self._taken)
        self._taken = []

    async def _undo(self, error: StorageError) -> None:
        """Give up the transaction: its records are counted, and are lost as rows."""
        if self._builder is not None:
            self._builder.collect()
            self._builder.forget()
        self._count(self._taken)
        self._taken, self._written = [], 0
        self._is_open = False
        self.upkeep.give_up(str(error))
        try:
            if isinstance(error, DamagedError):
                await self._disconnect()
                await self.file.set_aside(error)
                await self._connect()
            elif self.file.database is not None:
                await self.file.database.rollback()
        except StorageError:
            await self._disconnect()  # the next attempt begins with a new connection
        self.backoff.failed(str(error))

    # ---- the rest of its life ----------------------------------------------------------------

    async def _between_transactions(self, *, last: bool) -> None:
        """Do what needs transactions of its own, for a bounded time."""
        database, builder = self._opened()
        if last:
            await self.upkeep.save_clock(database)
            return
        await self.upkeep.keep_up(database, builder.forget)
        if self.upkeep.deletions.is_busy:
            await self.upkeep.delete(database, builder.forget)
            self.rows = await self.file.count_rows()
        if self.upkeep.past.is_busy:
            self._untidy_rows += await self.upkeep.past.step(
                database, self._rules, self._terms, self._rollups, self._lists.source_of
            )
            await self._begin_anew(database)
            self.rows = await self.file.count_rows()
        if self.upkeep.is_due(self._untidy_rows):
            await self._tidy(database)

    async def _tidy(self, database: Database) -> None:
        """Look after the disk and retention."""
        upkeep, self._untidy_rows = self.upkeep, 0
        found = await upkeep.look()
        if upkeep.room.problem:
            self.backoff.report(upkeep.room.problem)
        elif not self.backoff.failures:
            self.backoff.succeeded()  # there is room again, also where nobody asks
        if found.inode != upkeep.inode:  # removed by somebody, to clear the log perhaps
            await self._disconnect()
            return
        await upkeep.tidy(database)
        self.rows = await self.file.count_rows()

    def _only_count(self) -> None:
        """Without a database there are still metrics."""
        while batches := self._buffer.drain(BITE):
            self.tails.note(self._buffer.gone, batches)
            self._count(batches)

    def _count(self, batches: list[Batch]) -> None:
        """Count what does not become rows."""
        minutes = count_by_minute(self._terms.privacy.counted(batches))
        for counts in minutes:
            self._counters.add(counts)
        if self.is_usable:
            self._unwritten.add(minutes)
        self._lose(batches)

    def _lose(self, batches: list[Batch]) -> None:
        if self._terms.enabled:
            self.lost += sum(len(batch.records) for batch in batches)

    def _opened(self) -> tuple[Database, RowBuilder]:
        if self.file.database is None or self._builder is None:
            raise StorageError(f"{self.file.path} is not open")
        return self.file.database, self._builder

    # ---- opening and closing -----------------------------------------------------------------

    def _wait_for_file(self) -> bool:
        """See to it that statistics lose nothing meanwhile; whether to stop."""
        if len(self._buffer) > self._buffer.limit // 2:
            self._only_count()
        return self._stopping.is_set()

    async def _try_to_connect(self) -> None:
        try:
            await self._connect()
        except StorageError as error:
            await self._undo(error)

    async def _connect(self) -> None:
        database = await self.file.open(self.upkeep.retention.wal_bytes)
        self.upkeep.inode = (await self.upkeep.look()).inode
        await self._begin_anew(database)
        self._lists.is_stale = True
        await self.upkeep.begin(database)
        self.rows = await self.file.count_rows()

    async def _begin_anew(self, database: Database) -> None:
        """Go on with the numbers that the database has now."""
        self._builder = await RowBuilder.load(
            database, self._rules, self._terms, self._lists.source_of
        )

    async def _disconnect(self) -> None:
        self._builder = None
        self._is_open = False
        await self.file.close()
