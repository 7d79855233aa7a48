"""A client that waits gets one reply, whatever is raised between its question and the answer."""

from __future__ import annotations

import asyncio
from typing import Any

import dnslib
import pytest
from world import BrokenFilter, Script, World, addresses, question

from sinkhole.dns.pipeline.reaction import Waiting
from sinkhole.dns.wire.question import Question


def wait(world: World, name: str = "example.org", qtype: str = "A") -> list[dnslib.DNSRecord]:
    """Have a client wait; what it is sent comes into the list."""
    waiting = world.now(question(name, qtype))
    assert isinstance(waiting, Waiting)
    replies: list[dnslib.DNSRecord] = []
    world.pipeline.answer_then(waiting, lambda reply: replies.append(dnslib.DNSRecord.parse(reply)))
    return replies


def rcodes(replies: list[dnslib.DNSRecord]) -> list[int]:
    return [reply.header.rcode for reply in replies]


def leading(world: World) -> World:
    """With an upstream's answer for example.org."""
    world.upstreams.says("example.org", "A", "example.org. 60 A 192.0.2.1")
    return world


async def test_an_answer_that_cannot_be_judged_is_servfail_and_the_next_one_stands_alone() -> None:
    world = leading(World())
    world.publish(filter=BrokenFilter("bad.example", addresses=True))
    assert rcodes(wait(world)) == [2]
    assert [report.verdict.outcome.kind for report in world.reports()] == ["failed"]
    assert (world.pipeline.bugs.met, len(world.table.entries)) == (1, 0)
    world.change_rules()
    assert addresses(wait(world)[0]) == ["192.0.2.1"]


async def test_what_raises_before_anybody_is_asked_is_servfail() -> None:
    class Broken(Script):
        def ask(self, question: Question, *rest: object) -> None:
            raise KeyError(question)

    world = World(upstreams=Broken())
    assert rcodes(wait(world)) == [2]


async def test_a_reply_that_cannot_be_composed_is_servfail(monkeypatch: pytest.MonkeyPatch) -> None:
    world = leading(World())
    monkeypatch.setattr("sinkhole.dns.pipeline.requester.fitted", lambda *parts: {}[parts])
    assert rcodes(wait(world)) == [2]


async def test_a_record_that_cannot_be_kept_costs_no_answer(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    world = leading(World())
    waiting = wait  # the query itself leaves no record
    monkeypatch.setattr(world.buffer, "append", lambda batch: {}[batch])
    assert addresses(waiting(world)[0]) == ["192.0.2.1"]
    assert world.pipeline.bugs.met == 1


async def test_whoever_sent_a_reply_and_raised_gets_no_second_one() -> None:
    world = leading(World())
    waiting = world.now(question("example.org"))
    assert isinstance(waiting, Waiting)
    sent: list[bytes] = []

    def send(reply: bytes) -> None:
        sent.append(reply)
        raise OSError("no")

    world.pipeline.answer_then(waiting, send)
    assert len(sent) == world.pipeline.bugs.met == 1


@pytest.mark.parametrize("broken", ["_current", "_fail"])
async def test_lost_patience_that_raises_is_servfail_at_once_and_only_once(
    broken: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sinkhole.dns.pipeline.forward.STALE_PATIENCE_S", 0.0)
    world = leading(World())
    wait(world)
    world.clock.now += 1000
    world.upstreams.gate = asyncio.Event()
    forwarding: Any = world.pipeline.forwarding
    monkeypatch.setattr(forwarding, broken, lambda *parts, **options: {}[parts])
    replies = wait(world)
    while not replies:
        await asyncio.sleep(0)
    world.upstreams.gate.set()
    await asyncio.gather(*world.upstreams._waiting)
    assert rcodes(replies) == [2]


async def test_of_many_that_wait_for_one_answer_each_stands_alone() -> None:
    world = leading(World())
    world.upstreams.gate = asyncio.Event()
    before = wait(world)
    waiting = world.now(question("example.org"))
    assert isinstance(waiting, Waiting)

    def send(reply: bytes) -> None:
        raise OSError("no")

    world.pipeline.answer_then(waiting, send)
    after = wait(world)
    world.upstreams.gate.set()
    await asyncio.gather(*world.upstreams._waiting)
    assert [addresses(replies[0]) for replies in (before, after)] == [["192.0.2.1"]] * 2
