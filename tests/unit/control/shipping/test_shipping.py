"""All targets together: begun, changed while they run, told of, and ended."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from settings_file import settings_from
from shipping_peers import dnstap_of, receiving
from told_queries import TABLET, batch, report, terms

from sinkhole.control.settings.shipping_schema import ShippingSettings
from sinkhole.control.shipping import Shipping, destination
from sinkhole.model.record import RecordBuffer


def settings(**keys: Any) -> ShippingSettings:
    return settings_from({"shipping": keys}).shipping


class Ship:
    def __init__(self, folder: Path, **keys: Any) -> None:
        self.records = RecordBuffer()
        self.now = 0.0
        self.shipping = Shipping(
            settings(**keys),
            terms(),
            self.records,
            data_dir=folder,
            version="1",
            clock=lambda: self.now,
        )

    def ask(self, name: str) -> None:
        self.records.append(batch((report(name), TABLET)))

    def of(self, kind: str) -> dict[str, Any]:
        (found,) = [each for each in self.shipping.status() if each["to"] == kind]
        return dict(found)


@asynccontextmanager
async def a_ship(folder: Path, **keys: Any) -> AsyncIterator[Ship]:
    ship = Ship(folder, **keys)
    ship.shipping.start()
    try:
        yield ship
    finally:
        await ship.shipping.close()


async def until(condition: Any) -> None:
    async with asyncio.timeout(20):
        while not condition():
            await asyncio.sleep(0.01)


def names_in(path: Path) -> list[str]:
    lines = path.read_text().splitlines() if path.exists() else []
    return [json.loads(each)["name"] for each in lines]


async def test_without_targets_nothing_is_read(tmp_path: Path) -> None:
    async with a_ship(tmp_path) as ship:
        ship.ask("a.example")
        assert ship.records.also is None
        assert (ship.shipping.status(), ship.shipping.problems, ship.shipping.losses) == (
            [],
            [],
            [],
        )


async def test_targets_come_change_and_go_while_it_runs(tmp_path: Path) -> None:
    one, two = tmp_path / "one.jsonl", tmp_path / "two.jsonl"
    async with receiving(tmp_path / "tap") as tap, a_ship(tmp_path, file="one.jsonl") as ship:
        ship.ask("a.example")
        await until(lambda: names_in(one) == ["a.example"])
        ship.ask("late.example")
        ship.shipping.use(settings(file="two.jsonl", dnstap=tap.target), terms())
        ship.ask("b.example")
        await until(lambda: "b.example" in names_in(two) and tap.frames)
        assert ship.of("file")["target"] == str(two)
        ship.shipping.use(settings(dnstap=tap.target), terms("no_names"))
        ship.ask("c.example")
        await until(lambda: dnstap_of(tap.frames[-1])["response_message"][5] == 0)
        assert tap.connections == 1, "what stays the same goes on"
        ship.shipping.use(settings(), terms())
        assert ship.records.also is None
        ship.shipping.use(settings(file="two.jsonl"), terms())
        before = ship.of("file")["sent"]
        assert before == len(names_in(one)) + len(names_in(two)), "counts only ever grow"
    assert len(names_in(one)) + len(names_in(two)) == 3


async def test_in_the_end_all_is_sent(tmp_path: Path) -> None:
    async with a_ship(tmp_path, file="one.jsonl", file_size="1MiB", files_kept=0) as ship:
        await asyncio.sleep(0)
        for number in range(300):
            ship.ask(f"n{number}.example")
    assert len(names_in(tmp_path / "one.jsonl")) == 300


async def test_trouble_is_told_until_it_is_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with a_ship(tmp_path, dnstap=f"unix:{tmp_path / 'tap'}", file="x/one.jsonl") as ship:
        ship.ask("a.example")
        await until(lambda: len(ship.shipping.problems) == 2)
        assert sorted(ship.shipping.problems) == [
            f"the query log is not shipped to {tmp_path}/x/one.jsonl: no such file or directory",
            f"the query log is not shipped to unix:{tmp_path}/tap: no such file or directory",
        ]
        (tmp_path / "x").mkdir()
        async with receiving(tmp_path / "tap") as tap:
            await until(lambda: ship.shipping.problems == [] and len(tap.frames) == 1)
            assert names_in(tmp_path / "x/one.jsonl") == ["a.example"]
            assert ship.of("dnstap")["dropped"] == 0


async def test_what_was_dropped_is_told_for_an_hour(tmp_path: Path) -> None:
    async with a_ship(tmp_path, file="x/one.jsonl", stdout=False) as ship:
        ship.shipping._feed.buffer.limit = 10
        for number in range(15):
            ship.ask(f"n{number}.example")
        assert ship.of("file")["dropped"] == 5
        where = tmp_path / "x/one.jsonl"
        assert ship.shipping.losses == [f"5 queries were not shipped to {where}"]
        ship.now = 3599.0
        assert ship.shipping.losses
        ship.now = 3601.0
        assert ship.shipping.losses == []
        ship.shipping._targets["file"].outbox.tally.dropped += 1
        assert ship.shipping.losses == [f"6 queries were not shipped to {where}"]


async def test_a_target_that_hangs_does_not_keep_it_from_ending(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(destination, "FLUSH_S", 0.05)
    async with receiving(answer=0) as deaf:
        async with a_ship(tmp_path, dnstap=deaf.target, file="one.jsonl") as ship:
            ship.ask("a.example")
            await until(lambda: names_in(tmp_path / "one.jsonl") == ["a.example"])
        assert ship.shipping._targets["dnstap"].outbox.tally.sent == 0
