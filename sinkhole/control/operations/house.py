"""All that operations work on, put together by `app`."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from sinkhole.control.explain import Explainer
from sinkhole.control.identity.identity import Identity
from sinkhole.control.lists.library import Library
from sinkhole.control.querylog import QueryLog
from sinkhole.control.settings.in_force import SettingsInForce
from sinkhole.control.state.protection import Protection
from sinkhole.control.state.state import State
from sinkhole.control.stats import Counters, Statistics
from sinkhole.model.status import Health, Problem, UpstreamTrial


class CacheDesk(Protocol):
    """The answers that are remembered; `app` has the only one, as tables are the DNS plane's."""

    def look_up(self, name: str, most: int) -> list[dict[str, Any]]:
        """What is kept about a name and those below it, at most so many entries."""

    def flush(self, name: str | None, *, below: bool) -> int:
        """Forget everything, or a name, or with `below` also all below it; how many entries."""


@dataclass(frozen=True, slots=True)
class House:
    """What there is to work on. Without a running server (`is_serving` False) only settings, state,
    identity and lists are there; operations that need more raise RequestError ("unavailable")."""

    settings: SettingsInForce
    state: State
    identity: Identity
    protection: Protection
    library: Library
    query_log: Callable[[], QueryLog]
    """RequestError ("unavailable") while it could not be opened."""
    statistics: Callable[[], Statistics]
    explainer: Callable[[], Explainer]
    cache: CacheDesk
    counters: Counters
    status: Callable[[], Mapping[str, Any]]
    """What the old /api/status answers."""
    problems: Callable[[], list[Problem]]
    health: Callable[[], Health]
    ready: Callable[[], list[str]]
    """What it still waits for before it serves as it is meant to, a sentence each; [] for nothing,
    which is what /readyz asks."""
    try_upstream: Callable[[str], Awaitable[UpstreamTrial]]
    is_serving: bool = True
