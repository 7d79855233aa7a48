"""One sinkhole's copy of a shared state: it joins, follows what others change, and tells its own.

A change is told within the transaction that makes it here (`commit`), so it is on all or on none.
While the hub is away nothing can be changed but what is loose (pauses, rules for a time), which is
told later; nothing stops being in force.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Final

from sinkhole.control.database import Database
from sinkhole.control.querylog.backoff import Backoff
from sinkhole.control.replication.entries import (
    LOOSE,
    Meeting,
    agree,
    agree_on_all,
    changed,
    conflicts,
    doubt,
    merge,
    met,
    write_meeting,
)
from sinkhole.control.replication.hub import Entry, Hub, HubAwayError, Pulled, StateStatus
from sinkhole.control.state.file import BehindError
from sinkhole.control.state.state import State
from sinkhole.model.errors import StorageError
from sinkhole.model.faults import Faults
from sinkhole.model.tasks import Tasks

log = logging.getLogger(__name__)

OpenHub = Callable[[], AbstractAsyncContextManager[Hub]]
"""Reaches the hub; StorageError."""

OnMerged = Callable[[frozenset[str]], Awaitable[None]]
"""Told the kinds of which something came from others, to put it in force."""

MOST_TRIES: Final = 20
"""How often what others have changed is read before one's own is given up, to be told later."""


class Replica:
    """Of the state of one sinkhole, while `run` runs; it is the state's `Sharing`.

    `meeting` is which shared state it has, and how far.
    """

    def __init__(
        self, state: State, open_hub: OpenHub, on_merged: OnMerged, faults: Faults | None = None
    ) -> None:
        self.meeting = Meeting()
        self._state = state
        self._open_hub = open_hub
        self._on_merged = on_merged
        self._hub: Hub | None = None
        self._lost: HubAwayError | None = None
        self._backoff = Backoff(what="shared state")
        self._turn = asyncio.Lock()
        self._untold: set[Entry] = set()
        self._merged: set[str] = set()
        self._has_merged = asyncio.Event()
        self._faults = faults
        self._tasks = Tasks("shared state", limit=1, faults=faults)

    @property
    def status(self) -> StateStatus:
        """How far this copy is."""
        return StateStatus(self.meeting.revision, self._hub is not None)

    @property
    def problem(self) -> str | None:
        """That the hub is away; None while all is well."""
        if self._backoff.error is None:
            return None
        told = "settings and accounts can't be changed until it is back, pauses can"
        return f"{self._backoff.error}: {told}"

    async def run(self) -> None:
        """Follow the hub until cancelled; whatever fails is shown, and tried again."""
        self._untold = set(await self._state.read(changed))
        self._state.share(self)
        self._tasks.keep("merged", self._tell_merged)
        try:
            while True:
                try:
                    async with self._open_hub() as hub:
                        await self._follow(hub)
                except StorageError as error:
                    self._backoff.failed(str(error))
                await asyncio.sleep(self._backoff.left_s)
        finally:
            self._state.share(None)
            await self._tasks.close()

    async def _follow(self, hub: Hub) -> None:
        """Follow a hub until it is away."""
        try:
            await self._join(hub)
            self._hub, self._lost = hub, None
            await self._tell_rest()
            self._backoff.succeeded()
            while True:
                await hub.wait(self.meeting.revision)
                if self._lost is not None:
                    raise self._lost
                await self.catch_up()
                await self._tell_rest()
        except StorageError as error:
            self._backoff.failed(str(error))
        finally:
            self._hub = None

    # ---- from others -----------------------------------------------------------------------------

    async def catch_up(self) -> None:
        """Have here what the others have changed; StorageError."""
        async with self._turn:
            await self._read(self._reached())

    async def _join(self, hub: Hub) -> None:
        """Agree with a hub; what is there replaces what is here, unless it was joined before."""
        async with self._turn:
            await self._read(hub)

    async def _read(self, hub: Hub) -> None:
        self.meeting = await self._state.read(met)
        if self.meeting.identity == hub.identity:
            await self._take(await hub.pull(self.meeting.revision))
        else:
            await self._meet(hub.identity, await hub.pull(0))

    async def _meet(self, identity: str, pulled: Pulled) -> None:
        """Have what is there in place of what is here, unless nothing is there: then nothing is
        agreed on before this one has told what it has, as another may be quicker."""
        is_first = pulled.revision == 0
        met_now = Meeting() if is_first else Meeting(identity, pulled.revision)
        if is_first and met_now == self.meeting:
            return
        if not is_first and await self._has_something():
            kept = await self._state.keep_before_join()
            log.warning(
                "shared state: what is shared replaces what was here, of which there is a"
                " backup: %s",
                kept.name,
            )

        async def work(database: Database) -> frozenset[str]:
            if is_first:
                await database.rows("DELETE FROM entry")
            else:
                await agree_on_all(database)
            touched = await merge(database, pulled)
            await write_meeting(database, met_now)
            return touched

        await self._merge(work, met_now)

    async def _has_something(self) -> bool:
        """Whether there is more here than the revision that every new state begins with."""
        return not _is_nothing(await self._state.read(changed))

    async def _take(self, pulled: Pulled) -> None:
        if pulled.revision == self.meeting.revision and not pulled.entries:
            return
        if pulled.revision < self.meeting.revision:
            await self._give_back(pulled.revision)
            return
        if lost := await self._state.read(lambda own: conflicts(own, pulled)):
            kept = await self._state.keep_before_join()
            told = ", ".join(f"{kind} {key}" for kind, key in lost[:5])
            log.warning(
                "shared state: changed here and elsewhere, and as it is elsewhere now (%s); the"
                " backup %s has what was here",
                told,
                kept.name,
            )

        async def work(database: Database) -> frozenset[str]:
            touched = await merge(database, pulled)
            await write_meeting(database, met_now)
            return touched

        met_now = self.meeting._replace(revision=pulled.revision)
        await self._merge(work, met_now)

    async def _give_back(self, revision: int) -> None:
        """Have told anew what a hub has lost, by a crash or as it was restored from a backup."""
        log.warning("shared state: it has lost what was changed last, which is told to it again")
        met_now = self.meeting._replace(revision=revision)

        async def work(database: Database) -> frozenset[str]:
            await doubt(database, revision)
            await write_meeting(database, met_now)
            return frozenset()

        await self._merge(work, met_now)

    async def _merge(
        self, work: Callable[[Database], Awaitable[frozenset[str]]], met_now: Meeting
    ) -> None:
        touched = await self._state.merge(work)
        self.meeting = met_now
        if touched:
            self._merged |= touched
            self._has_merged.set()

    async def _tell_merged(self) -> None:
        while True:
            await self._has_merged.wait()
            self._has_merged.clear()
            kinds, self._merged = frozenset(self._merged), set()
            try:
                await self._on_merged(kinds)
            except BaseException:  # a bug of ours: then all of it is tried again
                self._merged |= kinds
                self._has_merged.set()
                raise

    # ---- to others -------------------------------------------------------------------------------

    async def commit(self, database: Database) -> None:
        """Tell the hub what a transaction has changed; see `state/file.Sharing`."""
        entries = await changed(database)
        try:
            is_told = not entries or await self._push(database, entries)
        except HubAwayError as error:
            if self._hub is not None:  # nobody else has to wait for it to find the same
                self._hub, self._lost = None, error
            if not all(each.kind in LOOSE for each in entries if each not in self._untold):
                raise HubAwayError(self._away()) from error
        else:
            entries = [] if is_told else entries
        self._untold = set(entries)

    async def _push(self, database: Database, entries: list[Entry]) -> bool:
        """Tell it; False where it is to be kept back: who has nothing yet is not the first that
        gives what it has, for all others to take that in place of theirs."""
        hub, known = self._reached(), await met(database)
        if known.identity != hub.identity and _is_nothing(entries):
            return False
        is_loose = all(each.kind in LOOSE for each in entries)
        pushed = await hub.push(None if is_loose else known.revision, entries)
        await agree(database, entries, pushed.revision)
        if pushed.before == known.revision:  # else something came in between, and is read next
            await write_meeting(database, Meeting(hub.identity, pushed.revision))
        return True

    async def _tell_rest(self) -> None:
        """Tell what was changed here while the hub was away, or before it was joined."""
        for _ in range(MOST_TRIES):
            try:
                await self._state.tell()
                return
            except BehindError:
                await self.catch_up()

    def _reached(self) -> Hub:
        if self._hub is None:
            raise HubAwayError(self._away())
        return self._hub

    def _away(self) -> str:
        why = (
            self._lost
            or self._backoff.error
            or "what is shared with other sinkholes was not read yet"
        )
        return f"nothing can be changed now but pauses: {why}"


def _is_nothing(entries: Sequence[Entry]) -> bool:
    """Whether these are no more than the revision that every new state begins with."""
    return all(each.kind == "revision" for each in entries)
