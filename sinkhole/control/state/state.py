"""The file of what may not be lost: opened, brought up to date, copied, closed."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from pathlib import Path
from typing import Final, TypeVar

from sinkhole.control.database import Database
from sinkhole.control.state.audit import Audit
from sinkhole.control.state.backups import Backup, Backups
from sinkhole.control.state.contents import check_contents, refusing_what_is_odd
from sinkhole.control.state.file import NotSharedError, Sharing, StateFile, Work
from sinkhole.control.state.opening import (
    Opened,
    back_up,
    open_again,
    open_for_writing,
    open_state,
    read_state,
)
from sinkhole.control.state.pauses import Pauses
from sinkhole.control.state.people import People
from sinkhole.control.state.replacing import carry_over, put_in_place
from sinkhole.control.state.rule_rows import RuleRows
from sinkhole.control.state.stored import StoredSettings
from sinkhole.control.state.upkeep import Upkeep
from sinkhole.model.errors import StorageError
from sinkhole.model.faults import Faults
from sinkhole.model.stamp import Stamp, present
from sinkhole.model.status import Problem
from sinkhole.model.tasks import Tasks

FILE_NAME: Final = "state.db"

T = TypeVar("T")

AGAIN_S: Final = 10.0
"""The time between two tries to write to a file that could not be written to."""


class State:
    """`data_dir/state.db`, from `open` to `close`.

    `folder` is the data folder. `is_new` says that there was no file before. `people`, `pauses`,
    `stored` and `audit` are what is in it, `backups` are the copies of it.
    """

    def __init__(
        self,
        path: Path,
        opened: Opened,
        backups: Backups,
        now: Callable[[], Stamp],
        faults: Faults | None,
    ) -> None:
        self.folder = path.parent
        self.is_new = opened.is_new
        self.backups = backups
        self._path = path
        self._problem = opened.problem
        self._now = now
        self._file = StateFile(opened.database, opened.read_only, faults)
        self.stored = StoredSettings(self._file, lambda: now().wall_s)
        self.people = People(self._file)
        self.pauses = Pauses(self._file)
        self.rule_rows = RuleRows(self._file)
        self.audit = Audit(self._file, lambda: now().wall_s)
        self._upkeep = Upkeep(self._file, self.audit, backups, now, faults)
        self._tasks = Tasks("state", limit=1, faults=faults)

    @classmethod
    async def open(
        cls,
        folder: Path,
        *,
        config: Path | None = None,
        now: Callable[[], Stamp] = present,
        faults: Faults | None = None,
    ) -> State:
        """Open or make the file in the data folder, copied before it is migrated.

        Never fails for what is in the file: damaged or of a newer sinkhole, the last good backup
        is read in its place, else nothing at all, and `read_only` and `problems` say so. Raises
        StorageError where the folder can't be had. `config` is the settings file or the folder of
        such, for backups.
        """
        backups, path = Backups(folder, config), folder / FILE_NAME
        opened = await open_state(path, backups, now().wall_s)
        state = cls(path, opened, backups, now, faults)
        await state._file.copied(state._load)
        state._upkeep.start()
        if opened.is_passing:
            state._tasks.keep("tries again", state._try_again)
        return state

    @classmethod
    async def look(cls, folder: Path) -> State:
        """Read the file beside a running server, or without one; nothing is made or changed."""
        backups, path = Backups(folder), folder / FILE_NAME
        state = cls(path, await read_state(path, backups), backups, present, None)
        await state._file.copied(state._load)
        return state

    @property
    def read_only(self) -> str:
        """Why nothing can be written, "" in the usual case; then writing raises StorageError with
        these words."""
        return self._file.read_only

    @property
    def problems(self) -> list[Problem]:
        """What the person running sinkhole should know."""
        found = [self._problem] if self._problem else []
        if self._file.error:
            text = f"what was changed last could not be stored: {self._file.error}"
            advice = "make room on the disk, or see to it that it can be written to"
            found.append(Problem("state.not_written", "error", text, advice))
        if self._upkeep.error:
            text = f"the daily backup could not be made: {self._upkeep.error}"
            advice = "make room on the disk; it is tried again in an hour"
            found.append(Problem("backup.failed", "warning", text, advice))
        return found

    async def back_up(self, *, with_log: bool = False) -> Backup:
        """Make a backup because somebody asked, with the query log, or without; StorageError."""
        wall_s = self._now().wall_s
        return await self.backups.make("asked", self._file.copy_to, wall_s, with_log=with_log)

    async def before_upgrade(self) -> None:
        """Make a backup before another file of the data folder is brought up to date, unless one
        was made when this one was. Where that fails the upgrade goes on, as there."""
        newest = self.backups.newest
        if not self.read_only and (newest is None or newest.reason != "upgrade"):
            await self._file.copied(lambda own: back_up(own, self.backups, self._now().wall_s))

    async def replace(self, source: Database) -> Backup | None:
        """Put all of another state, of the newest version, in place of this one.

        What there was is kept: as a backup, which is returned, or, where the file could not be
        used, under another name. Of it go on in any case: sessions and devices of accounts that
        the other state has as well, the pause, what is known of the clock, and the audit. Whoever
        has read settings or the pause before has to do so again. StorageError, and then nothing was
        changed.
        """
        before = self.people.held()
        kept = await self._file.copied(lambda own: self._replaced(own, source))
        if self.read_only:
            await self._take_place()
        await self._file.copied(self._load)
        self._upkeep.want_backup()  # else what was replaced would be read, were this damaged
        await self.people.take_in(before)
        self._problem = None
        with contextlib.suppress(NotSharedError):  # told as soon as that can be done
            await self.tell()
        return kept

    async def accept(self) -> None:
        """Go on with what stands in for a file that can't be used: that is kept under another name,
        and what was read in its place becomes the file. StorageError where that fails."""
        if self.read_only:
            await self._file.copied(lambda own: put_in_place(own, self._path))
            await self._take_place()
            await self.people.take_in(self.people.held())  # signed in while nothing was stored
            self._problem = None

    async def _replaced(self, own: Database, source: Database) -> Backup | None:
        await carry_over(own, source)
        if self.read_only:
            await put_in_place(source, self._path)
            return None
        kept = await self.backups.make("restore", own.copy_to, self._now().wall_s)
        await source.copy_into(own)
        return kept

    async def _take_place(self) -> None:
        """Go on with the file that was just put in place."""
        await self._file.take_over(await open_for_writing(self._path))

    # ---- shared with other sinkholes -------------------------------------------------------------

    def share(self, sharing: Sharing | None) -> None:
        """Have changes told by this from now on; None: to nobody."""
        self._file.sharing = sharing

    async def catch_up(self) -> None:
        """Have here what others have changed, where the state is shared."""
        if self._file.sharing is not None:
            await self._file.sharing.catch_up()

    async def tell(self) -> None:
        """Tell what was changed and not told yet; StorageError."""

        async def nothing(_: Database) -> None: ...

        await self._file.write(nothing, lambda _: None)

    async def merge(self, work: Work[T]) -> T:
        """Let `work` change what others have changed, and have memory agree; StorageError, and then
        nothing was changed, also for what the next start could not read. Pauses and rules for a
        time are read anew by who has them in force."""

        async def checked(database: Database) -> T:
            with refusing_what_is_odd():
                done = await work(database)
                await check_contents(database)
            return done

        return await self._file.merge(checked, self._load_shared)

    async def read(self, work: Work[T]) -> T:
        """Let `work` read the file, between changes."""
        return await self._file.copied(work)

    async def keep_before_join(self) -> Backup:
        """Make a backup of what others' state is to replace; StorageError."""
        return await self.backups.make("restore", self._file.copy_to, self._now().wall_s)

    async def close(self) -> None:
        """Close the file."""
        await self._tasks.close()
        await self._upkeep.close()
        await self._file.close()

    async def _try_again(self) -> None:
        """Go on with the file itself once it can be written to; memory has what is in it."""
        while self.read_only:
            await asyncio.sleep(AGAIN_S)
            try:
                database = await open_again(self._path, self.backups, self._now().wall_s)
            except StorageError:
                continue  # said among the problems all the while
            await self._file.take_over(database)
            await self.people.take_in(self.people.held())  # signed in while nothing was stored
            self._problem = None

    async def _load_shared(self, database: Database) -> None:
        await self.stored.load(database)
        await self.people.load_shared(database)

    async def _load(self, database: Database) -> None:
        await self.stored.load(database)
        await self.people.load(database)
        await self._upkeep.load(database)
