"""How many queries a second there were lately."""

from __future__ import annotations

from sinkhole.app.own_report import Pace


class Counted:
    """A clock and a counter."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.queries = 0
        self.pace = Pace(lambda: self.queries, lambda: self.now)

    def rate_after(self, seconds: float, queries: int) -> float:
        self.now += seconds
        self.queries += queries
        return self.pace.rate()


def test_it_is_that_of_the_last_minute() -> None:
    counted = Counted()
    assert counted.rate_after(0, 100) == 0, "nothing is known of before"
    assert counted.rate_after(0.5, 100) == 0, "too short to say"
    assert counted.rate_after(9.5, 0) == 10
    for _ in range(12):
        counted.rate_after(5, 50)
    assert counted.rate_after(5, 50) == 10
    for _ in range(13):
        counted.rate_after(5, 0)
    assert counted.rate_after(0, 0) == 0, "long over"


def test_who_asks_all_the_time_is_told_the_same() -> None:
    counted = Counted()
    counted.rate_after(0, 0)
    for _ in range(1000):
        counted.rate_after(0.01, 1)
    assert counted.rate_after(0, 0) == 100
