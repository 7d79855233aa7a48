"""The devices of a whole server: who asked, as records have it, and asking the router."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest
from fake_upstream import FakeUpstream, silent

from sinkhole.app.house_devices import (
    MOST_WAITING,
    SLICE,
    HouseDevices,
    RouterQuestions,
    asked_in,
)
from sinkhole.control.devices.asked_names import names_in, reverse_name
from sinkhole.control.devices.book import Asked
from sinkhole.control.querylog.privacy import Privacy, wire_names
from sinkhole.control.settings import Settings
from sinkhole.dns.wire.name import from_text
from sinkhole.model.faults import Faults
from sinkhole.model.record import Batch, QueryRecord, Report, Telling, Who
from sinkhole.model.verdict import Outcome, Verdict

TABLET = Who("192.0.2.7", "02:00:00:00:00:07")
PHONE = Who("192.0.2.8")
MAC = bytes.fromhex("020000000007")


def record(who: Who, name: str = "example.org") -> QueryRecord:
    return Report(from_text(name), 1, 0, Verdict(Outcome.FORWARDED)), who


def test_who_asked_how_often_and_when_last() -> None:
    batches = [
        Batch(10.0, 1, [record(TABLET), record(PHONE), record(TABLET)]),
        Batch(12.0, 1, [record(TABLET)]),
    ]
    assert list(asked_in(batches, Privacy())) == [
        Asked("192.0.2.7", 3, 12.0, MAC),
        Asked("192.0.2.8", 1, 12.0),
    ]


def test_of_whom_nothing_may_be_told() -> None:
    hidden = Who("192.0.2.9", telling=Telling(client=False))
    uncounted = Who("192.0.2.10", telling=Telling(counts=False))
    batch = Batch(
        10.0,
        1,
        [record(TABLET), record(PHONE, "a.example.net"), record(hidden), record(uncounted)],
    )
    privacy = Privacy(
        ignored_clients=frozenset({"192.0.2.7"}), ignored_names=wire_names(("example.net",))
    )
    assert list(asked_in([batch], privacy)) == [Asked("192.0.2.10", 0, 0.0)]


async def test_the_router_is_asked_by_plain_dns() -> None:
    packed = ip_address("192.0.2.7").packed
    async with FakeUpstream() as router, FakeUpstream() as other:
        router.answer("7.2.0.192.in-addr.arpa", "PTR", ["tablet.lan"])
        other.answer("7.2.0.192.in-addr.arpa", "PTR", ["other.lan"])
        questions = RouterQuestions()
        for server, name in ((router, "tablet.lan"), (other, "other.lan"), (router, "tablet.lan")):
            reply = await questions.ask(reverse_name(packed), *server.address)
            assert reply is not None
            assert names_in(reply, packed) == (name,)
        await questions.close()


async def test_a_router_that_is_not_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sinkhole.app.house_devices.PATIENCE_S", 0.05)
    questions = RouterQuestions()
    async with FakeUpstream() as router:
        router.always = silent
        assert await questions.ask(from_text("7.2.0.192.in-addr.arpa"), *router.address) is None
    assert await questions.ask(from_text("example"), "fe80::1%nowhere", 53) is None
    await questions.close()


@asynccontextmanager
async def opened(folder: Path, **options: Any) -> AsyncIterator[HouseDevices]:
    off = {"hosts_file": False, "leases": False, "reverse": False, "mdns": False}
    settings = Settings.model_validate({"data_dir": folder, "devices": off})
    house = HouseDevices(settings, Privacy, **options)
    await house.start()
    try:
        yield house
    finally:
        await house.close()


async def test_a_bug_here_costs_the_log_nothing(tmp_path: Path) -> None:
    faults = Faults()
    async with opened(tmp_path, faults=faults) as house:
        house.take([Batch(10.0, 1, [(None, None)])])  # type: ignore[list-item]  # the bug
        assert faults.count == 1


async def test_a_crowd_is_noted_in_turns(tmp_path: Path) -> None:
    async with opened(tmp_path) as house:
        crowd = [record(Who(f"10.0.{n >> 8}.{n & 255}")) for n in range(MOST_WAITING + 10)]
        house.take([Batch(1_800_000_000.0, 1, crowd)])
        house.take([Batch(1_800_000_000.0, 1, crowd[:2])])
        assert len(house._waiting) == MOST_WAITING
        await asyncio.sleep(0)
        assert len(house.devices.book) == SLICE
        assert [each.queries for each in house.devices.book][:3] == [2, 2, 1]


async def test_what_comes_last_is_noted_and_what_comes_too_late_is_not(tmp_path: Path) -> None:
    async with opened(tmp_path) as house:
        house.take([Batch(1_800_000_000.0, 1, [record(TABLET)])])
    house.take([Batch(1_800_000_000.0, 1, [record(PHONE)])])
    assert [each.key for each in house.devices.book] == ["02:00:00:00:00:07"]


async def test_what_is_known_reaches_who_tells_clients_apart(tmp_path: Path) -> None:
    changed: list[bytes] = []
    packed = ip_address("192.0.2.7").packed
    async with opened(tmp_path, on_change=changed.append) as house:
        changed.clear()
        house.devices.facts.learn_neighbour(packed, MAC, 2)
        house.devices.facts.learn_name("leases", packed, ("tablet",))
        house.devices.facts.set_shared(packed, is_shared=True)
        assert changed == [packed] * 3
        facts = house.facts
        assert facts.mac(packed) == "02:00:00:00:00:07"
        assert tuple(facts.hosts(packed)) == ("tablet",)
        assert facts.devices(packed) > 1
