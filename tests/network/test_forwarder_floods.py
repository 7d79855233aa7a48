"""One client asks for what nobody answers, as often as it may: everybody else gets their answers.

The real pipeline and forwarder on real sockets, with time turned by hand.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import partial

import pytest
from fake_upstream import Asked, Replies, answered, silent, truncated
from still_house import FLOODER, NEIGHBOUR, House, Scene, play
from world import ede_of


def dead_zone(asked: Asked) -> Replies:
    """No answer for names below `dead.example`, `dead1.example` and so on: their servers are
    gone."""
    return silent(asked) if asked.name.split(".")[-2].startswith("dead") else answered(asked)


async def flood(house: House, names: Callable[[int], str], *, beside: Scene | None = None) -> None:
    """Eight seconds of 190 questions a second of one client; `beside` is done each 0.13 s."""
    for step in range(1600):
        if step % 20 != 19:
            house.ask(names(step), FLOODER)
        if beside is not None and step % 26 == 0:
            await beside(house)
        await house.turn()


async def ask_one_more(
    house: House, name: str = "www{}.alive.example", by: str = NEIGHBOUR
) -> None:
    house.ask(name.format(len(house.replies[by])), by)


@pytest.mark.parametrize("upstreams", [1, 2])
def test_another_clients_names_are_all_answered(
    upstreams: int, caplog: pytest.LogCaptureFixture
) -> None:
    async def scene(house: House) -> None:
        await flood(house, lambda step: f"n{step}.dead.example", beside=ask_one_more)
        assert house.rcodes(NEIGHBOUR) == ["NOERROR"] * 62
        assert house.forwarder.refused > 100, "there was a flood, and it was turned away"
        assert {*house.rcodes(FLOODER)} == {"SERVFAIL"}
        told = {ede_of(reply) for reply in house.replies[FLOODER]}
        assert (22, "too many questions are waiting") in told
        [problem] = house.forwarder.problems()
        assert "most of them from 192.0.2.66 for names below dead.example" in problem

    play(scene, dead_zone, upstreams=upstreams, most_per_server=250)
    assert caplog.records == [], "no server is to blame, so none was ever down"


def test_a_dead_zone_in_a_quiet_house_takes_no_server_down(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Nothing else is asked, so no other answer speaks for the servers: their probes do."""

    async def scene(house: House) -> None:
        for step in range(40):
            house.ask(f"n{step}.dead{step % 5}.example", FLOODER)
            for _ in range(40):
                await house.turn(0.025)
            assert [status["up"] for status in house.forwarder.status()] == [True, True]
        assert house.forwarder.problems() == []

    play(scene, dead_zone, upstreams=2)
    assert caplog.records == []


def test_names_of_the_very_zone_that_is_flooded_are_answered_for_others() -> None:
    async def scene(house: House) -> None:
        names = "n{0}.dead.example".format
        await flood(house, names, beside=partial(ask_one_more, name="www.alive{}.example"))
        assert house.rcodes(NEIGHBOUR) == ["NOERROR"] * 62

    play(scene, dead_zone)


def test_the_clients_own_other_names_are_answered_too() -> None:
    """A router asks for a whole household under one address."""

    async def own(house: House) -> None:
        house.ask(f"www.alive{house.asked % 100}.example", FLOODER)

    async def scene(house: House) -> None:
        await flood(house, "n{0}.x.dead.example.net".format, beside=own)
        answers = [reply for reply in house.replies[FLOODER] if reply.header.rcode == 0]
        assert len(answers) == 62

    def dead(asked: Asked) -> Replies:
        return silent(asked) if asked.name.endswith("dead.example.net") else answered(asked)

    play(scene, dead)


def test_one_question_asked_again_and_again_shuts_nobody_out() -> None:
    async def scene(house: House) -> None:
        for _ in range(50):
            for client in range(10, 20):
                house.ask("same.dead.example", f"192.0.2.{client}")
        house.ask("same.dead.example", NEIGHBOUR)
        house.ask("www1.alive.example", NEIGHBOUR)
        await house.turn()
        assert house.rcodes(NEIGHBOUR) == ["NOERROR"]
        for _ in range(120):
            await house.turn(0.025)
        assert ede_of(house.replies[NEIGHBOUR][1]) == (22, "no upstream gave an answer")

    play(scene, dead_zone, most_waiting=100)


def test_a_dead_zone_asked_from_many_addresses_leaves_others_their_answers() -> None:
    async def scene(house: House) -> None:
        for number in range(300):
            house.ask(f"n{number}.dead.example", f"192.0.2.{10 + number % 240}")
            if number % 10 == 9:
                house.ask(f"www.alive{number // 10}.example", NEIGHBOUR)
                await house.turn()
        assert house.rcodes(NEIGHBOUR) == ["NOERROR"] * 30

    play(scene, dead_zone, most_waiting=100)


def test_one_device_floods_and_others_of_its_ipv6_network_get_their_answers() -> None:
    async def scene(house: House) -> None:
        for number in range(300):
            house.ask(f"n{number}.dead{number}.example", "2001:db8::66")
            if number % 10 == 9:
                house.ask(f"www.alive{number // 10}.example", "2001:db8::7")
            await house.turn(0.01)
        await house.turn()
        assert house.rcodes("2001:db8::7") == ["NOERROR"] * 30

    play(scene, dead_zone, most_waiting=100)


def test_connections_are_shared_as_sockets_are() -> None:
    def too_long(asked: Asked) -> Replies:
        if asked.name.endswith("dead.example") and asked.tcp:
            return silent(asked)
        return truncated(asked)

    async def scene(house: House) -> None:
        for number in range(30):
            house.ask(f"n{number}.dead.example", FLOODER)
            await house.turn()
        house.ask("www1.alive.example", NEIGHBOUR)
        async with asyncio.timeout(None):
            while not house.replies[NEIGHBOUR]:
                await house.turn(0)
        assert house.rcodes(NEIGHBOUR) == ["NOERROR"]

    play(scene, too_long, most_per_server=8)
