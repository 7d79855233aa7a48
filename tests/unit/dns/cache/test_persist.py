"""Answers that outlive a restart."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from world import SimpleFilter, World, addresses

from sinkhole.dns.cache.persist import MAGIC, dump, load
from sinkhole.dns.cache.table import Table
from sinkhole.dns.filter.match import Rewritten
from sinkhole.dns.policy.blocking import Blocking
from sinkhole.dns.wire.name import from_text
from sinkhole.model.errors import StorageError


async def filled() -> World:
    world = World(block=["ads.example.org"])
    zone = "www.example.org. 300 CNAME t.example.net.\nt.example.net. 300 A 192.0.2.1"
    world.upstreams.says("www.example.org", "A", zone)
    world.upstreams.says("short.example.org", "A", "short.example.org. 20 A 192.0.2.2")
    for name in ("www.example.org", "short.example.org", "ads.example.org"):
        await world.ask(name)
    return world


async def restarted(data: bytes, away_s: float, block: list[str] | None = None) -> World:
    world = World(block=block or [])
    world.clock.now = 5.0  # another monotonic clock than before
    for key, ready in load(data, 5.0, 1_000_000.0 + away_s):
        world.table.put(key, ready)
    return world


async def test_answers_come_back_as_old_as_they_are_and_blocks_do_not() -> None:
    world = await filled()
    data = dump(world.table, world.clock.now, 1_000_000.0)
    again = await restarted(data, away_s=100)
    assert len(again.table.entries) == 2
    reply = await again.ask("www.example.org")
    assert (addresses(reply), reply.rr[0].ttl) == (["t.example.net.", "192.0.2.1"], 200)
    assert again.upstreams.asked == []
    stale = await again.ask("short.example.org")  # expired: asks, but nobody is there
    assert again.upstreams.asked == ["short.example.org A"]
    assert (addresses(stale), stale.rr[0].ttl) == (["192.0.2.2"], 30)


async def test_a_missing_name_is_missing_for_every_type_after_a_restart() -> None:
    world = World()
    soa = "example.org. 900 SOA ns.example.org. host.example.org. 1 2 3 4 900"
    world.upstreams.says("no.example.org", "A", authority=soa, rcode=3)
    await world.ask("no.example.org")
    again = await restarted(dump(world.table, world.clock.now, 1_000_000.0), away_s=100)
    reply = await again.ask("no.example.org", "TXT")
    assert (reply.header.rcode, reply.auth[0].ttl) == (3, 800)
    assert again.upstreams.asked == []


async def test_the_addresses_in_it_are_judged_by_the_rules_of_today() -> None:
    data = dump((await filled()).table, 1000.0, 1_000_000.0)
    again = await restarted(data, away_s=1)
    again.publish(filter=SimpleFilter(addresses=["192.0.2.1"]))
    assert addresses(await again.ask("www.example.org")) == ["0.0.0.0"]
    (report,) = again.reports()
    assert report.verdict.hop == "192.0.2.1"


async def test_a_rewritten_name_comes_back_for_the_same_rewrite_only() -> None:
    world, safe = World(), Rewritten(cname=from_text("safe.example.net"))
    rules = SimpleFilter(rewrite={"www.example.org": safe})
    world.publish(filter=rules, blocking=Blocking(ttl_s=300))
    world.upstreams.says("safe.example.net", "A", "safe.example.net. 300 A 192.0.2.1")
    await world.ask("www.example.org")
    data = dump(world.table, world.clock.now, 1_000_000.0)
    other = Rewritten(cname=from_text("safer.example.net"))
    for rewrite, asked in (
        ({"www.example.org": safe}, []),
        ({"www.example.org": other}, ["safer.example.net A"]),
        ({}, ["www.example.org A"]),
    ):
        again = await restarted(data, away_s=1)
        again.publish(filter=SimpleFilter(rewrite=rewrite))
        await again.ask("www.example.org")
        assert again.upstreams.asked == asked


async def test_what_comes_back_is_judged_by_the_rules_of_today() -> None:
    data = dump((await filled()).table, 1000.0, 1_000_000.0)
    for block in (["www.example.org"], ["t.example.net"]):
        again = await restarted(data, away_s=1, block=block)
        assert addresses(await again.ask("www.example.org")) == ["0.0.0.0"]


async def test_expired_answers_are_saved_as_long_as_they_can_stand_in() -> None:
    world = await filled()
    world.clock.now += 100
    now = world.clock.now
    assert len(dump(world.table, now, 1e6)) < len(dump(world.table, now, 1e6, stale_s=86_400))


async def test_answers_from_the_future_are_left_out() -> None:
    data = dump((await filled()).table, 1000.0, 1_000_000.0)
    assert list(load(data, 5.0, 900_000.0)) == []


@pytest.mark.parametrize("data", [b"", b"x" * 50, MAGIC, MAGIC + b"\0\0\0\0" + b"x"])
def test_damaged_files_are_refused(data: bytes) -> None:
    with pytest.raises(StorageError):
        list(load(data, 0.0, 0.0))


@pytest.mark.parametrize("key", [b"", b"\xc0\x0c\0\1\0\0", b"\7example\3org", b"\0\0\1"])
async def test_a_file_that_is_whole_but_makes_no_sense_is_refused(key: bytes) -> None:
    table = Table(1 << 20)
    table.put(key, next(iter((await filled()).table.entries.values())))
    with pytest.raises(StorageError):
        list(load(dump(table, 1000.0, 1e6), 0.0, 1e6))


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_any_damage_is_found(data: st.DataObject) -> None:
    good = dump(Table(1), 0.0, 0.0) + b"some records"
    at = data.draw(st.integers(0, len(good) - 1))
    with pytest.raises(StorageError):
        list(load(good[:at] + bytes((good[at] ^ 0x55,)) + good[at + 1 :], 0.0, 0.0))
