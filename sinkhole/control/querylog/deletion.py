"""Deleting what somebody wants gone: all rows, those of a client or of a name, or statistics.

What is wanted stands in the table `deletion` until it is whole, so an end of the program at any
point only interrupts it. It is done in slices, each a transaction of its own, so that rows are
written and read meanwhile: the rows (`erasing`), then what nothing refers to any more (`sweeping`),
then the pages that became free are handed back and the write-ahead log is emptied. What is deleted
is overwritten (PRAGMA secure_delete), so that it is not in the file either.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import AsyncGenerator, Callable
from typing import Final, NamedTuple

from sinkhole.control.database import Database
from sinkhole.control.querylog.dictionary import keep_numbers
from sinkhole.control.querylog.erasing import (
    clients_called,
    clients_known,
    erase_all,
    erase_clients,
    erase_names,
)
from sinkhole.control.querylog.outbox import Outbox
from sinkhole.control.querylog.pace import Pace
from sinkhole.control.querylog.sweeping import sweep
from sinkhole.control.stats.rollups import reset
from sinkhole.model.errors import RequestError, StorageError

LATE_S: Final = 3600.0
"""A reset of statistics that somebody wanted so long ago, at another sinkhole, takes nothing back
of what was counted since."""

MOST_WISHES: Final = 16
"""Deletions that wait for one another."""

ALL: Final = "all"
CLIENT: Final = "client"
CLIENTS: Final = "clients"
NAME: Final = "name"
BELOW: Final = "below"
STATISTICS: Final = "statistics"

Slices = AsyncGenerator[int | None, None]
"""Work that is done a slice at a time; each tells how many rows it deleted, None where others have
to come to their end first."""


class Wish(NamedTuple):
    """What somebody wants gone: one of the kinds above, and of whom or what, as the log has it.

    CLIENT is about whoever had an address or id, CLIENTS about some by address or id, device and
    group, as JSON: so it means the same wherever the log is kept. One that another sinkhole had is
    about rows up to `through`; else it is about all there are.
    """

    kind: str
    value: str = ""
    through: int = 0

    @property
    def is_told(self) -> bool:
        """Whether it is another sinkhole's."""
        return self.through > 0


class _Stored(NamedTuple):
    """A wish that has been written down: its number, and up to which row it goes."""

    number: int
    wish: Wish
    through: int


class Deletions:
    """The deletions of one database; `step` does a slice of one, between two transactions."""

    def __init__(self, outbox: Outbox, wall: Callable[[], float] = time.time) -> None:
        self._outbox = outbox
        self._wall = wall
        self._wishes: deque[tuple[Wish, asyncio.Future[int]]] = deque()
        self._futures: dict[int, asyncio.Future[int]] = {}
        self._slices: Slices | None = None
        self._now: _Stored | None = None
        self._deleted = self._usual = 0
        self._may_be_stored = True

    @property
    def is_busy(self) -> bool:
        """Whether there may be something to do."""
        return self._may_be_stored or bool(self._wishes)

    def wish(self, wish: Wish) -> asyncio.Future[int]:
        """Want something gone; the future tells how many rows were deleted, when it is whole."""
        if len(self._wishes) + len(self._futures) >= MOST_WISHES:
            raise RequestError(
                "too_many", "log.deletions", f"{MOST_WISHES} deletions wait already: try it later"
            )
        future: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        self._wishes.append((wish, future))
        return future

    def forget(self) -> None:
        """Another connection: what was underway is begun anew, as far as it is not done."""
        self._slices = self._now = None
        self._may_be_stored = True

    def give_up(self, why: str) -> None:
        """Nobody needs to wait any longer; what is written down will be done."""
        waiting = [future for _, future in self._wishes] + list(self._futures.values())
        self._wishes.clear()
        self._futures.clear()
        self.forget()
        for future in waiting:
            if not future.done():
                future.set_exception(StorageError(f"not deleted: {why}"))
                future.exception()  # who no longer waits need not be told

    async def step(self, database: Database, forget: Callable[[], None]) -> bool:
        """Do the next slice, some hundredths of a second; whether there are more to do now."""
        while self._wishes:
            await self._store(database, *self._wishes.popleft())
        if self._slices is None:
            self._now = await self._next(database)
            if self._now is None:
                self._may_be_stored = False
                return False
            self._usual = int(await database.value("PRAGMA secure_delete"))
            await database.rows("PRAGMA secure_delete = ON")
            self._deleted = 0
            self._slices = _slices(database, self._now, forget)
        try:
            deleted = await anext(self._slices)
        except StopAsyncIteration:
            await database.rows(f"PRAGMA secure_delete = {self._usual}")
            self._finish()
            return True
        self._deleted += deleted or 0
        return deleted is not None

    async def _store(self, database: Database, wish: Wish, future: asyncio.Future[int]) -> None:
        newest = await database.value("SELECT max(id) FROM query") or 0
        through = wish.through or max(newest, int(self._wall() * 1e6))
        kind, value, is_told = wish.kind, wish.value, wish.is_told
        try:
            async with database.transaction():
                number = await database.value(
                    "INSERT INTO deletion (kind, value, through) VALUES (?, ?, ?) RETURNING id",
                    (kind, value, through),
                )
                await keep_numbers(database)
                await self._outbox.put_deletion(database, kind, value, through, is_told=is_told)
            self._outbox.on_more()
        except StorageError:
            self._wishes.appendleft((wish, future))
            raise
        self._futures[int(number)] = future
        self._may_be_stored = True

    async def _next(self, database: Database) -> _Stored | None:
        rows = await database.rows(
            "SELECT id, kind, value, through FROM deletion ORDER BY id LIMIT 1"
        )
        return _Stored(rows[0][0], Wish(*rows[0][1:3]), rows[0][3]) if rows else None

    def _finish(self) -> None:
        assert self._now is not None
        future = self._futures.pop(self._now.number, None)
        if future is not None and not future.done():
            future.set_result(self._deleted)
        self._slices = self._now = None


async def _slices(database: Database, stored: _Stored, forget: Callable[[], None]) -> Slices:
    """All of one deletion; begun anew after an interruption, it finds less to do."""
    number, (kind, value, _), through = stored
    if kind == STATISTICS:
        async with database.transaction():
            moment_s = through // 1_000_000
            is_late = time.time() - moment_s > LATE_S
            await reset(database, moment_s, is_late=is_late)
        yield 0
    elif kind == ALL:
        async for rows in erase_all(database, through):
            yield rows
    elif kind == CLIENT:
        async for rows in erase_clients(database, await clients_called(database, value), through):
            yield rows
    elif kind == CLIENTS:
        async for rows in erase_clients(database, await clients_known(database, value), through):
            yield rows
    else:
        async for rows in erase_names(database, value, through, below=kind == BELOW):
            yield rows
    if kind != STATISTICS:
        async for _ in sweep(database, forget):
            yield 0
    async for _ in _hand_back(database):
        yield 0
    await database.rows("DELETE FROM deletion WHERE id = ?", (number,))
    while not await database.empty_wal():
        yield None


async def _hand_back(database: Database) -> Slices:
    """Give the room that became free back to the file system."""
    pace = Pace()
    while free := await database.value("PRAGMA freelist_count"):
        with pace.slice(min(free, pace.size)):
            await database.release_free_memory(pace.size)
        yield 0
        if await database.value("PRAGMA freelist_count") >= free:
            break  # others take pages as quickly
