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
import logging
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

from sinkhole.control.database import DamagedError, Database
from sinkhole.control.querylog.aside import set_aside
from sinkhole.control.querylog.backoff import Backoff
from sinkhole.control.querylog.disk import Found, Room, look, refuse_network
from sinkhole.control.querylog.kept_clock import elapsed_clock, load_clock, save_clock
from sinkhole.control.querylog.retention import Retention
from sinkhole.control.querylog.row_builder import INSERT_ROWS, ROW_WIDTH, RowBuilder
from sinkhole.control.querylog.schema import APPLICATION_ID, open_database
from sinkhole.control.querylog.unwritten import Unwritten, count_by_minute
from sinkhole.control.stats import Counters, Rollups
from sinkhole.model.clock import TrustedClock
from sinkhole.model.errors import StorageError
from sinkhole.model.record import Batch, RecordBuffer
from sinkhole.model.verdict import Cause

log = logging.getLogger(__name__)

COMMIT_S: Final = 0.7
"""The time between two transactions. With the pause and the work it stays below a second."""

BUSY_PAUSE_S: Final = 0.1
"""The time between two looks at the buffer while it fills quickly."""

BITE: Final = 2_000
"""Records taken at a time, half a millisecond's work."""

ROWS_A_STATEMENT: Final = 500
"""A prepared statement is kept with its parameters, half a kilobyte a row."""

HOLD_S: Final = 60.0
"""How long records wait for a log that can't be written; the locks of a backup are shorter."""

SAVE_CLOCK_S: Final = 600.0
"""How often what is known of the clock is written down, unless it was set: for the disk's sake."""

TIDY_EVERY_S: Final = 60.0
TIDY_S: Final = 0.2
"""The longest time spent on retention between two transactions."""


class Writer:
    """Drains one buffer into one database until it is told to stop.

    `backoff` says what is wrong now; `problem` that a file was set aside. `lost` counts queries
    that were counted but of which no row could be written. `files` counts the files there have
    been, and `size_bytes` is what the log took on the disk at the last look.
    """

    def __init__(
        self,
        path: Path,
        buffer: RecordBuffer,
        *,
        enabled: bool,
        keep_s: float,
        max_size_bytes: int,
        rule_text: Callable[[Cause], str],
        rollups: Rollups,
        counters: Counters,
        wall: Callable[[], float] = time.time,
        elapsed: Callable[[], float] | None = None,
    ) -> None:
        self.backoff = Backoff()
        self.problem: str | None = None
        self.lost = self.rows = self.files = self.size_bytes = 0
        self._path = path
        self._buffer = buffer
        self._enabled = enabled
        self._rule_text = rule_text
        self._rollups = rollups
        self._counters = counters
        self._retention = Retention(rollups, keep_s, max_size_bytes)
        self._room = Room()
        self._unwritten = Unwritten()
        self._keep_s = keep_s
        self._wall = wall
        self._elapsed = elapsed_clock() if elapsed is None else elapsed
        self._clock: TrustedClock | None = None
        self._database: Database | None = None
        self._builder: RowBuilder | None = None
        self._stopping = asyncio.Event()
        self._awake = asyncio.Event()
        buffer.on_first = self._awake.set
        self._is_open = False
        self._is_usable = True
        self._taken: list[Batch] = []
        self._inode = self._written = self._untidy_rows = 0
        self._committed = self._next_tidy = self._next_save = 0.0

    @property
    def size_problem(self) -> str | None:
        """That the roll-ups leave hardly any room for rows."""
        return self._retention.problem

    async def open(self) -> None:
        """Open the database. Failing that, `backoff` says why, and `run` tries again."""
        try:
            await asyncio.to_thread(refuse_network, self._path.parent)
        except StorageError as error:
            self._is_usable = False  # nor will it ever be: only the counters are served
            self.backoff.report(str(error))
            return
        try:
            await self._connect()
        except StorageError as error:
            await self._undo(error)

    async def run(self) -> None:
        """Write until `stop`, and then what is left; close the database in any case."""
        try:
            busy = False
            while not self._stopping.is_set():
                busy = await self._round()
                await self._sleep()
                await self._pause(BUSY_PAUSE_S if busy else COMMIT_S)
            await self._round(last=True)
        except asyncio.CancelledError:
            # Something is running that takes too long. Not in the usual case: a connection that
            # was interrupted closes without folding its WAL into the file.
            if self._database is not None:
                await self._database.interrupt()
            raise
        finally:
            await self._disconnect()

    def stop(self) -> None:
        """Let `run` write what is left and end."""
        self._stopping.set()
        self._awake.set()

    def forget_rules(self) -> None:
        """Read rule texts anew, because lists were updated."""
        if self._builder is not None:
            self._builder.forget_rules()

    async def _sleep(self) -> None:
        """Sleep while there is nothing to do: with nobody asking, the machine shall sleep too."""
        self._awake.clear()
        if self._stopping.is_set() or self._is_open or self.backoff.failures or len(self._buffer):
            return
        try:
            async with asyncio.timeout_at(self._next_tidy if self._is_usable else None):
                await self._awake.wait()
        except TimeoutError:
            pass  # it is time to tidy

    async def _pause(self, seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds):
                await self._stopping.wait()
        except TimeoutError:
            pass  # the usual end of a pause

    async def _round(self, *, last: bool = False) -> bool:
        """Take what waits and, when it is time, commit; whether much was waiting."""
        if not self._is_usable:
            self._only_count()
            return False
        if self.backoff.is_waiting and not last:
            if self.backoff.failing_s > HOLD_S or len(self._buffer) > self._buffer.limit // 2:
                self._only_count()
            return False
        try:
            await self._make_sure()
            await self._read_clock()
            busy = await self._take_all()
            if last or not busy or _now() - self._committed >= COMMIT_S:
                await self._commit()
                await (self._save_clock() if last else self._tidy())
        except StorageError as error:
            await self._undo(error)
            return False
        except Exception as error:  # a bug may cost a second's rows, but not all from here on
            log.exception("query log: a bug")
            await self._undo(StorageError(f"{self._path}: {error!r}"))
            return False
        return busy

    async def _make_sure(self) -> None:
        """After a failure try whether writing works, before any record is staked on it."""
        if self._database is None:
            await self._connect()
        if self.backoff.failures:
            database, _ = self._opened()
            async with database.transaction():
                # Written even if it is the same, other than rows: a full disk shows itself here.
                await database.rows(f"PRAGMA application_id = {APPLICATION_ID}")

    async def _read_clock(self) -> None:
        """Look at the clock; if it was set, what that means for old rows is to be kept at once."""
        database, _ = self._opened()
        if self._clock is None:
            self._clock = await load_clock(database, self._keep_s)
        self._clock.read(self._elapsed(), self._wall())
        if self._clock.was_set:
            self._next_tidy = self._next_save = 0.0

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
            self._taken += batches
            builder.take(batches)
            await builder.settle(database)
            await self._write_rows(database, builder, at_least=BITE)
        return bites > 1

    async def _write_rows(self, database: Database, builder: RowBuilder, *, at_least: int) -> None:
        """Write whole statements' worth of rows; the rest stays for the next bite."""
        if not self._enabled or self._room.problem:
            builder.rows.clear()
            return
        values = await builder.take_rows(database, at_least)
        await database.insert(INSERT_ROWS, ROW_WIDTH, values, most=ROWS_A_STATEMENT)
        self._written += len(values) // ROW_WIDTH

    async def _commit(self) -> None:
        """End the transaction, if there was anything to write."""
        self._committed = _now()
        if self._is_open:
            await self._write_counts()
        if not self._room.problem:
            self.backoff.succeeded()

    async def _write_counts(self) -> None:
        database, builder = self._opened()
        await self._write_rows(database, builder, at_least=1)
        minutes = builder.collect()
        counted = [*self._unwritten.counts, *minutes]
        await self._rollups.write(database, counted, await builder.list_ids(database, counted))
        await database.rows(
            "UPDATE meta SET value = value + ? WHERE key = 'rows'", (self._written,)
        )
        await database.commit()
        for counts in minutes:
            self._counters.add(counts)
        self._unwritten.clear()
        self.rows += self._written
        self._untidy_rows += self._written
        self._written = 0
        self._is_open = False
        if self._room.problem:
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
        try:
            if isinstance(error, DamagedError):
                await self._begin_anew(error)
            elif self._database is not None:
                await self._database.rollback()
        except StorageError:
            await self._disconnect()  # the next attempt begins with a new connection
        self.backoff.failed(str(error))

    # ---- the rest of its life ----------------------------------------------------------------

    async def _tidy(self) -> None:
        """Look after the disk and retention, now and then and for a bounded time."""
        now = _now()
        if now < self._next_tidy and self._untidy_rows < self._retention.rows_between:
            return
        self._next_tidy, self._untidy_rows = now + TIDY_EVERY_S, 0
        found = await self._look()
        if self._room.problem:
            self.backoff.report(self._room.problem)
        elif not self.backoff.failures:
            self.backoff.succeeded()  # there is room again, also where nobody asks
        if found.inode != self._inode:  # removed by somebody, to clear the log perhaps
            await self._disconnect()
            return
        database, _ = self._opened()
        if self._clock is not None:
            await self._keep_small(database, self._clock, now)
        self.rows = await self._count_rows(database)
        await self._look()

    async def _look(self) -> Found:
        """Take over what the disk says, which a thread asks."""
        most = self._retention.max_size_bytes
        now_s = self._clock.trusted_s if self._clock else 0.0
        found = await asyncio.to_thread(look, self._path, most, now_s)
        self._room.judge(found.total_bytes, found.free_bytes)
        self.size_bytes = found.size_bytes
        return found

    async def _keep_small(self, database: Database, clock: TrustedClock, now: float) -> None:
        """Take steps of retention for TIDY_S from `now` on, and keep what is known of the clock."""
        clock.forget(clock.trusted_s - self._keep_s)
        if now >= self._next_save:
            await self._save_clock()
        while await self._retention.step(
            database,
            clock.trusted_s,
            wall_s=self._wall(),
            known_s=clock.known_s,
            spells=clock.spells,
        ):
            if _now() - now > TIDY_S:
                self._next_tidy = 0.0  # go on after the next transaction
                break

    async def _save_clock(self) -> None:
        database, _ = self._opened()
        if self._clock is not None:
            await save_clock(database, self._clock)
            self._next_save = _now() + SAVE_CLOCK_S

    def _only_count(self) -> None:
        """Without a database there are still metrics."""
        while batches := self._buffer.drain(BITE):
            self._count(batches)

    def _count(self, batches: list[Batch]) -> None:
        """Count what does not become rows."""
        minutes = count_by_minute(batches)
        for counts in minutes:
            self._counters.add(counts)
        if self._is_usable:
            self._unwritten.add(minutes)
        self._lose(batches)

    def _lose(self, batches: list[Batch]) -> None:
        if self._enabled:
            self.lost += sum(len(batch.records) for batch in batches)

    def _opened(self) -> tuple[Database, RowBuilder]:
        if self._database is None or self._builder is None:
            raise StorageError(f"{self._path} is not open")
        return self._database, self._builder

    async def _connect(self) -> None:
        self._database, problem = await open_database(self._path, self._retention.wal_bytes)
        self.files += 1
        self._inode = (await self._look()).inode
        if problem is not None:
            self.problem = problem
            log.error("query log: %s", problem)
        self._builder = await RowBuilder.load(self._database, self._rule_text, detail=self._enabled)
        self.rows = await self._count_rows(self._database)

    async def _disconnect(self) -> None:
        database, self._database, self._builder = self._database, None, None
        self._is_open = False
        if database is not None:
            try:
                await database.close()
            except StorageError as error:
                log.warning("query log: %s", error)

    async def _begin_anew(self, error: DamagedError) -> None:
        """The file broke while in use: set it aside and begin a fresh one."""
        await self._disconnect()
        aside = await asyncio.to_thread(set_aside, self._path, "broken")
        self.problem = f"{error}; it was kept as {aside.name} and a new log begun"
        log.error("query log: %s", self.problem)
        await self._connect()

    async def _count_rows(self, database: Database) -> int:
        return int(await database.value("SELECT value FROM meta WHERE key = 'rows'") or 0)


def _now() -> float:
    """The event loop's clock, which its timers go by."""
    return asyncio.get_running_loop().time()
