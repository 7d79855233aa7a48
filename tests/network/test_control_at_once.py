"""What several programs change by /control at the same time: all of it counts."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
from control_house import ControlHouse, control_house

from sinkhole.control.settings.in_force import Change
from sinkhole.control.web.adguard import control
from sinkhole.control.web.adguard.answers import NOTHING, Nothing
from sinkhole.control.web.adguard.asked import Asked
from sinkhole.control.web.locations import Needs
from sinkhole.model.actor import SERVER

NAMES = [f"{number}.example.org" for number in range(12)]
QUICK = {2}
"""The tries that nobody overtakes, of `slow`."""


async def test_two_switches_at_once_are_both_on(tmp_path: Path) -> None:
    async with control_house(tmp_path) as house:
        for _ in range(4):
            await at_once(house, "safebrowsing/enable", "parental/enable")
            assert set(house.app.settings.filtering.categories) == {"malware", "adult"}
            await at_once(house, "safebrowsing/disable", "parental/disable")
            assert house.app.settings.filtering.categories == ()


async def test_rewrites_that_are_added_at_once_are_all_there(tmp_path: Path) -> None:
    wanted = [
        {"domain": name, "answer": answer}
        for name in NAMES
        for answer in ("192.0.2.20", "2001:db8::20")
    ]
    async with control_house(tmp_path) as house:
        await asyncio.gather(*(house.done("POST", "rewrite/add", each) for each in wanted))
        told = await house.get("rewrite/list")
        assert sorted((each["domain"], each["answer"]) for each in told) == sorted(
            (each["domain"], each["answer"]) for each in wanted
        )
        assert await house.answers(NAMES[0]) == ["192.0.2.20"]
        assert await house.answers(NAMES[0], "AAAA") == ["2001:db8::20"]
        await asyncio.gather(*(house.done("POST", "rewrite/delete", each) for each in wanted))
        assert await house.get("rewrite/list") == []
        kept = await house.app.front.house.state.audit.entries(100)
        assert [each for each in kept if each.error] == []  # whoever had to begin anew is not told


async def test_whoever_is_overtaken_begins_anew_but_not_for_ever(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """503 then, as nothing is wrong with what was asked for."""
    seen: list[tuple[int, Any]] = []

    async def slow(asked: Asked) -> Nothing:
        seen.append((int(asked.settings.cache.size), await asked.plain_body()))
        if len(seen) not in QUICK:
            other = Change("cache.size", value=f"{len(seen) + 20}MiB")
            await asked.house.settings.change([other], SERVER)
        await asked.change("settings.change", [Change("cache.min_ttl", value="7s")], "")
        return NOTHING

    monkeypatch.setattr(control, "MOST_TRIES", 3)
    path = control.Path("POST", "slow", Needs.SOMEBODY, slow)
    monkeypatch.setattr(control, "PATHS", (*control.PATHS, path))
    async with control_house(tmp_path) as house:
        assert (await house.post("slow", ["said"])).status == 200
        assert [size >> 20 for size, _ in seen[1:]] == [21]  # of what is in force by then
        assert float(house.app.settings.cache.min_ttl) == 7
        told = await house.post("slow", ["said"])
        assert (told.status, "changed meanwhile" in told.text) == (503, True), told
        assert len(seen) == 2 + 1 + 3
        assert {str(said) for _, said in seen} == {"['said']"}


async def at_once(house: ControlHouse, *paths: str) -> None:
    """Several requests, none of which waits for another."""
    await asyncio.gather(*(house.done("POST", each) for each in paths))
