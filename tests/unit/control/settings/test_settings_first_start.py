"""Which list a server begins with, and what happens to lists that commands had added.

A new server subscribes to one list more; one that was there before goes on as it was.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from sinkhole.control.settings import ListSettings
from sinkhole.control.settings.first_start import SUBSCRIBED
from sinkhole.control.settings.in_force import Change, SettingsInForce
from sinkhole.control.settings.shipped import find_entry, read_catalogue
from sinkhole.control.state.state import State
from sinkhole.model.actor import SERVER
from sinkhole.model.errors import StorageError

STARTER, NEW = "Starter", SUBSCRIBED.name
MINE = {"name": "Mine", "url": "https://lists.example.org/mine.txt"}


class Machine:
    """A data folder and a settings file; each `start` is one of the server."""

    def __init__(self, folder: Path) -> None:
        self.data_dir = folder / "data"
        self.lists = self.data_dir / "lists"
        self.lists.mkdir(parents=True)
        self.config = folder / "s.yaml"
        self.write()
        self._states: list[State] = []

    def write(self, **filtering: Any) -> None:
        tree = {"data_dir": str(self.data_dir), "filtering": filtering or None}
        self.config.write_text(json.dumps(tree))

    def keeps(self, listed: ListSettings, **state: Any) -> None:
        """Leave the state of a list behind, as a server did that had it in use."""
        (self.lists / f"{listed.id}.json").write_text(json.dumps({"unused_since": None, **state}))

    def add(self, *lists: dict[str, Any], text: str | None = None) -> None:
        """Leave behind what commands had added."""
        text = text or json.dumps({"format": 1, "lists": lists})
        (self.lists / "added.json").write_text(text)
        (self.lists / "added.lock").write_text("")

    async def start(self) -> SettingsInForce:
        self._states.append(await State.open(self.data_dir))
        settings = SettingsInForce(self.config, {}, self._states[-1])
        await settings.load()
        return settings

    async def stop(self) -> None:
        while self._states:
            await self._states.pop().close()

    async def names(self) -> list[str]:
        """The lists that are in use after a start."""
        found = [each.name for each in (await self.start()).settings.filtering.lists]
        await self.stop()
        return found


@pytest.fixture
async def machine(tmp_path: Path) -> AsyncIterator[Machine]:
    machine = Machine(tmp_path)
    yield machine
    await machine.stop()


def test_the_list_of_new_servers_is_one_of_the_catalogue() -> None:
    entry = find_entry(read_catalogue(), "adguard-dns")
    assert (SUBSCRIBED.name, SUBSCRIBED.url) == (entry.name, entry.url)


async def test_a_new_server_subscribes_to_one_list_more(machine: Machine) -> None:
    settings = await machine.start()
    assert [each.name for each in settings.settings.filtering.lists] == [STARTER, NEW]
    assert settings.settings.origin_of("filtering.lists", NEW) == "stored"
    assert settings.settings.filtering.is_added(NEW)


async def test_who_removes_it_is_rid_of_it(machine: Machine) -> None:
    settings = await machine.start()
    await settings.change([Change("filtering.lists", NEW, "remove")], SERVER)
    await machine.stop()
    assert await machine.names() == [STARTER]


async def test_a_file_that_says_which_lists_there_are_has_those(machine: Machine) -> None:
    machine.write(lists=[MINE])
    assert await machine.names() == ["Mine"]
    machine.write()  # and what it does not say later begins nothing
    assert await machine.names() == [STARTER]


async def test_a_server_that_was_there_before_begins_to_fetch_nothing(machine: Machine) -> None:
    machine.keeps(ListSettings(name=STARTER, url="file:blocklists/starter.txt"))
    assert await machine.names() == [STARTER]
    assert await machine.names() == [STARTER]


async def test_a_server_that_had_it_by_the_installed_file_keeps_it(machine: Machine) -> None:
    machine.keeps(ListSettings(name=STARTER, url="file:blocklists/starter.txt"))
    machine.keeps(SUBSCRIBED)
    assert await machine.names() == [STARTER, NEW]


async def test_what_can_not_be_read_of_it_is_there(machine: Machine) -> None:
    (machine.lists / f"{SUBSCRIBED.id}.json").write_text("{")
    assert await machine.names() == [STARTER, NEW]


async def test_one_that_had_left_does_not_come_back(machine: Machine) -> None:
    machine.keeps(SUBSCRIBED, unused_since=1000.0)
    assert await machine.names() == [STARTER]


async def test_lists_that_commands_added_move_in_and_their_file_is_gone(machine: Machine) -> None:
    machine.keeps(ListSettings(**MINE))
    machine.add({**MINE, "kind": "allow", "enabled": False})
    settings = await machine.start()
    assert settings.settings.filtering.lists[1] == ListSettings(**MINE, kind="allow", enabled=False)
    assert not settings.problems
    await machine.stop()
    assert not list(machine.lists.glob("added*"))
    assert await machine.names() == [STARTER, "Mine"]


async def test_a_crash_before_the_file_is_gone_loses_and_doubles_nothing(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    machine.keeps(ListSettings(**MINE))
    machine.add(MINE)

    def killed(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("sinkhole.control.settings.in_force.put_away", killed)
        with pytest.raises(KeyboardInterrupt):
            await machine.start()
    await machine.stop()
    assert (machine.lists / "added.json").exists()
    assert await machine.names() == [STARTER, "Mine"]
    assert not (machine.lists / "added.json").exists()


async def test_where_nothing_can_be_stored_they_are_in_use_all_the_same(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def full(*_: object) -> int:
        raise StorageError("the disk is full")

    machine.add(MINE)
    with monkeypatch.context() as patch:
        patch.setattr("sinkhole.control.state.stored.StoredSettings.commit", full)
        settings = await machine.start()
        assert [each.name for each in settings.settings.filtering.lists] == [STARTER, "Mine", NEW]
        await settings.reload()
        assert [each.name for each in settings.settings.filtering.lists] == [STARTER, "Mine", NEW]
    await machine.stop()
    assert (machine.lists / "added.json").exists()
    assert await machine.names() == [STARTER, "Mine", NEW]


@pytest.mark.parametrize(
    "text",
    [
        json.dumps({"format": 1, "lists": [MINE, {"name": 5, "url": ""}]}),
        json.dumps({"format": 1, "lists": [MINE, {**MINE, "name": "More", "colour": "red"}]}),
        json.dumps({"format": 2, "lists": [MINE]}),
    ],
    ids=["an entry", "a key", "newer"],
)
async def test_what_is_understood_moves_in_and_the_rest_is_kept_and_told(
    machine: Machine, text: str
) -> None:
    machine.keeps(ListSettings(**MINE))
    machine.add(text=text)
    for _ in range(2):
        settings = await machine.start()
        assert [each.name for each in settings.settings.filtering.lists] == [STARTER, "Mine"]
        await machine.stop()
    assert (machine.lists / "added.json.aside").read_text() == text
    (problem,) = settings.problems
    assert problem.code == "lists.added_damaged"
    assert "added.json.aside" in problem.text


async def test_a_file_that_is_none_is_kept_and_told(machine: Machine) -> None:
    machine.keeps(ListSettings(**MINE))
    machine.add(text="{")
    settings = await machine.start()
    assert [each.code for each in settings.problems] == ["lists.added_damaged"]
    assert (machine.lists / "added.json.aside").read_text() == "{"


async def test_a_name_that_the_file_has_is_the_files(machine: Machine) -> None:
    machine.write(lists=[{**MINE, "url": "https://lists.example.org/other.txt"}])
    machine.add(MINE)
    settings = await machine.start()
    assert [each.url for each in settings.settings.filtering.lists] == [
        "https://lists.example.org/other.txt"
    ]
    (problem,) = settings.problems
    assert "'mine' that was added is not in use" in problem.text
