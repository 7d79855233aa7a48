from __future__ import annotations

import logging

import pytest

from sinkhole.control.querylog.backoff import Backoff


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def test_pauses_double_up_to_a_minute_and_begin_anew_when_it_is_over() -> None:
    clock = Clock()
    backoff = Backoff(clock)
    pauses = []
    for _ in range(9):
        backoff.failed("disk full")
        begun = clock.now
        while backoff.is_waiting:
            clock.now += 1
        pauses.append(clock.now - begun)
    assert pauses == [1, 2, 4, 8, 16, 32, 60, 60, 60]
    assert backoff.error == "disk full"
    backoff.succeeded()
    assert backoff.error is None and not backoff.is_waiting
    backoff.failed("again")
    clock.now += 1
    assert not backoff.is_waiting


def test_it_says_so_once_a_minute(caplog: pytest.LogCaptureFixture) -> None:
    clock = Clock()
    backoff = Backoff(clock)
    with caplog.at_level(logging.WARNING):
        for _ in range(130):
            backoff.report("disk full")
            clock.now += 1
    assert len(caplog.records) == 3


def test_it_knows_for_how_long_nothing_has_worked() -> None:
    clock = Clock()
    backoff = Backoff(clock)
    assert backoff.failing_s == 0
    for _ in range(3):
        backoff.failed("disk full")
        clock.now += 5
    assert backoff.failing_s == 15
    backoff.succeeded()
    assert backoff.failing_s == 0
