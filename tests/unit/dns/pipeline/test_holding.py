"""Queries of new addresses wait until it is known who asks, a moment at most."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace

import dnslib
import pytest
from classes import Classes, packed
from world import SimpleFilter, World

from sinkhole.dns.clients.identity import KnownClient, KnownClients
from sinkhole.dns.clients.standing import Facts, Membership, StandingBy
from sinkhole.dns.pipeline import holding
from sinkhole.dns.pipeline.channel import UDP
from sinkhole.dns.pipeline.reaction import DROP

TABLET = "02:00:00:00:00:07"
OLD, NEW = "192.0.2.7", "192.0.2.8"
REFUSED = "games.example.org"


class Street:
    """A house that knows a tablet by its MAC, and finds out the MACs that a test says."""

    def __init__(self) -> None:
        self.world = World()
        self.world.upstreams.says(REFUSED, "A", f"{REFUSED}. 60 A 198.51.100.1")
        self.macs = {packed(OLD): TABLET}
        self.sought: list[bytes] = []
        home = Classes(self.world)
        policy = home.publish({"kids": {"filter": SimpleFilter([REFUSED])}}, {})
        kids = home._group("kids", {"filter": SimpleFilter([REFUSED])})
        known = KnownClients([KnownClient("tablet", (), macs=(TABLET,))])
        facts = Facts(mac=lambda each: self.macs.get(each, ""), seek=self._seek)
        standing = StandingBy(
            Membership(policy.group), known, {"tablet": Membership(kids, "kids")}, facts
        )
        access = policy.access

        self.world.pipeline.policy = replace(policy, access=replace(access, standing=standing))

    def _seek(self, each: bytes) -> bool:
        self.sought.append(each)
        return self.sought.count(each) == 1

    def ask(self, address: str, name: str = REFUSED) -> list[bytes]:
        """Ask; the replies, as they come."""
        pipeline, replies = self.world.pipeline, list[bytes]()
        wire = bytes(dnslib.DNSRecord.question(name).pack())
        client = pipeline.clients.of(packed(address))
        reaction = pipeline.answer_now(wire, client, UDP, self.world.clock.now)
        pipeline.close_batch(UDP, self.world.clock.now)
        if isinstance(reaction, bytes):
            replies.append(reaction)
        elif reaction is not DROP:
            pipeline.answer_then(reaction, replies.append)
        return replies


def addresses(reply: bytes) -> list[str]:
    return [str(each.rdata) for each in dnslib.DNSRecord.parse(reply).rr]


async def until(is_so: Callable[[], object]) -> None:
    while not is_so():
        await asyncio.sleep(0)


async def test_a_device_is_itself_with_the_first_question_from_a_new_address() -> None:
    street = Street()
    assert addresses(street.ask(OLD)[0]) == ["0.0.0.0"]
    first, second = street.ask(NEW), street.ask(NEW)
    assert first == second == []
    street.macs[packed(NEW)] = TABLET
    street.world.pipeline.holding.learned(packed(NEW))
    assert [addresses(each) for each in (*first, *second)] == [["0.0.0.0"], ["0.0.0.0"]]
    batches = street.world.buffer.drain(1000)
    assert {who.device for each in batches for _, who in each.records} == {TABLET}
    assert street.sought == [packed(NEW)]


async def test_who_is_not_found_is_answered_after_a_moment_as_nobody(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(holding, "PATIENCE_S", 0.0)
    street = Street()
    replies = street.ask(NEW)
    await until(lambda: replies)
    assert addresses(replies[0]) == ["198.51.100.1"]
    assert len(street.ask(NEW)) == 1, "and does not wait again"


async def test_too_many_do_not_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(holding, "MOST_HELD", 2)
    street = Street()
    held = [street.ask(f"192.0.2.{number}") for number in (20, 21)]
    assert held == [[], []]
    others = street.ask("192.0.2.22")
    await until(lambda: others)
    assert addresses(others[0]) == ["198.51.100.1"]
    assert held == [[], []]


async def test_who_may_not_ask_waits_for_nothing() -> None:
    street = Street()
    stranger = street.world.pipeline.clients.of(packed("198.51.100.7"))
    assert not stranger.allowed and not stranger.sought
    assert street.sought == []


async def test_a_bug_meanwhile_costs_no_reply(monkeypatch: pytest.MonkeyPatch) -> None:
    street = Street()
    replies = street.ask(NEW)

    def broken(*given: object) -> None:
        raise KeyError("a bug")

    monkeypatch.setattr(street.world.pipeline.clients, "again", broken)
    street.world.pipeline.holding.learned(packed(NEW))
    assert dnslib.DNSRecord.parse(replies[0]).header.rcode == 2
