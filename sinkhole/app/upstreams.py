"""The upstreams that the settings ask for: sets of servers, each server with its link."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping

from sinkhole.app.network_watch import NetworkWatch
from sinkhole.control.settings import Settings
from sinkhole.control.settings.upstream_schema import (
    USUAL_SERVERS,
    Servers,
    UpstreamItem,
    UpstreamSettings,
)
from sinkhole.dns.policy.routes import set_of_route
from sinkhole.dns.upstream.bootstrap import Bootstrap, BootstrappedAddresses
from sinkhole.dns.upstream.forwarder import Forwarder
from sinkhole.dns.upstream.health import Server
from sinkhole.dns.upstream.links.addresses import Addresses, FixedAddresses
from sinkhole.dns.upstream.links.connect import ConnectionFacts, Connector, Proxy
from sinkhole.dns.upstream.links.http2 import ALPN as HTTP2
from sinkhole.dns.upstream.links.http2 import http2_sessions
from sinkhole.dns.upstream.links.link import Link
from sinkhole.dns.upstream.links.plain import MOST_PER_SERVER, PlainLink
from sinkhole.dns.upstream.links.plain_by_name import PlainByName
from sinkhole.dns.upstream.links.plain_engine import PlainEngine
from sinkhole.dns.upstream.links.quic_sessions import QuicSessions
from sinkhole.dns.upstream.links.session import OpenSession
from sinkhole.dns.upstream.links.sessions import SessionLink
from sinkhole.dns.upstream.links.stream import stream_sessions
from sinkhole.dns.upstream.links.tls import TlsContexts
from sinkhole.dns.upstream.sets import DEFAULT, UpstreamSet
from sinkhole.dns.upstream.strategies import STRATEGIES, Strategy
from sinkhole.model.faults import Faults
from sinkhole.model.proxy_url import ProxyUrl
from sinkhole.model.upstream_url import UpstreamUrl

Facts = Callable[[], ConnectionFacts | None]
"""What is known of the connection that was made last; None where there was none."""


class Upstreams:
    """Every upstream of the settings behind one `forwarder`, from `start` to `close`.

    `sockets` are those that may be open to all plain servers together. `contexts` are for tests
    that trust an authority of their own; `faults` are told of bugs.
    """

    def __init__(
        self,
        settings: Settings,
        *,
        sockets: int = 2 * MOST_PER_SERVER,
        contexts: TlsContexts | None = None,
        clock: Callable[[], float] = time.monotonic,
        faults: Faults | None = None,
    ) -> None:
        upstream = settings.upstream
        plain = {item.url for _, item in upstream.all_items if item.url.kind == "udp"}
        self._clock, self._faults = clock, faults or Faults()
        self._most_by_udp = min(MOST_PER_SERVER, max(1, sockets // (2 * max(1, len(plain)))))
        self._engine = PlainEngine(
            randomize_case=upstream.randomize_case, clock=clock, faults=self._faults
        )
        self._contexts = contexts or TlsContexts()
        self._resolvers = [
            (str(each), PlainLink(each.host, each.port, self._engine))
            for each in upstream.bootstrap
        ]
        self._bootstrap = Bootstrap(self._resolvers, clock=clock, faults=self._faults)
        self._proxy = self._proxied(upstream.proxy) if upstream.proxy else None
        self._timeout_s = float(upstream.timeout)
        self._servers: dict[tuple[UpstreamUrl, float], Server] = {}
        self.forwarder = Forwarder(self._sets(upstream), clock=clock, faults=self._faults)
        self._network = NetworkWatch(self.forwarder.renew, clock=clock)

    def start(self) -> None:
        """Begin, within a running event loop; needs no network yet."""
        self.start_finding()
        self.forwarder.start()
        self._network.start()

    def start_finding(self) -> None:
        """Be ready for links that are asked one by one, without the forwarder."""
        for _, link in self._resolvers:
            link.start()

    async def close(self) -> None:
        """End every question with an error and close every socket."""
        self._network.close()
        await self.forwarder.close()
        await self._bootstrap.close()
        await self._engine.close()

    def problems(self) -> list[str]:
        """What the person running sinkhole should know and do, one sentence each."""
        return [*self.forwarder.problems(), *self._bootstrap.problems()]

    # -- sets ------------------------------------------------------------------------------

    def _sets(self, upstream: UpstreamSettings) -> dict[str, UpstreamSet]:
        """The upstream sets by name: the usual one, those with a name, and those of routes."""
        usual = STRATEGIES[upstream.strategy]
        sets = {DEFAULT: self._set(upstream.servers, upstream.fallback, usual)}
        for name, each in upstream.sets.items():
            strategy = STRATEGIES[each.strategy or upstream.strategy]
            sets[name] = self._set(each.servers, each.fallback, strategy)
        for key, target in upstream.routes.items():
            if not isinstance(target, str):
                sets[set_of_route(key)] = self._set(target, (), usual)
        return sets

    def _set(self, first: Servers, fallback: Servers, strategy: Strategy) -> UpstreamSet:
        servers, behind = (tuple(map(self._server, those)) for those in (first, fallback))
        return UpstreamSet(servers, behind, strategy)

    def _server(self, item: UpstreamItem) -> Server:
        """One server for each URL and timeout, in however many sets it is."""
        key = item.url, float(item.timeout or self._timeout_s)
        if key not in self._servers:
            self._servers[key] = Server(self._name(item), self.link(item.url), key[1])
        return self._servers[key]

    def _name(self, item: UpstreamItem) -> str:
        """What it is called, and no other: pins, timeouts and masked paths are not part of it."""
        taken = {server.name for server in self._servers.values()}
        names = (str(item), *(f"{item} ({number})" for number in range(2, len(taken) + 2)))
        return next(name for name in names if name not in taken)

    # -- links -----------------------------------------------------------------------------

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


def route_sets(settings: Settings) -> Mapping[str, str]:
    """For each route the name of the upstream set that it leads to."""
    return {
        key: (DEFAULT if target == USUAL_SERVERS else target)
        if isinstance(target, str)
        else set_of_route(key)
        for key, target in settings.upstream.routes.items()
    }
