"""The state that this sinkhole shares with others, for as long as the settings say with which."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial

from sinkhole.control.replication.following import Following
from sinkhole.control.replication.hub import StateStatus
from sinkhole.control.replication.replica import OnMerged
from sinkhole.control.state.state import State
from sinkhole.model.errors import SinkholeError
from sinkhole.model.faults import Faults
from sinkhole.model.tasks import Tasks


class SharedState:
    """Has the state agree with that of others, if there are any.

    `wanted` names them, "" for none, and `following_of` makes what does it; whenever that may be
    another one, `look` is to be called.
    """

    def __init__(
        self,
        wanted: Callable[[], str],
        following_of: Callable[[str, State, OnMerged], Following],
        faults: Faults,
    ) -> None:
        self._wanted = wanted
        self._following_of = following_of
        self._with: str | None = None
        self._went_over = asyncio.Event()
        self._faults = faults
        self._tasks = Tasks("shared state", limit=1, faults=faults)
        self._looked = asyncio.Event()
        self._replica: Following | None = None
        self._refused = ""

    @property
    def status(self) -> StateStatus | None:
        """Which state it has, and how far; None where it is shared with nobody."""
        return None if self._replica is None else self._replica.status

    @property
    def problems(self) -> list[str]:
        """That the hub is away, or what came from there can't be put in force."""
        found = self._replica.problem if self._replica is not None else None
        return [each for each in (found, self._refused) if each]

    def start(self, state: State, on_merged: OnMerged) -> None:
        """Begin; `on_merged` puts in force what came from others."""
        self._tasks.keep("sharing", partial(self._run, state, on_merged))

    def look(self) -> None:
        """Go over to another hub, if another is wanted."""
        self._looked.set()

    async def go_over(self) -> None:
        """The same, and wait until that is done."""
        self.look()
        while self._with != self._wanted():
            self._went_over.clear()
            await self._went_over.wait()

    async def close(self) -> None:
        """Follow no more; what was changed here and not told is told after the next start."""
        await self._tasks.close()

    async def _run(self, state: State, on_merged: OnMerged) -> None:
        following = Tasks("shared state", limit=1, faults=self._faults)
        try:
            while True:
                wanted = self._wanted()
                if wanted:
                    told = partial(self._told, on_merged)
                    self._replica = self._following_of(wanted, state, told)
                    following.keep("following", self._replica.run)
                self._with = wanted
                self._went_over.set()
                await self._until_other_than(wanted)
                await following.close()
                self._replica, self._refused = None, ""
        finally:
            await following.close()

    async def _until_other_than(self, wanted: str) -> None:
        while self._wanted() == wanted:
            self._looked.clear()
            await self._looked.wait()

    async def _told(
        self, on_merged: Callable[[frozenset[str]], Awaitable[None]], kinds: frozenset[str]
    ) -> None:
        try:
            await on_merged(kinds)
            self._refused = ""
        except SinkholeError as error:
            self._refused = f"what another sinkhole has changed is not in force here: {error}"
