"""This sinkhole among those that share a database with it, by the settings of now.

asyncpg is imported when there is such a database, and not before.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Callable
from importlib.util import find_spec
from typing import TYPE_CHECKING, Final, NamedTuple

from sinkhole import __version__
from sinkhole.app.sharing import MISSING, Place
from sinkhole.control.operations.drain import Drain
from sinkhole.control.querylog.outbox import stream_of
from sinkhole.model.errors import RequestError, StorageError
from sinkhole.model.nodes import CONNECTING, Node, NodeReport, Nodes, Wish
from sinkhole.model.tasks import Tasks

if TYPE_CHECKING:
    from sinkhole.app.app import App
    from sinkhole.control.postgres.presence import Presence

log = logging.getLogger(__name__)

MOST_PROBLEMS: Final = 10
"""Problems that others are told of, the gravest first."""

RATE_S: Final = 60.0
"""Over how long queries a second are counted."""


class NodesHere:
    """The NodesDesk of one App: `start`, `apply` with other settings, `close`."""

    def __init__(self, app: App, drain: Drain, place: Callable[[], Place]) -> None:
        self._app = app
        self._drain = drain
        self._place = place
        self._tasks = Tasks("nodes", limit=1, faults=app.faults)
        self._pace = Pace(lambda: app.counters.queries)
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
        own = Node(self.name, True, "up", 0.0, self.report())
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

    def report(self) -> NodeReport:
        """How this node does."""
        app, counters = self._app, self._app.counters
        by_kind, query_log, crew = counters.by_kind(), app.query_log, app.workers.crew
        return {
            "version": __version__,
            "started": app.overview.started_s,
            "dns": app.addresses,
            "web": app.listening.url,
            "health": app.health().state,
            "problems": self._worst(),
            "queries": counters.queries,
            "blocked": by_kind["blocked"],
            "cached": by_kind["cached"],
            "rate": self._pace.rate(asyncio.get_running_loop().time()),
            "median_ms": counters.median_ms,
            "workers": 1 if crew is None else crew.count,
            "waiting": query_log.outbox.waiting_rows if query_log is not None else 0,
            "revision": 0,
            "drained": self._drain.is_on,
        }

    def _worst(self) -> list[str]:
        found = [each for each in self._app.overview.problems() if each.severity != "notice"]
        found.sort(key=lambda each: each.severity != "error")
        return [each.text for each in found[:MOST_PROBLEMS]]

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

        self._presence = Presence(*place, self.report, self._box, self._obey)
        try:
            await self._presence.run()
        finally:
            self._presence = None

    async def _box(self) -> int:
        """What stays of this node over restarts: the count of what its log's file sends."""
        try:
            return await stream_of(self._app.front.house.log_reader())
        except (StorageError, RequestError):  # the log is not open yet
            return 0

    def _obey(self, wish: Wish) -> None:
        if wish.drained:
            self._drain.begin(wish.by)
        else:
            self._drain.end()
        log.info("%s, by %s", "drained" if wish.drained else "no longer drained", wish.by)


class _Mark(NamedTuple):
    at: float
    queries: int


class Pace:
    """How many queries a second there were lately, by a counter that is looked at now and then."""

    def __init__(self, queries: Callable[[], int]) -> None:
        self._queries = queries
        self._marks: deque[_Mark] = deque()

    def rate(self, now: float) -> float:
        """Of the last minute, or since it was first looked at."""
        mark = _Mark(now, self._queries())
        if not self._marks or now - self._marks[-1].at >= 1:
            self._marks.append(mark)
        while len(self._marks) > 2 and self._marks[1].at <= now - RATE_S:
            self._marks.popleft()
        first = self._marks[0]
        passed_s = now - first.at
        return round((mark.queries - first.queries) / passed_s, 2) if passed_s >= 1 else 0.0
