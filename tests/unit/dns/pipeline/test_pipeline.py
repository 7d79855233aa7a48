"""What happens to a query."""

from __future__ import annotations

import asyncio

import dnslib
import pytest
from world import World, addresses, ede_of, question

from sinkhole.dns.pipeline import channel as channel_module
from sinkhole.dns.pipeline.channel import TCP, TLS, UDP, Channel
from sinkhole.dns.pipeline.pipeline import ERRORS_PER_S, MAX_SHAPES
from sinkhole.dns.pipeline.reaction import DROP, Waiting
from sinkhole.dns.policy.blocking import Blocking, Mode
from sinkhole.model.record import TRANSPORTS
from sinkhole.model.verdict import Outcome


async def test_a_blocked_name_is_refused_without_asking_anyone_and_says_why() -> None:
    world = World(block=["example.net", "ads.example.org"])
    reply = await world.ask("x.Ads.example.org", edns=True)
    assert addresses(reply) == ["0.0.0.0"]
    assert reply.rr[0].ttl == 10
    assert str(reply.q.qname) == "x.Ads.example.org."
    assert ede_of(reply) == (15, "Starter, line 2")
    assert world.upstreams.asked == []
    (report,) = world.reports()
    assert report.verdict.outcome is Outcome.BLOCKED
    assert (report.verdict.cause.list_name, report.verdict.cause.line) == ("Starter", 2)


async def test_opt_and_the_reason_are_for_clients_with_edns_only() -> None:
    world = World(block=["example.net"])
    assert (await world.ask("example.net")).ar == []
    assert len((await world.ask("example.net", edns=True)).ar) == 1


async def test_an_allowed_name_is_forwarded_once_and_then_cached() -> None:
    world = World()
    world.upstreams.says("example.org", "A", "example.org. 300 A 192.0.2.1")
    assert addresses(await world.ask("example.org")) == ["192.0.2.1"]
    world.clock.now += 100
    again = await world.ask("EXAMPLE.org", edns=True)
    assert (addresses(again), again.rr[0].ttl) == (["192.0.2.1"], 200)
    world.clock.now += 200.5
    await world.ask("example.org")
    assert world.upstreams.asked == ["example.org A"] * 2
    outcomes = [report.verdict.outcome for report in world.reports()]
    assert outcomes == [Outcome.FORWARDED, Outcome.CACHED, Outcome.FORWARDED]


async def test_the_record_of_a_forwarded_query_names_the_upstream() -> None:
    world = World()
    world.upstreams.says("example.org", "A", "example.org. 300 A 192.0.2.1")
    await world.ask("example.org")
    (batch,) = world.buffer.drain(10)
    ((report, client),) = batch.records
    assert report.verdict.upstream == "192.0.2.53"
    assert client.text == "192.0.2.7"
    assert batch.time_s == world.clock.now


@pytest.mark.parametrize("channel", [UDP, TCP, TLS])
async def test_batches_of_records_tell_how_the_queries_came(channel: Channel) -> None:
    world = World()
    world.upstreams.says("example.org", "A", "example.org. 300 A 192.0.2.1")
    for _ in range(2):
        await world.ask("example.org", channel=channel)
    assert [batch.channel for batch in world.buffer.drain(10)] == [channel.name] * 2


def test_the_log_has_a_number_for_each_channel() -> None:
    channels = [each for each in vars(channel_module).values() if isinstance(each, Channel)]
    assert sorted(each.name for each in channels) == sorted(TRANSPORTS)


async def test_one_hundred_clients_at_once_get_one_answer_each() -> None:
    world = World()
    world.upstreams.says("example.org", "A", "example.org. 300 A 192.0.2.1")
    replies = await asyncio.gather(*(world.ask("example.org") for _ in range(100)))
    assert {tuple(addresses(reply)) for reply in replies} == {("192.0.2.1",)}


async def test_a_cname_to_a_blocked_name_is_refused_and_tells_the_hop() -> None:
    world = World(block=["tracker.example.net"])
    world.upstreams.says(
        "www.example.org",
        "A",
        "www.example.org. 60 CNAME x.tracker.example.net.\nx.tracker.example.net. 60 A 192.0.2.1",
    )
    for _ in range(2):
        reply = await world.ask("www.example.org", edns=True)
        assert addresses(reply) == ["0.0.0.0"]
        assert ede_of(reply) == (15, "leads to x.tracker.example.net: Starter, line 1")
    assert len(world.upstreams.asked) == 1
    assert {r.verdict.outcome for r in world.reports()} == {Outcome.BLOCKED_ANSWER}


async def test_an_explicitly_allowed_name_may_lead_anywhere() -> None:
    world = World(block=["tracker.example.net", "example.org"], allow=["www.example.org"])
    zone = "www.example.org. 60 CNAME tracker.example.net.\ntracker.example.net. 60 A 192.0.2.1"
    world.upstreams.says("www.example.org", "A", zone)
    reply = await world.ask("www.example.org")
    assert addresses(reply)[-1] == "192.0.2.1"
    (report,) = world.reports()
    assert report.verdict.allowed
    assert report.verdict.cause.list_name == "Allowed"


async def test_a_policy_change_is_felt_by_the_next_query_whatever_is_cached() -> None:
    world = World()
    zone = "www.example.org. 600 CNAME t.example.net.\nt.example.net. 600 A 192.0.2.1"
    world.upstreams.says("www.example.org", "A", zone)
    assert addresses(await world.ask("www.example.org"))[-1] == "192.0.2.1"
    world.change_rules(block=["www.example.org"])
    assert addresses(await world.ask("www.example.org")) == ["0.0.0.0"]
    world.change_rules()
    assert addresses(await world.ask("www.example.org"))[-1] == "192.0.2.1"
    world.change_rules(block=["t.example.net"])
    assert addresses(await world.ask("www.example.org")) == ["0.0.0.0"]


async def test_a_policy_change_keeps_cached_answers_it_does_not_touch() -> None:
    world = World()
    world.upstreams.says("example.org", "A", "example.org. 600 A 192.0.2.1")
    await world.ask("example.org")
    world.change_rules(block=["example.net"])
    assert addresses(await world.ask("example.org")) == ["192.0.2.1"]
    world.change_rules(allow=["example.org"])
    await world.ask("example.org")
    assert len(world.upstreams.asked) == 1
    assert world.reports()[-1].verdict.allowed


async def test_local_names_win_over_lists_and_never_leave_the_house() -> None:
    world = World(block=["home"], records={"nas.home": ["192.0.2.10"]})
    assert addresses(await world.ask("nas.home")) == ["192.0.2.10"]
    assert addresses(await world.ask("10.2.0.192.in-addr.arpa", "PTR")) == ["nas.home."]
    assert world.upstreams.asked == []
    assert {r.verdict.outcome for r in world.reports()} == {Outcome.LOCAL}


@pytest.mark.parametrize(
    ("name", "qtype", "rcode"),
    [("x.invalid", "A", 3), ("1.1.168.192.in-addr.arpa", "PTR", 3), ("example.org", "AXFR", 5)],
)
async def test_reserved_names_and_transfers_are_settled_here(
    name: str, qtype: str, rcode: int
) -> None:
    world = World()
    assert (await world.ask(name, qtype)).header.rcode == rcode
    assert world.upstreams.asked == []


async def test_a_class_other_than_in_is_refused_even_for_a_cached_name() -> None:
    world = World()
    world.upstreams.says("example.org", "A", "example.org. 600 A 192.0.2.1")
    await world.ask("example.org")
    chaos = question("example.org")[:-1] + b"\x03"
    reply = world.now(chaos)
    assert isinstance(reply, bytes)
    assert dnslib.DNSRecord.parse(reply).header.rcode == 5


@pytest.mark.parametrize(
    "wire",
    [b"", b"x" * 11, question("example.org")[:2] + b"\x81\x00" + bytes(30)],
    ids=["empty", "short", "reply"],
)
def test_what_is_no_query_is_dropped(wire: bytes) -> None:
    world = World()
    assert world.now(wire) is DROP
    assert world.pipeline.dropped == 1


def test_malformed_queries_get_an_error_within_a_budget() -> None:
    world = World()
    broken = question("example.org") + b"x"
    reply = world.now(broken)
    assert isinstance(reply, bytes)
    assert dnslib.DNSRecord.parse(reply).header.rcode == 1
    answered = sum(world.now(broken) is not DROP for _ in range(3 * ERRORS_PER_S))
    assert answered == ERRORS_PER_S - 1
    world.clock.now += 1
    assert world.now(broken) is not DROP


def test_a_label_length_changed_by_case_does_not_hit_the_table() -> None:
    """0x41 is an invalid label length and the letter A; lower-casing must not make it valid."""
    world = World(block=["example.org"])
    good = question("example.org")
    assert isinstance(world.now(good), bytes)
    bad = good[:12] + b"\x41" + b"x" * 65 + b"\x00" + good[-4:]
    reply = world.now(bad)
    assert isinstance(reply, bytes)
    assert dnslib.DNSRecord.parse(reply).header.rcode == 1


async def test_a_label_that_is_no_text_is_asked_for_and_given_back() -> None:
    """dnslib reads no label that is not UTF-8, so the scenarios can't try one."""
    world = World(block=["example.net"])
    for zone, asked in (("example.net", []), ("example.org", ["\\255\\128.example.org A"])):
        query = question(f"xx.{zone}").replace(b"\2xx", b"\2\xff\x80")
        reaction = world.now(query)
        if isinstance(reaction, Waiting):
            replies: list[bytes] = []
            world.pipeline.answer_then(reaction, replies.append)
            (reaction,) = replies
        assert isinstance(reaction, bytes)
        assert reaction[12 : len(query)] == query[12:]
        assert world.upstreams.asked == asked


def test_strangers_are_refused_and_hasty_clients_are_sent_to_tcp() -> None:
    world = World(block=["example.org"], rate_limit=5)
    query = question("example.org")
    world.client = world.client_at("198.51.100.9")
    reply = world.now(query)
    assert isinstance(reply, bytes)
    assert dnslib.DNSRecord.parse(reply).header.rcode == 5
    world.client = world.client_at("192.0.2.7")
    replies = [world.now(query, UDP) for _ in range(6)]
    assert all(isinstance(reply, bytes) for reply in replies)
    flags = [dnslib.DNSRecord.parse(reply).header.tc for reply in replies]
    assert flags == [0, 0, 0, 0, 0, 1]
    over_tcp = [world.now(query, TCP) for _ in range(6)]
    assert [dnslib.DNSRecord.parse(reply).header.rcode for reply in over_tcp] == [0] * 5 + [5]
    world.client = world.client_at("127.0.0.1")
    assert all(not dnslib.DNSRecord.parse(world.now(query)).header.tc for _ in range(50))


async def test_dead_upstreams_give_servfail_soon_and_are_not_asked_again_at_once() -> None:
    world = World()
    world.upstreams.dead = True
    reply = await world.ask("example.org", edns=True)
    assert reply.header.rcode == 2
    assert ede_of(reply) == (22, "no upstream gave an answer")
    assert (await world.ask("example.org")).header.rcode == 2
    assert len(world.upstreams.asked) == 1
    waits = []
    for _ in range(8):
        before = world.clock.now
        while not isinstance(world.now(question("example.org")), Waiting):
            world.clock.now += 0.5
        waits.append(world.clock.now - before)
        await world.ask("example.org")
    assert waits == [1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 60.0, 60.0]
    assert {r.verdict.outcome for r in world.reports()} == {Outcome.FAILED}


async def test_an_expired_answer_is_better_than_none() -> None:
    world = World()
    world.upstreams.says("example.org", "A", "example.org. 60 A 192.0.2.1")
    await world.ask("example.org")
    world.upstreams.dead = True
    world.clock.now += 1000
    reply = await world.ask("example.org", edns=True)
    assert addresses(reply) == ["192.0.2.1"]
    assert reply.rr[0].ttl == 30
    assert ede_of(reply) == (3, "no upstream answers")
    await world.ask("example.org")
    assert len(world.upstreams.asked) == 2
    world.clock.now += 31
    world.upstreams.dead = False
    assert (await world.ask("example.org")).rr[0].ttl == 60
    outcomes = [r.verdict.outcome for r in world.reports()]
    assert outcomes == [Outcome.FORWARDED, Outcome.STALE, Outcome.STALE, Outcome.FORWARDED]


async def test_a_failure_after_somebody_else_got_an_answer_takes_that_answer() -> None:
    world = World()
    world.upstreams.says("example.org", "A", "example.org. 20 A 192.0.2.1")
    replies: list[bytes] = []
    waiting = world.now(question("example.org"))
    assert isinstance(waiting, Waiting)
    world.pipeline.answer_then(waiting, replies.append)
    world.upstreams.dead = True
    world.clock.now += 5
    world.pipeline.answer_then(waiting, replies.append)
    first, second = (dnslib.DNSRecord.parse(reply) for reply in replies)
    assert (addresses(first), first.rr[0].ttl) == (["192.0.2.1"], 20)
    assert (addresses(second), second.rr[0].ttl) == (["192.0.2.1"], 15)
    outcomes = [report.verdict.outcome for report in world.reports()]
    assert outcomes == [Outcome.FORWARDED, Outcome.CACHED]


async def test_answers_too_old_or_without_serve_stale_are_not_given() -> None:
    for serve_stale_s, age in ((86_400, 90_000), (0, 1000)):
        world = World(serve_stale_s=serve_stale_s)
        world.upstreams.says("example.org", "A", "example.org. 60 A 192.0.2.1")
        await world.ask("example.org")
        world.upstreams.dead = True
        world.clock.now += age
        assert (await world.ask("example.org")).header.rcode == 2


async def test_a_slow_upstream_is_not_waited_for_when_there_is_an_old_answer(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("sinkhole.dns.pipeline.forward.STALE_PATIENCE_S", 0.01)
    world = World()
    world.upstreams.says("example.org", "A", "example.org. 60 A 192.0.2.1")
    await world.ask("example.org")
    world.clock.now += 1000
    world.upstreams.gate = asyncio.Event()
    world.upstreams.says("example.org", "A", "example.org. 60 A 192.0.2.2")
    assert addresses(await world.ask("example.org")) == ["192.0.2.1"]
    world.upstreams.gate.set()
    for _ in range(5):
        await asyncio.sleep(0)
    assert addresses(await world.ask("example.org")) == ["192.0.2.2"]
    assert len(world.upstreams.asked) == 2


async def test_a_name_blocked_while_its_question_was_underway_is_blocked_from_then_on() -> None:
    for block, outcome in (("www.example.org", Outcome.BLOCKED), ("t.example.net", None)):
        world = World()
        world.upstreams.gate = asyncio.Event()
        zone = "www.example.org. 600 CNAME t.example.net.\nt.example.net. 600 A 192.0.2.1"
        world.upstreams.says("www.example.org", "A", zone)
        asking = asyncio.ensure_future(world.ask("www.example.org"))
        await asyncio.sleep(0)
        world.change_rules(block=[block])
        world.upstreams.gate.set()
        assert addresses(await asking) == ["0.0.0.0"]
        assert addresses(await world.ask("www.example.org")) == ["0.0.0.0"]
        assert {r.verdict.outcome for r in world.reports()} == {outcome or Outcome.BLOCKED_ANSWER}


async def test_a_refusal_for_a_cname_target_is_kept_as_long_as_the_answer() -> None:
    world = World(block=["tracker.example.net"])
    zone = "www.example.org. 60 CNAME tracker.example.net.\ntracker.example.net. 600 A 192.0.2.1"
    world.upstreams.says("www.example.org", "A", zone)
    assert addresses(await world.ask("www.example.org")) == ["0.0.0.0"]
    world.upstreams.says("www.example.org", "A", "www.example.org. 60 A 192.0.2.2")
    world.clock.now += 59
    assert addresses(await world.ask("www.example.org")) == ["0.0.0.0"]
    assert [r.verdict.upstream for r in world.reports()] == ["192.0.2.53", ""]
    world.clock.now += 1
    assert addresses(await world.ask("www.example.org")) == ["192.0.2.2"]


async def test_an_expired_answer_is_judged_by_the_rules_of_the_day_it_is_needed() -> None:
    world = World()
    zone = "www.example.org. 60 CNAME t.example.net.\nt.example.net. 60 A 192.0.2.1"
    world.upstreams.says("www.example.org", "A", zone)
    await world.ask("www.example.org")
    world.upstreams.dead = True
    world.clock.now += 1000
    for _ in range(2):  # the second time while it is revived
        world.change_rules(block=["example.com"])
        reply = await world.ask("www.example.org", edns=True)
        assert (addresses(reply)[-1], reply.rr[0].ttl) == ("192.0.2.1", 30)
        assert ede_of(reply) == (3, "no upstream answers")
    world.change_rules(block=["t.example.net"])
    assert addresses(await world.ask("www.example.org")) == ["0.0.0.0"]


async def test_answers_too_long_for_udp_are_truncated_and_whole_over_tcp() -> None:
    world = World()
    zone = "\n".join(f"example.org. 60 A 192.0.2.{i}" for i in range(60))
    world.upstreams.says("example.org", "A", zone)
    for _ in range(3):  # first, from the table, and from the express lane if it were in there
        reply = await world.ask("example.org")
        assert (reply.header.tc, reply.rr) == (1, [])
        assert len((await world.ask("example.org", channel=TCP)).rr) == 60
    assert not (await world.ask("example.org", edns=True)).header.tc


async def test_rd_is_copied() -> None:
    world = World(block=["example.org"])
    query = bytearray(question("example.org"))
    query[2] &= 0xFE
    reply = world.now(bytes(query))
    assert isinstance(reply, bytes)
    assert dnslib.DNSRecord.parse(reply).header.rd == 0


async def test_negative_answers_without_a_proper_soa_are_passed_on_but_not_kept() -> None:
    world = World()
    world.upstreams.says("example.org", "A", rcode=3)
    for _ in range(2):
        assert (await world.ask("example.org")).header.rcode == 3
    assert len(world.upstreams.asked) == 2


async def test_blocking_modes_reach_the_client() -> None:
    world = World(block=["example.org"], blocking=Blocking(Mode.NXDOMAIN))
    reply = await world.ask("example.org")
    assert reply.header.rcode == 3
    assert str(reply.auth[0].rname) == "example.org."


def test_the_memory_for_shapes_is_bounded() -> None:
    world = World(block=["example.org"])
    base = question("example.org")[:-4]
    for qtype in range(2000, 2000 + 3 * MAX_SHAPES):
        world.now(base + qtype.to_bytes(2, "big") + b"\0\1")
    assert len(world.pipeline._shapes) <= MAX_SHAPES
