"""Log and state in the database that the settings name, for as long as they do.

asyncpg is imported when there is such a database, and not before.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from importlib.util import find_spec
from typing import TYPE_CHECKING, Final, NamedTuple

from sinkhole.app.shared_state import SharedState
from sinkhole.control.pairing.pairing import Pairing
from sinkhole.control.querylog import QueryLog
from sinkhole.control.replication.following import Following
from sinkhole.control.replication.hub import Hub
from sinkhole.control.replication.replica import OnMerged, OpenHub, Replica
from sinkhole.control.settings import Settings
from sinkhole.control.state.state import State
from sinkhole.model.errors import SettingsError
from sinkhole.model.faults import Faults
from sinkhole.model.tasks import Tasks

if TYPE_CHECKING:
    from sinkhole.control.lists.offers import ListOffers
    from sinkhole.control.postgres.shared_log import SharedLog

LOOK_S: Final = 0.2
"""How often it is looked whether the log is open, which it is when all else has started."""


MISSING: Final = (
    "a database that is shared needs asyncpg, which is not installed: type `pip install asyncpg` "
    "where sinkhole is installed"
)


class Place(NamedTuple):
    """The address of a database that is shared, "" for none, and what this node is called there."""

    url: str
    node: str


class Sharing:
    """Has log and state shared as the settings of now say; to be told by `apply` of others."""

    def __init__(
        self,
        settings: Callable[[], Settings],
        query_log: Callable[[], QueryLog | None],
        faults: Faults,
    ) -> None:
        self._settings = settings
        self._query_log = query_log
        self._tasks = Tasks("shared log", limit=1, faults=faults)
        self._shared: SharedLog | None = None
        self._is_missing = False
        self._changed, self._begun = asyncio.Event(), asyncio.Event()
        self._faults = faults
        self.pairing: Pairing | None = None
        self.state = SharedState(self._others, self._following, faults)

    @property
    def place(self) -> Place:
        """Where the settings of now want it shared."""
        storage = self._settings().storage
        return Place(storage.url, storage.node or socket.gethostname())

    @property
    def problems(self) -> list[str]:
        """That the database is away."""
        if self._is_missing:
            return [MISSING]
        found = self._shared.problem if self._shared is not None else None
        return [found] if found else []

    @property
    def problems_of_state(self) -> list[str]:
        """That what all with one database share can't be changed, or is not in force."""
        return self.state.problems if self.place.url else []

    @property
    def problems_of_pair(self) -> list[str]:
        """The same of a pair."""
        if self.pairing is None or self.pairing.paired is None:
            return []
        own = [] if self.place.url else self.state.problems
        return list(dict.fromkeys((*self.pairing.problems, *own)))

    async def list_offers(self) -> ListOffers | None:
        """Where lists are exchanged now, once it was tried to reach that."""
        if not self.place.url or self._is_missing:
            return None if self.pairing is None else await self.pairing.list_offers()
        await self._begun.wait()
        if (shared := self._shared) is None:
            return None
        await shared.tried.wait()
        return shared.list_offers

    def start(self, state: State, on_merged: OnMerged) -> None:
        """Share the log once it is open, and the state; `on_merged` puts in force what comes."""
        self._tasks.keep("sending", self._run)
        self.state.start(state, on_merged)

    def check(self, settings: Settings) -> None:
        """SettingsError where what these want is not installed."""
        if settings.storage.url and find_spec("asyncpg") is None:
            raise SettingsError([f"storage.url: {MISSING}"])

    def apply(self) -> None:
        """Go over to the settings of now."""
        self._changed.set()
        self.state.look()
        if self._shared is not None and not self._shared.is_of(*self.place):
            self._shared.stop()

    async def close(self) -> None:
        """Send no more; what waits is sent after the next start."""
        await self.state.close()
        await self._tasks.close()

    def _others(self) -> str:
        """Names with whom the state is shared, "" for nobody: by a database, if the settings say
        so and it could be reached, else with the other one of a pair."""
        if url := self.place.url:
            return url if find_spec("asyncpg") is not None else ""
        return self.pairing.wanted if self.pairing is not None else ""

    def _following(self, wanted: str, state: State, on_merged: OnMerged) -> Following:
        if self.pairing is not None and wanted == self.pairing.wanted:
            return self.pairing.following(state, on_merged)
        return Replica(state, _hub_of(wanted), on_merged, self._faults)

    async def _run(self) -> None:
        while (query_log := self._query_log()) is None:
            self._changed.clear()
            with contextlib.suppress(TimeoutError):  # it is time to look
                async with asyncio.timeout(LOOK_S):
                    await self._changed.wait()
        while True:
            self._changed.clear()
            url, node = self.place
            self._is_missing = bool(url) and find_spec("asyncpg") is None
            if url and not self._is_missing:
                await self._share(url, node, query_log)
            else:
                if not url:
                    query_log.share(None)
                await self._changed.wait()

    async def _share(self, url: str, node: str, query_log: QueryLog) -> None:
        """Share the log until other settings want another place for it."""
        from sinkhole.control.postgres.shared_log import SharedLog

        self._shared = SharedLog(url, node, query_log)
        self._begun.set()
        try:
            await self._shared.run()
        finally:
            self._begun.clear()
            self._shared = None


def _hub_of(url: str) -> OpenHub:
    def opened() -> AbstractAsyncContextManager[Hub]:
        from sinkhole.control.postgres.state_hub import PostgresHub

        return PostgresHub.open(url)

    return opened
