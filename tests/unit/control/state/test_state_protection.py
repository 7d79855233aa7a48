from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from sinkhole.control.state.lasting import LOOK_S
from sinkhole.control.state.pauses import MOST_PAUSES, Pause
from sinkhole.control.state.protection import Protection
from sinkhole.control.state.state import State
from sinkhole.model.actor import SERVER
from sinkhole.model.errors import RequestError
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
        self.told: list[list[str]] = []
        self.failure: Exception | None = None
        self.protection = Protection(state, self._told, now=time)

    async def _told(self, pauses: tuple[Pause, ...]) -> None:
        if self.failure is not None:
            raise self.failure
        self.told.append([" ".join(filter(None, (each.scope, each.name))) for each in pauses])

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
        assert guard.protection.is_on and guard.told == [["all"], []]


@pytest.mark.parametrize("seconds", [60, None])
async def test_a_pause_is_stored_once_the_disk_takes_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seconds: float | None
) -> None:
    monkeypatch.setattr("sinkhole.control.state.lasting.LOOK_S", 0.01)
    time = Time()
    async with a_guard(tmp_path, time) as guard:
        guard.state._file.read_only = "the disk is full"
        await guard.protection.begin(seconds, SERVER)
        guard.state._file.read_only = ""
        async with asyncio.timeout(20):
            while await guard.state.pauses.load() is None:
                await asyncio.sleep(0)
    async with a_guard(tmp_path, time) as guard:
        assert not guard.protection.is_on


async def test_no_wall_clock_ends_a_pause_and_none_prolongs_it(tmp_path: Path) -> None:
    time = Time()
    async with a_guard(tmp_path, time) as guard:
        await guard.protection.begin(600, SERVER)
    for jump in (-365 * DAY_S, 31 * DAY_S):
        time.wall_s += jump
        time.since_boot_s += 100
        async with a_guard(tmp_path, time) as guard:
            assert not guard.protection.is_on and guard.told == [["all"]]
    assert guard.protection.left_s() == 400
    time.since_boot_s += 400
    async with a_guard(tmp_path, time) as guard:
        assert guard.protection.is_on and guard.told == []
        assert await guard.state.pauses.load() == ()


async def test_the_filter_is_on_again_by_itself_when_the_time_is_over(tmp_path: Path) -> None:
    time = Time()
    async with a_guard(tmp_path, time) as guard:
        await guard.protection.begin(3 * LOOK_S, SERVER)
        await guard.protection.begin(0.05, SERVER)  # wakes who waits for the end of the other
        time.since_boot_s += 0.06
        await guard.until(lambda: guard.protection.is_on)
        assert guard.told == [["all"], []]
        await guard.until(lambda: not guard.protection._lasting.turn.locked())
        assert await guard.state.pauses.load() == ()


async def test_a_pause_that_cannot_be_published_is_none(tmp_path: Path) -> None:
    async with a_guard(tmp_path, Time()) as guard:
        guard.failure = ValueError("nobody listens")
        with pytest.raises(ValueError, match="nobody listens"):
            await guard.protection.begin(60, SERVER)
        assert guard.protection.is_on and await guard.state.pauses.load() == ()


async def test_a_full_disk_keeps_nobody_from_switching_the_filter(tmp_path: Path) -> None:
    async with a_guard(tmp_path, Time()) as guard:
        guard.state._file.read_only = "the disk is full"
        await guard.protection.begin(60, SERVER)
        assert not guard.protection.is_on
        await guard.protection.end(SERVER)
        assert guard.protection.is_on and guard.told == [["all"], []]


async def test_there_is_one_pause_for_each_scope_and_name(tmp_path: Path) -> None:
    async with a_guard(tmp_path, Time()) as guard:
        begin, end = guard.protection.begin, guard.protection.end
        await begin(600, SERVER, "client", "Kids tablet")
        await begin(60, SERVER, "group", "Kids tablet")
        await begin(None, SERVER, "client", "kids TABLET")  # in place of the first
        assert guard.protection.is_on and guard.protection.left_s() is None
        assert [(e.scope, e.seconds) for e in guard.protection.pauses] == [
            ("group", 60),
            ("client", None),
        ]
        await end(SERVER)
        await end(SERVER, "client", "another")
        await end(SERVER, "client", "KIDS tablet")
        await begin(None, SERVER)
        assert [each.scope for each in guard.protection.pauses] == ["group", "all"]
        assert guard.told == [
            ["client Kids tablet"],
            ["client Kids tablet", "group Kids tablet"],
            ["group Kids tablet"],
            ["group Kids tablet", "all"],
        ]


async def test_each_ends_by_itself_and_over_a_restart(tmp_path: Path) -> None:
    time = Time()
    async with a_guard(tmp_path, time) as guard:
        await guard.protection.begin(600, SERVER, "client", "TV")
        await guard.protection.begin(60, SERVER, "list", "Ads")
        await guard.protection.begin(None, SERVER, "service", "tiktok")
        assert [each.name for each in guard.protection.lasting(59)] == ["TV", "Ads", "tiktok"]
        assert [each.name for each in guard.protection.lasting(60)] == ["TV", "tiktok"]
    time.since_boot_s += 60
    time.wall_s -= 365 * DAY_S
    async with a_guard(tmp_path, time) as guard:
        assert guard.told == [["client TV", "service tiktok"]]
        first, _ = guard.protection.pauses
        assert guard.protection.left_s(first) == 540 and guard.protection.is_on
        await guard.protection.begin(0.05, SERVER, "group", "kids")
        time.since_boot_s += 0.06
        await guard.until(lambda: len(guard.told) == 3)
        assert guard.told[-1] == ["client TV", "service tiktok"]
    assert len(guard.protection.pauses) == 2


async def test_there_are_no_more_than_there_may_be(tmp_path: Path) -> None:
    async with a_guard(tmp_path, Time()) as guard:
        for number in range(MOST_PAUSES):
            await guard.protection.begin(60, SERVER, "client", f"{number}")
        with pytest.raises(RequestError) as refused:
            await guard.protection.begin(60, SERVER)
        assert (refused.value.kind, refused.value.code) == ("too_many", "too_many_pauses")
        await guard.protection.begin(90, SERVER, "client", "7")
        assert len(guard.protection.pauses) == MOST_PAUSES and guard.protection.is_on
