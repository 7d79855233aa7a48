"""A house whose upstreams are real sockets, while its time stands still but for what a scene turns.

Everything is played on one thread and one clock, so that eight seconds of a flood take one.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import dnslib
from fake_upstream import FakeUpstream, Step
from forwarding import make_forwarder
from world import Clock, StillLoop, World, question

from sinkhole.dns.pipeline.channel import UDP
from sinkhole.dns.pipeline.reaction import Waiting

FLOODER, NEIGHBOUR = "192.0.2.66", "192.0.2.7"
STEP_S = 0.005
TURNS = 8
"""Turns of the event loop in which a question goes to an upstream and its answer comes back."""


class House:
    """A pipeline with real upstreams, `fakes`, and what came of the questions of each client."""

    def __init__(self, clock: Clock, fakes: list[FakeUpstream], **options: int) -> None:
        self.clock = clock
        self.fakes = fakes
        self.forwarder = make_forwarder([each.address for each in fakes], clock=clock, **options)
        self.world = World(clock=clock, upstreams=self.forwarder, rate_limit=200)  # type: ignore[arg-type]  # the real one in place of the script
        self.replies: dict[str, list[dnslib.DNSRecord]] = {FLOODER: [], NEIGHBOUR: []}
        self.asked = 0

    def ask(self, name: str, client: str) -> None:
        """Ask without waiting for the reply."""
        self.asked += 1
        made = self.world.client_at(client)
        pipeline = self.world.pipeline
        reaction = pipeline.answer_now(question(name, edns=True), made, UDP, self.clock.now)
        heard = self.replies.setdefault(client, [])
        if isinstance(reaction, Waiting):
            pipeline.answer_then(
                reaction, lambda reply: heard.append(dnslib.DNSRecord.parse(reply))
            )
        else:
            assert isinstance(reaction, bytes)
            heard.append(dnslib.DNSRecord.parse(reaction))

    async def turn(self, seconds: float = STEP_S) -> None:
        """Let time pass, and what is due happen."""
        self.clock.now += seconds
        for _ in range(TURNS):
            await asyncio.sleep(0)

    def rcodes(self, client: str) -> list[str]:
        return [dnslib.RCODE.get(reply.header.rcode) for reply in self.replies[client]]


Scene = Callable[[House], Awaitable[None]]


def play(scene: Scene, always: Step, *, upstreams: int = 1, **options: int) -> None:
    """Play a scene in a house with so many upstreams, which do `always`.

    They know `www0.alive.example` to `www99.alive.example` and `www.alive0.example` and so on.
    """

    async def main() -> None:
        fakes = [FakeUpstream() for _ in range(upstreams)]
        for fake in fakes:
            await fake.open()
            fake.always = always
            for number in range(100):
                fake.answer(f"www{number}.alive.example", "A", ["198.51.100.1"])
                fake.answer(f"www.alive{number}.example", "A", ["198.51.100.1"])
        house = House(clock, fakes, **options)
        house.forwarder.start()
        try:
            await house.turn()
            await scene(house)
        finally:
            await house.forwarder.close()
            for fake in fakes:
                await fake.close()

    clock = Clock()
    with asyncio.Runner(loop_factory=lambda: StillLoop(clock)) as runner:
        runner.run(main())
