"""How the parts of a running server do, as /api/status shows them; counts only ever grow.

The whole of it is `ServerStatus` of `control/web`; what is said of lists is `control/lists`'.
"""

from __future__ import annotations

from typing import TypedDict


class UpstreamStatus(TypedDict):
    """What people are shown of an upstream; `rtt_ms` is None until its first answer."""

    name: str
    up: bool
    rtt_ms: float | None
    queries: int
    failures: int


class CacheStatus(TypedDict):
    """How full the cache of answers is."""

    entries: int
    size_bytes: int
    limit_bytes: int


class LogStatus(TypedDict):
    """The query log; counts are of queries. `error` is what keeps it from writing now."""

    enabled: bool
    waiting: int
    dropped: int
    rows: int
    size_bytes: int
    error: str | None
