"""What became of the queries of a time, how long they took, and what the cache spared of that."""

from __future__ import annotations

from collections.abc import Mapping

from sinkhole.control.stats.histogram import percentile_us
from sinkhole.model.statistics import Saved, Totals
from sinkhole.model.verdict import KINDS


class Sums:
    """Counts and durations by kind of outcome."""

    def __init__(self) -> None:
        self._counts = dict.fromkeys(KINDS, 0)
        self._timed = dict.fromkeys(KINDS, 0)
        self._took_us = dict.fromkeys(KINDS, 0)

    def add(self, kind: str, count: int, timed: int, took_us: int) -> None:
        """Some queries, those of them whose duration was noted, and how long these took."""
        self._counts[kind] += count
        self._timed[kind] += timed
        self._took_us[kind] += took_us

    def totals(self) -> Totals:
        """How many there are of each kind."""
        counts = self._counts
        return {
            "queries": sum(counts.values()),
            "blocked": counts["blocked"],
            "cached": counts["cached"],
            "forwarded": counts["forwarded"],
            "local": counts["local"],
            "failed": counts["failed"],
            "refused": counts["refused"],
        }

    def mean_us(self) -> float | None:
        """How long a query took in the mean."""
        timed = sum(self._timed.values())
        return sum(self._took_us.values()) / timed if timed else None

    def saved(self, latencies: Mapping[int, int]) -> Saved | None:
        """What answers of the cache spared of waiting; None where nothing tells how long an
        upstream would have taken.

        Durations are kept without what became of the query. But what is forwarded takes longer
        than what is not, and what fails longer still: so the middle of those that were forwarded
        is found by its rank.
        """
        cached, timed = self._counts["cached"], self._timed["cached"]
        forwarded, total = self._counts["forwarded"], sum(self._counts.values())
        if not (timed and forwarded):
            return None
        behind = self._counts["failed"] + forwarded / 2
        upstream_us = percentile_us(latencies, 100 * (1 - behind / total)) or 0.0
        cache_us = self._took_us["cached"] / timed
        return {
            "seconds": round(cached * max(upstream_us - cache_us, 0) / 1e6, 3),
            "upstream_ms": round(upstream_us / 1000, 3),
            "cache_ms": round(cache_us / 1000, 3),
        }


def milliseconds(us: float | None) -> float | None:
    """Microseconds as they are told."""
    return None if us is None else round(us / 1000, 3)
