"""This sinkhole among those that share a database with it, by the settings of now.

asyncpg is imported when there is such a database, and not before.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from importlib.util import find_spec
from typing import TYPE_CHECKING

from sinkhole.app.sharing import MISSING, Place
from sinkhole.control.operations.drain import Drain
from sinkhole.model.faults import Faults
from sinkhole.model.nodes import CONNECTING, Node, NodeReport, Nodes, Wish
from sinkhole.model.tasks import Tasks

if TYPE_CHECKING:
    from sinkhole.control.postgres.presence import Presence

log = logging.getLogger(__name__)


class NodesHere:
    """The NodesDesk of one server: `start`, `apply` with other settings, `close`.

    `place` is where the settings of now have the database, `report` how this node does. `look`
    finds out what that tells, and what tells its data folder from others, 0 while it is not known.
    """

    def __init__(
        self,
        place: Callable[[], Place],
        report: Callable[[], NodeReport],
        look: Callable[[], Awaitable[int]],
        drain: Drain,
        faults: Faults | None = None,
    ) -> None:
        self._place = place
        self._report = report
        self._look = look
        self._drain = drain
        self._tasks = Tasks("nodes", limit=1, faults=faults)
        self._changed = asyncio.Event()
        self._presence: Presence | None = None
        self._is_missing = False

    @property
    def name(self) -> str:
        """What this node is called."""
        return self._place().node

    @property
    def problems(self) -> list[str]:
        """That another one has the same name."""
        return [self._presence.problem] if self._presence is not None else []

    def told(self) -> Nodes:
        """All that are known, from memory; this one alone where no database is shared."""
        if self._presence is not None:
            return self._presence.nodes
        own = Node(self.name, True, "up", 0.0, self._report())
        if not self._place().url:
            return Nodes((own,))
        return Nodes((own,), True, MISSING if self._is_missing else CONNECTING)

    async def drain(self, name: str, wish: Wish) -> bool:
        """Drain a node, or no more; whether there is one that will hear of it. StorageError."""
        if name != self.name:
            return self._presence is not None and await self._presence.ask(name, wish)
        self._obey(wish)
        return True

    async def forget(self, name: str) -> bool:
        """Forget a node that is away; whether there was one. StorageError."""
        return self._presence is not None and await self._presence.forget(name)

    def start(self) -> None:
        """Be known to the others from now on."""
        self._tasks.keep("presence", self._run)

    def apply(self) -> None:
        """Go over to the settings of now."""
        self._changed.set()
        if self._presence is not None and not self._presence.is_of(*self._place()):
            self._presence.stop()

    async def close(self) -> None:
        """Say no more; the others see that it is away."""
        await self._tasks.close()

    async def _run(self) -> None:
        while True:
            self._changed.clear()
            place = self._place()
            self._is_missing = bool(place.url) and find_spec("asyncpg") is None
            if place.url and not self._is_missing:
                await self._be_there(place)
            else:
                await self._changed.wait()

    async def _be_there(self, place: Place) -> None:
        """Be known there until other settings want another place or name."""
        from sinkhole.control.postgres.presence import Presence

        self._presence = Presence(*place, self._report, self._look, self._obey)
        try:
            await self._presence.run()
        finally:
            self._presence = None

    def _obey(self, wish: Wish) -> None:
        if wish.drained:
            self._drain.begin(wish.by)
        else:
            self._drain.end()
        log.info("%s, by %s", "drained" if wish.drained else "no longer drained", wish.by)
