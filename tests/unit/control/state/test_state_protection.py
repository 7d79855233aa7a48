from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from sinkhole.control.state.protection import LOOK_S, Protection
from sinkhole.control.state.state import State
from sinkhole.model.actor import SERVER
from sinkhole.model.stamp import Stamp

DAY_S = 86_400.0


class Time:
    """A clock of stamps that tests set."""

    def __init__(self) -> None:
        self.since_boot_s, self.wall_s = 1000.0, 1_800_000_000.0

    def __call__(self) -> Stamp:
        return Stamp("boot", self.since_boot_s, self.wall_s)


class Guard:
    """A protection on a state in a folder, and what it said to whoever publishes it."""

    def __init__(self, state: State, time: Time) -> None:
        self.state, self.time = state, time
        self.told: list[bool] = []
        self.failure: Exception | None = None
        self.protection = Protection(state, self._told, now=time)

    async def _told(self, is_on: bool) -> None:
        if self.failure is not None:
            raise self.failure
        self.told.append(is_on)

    async def until(self, is_so: Callable[[], bool]) -> None:
        async with asyncio.timeout(20):
            while not is_so():
                await asyncio.sleep(0.01)


@asynccontextmanager
async def a_guard(folder: Path, time: Time) -> AsyncIterator[Guard]:
    state = await State.open(folder)
    guard = Guard(state, time)
    try:
        await guard.protection.start()
        yield guard
    finally:
        await guard.protection.close()
        await state.close()


async def test_a_pause_begins_and_ends(tmp_path: Path) -> None:
    async with a_guard(tmp_path, Time()) as guard:
        await guard.protection.begin(600, SERVER)
        assert not guard.protection.is_on and guard.protection.left_s() == 600
        guard.time.since_boot_s += 60
        assert guard.protection.left_s() == 540
        await guard.protection.begin(None, SERVER)
        assert guard.protection.left_s() is None and not guard.protection.is_on
        await guard.protection.end(SERVER)
        await guard.protection.end(SERVER)
        assert guard.protection.is_on and guard.told == [False, True]


async def test_no_wall_clock_ends_a_pause_and_none_prolongs_it(tmp_path: Path) -> None:
    time = Time()
    async with a_guard(tmp_path, time) as guard:
        await guard.protection.begin(600, SERVER)
    for jump in (-365 * DAY_S, 31 * DAY_S):
        time.wall_s += jump
        time.since_boot_s += 100
        async with a_guard(tmp_path, time) as guard:
            assert not guard.protection.is_on and guard.told == [False]
    assert guard.protection.left_s() == 400
    time.since_boot_s += 400
    async with a_guard(tmp_path, time) as guard:
        assert guard.protection.is_on and guard.told == []
        assert await guard.state.pauses.load() is None


async def test_the_filter_is_on_again_by_itself_when_the_time_is_over(tmp_path: Path) -> None:
    time = Time()
    async with a_guard(tmp_path, time) as guard:
        await guard.protection.begin(3 * LOOK_S, SERVER)
        await guard.protection.begin(0.05, SERVER)  # wakes who waits for the end of the other
        time.since_boot_s += 0.06
        await guard.until(lambda: guard.protection.is_on)
        assert guard.told == [False, True]
        await guard.until(lambda: not guard.protection._lock.locked())
        assert await guard.state.pauses.load() is None


async def test_a_pause_that_cannot_be_published_is_none(tmp_path: Path) -> None:
    async with a_guard(tmp_path, Time()) as guard:
        guard.failure = ValueError("nobody listens")
        with pytest.raises(ValueError, match="nobody listens"):
            await guard.protection.begin(60, SERVER)
        assert guard.protection.is_on and await guard.state.pauses.load() is None


async def test_a_full_disk_keeps_nobody_from_switching_the_filter(tmp_path: Path) -> None:
    async with a_guard(tmp_path, Time()) as guard:
        guard.state._file.read_only = "the disk is full"
        await guard.protection.begin(60, SERVER)
        assert not guard.protection.is_on
        await guard.protection.end(SERVER)
        assert guard.protection.is_on and guard.told == [False, True]
