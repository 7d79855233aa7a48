"""One target: what waits is sent, tried again, and given up in the end."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import pytest

from sinkhole.control.querylog import backoff
from sinkhole.control.shipping import destination
from sinkhole.control.shipping.carrier import NotSentError
from sinkhole.control.shipping.destination import BITE, Destination
from sinkhole.control.shipping.outbox import Tally
from sinkhole.model.tasks import Tasks


class Scripted:
    """Sends to a list; fails as it is told, or hangs while it is not open."""

    def __init__(self) -> None:
        self.sent: list[bytes] = []
        self.bites: list[int] = []
        self.failures: list[NotSentError] = []
        self.is_open = asyncio.Event()
        self.is_open.set()
        self.is_closed = False
        self.hangs_at_the_end = False

    async def send(self, items: Sequence[bytes]) -> None:
        await self.is_open.wait()
        self.bites.append(len(items))
        if self.failures:
            error = self.failures.pop(0)
            self.sent += items[: error.sent]
            raise error
        self.sent += items

    async def close(self) -> None:
        if self.hangs_at_the_end:
            await asyncio.Event().wait()
        self.is_closed = True


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(destination, "FLUSH_S", 0.1)
    monkeypatch.setattr(backoff, "RETRY_MAX_S", 0.02)


@asynccontextmanager
async def running(
    carrier: Scripted, before: Destination | None = None
) -> AsyncIterator[Destination]:
    tasks = Tasks("test")
    made = Destination("file", "there", carrier, Tally(), before)
    tasks.keep("run", made.run)
    try:
        yield made
    finally:
        made.end()
        await tasks.close(20)
        assert not tasks.faults.count


async def until_sent(made: Destination, count: int) -> None:
    async with asyncio.timeout(20):
        while made.status()["sent"] < count:
            await asyncio.sleep(0.005)


def numbered(first: int, last: int) -> list[bytes]:
    return [f"{number}".encode() for number in range(first, last)]


async def test_what_waits_is_sent_in_its_order_and_in_bites() -> None:
    carrier, items = Scripted(), numbered(0, 3 * BITE)
    async with running(carrier) as made:
        for item in items:
            made.outbox.put(item)
        await until_sent(made, len(items))
        assert carrier.sent == items and max(carrier.bites) == BITE
        assert made.status() == {
            "to": "file", "target": "there", "waiting": 0, "sent": len(items), "dropped": 0,
            "error": None,
        }  # fmt: skip
    assert carrier.is_closed


async def test_what_failed_is_tried_again_and_what_is_lost_is_counted() -> None:
    carrier = Scripted()
    carrier.failures = [NotSentError("away"), NotSentError("broken", sent=2, lost=1)]
    async with running(carrier) as made:
        for item in numbered(0, 10):
            made.outbox.put(item)
        async with asyncio.timeout(20):
            while made.status()["error"] is None:
                await asyncio.sleep(0)
        await until_sent(made, 9)
        assert carrier.sent == [*numbered(0, 2), *numbered(3, 10)]
        status = made.status()
        assert (status["sent"], status["dropped"], status["error"]) == (9, 1, None)


async def test_in_the_end_what_waits_is_sent_or_dropped() -> None:
    carrier = Scripted()
    async with running(carrier) as made:
        await asyncio.sleep(0)
        made.outbox.put(b"last")
    assert (carrier.sent, made.status()["dropped"]) == ([b"last"], 0)

    hanging = Scripted()
    hanging.is_open.clear()
    hanging.hangs_at_the_end = True
    async with running(hanging) as made:
        made.outbox.put(b"taken")
        await asyncio.sleep(0.05)
        made.outbox.put(b"waits")
        made.end()
        hanging.is_open.set()
        hanging.failures = [NotSentError("away")] * 2
    assert (made.status()["sent"], made.status()["dropped"]) == (0, 2)


async def test_one_begins_when_the_one_before_it_has_ended() -> None:
    old_carrier, new_carrier = Scripted(), Scripted()
    old_carrier.is_open.clear()
    async with running(old_carrier) as old, running(new_carrier, old) as new:
        old.outbox.put(b"old")
        new.outbox.put(b"new")
        await asyncio.sleep(0.05)
        assert new_carrier.sent == []
        old.end()
        old_carrier.is_open.set()
        await until_sent(new, 1)
        assert (old_carrier.sent, old_carrier.is_closed) == ([b"old"], True)


async def test_what_a_bug_costs_is_counted_and_it_goes_on() -> None:
    carrier, tasks = Scripted(), Tasks("test")

    async def buggy(items: Sequence[bytes]) -> None:
        carrier.send = Scripted.send.__get__(carrier)  # type: ignore[method-assign]  # once
        raise KeyError("a bug")

    carrier.send = buggy  # type: ignore[method-assign]  # it has a bug
    made = Destination("file", "there", carrier, Tally())
    tasks.keep("run", made.run)
    made.outbox.put(b"one")
    async with asyncio.timeout(20):
        while not made.status()["dropped"]:
            await asyncio.sleep(0.01)
    made.outbox.put(b"two")
    await until_sent(made, 1)
    assert (carrier.sent, tasks.faults.count) == ([b"two"], 1)
    await tasks.close()
