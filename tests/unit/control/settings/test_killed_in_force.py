"""Killed a hundred times in the middle of changes: the last revision that was committed is in force
at the next start, whole, and the file on the disk agrees with it."""

from __future__ import annotations

import asyncio
import multiprocessing
import random
from multiprocessing.connection import Connection
from pathlib import Path

from sinkhole.control.settings.in_force import Change, SettingsInForce
from sinkhole.control.state.state import State
from sinkhole.model.actor import SERVER

KILLS = 100
PATIENCE_S = 60
MOST_BEFORE_A_KILL = 3
PRELOADED = ["sinkhole.control.settings.in_force", "sinkhole.control.state.state"]

FILE = "filtering: {lists: []}\nclients: [{name: TV, addresses: [192.0.2.9]}]\n"


def changes_of(number: int) -> list[Change]:
    """What revision `number` sets: three places that only agree if all of them were kept."""
    return [
        Change("cache.max_ttl", value=f"{number}s"),
        Change("stats.keep", value=f"{number}d"),
        Change("clients", f"Client {number % 7}", value={"ids": [f"id-{number}"]}),
    ]


async def in_force(folder: Path) -> tuple[State, SettingsInForce]:
    state = await State.open(folder)
    environ = {"SINKHOLE__DATA_DIR": str(folder)}
    settings = SettingsInForce(folder / "s.yaml", environ, state)
    await settings.load()
    return state, settings


def keep_changing(folder: Path, committed: Connection) -> None:
    """Change settings until killed, and tell the number of each revision that is committed."""

    async def work() -> None:
        state, settings = await in_force(folder)
        while True:
            await settings.change(changes_of(state.stored.number + 1), SERVER)
            committed.send(state.stored.number)

    asyncio.run(work())


async def agreed(folder: Path, told: int) -> int:
    """The revision that is in force; it is at least the last one told, and whole."""
    state, settings = await in_force(folder)
    number = state.stored.number
    assert number >= told
    assert not settings.problems and not state.problems
    if number > 1:
        assert settings.settings.cache.max_ttl == number
        assert settings.settings.stats.keep == number * 86_400
        ids = {each.name: each.ids for each in settings.settings.clients}
        assert ids[f"Client {number % 7}"] == (f"id-{number}",)
        (newest,) = await settings.revisions(1)
        assert newest.number == number
        assert {place for place, _, _ in newest.changes} == {
            ("cache.max_ttl", ""),
            ("stats.keep", ""),
            ("clients", f"client {number % 7}"),
        }
    await settings.close()
    await state.close()
    return number


async def test_the_last_committed_revision_is_in_force_after_every_kill(tmp_path: Path) -> None:
    (tmp_path / "s.yaml").write_text(FILE)
    processes = multiprocessing.get_context("forkserver")
    processes.set_forkserver_preload(PRELOADED)
    chance, last, reached = random.Random(9), 1, set()
    for _ in range(KILLS):
        here, there = processes.Pipe(duplex=False)
        child = processes.Process(target=keep_changing, args=(tmp_path, there), daemon=True)
        child.start()
        there.close()
        told = last
        for _ in range(chance.randint(1, MOST_BEFORE_A_KILL)):
            assert await asyncio.to_thread(here.poll, PATIENCE_S)
            told = here.recv()
        for _ in range(chance.randint(0, 2000)):  # somewhere in the next one
            pass
        child.kill()
        await asyncio.to_thread(child.join)
        here.close()
        last = await agreed(tmp_path, told)
        reached.add(last - told)
    assert last > KILLS
    assert reached >= {0}
