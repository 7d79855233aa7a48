"""The links to upstreams: from a URL to a way to ask that server."""

from __future__ import annotations

from collections.abc import Callable

from sinkhole.dns.upstream.bootstrap import Bootstrap, BootstrappedAddresses
from sinkhole.dns.upstream.links.addresses import Addresses, FixedAddresses
from sinkhole.dns.upstream.links.connect import ConnectionFacts, Connector, Proxy
from sinkhole.dns.upstream.links.http2 import ALPN as HTTP2
from sinkhole.dns.upstream.links.http2 import http2_sessions
from sinkhole.dns.upstream.links.link import Link
from sinkhole.dns.upstream.links.plain import PlainLink
from sinkhole.dns.upstream.links.plain_by_name import PlainByName
from sinkhole.dns.upstream.links.plain_engine import PlainEngine
from sinkhole.dns.upstream.links.quic_sessions import QuicSessions
from sinkhole.dns.upstream.links.session import OpenSession
from sinkhole.dns.upstream.links.sessions import SessionLink
from sinkhole.dns.upstream.links.stream import stream_sessions
from sinkhole.dns.upstream.links.tls import TlsContexts
from sinkhole.dns.upstream.terms import UpstreamTerms
from sinkhole.model.faults import Faults
from sinkhole.model.proxy_url import ProxyUrl
from sinkhole.model.socket_address import address_text
from sinkhole.model.upstream_url import UpstreamUrl

Facts = Callable[[], ConnectionFacts | None]
"""What is known of the connection that was made last; None where there was none."""


class UpstreamLinks:
    """Makes links, by the bootstrap resolvers and the proxy of `terms`; `start`, then `close`.

    `most_by_udp` is how many questions may be underway to one plain server. Plain links share
    `engine`, which stays open as long as one of them is.
    """

    def __init__(
        self,
        terms: UpstreamTerms,
        engine: PlainEngine,
        contexts: TlsContexts,
        *,
        most_by_udp: int,
        clock: Callable[[], float],
        faults: Faults,
    ) -> None:
        self.basis = (terms.bootstrap, terms.proxy, most_by_udp)
        """What they are made by: where that is another, a server needs another link."""
        self._engine, self._contexts = engine, contexts
        self._most_by_udp, self._clock, self._faults = most_by_udp, clock, faults
        self._resolvers = [
            (address_text(*each), PlainLink(*each, engine)) for each in terms.bootstrap
        ]
        self._bootstrap = Bootstrap(self._resolvers, clock=clock, faults=faults)
        self._proxy = self._proxied(terms.proxy) if terms.proxy else None

    def start(self) -> None:
        """Be ready to find servers with a name, within a running event loop."""
        for _, link in self._resolvers:
            link.start()

    async def close(self) -> None:
        """Look nobody up any more; links are their owners' to close."""
        await self._bootstrap.close()
        for _, link in self._resolvers:
            await link.close()

    def problems(self, terms: UpstreamTerms) -> list[str]:
        """Names of servers that cannot be found now, a sentence each; of those that are wanted, as
        others were only tried, or have gone."""
        hosts = dict.fromkeys(each.url.host for each in terms.servers)
        if terms.proxy:
            hosts[terms.proxy.host] = None
        return [*filter(None, map(self._bootstrap.problem, hosts))]

    def link(self, url: UpstreamUrl) -> Link:
        """The link to one server; by the proxy, where there is one and it can be."""
        return self.observed_link(url)[0]

    def observed_link(self, url: UpstreamUrl) -> tuple[Link, Facts]:
        """The same, and what tells of the connection that it made last."""
        addresses = self.addresses(url)
        if url.kind == "udp":
            if not url.is_named:
                return PlainLink(url.host, url.port, self._engine, self._most_by_udp), _no_facts
            by_name = PlainByName(addresses, url.port, self._engine, self._most_by_udp)
            return by_name, _no_facts
        opener, facts = self._opener(url, addresses)
        return SessionLink(url.kind, opener, clock=self._clock, faults=self._faults), facts

    def addresses(self, url: UpstreamUrl) -> Addresses:
        """Where a server is: as it says itself, else as the bootstrap resolvers say."""
        if url.addresses or not url.is_named:
            return FixedAddresses(url.addresses or (url.host,))
        return BootstrappedAddresses(url.host, self._bootstrap)

    def _opener(self, url: UpstreamUrl, addresses: Addresses) -> tuple[OpenSession, Facts]:
        if url.kind in ("quic", "h3"):
            sessions = QuicSessions(url, addresses, contexts=self._contexts, clock=self._clock)
            return sessions, lambda: sessions.facts
        # For tls none (RFC 7858 asks for none): a server that knows none might refuse it.
        alpn = (HTTP2,) if url.kind == "https" else ()
        connector = Connector(
            url,
            addresses,
            contexts=self._contexts,
            alpn=alpn,
            proxy=self._proxy,
            clock=self._clock,
        )
        if url.kind == "https":
            opener = http2_sessions(connector, url)
        else:
            opener = stream_sessions(connector, padded=url.is_encrypted)
        return opener, lambda: connector.facts

    def _proxied(self, url: ProxyUrl) -> Proxy:
        where = UpstreamUrl("tcp", url.host, url.port)
        return Proxy(url, self.addresses(where))


def _no_facts() -> ConnectionFacts | None:
    return None
