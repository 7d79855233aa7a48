"""Servers that are down or loop, too many questions, and the end: what holds then."""

import asyncio
import os
import resource
import time

import pytest
from fake_upstream import Asked, FakeUpstream, Replies, answered, held, rcode, silent
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
    until,
)

from sinkhole.dns.upstream.flight import SHORTEST_PATIENCE_S, Exchanged, Flight
from sinkhole.model.errors import UpstreamError

pytestmark = pytest.mark.usefixtures("quick_ticks")


async def test_a_server_that_fails_is_down_and_rests_until_a_probe_finds_it_back(
    one: FakeUpstream, two: FakeUpstream
) -> None:
    probe_s = 0.05
    async with forwarding(one, two, probe_s=probe_s) as forwarder:
        await one.close()
        async with asyncio.timeout(LIMIT_S):
            while forwarder.status()[0]["up"]:
                assert (await forwarder.exchange_later(QUESTION)).server == two.name
        queries, began = forwarder.status()[0]["queries"], time.monotonic()
        assert forwarder.status()[1]["up"]
        assert forwarder.problems() == []
        for _ in range(20):
            assert (await forwarder.exchange_later(QUESTION)).server == two.name
        assert one.asked("example.org") == []
        asked = forwarder.status()[0]["queries"] - queries
        assert asked <= (time.monotonic() - began) / probe_s + 1, "probes only"
        await one.open()
        await until(lambda: forwarder.status()[0]["up"])


async def test_when_all_are_down_all_are_tried(
    one: FakeUpstream, two: FakeUpstream, clock: Clock
) -> None:
    async with forwarding(one, two, clock=clock, probe_s=1000.0) as forwarder:
        await one.close()
        await two.close()
        for _ in range(3):
            await error_of(begin(forwarder))
        assert [status["up"] for status in forwarder.status()] == [False, False]
        assert "no upstream answers" in forwarder.problems()[0]
        await two.open()
        assert (await forwarder.exchange_later(QUESTION)).server == two.name
        assert [status["up"] for status in forwarder.status()] == [False, True]
        assert forwarder.problems() == []


async def test_a_route_that_answers_hides_no_outage_of_all_others(
    one: FakeUpstream, two: FakeUpstream, clock: Clock
) -> None:
    async with forwarding(one, route=[two.address], clock=clock, probe_s=1000.0) as forwarder:
        await forwarder.exchange_later(QUESTION, via="route")
        await one.close()
        for _ in range(3):
            await error_of(begin(forwarder))
        assert [status["up"] for status in forwarder.status()] == [False, True]
        assert forwarder.is_cut_off
        [problem] = forwarder.problems()
        assert problem.startswith(f"no upstream answers ({forwarder.status()[0]['name']} ")


async def test_an_outage_of_a_route_is_told_of_and_is_none_of_the_rest(
    one: FakeUpstream, two: FakeUpstream, clock: Clock
) -> None:
    async with forwarding(one, route=[two.address], clock=clock, probe_s=1000.0) as forwarder:
        await forwarder.exchange_later(QUESTION)
        await two.close()
        for _ in range(3):
            with pytest.raises(UpstreamError):
                await forwarder.exchange_later(QUESTION, via="route")
        assert not forwarder.is_cut_off
        [problem] = forwarder.problems()
        assert problem.startswith("no upstream of the set 'route' answers (")


async def test_that_the_fallback_is_in_use_is_told(
    one: FakeUpstream, two: FakeUpstream, clock: Clock
) -> None:
    async with forwarding(one, fallback=[two.address], clock=clock, probe_s=1000.0) as forwarder:
        await one.close()
        for _ in range(3):
            assert (await forwarder.exchange_later(QUESTION)).server == two.name
        assert not forwarder.is_cut_off
        [problem] = forwarder.problems()
        assert problem.startswith("none of upstream.servers answers (")
        assert problem.endswith(", so the fallback is asked")


async def test_the_quicker_server_gets_the_questions_and_the_other_one_now_and_then(
    one: FakeUpstream, two: FakeUpstream, clock: Clock
) -> None:
    async with forwarding(one, two, clock=clock) as forwarder:
        for server, rtt_s in zip(forwarder._servers, (0.020, 0.030), strict=True):
            server.rtt_s = server.score = rtt_s
        for _ in range(10):
            await forwarder.exchange_later(QUESTION)
        assert (len(one.queries), len(two.queries)) == (10, 0)
        for _ in range(60):
            forwarder._servers[0].score = 0.020  # on a clock that stands it would shrink to nothing
            await forwarder.exchange_later(QUESTION)
        assert 1 <= len(two.queries) <= 40


async def test_a_name_that_fails_at_one_server_leaves_it_first_for_all_others(
    one: FakeUpstream, two: FakeUpstream, clock: Clock
) -> None:
    def broken_zone(asked: Asked) -> Replies:
        broken = asked.name.endswith("broken.example")
        return list(rcode("SERVFAIL")(asked)) if broken else answered(asked)  # type: ignore[arg-type]  # a plain step

    async with forwarding(one, two, clock=clock) as forwarder:
        one.always = broken_zone
        for number in range(20):
            name = f"n{number}.broken.example"
            assert (await forwarder.exchange_later(ask_for(name))).server == two.name
            assert (await forwarder.exchange_later(QUESTION)).server == one.name
        assert len(two.queries) == 20


async def test_a_server_that_answers_nothing_is_down_by_its_probe(
    one: FakeUpstream, two: FakeUpstream, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    async with forwarding(one, two, clock=clock, probe_s=0.05) as forwarder:
        one.always = silent
        task = begin(forwarder)
        await one.seen(1)
        clock.now += SHORTEST_PATIENCE_S
        assert (await asyncio.wait_for(task, LIMIT_S)).server == two.name
        await one.seen(2, probes=True)
        clock.now += 1.0
        await one.seen(3, probes=True)
        clock.now += 1.0
        await until(lambda: not forwarder.status()[0]["up"])
        one.always = answered
        await until(lambda: forwarder.status()[0]["up"])
    assert [record.levelname for record in caplog.records] == ["WARNING"]


# -- bounds ------------------------------------------------------------------------------------


async def test_questions_beyond_the_bound_are_refused_at_once_and_counted(
    one: FakeUpstream, clock: Clock
) -> None:
    async with forwarding(one, most_waiting=3, clock=clock) as forwarder:
        release = asyncio.Event()
        one.always = held(release)
        names = ("n0.example.org", "n1.example.org", "n0.example.org")
        waiting = [begin(forwarder, name) for name in names]
        await one.seen(2)
        for name in ("another.example.org", "n1.example.org"):
            error = await error_of(begin(forwarder, name))
            assert "too many questions are waiting: 3 wait for an answer" in str(error)
        assert forwarder.refused == 2
        release.set()
        for task in waiting:
            await asyncio.wait_for(task, LIMIT_S)
        assert (await forwarder.exchange_later(QUESTION)).server == one.name
        assert len(one.queries) == 3


async def test_one_server_has_a_bound_of_its_own(
    one: FakeUpstream, two: FakeUpstream, clock: Clock
) -> None:
    async with forwarding(one, two, most_per_server=1, clock=clock) as forwarder:
        release = asyncio.Event()
        one.always = two.always = held(release)
        waiting = [begin(forwarder, f"n{number}.example.org") for number in range(2)]
        await one.seen(1)
        await two.seen(1)
        error = await error_of(begin(forwarder, "third.example.org"))
        assert "all sockets of each upstream are taken" in str(error)
        assert forwarder.refused == 1
        release.set()
        for task in waiting:
            await asyncio.wait_for(task, LIMIT_S)


async def test_an_error_over_one_question_ends_that_question_and_no_other(
    one: FakeUpstream, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    one.always = silent
    async with forwarding(one, clock=clock) as forwarder:
        ordinary = forwarder._flights._move_on

        def move_on(flight: Flight, now: float) -> None:
            if flight.question.name == ask_for("odd.example.org").name:
                raise RuntimeError("as arranged")
            ordinary(flight, now)

        monkeypatch.setattr(forwarder._flights, "_move_on", move_on)
        odd, plain = begin(forwarder, "odd.example.org"), begin(forwarder, "example.org")
        await one.seen(2)
        clock.now += 1.1
        assert "an error of sinkhole's own" in str(await error_of(odd))
        await one.seen(3)  # the plain one is asked for again
        clock.now += 1.1
        assert "gave no answer" in str(await error_of(plain))


# -- loops -------------------------------------------------------------------------------------


async def test_a_server_that_sends_our_probe_back_is_not_asked_until_it_stops(
    one: FakeUpstream,
) -> None:
    async with forwarding(one, probe_s=0.05) as forwarder:
        assert len(one.probes) == 1
        assert not forwarder.loop_proof(QUESTION)
        assert forwarder.loop_proof(ask_for(one.probes[0].name, 16))
        [status] = forwarder.status()
        assert not status["up"]
        [problem] = forwarder.problems()
        assert one.name in problem and "forwarding loop" in problem
        error = await error_of(begin(forwarder))
        assert "our questions come back to us" in str(error)
        assert one.queries == []
        await until(lambda: forwarder.status()[0]["up"])
        assert forwarder.problems() == []
        assert addresses(await forwarder.exchange_later(QUESTION)) == [FIRST]


async def test_a_looping_server_leaves_the_others_in_use(
    one: FakeUpstream, two: FakeUpstream, clock: Clock
) -> None:
    async with forwarding(one, two, clock=clock, probe_s=1000.0) as forwarder:
        assert forwarder.loop_proof(ask_for(one.probes[0].name, 16))
        for _ in range(5):
            assert (await forwarder.exchange_later(QUESTION)).server == two.name


# -- leaving nothing behind --------------------------------------------------------------------


async def test_closing_ends_what_waits_and_leaves_no_socket_and_no_task(
    one: FakeUpstream, two: FakeUpstream
) -> None:
    tasks_before = asyncio.all_tasks()
    files_before = set(os.listdir("/proc/self/fd"))
    async with forwarding(one, two) as forwarder:
        for _ in range(50):
            await forwarder.exchange_later(QUESTION)
        one.always = two.always = silent
        waiting = [begin(forwarder, f"n{number}.example.org") for number in range(20)]
        await until(lambda: len({each.name for each in one.queries + two.queries}) >= 21)
        assert len(os.listdir("/proc/self/fd")) >= len(files_before) + 20
    for task in waiting:
        assert "sinkhole is stopping" in str(await error_of(task))
    with pytest.raises(UpstreamError, match="not running"):
        await forwarder.exchange_later(QUESTION)
    await until(lambda: set(os.listdir("/proc/self/fd")) <= files_before)
    await until(lambda: asyncio.all_tasks() <= tasks_before)


async def test_a_forwarder_can_be_started_again(one: FakeUpstream) -> None:
    async with forwarding(one) as forwarder:
        await forwarder.exchange_later(QUESTION)
        await forwarder.close()
        forwarder.start()
        assert addresses(await forwarder.exchange_later(QUESTION)) == [FIRST]


async def test_running_out_of_file_descriptors_is_no_fault_of_the_servers(
    one: FakeUpstream,
) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    async with forwarding(one) as forwarder:
        taken: list[int] = []
        try:
            resource.setrlimit(resource.RLIMIT_NOFILE, (highest_file() + 10, hard))
            with pytest.raises(OSError):
                taken.extend(os.dup(0) for _ in range(10_000))
            error = await error_of(begin(forwarder))
        finally:
            resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
            for file in taken:
                os.close(file)
        assert "was not asked" in str(error) and "on our side" in str(error)
        [status] = forwarder.status()
        assert (status["up"], status["failures"]) == (True, 0)
        assert forwarder.unsent > 0
        assert addresses(await forwarder.exchange_later(QUESTION)) == [FIRST]


async def test_when_file_descriptors_run_out_who_holds_the_most_gives_one_up(
    one: FakeUpstream, clock: Clock
) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    flooded: list[Exchanged | UpstreamError] = []
    heard: asyncio.Queue[Exchanged | UpstreamError] = asyncio.Queue()
    async with forwarding(one, clock=clock) as forwarder:
        one.always = silent
        try:
            most = highest_file() + 10
            resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))
            for number in range(most):
                name = f"n{number}.dead.example"
                forwarder.ask(ask_for(name), flooded.append, b"\xc0\0\2\x42")
            assert flooded and all("on our side" in str(error) for error in flooded)
            one.always = answered
            forwarder.ask(QUESTION, heard.put_nowait, b"\xc0\0\2\7")
            assert isinstance(await asyncio.wait_for(heard.get(), LIMIT_S), Exchanged)
        finally:
            resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def highest_file() -> int:
    return max(int(name) for name in os.listdir("/proc/self/fd"))
