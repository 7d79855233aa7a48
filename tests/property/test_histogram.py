"""Any percentile read from the buckets is within one bucket, a third, of the true one."""

from __future__ import annotations

import math
from collections import Counter

from hypothesis import given, settings
from hypothesis import strategies as st

from sinkhole.control.stats.histogram import PER_DECADE, bucket_of, percentile_us

WIDTH = 10 ** (1 / PER_DECADE)

durations = st.lists(st.integers(1, 10_000_000), min_size=1, max_size=300)


@given(durations, st.floats(0.5, 100))
@settings(deadline=None, max_examples=200)
def test_percentiles_are_within_one_bucket_of_the_truth(values: list[int], percent: float) -> None:
    estimate = percentile_us(Counter(map(bucket_of, values)), percent)
    assert estimate is not None
    # The nearest rank: the smallest duration that `percent` of all do not exceed.
    rank = max(math.ceil(len(values) * percent / 100), 1)
    truth = sorted(values)[rank - 1]
    assert truth / WIDTH * 0.999 <= estimate <= truth * WIDTH * 1.001


@given(durations)
@settings(deadline=None, max_examples=100)
def test_percentiles_grow_with_the_percentage(values: list[int]) -> None:
    counts = Counter(map(bucket_of, values))
    estimates = [percentile_us(counts, percent) or 0 for percent in (1, 25, 50, 75, 95, 99, 100)]
    assert estimates == sorted(estimates)


@given(st.integers(0, 10**9))
@settings(deadline=None, max_examples=200)
def test_longer_durations_are_never_in_an_earlier_bucket(duration_us: int) -> None:
    assert bucket_of(duration_us) <= bucket_of(duration_us + 1)
