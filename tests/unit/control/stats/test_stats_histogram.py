from __future__ import annotations

import pytest

from sinkhole.control.stats.histogram import EDGES_US, bucket_of, percentile_us


def test_buckets_reach_from_a_microsecond_to_ten_seconds() -> None:
    assert EDGES_US[0] == 1 and EDGES_US[-1] == 10_000_000 and len(EDGES_US) == 57
    assert bucket_of(0) == bucket_of(1) == 0
    assert bucket_of(10_000_000) == bucket_of(10**12) == 56
    assert bucket_of(10) == 8 and bucket_of(11) == 9


def test_nothing_counted_has_no_percentile() -> None:
    assert percentile_us({}, 50) is None
    assert percentile_us({4: 0}, 50) is None


@pytest.mark.parametrize(("percent", "duration_us"), [(50, 40), (95, 30_000), (99, 30_000)])
def test_percentiles_lie_where_the_durations_do(percent: float, duration_us: int) -> None:
    counts = {bucket_of(40): 900, bucket_of(30_000): 100}
    assert percentile_us(counts, percent) == pytest.approx(duration_us, rel=0.34)
