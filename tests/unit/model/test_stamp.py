"""How much time has passed since a stamp, whatever became of the clock."""

from __future__ import annotations

import pytest

from sinkhole.model.stamp import Stamp, present

YEAR_S = 365 * 86_400.0
THEN = Stamp("one", 1000.0, 1_800_000_000.0)


@pytest.mark.parametrize(
    ("now", "elapsed_s"),
    [
        (Stamp("one", 1060.0, THEN.wall_s + 60), 60),
        (Stamp("one", 1060.0, THEN.wall_s - YEAR_S), 60),
        (Stamp("one", 1060.0, THEN.wall_s + 30 * 86_400), 60),
        (Stamp("one", 900.0, THEN.wall_s), 0),
        (Stamp("two", 10.0, THEN.wall_s + 60), 60),
        (Stamp("two", 10.0, THEN.wall_s - YEAR_S), 10),
        (Stamp("", 10.0, THEN.wall_s + 60), 60),
        (Stamp("", 10.0, THEN.wall_s - YEAR_S), 0),
    ],
)
def test_time_passes_by_a_clock_that_nobody_sets_where_there_is_one(
    now: Stamp, elapsed_s: float
) -> None:
    assert THEN.elapsed_s(now) == elapsed_s


def test_this_moment_is_behind_none_that_was_taken_before() -> None:
    before = present()
    assert 0 <= before.elapsed_s(present()) < 60
