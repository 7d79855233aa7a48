"""Which answers are worth a question in the background, and what came of it."""

from __future__ import annotations

from math import inf
from typing import Any

import pytest
from world import Script, World, addresses

from sinkhole.dns.cache.answer import Answer
from sinkhole.dns.cache.ready import Ready, ready_answer
from sinkhole.dns.pipeline.prefetch import (
    FAILURES,
    MOST_AT_ONCE,
    PAUSE_S,
    POPULAR,
    SHORTEST_TTL_S,
    Prefetch,
)
from sinkhole.dns.wire.name import from_text
from sinkhole.dns.wire.question import Question
from sinkhole.dns.wire.reply import Record
from sinkhole.dns.wire.write import write_tail
from sinkhole.model.errors import UpstreamError
from sinkhole.model.record import Report
from sinkhole.model.verdict import Outcome, Verdict

WWW = from_text("www.example.org")


def kept(ttl_s: int = 100, ages: int = POPULAR) -> Ready:
    """An answer received at 0."""
    tail = write_tail(WWW, [Record(WWW, 1, ttl_s, bytes(4))])
    answer = Answer(0, False, tail, ttl_s, 0.0)
    report = Report(WWW, 1, 0, Verdict(Outcome.CACHED))
    ready = ready_answer(answer, report, 1, do=False, cd=False)
    ready.ages = ages
    return ready


def prefetch(recovered_at: float = -inf, *, enabled: bool = True) -> Prefetch:
    return Prefetch(lambda: recovered_at, enabled=enabled)


@pytest.mark.parametrize(
    ("ready", "now", "wanted"),
    [
        (kept(), 90.0, True),
        (kept(), 89.9, False),
        (kept(), 99.9, True),
        (kept(), 100.0, False),
        (kept(ages=POPULAR - 1), 95.0, False),
        (kept(SHORTEST_TTL_S), 9.5, True),
        (kept(SHORTEST_TTL_S - 1), 8.5, False),
    ],
)
def test_popular_answers_are_wanted_in_the_last_part_of_their_time(
    ready: Ready, now: float, wanted: bool
) -> None:
    assert prefetch().wants(ready, now) is wanted


def test_what_no_upstream_said_is_not_asked_for() -> None:
    made = Ready(kept().report, 1, write_tail(WWW, []), rcode=0)
    made.ages = POPULAR
    assert not prefetch().wants(made, 95.0)


def test_it_can_be_switched_off() -> None:
    ahead = prefetch(enabled=False)
    assert not ahead.wants(kept(), 95.0)
    ahead.enabled = True
    assert ahead.wants(kept(), 95.0)


def test_what_was_asked_for_is_wanted_again_only_if_it_still_is_popular() -> None:
    ahead, ready = prefetch(), kept()
    assert ahead.wants(ready, 92.0)
    assert not ahead.wants(ready, 93.0)


def test_so_many_are_underway_at_once() -> None:
    ahead = prefetch()
    for _ in range(MOST_AT_ONCE):
        assert ahead.wants(kept(), 95.0)
        ahead.begin()
    assert not ahead.wants(kept(), 95.0)
    ahead.end()
    assert ahead.wants(kept(), 95.0)


def test_it_pauses_while_upstreams_fail() -> None:
    ahead = prefetch()
    for at in range(FAILURES):
        assert ahead.wants(kept(), 95.0)
        ahead.fail(float(at))
    last = FAILURES - 1
    assert not ahead.wants(kept(1000), last + PAUSE_S - 0.1)
    assert ahead.status(last + 1)["pauses"]
    assert not ahead.pauses(last + PAUSE_S)


def test_an_upstream_that_recovers_ends_the_pause_and_so_does_an_answer() -> None:
    recovered = prefetch(recovered_at=10.0)
    for at in (8.0, 9.0, 9.5):
        recovered.fail(at)
    assert not recovered.pauses(10.0)
    answered = prefetch()
    for at in (8.0, 9.0):
        answered.fail(at)
    answered.succeed(kept(), kept())
    answered.fail(10.0)
    assert not answered.pauses(11.0)


def test_it_has_saved_somebody_from_waiting_once_for_each_answer() -> None:
    ahead, before, instead = prefetch(), kept(), kept(200)
    ahead.succeed(instead, before)
    ahead.wants(instead, 99.0)
    assert ahead.saved == 0
    ahead.wants(instead, 100.0)
    ahead.wants(instead, 101.0)
    assert ahead.saved == 1


# ---- with a pipeline --------------------------------------------------------------------------


class Whose(Script):
    """Upstreams that note for whom they are asked, and may refuse to be asked, or have a bug."""

    def __init__(self) -> None:
        super().__init__()
        self.clients: list[bytes] = []
        self.error: Exception | None = None

    def ask(
        self,
        question: Question,
        tell: Any,
        client: bytes = b"",
        network: bytes = b"",
        via: str = "",
    ) -> None:
        self.clients.append(client)
        if self.error is not None:
            raise self.error
        super().ask(question, tell, client, network, via)


async def popular(world: World, name: str = "www.example.org") -> World:
    """A world in which a name is asked for until nine tenths of its time are over."""
    world.upstreams.says(name, "A", f"{name}. 100 A 192.0.2.1")
    for _ in range(POPULAR + 1):
        await world.ask(name)
        world.clock.now += 2
    world.clock.now += 95 - 2 * (POPULAR + 1)
    world.upstreams.says(name, "A", f"{name}. 100 A 192.0.2.2")
    return world


async def test_nobody_waits_for_what_is_asked_for_ahead_and_it_is_nobodys() -> None:
    upstreams = Whose()
    world = await popular(World(upstreams=upstreams))
    assert addresses(await world.ask("www.example.org")) == ["192.0.2.1"]
    assert (upstreams.clients[0], upstreams.clients[1:]) == (b"\xc0\0\2\7", [b""])
    world.reports()
    world.clock.now += 1
    assert addresses(await world.ask("www.example.org")) == ["192.0.2.2"]
    assert [report.verdict.outcome.kind for report in world.reports()] == ["cached"]
    world.clock.now += 6
    assert addresses(await world.ask("www.example.org")) == ["192.0.2.2"]
    status = world.pipeline.prefetch.status(world.clock.now)
    assert (status["asked"], status["saved"], status["underway"]) == (1, 1, 0)


async def test_a_query_that_wants_no_recursion_asks_for_nothing_ahead() -> None:
    world = await popular(World())
    query = bytearray(b"\0\1\0\0\0\1" + bytes(6) + WWW + b"\0\1\0\1")
    assert isinstance(world.now(bytes(query)), bytes)
    assert world.pipeline.prefetch.asked == 0


@pytest.mark.parametrize(
    "error", [UpstreamError("", "none is set"), LookupError("a bug")], ids=["refused", "bug"]
)
async def test_what_fails_gives_its_place_back_and_leaves_the_answer(error: Exception) -> None:
    upstreams = Whose()
    world = await popular(World(upstreams=upstreams))
    upstreams.error = error
    assert addresses(await world.ask("www.example.org")) == ["192.0.2.1"]
    assert world.pipeline.prefetch.underway == 0
    assert addresses(await world.ask("www.example.org")) == ["192.0.2.1"]


async def test_a_failure_is_no_answer_to_anybody() -> None:
    world = await popular(World())
    world.upstreams.dead = True
    for _ in range(2):
        assert addresses(await world.ask("www.example.org")) == ["192.0.2.1"]
    prefetch = world.pipeline.prefetch
    assert (prefetch.asked, prefetch.failed, prefetch.underway) == (1, 1, 0)


async def test_an_answer_that_cannot_be_read_is_a_failure() -> None:
    world = await popular(World())
    circle = "www.example.org. 60 CNAME a.example.\na.example. 60 CNAME www.example.org."
    world.upstreams.says("www.example.org", "A", circle)
    assert addresses(await world.ask("www.example.org")) == ["192.0.2.1"]
    assert world.pipeline.prefetch.failed == 1
    assert addresses(await world.ask("www.example.org")) == ["192.0.2.1"]
