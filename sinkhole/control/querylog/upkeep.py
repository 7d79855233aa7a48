"""What the log's database needs now and then: a look at its disk, what is old or wanted gone taken
out, and what is known of the clock written down. A bounded time of it, between two transactions."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

from sinkhole.control.database import Database
from sinkhole.control.querylog.deletion import Deletions
from sinkhole.control.querylog.disk import Found, Room, look
from sinkhole.control.querylog.earlier import Earlier
from sinkhole.control.querylog.group_names import GroupNames
from sinkhole.control.querylog.kept_clock import elapsed_clock, hold_s, load_clock, save_clock
from sinkhole.control.querylog.outbox import Outbox
from sinkhole.control.querylog.past import Past
from sinkhole.control.querylog.retention import Retention
from sinkhole.control.querylog.terms import LogTerms
from sinkhole.control.stats import Rollups
from sinkhole.model.clock import TrustedClock

SAVE_CLOCK_S: Final = 600.0
"""How often what is known of the clock is written down, unless it was set: for the disk's sake."""

TIDY_EVERY_S: Final = 60.0
TIDY_S: Final = 0.2
"""The longest time spent on it between two transactions."""

DELETE_S: Final = 0.1
DELETE_PAUSE_S: Final = 0.05
"""The same for what somebody wants gone, and the time until more of it: between two transactions
there are 0.2 s."""


class Upkeep:
    """Looks after one database, when it is `due`.

    `size_bytes` is what the log took on the disk at the last look, `inode` the number of its file.
    """

    def __init__(
        self,
        path: Path,
        rollups: Rollups,
        terms: LogTerms,
        wall: Callable[[], float] = time.time,
        elapsed: Callable[[], float] | None = None,
    ) -> None:
        self.retention = Retention(rollups, terms.keep_s, terms.max_size_bytes)
        self.room = Room()
        self.outbox = Outbox(terms.max_size_bytes)
        self.earlier = Earlier(self.outbox)
        self.deletions = Deletions(self.outbox)
        self.past = Past(self.outbox, wall)
        self.groups = GroupNames(self.outbox)
        self.clock: TrustedClock | None = None
        self.size_bytes = self.inode = 0
        self.next_tidy = 0.0
        self.next_save = 0.0
        self._path = path
        self._keep_s = terms.keep_s
        self._wall = wall
        self._elapsed = elapsed_clock() if elapsed is None else elapsed

    @property
    def is_busy(self) -> bool:
        """Whether something is underway that somebody wants done."""
        return self.deletions.is_busy or self.past.is_busy or self.earlier.is_busy

    @property
    def is_stale(self) -> bool:
        """Whether names of groups or the outbox are to be looked after."""
        return self.groups.is_stale or self.outbox.is_stale

    async def begin(self, database: Database) -> None:
        """Another connection: go on with what its file has."""
        self.deletions.forget()
        await self.outbox.load(database)
        await self.earlier.load(database)

    async def keep_up(self, database: Database, forget: Callable[[], None]) -> None:
        """Look after these; `forget` as for `delete`."""
        await self.groups.keep_up(database, forget)
        if self.outbox.is_stale:
            await self.outbox.keep_up(database)
        # What is being deleted must not be sent once more behind that.
        now = loop_now()
        while self.earlier.is_busy and not self.deletions.is_busy:
            await self.earlier.step(database)
            if loop_now() - now > DELETE_S:
                break

    def give_up(self, why: str, later: str = "it goes on when the log can be written") -> None:
        """Nothing that is underway will be: nobody needs to wait; deletions go on later."""
        self.outbox.undo()
        self.deletions.give_up(f"{why}; {later}")
        self.past.give_up(why)

    def use(self, terms: LogTerms) -> None:
        """Go over to other terms; what is too old or too much by them goes soon."""
        self.outbox.use(terms.max_size_bytes)
        self.retention.use(terms.keep_s, terms.max_size_bytes)
        if self.clock is not None and hold_s(terms.keep_s) != hold_s(self._keep_s):
            self.clock = TrustedClock(hold_s(terms.keep_s), self.clock.state)
        self._keep_s = terms.keep_s
        self.next_tidy = 0.0

    def is_due(self, untidy_rows: int) -> bool:
        """Whether it is time again, or were so many rows written that it is.

        While queries of another server come, it is not time: each slice of them would have what
        was noted of the hours behind it noted anew.
        """
        is_time = loop_now() >= self.next_tidy and not self.past.is_busy
        return is_time or untidy_rows >= self.retention.rows_between

    async def read_clock(self, database: Database) -> None:
        """Look at the clock; if it was set, what that means for old rows is to be kept at once."""
        if self.clock is None:
            self.clock = await load_clock(database, self._keep_s)
        self.clock.read(self._elapsed(), self._wall())
        if self.clock.was_set:
            self.next_tidy = self.next_save = 0.0

    async def look(self) -> Found:
        """Take over what the disk says, which a thread asks."""
        most = self.retention.max_size_bytes
        now_s = self.clock.trusted_s if self.clock else 0.0
        found = await asyncio.to_thread(look, self._path, most, now_s)
        self.room.judge(found.total_bytes, found.free_bytes)
        self.size_bytes = found.size_bytes
        return found

    async def tidy(self, database: Database) -> None:
        """Take steps of retention for TIDY_S, and keep what is known of the clock."""
        now, clock = loop_now(), self.clock
        self.next_tidy = now + TIDY_EVERY_S
        if clock is None:
            return
        clock.forget(clock.trusted_s - self._keep_s)
        if now >= self.next_save:
            await self.save_clock(database)
        while await self.retention.step(
            database,
            clock.trusted_s,
            wall_s=self._wall(),
            known_s=clock.known_s,
            spells=clock.spells,
        ):
            if loop_now() - now > TIDY_S:
                self.next_tidy = 0.0  # go on after the next transaction
                break
        await self.look()

    async def delete(self, database: Database, forget: Callable[[], None]) -> None:
        """Delete for DELETE_S what somebody wants gone; `forget` is called whenever a remembered
        number may be no value's any more."""
        now = loop_now()
        while await self.deletions.step(database, forget):
            if loop_now() - now > DELETE_S:
                break

    async def save_clock(self, database: Database) -> None:
        """Write down what is known of the clock."""
        if self.clock is not None:
            await save_clock(database, self.clock)
            self.next_save = loop_now() + SAVE_CLOCK_S


def loop_now() -> float:
    """The event loop's clock, which its timers go by."""
    return asyncio.get_running_loop().time()
