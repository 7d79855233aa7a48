"""Whatever happens, no client gets an answer that its own class alone would not have given it.

The reference is a pipeline that has this one class, remembers nothing, and asks live upstreams.
"""

from __future__ import annotations

import asyncio
from typing import Any

import dnslib
from classes import Classes
from hypothesis import given, settings
from hypothesis import strategies as st
from world import Script, SimpleFilter, World

from sinkhole.dns.filter.match import Rewritten
from sinkhole.dns.policy.blocking import Blocking, Mode
from sinkhole.dns.policy.refused_addresses import Rebinding
from sinkhole.dns.wire.name import from_text

CLIENTS = ["192.0.2.7", "192.0.2.8", "192.0.2.9", "2001:db8::7"]
CLASSES = ["", "kids", "guests"]
SOA = "example.org. 60 SOA ns.example.org. mail.example.org. 1 2 3 4 60"
ALIAS = "www.example.org. 60 CNAME t.example.net.\nt.example.net. 60 A 192.0.2.{}"
SERVICE = "www.example.org. 60 HTTPS 1 . alpn=h2 ipv4hint={} ipv6hint=2001:db8::1"

RULES = {
    "none": SimpleFilter(),
    "name": SimpleFilter(["www.example.org"]),
    "alias": SimpleFilter(["example.net"]),
    "address": SimpleFilter(addresses=["192.0.2.1/32"]),
    "allowed": SimpleFilter(["example.net"], ["www.example.org"]),
    "safe": SimpleFilter(
        rewrite={"www.example.org": Rewritten(cname=from_text("safe.example.org"))}
    ),
    "gone": SimpleFilter(rewrite={"www.example.org": Rewritten(rcode=3)}),
}
PARTS = st.fixed_dictionaries(
    {
        "filter": st.sampled_from(list(RULES.values())),
        "rebinding": st.sampled_from([None, REBINDING := Rebinding()]),
        "refused_types": st.sampled_from([frozenset[int](), frozenset({28}), frozenset({1, 65})]),
        "via": st.sampled_from(["", "family"]),
        "blocking": st.sampled_from([Blocking(), Blocking(Mode.NXDOMAIN)]),
    }
)
QUESTIONS = st.sampled_from(
    [
        *(("www.example.org", qtype) for qtype in ("A", "AAAA", "HTTPS")),
        ("in.example.org", "A"),
        *(("no.example.org", qtype) for qtype in ("A", "TXT")),
        ("safe.example.org", "A"),
    ]
)
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("ask"), st.sampled_from(CLIENTS), QUESTIONS),
        st.tuples(st.just("ask"), st.sampled_from(CLIENTS), QUESTIONS),
        st.tuples(st.just("say"), st.sampled_from(CLASSES), PARTS),
        st.tuples(st.just("move"), st.sampled_from(CLIENTS), st.sampled_from(CLASSES)),
        st.tuples(st.just("wait"), st.sampled_from([0.5, 3.0, 40.0, 100.0]), st.none()),
        st.tuples(st.just("upstreams"), st.booleans(), st.none()),
    ),
    min_size=5,
    max_size=20,
)


def upstreams() -> Script:
    """Two sets that say different things."""
    script = Script()
    for via, last, hint in (("", 1, "192.0.2.1"), (" via family", 2, "192.168.1.1")):
        script.says("www.example.org", "A", ALIAS.format(last), flags=via)
        script.says("www.example.org", "AAAA", authority=SOA, flags=via)
        script.says("www.example.org", "HTTPS", SERVICE.format(hint), flags=via)
        script.says("in.example.org", "A", f"in.example.org. 60 A 10.0.0.{last}", flags=via)
        script.says("safe.example.org", "A", f"safe.example.org. 60 A 192.0.2.5{last}", flags=via)
        for qtype in ("A", "TXT"):
            script.says("no.example.org", qtype, authority=SOA, rcode=3, flags=via)
    return script


def meaning(reply: dnslib.DNSRecord) -> tuple[int, list[tuple[str, int, str]]]:
    """What a reply says, apart from for how long."""
    return reply.header.rcode, [
        (str(record.rname).lower(), record.rtype, str(record.rdata)) for record in reply.rr
    ]


async def alone(parts: dict[str, Any], question: tuple[str, str]) -> dnslib.DNSRecord:
    world = World(upstreams=upstreams())
    world.publish(**parts)
    return await world.ask(*question, edns=True)


class Household:
    def __init__(self) -> None:
        self.world = World(upstreams=upstreams())
        self.home = Classes(self.world)
        self.says: dict[str, dict[str, Any]] = {name: {} for name in CLASSES}
        self.of: dict[str, str] = dict.fromkeys(CLIENTS, "")
        self._may_fail = False
        self._publish()

    def _publish(self) -> None:
        self.home.publish(self.says, self.of)

    async def do(self, verb: str, first: Any, second: Any) -> None:
        if verb == "say":
            self.says = {**self.says, first: second}
            self._publish()
        elif verb == "move":
            self.of = {**self.of, first: second}
            self._publish()
        elif verb == "wait":
            self.world.clock.now += first
        elif verb == "upstreams":
            self.world.upstreams.dead = first
            self._may_fail |= first
        else:
            await self.ask(first, second)

    async def ask(self, who: str, question: tuple[str, str]) -> None:
        given = meaning(await self.home.ask(who, *question))
        wanted = meaning(await alone(self.says[self.of[who]], question))
        has_failed = given == (2, []) and self._may_fail
        assert given == wanted or has_failed, (who, question)

    async def told(self, who: str, question: tuple[str, str]) -> tuple[Any, ...]:
        """What a client is told, and what is recorded of it."""
        reply = await self.home.ask(who, *question)
        told = [record.toZone() for record in (*reply.rr, *reply.auth)], reply.ar[0].rdata
        batches = self.world.buffer.drain(1_000_000)
        (record,) = [record for batch in batches for record in batch.records]
        report, by = record
        verdict = report.verdict
        decided = (verdict.outcome, verdict.cause, verdict.hop, verdict.upstream, verdict.detail)
        return reply.header.rcode, str(told), report.name, report.rcode, decided, by.text, by.group


@settings(max_examples=80, deadline=None)
@given(STEPS)
def test_no_class_gets_what_is_for_another(steps: list[tuple[str, Any, Any]]) -> None:
    async def play() -> None:
        household = Household()
        for step in steps:
            await household.do(*step)
            for who in CLIENTS:  # whatever happened, everybody asks what everybody knows
                await household.ask(who, ("www.example.org", "A"))

    asyncio.run(play())


@settings(max_examples=60, deadline=None)
@given(STEPS)
def test_the_express_lane_changes_nothing(steps: list[tuple[str, Any, Any]]) -> None:
    """By it and without it, who asks is told the same for as long, and the same is recorded."""

    async def play() -> None:
        with_it, without_it = Household(), Household()
        for verb, first, second in steps:
            for household in (with_it, without_it):
                if verb != "ask":
                    await household.do(verb, first, second)
            asked = [(who, ("www.example.org", "A")) for who in CLIENTS * 2]
            for each in [(first, second)] * (verb == "ask") + asked:
                without_it.world.pipeline.clients.lanes.clear()
                assert await with_it.told(*each) == await without_it.told(*each), each

    asyncio.run(play())


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(CLIENTS), PARTS, QUESTIONS), min_size=2, max_size=8))
def test_nor_when_all_changes_while_questions_are_underway(
    asked: list[tuple[str, dict[str, Any], tuple[str, str]]],
) -> None:
    """Each asks, then its class says something else, and only then upstreams answer."""

    async def play() -> None:
        household = Household()
        world = household.world
        household.of = {who: who for who in CLIENTS}
        household.says |= {who: {} for who in CLIENTS}
        household._publish()
        world.upstreams.gate = asyncio.Event()
        asking = []
        for who, parts, question in asked:
            household.home.now_by(who)
            asking.append((who, question, asyncio.ensure_future(world.ask(*question, edns=True))))
            await asyncio.sleep(0)
            await household.do("say", who, parts)
        world.upstreams.gate.set()
        for who, question, each in asking:
            if each.done():  # at once, by what its class said then
                continue
            given = meaning(await each)
            assert given == meaning(await alone(household.says[who], question)), (who, question)

    asyncio.run(play())
