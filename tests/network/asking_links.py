"""Asking links in tests: what each question was told, and links to servers of `stream_server`."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

from stream_server import StreamServer

from sinkhole.dns.upstream.links.addresses import FixedAddresses
from sinkhole.dns.upstream.links.connect import Connector, Proxy
from sinkhole.dns.upstream.links.link import Failure, Link, LinkAnswer
from sinkhole.dns.upstream.links.sessions import SessionLink
from sinkhole.dns.upstream.links.stream import stream_sessions
from sinkhole.dns.upstream.links.tls import TlsContexts
from sinkhole.dns.wire.name import from_text
from sinkhole.dns.wire.numbers import Type
from sinkhole.dns.wire.question import Question
from sinkhole.model.upstream_url import UpstreamKind, UpstreamUrl

LIMIT_S: Final = 30.0
NAME: Final = "dns.example.org"
"""What servers are called in URLs and certificates."""


class Asker:
    """Asks a link, and keeps what it was told of each name."""

    def __init__(self, link: Link) -> None:
        self.link = link
        self.told: dict[str, list[LinkAnswer | Failure]] = {}
        self._now = asyncio.get_running_loop().time

    def ask(self, name: str, limit_s: float = LIMIT_S) -> Callable[[], None] | Failure:
        """Ask for the addresses of a name."""
        told = self.told.setdefault(name, [])
        question = Question(from_text(name), Type.A)
        return self.link.ask(question, self._now() + limit_s, told.append)

    async def answer(self, name: str = "www.example.org", limit_s: float = LIMIT_S) -> LinkAnswer:
        """Ask, and wait for the answer."""
        result = await self.result(name, limit_s)
        assert isinstance(result, LinkAnswer), result
        return result

    async def result(
        self, name: str = "www.example.org", limit_s: float = LIMIT_S
    ) -> LinkAnswer | Failure:
        """Ask, and wait for what becomes of it."""
        self.told.pop(name, None)
        asked = self.ask(name, limit_s)
        if isinstance(asked, Failure):
            return asked
        await self.all_told()
        return self.told[name][0]

    async def all_told(self) -> None:
        """Wait until every question was told something."""
        await until(lambda: all(self.told.values()))


async def until(done: Callable[[], object]) -> None:
    async with asyncio.timeout(LIMIT_S):
        while not done():
            await asyncio.sleep(0.001)


@asynccontextmanager
async def linked(
    server: StreamServer,
    kind: UpstreamKind = "tcp",
    authorities: Path | None = None,
    proxy: Proxy | None = None,
    host: str = "",
) -> AsyncIterator[SessionLink]:
    """A link to a server, by the name NAME or by its address; closed behind it."""
    url = UpstreamUrl(kind, host or NAME, server.port)
    addresses = FixedAddresses([host or server.host])
    connector = Connector(url, addresses, contexts=TlsContexts(authorities), proxy=proxy)
    link = SessionLink(kind, stream_sessions(connector, padded=kind == "tls"))
    link.start()
    try:
        yield link
    finally:
        await link.close()


@asynccontextmanager
async def asking(
    server: StreamServer, kind: UpstreamKind = "tcp", authorities: Path | None = None
) -> AsyncIterator[Asker]:
    """Who asks such a link."""
    async with linked(server, kind, authorities) as link:
        yield Asker(link)
