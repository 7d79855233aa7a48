"""What waits is bounded by bytes; the oldest go, and are counted."""

from __future__ import annotations

import asyncio

from sinkhole.control.shipping.outbox import Outbox, Tally


def a_box(most_bytes: int = 10) -> Outbox:
    return Outbox(Tally(), most_bytes)


def test_the_oldest_are_dropped_for_the_newest() -> None:
    box = a_box()
    for item in (b"aaaa", b"bbbb", b"cccc", b"dd"):
        box.put(item)
    assert box.take(100, 100) == [b"bbbb", b"cccc", b"dd"]
    assert box.tally == Tally(sent=0, dropped=1)


def test_one_that_is_larger_than_all_that_may_wait_is_dropped() -> None:
    box = a_box()
    box.put(b"a" * 11)
    assert len(box) == 0 and box.tally.dropped == 1


def test_as_many_are_taken_as_one_likes() -> None:
    box = a_box(100)
    for item in (b"aaaa", b"bbbb", b"cccc", b"dddd"):
        box.put(item)
    assert box.take(5, 100) == [b"aaaa", b"bbbb"]
    assert box.take(100, 1) == [b"cccc"]
    assert box.take(0, 1) == [] and len(box) == 1


def test_what_could_not_be_sent_comes_first_again_and_makes_room_for_newer() -> None:
    box = a_box()
    for item in (b"aaaa", b"bbbb"):
        box.put(item)
    taken = box.take(100, 100)
    box.put(b"cccc")
    box.give_back(taken)
    assert box.take(100, 100) == [b"bbbb", b"cccc"]
    assert box.tally.dropped == 1
    box.put(b"last")
    box.drop_all()
    assert len(box) == 0 and box.tally.dropped == 2


async def test_who_waits_is_woken_by_what_comes_or_for_the_end() -> None:
    box = a_box()
    waiting = asyncio.create_task(box.some())
    await asyncio.sleep(0)
    box.put(b"a")
    await waiting
    await box.some()
    box.take(1, 1)
    waiting = asyncio.create_task(box.some())
    await asyncio.sleep(0)
    box.wake()
    await waiting
