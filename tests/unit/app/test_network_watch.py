"""Noticing sleep and news, on a clock that stands still."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from sinkhole.app.network_watch import ASLEEP_S, NetworkWatch, slept_s

LIMIT_S = 20.0


class Told:
    """How often it was told, and how long the machine slept."""

    def __init__(self) -> None:
        self.times = 0
        self.slept_s = 100.0
        self.event = asyncio.Event()

    def __call__(self) -> None:
        self.times += 1
        self.event.set()


@pytest.fixture
def told() -> Told:
    return Told()


@pytest.fixture
async def watch(told: Told) -> AsyncIterator[NetworkWatch]:
    made = NetworkWatch(told, asleep=lambda: told.slept_s)
    made.start()
    yield made
    made.close()
    made.close()


async def test_sleep_is_told_once(told: Told, watch: NetworkWatch) -> None:
    watch.look()
    assert told.times == 0
    told.slept_s += 3600.0
    watch.look()
    watch.look()
    assert told.times == 1


async def test_a_moment_is_no_sleep(told: Told, watch: NetworkWatch) -> None:
    for _ in range(100):
        told.slept_s += ASLEEP_S / 2
        watch.look()
    assert told.times == 0


async def test_what_comes_together_is_told_at_once_and_once_more(
    told: Told, watch: NetworkWatch
) -> None:
    for _ in range(20):
        told.slept_s += 10.0
        watch.look()
    assert told.times == 1
    told.event.clear()
    async with asyncio.timeout(LIMIT_S):
        await told.event.wait()
    assert told.times == 2


async def test_nothing_is_told_behind_the_end(told: Told, watch: NetworkWatch) -> None:
    for _ in range(2):
        told.slept_s += 10.0
        watch.look()
    watch.close()
    assert watch._timer is None


def test_this_machine_has_slept_some_time_or_none() -> None:
    assert slept_s() > -1.0
