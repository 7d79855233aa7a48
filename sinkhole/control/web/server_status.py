"""How the whole server does, as /api/status says it."""

from __future__ import annotations

from typing import TypedDict

from sinkhole.control.lists.status import ListStatus
from sinkhole.model.status import (
    CacheStatus,
    CertificateStatus,
    FilterStatus,
    LogStatus,
    PrefetchStatus,
    ShippingStatus,
    TaskStatus,
    UpstreamStatus,
)


class ServerStatus(TypedDict):
    """Everything /api/status answers; `listen` is what DNS is answered on, `encrypted` the same of
    encrypted transports, each in brackets behind its address, `web` the page's URL.

    `names` is the sum over all lists, `losses` counts by what was given up at a bound, `problems`
    are sentences for people. `log` is None until the query log is open, `certificate` while no
    listener shows one. `shipping` has each target that copies of the log go to.
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
    shipping: list[ShippingStatus]
    protection: FilterStatus
    tasks: list[TaskStatus]
    losses: dict[str, int]
    problems: list[str]
