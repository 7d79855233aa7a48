"""A forwarder whose upstreams are asked by TLS or HTTPS, on a clock that a test turns.

    def test_something() -> None:
        async def scene(play: Play) -> None:
            play.fakes[0].script(closes)
            play.ask("www1.example.org")
            await play.until_told()
        act(scene, FakeTls(), FakeHttps())

All is made of settings, and sockets, TLS and HTTP/2 are real. Clock and event loop stand still but
for what `Play` turns, so "within 4.5 s" is counted, whatever the machine does meanwhile.
"""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from itertools import count
from pathlib import Path
from typing import Final

from certificates import write_authority
from fake_encrypted import FakeTls
from fake_upstream import FakeUpstream
from house import house
from world import Clock, StillLoop

from sinkhole.app.upstreams import upstream_terms
from sinkhole.dns.upstream.flight import Exchanged
from sinkhole.dns.upstream.links.http2 import ALPN
from sinkhole.dns.upstream.links.tls import TlsContexts
from sinkhole.dns.upstream.upstreams import Upstreams
from sinkhole.dns.wire.name import from_text
from sinkhole.dns.wire.question import Question
from sinkhole.model.errors import UpstreamError

NAME: Final = "dns.example.org"
MOST_S: Final = 4.5
"""What a stub resolver waits for an answer is 5 s; ours, or SERVFAIL, must be there before."""

STEP_S: Final = 0.05
TURNS: Final = 40
"""Turns of the event loop in which all comes through that can come at one moment."""

Told = Exchanged | UpstreamError


def trusting() -> TlsContexts:
    """Contexts that trust the authority of the tests, read from its file already."""
    with tempfile.TemporaryDirectory() as folder:
        contexts = TlsContexts(write_authority(Path(folder)))
        for alpn in ((), (ALPN,)):
            contexts.load(alpn, pinned=False)
    return contexts


class Play:
    """The upstreams, the `fakes` that they are, and what came of each question."""

    def __init__(self, clock: Clock, fakes: Sequence[FakeTls], upstreams: Upstreams) -> None:
        self.clock = clock
        self.fakes = fakes
        self.upstreams = upstreams
        self.told: dict[str, list[Told]] = {}

    def ask(self, *names: str) -> None:
        """Ask for the addresses of names, without waiting."""
        for name in names:
            told = self.told.setdefault(name, [])
            self.upstreams.forwarder.ask(Question(from_text(name), 1), partial(list.append, told))

    async def ask_one_by_one(self, *names: str) -> None:
        """Ask, and wait until it is told something, which must not take a second."""
        for name in names:
            self.ask(name)
            await self.until(partial(bool, self.told[name]), 1.0)

    async def turn(self, seconds: float = STEP_S) -> None:
        """Let time pass, and what is due happen."""
        self.clock.now += seconds
        for _ in range(TURNS):
            await asyncio.sleep(0)

    async def until(self, condition: Callable[[], object], most_s: float = MOST_S) -> float:
        """Let time pass until this is so; how long that was."""
        began = self.clock.now
        await self.turn(0)
        while not condition():
            assert self.clock.now - began < most_s, f"not so within {most_s} s"
            await self.turn()
        return self.clock.now - began

    async def until_told(self) -> float:
        """Let time pass until every question was told something, and it once; how long that was."""
        took = await self.until(lambda: all(self.told.values()))
        for _ in range(20):
            await self.turn(0.5)
        assert {len(told) for told in self.told.values()} == {1}
        return took

    async def until_back(self, most_s: float) -> float:
        """Ask for another name twice a second until one is answered; how long that was."""
        began = self.clock.now
        for number in count():
            assert self.clock.now - began < most_s, f"not back within {most_s} s: {self.errors()}"
            name = f"back{number}.example.org"
            self.ask(name)
            await self.turn(0)
            if self.told[name] and isinstance(self.told[name][0], Exchanged):
                break
            for _ in range(10):
                await self.turn()
        return self.clock.now - began

    def answers(self) -> int:
        """How many were answered."""
        return sum(isinstance(told[0], Exchanged) for told in self.told.values() if told)

    def errors(self) -> set[str]:
        """Why others were not."""
        told = [each[0] for each in self.told.values() if each]
        return {each.cause for each in told if isinstance(each, UpstreamError)}

    def is_proven(self) -> bool:
        """Whether each of the upstreams has answered."""
        return all(each["rtt_ms"] is not None for each in self.upstreams.forwarder.status())


Scene = Callable[[Play], Awaitable[None]]


def act(
    scene: Scene,
    *fakes: FakeTls,
    proven: bool = True,
    servers: Sequence[str] = (),
    bootstrap: FakeUpstream | None = None,
) -> None:
    """Play a scene with these upstreams, which know an address of every name.

    With `proven` they have all answered before the scene begins. The settings have the URLs of the
    fakes, or those of `servers`; names are looked up by `bootstrap`.
    """
    clock = Clock()
    contexts = trusting()
    settings = house(
        Path("nowhere"),
        upstream__servers=list(servers) or [fake.url for fake in fakes],
        upstream__bootstrap=[bootstrap.name] if bootstrap else [],
    )

    async def main() -> None:
        upstreams = Upstreams(upstream_terms(settings), contexts=contexts, clock=clock)
        play = Play(clock, fakes, upstreams)
        for fake in fakes:
            fake.answer("*", "A", ["192.0.2.1"])
        everybody = [*fakes, *([bootstrap] if bootstrap else [])]
        for each in everybody:
            await each.open()
        upstreams.start()
        try:
            if proven:
                await play.until(play.is_proven)
            await scene(play)
        finally:
            await upstreams.close()
            for each in everybody:
                await each.close()

    with asyncio.Runner(loop_factory=lambda: StillLoop(clock)) as runner:
        runner.run(main())
