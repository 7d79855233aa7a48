"""What is made of failures when many wait for one answer, or nobody can be asked."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest
from world import Said, Script, World, addresses, question

from sinkhole.dns.pipeline.reaction import Waiting
from sinkhole.dns.wire.question import Question
from sinkhole.model.errors import UpstreamError


class Busy(Script):
    """Upstreams that take no more questions while `full`."""

    full = False

    def ask(
        self, question: Question, tell: Callable[[Said | UpstreamError], None], client: bytes = b""
    ) -> None:
        if self.full:
            raise UpstreamError("", "too many questions are waiting")
        super().ask(question, tell)


async def test_a_failure_counts_once_however_many_clients_wait_for_it() -> None:
    world = World()
    world.upstreams.dead = True
    world.upstreams.gate = asyncio.Event()
    asking = [asyncio.ensure_future(world.ask("example.org")) for _ in range(10)]
    await asyncio.sleep(0)
    world.upstreams.gate.set()
    assert {reply.header.rcode for reply in await asyncio.gather(*asking)} == {2}
    world.clock.now += 1
    assert isinstance(world.now(question("example.org")), Waiting)


async def test_what_nobody_was_asked_is_not_remembered_as_a_failure() -> None:
    upstreams = Busy()
    world = World(upstreams=upstreams)
    upstreams.full = True
    for _ in range(10):
        assert (await world.ask("example.org")).header.rcode == 2
    upstreams.full = False
    world.upstreams.says("example.org", "A", "example.org. 60 A 192.0.2.1")
    assert addresses(await world.ask("example.org")) == ["192.0.2.1"]


async def test_an_expired_answer_stands_in_where_nobody_can_be_asked() -> None:
    upstreams = Busy()
    world = World(upstreams=upstreams)
    world.upstreams.says("example.org", "A", "example.org. 60 A 192.0.2.1")
    await world.ask("example.org")
    world.clock.now += 1000
    upstreams.full = True
    assert addresses(await world.ask("example.org")) == ["192.0.2.1"]


async def test_lost_patience_is_not_remembered_as_a_failure(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The upstream may answer yet; what the client was to fall back on was evicted meanwhile."""
    monkeypatch.setattr("sinkhole.dns.pipeline.forward.STALE_PATIENCE_S", 0.01)
    world = World()
    world.upstreams.says("example.org", "A", "example.org. 60 A 192.0.2.1")
    await world.ask("example.org")
    world.clock.now += 1000
    world.upstreams.gate = asyncio.Event()
    asking = asyncio.create_task(world.ask("example.org"))
    await asyncio.sleep(0)
    world.table.clear()
    assert (await asking).header.rcode == 2
    assert not world.table.entries
    world.upstreams.gate.set()
    for _ in range(5):
        await asyncio.sleep(0)
    assert addresses(await world.ask("example.org")) == ["192.0.2.1"]
    assert len(world.upstreams.asked) == 2
