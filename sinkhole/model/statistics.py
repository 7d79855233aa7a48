"""What statistics say: made by `control/stats`, passed on by the API, printed by commands.

All are ready for JSON, whose shape is that of docs/api.md; times are seconds since 1970.
"""

from __future__ import annotations

from typing import NotRequired, TypedDict


class Totals(TypedDict):
    """How many queries, and what became of them; all but `queries` add up to it."""

    queries: int
    blocked: int
    cached: int
    forwarded: int
    local: int
    failed: int
    refused: int


class Latency(TypedDict):
    """Milliseconds from arrival to answer; None when nothing was asked.

    `mean` is that of queries since it is counted, None where there are none.
    """

    p50: float | None
    p95: float | None
    p99: float | None
    mean: float | None


class Saved(TypedDict):
    """What clients were spared by answers that were kept: each would have waited as half of those
    did whose names were asked for (`upstream_ms`), and waited as is the mean (`cache_ms`)."""

    seconds: float
    upstream_ms: float
    cache_ms: float


class SeriesPoint(TypedDict):
    """One step of a series; `time` is its beginning."""

    time: int
    queries: int
    blocked: int
    cached: int


class NameCount(TypedDict):
    """One entry of a top list; `name_unicode` is there for an international domain name."""

    name: str
    count: int
    name_unicode: NotRequired[str]


class ClientCount(TypedDict):
    """One of the clients that asked most: a device under all of its addresses, where its MAC is
    known, is one, and `client` the address or id that it asked by most.

    What it asked before its MAC was known may stand apart. `client_name` is there where the
    settings know it, `device` where the MAC is known.
    """

    client: str
    count: int
    blocked: int
    device: NotRequired[str]
    client_name: NotRequired[str]


class TransportCount(TypedDict):
    """How many queries came by a transport, which is one of `model/record.TRANSPORTS`."""

    name: str
    count: int


class UpstreamCount(TypedDict):
    """How often an upstream answered, and how long that took in the mean."""

    name: str
    count: int
    avg_ms: float


_HEAD = TypedDict("_HEAD", {"period": str, "from": int, "to": float})  # "from" is a keyword


class Summary(_HEAD):
    """Everything about a period: what /api/stats answers."""

    totals: Totals
    blocked_percent: float
    cached_percent: float
    latency_ms: Latency
    saved: Saved | None
    step_s: int
    series: list[SeriesPoint]
    top_names: list[NameCount]
    top_blocked: list[NameCount]
    top_clients: list[ClientCount]
    top_lists: list[NameCount]
    upstreams: list[UpstreamCount]
    transports: list[TransportCount]
    records_dropped: int


class ListHits(TypedDict):
    """Queries that a list blocked within the last day and week, by whole hours."""

    day: int
    week: int
