"""What a table keeps is found, forgotten and handed on by name."""

from __future__ import annotations

from typing import Any

import pytest
from world import World

from sinkhole.dns.cache import persist
from sinkhole.dns.cache.table import Table
from sinkhole.dns.wire.name import from_text
from sinkhole.dns.worker import kept
from sinkhole.dns.worker.kept import About, forget, found_in, present, records_of, take_up
from sinkhole.model.errors import StorageError

ZONE = About(from_text("example.org"), below=True)


@pytest.fixture(autouse=True)
def clock_of_the_world(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kept.time, "monotonic", lambda: 1000.0)


@pytest.fixture
async def table() -> Table:
    world = World()
    for name in ("example.org", "a.example.org", "example.net"):
        world.upstreams.says(name, "A", f"{name}. 300 A 192.0.2.1")
        await world.ask(name)
    return world.table


async def names(table: Table, about: About) -> set[str]:
    return {key.split(b"\0")[0].decode() async for key, _ in found_in(table, about)}


async def test_one_name_all_below_it_or_everything(table: Any) -> None:
    assert await names(table, About(from_text("example.org"))) == {"\x07example\x03org"}
    assert len(await names(table, ZONE)) == 2
    assert len(await names(table, About())) == 3


async def test_what_is_forgotten_is_counted(table: Any) -> None:
    assert await forget(table, ZONE) == 2
    assert await forget(table, ZONE) == 0
    assert await forget(table, About()) == 1
    assert (len(table.entries), table.size_bytes) == (0, 0)


async def test_records_of_several_tables_are_one_file(
    table: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kept, "SLICE", 1)
    other = [some async for some in records_of(table, About(from_text("example.net")), 0.0)]
    zone = [some async for some in records_of(table, ZONE, 0.0)]
    again = Table(1 << 20)
    take_up(again, persist.seal(b"".join((*other, *zone)), present()))
    assert set(again.entries) == set(table.entries)
    with pytest.raises(StorageError):
        take_up(again, b"nothing of that kind")
