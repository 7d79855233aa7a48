"""Whom a question is asked of, and when: links that answer what the test says, on a still clock."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest
from silent_link import SilentLink
from world import Clock, StillLoop

from sinkhole.dns.upstream.flight import CrowdedError, Exchanged
from sinkhole.dns.upstream.forwarder import Forwarder
from sinkhole.dns.upstream.health import SEVERAL, Server
from sinkhole.dns.upstream.links.link import Blame, Failure, LinkAnswer
from sinkhole.dns.upstream.sets import DEFAULT, UpstreamSet
from sinkhole.dns.upstream.strategies import FASTEST, LOAD_BALANCE, PARALLEL, STRICT, Strategy
from sinkhole.dns.wire.name import from_text
from sinkhole.dns.wire.question import Question
from sinkhole.dns.wire.reply import Reply
from sinkhole.model.errors import UpstreamError

NOTHING = Reply(0, False, False, (), ())
SERVFAIL = Reply(2, False, False, (), ())
SILENT = Failure("gave no answer", Blame.NAME)
REFUSED = Failure("has no DNS server listening there", Blame.SERVER)


class House:
    """A forwarder with servers `a` to `d`, and what became of each question asked."""

    def __init__(
        self, clock: Clock, *, first: str, fallback: str, strategy: Strategy, timeout_s: float
    ) -> None:
        self.clock = clock
        self.links = {name: SilentLink() for name in "abcd"}
        self.servers = {
            name: Server(name, link, timeout_s=timeout_s) for name, link in self.links.items()
        }
        of = self.servers.__getitem__
        self.forwarder = Forwarder(
            {
                DEFAULT: UpstreamSet(tuple(map(of, first)), tuple(map(of, fallback)), strategy),
                "other": UpstreamSet((of("d"),)),
            },
            clock=clock,
            probe_s=1e6,
        )
        self.told: list[Exchanged | UpstreamError] = []

    def ask(self, name: str = "example.org", via: str = DEFAULT) -> None:
        question = Question(from_text(name), 1)
        self.forwarder.ask(question, self.told.append, via=via)

    def asked(self) -> str:
        """The servers that were asked since, in no order, and nothing of probes."""
        found = ""
        for name, link in self.links.items():
            ours = [one for one in link.asked if b"loop" not in one[0].name]
            found += name * len(ours)
        return found

    def answers(self, name: str, outcome: LinkAnswer | Failure | Reply = NOTHING) -> None:
        """A server tells what became of the latest question it was asked."""
        told = LinkAnswer(outcome, 0.01, "udp") if isinstance(outcome, Reply) else outcome
        _, _, on_reply = self.links[name].asked.pop()
        on_reply(told)

    def lately(self, name: str, rtt_s: float) -> None:
        """What is known of a server."""
        for _ in range(50):
            self.servers[name].helped(self.clock.now, rtt_s)

    def take_down(self, *names: str) -> None:
        for name in names:
            for _ in range(SEVERAL):
                self.servers[name].failed(self.clock.now, "cannot be reached")

    async def wait(self, seconds: float) -> None:
        """Let so much time pass, by steps that are smaller than a tick."""
        for _ in range(round(seconds / 0.02)):
            self.clock.now += 0.02
            for _ in range(4):
                await asyncio.sleep(0)


def play(
    scene: Callable[[House], Awaitable[None]],
    *,
    first: str = "ab",
    fallback: str = "",
    strategy: Strategy = FASTEST,
    timeout_s: float = 2.0,
) -> None:
    async def main() -> None:
        house = House(clock, first=first, fallback=fallback, strategy=strategy, timeout_s=timeout_s)
        house.forwarder.start()
        for link in house.links.values():
            for _, _, on_reply in link.asked:  # the probes at the start
                on_reply(LinkAnswer(NOTHING, 0.01, "udp"))
            link.asked.clear()
            link.cancelled.clear()
        try:
            await scene(house)
        finally:
            await house.forwarder.close()

    clock = Clock()
    with asyncio.Runner(loop_factory=lambda: StillLoop(clock)) as runner:
        runner.run(main())


def test_the_quickest_is_asked_and_the_next_as_well_when_it_takes_its_time() -> None:
    async def scene(house: House) -> None:
        house.lately("b", 0.001)
        house.ask()
        assert house.asked() == "b"
        await house.wait(0.18)
        assert house.asked() == "b"
        await house.wait(0.06)
        assert house.asked() == "ab"
        house.answers("b")
        [told] = house.told
        assert isinstance(told, Exchanged)
        assert (told.server, told.rtt_s) == ("b", pytest.approx(0.24))
        assert len(house.links["a"].cancelled) == 1

    play(scene)


@pytest.mark.parametrize("outcome", [SILENT, REFUSED, SERVFAIL])
def test_what_is_of_no_use_is_followed_by_the_next_at_once(outcome: Failure | Reply) -> None:
    async def scene(house: House) -> None:
        house.ask()
        first = house.asked()
        house.answers(first, outcome)
        (second,) = {"a", "b"} - {first}
        assert house.asked() == second
        house.answers(second, outcome)
        [told] = house.told
        assert isinstance(told, UpstreamError)
        assert f"{first} " in told.cause and f"{second} " in told.cause

    play(scene)


def test_a_server_that_takes_nothing_now_is_passed_over() -> None:
    async def scene(house: House) -> None:
        house.links["a"].fails = house.links["b"].fails = REFUSED
        house.ask()
        house.links["a"].fails = None
        house.ask()
        assert house.asked() == "a"
        [told] = house.told
        assert "has no DNS server" in str(told)

    play(scene)


def test_the_deadline_is_the_servers_but_never_beyond_the_budget() -> None:
    async def scene(house: House) -> None:
        house.ask()
        ((_, deadline, _),) = house.links["a"].asked + house.links["b"].asked
        assert deadline == pytest.approx(house.clock.now + 4.4)

    play(scene, timeout_s=9.0)


def test_a_question_ends_within_its_budget_whatever_links_do() -> None:
    async def scene(house: House) -> None:
        house.ask()
        await house.wait(4.36)
        assert house.told == []
        await house.wait(0.1)
        [told] = house.told
        assert str(told).startswith("every upstream: ")
        assert str(told).endswith("gave no answer; gave up after 4.4 s")
        assert [house.servers[name].failures for name in "ab"] == [1, 1]

    play(scene)


# -- strategies --------------------------------------------------------------------------------


def test_parallel_asks_all_at_once_and_the_first_answer_counts() -> None:
    async def scene(house: House) -> None:
        house.ask()
        assert house.asked() == "abc"
        house.answers("b", SERVFAIL)
        house.answers("c")
        [told] = house.told
        assert isinstance(told, Exchanged) and told.server == "c"
        assert [len(house.links[name].cancelled) for name in "abc"] == [1, 0, 0]

    play(scene, first="abc", strategy=PARALLEL)


def test_strict_keeps_the_order_and_waits_half_a_timeout_for_it() -> None:
    async def scene(house: House) -> None:
        house.lately("a", 0.5)
        house.lately("b", 0.001)
        house.ask()
        await house.wait(0.9)
        assert house.asked() == "a"
        await house.wait(0.2)
        assert house.asked() == "ab"

    play(scene, strategy=STRICT)


def test_strict_passes_over_what_is_down() -> None:
    async def scene(house: House) -> None:
        house.take_down("a")
        house.ask()
        assert house.asked() == "b"

    play(scene, strategy=STRICT)


def test_the_load_is_shared_in_proportion_to_quickness() -> None:
    async def scene(house: House) -> None:
        house.lately("a", 0.010)
        house.lately("b", 0.030)
        counts = {"a": 0, "b": 0}
        for number in range(80):
            house.ask(f"n{number}.example.org")
            name = house.asked()
            counts[name] += 1
            _, _, on_reply = house.links[name].asked.pop()
            on_reply(LinkAnswer(NOTHING, None, "udp"))
        assert 50 <= counts["a"] <= 70, counts

    play(scene, strategy=LOAD_BALANCE)


def test_who_was_down_gets_no_more_than_its_part_when_it_is_back() -> None:
    async def scene(house: House) -> None:
        house.lately("a", 0.010)
        house.lately("b", 0.010)
        house.take_down("b")
        for number in range(40):
            house.ask(f"n{number}.example.org")
            house.answers("a")
        house.lately("b", 0.010)
        counts = {"a": 0, "b": 0}
        for number in range(20):
            house.ask(f"m{number}.example.org")
            name = house.asked()
            counts[name] += 1
            house.answers(name)
        assert counts["b"] <= 14, counts

    play(scene, strategy=LOAD_BALANCE)


# -- the second tier ---------------------------------------------------------------------------


def test_the_fallback_is_asked_only_when_every_server_has_failed() -> None:
    async def scene(house: House) -> None:
        house.ask()
        house.answers(house.asked(), SILENT)
        await house.wait(1.0)
        assert "c" not in house.asked()
        house.answers(house.asked(), SERVFAIL)
        assert house.asked() == "c"
        house.answers("c")
        [told] = house.told
        assert isinstance(told, Exchanged) and told.server == "c"

    play(scene, fallback="c")


def test_while_all_servers_are_down_the_fallback_is_asked_at_once() -> None:
    async def scene(house: House) -> None:
        house.take_down("a", "b")
        house.ask()
        assert house.asked() == "c"
        house.answers("c", SERVFAIL)
        assert house.asked() in ("a", "b"), "nobody else is left"
        house.lately("a", 0.01)
        house.ask("www.example.org")
        assert house.asked().count("c") == 0

    play(scene, fallback="c")


# -- sets --------------------------------------------------------------------------------------


def test_one_question_to_two_sets_is_two_flights() -> None:
    async def scene(house: House) -> None:
        house.ask()
        house.ask(via="other")
        house.ask(via="other")
        assert house.asked() in ("ad", "bd")
        house.answers("d")
        assert [isinstance(told, Exchanged) and told.server for told in house.told] == ["d", "d"]

    play(scene)


# -- places ------------------------------------------------------------------------------------


def test_where_a_link_has_no_socket_left_who_holds_the_most_gives_one_up() -> None:
    class Full(SilentLink):
        def ask(self, question, deadline, on_reply):  # type: ignore[no-untyped-def]  # as its base
            if len(self.asked) - len(self.cancelled) >= 3:
                return Failure("was not asked (Too many open files, on our side)", Blame.NOBODY)
            return super().ask(question, deadline, on_reply)

    async def scene(house: House) -> None:
        house.servers["a"].link = Full()
        for number in range(3):
            house.forwarder.ask(
                Question(from_text(f"n{number}.dead.example"), 1), house.told.append, b"\1\1\1\1"
            )
        house.forwarder.ask(Question(from_text("example.org"), 1), house.told.append, b"\2\2\2\2")
        await house.wait(0.1)
        [told] = house.told
        assert isinstance(told, CrowdedError) and "had to give way" in str(told)
        assert house.servers["a"].failures == 0

    play(scene, first="a")


# -- another network ---------------------------------------------------------------------------


def test_in_another_network_every_link_is_renewed_and_every_server_looked_at() -> None:
    async def scene(house: House) -> None:
        house.forwarder.renew()
        assert [link.renewed for link in house.links.values()] == [1, 1, 0, 1]
        assert all(len(house.links[name].asked) == 1 for name in "abd")
        house.forwarder.renew()
        assert all(len(house.links[name].asked) == 1 for name in "abd"), "one probe at a time"

    play(scene)
