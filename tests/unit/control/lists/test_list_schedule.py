"""When a list is due."""

import math

import pytest

from sinkhole.control.lists.schedule import FIRST_RETRY_S, LONGEST_RETRY_S, due_at

DAY = 86_400.0


def due(
    *,
    checked: float | None = 1000.0,
    ready: bool = True,
    failures: int = 0,
    interval_s: float = DAY,
    spread: float = 0.5,
) -> float:
    return due_at(
        checked=checked, ready=ready, failures=failures, interval_s=interval_s, spread=spread
    )


def test_a_list_never_looked_at_is_due_at_once() -> None:
    assert due(checked=None) == 0
    assert due(checked=None, ready=False, interval_s=0) == 0


def test_a_ready_list_is_due_an_interval_after_the_last_look() -> None:
    assert due() == 1000 + DAY


def test_the_spread_moves_it_by_five_percent_at_most() -> None:
    assert due(spread=0.0) == pytest.approx(1000 + 0.95 * DAY)
    assert due(spread=1.0) == pytest.approx(1000 + 1.05 * DAY)


def test_a_list_that_cannot_be_mapped_is_due_at_once() -> None:
    assert due(ready=False) == 0


def test_without_an_interval_a_ready_list_is_never_due() -> None:
    assert due(interval_s=0) == math.inf


def test_failures_are_retried_after_waits_that_double_up_to_the_interval() -> None:
    waits = [due(failures=n) - 1000 for n in range(1, 30)]
    assert waits[:4] == [FIRST_RETRY_S * factor for factor in (1, 2, 4, 8)]
    assert waits == sorted(waits)
    assert waits[-1] == DAY


def test_without_an_interval_failures_are_retried_all_the_same() -> None:
    assert due(failures=1, ready=False, interval_s=0) == 1000 + FIRST_RETRY_S
    assert due(failures=40, ready=False, interval_s=0) == 1000 + LONGEST_RETRY_S


def test_a_short_interval_bounds_the_first_retry_too() -> None:
    assert due(failures=1, interval_s=10) == 1010


def test_retries_are_spread_too() -> None:
    assert due(failures=1, spread=0.0) == pytest.approx(1000 + 0.95 * FIRST_RETRY_S)
    assert due(failures=1, spread=1.0) == pytest.approx(1000 + 1.05 * FIRST_RETRY_S)
