"""The file of the log: opened, brought up to date, and set aside when it breaks."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Final

from sinkhole.control.database import Database
from sinkhole.control.querylog.aside import set_aside
from sinkhole.control.querylog.disk import refuse_network
from sinkhole.control.querylog.schema import APPLICATION_ID, is_outdated, open_database
from sinkhole.model.errors import StorageError
from sinkhole.model.tasks import Tasks

log = logging.getLogger(__name__)

LOOK_S: Final = 0.1
"""How often it is looked after the records that come while a file is brought up to date."""

_BRINGING: Final = "the query log is being brought up to date ({} %): it can be read then"


class LogFile:
    """One path, and the database that is open there, None while there is none.

    `opened` counts the files there have been. `problem` says that one was set aside. `bringing`
    says that the file is being brought up to date and how far that is, "" in the usual case.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.database: Database | None = None
        self.opened = 0
        self.problem: str | None = None
        self.bringing = ""
        self._tasks = Tasks("query log's file", limit=1)
        self._brought: Database | None = None

    async def look(self) -> None:
        """Find out whether the file has to be brought up to date first.

        StorageError where no database can ever be had.
        """
        await asyncio.to_thread(refuse_network, self.path.parent)
        if await is_outdated(self.path):
            self.bringing = _BRINGING.format(0)

    async def open(self, wal_bytes: int) -> Database:
        """Open or make the database; raises StorageError."""
        self.database, problem = await open_database(self.path, wal_bytes, self._tell_progress)
        self.opened += 1
        if problem is not None:
            self._tell(problem)
        return self.database

    async def bring_up_to_date(
        self, work: Coroutine[None, None, None], meanwhile: Callable[[], bool]
    ) -> None:
        """Do the `work` of opening a file of an older version, and see to what else there is.

        As soon as `meanwhile` says that it has to stop, it does: the next start begins the version
        that was underway anew.
        """
        opening = self._tasks.start("bringing up to date", work)
        while opening is not None and not opening.done():
            if meanwhile() and self._brought is not None:
                await self._brought.interrupt()
            await asyncio.wait({opening}, timeout=LOOK_S)
        self.bringing, self._brought = "", None

    async def prove_writable(self) -> None:
        """Write something: it is the same, but other than rows it shows that a disk is full."""
        if self.database is not None:
            async with self.database.transaction():
                await self.database.rows(f"PRAGMA application_id = {APPLICATION_ID}")

    async def count_rows(self) -> int:
        """How many rows the log has."""
        if self.database is None:
            return 0
        return int(await self.database.value("SELECT value FROM meta WHERE key = 'rows'") or 0)

    async def interrupt(self) -> None:
        """Make the statement that is running fail."""
        if self.database is not None:
            await self.database.interrupt()

    async def close(self) -> None:
        """Close what is open; what fails at that is only told."""
        database, self.database = self.database, None
        if database is not None:
            try:
                await database.close()
            except StorageError as error:
                log.warning("query log: %s", error)

    async def set_aside(self, why: StorageError) -> None:
        """The file broke while in use: keep it under another name."""
        await self.close()
        aside = await asyncio.to_thread(set_aside, self.path, "broken")
        self._tell(f"{why}; it was kept as {aside.name} and a new log begun")

    def _tell(self, problem: str) -> None:
        self.problem = problem
        log.error("query log: %s", problem)

    def _tell_progress(self, database: Database, done: int, of: int) -> None:
        self._brought = database
        if self.bringing:
            self.bringing = _BRINGING.format(100 * done // of)
