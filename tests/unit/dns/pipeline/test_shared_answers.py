"""One answer for clients of all classes, judged for each."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from functools import partial
from ipaddress import ip_network

import dnslib
import pytest
from classes import Classes, address_at_home, packed
from world import SimpleFilter, World, addresses, ede_of, question

from sinkhole.dns.cache.persist import Moment, dump, load
from sinkhole.dns.cache.ready import AGAIN_BYTES, OVERHEAD_BYTES, ReadyAgain
from sinkhole.dns.cache.table import Table, is_for_everybody
from sinkhole.dns.clients.identity import KnownClient, KnownClients
from sinkhole.dns.clients.standing import Membership, StandingBy
from sinkhole.dns.filter.match import Rewritten
from sinkhole.dns.pipeline.channel import UDP
from sinkhole.dns.pipeline.reaction import Waiting
from sinkhole.dns.policy.group import GroupPolicy
from sinkhole.dns.policy.refused_addresses import Rebinding
from sinkhole.dns.wire.name import from_text
from sinkhole.dns.wire.numbers import Type
from sinkhole.model.verdict import Outcome

ADULT, KID, GUEST = "192.0.2.7", "192.0.2.8", "192.0.2.9"
KIDS = {"filter": SimpleFilter(["tracker.example.net"])}
OF = {KID: "kids", GUEST: "guests"}
ALIAS = "www.example.org. 600 CNAME t.tracker.example.net.\nt.tracker.example.net. 600 A 192.0.2.1"
NO_NAME = "example.org. 600 SOA ns.example.org. mail.example.org. 1 2 3 4 600"


def household() -> Classes:
    classes = Classes(World())
    classes.publish({"kids": KIDS, "guests": {}}, OF)
    says = classes.world.upstreams.says
    says("example.org", "A", "example.org. 600 A 192.0.2.1")
    says("www.example.org", "A", ALIAS)
    return classes


def outcomes(world: World) -> list[Outcome]:
    return [report.verdict.outcome for report in world.reports()]


@pytest.mark.parametrize("order", [(ADULT, KID, GUEST), (KID, GUEST, ADULT), (GUEST, ADULT, KID)])
async def test_an_answer_is_asked_for_once_and_judged_for_each_class(order: tuple[str]) -> None:
    home = household()
    for _ in range(3):
        for who in order:
            given = addresses(await home.ask(who, "www.example.org"))
            assert given[-1] == ("0.0.0.0" if who == KID else "192.0.2.1")
    assert home.world.upstreams.asked == ["www.example.org A"]
    told = outcomes(home.world)
    assert told[0] in (Outcome.FORWARDED, Outcome.BLOCKED_ANSWER)
    assert Outcome.FORWARDED not in told[1:]


async def test_ttls_run_on_for_each_class_from_when_the_answer_came() -> None:
    home = household()
    await home.ask(KID, "example.org")
    at_once = (100.2, ADULT), (100.4, KID), (101.0, KID), (101.9, ADULT), (102.1, GUEST)
    for passed, who in (*at_once, (102.1, ADULT), (200, KID), (300, GUEST), (400, ADULT)):
        home.world.clock.now = 1000.0 + passed
        (record,) = (await home.ask(who, "example.org")).rr
        assert record.ttl == 600 - int(passed)
    home.world.clock.now = 1601.0
    await home.ask(GUEST, "example.org")
    await home.ask(KID, "example.org")
    assert len(home.world.upstreams.asked) == 2


async def test_an_answer_stays_for_others_when_nobodys_class_is_refused_it() -> None:
    home, refusing = household(), {"filter": SimpleFilter(["example.org"])}
    await home.ask(ADULT, "example.org")
    home.publish({"": refusing, "kids": {}, "guests": {}}, OF)
    for who, given in ((ADULT, "0.0.0.0"), (GUEST, "192.0.2.1"), (KID, "192.0.2.1")):
        assert addresses(await home.ask(who, "example.org")) == [given]
    home.publish({"": {}, "kids": {}, "guests": {}}, OF)
    assert addresses(await home.ask(ADULT, "example.org")) == ["192.0.2.1"]
    assert len(home.world.upstreams.asked) == 1


async def test_a_class_that_changes_is_judged_anew_and_no_other() -> None:
    home = household()
    for who in (ADULT, KID, GUEST):
        await home.ask(who, "example.org")
    world = home.world
    before = {key: ready.generation for key, ready in world.table.entries.items()}
    strict = {"filter": SimpleFilter(["example.org"])}
    home.publish({"kids": strict, "guests": {}}, OF)
    for who, address in ((KID, "0.0.0.0"), (ADULT, "192.0.2.1"), (GUEST, "192.0.2.1")):
        assert addresses(await home.ask(who, "example.org")) == [address]
    after = {key: ready.generation for key, ready in world.table.entries.items()}
    assert len([key for key in before if before[key] != after[key]]) == 1
    home.publish({"kids": KIDS, "guests": {}}, OF)
    assert addresses(await home.ask(KID, "example.org")) == ["192.0.2.1"]
    assert world.upstreams.asked == ["example.org A"]


async def test_who_moves_to_another_class_and_back_finds_all_as_it_was() -> None:
    home = household()
    await home.ask(KID, "example.org")
    table = home.world.table
    bedtime = {"filter": SimpleFilter(["org"])}
    home.publish({"kids": KIDS, "guests": {}, "bed": bedtime}, {**OF, KID: "bed"})
    assert addresses(await home.ask(KID, "example.org")) == ["0.0.0.0"]
    kept = dict(table.entries)
    home.publish({"kids": KIDS, "guests": {}}, OF)
    assert addresses(await home.ask(KID, "example.org")) == ["192.0.2.1"]
    assert dict(table.entries) == kept
    assert home.world.upstreams.asked == ["example.org A"]


async def test_a_name_that_does_not_exist_does_for_no_class_and_no_type() -> None:
    home = household()
    home.world.upstreams.says("no.example.org", "A", authority=NO_NAME, rcode=3)
    await home.ask(KID, "no.example.org")
    for who, qtype in ((ADULT, "AAAA"), (GUEST, "TXT"), (KID, "HTTPS")):
        assert (await home.ask(who, "no.example.org", qtype)).header.rcode == 3
    assert home.world.upstreams.asked == ["no.example.org A"]


async def test_upstreams_of_a_group_are_asked_for_it_alone_and_no_answer_goes_over() -> None:
    home = household()
    home.publish({"kids": {"via": "family"}, "guests": {"via": "family"}}, OF)
    says = home.world.upstreams.says
    says("example.org", "A", "example.org. 600 A 192.0.2.99", flags=" via family")
    for _ in range(2):
        for who, address in ((ADULT, 1), (KID, 99), (GUEST, 99)):
            assert addresses(await home.ask(who, "example.org")) == [f"192.0.2.{address}"]
    assert home.world.upstreams.asked == ["example.org A", "example.org A via family"]


async def test_what_is_rewritten_for_one_class_is_no_answer_for_another() -> None:
    home = household()
    safe = SimpleFilter(rewrite={"example.org": rewritten_to("safe.example.org")})
    home.publish({"kids": {"filter": safe}, "guests": {}}, OF)
    home.world.upstreams.says("safe.example.org", "A", "safe.example.org. 600 A 192.0.2.50")
    for _ in range(2):
        for who in (KID, ADULT, GUEST):
            last = addresses(await home.ask(who, "example.org"))[-1]
            assert last == ("192.0.2.50" if who == KID else "192.0.2.1")
    assert sorted(home.world.upstreams.asked) == ["example.org A", "safe.example.org A"]


def rewritten_to(name: str) -> Rewritten:
    return Rewritten(cname=from_text(name))


async def test_classes_that_ask_at_once_have_the_one_answer() -> None:
    home = household()
    world = home.world
    world.upstreams.gate = asyncio.Event()
    asking = []
    for who in (KID, GUEST, ADULT):
        home.now_by(who)
        asking.append(asyncio.ensure_future(world.ask("example.org")))
        await asyncio.sleep(0)
    world.upstreams.gate.set()
    assert [addresses(await each) for each in asking] == [["192.0.2.1"]] * 3
    answers = {id(ready.answer) for ready in world.table.entries.values()}
    assert len(answers) == 1


async def test_a_question_underway_is_judged_again_only_if_its_own_class_changed() -> None:
    home = household()
    world = home.world
    world.upstreams.gate = asyncio.Event()
    home.now_by(KID)
    asked = asyncio.ensure_future(world.ask("www.example.org"))
    await asyncio.sleep(0)
    judged = world.pipeline.forwarding._decide_question
    calls: list[object] = []
    world.pipeline.forwarding._decide_question = lambda *each: calls.append(each) or judged(*each)
    home.publish({"kids": KIDS, "guests": {"filter": SimpleFilter(["net"])}}, OF)
    world.upstreams.gate.set()
    assert addresses(await asked) == ["0.0.0.0"]
    assert calls == []


async def test_a_question_underway_is_judged_by_what_its_client_became() -> None:
    home = household()
    world = home.world
    world.upstreams.gate = asyncio.Event()
    home.now_by(KID)
    asked = asyncio.ensure_future(world.ask("www.example.org"))
    await asyncio.sleep(0)
    home.publish({"kids": KIDS, "guests": {}}, {**OF, KID: "guests"})
    world.upstreams.gate.set()
    assert addresses(await asked)[-1] == "192.0.2.1"
    assert addresses(await home.ask(GUEST, "www.example.org"))[-1] == "192.0.2.1"
    assert world.upstreams.asked == ["www.example.org A"]


async def test_an_expired_answer_stands_in_for_every_class() -> None:
    home = household()
    world = home.world
    await home.ask(ADULT, "www.example.org")
    world.clock.now += 700
    world.upstreams.dead = True
    for who, address in ((GUEST, "192.0.2.1"), (KID, "0.0.0.0"), (ADULT, "192.0.2.1")):
        reply = await home.ask(who, "www.example.org")
        assert addresses(reply)[-1] == address
    await home.ask(GUEST, "www.example.org")
    told = outcomes(world)
    assert told[1:] == [Outcome.STALE, Outcome.BLOCKED_ANSWER, Outcome.STALE, Outcome.STALE]


async def test_a_failure_is_for_the_class_that_met_it_and_ends_there() -> None:
    home = household()
    world = home.world
    world.upstreams.dead = True
    assert (await home.ask(KID, "example.org")).header.rcode == 2
    world.upstreams.dead = False
    assert addresses(await home.ask(GUEST, "example.org")) == ["192.0.2.1"]
    world.clock.now += 1.5
    assert addresses(await home.ask(KID, "example.org")) == ["192.0.2.1"]
    assert len(world.upstreams.asked) == 2


async def test_a_popular_name_is_asked_for_ahead_once_for_all_classes() -> None:
    home = household()
    world = home.world
    for second in range(595):
        world.clock.now = 1000.0 + second
        for who in (ADULT, KID, GUEST):
            await home.ask(who, "example.org")
    assert world.upstreams.asked == ["example.org A"] * 2
    world.clock.now = 1620.0
    for who in (ADULT, KID, GUEST):
        assert (await home.ask(who, "example.org")).rr[0].ttl > 500
    assert len(world.upstreams.asked) == 2


async def test_rebinding_is_a_matter_of_the_class() -> None:
    home = household()
    home.publish({"kids": {"rebinding": Rebinding()}, "guests": {"rebinding": None}}, OF)
    home.world.upstreams.says("in.example.org", "A", "in.example.org. 600 A 192.168.1.1")
    assert addresses(await home.ask(KID, "in.example.org")) == []
    assert addresses(await home.ask(GUEST, "in.example.org")) == ["192.168.1.1"]
    assert addresses(await home.ask(ADULT, "in.example.org")) == []


# Types that are refused


async def test_refused_types_have_no_record_and_the_reply_says_why() -> None:
    home = household()
    home.publish({"kids": {"refused_types": frozenset({28})}, "guests": {}}, OF)
    reply = await home.ask(KID, "example.org", "AAAA")
    assert (reply.header.rcode, reply.rr, len(reply.auth)) == (0, [], 1)
    assert ede_of(reply) == (15, "refused types: AAAA")
    (report,) = home.world.reports()
    assert report.verdict.cause.list_name == "refused types"
    assert addresses(await home.ask(KID, "example.org")) == ["192.0.2.1"]
    assert home.world.upstreams.asked == ["example.org A"]


SERVICE = "svc.example.org. 600 HTTPS 1 . alpn=h2 ipv4hint=192.0.2.1 ipv6hint=2001:db8::1"


async def hints_of(home: Classes, who: str) -> str:
    (record,) = (await home.ask(who, "svc.example.org", "HTTPS")).rr
    return str(record.rdata)


async def test_services_are_told_without_addresses_that_a_class_is_not_to_have() -> None:
    home = household()
    no_ipv6 = {"refused_types": frozenset({int(Type.AAAA)})}
    home.publish({"kids": no_ipv6, "guests": {}}, OF)
    home.world.upstreams.says("svc.example.org", "HTTPS", SERVICE)
    for passed in range(3):
        home.world.clock.now = 1000.0 + 10 * passed
        for who in (KID, ADULT, GUEST):
            told = await hints_of(home, who)
            assert ("ipv6hint" in told) == (who != KID)
            assert "ipv4hint" in told
    home.publish({"kids": {}, "guests": no_ipv6}, OF)
    assert "ipv6hint" in await hints_of(home, KID)
    assert "ipv6hint" not in await hints_of(home, GUEST)
    assert home.world.upstreams.asked == ["svc.example.org HTTPS"]


async def test_everybody_can_be_without_them_too() -> None:
    world = World()
    world.publish(refused_types=frozenset({28}))
    world.upstreams.says("svc.example.org", "HTTPS", SERVICE)
    for passed in (0, 5, 300):
        world.clock.now = 1000.0 + passed
        (record,) = (await world.ask("svc.example.org", "HTTPS")).rr
        assert "ipv6hint" not in str(record.rdata) and record.ttl == 600 - passed
    world.publish(refused_types=frozenset())
    (record,) = (await world.ask("svc.example.org", "HTTPS")).rr
    assert "ipv6hint" in str(record.rdata)
    world.clock.now += 1000
    world.upstreams.dead = True
    world.publish(refused_types=frozenset({28}))
    (record,) = (await world.ask("svc.example.org", "HTTPS")).rr
    assert "ipv6hint" not in str(record.rdata) and record.ttl == 30


# What it costs


async def test_the_bytes_of_an_answer_count_once_however_many_classes_have_it() -> None:
    world = World(cache_bytes=1 << 30)
    home = Classes(world)
    who = {address_at_home(10 + number): f"class {number}" for number in range(12)}
    home.publish({name: {"filter": SimpleFilter()} for name in who.values()}, who)
    long = "\n".join(f"big.example.org. 600 TXT {'x' * 200}{i}" for i in range(50))
    world.upstreams.says("big.example.org", "TXT", long)
    for each in who:
        await home.ask(each, "big.example.org", "TXT")
    entries = world.table.entries
    assert len(entries) == 13
    assert len({id(ready.answer) for ready in entries.values()}) == 1
    assert len({id(ready.tail) for ready in entries.values()}) == 1
    assert len({id(ready.report) for ready in entries.values()}) == 1
    assert sum(not isinstance(ready, ReadyAgain) for ready in entries.values()) == 1
    first = next(iter(entries.values()))
    assert world.table.size_bytes < 3 * len(first.tail) + 13 * OVERHEAD_BYTES
    assert OVERHEAD_BYTES > AGAIN_BYTES
    assert world.upstreams.asked == ["big.example.org TXT"]


async def test_of_what_classes_share_one_is_kept_over_a_restart() -> None:
    home = household()
    for who in (KID, GUEST):
        await home.ask(who, "example.org")
    moment = Moment(home.world.clock.now, 0.0)
    kept = list(load(dump(home.world.table, moment), moment))
    assert [is_for_everybody(key) for key, _ in kept] == [True]
    again = household()
    for key, ready in kept:
        again.world.table.put(key, ready)
    for who in (GUEST, KID, ADULT):
        assert addresses(await again.ask(who, "example.org")) == ["192.0.2.1"]
    assert again.world.upstreams.asked == []
    assert isinstance(again.world.table, Table)


# Behind a forwarder


def query_for(name: str, option: tuple[int, bytes] | None) -> bytes:
    record = dnslib.DNSRecord.parse(question(name))
    options = [dnslib.EDNSOption(*option)] if option else []
    record.add_ar(dnslib.EDNS0(opts=options))
    return bytes(record.pack())


MAC = bytes.fromhex("020000000001")
FOR_A_KID = (8, b"\0\1\x20\0" + packed(KID))


@pytest.mark.parametrize("option", [FOR_A_KID, (65001, MAC), (65073, b"02:00:00:00:00:01")])
async def test_a_forwarder_that_is_believed_asks_for_the_device_behind(
    option: tuple[int, bytes],
) -> None:
    router, stranger = "192.0.2.1", "192.0.2.2"
    home = Classes(World(), forwarders=(ip_network(router),))
    by_mac = KnownClients([KnownClient("kid", (ip_network(KID),), macs=(MAC.hex(":"),))])
    kids = Membership(GroupPolicy(50, 1, filter=SimpleFilter(["example.org"])), "kids")
    policy = home.publish({}, {})
    standing = StandingBy(Membership(policy.group), by_mac, {"kid": kids})
    access = replace(policy.access, standing=standing)
    world = home.world
    world.pipeline.policy = replace(policy, access=access)
    world.upstreams.says("example.org", "A", "example.org. 600 A 192.0.2.1")
    for _ in range(3):
        for who, with_option, given in (
            (router, option, "0.0.0.0"),
            (router, None, "192.0.2.1"),
            (stranger, option, "192.0.2.1"),
        ):
            home.now_by(who)
            wire = query_for("example.org", with_option)
            assert addresses(await answered(world, wire)) == [given]
    assert world.upstreams.asked == ["example.org A"]
    texts = [who.text for batch in world.buffer.drain(99) for _, who in batch.records]
    assert texts[:3] == [KID if option == FOR_A_KID else MAC.hex(":"), router, stranger]


async def answered(world: World, wire: bytes) -> dnslib.DNSRecord:
    reaction = world.now(wire, UDP)
    if isinstance(reaction, Waiting):
        reply: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()
        world.pipeline.answer_then(reaction, partial(reply.set_result))
        reaction = await reply
    assert isinstance(reaction, bytes)
    return dnslib.DNSRecord.parse(reaction)
