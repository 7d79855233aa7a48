"""The real QUIC listener at a place of its own, and our own links that ask it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from ipaddress import ip_network
from pathlib import Path

from certificates import leaf, write_authority
from places import Place, nobodys_place
from quic_asking import LIMIT_S, Told
from real_peers import NAME
from world import World

from sinkhole.dns.server import quic
from sinkhole.dns.server.door import Door
from sinkhole.dns.server.quic import QuicListener
from sinkhole.dns.server.quic_terms import QuicTerms
from sinkhole.dns.server.sockets import bind
from sinkhole.dns.upstream.links.addresses import FixedAddresses
from sinkhole.dns.upstream.links.quic_sessions import QuicSessions
from sinkhole.dns.upstream.links.session import Session
from sinkhole.dns.upstream.links.tls import TlsContexts
from sinkhole.model.upstream_url import UpstreamKind, UpstreamUrl


def make_world() -> World:
    world = World(block=["ads.example.org"])
    world.upstreams.says("example.org", "A", "example.org. 60 A 192.0.2.1")
    return world


class Serving:
    """A listener that serves at `place`, by a Door of its own."""

    def __init__(
        self,
        world: World,
        place: Place,
        protocols: tuple[str, ...],
        most: int,
        proxies: Sequence[str],
    ) -> None:
        self.place = place
        self.door = Door(world.pipeline, most, map(ip_network, proxies))
        self.terms = QuicTerms(protocols, names=(NAME,))
        certificate = leaf(NAME, place.host)
        self.terms.use(certificate.chain_pem, certificate.key_pem)

    def open(self, host: str | None = None) -> None:
        """Listen."""
        self._bound = bind("UDP", host or self.place.host, self.place.port)
        self.listener = QuicListener(self.door, self.terms)
        self.listener.listen(self._bound)

    async def close(self) -> None:
        """Listen no more."""
        await self.listener.stop()
        await self.door.close()
        assert len(self.socket) == 0
        self._bound.sock.close()

    @property
    def socket(self) -> quic.QuicSocket:
        return self.listener._sockets[0]

    def sessions(self, folder: Path, kind: UpstreamKind, name: str = NAME) -> QuicSessions:
        """What opens sessions with it, as our own links do."""
        url = UpstreamUrl(kind, name, self.place.port, "/dns-query")
        contexts = TlsContexts(write_authority(folder))
        clock = asyncio.get_running_loop().time
        return QuicSessions(url, FixedAddresses([self.place.host]), contexts=contexts, clock=clock)

    async def session(
        self,
        folder: Path,
        kind: UpstreamKind,
        told: Told,
        name: str = NAME,
        limit_s: float = LIMIT_S,
    ) -> Session:
        """One of our own sessions, connected to it."""
        deadline = asyncio.get_running_loop().time() + limit_s
        return await self.sessions(folder, kind, name)(told, deadline)


@asynccontextmanager
async def serving(
    world: World,
    *protocols: str,
    host: str | None = None,
    asked_at: str | None = None,
    most: int = 64,
    proxies: Sequence[str] = (),
) -> AsyncIterator[Serving]:
    place = nobodys_place()
    place = place._replace(host=asked_at or place.host)
    made = Serving(world, place, protocols or ("doq",), most, proxies)
    made.open(host)
    try:
        yield made
    finally:
        await made.close()
