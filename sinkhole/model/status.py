"""How the parts of a running server do, as /api/status shows them; counts only ever grow.

The whole of it is `ServerStatus` of `control/web`; what is said of lists is `control/lists`'.
"""

from __future__ import annotations

from typing import Literal, NamedTuple, TypedDict


class Health(NamedTuple):
    """How the whole server does, and why it does no better, one sentence each.

    "ok" has no reasons. "degraded" answers, but somebody should look; "failing" answers nobody.
    """

    state: Literal["ok", "degraded", "failing"]
    reasons: tuple[str, ...] = ()


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
