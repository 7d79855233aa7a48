"""Durations in buckets: eight to a decade, from 1 µs to 10 s.

Each bucket is a third wider than the one before it (10^(1/8) = 1.33), so a percentile read from
the buckets is never further than that factor from the true one, and usually much closer.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping
from typing import Final

PER_DECADE: Final = 8

EDGES_US: Final = tuple(10 ** (step / PER_DECADE) for step in range(7 * PER_DECADE + 1))
"""The upper edge of each bucket, in µs; the last holds everything longer as well."""


def bucket_of(duration_us: int) -> int:
    """The number of the bucket for a duration."""
    return min(bisect_left(EDGES_US, duration_us), len(EDGES_US) - 1)


def percentile_us(counts: Mapping[int, int], percent: float) -> float | None:
    """The duration in µs that `percent` of all do not exceed; None if nothing was counted.

    `counts` says how many durations each bucket has. Within a bucket durations are taken to be
    spread evenly on the logarithmic scale.
    """
    total = sum(counts.values())
    if not total:
        return None
    rank = total * percent / 100
    below = 0
    bucket = 0
    for bucket, count in sorted(counts.items()):
        if below + count >= rank and count:
            share = max(rank - below, 0) / count
            upper = EDGES_US[bucket]
            return float(upper * 10 ** ((share - 1) / PER_DECADE))
        below += count
    return EDGES_US[bucket]
