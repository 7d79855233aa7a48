"""What this sinkhole says of itself to others that share a database with it."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING, Final, NamedTuple
from urllib.parse import urlsplit

from sinkhole import __version__
from sinkhole.control.machine.own_addresses import own_addresses
from sinkhole.model.nodes import NodeReport

if TYPE_CHECKING:
    from sinkhole.app.app import App
    from sinkhole.control.operations.drain import Drain

MOST_PROBLEMS: Final = 10
"""Problems that others are told of, the gravest first."""

_EVERYWHERE: Final = ("0.0.0.0", "::")

RATE_S: Final = 60.0
"""Over how long queries a second are counted."""


class OwnReport:
    """How one App does, each time that it is called."""

    def __init__(self, app: App, drain: Drain) -> None:
        self._app = app
        self._drain = drain
        self._pace = Pace(lambda: app.counters.queries)
        self._address = ""

    async def look(self) -> None:
        """Find out by which address others reach this machine."""
        self._address = await asyncio.to_thread(_best_address)

    def __call__(self) -> NodeReport:
        """How it does now."""
        app, counters = self._app, self._app.counters
        by_kind, query_log, crew = counters.by_kind(), app.query_log, app.workers.crew
        return {
            "version": __version__,
            "started": app.overview.started_s,
            "dns": app.addresses,
            "web": self._web(),
            "health": app.health().state,
            "problems": self._worst(),
            "queries": counters.queries,
            "blocked": by_kind["blocked"],
            "cached": by_kind["cached"],
            "rate": self._pace.rate(),
            "median_ms": counters.median_ms,
            "workers": 1 if crew is None else crew.count,
            "waiting": query_log.outbox.waiting_rows if query_log is not None else 0,
            "revision": 0 if (state := app.front.sharing.state.status) is None else state.revision,
            "drained": self._drain.is_on,
        }

    def _web(self) -> str:
        """Where others find the page: one that listens everywhere, by one address."""
        url = urlsplit(self._app.listening.url)
        if not self._address or url.hostname not in _EVERYWHERE:
            return url.geturl()
        host = f"[{self._address}]" if ":" in self._address else self._address
        return url._replace(netloc=f"{host}:{url.port}").geturl()

    def _worst(self) -> list[str]:
        found = [each for each in self._app.overview.problems() if each.severity != "notice"]
        found.sort(key=lambda each: each.severity != "error")
        return [each.text for each in found[:MOST_PROBLEMS]]


def _best_address() -> str:
    """Of those this machine has: of the house and IPv4, if there is one; "" for none."""
    found = [each for each in own_addresses() if each.reach != "link"]
    found.sort(key=lambda each: (each.version, each.reach != "home"))
    return found[0].text if found else ""


class _Mark(NamedTuple):
    at: float
    queries: int


class Pace:
    """How many queries a second there were lately, by a counter that is looked at now and then."""

    def __init__(
        self, queries: Callable[[], int], clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._queries = queries
        self._clock = clock
        self._marks: deque[_Mark] = deque()

    def rate(self) -> float:
        """Of the last minute, or since it was first looked at."""
        mark = _Mark(self._clock(), self._queries())
        if not self._marks or mark.at - self._marks[-1].at >= 1:
            self._marks.append(mark)
        while len(self._marks) > 1 and self._marks[1].at <= mark.at - RATE_S:
            self._marks.popleft()
        first = self._marks[0]
        passed_s = mark.at - first.at
        return round((mark.queries - first.queries) / passed_s, 2) if passed_s >= 1 else 0.0
