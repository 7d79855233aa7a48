from __future__ import annotations

from sinkhole.control.querylog.pace import FIRST, LEAST, MOST, SLICE_S, Pace


def paced(*slices: tuple[int | None, float]) -> int:
    """The size after slices of so many values, None for a full one, that took so long."""
    now = 0.0
    pace = Pace(lambda: now)
    for count, took_s in slices:
        with pace.slice(pace.size if count is None else count):
            now += took_s
    return pace.size


def test_slices_that_take_little_grow_and_no_further_than_that() -> None:
    assert paced((None, SLICE_S / 10)) == 2 * FIRST
    assert paced(*[(None, 0.0)] * 20) == MOST


def test_slices_that_were_not_full_say_nothing_of_larger_ones() -> None:
    assert paced((FIRST - 1, 0.0)) == FIRST


def test_slices_that_take_long_shrink_to_what_fits() -> None:
    assert paced((None, 2 * SLICE_S)) == FIRST // 2
    assert paced((FIRST // 2, 1.5 * SLICE_S)) == FIRST // 3
    assert paced(*[(None, 100 * SLICE_S)] * 20) == LEAST


def test_one_that_was_held_up_does_not_make_all_of_them_tiny() -> None:
    assert paced((None, 100 * SLICE_S)) == FIRST // 4
