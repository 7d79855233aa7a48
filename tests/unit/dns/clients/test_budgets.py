"""Budgets: one second's worth, filling evenly, and never forgotten while spent."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sinkhole.dns.clients.budgets import LOOK_EVERY_S, Budgets


def test_a_budget_is_one_second_of_queries_and_fills_evenly() -> None:
    budgets = Budgets(10)
    assert [budgets.spend("a", 5.0) for _ in range(12)] == [True] * 10 + [False] * 2
    assert budgets.spend("b", 5.0)
    assert budgets.spend("a", 5.11)
    assert not budgets.spend("a", 5.12)
    assert sum(budgets.spend("a", 100.0) for _ in range(50)) == 10


@pytest.mark.parametrize("rate", [1, 3, 7, 49, 200, 999, 1_000_000])
@pytest.mark.parametrize("now", [0.0, 0.1, 1e6 / 3, 1e9])
def test_a_full_budget_holds_exactly_one_second(rate: int, now: float) -> None:
    budgets = Budgets(rate)
    most = min(rate, 3000)
    assert sum(budgets.spend("a", now) for _ in range(most + 1)) == (most + (rate > most))
    assert Budgets(rate).spend("a", -now)


def test_in_the_long_run_no_more_than_the_rate_is_spent() -> None:
    budgets = Budgets(20)
    assert sum(budgets.spend("a", number / 1000) for number in range(10_000)) in (219, 220)


def test_without_a_rate_there_is_no_limit() -> None:
    budgets = Budgets(0)
    assert all(budgets.spend("a", 5.0) for _ in range(1000))


def test_another_rate_counts_at_once_and_forgives_nothing() -> None:
    budgets = Budgets(10)
    assert all(budgets.spend("a", 5.0) for _ in range(10))
    budgets.set_rate(1000)
    assert not budgets.spend("a", 5.0)
    assert sum(budgets.spend("a", 5.5) for _ in range(2000)) == 500


def test_a_spent_budget_is_not_forgotten_whoever_else_comes() -> None:
    budgets = Budgets(10, most=100)
    assert all(budgets.spend("spent", 5.0) for _ in range(10))
    for number in range(1000):
        budgets.spend(number, 5.0 + number / 2000)
        assert len(budgets) <= 101
    assert sum(budgets.spend("spent", 5.5) for _ in range(20)) == 5


def test_those_who_come_while_all_are_taken_share_one() -> None:
    budgets = Budgets(10, most=100)
    for number in range(100):
        assert budgets.spend(number, 5.0)
    assert sum(budgets.spend(number, 5.0) for number in range(100, 200)) == 10
    assert budgets.spend(7, 5.0)
    assert all(budgets.spend(number, 7.1) for number in range(200, 260))


@pytest.mark.parametrize("pause_s", [2.0, 3600.0])
def test_those_that_are_full_again_make_room(pause_s: float) -> None:
    budgets = Budgets(10, most=100)
    for number in range(100):
        budgets.spend(number, 5.0)
    now = 5.0 + pause_s
    assert all(budgets.spend(number, now) for number in range(200, 300))
    assert len(budgets) <= 101


def test_those_that_filled_up_within_the_second_make_room_too() -> None:
    """A budget of 200 a second from which one was spent is full again after 5 ms."""
    budgets = Budgets(200, most=100)
    assert all(budgets.spend("busy", 5.0) for _ in range(200))
    for number in range(900):
        assert budgets.spend(number, 5.0 + number / 1000)
    assert sum(budgets.spend("quiet", 5.9) for _ in range(300)) == 200
    assert sum(budgets.spend("busy", 5.9) for _ in range(300)) == 180


def test_in_a_flood_of_networks_it_is_looked_through_a_few_times_a_second_only() -> None:
    """However many come: each time all that are kept have to be looked at."""
    looks = 0

    class Counted(Budgets):
        def _forget_full(self, now: float) -> None:
            nonlocal looks
            looks += 1
            super()._forget_full(now)

    budgets = Counted(10, most=100)
    for number in range(20_000):
        budgets.spend(number, 5.0 + number / 20_000)
        assert len(budgets) <= 101
    assert 1 <= looks <= 1 / LOOK_EVERY_S


def test_a_budget_that_is_asked_for_all_the_time_moves_along() -> None:
    budgets = Budgets(10, most=3)
    assert sum(budgets.spend("a", number / 100) for number in range(1000)) in (109, 110)
    assert len(budgets) <= 4


@given(
    asked=st.lists(
        st.tuples(st.integers(0, 6), st.sampled_from([0.0, 0.01, 0.2, 0.9, 1.0, 2.5])),
        max_size=200,
    )
)
def test_whatever_is_forgotten_nobody_spends_more_than_the_rate(
    asked: list[tuple[int, float]],
) -> None:
    """In no window of time, however many others come: but for a part of the shared budget, which
    somebody may have spent just before there was room for one of the own."""
    budgets, now = Budgets(5, most=3), 0.0
    spent: dict[int, list[float]] = {}
    for key, pause_s in asked:
        now += pause_s
        if budgets.spend(key, now):
            spent.setdefault(key, []).append(now)
    for times in spent.values():
        for first, began in enumerate(times):
            for last in range(first, len(times)):
                assert last - first + 1 <= 5 * (times[last] - began) + 2 * 5 + 1e-3
