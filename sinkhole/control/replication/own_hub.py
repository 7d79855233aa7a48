"""The state of this sinkhole as the hub of others: it numbers its own changes, and takes theirs.

What was changed in which revision stands in the table `entry`, beside the rows themselves, so a
change and its number are one transaction.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Callable, Sequence
from typing import Final

from sinkhole.control.database import Database
from sinkhole.control.replication.entries import (
    Meeting,
    agree,
    changed,
    forget_gone,
    merge,
    met,
    since,
    write_meeting,
)
from sinkhole.control.replication.hub import Entry, HubAwayError, Pulled, Pushed, StateStatus
from sinkhole.control.replication.replica import OnMerged
from sinkhole.control.state.file import BehindError
from sinkhole.control.state.state import State
from sinkhole.model.errors import SinkholeError
from sinkhole.model.tasks import Tasks

LOOK_S: Final = 10.0
"""How long whoever waits for news is kept waiting at most."""

MOST_PUSHES: Final = 10
"""Changes of others that wait for the disk at once."""

PATIENCE_S: Final = 5.0
"""How long the end waits for changes that are being made."""

TOLD_US: Final = 30 * 86_400 * 1_000_000
"""For how long it is told that a row is gone; whoever was away for longer reads all there is."""


def _now_us() -> int:
    return time.time_ns() // 1000


class OwnHub:
    """A Hub, and the state's `Sharing`, while `run` runs. `on_merged` puts in force what others
    have changed."""

    def __init__(
        self,
        state: State,
        identity: str,
        on_merged: OnMerged,
        now_us: Callable[[], int] = _now_us,
    ) -> None:
        self.identity = identity
        self.problem: str | None = None
        self._state = state
        self._on_merged = on_merged
        self._now_us = now_us
        self._revision = 0
        self._news = asyncio.Event()
        self._begun = asyncio.Event()
        self._is_over = False
        self._applying = asyncio.Lock()
        self._pushes = Tasks("pushes", limit=MOST_PUSHES)

    @property
    def status(self) -> StateStatus:
        """The last revision; it always has itself."""
        return StateStatus(self._revision, True)

    async def run(self) -> None:
        """Number what is here, and be the hub until cancelled; StorageError."""

        async def work(database: Database) -> None:
            entries = await changed(database)
            if entries or (await met(database)).identity != self.identity:
                await self._number(database, entries)
            self._revision = (await met(database)).revision

        await self._state.merge(work)
        self._state.share(self)
        self._is_over = False
        self._begun.set()
        try:
            await asyncio.Event().wait()
        finally:
            self._is_over = True
            self._state.share(None)
            await self._pushes.close(PATIENCE_S)

    # ---- what is changed here --------------------------------------------------------------------

    async def commit(self, database: Database) -> None:
        """Give what a transaction has changed a number, within it."""
        if entries := await changed(database):
            await self._number(database, entries)
            self._tell()

    async def catch_up(self) -> None:
        """Nobody is ahead of it."""

    async def _number(self, database: Database, entries: Sequence[Entry]) -> None:
        revision = await self._next(database)
        await agree(database, entries, revision)
        await self._write(database, revision)

    async def _next(self, database: Database) -> int:
        return max((await met(database)).revision + 1, self._now_us())

    async def _write(self, database: Database, revision: int) -> None:
        await forget_gone(database, self._now_us() - TOLD_US)
        await write_meeting(database, Meeting(self.identity, revision))
        self._revision = revision

    def _tell(self) -> None:
        """Have whoever waits look, as soon as the transaction has ended."""
        told, self._news = self._news, asyncio.Event()
        told.set()

    # ---- what others ask -------------------------------------------------------------------------

    async def pull(self, after: int) -> Pulled:
        """What changed in revisions later than one."""
        await self._until_begun()

        async def work(database: Database) -> Pulled:
            is_whole = after == 0 or after < self._now_us() - TOLD_US
            entries = await since(database, after, is_whole=is_whole)
            return Pulled((await met(database)).revision, entries, is_whole)

        return await self._state.read(work)

    async def push(self, base: int | None, entries: Sequence[Entry]) -> Pushed:
        """Take what another has changed; BehindError where `base` is not the last revision. What
        has begun is done whole, also where nobody waits for it any more."""
        await self._until_begun()
        task = self._pushes.start("push", self._push(base, entries))
        if task is None:
            raise HubAwayError("too many changes wait for the disk; try again in a moment")
        done: Pushed | SinkholeError = await asyncio.shield(task)
        if isinstance(done, SinkholeError):
            raise done
        return done

    async def _push(self, base: int | None, entries: Sequence[Entry]) -> Pushed | SinkholeError:
        try:
            return await self._pushed(base, entries)
        except SinkholeError as error:
            return error

    async def _pushed(self, base: int | None, entries: Sequence[Entry]) -> Pushed:
        async def work(database: Database) -> tuple[Pushed, frozenset[str]]:
            self._refuse_if_over()
            before = (await met(database)).revision
            if base is not None and base != before:
                raise BehindError("another sinkhole was quicker: look at it again")
            revision = await self._next(database)
            touched = await merge(database, Pulled(revision, entries))
            await self._write(database, revision)
            return Pushed(revision, before), touched

        pushed, touched = await self._state.merge(work)
        self._tell()
        if touched:
            async with self._applying:
                await self._on_merged(touched)
        return pushed

    async def wait(self, after: int) -> None:
        """Wait until there is another revision, or for LOOK_S."""
        await self._until_begun()
        with contextlib.suppress(TimeoutError):  # it is time to look
            async with asyncio.timeout(LOOK_S):
                while True:
                    news = self._news
                    if (await self._state.read(met)).revision != after:
                        return
                    await news.wait()

    async def _until_begun(self) -> None:
        """HubAwayError where it is not to be the hub any more, perhaps before it began."""
        try:
            async with asyncio.timeout(LOOK_S):
                await self._begun.wait()
        except TimeoutError:
            raise HubAwayError("this sinkhole is just beginning to share its state") from None
        self._refuse_if_over()

    def _refuse_if_over(self) -> None:
        if self._is_over:
            raise HubAwayError("this sinkhole does not share its state any more")
