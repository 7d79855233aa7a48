"""Rules for a time are in force until their end, over restarts and whatever the clock is set to."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from sinkhole.control.state.state import State
from sinkhole.control.state.temporary_rules import MOST_RULES, TemporaryRules
from sinkhole.model.actor import SERVER
from sinkhole.model.errors import RequestError, StorageError
from sinkhole.model.stamp import Stamp

DAY_S = 86_400.0


class Time:
    """A clock of stamps that tests set."""

    def __init__(self) -> None:
        self.since_boot_s, self.wall_s = 1000.0, 1_800_000_000.0

    def __call__(self) -> Stamp:
        return Stamp("boot", self.since_boot_s, self.wall_s)


class Publisher:
    """The rules, and what they said to whoever publishes them."""

    def __init__(self, state: State, time: Time) -> None:
        self.state = state
        self.told: list[list[str]] = []
        self.failure: Exception | None = None
        self.rules = TemporaryRules(state, self._told, now=time)

    async def _told(self, texts: Sequence[str]) -> None:
        if self.failure is not None:
            raise self.failure
        self.told.append(list(texts))

    async def until(self, is_so: Callable[[], bool]) -> None:
        async with asyncio.timeout(20):
            while not is_so():
                await asyncio.sleep(0.01)


@asynccontextmanager
async def published(folder: Path, time: Time) -> AsyncIterator[Publisher]:
    state = await State.open(folder)
    publisher = Publisher(state, time)
    try:
        await publisher.rules.start()
        yield publisher
    finally:
        await publisher.rules.close()
        await state.close()


async def test_rules_are_published_when_they_come_and_when_they_go(tmp_path: Path) -> None:
    async with published(tmp_path, Time()) as found:
        first, second = await found.rules.add(["||a^", "||b^"], 60, SERVER, "lunch")
        assert (first.text, first.note, first.by) == ("||a^", "lunch", "sinkhole (server)")
        await found.rules.remove([first.number])
        assert found.rules.texts == ["||b^"]
        assert found.told == [["||a^", "||b^"], ["||b^"]]
        assert second.number > first.number


async def test_a_rule_made_again_takes_the_place_of_the_old_one(tmp_path: Path) -> None:
    time = Time()
    async with published(tmp_path, time) as found:
        await found.rules.add(["||a^"], 60, SERVER)
        time.since_boot_s += 50
        await found.rules.add(["||a^"], 60, SERVER)
        (rule,) = found.rules.rules
        assert rule.left_s(time()) == 60


async def test_rules_survive_a_restart_and_no_jump_of_the_clock_ends_them(tmp_path: Path) -> None:
    time = Time()
    async with published(tmp_path, time) as found:
        await found.rules.add(["||a^"], 600, SERVER)
        await found.rules.add(["||b^"], 250, SERVER)
    for jump, texts in ((-365 * DAY_S, ["||a^", "||b^"]), (31 * DAY_S, ["||a^", "||b^"])):
        time.wall_s += jump
        time.since_boot_s += 100
        async with published(tmp_path, time) as found:
            assert found.told == [texts]
    time.since_boot_s += 100
    async with published(tmp_path, time) as found:
        assert found.told == [["||a^"]]
        assert [each.text for each in await found.state.rule_rows.load()] == ["||a^"]
        (rule,) = found.rules.rules
        assert rule.left_s(time()) == 300


async def test_a_rule_ends_by_itself_when_its_time_is_over(tmp_path: Path) -> None:
    time = Time()
    async with published(tmp_path, time) as found:
        await found.rules.add(["||a^"], 3600, SERVER)
        time.since_boot_s += 3600
        await found.rules.add(["||b^"], 3600, SERVER)  # which has the watch look
        await found.until(lambda: found.rules.texts == ["||b^"])
        await found.until(lambda: found.told[-1] == ["||b^"])


async def test_no_more_than_so_many_and_none_of_another_number(tmp_path: Path) -> None:
    async with published(tmp_path, Time()) as found:
        await found.rules.add([f"||a{number}^" for number in range(MOST_RULES)], 60, SERVER)
        with pytest.raises(RequestError) as many:
            await found.rules.add(["||b^"], 60, SERVER)
        assert (many.value.kind, many.value.code) == ("too_many", "too_many_rules")
        with pytest.raises(RequestError) as unknown:
            await found.rules.remove([1, 10_000])
        assert (unknown.value.kind, unknown.value.code) == ("not_found", "rule_unknown")
        assert len(found.rules.rules) == MOST_RULES


async def test_what_can_not_be_published_is_not_in_force(tmp_path: Path) -> None:
    async with published(tmp_path, Time()) as found:
        await found.rules.add(["||a^"], 60, SERVER)
        found.failure = StorageError("no policy")
        with pytest.raises(StorageError, match="no policy"):
            await found.rules.add(["||b^"], 60, SERVER)
        assert found.rules.texts == ["||a^"]


async def test_what_can_not_be_stored_is_in_force_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with published(tmp_path, Time()) as found:

        async def full(rules: object) -> None:
            raise StorageError("the disk is full")

        monkeypatch.setattr("sinkhole.control.state.lasting.LOOK_S", 0.01)
        with monkeypatch.context() as disk:
            disk.setattr(found.state.rule_rows, "store", full)
            await found.rules.add(["||a^"], 60, SERVER)
            assert found.told == [["||a^"]]
        async with asyncio.timeout(20):  # and is stored once the disk takes it
            while [each.text for each in await found.state.rule_rows.load()] != ["||a^"]:
                await asyncio.sleep(0)
