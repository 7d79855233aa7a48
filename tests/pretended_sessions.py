"""A link whose sessions do as the test says, on a clock that stands still.

async def life(world: World) -> None:
    world.ask("a.example.org")
    session = await world.opened()     # the connection that it waits for is made
    session.answer()                   # the oldest question on it
    assert world.answers() == {"a.example.org"}

run(life)
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import dnslib
from world import Clock, StillLoop

from sinkhole.dns.upstream.links.link import Failure, LinkAnswer
from sinkhole.dns.upstream.links.session import Asking, Session, SessionEvents
from sinkhole.dns.upstream.links.sessions import SessionLink
from sinkhole.dns.wire.name import from_text, to_text
from sinkhole.dns.wire.numbers import Type
from sinkhole.dns.wire.question import Question

BUDGET_S = 100.0


def reply_to(question: Question, rcode: str = "NOERROR") -> bytes:
    record = dnslib.DNSRecord.question(to_text(question.name), dnslib.QTYPE[question.qtype])
    reply = record.reply()
    reply.header.rcode = getattr(dnslib.RCODE, rcode)
    return bytes(reply.pack())


class Pretended:
    """A session: what it was given is in `underway`."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.room = world.room
        self.address = "192.0.2.1"
        self.underway: list[Asking] = []
        self.cancelled: list[Asking] = []
        self.is_closed = False

    def send(self, asking: Asking) -> None:
        assert self.room > 0 and not self.is_closed
        self.room -= 1
        self.underway.append(asking)

    def cancel(self, asking: Asking) -> None:
        self.underway.remove(asking)
        self.cancelled.append(asking)

    def close(self) -> None:
        self.is_closed = True

    def answer(self, rcode: str = "NOERROR") -> None:
        """Answer the oldest question."""
        asking = self.underway.pop(0)
        self.room += 1
        self.world.link.answered(asking, reply_to(asking.question, rcode))

    def end(self, what: str = "closed the connection") -> None:
        self.room = 0
        self.is_closed = True
        self.world.link.ended(self, what)


class World:
    """A link whose sessions are opened by the test."""

    def __init__(self) -> None:
        self.clock = Clock()
        self.room = 1000
        self.sessions: list[Pretended] = []
        self.opening: list[asyncio.Future[Session]] = []
        self.told: dict[str, list[LinkAnswer | Failure]] = {}
        self.link = SessionLink("tls", self._open, clock=self.clock)

    async def _open(self, events: SessionEvents, deadline: float) -> Session:
        assert events is self.link
        assert deadline > self.clock.now
        future: asyncio.Future[Session] = asyncio.get_running_loop().create_future()
        self.opening.append(future)
        return await future

    async def opened(self) -> Pretended:
        """A connection is made."""
        await turns()
        session = Pretended(self)
        self.sessions.append(session)
        self.opening[-1].set_result(session)
        await turns()
        return session

    async def unopened(self, error: Exception) -> None:
        await turns()
        self.opening[-1].set_exception(error)
        await turns()

    def ask(self, name: str, limit_s: float = BUDGET_S) -> Callable[[], None] | Failure:
        told = self.told.setdefault(name, [])
        question = Question(from_text(name), Type.A)
        return self.link.ask(question, self.clock.now + limit_s, told.append)

    async def pass_time(self, seconds: float, step_s: float = 0.05) -> None:
        """Let time pass, as far as timers can tell in small steps."""
        end = self.clock.now + seconds
        while self.clock.now < end:
            self.clock.now = min(self.clock.now + step_s, end)
            await turns()

    def answers(self) -> set[str]:
        return {
            name for name, told in self.told.items() if told and isinstance(told[0], LinkAnswer)
        }


async def turns() -> None:
    for _ in range(4):
        await asyncio.sleep(0)


def run(life: Callable[[World], Coroutine[Any, Any, None]]) -> None:
    """Live a link's life; at its end nobody has been told twice."""
    world = World()

    async def whole() -> None:
        world.link.start()
        await life(world)
        assert all(len(told) <= 1 for told in world.told.values())
        await world.link.close()
        assert all(session.is_closed for session in world.sessions)

    with asyncio.Runner(loop_factory=lambda: StillLoop(world.clock)) as runner:
        runner.run(whole())
