"""How a DNS plane does, in plain types; and how several do together."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final, TypedDict

from sinkhole.dns.cache.table import Table
from sinkhole.dns.pipeline.pipeline import Pipeline
from sinkhole.dns.server.listeners import Listeners
from sinkhole.dns.upstream.upstreams import Upstreams
from sinkhole.model.status import PrefetchStatus, UpstreamStatus

COUNTED: Final = (
    *("evicted", "dropped", "bugs", "overloaded", "unsent", "handshakes_failed", "records_dropped"),
    *("upstream_refused", "upstream_strays", "upstream_unsent", "faults"),
)
"""What only grows: of planes that have ended, too, it goes on counting."""


class PlaneState(TypedDict):
    """What of a plane people are shown. `entries` of `size_bytes` are in the table; the others are
    as of the parts that they come from."""

    entries: int
    size_bytes: int
    evicted: int
    dropped: int
    bugs: int
    overloaded: int
    unsent: int
    handshakes_failed: int
    records_dropped: int
    upstream_refused: int
    upstream_strays: int
    upstream_unsent: int
    faults: int
    is_cut_off: bool
    upstreams: list[UpstreamStatus]
    troubles: dict[str, list[str]]
    prefetch: PrefetchStatus


def state_of(
    pipeline: Pipeline, table: Table, listeners: Listeners, upstreams: Upstreams
) -> PlaneState:
    """Of these parts of one plane; what it has of `records_dropped` and `faults` is for who knows
    them."""
    forwarder = upstreams.forwarder
    return {
        "entries": len(table.entries),
        "size_bytes": table.size_bytes,
        "evicted": table.evicted,
        "dropped": pipeline.dropped,
        "bugs": pipeline.bugs.met,
        "overloaded": listeners.overloaded,
        "unsent": listeners.unsent,
        "handshakes_failed": listeners.door.handshakes.failed,
        "records_dropped": 0,
        "upstream_refused": forwarder.refused,
        "upstream_strays": forwarder.strays,
        "upstream_unsent": forwarder.unsent,
        "faults": 0,
        "is_cut_off": forwarder.is_cut_off,
        "upstreams": forwarder.status(),
        "troubles": upstreams.troubles(),
        "prefetch": pipeline.prefetch.status(time.monotonic()),
    }


def count_into(counts: Counter[str], state: PlaneState) -> None:
    """Add what a plane has counted that has ended."""
    found: Any = state
    for key in COUNTED:
        counts[key] += found[key]


def together(own: PlaneState, others: Sequence[PlaneState], ended: Mapping[str, int]) -> PlaneState:
    """How the plane of this process does with those of others, and what ended ones have counted.

    Where there are others, it is they who ask upstreams for devices: whether these answer is what
    they say.
    """
    found: Any = dict(own)
    everybody: tuple[Any, ...] = own, *others
    for key in ("entries", "size_bytes"):
        found[key] = sum(each[key] for each in everybody)
    for key in COUNTED:
        found[key] = ended.get(key, 0) + sum(each[key] for each in everybody)
    asking = others or (own,)
    found["is_cut_off"] = all(each["is_cut_off"] for each in asking)
    found["upstreams"] = _upstreams([each["upstreams"] for each in asking])
    found["troubles"] = _troubles(each["troubles"] for each in asking)
    found["prefetch"] = _prefetch([each["prefetch"] for each in asking])
    state: PlaneState = found
    return state


def _upstreams(all_of: Sequence[list[UpstreamStatus]]) -> list[UpstreamStatus]:
    by_name: dict[str, list[UpstreamStatus]] = {}
    for statuses in all_of:
        for status in statuses:
            by_name.setdefault(status["name"], []).append(status)
    return [_upstream(some) for some in by_name.values()]


def _upstream(some: list[UpstreamStatus]) -> UpstreamStatus:
    """One server as several see it: up for who reaches it, its times as the one has them who has
    asked it most."""
    busiest = max(some, key=lambda each: each["queries"])
    down = [each["down_s"] for each in some if each["down_s"] is not None]
    is_up = any(each["up"] for each in some)
    failed = (each["last_failure"] for each in some if each["last_failure"])
    return {
        **busiest,
        "up": is_up,
        "down_s": None if is_up or not down else min(down),
        "queries": sum(each["queries"] for each in some),
        "failures": sum(each["failures"] for each in some),
        "last_failure": busiest["last_failure"] or next(failed, ""),
    }


def _troubles(all_of: Iterable[dict[str, list[str]]]) -> dict[str, list[str]]:
    found: dict[str, dict[str, None]] = {}
    for troubles in all_of:
        for about, texts in troubles.items():
            found.setdefault(about, {}).update(dict.fromkeys(texts))
    return {about: list(texts) for about, texts in found.items()}


def _prefetch(some: Sequence[PrefetchStatus]) -> PrefetchStatus:
    return {
        "enabled": any(each["enabled"] for each in some),
        "asked": sum(each["asked"] for each in some),
        "failed": sum(each["failed"] for each in some),
        "saved": sum(each["saved"] for each in some),
        "underway": sum(each["underway"] for each in some),
        "pauses": any(each["pauses"] for each in some),
    }
