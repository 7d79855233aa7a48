"""Answers that outlive a restart."""

from __future__ import annotations

import struct
from ipaddress import ip_network
from zlib import crc32

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from world import SimpleFilter, World, addresses

from sinkhole.dns.cache.persist import MAGIC, MAGIC_2, MAGIC_3, Moment, dump, load, pack, seal
from sinkhole.dns.cache.table import Table
from sinkhole.dns.filter.match import Rewritten
from sinkhole.dns.policy.blocking import Blocking
from sinkhole.dns.policy.client_subnet import ClientSubnet, ClientSubnets
from sinkhole.dns.policy.routes import Routes
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


WALL = 1_000_000.0
BOOT, OTHER_BOOT = b"b" * 15 + b"\0", b"o" * 16


def moment(now: float = 1000.0, wall: float = WALL) -> Moment:
    return Moment(now, wall)


async def restarted(data: bytes, away_s: float, block: list[str] | None = None) -> World:
    return restored(data, moment(5.0, WALL + away_s), block)


def restored(data: bytes, when: Moment, block: list[str] | None = None) -> World:
    world = World(block=block or [])
    world.clock.now = when.now  # another monotonic clock than before
    for key, ready in load(data, when):
        world.table.put(key, ready)
    return world


async def test_answers_come_back_as_old_as_they_are_and_blocks_do_not() -> None:
    world = await filled()
    data = dump(world.table, moment(world.clock.now))
    again = await restarted(data, away_s=100)
    assert len(again.table.entries) == 2
    reply = await again.ask("www.example.org")
    assert (addresses(reply), reply.rr[0].ttl) == (["t.example.net.", "192.0.2.1"], 200)
    assert again.upstreams.asked == []
    stale = await again.ask("short.example.org")  # expired: asks, but nobody is there
    assert again.upstreams.asked == ["short.example.org A"]
    assert (addresses(stale), stale.rr[0].ttl) == (["192.0.2.2"], 30)


async def test_an_answer_comes_back_for_the_clients_it_is_for_only() -> None:
    world = World()
    fixed = ClientSubnets({"": ClientSubnet(ip_network("198.51.100.0/24"))})
    world.publish(subnets=fixed)
    world.upstreams.says("www.example.org", "A", "www.example.org. 300 A 192.0.2.1")
    world.upstreams.scopes["www.example.org A"] = 24
    await world.ask("www.example.org")
    data = dump(world.table, moment(world.clock.now))
    other = ClientSubnets({"": ClientSubnet(ip_network("203.0.113.0/24"))})
    for subnets, asked in (
        (fixed, []),
        (other, ["www.example.org A subnet 203.0.113.0/24"]),
        (ClientSubnets(), ["www.example.org A"]),
    ):
        again = await restarted(data, away_s=1)
        again.publish(subnets=subnets)
        await again.ask("www.example.org")
        assert again.upstreams.asked[:1] == asked  # and then without


async def test_a_missing_name_is_missing_for_every_type_after_a_restart() -> None:
    world = World()
    soa = "example.org. 900 SOA ns.example.org. host.example.org. 1 2 3 4 900"
    world.upstreams.says("no.example.org", "A", authority=soa, rcode=3)
    await world.ask("no.example.org")
    again = await restarted(dump(world.table, moment(world.clock.now)), away_s=100)
    reply = await again.ask("no.example.org", "TXT")
    assert (reply.header.rcode, reply.auth[0].ttl) == (3, 800)
    assert again.upstreams.asked == []


async def test_the_addresses_in_it_are_judged_by_the_rules_of_today() -> None:
    data = dump((await filled()).table, moment())
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
    data = dump(world.table, moment(world.clock.now))
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
    data = dump((await filled()).table, moment())
    for block in (["www.example.org"], ["t.example.net"]):
        again = await restarted(data, away_s=1, block=block)
        assert addresses(await again.ask("www.example.org")) == ["0.0.0.0"]


async def test_expired_answers_are_saved_as_long_as_they_can_stand_in() -> None:
    world = await filled()
    world.clock.now += 100
    now = moment(world.clock.now)
    assert len(dump(world.table, now)) < len(dump(world.table, now, stale_s=86_400))


@pytest.mark.parametrize(
    ("wall", "since_boot", "boot", "age_s"),
    [
        (WALL + 100, 600.0, BOOT, 100),
        (WALL - 3600, 600.0, BOOT, 100),
        (WALL + 86_400, 600.0, BOOT, 100),
        (WALL + 100, 7.0, OTHER_BOOT, 100),
        (WALL + 1, 90.0, OTHER_BOOT, 90),
        (WALL - 1, 90.0, OTHER_BOOT, None),
        (WALL + 100, 499.0, BOOT, None),
        (WALL + 100, 0.0, bytes(16), 100),
        (WALL - 1, 0.0, bytes(16), None),
    ],
    ids=[
        "same boot", "set back", "set forward", "other boot", "set back, but this boot has lasted",
        "set back over a boot", "since a boot that has not lasted as long", "not Linux",
        "set back, not Linux",
    ],
)  # fmt: skip
async def test_answers_are_as_old_as_they_are_wherever_the_clock_was_set(
    wall: float, since_boot: float, boot: bytes, age_s: int | None
) -> None:
    world = await filled()
    world.clock.now += 10
    written = Moment(world.clock.now, WALL, 500.0, BOOT if boot != bytes(16) else boot)
    again = restored(dump(world.table, written), Moment(5.0, wall, since_boot, boot))
    again.upstreams.dead = True
    if age_s is None:
        assert not again.table.entries
    else:
        assert (await again.ask("www.example.org")).rr[0].ttl == 300 - 10 - age_s


async def test_a_file_of_version_2_is_read_by_its_wall_clock_times() -> None:
    """It has no moment in front, and times in place of ages, which the clock set back has made
    those of the future: they are left out."""
    data = version_2((await filled()).table, WALL + 90)
    again = restored(data, moment(5.0, WALL + 100))
    assert (await again.ask("www.example.org")).rr[0].ttl == 290
    assert not restored(data, moment(5.0, WALL)).table.entries


async def test_a_file_of_version_3_is_read_as_of_the_usual_upstreams() -> None:
    world = await filled()
    now = moment(1010.0)
    body = seal(records_of_old((await filled()).table, 10.0), now)[len(MAGIC) :]
    again = restored(MAGIC_3 + body, moment(5.0, WALL + 100))
    assert len(again.table.entries) == len(world.table.entries) - 1  # but for what is blocked
    assert (await again.ask("www.example.org")).rr[0].ttl == 190
    assert again.upstreams.asked == []


def version_2(table: Table, received: float) -> bytes:
    """A file of one age as an older version wrote it."""
    records = records_of_old(table, 10.0)
    records = records.replace(struct.pack("!d", 10.0), struct.pack("!d", received))
    return MAGIC_2 + struct.pack("!I", crc32(records)) + records


def records_of_old(table: Table, age_s: float) -> bytes:
    """Records without what stands behind the targets: here only its sizes, four bytes."""
    entries = table.entries.items()
    return b"".join(pack([entry], 1000.0 + age_s, 0.0)[:-4] for entry in entries)


async def test_an_answer_comes_back_for_the_upstreams_that_gave_it_only() -> None:
    world = World()
    world.publish(routes=Routes({"example.org": "büro"}))
    world.upstreams.says("www.example.org", "A", "www.example.org. 300 A 192.0.2.1")
    await world.ask("www.example.org")
    data = dump(world.table, moment(world.clock.now))
    for sets, asked in (
        ({"example.org": "büro"}, []),
        ({"example.org": "office"}, ["www.example.org A via office"]),
        ({}, ["www.example.org A"]),
    ):
        again = await restarted(data, away_s=1)
        again.publish(routes=Routes(sets))
        await again.ask("www.example.org")
        assert again.upstreams.asked == asked


@pytest.mark.parametrize("data", [b"", b"x" * 50, MAGIC, MAGIC + b"\0\0\0\0" + b"x"])
def test_damaged_files_are_refused(data: bytes) -> None:
    with pytest.raises(StorageError):
        list(load(data, moment()))


@pytest.mark.parametrize("key", [b"", b"\xc0\x0c\0\1\0\0", b"\7example\3org", b"\0\0\1"])
async def test_a_file_that_is_whole_but_makes_no_sense_is_refused(key: bytes) -> None:
    table = Table(1 << 20)
    table.put(key, next(iter((await filled()).table.entries.values())))
    with pytest.raises(StorageError):
        list(load(dump(table, moment()), moment()))


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_any_damage_is_found(data: st.DataObject) -> None:
    good = dump(Table(1), moment()) + b"some records"
    at = data.draw(st.integers(0, len(good) - 1))
    with pytest.raises(StorageError):
        list(load(good[:at] + bytes((good[at] ^ 0x55,)) + good[at + 1 :], moment()))
