"""What is made of failures when many wait for one answer, or nobody can be asked."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import dnslib
import pytest
from world import Said, Script, World, addresses, errors_of, question

from sinkhole.dns.pipeline.reaction import Waiting
from sinkhole.dns.wire.question import Question
from sinkhole.model.errors import UpstreamError


class Busy(Script):
    """Upstreams that take no more questions while `full`."""

    full = False

    def ask(
        self,
        question: Question,
        tell: Callable[[Said | UpstreamError], None],
        client: bytes = b"",
        network: bytes = b"",
        via: str = "",
    ) -> None:
        if self.full:
            raise UpstreamError("", "too many questions are waiting")
        super().ask(question, tell, client, network, via)


async def test_a_failure_counts_once_however_many_clients_wait_for_it() -> None:
    world = World()
    world.upstreams.dead = True
    world.upstreams.gate = asyncio.Event()
    asking = [asyncio.ensure_future(world.ask("example.org")) for _ in range(10)]
    await asyncio.sleep(0)
    world.upstreams.gate.set()
    assert {reply.header.rcode for reply in await asyncio.gather(*asking)} == {2}
    world.clock.now += 1
    assert isinstance(world.now(question("example.org")), Waiting)


async def test_what_nobody_was_asked_is_not_remembered_as_a_failure() -> None:
    upstreams = Busy()
    world = World(upstreams=upstreams)
    upstreams.full = True
    for _ in range(10):
        assert (await world.ask("example.org")).header.rcode == 2
    upstreams.full = False
    world.upstreams.says("example.org", "A", "example.org. 60 A 192.0.2.1")
    assert addresses(await world.ask("example.org")) == ["192.0.2.1"]


async def test_an_expired_answer_stands_in_where_nobody_can_be_asked() -> None:
    upstreams = Busy()
    world = World(upstreams=upstreams)
    world.upstreams.says("example.org", "A", "example.org. 60 A 192.0.2.1")
    await world.ask("example.org")
    world.clock.now += 1000
    upstreams.full = True
    assert addresses(await world.ask("example.org")) == ["192.0.2.1"]


async def test_lost_patience_is_not_remembered_as_a_failure(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The upstream may answer yet; what the client was to fall back on was evicted meanwhile."""
    monkeypatch.setattr("sinkhole.dns.pipeline.forward.STALE_PATIENCE_S", 0.01)
    world = World()
    world.upstreams.says("example.org", "A", "example.org. 60 A 192.0.2.1")
    await world.ask("example.org")
    world.clock.now += 1000
    world.upstreams.gate = asyncio.Event()
    asking = asyncio.create_task(world.ask("example.org"))
    await asyncio.sleep(0)
    world.table.clear()
    assert (await asking).header.rcode == 2
    assert not world.table.entries
    world.upstreams.gate.set()
    for _ in range(5):
        await asyncio.sleep(0)
    assert addresses(await world.ask("example.org")) == ["192.0.2.1"]
    assert len(world.upstreams.asked) == 2


OURS = (22, "no upstream gave an answer")
BOGUS = (6, "no signature")


async def test_what_an_upstream_says_of_its_failure_is_passed_on_and_remembered() -> None:
    world = World()
    world.upstreams.says("example.org", "A", rcode=2)
    world.upstreams.errors["example.org A"] = [BOGUS, (22, "at 192.0.2.53")]
    for _ in range(2):  # the second time from memory
        reply = await world.ask("example.org", edns=True)
        assert reply.header.rcode == 2
        assert errors_of(reply) == [OURS, BOGUS, (22, "at 192.0.2.53")]
    assert world.upstreams.asked == ["example.org A"]
    assert (await world.ask("example.org")).ar == [], "for those who speak EDNS only"


async def test_a_failure_fits_the_smallest_message_whatever_is_said_of_it() -> None:
    name = ".".join(["x" * 63] * 3 + ["y" * 61])
    world = World()
    world.upstreams.says(name, "A", rcode=2)
    world.upstreams.errors[f"{name} A"] = [(code, "words " * 99) for code in (6, 7, 8, 9)]
    query = question(name, edns=True)
    small = query[:-8] + (512).to_bytes(2, "big") + query[-6:]
    reaction = world.now(small)
    assert isinstance(reaction, Waiting)
    sent: list[bytes] = []
    world.pipeline.answer_then(reaction, sent.append)
    assert len(sent[0]) <= 512
    assert [code for code, _ in errors_of(dnslib.DNSRecord.parse(sent[0]))] == [22, 6, 7, 8]


async def test_an_expired_answer_comes_with_why_there_is_no_newer_one() -> None:
    world = World()
    world.upstreams.says("example.org", "A", "example.org. 60 A 192.0.2.1")
    await world.ask("example.org")
    world.clock.now += 1000
    world.upstreams.says("example.org", "A", rcode=2)
    world.upstreams.errors["example.org A"] = [BOGUS]
    reply = await world.ask("example.org", edns=True)
    assert addresses(reply) == ["192.0.2.1"]
    assert errors_of(reply) == [(3, "no upstream answers"), BOGUS]


async def test_why_there_is_no_such_name_is_passed_on_under_every_policy_and_for_every_type() -> (
    None
):
    world = World()
    soa = "example.org. 60 SOA ns.example.org. host.example.org. 1 2 3 4 60"
    world.upstreams.says("ads.example.org", "A", authority=soa, rcode=3)
    world.upstreams.errors["ads.example.org A"] = [(17, "malware")]
    for qtype in ("A", "A", "TXT"):
        reply = await world.ask("ads.example.org", qtype, edns=True)
        assert (reply.header.rcode, errors_of(reply)) == (3, [(17, "malware")])
    world.change_rules(allow=["example.org"])
    reply = await world.ask("ads.example.org", edns=True)
    assert (reply.header.rcode, errors_of(reply)) == (3, [(17, "malware")])
    details = {report.verdict.detail for report in world.reports()}
    assert details == {"extended error 17, Filtered: malware"}
    assert world.upstreams.asked == ["ads.example.org A"]


async def test_what_is_said_of_an_answer_that_is_no_failure_stays_here() -> None:
    world = World()
    world.upstreams.says("example.org", "A", "example.org. 60 A 192.0.2.1")
    world.upstreams.errors["example.org A"] = [(3, "old")]
    assert errors_of(await world.ask("example.org", edns=True)) == []
    (report,) = world.reports()
    assert report.verdict.detail == ""
