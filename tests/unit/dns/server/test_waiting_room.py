"""So many wait and no more, and the end waits for them, but not for ever."""

from __future__ import annotations

import asyncio

from sinkhole.dns.server.waiting_room import WaitingRoom


def test_who_finds_no_place_is_counted() -> None:
    room = WaitingRoom(2)
    assert [room.enter() for _ in range(3)] == [True, True, False]
    room.leave()
    assert room.enter()
    assert (room.waiting, room.overloaded) == (2, 1)


async def test_the_end_waits_until_nobody_does() -> None:
    room = WaitingRoom()
    await room.empty(1000)
    room.enter()
    room.enter()
    ending = asyncio.create_task(room.empty(1000))
    await asyncio.sleep(0)
    room.leave()
    await asyncio.sleep(0)
    assert not ending.done()
    room.leave()
    await ending


async def test_patience_ends() -> None:
    room = WaitingRoom()
    room.enter()
    await room.empty(0)
    await room.empty(0.01)
    assert room.waiting == 1
