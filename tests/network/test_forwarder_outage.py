"""The way to the internet is gone for a while: when it is back, so are the names that failed.

The real pipeline and forwarder on real sockets, with time turned by hand.
"""

from __future__ import annotations

import pytest
from fake_upstream import Step, answered, rcode, silent
from still_house import NEIGHBOUR, House, play

NAMES = [f"www.alive{number}.example" for number in range(4)]
"""In so many zones that what becomes of them says something about the server."""


async def ask_all(house: House, *names: str, seconds: float = 6.0) -> list[str]:
    """What becomes of these names, in order, when there is time enough for it."""
    before = len(house.replies[NEIGHBOUR])
    for name in names:
        house.ask(name, NEIGHBOUR)
    for _ in range(int(seconds / 0.05)):
        await house.turn(0.05)
    return house.rcodes(NEIGHBOUR)[before:]


@pytest.mark.parametrize("trouble", [silent, rcode("SERVFAIL")])
def test_names_that_failed_are_answered_as_soon_as_an_upstream_is_back(trouble: Step) -> None:
    """Down, as it is silent; or of no use, as a router without its line that says SERVFAIL."""

    async def scene(house: House) -> None:
        house.fakes[0].always = trouble
        for _ in range(20):
            assert {*await ask_all(house, *NAMES)} == {"SERVFAIL"}
        house.fakes[0].always = answered
        await ask_all(house, "www1.alive.example", seconds=10.0)  # by now a probe has found it, too
        assert await ask_all(house, *NAMES, seconds=0.2) == ["NOERROR"] * 4

    play(scene, answered)


def test_a_failing_name_is_left_alone_while_its_server_is_well() -> None:
    """What it leaves unanswered takes no server down, so no recovery ends the failure."""

    async def scene(house: House) -> None:
        house.fakes[0].always = lambda asked: (
            silent(asked) if asked.name == "dead.example" else answered(asked)
        )
        for number in range(60):
            await ask_all(house, "dead.example", f"www{number}.alive.example", seconds=3.0)
        queries = house.fakes[0].asked("dead.example")
        assert 6 <= len(queries) // 2 <= 9, "after 1, 2, 4 ... 60 s, two tries each"
        assert house.forwarder.recovered_at < 0

    play(scene, answered)
