"""All that operations work on, put together by `app`."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from sinkhole.control.database import Reader
from sinkhole.control.explain import Explainer
from sinkhole.control.identity.identity import Identity
from sinkhole.control.lists.library import Library
from sinkhole.control.operations.underway import Underway
from sinkhole.control.querylog import QueryLog
from sinkhole.control.settings.in_force import SettingsInForce
from sinkhole.control.state.protection import Protection
from sinkhole.control.state.state import State
from sinkhole.control.state.temporary_rules import TemporaryRules
from sinkhole.control.stats import Counters, Statistics
from sinkhole.dns.filter.match import Matcher
from sinkhole.model.explanation import KeptAnswer, Resolved
from sinkhole.model.status import Health, Problem, UpstreamTrial


class CacheDesk(Protocol):
    """The answers that are remembered: `explain/kept_answers.KeptAnswers`."""

    async def look_up(self, name: str, most: int, *, below: bool) -> list[KeptAnswer]:
        """What is kept about a name (text), with `below` about all below it as well, `most` entries
        at most; ValueError for what is no name."""

    async def flush(self, name: str | None, *, below: bool) -> int:
        """Forget everything, or a name, or with `below` also all below it; how many entries."""


@dataclass(frozen=True, slots=True)
class House:
    """What there is to work on. Without a running server (`is_serving` False) only settings, state,
    identity and lists are there; operations that need more raise RequestError ("unavailable")."""

    settings: SettingsInForce
    state: State
    identity: Identity
    protection: Protection
    temporary_rules: TemporaryRules
    library: Library
    query_log: Callable[[], QueryLog]
    """RequestError ("unavailable") while it could not be opened."""
    log_reader: Callable[[], Reader]
    """One connection for what is read of the log besides its search; without a server, too."""
    client_name: Callable[[str], str]
    """What the settings call an address or id of a client, "" for one they do not know."""
    statistics: Callable[[], Statistics]
    matcher: Callable[[], Matcher]
    """All rules in use, also while the filter is paused."""
    explainer: Callable[[], Explainer]
    resolve: Callable[[str, str, str], Awaitable[Resolved]]
    """Answers a question (name, type, client's address or "" for this machine) as it would that
    client: `explain/asking.Asking.resolve`. ValueError for what is no name, type or address."""
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
    underway: Underway = field(default_factory=Underway)
