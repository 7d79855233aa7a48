"""Addresses of named upstreams, from real resolvers on loopback, by a clock that stands still."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Callable

import pytest
from fake_upstream import (
    PATIENCE_S,
    FakeUpstream,
    answered,
    held,
    malformed,
    rcode,
    silent,
    truncated,
)
from world import Clock

from sinkhole.dns.upstream.bootstrap import (
    AGAIN_S,
    LOOK_UP_S,
    Bootstrap,
    BootstrappedAddresses,
)
from sinkhole.dns.upstream.links.plain import PlainLink
from sinkhole.dns.upstream.links.plain_engine import PlainEngine
from sinkhole.dns.upstream.look_up import LONGEST_S, SHORTEST_S
from sinkhole.model.errors import UpstreamError

HOST = "dns.example.org"
V4, V6 = "192.0.2.1", "2001:db8::1"


class House:
    """A bootstrap that asks some resolvers, on a clock of its own."""

    def __init__(self, *resolvers: FakeUpstream) -> None:
        self.clock = Clock()
        self._engine = PlainEngine(clock=self.clock)
        self.bootstrap = Bootstrap(
            [(each.name, PlainLink(*each.address, self._engine)) for each in resolvers],
            clock=self.clock,
        )
        self.server = BootstrappedAddresses(HOST, self.bootstrap)

    async def __aenter__(self) -> House:
        self._engine.start(self)
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.bootstrap.close()
        await self._engine.close()

    async def find(self) -> list[str]:
        async with asyncio.timeout(PATIENCE_S):
            return list(await self.server.find(self.clock() + LOOK_UP_S))

    async def until(self, holds: Callable[[], bool]) -> None:
        async with asyncio.timeout(PATIENCE_S):
            while not holds():
                await asyncio.sleep(0.001)


@pytest.fixture
async def resolver() -> AsyncIterator[FakeUpstream]:
    async with FakeUpstream() as upstream:
        upstream.answer(HOST, "A", [V4], ttl=600)
        upstream.answer(HOST, "AAAA", [V6], ttl=300)
        yield upstream


async def test_both_families_are_found_and_kept_for_the_shorter_ttl(resolver: FakeUpstream) -> None:
    async with House(resolver) as house:
        assert await house.find() == [V6, V4]
        house.clock.now += 299
        assert await house.find() == [V6, V4]
        assert len(resolver.queries) == 2
        house.clock.now += 1
        assert await house.find() == [V6, V4]
        await resolver.seen(4)


async def test_old_addresses_are_given_while_new_ones_are_found(resolver: FakeUpstream) -> None:
    async with House(resolver) as house:
        await house.find()
        resolver.answer(HOST, "A", ["192.0.2.7"], ttl=600)
        release = asyncio.Event()
        resolver.script(held(release), held(release))
        house.clock.now += 300
        assert await house.find() == [V6, V4]
        release.set()
        await house.until(lambda: house.server.known == (V6, "192.0.2.7"))


@pytest.mark.parametrize(("ttl", "kept_s"), [(0, SHORTEST_S), (10**6, LONGEST_S)])
async def test_a_ttl_has_bounds(resolver: FakeUpstream, ttl: int, kept_s: float) -> None:
    resolver.answer(HOST, "A", [V4], ttl)
    resolver.answer(HOST, "AAAA", [V6], ttl)
    async with House(resolver) as house:
        await house.find()
        house.clock.now += kept_s - 1
        await house.find()
        assert len(resolver.queries) == 2
        house.clock.now += 1
        await house.find()
        await resolver.seen(4)


async def test_an_alias_is_followed_and_its_ttl_counts(resolver: FakeUpstream) -> None:
    resolver.answer("alias.example.org", "CNAME", [HOST], ttl=100)
    async with House(resolver) as house:
        house.server = BootstrappedAddresses("alias.example.org", house.bootstrap)
        assert await house.find() == [V6, V4]
        house.clock.now += 100
        await house.find()
        await resolver.seen(4)


async def test_one_family_is_enough() -> None:
    async with FakeUpstream() as resolver:
        resolver.answer(HOST, "A", [V4, "192.0.2.2"])
        async with House(resolver) as house:
            assert await house.find() == [V4, "192.0.2.2"]
            assert house.bootstrap.problem(HOST) is None


async def test_a_family_that_fails_costs_nothing_but_a_moment(resolver: FakeUpstream) -> None:
    resolver.always = lambda asked: [] if asked.type == "AAAA" else [asked.answer()]
    async with House(resolver) as house:
        assert await house.find() == [V4]
    resolver.always = lambda asked: [
        asked.reply("SERVFAIL") if asked.type == "A" else asked.answer()
    ]
    async with House(resolver) as house:
        assert await house.find() == [V6]


async def test_a_truncated_answer_is_asked_for_by_tcp(resolver: FakeUpstream) -> None:
    resolver.always = truncated
    async with House(resolver) as house:
        assert await house.find() == [V6, V4]
    assert resolver.connections == 2


async def test_the_quickest_resolver_with_an_answer_counts(resolver: FakeUpstream) -> None:
    async with FakeUpstream() as mute, FakeUpstream() as refusing, FakeUpstream() as broken:
        mute.always, refusing.always, broken.always = silent, rcode("REFUSED"), malformed
        async with House(mute, refusing, broken, resolver) as house:
            assert await house.find() == [V6, V4]
            assert house.bootstrap.problem(HOST) is None


async def test_nobody_waits_for_a_resolver_that_is_not_there(resolver: FakeUpstream) -> None:
    async with FakeUpstream() as gone:
        pass
    async with House(gone, resolver) as house:
        assert await house.find() == [V6, V4]


async def test_askers_of_one_name_share_a_look_up(resolver: FakeUpstream) -> None:
    async with House(resolver) as house:
        other = BootstrappedAddresses(HOST, house.bootstrap)
        deadline = house.clock() + LOOK_UP_S
        found = await asyncio.gather(
            *(each.find(deadline) for each in (house.server, house.server, other))
        )
        assert [list(each) for each in found] == [[V6, V4]] * 3
        assert len(resolver.queries) == 2


async def test_what_worked_comes_first_and_stays_there(resolver: FakeUpstream) -> None:
    async with House(resolver) as house:
        await house.find()
        house.server.failed(V6)
        house.server.worked(V4)
        assert await house.find() == [V4, V6]
        house.clock.now += 300
        await house.find()
        await house.until(lambda: len(resolver.queries) == 4 and house.server.known == (V4, V6))
        house.server.worked("192.0.2.99")
        house.server.failed("192.0.2.99")
        assert house.server.known == (V4, V6)


async def test_an_address_that_changed_is_found_when_the_old_ones_fail(
    resolver: FakeUpstream,
) -> None:
    async with House(resolver) as house:
        await house.find()
        resolver.answer(HOST, "A", ["192.0.2.7"])
        resolver.answer(HOST, "AAAA", ["2001:db8::7"])
        house.server.failed(V6)
        assert await house.find() == [V4, V6] and len(resolver.queries) == 2
        house.server.failed(V4)
        house.clock.now += AGAIN_S
        assert await house.find() == ["2001:db8::7", "192.0.2.7"]


async def test_servers_that_are_down_are_not_looked_up_at_each_try(resolver: FakeUpstream) -> None:
    async with House(resolver) as house:
        for _ in range(5):
            await house.find()
            house.server.failed(V6)
            house.server.failed(V4)
        assert len(resolver.queries) == 2
        house.clock.now += AGAIN_S
        await house.find()
        assert len(resolver.queries) == 4


async def test_old_addresses_are_kept_when_nobody_answers(resolver: FakeUpstream) -> None:
    async with House(resolver) as house:
        await house.find()
        resolver.always = rcode("SERVFAIL")
        house.clock.now += 300
        assert await house.find() == [V6, V4]
        await house.until(lambda: bool(house.bootstrap.problem(HOST)))
        assert (house.bootstrap.problem(HOST) or "").startswith(
            f"the address of {HOST} cannot be found: {resolver.name} answered"
        )
        house.server.failed(V6)
        house.server.failed(V4)
        house.clock.now += AGAIN_S
        assert await house.find() == [V6, V4]
        resolver.always = lambda asked: [asked.answer()]
        house.clock.now += AGAIN_S
        await house.find()
        await house.until(lambda: not house.bootstrap.problem(HOST))


async def test_a_dead_bootstrap_is_an_error_in_words_and_a_problem() -> None:
    async with FakeUpstream() as mute:
        mute.always = silent
        async with House(mute) as house:
            finding = asyncio.create_task(house.find())
            await mute.seen(2)
            house.clock.now += LOOK_UP_S / 2  # asked once more
            await mute.seen(4)
            house.clock.now += LOOK_UP_S / 2
            with pytest.raises(UpstreamError) as caught:
                await finding
            cause = f"has no known address: {mute.name} gave no answer"
            assert caught.value.cause == cause
            assert "upstream.bootstrap" in (house.bootstrap.problem(HOST) or "")
            with pytest.raises(UpstreamError, match="gave no answer"):
                await house.find()
            assert len(mute.queries) == 4
            mute.answer(HOST, "A", [V4])
            mute.always = answered
            house.clock.now += AGAIN_S
            assert await house.find() == [V4]
            assert house.bootstrap.problem(HOST) is None


async def test_a_name_that_is_not_there_is_an_error() -> None:
    async with FakeUpstream() as resolver, House(resolver) as house:
        with pytest.raises(UpstreamError, match="answered NXDOMAIN"):
            await house.find()


async def test_one_that_says_nothing_is_not_waited_for_where_another_cannot_help() -> None:
    async with FakeUpstream() as mute, FakeUpstream() as resolver:
        mute.always = silent
        async with House(mute, resolver) as house:  # whose clock stands still
            with pytest.raises(UpstreamError, match="answered NXDOMAIN"):
                await house.find()


async def test_whoever_has_no_time_does_not_wait(resolver: FakeUpstream) -> None:
    resolver.always = silent
    async with House(resolver) as house:
        with pytest.raises(UpstreamError, match="nothing was found in time"):
            await house.server.find(house.clock())


async def test_an_asker_that_gives_up_takes_nothing_from_others(resolver: FakeUpstream) -> None:
    release = asyncio.Event()
    resolver.always = held(release)
    async with House(resolver) as house:
        first = asyncio.create_task(house.find())
        await resolver.seen(2)
        second = asyncio.create_task(house.find())
        first.cancel()
        release.set()
        assert await second == [V6, V4]


async def test_no_resolver_at_all_is_told() -> None:
    async with House() as house:
        with pytest.raises(UpstreamError, match=r"nobody is in upstream\.bootstrap"):
            await house.find()


async def test_the_machines_own_resolver_is_never_asked(
    resolver: FakeUpstream, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("asked the machine's resolver")

    async with House(resolver) as house:
        monkeypatch.setattr(socket, "getaddrinfo", refuse)
        assert await house.find() == [V6, V4]


async def test_a_resolver_may_have_an_ipv6_address() -> None:
    try:
        async with FakeUpstream("::1") as resolver:
            resolver.answer(HOST, "AAAA", [V6])
            async with House(resolver) as house:
                assert await house.find() == [V6]
    except OSError as error:
        pytest.skip(f"no IPv6 here: {error}")
