"""What a running server does for state.db by itself: daily backups, and an audit that ends."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Callable
from typing import Final

from sinkhole.control.database import Database
from sinkhole.control.state.audit import Audit
from sinkhole.control.state.backups import Backups
from sinkhole.control.state.file import StateFile
from sinkhole.control.state.schema import packed, stamp_of
from sinkhole.model.clock import ClockState, Spell, TrustedClock
from sinkhole.model.errors import StorageError
from sinkhole.model.faults import Faults
from sinkhole.model.stamp import Stamp
from sinkhole.model.tasks import Tasks

log = logging.getLogger(__name__)

READ_S: Final = 60.0
"""How often the clock is read, to know which time is past."""

HOURLY_S: Final = 3600.0
"""How often it is stored, and looked what is to be done; also the pause after a failure."""

DAILY_S: Final = 86_400.0
"""How long after the last backup, by no wall clock, the next is made."""

HOLD_S: Final = 86_400.0
"""How long a clock has to hold before entries of the audit go by it."""


class Upkeep:
    """The tasks of a state that is open. `error` is why the last backup failed, "" if it did not.

    A state that can't be written to needs none of it.
    """

    def __init__(
        self,
        file: StateFile,
        audit: Audit,
        backups: Backups,
        now: Callable[[], Stamp],
        faults: Faults | None,
    ) -> None:
        self.error = ""
        self._file = file
        self._audit = audit
        self._backups = backups
        self._now = now
        self._clock = TrustedClock(HOLD_S)
        self._backed_up: Stamp | None = None
        self._tasks = Tasks("state's upkeep", limit=1, faults=faults)

    async def load(self, database: Database) -> None:
        """Read what is known of the clock and of the last backup."""
        clock, self._backed_up = await read_upkeep(database)
        if clock is not None:
            self._clock = TrustedClock(HOLD_S, clock)

    def start(self) -> None:
        """Begin, as a task that goes on until `close`."""
        self._tasks.keep("run", self._run)

    async def close(self) -> None:
        """Do no more."""
        await self._tasks.close()

    async def look(self) -> None:
        """Store what is known of the clock, trim the audit, make a backup if one is due."""
        if self._file.read_only:
            return
        now = self._now()
        try:
            await self._keep("clock", packed(self._clock.state))
            await self._audit.trim(self._clock)
        except StorageError as error:
            log.warning("state: %s", error)
        if self._backed_up is None or self._backed_up.elapsed_s(now) >= DAILY_S:
            await self._back_up(now)

    def want_backup(self) -> None:
        """Make the next backup at the next look: the newest is of another state."""
        self._backed_up = None

    def read_clock(self) -> None:
        """Take a reading of the clock."""
        now = self._now()
        self._clock.read(now.since_boot_s, now.wall_s)

    async def _run(self) -> None:
        """Look soon after the start, as some machines never run for an hour, and then hourly."""
        self.read_clock()
        while True:
            await asyncio.sleep(READ_S)
            await self.look()
            for _ in range(int(HOURLY_S / READ_S)):
                self.read_clock()
                await asyncio.sleep(READ_S)

    async def _back_up(self, now: Stamp) -> None:
        try:
            await self._backups.make("daily", self._file.copy_to, now.wall_s)
            self._backed_up, self.error = now, ""
            await self._keep("backup", packed(now))
        except StorageError as error:
            self.error = str(error)
            log.warning("state: %s", error)

    async def _keep(self, key: str, value: str) -> None:
        async def work(database: Database) -> None:
            await database.rows("INSERT OR REPLACE INTO meta VALUES (?, ?)", (key, value))

        await self._file.write(work, lambda _: None)


async def read_upkeep(database: Database) -> tuple[ClockState | None, Stamp | None]:
    """What is known of the clock, and when the last backup was made; None for what is not."""
    known: dict[str, str] = dict(await database.rows("SELECT key, value FROM meta"))
    clock = None
    if "clock" in known:
        wall_s, held_s, lags, spells = json.loads(known["clock"])
        lags = tuple((int(part), float(lag)) for part, lag in lags)
        spells = tuple(Spell(*map(float, each)) for each in spells)
        clock = ClockState(float(wall_s), float(held_s), lags, spells)
    return clock, stamp_of(known["backup"]) if "backup" in known else None
