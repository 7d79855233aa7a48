"""Plays every `*.households` beside this file; `household_play` tells how they are written.

Each is played with its settings in the file, and set by an operation; some, with settings of all
kinds, by commands as well.
"""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from home import HomeLoop, at_home, set_by_command
from household_play import Told, play, read_households
from world import Clock

HERE = Path(__file__).parent
SCENARIOS = [told for path in sorted(HERE.glob("*.households")) for told in read_households(path)]


BY_COMMAND = [
    "A client is known by its MAC, whatever addresses it has",
    "A client is known by its id",
    "Rules of household, group and client add up, and an exception of any of them counts",
    "A window across midnight belongs to the day on which it begins",
    "Windows go by the zone of the household",
    "A client has schedules of its own, above all that its group says",
    "A pause during bedtime opens, and bedtime goes on behind it",
    "Each group refuses in its own way, for as long as it says",
    "A group asks its own upstreams, and its answers are for nobody else",
    "A category beside chosen lists",
]
WAYS = [
    *((told, way) for told in SCENARIOS for way in ("file", "api")),
    *((told, "command") for told in SCENARIOS if told.title in BY_COMMAND),
]


@pytest.mark.parametrize(("told", "way"), WAYS, ids=str)
def test_a_household(told: Told, way: str, tmp_path: Path) -> None:
    if way == "command":
        set_by_command(tmp_path, told.settings)
    clock = Clock()

    async def scenario() -> None:
        async with at_home(tmp_path, clock, told.settings, way) as home:
            await play(told, home, way)

    with asyncio.Runner(loop_factory=lambda: HomeLoop(clock)) as runner:
        try:
            runner.run(scenario())
        except AssertionError as error:
            pytest.fail(str(error), pytrace=False)


def test_there_are_enough() -> None:
    assert len(SCENARIOS) >= 60
    titles = {told.title for told in SCENARIOS}
    assert len(titles) == len(SCENARIOS)
    assert titles.issuperset(BY_COMMAND)
