"""Answers are looked up by name, and forgotten, express lane included."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from ipaddress import ip_address
from itertools import pairwise
from typing import Any

import pytest
from world import question

from sinkhole.control.explain.kept_answers import KeptAnswers
from sinkhole.dns.pipeline.channel import TCP
from sinkhole.dns.pipeline.reaction import Waiting
from sinkhole.dns.worker import kept as kept_module


def kept(built: Any) -> KeptAnswers:
    return KeptAnswers(
        built.table,
        built.pipeline,
        lambda: built.settings,
        built.clock,
    )


async def told(built: Any, name: str, *, below: bool = False) -> list[tuple[str, str]]:
    found = await kept(built).look_up(name, 100, below=below)
    return [(each["name"], each["type"]) for each in found]


async def filled(house: Callable[..., Any]) -> Any:
    built = house(block=["||ads.example.org^"])
    for name in ("example.org", "www.example.org", "notexample.org"):
        built.upstreams.says(name, "A", f"{name}. 60 A 192.0.2.80")
        await built.asks(name)
    soa = "example.org. 60 SOA ns.example.org. host.example.org. 1 2 3 4 60"
    built.upstreams.says("none.example.org", "AAAA", "", soa, 3)
    await built.asks("none.example.org", "AAAA")
    await built.asks("ads.example.org")
    return built


async def test_a_name_and_all_below_it_are_looked_up(house: Callable[..., Any]) -> None:
    built = await filled(house)
    assert await told(built, "Example.org") == [("example.org", "A")]
    assert await told(built, "example.org", below=True) == [
        ("ads.example.org", "A"),
        ("example.org", "A"),
        ("none.example.org", "AAAA"),
        ("www.example.org", "A"),
    ]
    assert len(await told(built, ".", below=True)) == 5
    assert len(await kept(built).look_up("example.org", 2, below=True)) == 2
    with pytest.raises(ValueError):
        await told(built, "a..b")


async def test_an_entry_says_whose_it_is_and_who_refused_it(house: Callable[..., Any]) -> None:
    built = await filled(house)
    (entry,) = await kept(built).look_up("ads.example.org", 9, below=False)
    assert (entry["list"], entry["rule"]) == ("Block", "||ads.example.org^")
    assert entry["for_everybody"]


async def test_what_is_forgotten_is_asked_for_again(house: Callable[..., Any]) -> None:
    built = await filled(house)
    assert await kept(built).flush("example.org", below=True) == 4
    assert await told(built, ".", below=True) == [("notexample.org", "A")]
    asked = len(built.upstreams.asked)
    await built.asks("none.example.org", "AAAA")
    assert len(built.upstreams.asked) == asked + 1
    await kept(built).flush(None, below=False)
    assert (len(built.table.entries), built.table.size_bytes) == (0, 0)


async def test_all_is_forgotten_in_slices(
    house: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    built = await filled(house)
    monkeypatch.setattr(kept_module, "SLICE", 2)
    entries, turns = built.table.entries, []

    async def watch() -> None:
        while entries:
            turns.append(len(entries))
            await asyncio.sleep(0)

    watching = asyncio.create_task(watch())
    assert await kept(built).flush(None, below=False) == 5
    await watching
    assert turns[-1] <= 2 and all(a - b <= 2 for a, b in pairwise(turns))
    assert built.table.size_bytes == 0


async def test_the_express_lane_forgets_as_well(house: Callable[..., Any]) -> None:
    built = await filled(house)
    client = built.pipeline.clients.of(ip_address("192.0.2.7").packed)
    wire = question("www.example.org")
    for _ in range(3):  # from the third time on, by the lane
        assert isinstance(built.pipeline.answer_now(wire, client, TCP, built.clock.now), bytes)
    await kept(built).flush("www.example.org", below=False)
    assert isinstance(built.pipeline.answer_now(wire, client, TCP, built.clock.now), Waiting)


async def test_a_large_table_is_read_in_slices(
    house: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    built = await filled(house)
    monkeypatch.setattr(kept_module, "LOOKED_AT", 2)
    assert len(await told(built, "example.org", below=True)) == 4
