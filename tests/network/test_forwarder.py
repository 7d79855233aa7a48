"""Whom the forwarder asks and when, on real sockets, with time turned by hand."""

import asyncio
import time

import pytest
from fake_upstream import FakeUpstream, answered, held, rcode, silent
from forwarding import (
    FIRST,
    LIMIT_S,
    QUESTION,
    Clock,
    addresses,
    ask_for,
    begin,
    error_of,
    forwarding,
    make_forwarder,
    until,
)

from sinkhole.dns.upstream.flight import SHORTEST_PATIENCE_S, Exchanged, Flight
from sinkhole.dns.upstream.links import plain
from sinkhole.dns.wire.reply import Reply, read_reply
from sinkhole.model.errors import UpstreamError
from sinkhole.model.faults import Faults

pytestmark = pytest.mark.usefixtures("quick_ticks")


# -- the plain case ----------------------------------------------------------------------------


async def test_an_answer_tells_who_gave_it(one: FakeUpstream) -> None:
    async with forwarding(one, clock=time.monotonic) as forwarder:
        exchanged = await forwarder.exchange_later(QUESTION)
        assert addresses(exchanged) == [FIRST]
        assert (exchanged.server, exchanged.over) == (one.name, "udp")
        assert 0 < exchanged.rtt_s < LIMIT_S
        [status] = forwarder.status()
        assert (status["name"], status["up"], status["failures"]) == (one.name, True, 0)
        assert status["queries"] == 2, "one, and the probe at the start"
        assert status["rtt_ms"] is not None
        assert forwarder.problems() == []


async def test_nxdomain_is_an_answer(one: FakeUpstream) -> None:
    async with forwarding(one) as forwarder:
        exchanged = await forwarder.exchange_later(ask_for("gone.example.org"))
        assert exchanged.reply.rcode == 3
        assert exchanged.reply.authority


async def test_do_and_cd_reach_the_upstream_and_separate_the_flights(one: FakeUpstream) -> None:
    async with forwarding(one) as forwarder:
        await asyncio.gather(
            *(
                forwarder.exchange_later(ask_for("example.org", 1, do, cd))
                for do in (False, True)
                for cd in (False, True)
            )
        )
        asked = one.asked("example.org")
        assert {(query.do, query.cd) for query in asked} == {(a, b) for a in (0, 1) for b in (0, 1)}
        assert {query.payload for query in asked} == {1232}


async def test_an_upstream_may_have_an_ipv6_address() -> None:
    try:
        upstream = FakeUpstream("::1")
        await upstream.open()
    except OSError:
        pytest.skip("no IPv6 on this machine")
    upstream.answer("example.org", "A", ["192.0.2.1"])
    async with forwarding(upstream) as forwarder:
        assert addresses(await forwarder.exchange_later(QUESTION)) == [FIRST]
        assert forwarder.status()[0]["name"] == f"[::1]:{upstream.port}"
    await upstream.close()


async def test_ids_ports_and_spelling_are_fresh_for_every_query(one: FakeUpstream) -> None:
    async with forwarding(one) as forwarder:
        for _ in range(200):
            await forwarder.exchange_later(QUESTION)
        queries = one.asked("example.org")
        assert len(queries) == 200
        assert len({query.id for query in queries}) > 190
        ports = {query.port for query in queries}
        assert len(ports) > 190
        assert min(ports) >= 1024
        assert min(ports) < 20_000 and max(ports) > 50_000, "the whole range is used"
        assert len({query.spelled for query in queries}) > 150


async def test_random_spelling_can_be_switched_off(one: FakeUpstream) -> None:
    async with forwarding(one, randomize_case=False) as forwarder:
        await forwarder.exchange_later(QUESTION)
        assert [query.spelled for query in one.queries] == ["example.org"]


# -- one flight for identical questions --------------------------------------------------------


async def test_a_hundred_askers_at_once_make_one_query(one: FakeUpstream) -> None:
    release = asyncio.Event()
    one.script(held(release))
    async with forwarding(one) as forwarder:
        tasks = [begin(forwarder) for _ in range(100)]
        await one.seen(1)
        release.set()
        for task in tasks:
            assert addresses(await asyncio.wait_for(task, LIMIT_S)) == [FIRST]
        assert len(one.queries) == 1
        await forwarder.exchange_later(QUESTION)
        assert len(one.queries) == 2, "the next one flies anew: keeping answers is the cache's job"


async def test_a_cancelled_asker_disturbs_nobody(one: FakeUpstream) -> None:
    release = asyncio.Event()
    one.script(held(release))
    async with forwarding(one) as forwarder:
        first, second = begin(forwarder), begin(forwarder)
        await one.seen(1)
        first.cancel()
        await asyncio.wait([first])
        release.set()
        assert addresses(await asyncio.wait_for(second, LIMIT_S)) == [FIRST]
        assert len(one.queries) == 1


async def test_a_flight_goes_on_when_all_its_askers_are_gone(one: FakeUpstream) -> None:
    release = asyncio.Event()
    one.script(held(release))
    async with forwarding(one) as forwarder:
        first = begin(forwarder)
        await one.seen(1)
        first.cancel()
        await asyncio.wait([first])
        later = begin(forwarder)
        await asyncio.sleep(0)
        release.set()
        assert addresses(await asyncio.wait_for(later, LIMIT_S)) == [FIRST]
        assert len(one.queries) == 1


async def test_each_asker_gets_an_error_of_its_own(one: FakeUpstream) -> None:
    one.script(rcode("SERVFAIL"))
    async with forwarding(one) as forwarder:
        errors = await asyncio.gather(begin(forwarder), begin(forwarder), return_exceptions=True)
        assert [str(error) for error in errors] == [f"{one.name}: answered SERVFAIL"] * 2
        assert errors[0] is not errors[1]


async def test_an_asker_that_fails_when_told_takes_nothing_from_the_others(
    one: FakeUpstream, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(outcome: Exchanged | UpstreamError) -> None:
        raise ZeroDivisionError

    told: asyncio.Queue[Exchanged | UpstreamError] = asyncio.Queue()
    async with forwarding(one) as forwarder:
        forwarder.ask(QUESTION, broken)
        forwarder.ask(QUESTION, told.put_nowait)
        assert isinstance(await asyncio.wait_for(told.get(), LIMIT_S), Exchanged)
        assert isinstance(await forwarder.exchange_later(QUESTION), Exchanged)
    [record] = [record for record in caplog.records if record.exc_info]
    assert record.message.startswith("who waits for an answer met an error of sinkhole's own")


async def test_a_bug_in_reading_is_counted_and_the_next_server_asked(
    one: FakeUpstream, two: FakeUpstream, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is no server's fault, and who asked need not wait for it."""
    fails = [True]

    def reading(wire: bytes, name: bytes) -> Reply:
        if name == QUESTION.name and fails:
            fails.pop()
            raise ZeroDivisionError
        return read_reply(wire, name)

    monkeypatch.setattr(plain, "read_reply", reading)
    faults = Faults()
    async with forwarding(one, two, faults=faults) as forwarder:
        assert isinstance(await forwarder.exchange_later(QUESTION), Exchanged)
        assert [status["failures"] for status in forwarder.status()] == [0, 0]
        monkeypatch.setattr(plain, "read_reply", lambda *_: 1 // 0)
        with pytest.raises(UpstreamError, match="met an error of sinkhole's own"):
            await forwarder.exchange_later(QUESTION)
        assert [status["failures"] for status in forwarder.status()] == [0, 0]
    assert faults.count == 3


async def test_a_bug_while_asking_leaves_no_socket_behind(
    one: FakeUpstream, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with forwarding(one, most_per_server=1) as forwarder:
        with monkeypatch.context() as patch, pytest.raises(ZeroDivisionError):
            patch.setattr(Flight, "patience_s", lambda *_: 1 // 0)
            forwarder.ask(QUESTION, lambda _: None)
        assert isinstance(await forwarder.exchange_later(QUESTION), Exchanged)


async def test_asking_by_callback_needs_no_coroutine(one: FakeUpstream) -> None:
    told: asyncio.Queue[Exchanged | UpstreamError] = asyncio.Queue()
    async with forwarding(one) as forwarder:
        forwarder.ask(QUESTION, told.put_nowait)
        outcome = await asyncio.wait_for(told.get(), LIMIT_S)
        assert isinstance(outcome, Exchanged)
        assert addresses(outcome) == [FIRST]


# -- silence -----------------------------------------------------------------------------------


async def test_a_silent_server_is_asked_twice_within_its_timeout(
    one: FakeUpstream, clock: Clock
) -> None:
    async with forwarding(one, clock=clock) as forwarder:
        one.always = silent
        task = begin(forwarder)
        await one.seen(1)
        clock.now += 1.0
        await one.seen(2)
        clock.now += 1.0
        error = await error_of(task)
        assert str(error) == f"{one.name}: gave no answer; gave up after 2.0 s"
        assert len(one.queries) == 2
        assert len({query.id for query in one.queries}) == 2
        assert len({query.port for query in one.queries}) == 2
        assert forwarder.status()[0]["failures"] == 1


async def test_a_lost_datagram_costs_one_try(one: FakeUpstream, clock: Clock) -> None:
    one.script(silent)
    async with forwarding(one, clock=clock) as forwarder:
        task = begin(forwarder)
        await one.seen(1)
        clock.now += 1.0
        assert addresses(await asyncio.wait_for(task, LIMIT_S)) == [FIRST]


async def test_a_late_answer_to_the_first_try_still_counts(one: FakeUpstream, clock: Clock) -> None:
    release = asyncio.Event()
    one.script(held(release), silent)
    async with forwarding(one, clock=clock) as forwarder:
        task = begin(forwarder)
        await one.seen(1)
        clock.now += 1.0
        await one.seen(2)
        clock.now += 0.5
        release.set()
        exchanged = await asyncio.wait_for(task, LIMIT_S)
        assert exchanged.rtt_s == pytest.approx(1.5)


async def test_of_two_answers_that_arrive_together_one_counts(
    one: FakeUpstream, clock: Clock
) -> None:
    release = asyncio.Event()
    one.script(held(release), held(release))
    told: list[Exchanged | UpstreamError] = []
    async with forwarding(one, clock=clock) as forwarder:
        forwarder.ask(QUESTION, told.append)
        await one.seen(1)
        clock.now += 1.0
        await one.seen(2)
        release.set()
        await until(lambda: bool(told))
        assert isinstance(await forwarder.exchange_later(QUESTION), Exchanged)
        assert len(told) == 1
        assert forwarder.strays == 0


async def test_a_slow_server_is_joined_by_the_next_and_the_first_answer_wins(
    one: FakeUpstream, two: FakeUpstream, clock: Clock
) -> None:
    async with forwarding(one, two, clock=clock) as forwarder:
        one.always = two.always = silent
        task = begin(forwarder)
        await until(lambda: len(one.queries) + len(two.queries) == 1)
        slow, quick = (one, two) if one.queries else (two, one)
        quick.always = answered
        clock.now += SHORTEST_PATIENCE_S
        exchanged = await asyncio.wait_for(task, LIMIT_S)
        assert exchanged.server == quick.name
        statuses = {status["name"]: status for status in forwarder.status()}
        assert statuses[slow.name]["failures"] == 1
        assert statuses[quick.name]["failures"] == 0
        await forwarder.exchange_later(QUESTION)
        assert len(slow.asked("example.org")) == 1, "the quick one is asked first from now on"


async def test_with_every_server_silent_the_end_comes_within_the_budget(
    one: FakeUpstream, two: FakeUpstream, clock: Clock
) -> None:
    async with FakeUpstream() as three:
        servers = (one, two, three)
        async with forwarding(*servers, clock=clock) as forwarder:
            for server in servers:
                server.always = silent
            began = clock.now
            task = begin(forwarder)
            while not task.done():
                clock.now += 0.05
                await asyncio.sleep(0.006)
            assert clock.now - began <= 4.5
            error = await error_of(task)
            assert error.server == ""
            for server in servers:
                assert f"{server.name} gave no answer" in error.cause
                assert 1 <= len(server.queries) <= 2


async def test_the_budget_bounds_even_long_timeouts(one: FakeUpstream, clock: Clock) -> None:
    async with forwarding(one, timeout_s=60.0, clock=clock) as forwarder:
        one.always = silent
        task = begin(forwarder)
        await one.seen(1)
        clock.now += 4.4
        assert "gave up after 4.4 s" in str(await error_of(task))


# -- failing over ------------------------------------------------------------------------------


async def test_a_refused_port_is_passed_over_at_once(
    one: FakeUpstream, two: FakeUpstream, clock: Clock
) -> None:
    await one.close()
    async with forwarding(one, two, clock=clock) as forwarder:
        for _ in range(3):
            exchanged = await asyncio.wait_for(begin(forwarder), LIMIT_S)
            assert exchanged.server == two.name


async def test_nobody_listening_anywhere_ends_at_once(
    one: FakeUpstream, two: FakeUpstream, clock: Clock
) -> None:
    await one.close()
    await two.close()
    async with forwarding(one, two, clock=clock) as forwarder:
        error = await error_of(begin(forwarder))
        assert error.server == ""
        assert error.cause.count("has no DNS server listening there") == 2


async def test_an_address_the_kernel_refuses_is_passed_over(two: FakeUpstream) -> None:
    forwarder = make_forwarder([("255.255.255.255", 53), two.address])
    forwarder.start()
    assert (await forwarder.exchange_later(QUESTION)).server == two.name
    await forwarder.close()
    alone = make_forwarder([("255.255.255.255", 53)])
    alone.start()
    with pytest.raises(UpstreamError, match="cannot be reached"):
        await alone.exchange_later(QUESTION)
    await alone.close()


async def test_without_any_server_every_question_is_an_error() -> None:
    async with forwarding() as forwarder:
        assert str(await error_of(begin(forwarder))) == "every upstream: none is set"
        assert (forwarder.status(), forwarder.problems()) == ([], [])
