"""A forwarder whose upstreams are asked by TLS or HTTPS, on a clock that a test turns.

    def test_something() -> None:
        async def scene(play: Play) -> None:
            play.fakes[0].script(closes)
            play.ask("example.org")
            await play.until_told()
        act(scene, FakeTls(), FakeHttps())

Sockets, TLS and HTTP/2 are real. Clock and event loop stand still but for what `Play` turns, so
"within 4.5 s" is counted, whatever the machine does meanwhile.
"""

from __future__ import annotations

import asyncio
import tempfile
import time
from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path
from typing import Final

from certificates import write_authority
from fake_encrypted import FakeTls
from world import Clock, StillLoop

from sinkhole.dns.upstream.flight import Exchanged
from sinkhole.dns.upstream.forwarder import Forwarder
from sinkhole.dns.upstream.health import Server
from sinkhole.dns.upstream.links.addresses import Addresses, FixedAddresses
from sinkhole.dns.upstream.links.connect import Connector
from sinkhole.dns.upstream.links.http2 import ALPN, http2_sessions
from sinkhole.dns.upstream.links.sessions import SessionLink
from sinkhole.dns.upstream.links.stream import stream_sessions
from sinkhole.dns.upstream.links.tls import TlsContexts
from sinkhole.dns.upstream.sets import DEFAULT, UpstreamSet
from sinkhole.dns.wire.name import from_text
from sinkhole.dns.wire.question import Question
from sinkhole.model.errors import UpstreamError
from sinkhole.model.upstream_url import UpstreamKind, UpstreamUrl

NAME: Final = "dns.example.org"
MOST_S: Final = 4.5
"""What a stub resolver waits for an answer is 5 s; ours, or SERVFAIL, must be there before."""

STEP_S: Final = 0.05
TURNS: Final = 40
"""Turns of the event loop in which all comes through that can come at one moment."""

Told = Exchanged | UpstreamError


def server_at(
    kind: UpstreamKind,
    port: int,
    addresses: Addresses,
    contexts: TlsContexts,
    clock: Callable[[], float] = time.monotonic,
) -> Server:
    """An upstream called `NAME` at these addresses."""
    url = UpstreamUrl(kind, NAME, port, "/dns-query" if kind == "https" else "")
    alpn = (ALPN,) if kind == "https" else ()
    connector = Connector(url, addresses, contexts=contexts, alpn=alpn, clock=clock)
    sessions = (
        http2_sessions(connector, url)
        if kind == "https"
        else stream_sessions(connector, padded=kind == "tls")
    )
    return Server(str(url), SessionLink(kind, sessions, clock=clock))


def trusting() -> TlsContexts:
    """Contexts that trust the authority of the tests, read from its file already."""
    with tempfile.TemporaryDirectory() as folder:
        contexts = TlsContexts(write_authority(Path(folder)))
        for alpn in ((), (ALPN,)):
            contexts.load(alpn, pinned=False)
    return contexts


class Moving:
    """Addresses of a server that moves: what is in `known` is what its name says now."""

    def __init__(self, *known: str) -> None:
        self.known = list(known)
        self.failures: list[str] = []

    async def find(self, deadline: float) -> list[str]:
        """Those of now."""
        return self.known

    def worked(self, ip: str) -> None:
        """Nothing to remember."""

    def failed(self, ip: str) -> None:
        """It is to be looked up again."""
        self.failures.append(ip)


class Play:
    """The forwarder, its `fakes`, and what came of each question."""

    def __init__(self, clock: Clock, fakes: list[FakeTls], servers: list[Server]) -> None:
        self.clock = clock
        self.fakes = fakes
        self.servers = servers
        self.forwarder = Forwarder({DEFAULT: UpstreamSet(tuple(servers))}, clock=clock)
        self.told: dict[str, list[Told]] = {}
        """What each question was told, in the order of the asking."""

    def ask(self, *names: str) -> None:
        """Ask for the addresses of names, without waiting."""
        for name in names:
            told = self.told.setdefault(name, [])
            self.forwarder.ask(Question(from_text(name), 1), partial(list.append, told))

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
        await self.turn(10.0)
        assert {len(told) for told in self.told.values()} == {1}
        return took

    def answers(self) -> int:
        """How many were answered."""
        return sum(isinstance(told[0], Exchanged) for told in self.told.values() if told)

    def errors(self) -> set[str]:
        """Why others were not."""
        return {told[0].cause for told in self.told.values() if isinstance(told[0], UpstreamError)}


Scene = Callable[[Play], Awaitable[None]]


def act(scene: Scene, *fakes: FakeTls, proven: bool = True, at: Addresses | None = None) -> None:
    """Play a scene with these upstreams, which know an address of every name.

    With `proven` they have all answered a probe before the scene begins. Where they are is known,
    or for all of them told by `at`.
    """
    clock = Clock()
    contexts = trusting()

    async def main() -> None:
        servers = [
            server_at(fake.stream, fake.port, at or FixedAddresses([fake.host]), contexts, clock)
            for fake in fakes
        ]
        play = Play(clock, list(fakes), servers)
        for fake in fakes:
            await fake.open()
            fake.answer("*", "A", ["192.0.2.1"])
        play.forwarder.start()
        try:
            if proven:
                await play.until(lambda: all(each.rtt_s is not None for each in servers))
            await scene(play)
        finally:
            await play.forwarder.close()
            for fake in fakes:
                await fake.close()

    with asyncio.Runner(loop_factory=lambda: StillLoop(clock)) as runner:
        runner.run(main())
