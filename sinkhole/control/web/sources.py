"""What the web server reads from the rest of sinkhole, given to it when it is built."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TypedDict

from sinkhole.control.explain import Explainer
from sinkhole.control.lists.status import ListStatus
from sinkhole.control.querylog import History
from sinkhole.control.stats import Counters, Statistics
from sinkhole.model.status import (
    CacheStatus,
    CertificateStatus,
    Health,
    LogStatus,
    PrefetchStatus,
    UpstreamStatus,
    UpstreamTrial,
)


class ServerStatus(TypedDict):
    """Everything /api/status answers; `listen` is what DNS is answered on, `encrypted` the same of
    encrypted transports, each in brackets behind its address, `web` the page's URL.

    `names` is the sum over all lists, `losses` counts by what was given up at a bound, `problems`
    are sentences for people. `log` is None until the query log is open, `certificate` while no
    listener shows one.
    """

    version: str
    started: float
    uptime_s: float
    listen: list[str]
    encrypted: list[str]
    web: str
    lists: list[ListStatus]
    names: int
    upstreams: list[UpstreamStatus]
    cache: CacheStatus
    prefetch: PrefetchStatus
    certificate: CertificateStatus | None
    log: LogStatus | None
    losses: dict[str, int]
    problems: list[str]


@dataclass(frozen=True, slots=True)
class WebSources:
    """All the web server may ask for. The plain callables answer from memory and never wait."""

    statistics: Statistics
    history: History
    explainer: Explainer
    counters: Counters
    status: Callable[[], ServerStatus]
    list_status: Callable[[], list[ListStatus]]
    accept_list: Callable[[str], Awaitable[None]]
    """Use what is held back of a list; ListError says that there is nothing, or no such list."""
    update_lists: Callable[[], Awaitable[int]]
    """Fetch and compile what changed; how many lists did. The server never runs two at once."""
    try_upstream: Callable[[str], Awaitable[UpstreamTrial]]
    """Ask an upstream, written as in the settings; ValueError says what to write instead."""
    health: Callable[[], Health]
    """What /healthz says."""
