from __future__ import annotations

from pathlib import Path

import pytest

from sinkhole.control.state import upkeep as subject
from sinkhole.control.state.copying import empty_state
from sinkhole.control.state.state import State
from sinkhole.control.state.upkeep import DAILY_S
from sinkhole.model.actor import SERVER
from sinkhole.model.stamp import Stamp


class Time:
    """A clock of stamps that tests set."""

    def __init__(self) -> None:
        self.boot, self.since_boot_s, self.wall_s = "first", 1000.0, 1_800_000_000.0

    def __call__(self) -> Stamp:
        return Stamp(self.boot, self.since_boot_s, self.wall_s)

    def pass_s(self, seconds: float) -> None:
        self.since_boot_s += seconds
        self.wall_s += seconds


async def made_by(folder: Path, time: Time) -> int:
    """How many backups there are once an open state has looked."""
    state = await State.open(folder, now=time)
    try:
        await state._upkeep.look()
        return len(await state.backups.all())
    finally:
        await state.close()


async def test_a_backup_is_made_daily_also_over_restarts_and_jumps_of_the_clock(
    tmp_path: Path,
) -> None:
    time = Time()
    assert await made_by(tmp_path, time) == 1
    assert await made_by(tmp_path, time) == 1
    time.wall_s += 31 * DAILY_S
    assert await made_by(tmp_path, time) == 1
    time.wall_s -= 400 * DAILY_S
    time.since_boot_s += DAILY_S / 2
    assert await made_by(tmp_path, time) == 1
    time.since_boot_s += DAILY_S / 2
    assert await made_by(tmp_path, time) == 2
    time.boot, time.since_boot_s = "second", 10.0
    time.wall_s += DAILY_S
    assert await made_by(tmp_path, time) == 3


async def test_after_a_restore_there_is_soon_a_backup_of_what_is_in_force(tmp_path: Path) -> None:
    assert await made_by(tmp_path, Time()) == 1
    state = await State.open(tmp_path, now=Time())
    other = await empty_state()
    try:
        await state.replace(other)
        await state._upkeep.look()
        reasons = [each.reason for each in await state.backups.all()]
        assert reasons == ["daily", "restore", "daily"]
    finally:
        await other.close()
        await state.close()


async def test_a_backup_that_fails_is_a_problem_until_one_succeeds(tmp_path: Path) -> None:
    time = Time()
    state = await State.open(tmp_path, now=time)
    try:
        in_the_way = tmp_path / "backups"
        in_the_way.touch()
        await state._upkeep.look()
        assert [each.code for each in state.problems] == ["backup.failed"]
        in_the_way.unlink()
        await state._upkeep.look()
        assert state.problems == [] and len(await state.backups.all()) == 1
    finally:
        await state.close()


async def test_what_is_known_of_the_clock_is_kept_over_a_restart(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(subject, "HOLD_S", 600.0)
    time = Time()
    state = await State.open(tmp_path, now=time)
    for _ in range(15):
        time.pass_s(60)
        state._upkeep.read_clock()
    time.wall_s += 7200
    time.pass_s(60)
    state._upkeep.read_clock()
    known = state._upkeep._clock.state
    assert known.spells
    await state._upkeep.look()
    await state.close()
    state = await State.open(tmp_path, now=time)
    assert state._upkeep._clock.state == known
    await state.close()


async def test_a_state_that_is_read_only_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "state.db").write_bytes(b"no database here")
    assert await made_by(tmp_path, Time()) == 0


async def test_an_open_state_looks_by_itself(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(subject, "READ_S", 0.01)
    monkeypatch.setattr(subject, "HOURLY_S", 0.02)
    state = await State.open(tmp_path)
    try:
        while not await state.backups.all():
            await state.audit.note(SERVER, "wait", {})
    finally:
        await state.close()
