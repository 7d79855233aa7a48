"""Pauses as they are stored, also by the version before, which knew one of them."""

from __future__ import annotations

from pathlib import Path

from sinkhole.control.database import Database, migrate
from sinkhole.control.state.pauses import MOST_PAUSES, Pause
from sinkhole.control.state.schema import MIGRATIONS, SCHEMA, packed
from sinkhole.control.state.state import State
from sinkhole.model.stamp import Stamp

BEGAN = Stamp("boot", 1000.0, 1_800_000_000.0)
WITH_ONE_PAUSE = 2
"""The version of the file that knew one pause."""


async def test_all_of_each_come_back_in_their_order(tmp_path: Path) -> None:
    pauses = (
        Pause("client", "Kids tablet", BEGAN, 600.5, "otto"),
        Pause("all", "", BEGAN._replace(boot=""), None, ""),
        Pause("group", "Ä \U0001f600", BEGAN, 1.0, "anna (token)"),
    )
    for kept in (pauses, pauses[1:], ()):
        state = await State.open(tmp_path)
        await state.pauses.store(kept)
        await state.close()
        state = await State.open(tmp_path)
        assert await state.pauses.load() == kept
        await state.close()


async def test_no_more_are_taken_than_there_may_be(tmp_path: Path) -> None:
    state = await State.open(tmp_path)
    await state.pauses.store(
        [Pause("client", str(at), BEGAN, None, "") for at in range(MOST_PAUSES + 1)]
    )
    assert len(await state.pauses.load()) == MOST_PAUSES
    await state.close()


async def test_the_one_pause_of_before_is_that_for_everybody(tmp_path: Path) -> None:
    await _older(tmp_path, (packed(BEGAN), 600.0, "otto"))
    state = await State.open(tmp_path)
    assert await state.pauses.load() == (Pause("all", "", BEGAN, 600.0, "otto"),)
    assert not state.read_only and len(await state.backups.all()) == 1  # made before that
    await state.close()


async def test_no_pause_of_before_is_none(tmp_path: Path) -> None:
    await _older(tmp_path, None)
    state = await State.open(tmp_path)
    assert await state.pauses.load() == ()
    await state.close()


async def _older(folder: Path, pause: tuple[str, float, str] | None) -> None:
    """Make a file as it was with one pause."""
    database = await Database.connect(folder / "state.db")
    await migrate(database, SCHEMA._replace(migrations=MIGRATIONS[:WITH_ONE_PAUSE]))
    if pause is not None:
        await database.rows("INSERT INTO pause VALUES (1, ?, ?, ?)", pause)
    await database.close()
