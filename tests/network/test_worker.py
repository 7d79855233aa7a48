"""A worker answers by what it is fed, and whoever started it hears of all of it."""

from __future__ import annotations

import asyncio
import ipaddress
import marshal
import os
import signal
from pathlib import Path

import pytest
from fake_upstream import FakeUpstream
from worker_host import HOST, worker

from sinkhole.dns.clients.identity import KnownClients
from sinkhole.dns.clients.standing import Membership, StandingBy
from sinkhole.dns.filter.compiled.compile import compile_file
from sinkhole.dns.filter.trie import CompiledList
from sinkhole.dns.policy.access import Access
from sinkhole.dns.policy.group import GroupPolicy
from sinkhole.dns.policy.local import LocalNames
from sinkhole.dns.policy.snapshot import Policy
from sinkhole.dns.upstream.sets import DEFAULT
from sinkhole.dns.upstream.terms import ServerTerms, SetTerms, UpstreamTerms
from sinkhole.dns.worker.facts import AddressFacts
from sinkhole.dns.worker.link import Kind
from sinkhole.dns.worker.plane import PlaneTerms
from sinkhole.dns.worker.worker import NUMBER, SECONDS
from sinkhole.model.upstream_url import UpstreamUrl
from sinkhole.model.verdict import Outcome

ALLOW = (ipaddress.ip_network("127.0.0.0/8"),)
ADS = CompiledList.from_rules("Ads", "block", ["||ads.example.org^"])
MAC = "00:00:5e:00:53:01"


def terms_of(upstream: FakeUpstream) -> PlaneTerms:
    return terms_for(upstream.host, upstream.port)


def terms_for(host: str, port: int) -> PlaneTerms:
    server = ServerTerms(UpstreamUrl("udp", host, port), 2.0)
    return PlaneTerms(UpstreamTerms({DEFAULT: SetTerms((server,))}))


def policy(local: str = "192.0.2.9") -> Policy:
    names = LocalNames({"nas.home": [(1, ipaddress.ip_address(local).packed)]}, 60)
    return Policy(local=names, access=Access(ALLOW))


def listed(folder: Path, *names: str) -> CompiledList:
    source, file = folder / "list.txt", folder / "list.trie"
    source.write_text("".join(f"||{name}^\n" for name in names))
    compile_file(source, file)
    return CompiledList.map(file, "Listed", "block", source)


@pytest.fixture
async def upstream() -> object:
    async with FakeUpstream() as fake:
        fake.answer("example.org", "A", ["192.0.2.1"])
        yield fake


async def test_it_answers_by_its_policy_and_tells_of_it(upstream: FakeUpstream) -> None:
    async with worker() as host:
        host.use(terms_of(upstream))
        host.listen()
        await host.decide_by(policy(), ADS)
        assert str((await host.ask("nas.home")).rr[0].rdata) == "192.0.2.9"
        assert str((await host.ask("ads.example.org", tcp=True)).rr[0].rdata) == "0.0.0.0"
        assert str((await host.ask("example.org")).rr[0].rdata) == "192.0.2.1"
        assert str((await host.ask("example.org", tcp=True)).rr[0].rdata) == "192.0.2.1"
        await host.until_recorded(4)
        assert [(report.verdict.outcome, who.text) for report, who in host.records] == [
            (outcome, HOST)
            for outcome in (Outcome.LOCAL, Outcome.BLOCKED, Outcome.FORWARDED, Outcome.CACHED)
        ]
        assert host.records[1][0].verdict.cause.list_name == "Ads"
        state = await host.state()
        assert state["entries"] >= 3 and state["faults"] == 0
        assert [each["name"] for each in state["upstreams"]] == [upstream.name]


async def test_queries_wait_in_the_kernel_until_there_is_a_policy(upstream: FakeUpstream) -> None:
    async with worker() as host:
        host.listen()
        asked = asyncio.ensure_future(host.ask("nas.home"))
        host.use(terms_of(upstream))
        await host.decide_by(policy())
        assert str((await asked).rr[0].rdata) == "192.0.2.9"


async def test_another_policy_counts_at_once(upstream: FakeUpstream, tmp_path: Path) -> None:
    async with worker() as host:
        host.use(terms_of(upstream))
        host.listen()
        await host.decide_by(policy())
        assert str((await host.ask("example.org")).rr[0].rdata) == "192.0.2.1"
        await host.decide_by(policy("192.0.2.10"), ADS, listed(tmp_path, "example.org"))
        assert str((await host.ask("example.org")).rr[0].rdata) == "0.0.0.0"
        assert str((await host.ask("nas.home")).rr[0].rdata) == "192.0.2.10"


async def test_a_policy_that_cannot_be_had_leaves_the_one_before(
    upstream: FakeUpstream, tmp_path: Path
) -> None:
    async with worker() as host:
        host.use(terms_of(upstream))
        host.listen()
        await host.decide_by(policy(), ADS)
        gone = listed(tmp_path, "example.org")
        (tmp_path / "list.trie").unlink()
        await host.decide_by(policy("192.0.2.10"), gone)
        assert "list.trie" in (await host.until(Kind.REFUSED)).decode()
        assert str((await host.ask("nas.home")).rr[0].rdata) == "192.0.2.9"
        await host.decide_by(policy("192.0.2.10"), ADS, anew=True)
        assert str((await host.ask("nas.home")).rr[0].rdata) == "192.0.2.10"


async def test_it_asks_once_who_somebody_is_and_waits_a_moment(upstream: FakeUpstream) -> None:
    standing = StandingBy(Membership(GroupPolicy()), KnownClients())
    async with worker() as host:
        host.use(terms_of(upstream))
        host.listen()
        house = policy()
        await host.decide_by(Policy(local=house.local, access=Access(ALLOW, standing)))
        asked = asyncio.ensure_future(host.ask("nas.home"))
        packed = await host.until(Kind.SOUGHT)
        assert packed == ipaddress.ip_address(HOST).packed
        host.know(AddressFacts(packed, MAC))
        assert str((await asked).rr[0].rdata) == "192.0.2.9"
        await host.ask("nas.home")
        await host.until_recorded(2)
        assert [who.device for _, who in host.records] == [MAC, MAC]
        assert host.count(Kind.SOUGHT) == 1


async def test_a_place_rests_goes_on_and_is_closed(upstream: FakeUpstream) -> None:
    async with worker() as host:
        host.use(terms_of(upstream))
        host.listen()
        await host.decide_by(policy())
        host.link.send(Kind.REST, NUMBER.pack(0))
        await host.decide_by(policy("192.0.2.10"))  # behind it
        asked = asyncio.ensure_future(host.ask("nas.home"))
        await host.ask("nas.home", tcp=True)
        assert not asked.done()
        host.link.send(Kind.RESUME, NUMBER.pack(0))
        assert str((await asked).rr[0].rdata) == "192.0.2.10"
        host.link.send(Kind.CLOSE, NUMBER.pack(1))
        assert await host.until(Kind.CLOSED) == NUMBER.pack(1)
        assert str((await host.ask("nas.home")).rr[0].rdata) == "192.0.2.10"


async def test_what_it_keeps_can_be_forgotten(upstream: FakeUpstream) -> None:
    async with worker() as host:
        host.use(terms_of(upstream))
        host.listen()
        await host.decide_by(policy())
        for _ in range(3):
            await host.ask("example.org")
        host.link.send(Kind.FORGET, marshal.dumps((7, (None, False))))
        assert marshal.loads(await host.until(Kind.FORGOTTEN)) == (7, 1)
        await host.ask("example.org")
        await host.until_recorded(4)
        outcomes = [report.verdict.outcome for report, _ in host.records]
        assert outcomes == [
            Outcome.FORWARDED,
            Outcome.CACHED,
            Outcome.CACHED,
            Outcome.FORWARDED,
        ]


async def test_a_loop_is_found_though_its_probes_come_back_to_another_worker() -> None:
    async with worker() as one, worker() as two:
        for each, other in ((one, two), (two, one)):
            other.listen()
            each.use(terms_for(HOST, other.port))
        for each in (one, two):
            await each.decide_by(policy())
        for each in (one, two):
            while not (state := await each.state())["troubles"]["unusable"]:
                assert not each.has_ended
            assert "a forwarding loop" in state["troubles"]["unusable"][0]
            assert not state["upstreams"][0]["up"]
            assert (await each.ask("example.org")).header.rcode == 2
        await one.until_recorded(2)
        assert one.records[0][0].verdict.detail == "forwarding loop"


async def test_told_to_stop_it_hands_over_its_last_records_and_ends(
    upstream: FakeUpstream,
) -> None:
    async with worker() as host:
        host.use(terms_of(upstream))
        host.listen()
        await host.decide_by(policy())
        await host.ask("nas.home")
        host.link.send(Kind.STOP, SECONDS.pack(1.0))
        assert await host.process.wait() == 0
        await host.until_recorded(1)


async def test_it_goes_on_while_nobody_listens_to_it(upstream: FakeUpstream) -> None:
    async with worker() as host:
        host.use(terms_of(upstream))
        host.listen()
        await host.decide_by(policy())
        asyncio.get_running_loop().remove_reader(host.link._sock)  # as if it were stopped
        for _ in range(20):
            await host.ask("nas.home")
        host.link.start()
        await host.until_recorded(20)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
async def test_signals_are_for_whoever_started_it(
    upstream: FakeUpstream, number: signal.Signals
) -> None:
    async with worker() as host:
        host.use(terms_of(upstream))
        host.listen()
        await host.decide_by(policy())
        os.kill(host.process.pid, number)
        assert str((await host.ask("nas.home")).rr[0].rdata) == "192.0.2.9"


async def test_it_ends_with_whoever_started_it(upstream: FakeUpstream) -> None:
    async with worker() as host:
        host.use(terms_of(upstream))
        host.listen()
        await host.decide_by(policy())
        host.link.close()
        assert await host.process.wait() == 0
