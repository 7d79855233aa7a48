from __future__ import annotations

import logging

import pytest

from sinkhole.control.querylog.trouble import Trouble


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def test_pauses_double_up_to_a_minute_and_begin_anew_when_it_is_over() -> None:
    clock = Clock()
    trouble = Trouble(clock)
    pauses = []
    for _ in range(9):
        trouble.failed("disk full")
        begun = clock.now
        while trouble.is_resting:
            clock.now += 1
        pauses.append(clock.now - begun)
    assert pauses == [1, 2, 4, 8, 16, 32, 60, 60, 60]
    assert trouble.text == "disk full"
    trouble.over()
    assert trouble.text is None and not trouble.is_resting
    trouble.failed("again")
    clock.now += 1
    assert not trouble.is_resting


def test_it_says_so_once_a_minute(caplog: pytest.LogCaptureFixture) -> None:
    clock = Clock()
    trouble = Trouble(clock)
    with caplog.at_level(logging.WARNING):
        for _ in range(130):
            trouble.complain("disk full")
            clock.now += 1
    assert len(caplog.records) == 3
