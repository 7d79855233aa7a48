"""The open file as its tables use it: one writer, whole changes, and memory that agrees with it."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any, Final, Protocol, TypeVar

from sinkhole.control.database import Database, Row
from sinkhole.model.errors import SinkholeError, StorageError
from sinkhole.model.faults import Faults
from sinkhole.model.tasks import Tasks

log = logging.getLogger(__name__)

MOST_WAITING: Final = 100
"""Changes that wait for the disk; beyond, whoever wants one is told to try later."""

PATIENCE_S: Final = 5.0
"""How long `close` waits for changes that are being written."""

MOST_TRIES: Final = 5
"""How often a change is made anew because somebody else was quicker."""

T = TypeVar("T")

Work = Callable[[Database], Awaitable[T]]
"""Statements of one change, run within a transaction."""


class NotSharedError(StorageError):
    """A change that all sinkholes with this state have to know can't be told to them."""


class BehindError(NotSharedError):
    """Another of them has changed something first: that has to be known here before."""


class Sharing(Protocol):
    """Who tells changes to other sinkholes with the same state."""

    async def commit(self, database: Database) -> None:
        """Tell what the transaction has changed, which is then committed here; NotSharedError, and
        it is undone."""

    async def catch_up(self) -> None:
        """Have here what the others have changed."""


class StateFile:
    """A connection with a lock around it.

    `read_only` says why nothing may be written, "" in the usual case; `error` is what kept the last
    change from being written, "" where it was. `sharing` is set while others have the same state.
    """

    def __init__(self, database: Database, read_only: str, faults: Faults | None = None) -> None:
        self.read_only = read_only
        self.error = ""
        self.sharing: Sharing | None = None
        self._database = database
        self._lock = asyncio.Lock()
        self._tasks = Tasks("state", limit=MOST_WAITING, faults=faults)

    async def rows(self, sql: str, parameters: Sequence[Any] = ()) -> list[Row]:
        """Run one SELECT, between changes."""
        async with self._lock:
            return await self._database.rows(sql, parameters)

    async def write(
        self, work: Work[T], kept: Callable[[T], None], *, tries: int = MOST_TRIES
    ) -> T:
        """Make one change: `work` in a transaction, then `kept` with what it gave.

        `kept` changes the memory: it is called once the change is on the disk, with nothing
        between, also where whoever waits here is cancelled. StorageError, or what `work` raises of
        `SinkholeError`, when nothing was changed. `work` is done anew, `tries` times in all, where
        the state is shared and somebody else was quicker: BehindError where they always are.
        """
        while True:
            tries -= 1
            try:
                return await self._write(work, kept)
            except BehindError:
                if not tries or self.sharing is None:
                    raise
                await self.sharing.catch_up()

    async def _write(self, work: Work[T], kept: Callable[[T], None]) -> T:
        if self.read_only:
            raise StorageError(self.read_only)
        done: T = await self._done(self._tasks.start("change", self._change(work, kept)))
        return done

    async def _done(self, task: asyncio.Task[Any] | None) -> Any:
        if task is None:
            raise StorageError("too many changes wait for the disk; try again in a moment")
        done = await asyncio.shield(task)
        if isinstance(done, SinkholeError):
            raise done
        return done

    async def write_if_possible(self, work: Work[None], change: Callable[[], None]) -> None:
        """As `write`, for what has to count also when it can't be stored: until the restart, then.

        `change` changes the memory, in any case.
        """
        try:
            await self.write(work, lambda _: change())
        except StorageError as error:
            log.warning("state: what was changed now is forgotten at a restart: %s", error)
            change()

    async def take_over(self, database: Database) -> None:
        """Go on with another database, which can be written to, in place of this one."""
        async with self._lock:
            old, self._database = self._database, database
            self.read_only = self.error = ""
        await old.close()

    async def merge(self, work: Work[T], load: Work[None]) -> T:
        """Change what others have changed: `work` in a transaction, told to nobody, and then `load`
        what is in memory, also where whoever waits here is cancelled; StorageError."""
        done: T = await self._done(self._tasks.start("merge", self._merged(work, load)))
        return done

    async def copied(self, copy: Callable[[Database], Awaitable[T]]) -> T:
        """Let somebody copy all of it, or replace all of it, while nothing is being changed."""
        async with self._lock:
            return await copy(self._database)

    async def copy_to(self, path: Path) -> None:
        """Copy all of it into a file; StorageError."""
        await self.copied(lambda database: database.copy_to(path))

    async def close(self) -> None:
        """Wait for changes that are being written, and close the connection."""
        await self._tasks.close(PATIENCE_S)
        await self._database.close()

    async def _change(self, work: Work[T], kept: Callable[[T], None]) -> T | SinkholeError:
        async with self._lock:
            try:
                async with self._database.transaction():
                    done = await work(self._database)
                    if self.sharing is not None:
                        await self.sharing.commit(self._database)
            except SinkholeError as error:
                if isinstance(error, StorageError) and not isinstance(error, NotSharedError):
                    self.error = str(error)
                return error
            self.error = ""
            kept(done)
            return done

    async def _merged(self, work: Work[T], load: Work[None]) -> T | SinkholeError:
        async with self._lock:
            try:
                async with self._database.transaction():
                    done = await work(self._database)
                await load(self._database)
            except SinkholeError as error:
                return error
            return done
