"""Counts that could not be written yet: statistics go on while the log's disk is full or away.

Names and clients are left out of them, as these go by numbers that only the database gives. As
time goes by they become coarser, as in the roll-ups: minutes for an hour, then hours.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Final

from sinkhole.control.stats import MinuteCounts
from sinkhole.control.stats.histogram import EDGES_US, bucket_of
from sinkhole.control.stats.minute_counts import add_both, count_batches
from sinkhole.model.record import Batch

MINUTE_S: Final = 60
HOUR_S: Final = 3600
MOST_MINUTES: Final = 60
MOST_HOURS: Final = 48
"""After so many hours without the disk, those before them are given up."""


class Unwritten:
    """Counts by the minute and, of older times, by the hour."""

    def __init__(self) -> None:
        self._minutes: dict[int, MinuteCounts] = {}
        self._hours: dict[int, MinuteCounts] = {}

    @property
    def counts(self) -> list[MinuteCounts]:
        """All there is, the oldest first."""
        return [*self._hours.values(), *self._minutes.values()]

    def add(self, minutes: Iterable[MinuteCounts]) -> None:
        """Keep what was counted but not written."""
        for counts in minutes:
            self._merge(self._minutes, counts.start_s // MINUTE_S * MINUTE_S, counts)
        while len(self._minutes) > MOST_MINUTES:
            oldest = self._minutes.pop(min(self._minutes))
            self._merge(self._hours, oldest.start_s // HOUR_S * HOUR_S, oldest)
        while len(self._hours) > MOST_HOURS:
            del self._hours[min(self._hours)]

    def clear(self) -> None:
        """Forget all: it is written."""
        self._minutes.clear()
        self._hours.clear()

    def _merge(self, into: dict[int, MinuteCounts], start_s: int, counts: MinuteCounts) -> None:
        kept = into.setdefault(start_s, MinuteCounts(start_s))
        kept.answers.update(counts.answers)
        kept.durations.update(_rounded(counts.durations))
        kept.sums_us.update(counts.sums_us)
        kept.transports.update(counts.transports)
        for upstream, (exchanges, sum_us) in counts.upstreams.items():
            add_both(kept.upstreams, upstream, exchanges, sum_us)


def count_by_minute(batches: Iterable[Batch]) -> list[MinuteCounts]:
    """Count batches without a database, minute by minute: all but names and clients."""
    by_minute: dict[int, list[Batch]] = {}
    for batch in batches:
        by_minute.setdefault(int(batch.time_s) // MINUTE_S * MINUTE_S, []).append(batch)
    found = []
    for start_s, some in by_minute.items():
        counts = count_batches(some)
        counts.start_s = start_s
        found.append(counts)
    return found


def _rounded(durations: Counter[int]) -> Counter[int]:
    """Durations as the upper edges of their buckets, so that there are few different ones."""
    rounded: Counter[int] = Counter()
    for duration_us, count in durations.items():
        rounded[int(EDGES_US[bucket_of(duration_us)])] += count
    return rounded
