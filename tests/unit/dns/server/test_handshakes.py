"""However many handshakes are ready, others have their turn between any two steps."""

from __future__ import annotations

import asyncio
import time
from functools import partial

from sinkhole.dns.pipeline.bugs import Bugs
from sinkhole.dns.server.handshakes import MAX_HANDSHAKES, Handshakes


async def test_one_step_is_taken_in_each_turn_of_the_event_loop() -> None:
    handshakes, loop = Handshakes(Bugs(time.monotonic)), asyncio.get_running_loop()
    happened: list[str] = []

    def turn() -> None:
        happened.append("turn")
        if happened.count("turn") < 6:
            loop.call_soon(turn)

    loop.call_soon(turn)
    for number in range(3):
        handshakes.queue(partial(happened.append, str(number)))
    while happened.count("turn") < 6:
        await asyncio.sleep(0)
    assert happened == ["turn", "0", "turn", "1", "turn", "2", "turn", "turn", "turn"]


async def test_a_step_that_meets_a_bug_keeps_no_other_from_being_taken() -> None:
    bugs, taken = Bugs(time.monotonic), asyncio.Event()
    handshakes = Handshakes(bugs)
    handshakes.queue(lambda: 1 // 0)
    handshakes.queue(taken.set)
    await taken.wait()
    assert bugs.met == 1


async def test_a_step_may_be_followed_by_the_next_of_the_same_connection() -> None:
    handshakes, taken = Handshakes(Bugs(time.monotonic)), asyncio.Event()
    handshakes.queue(lambda: handshakes.queue(taken.set))
    await taken.wait()


def test_there_are_no_more_places_than_the_machine_has_descriptors() -> None:
    assert Handshakes(Bugs(time.monotonic), 8).places.most == 8
    assert Handshakes(Bugs(time.monotonic), 1000).places.most == MAX_HANDSHAKES
