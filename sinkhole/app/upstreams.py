"""The upstreams that the settings ask for: sets of servers, each server with its link."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Final

from sinkhole.control.settings import Settings
from sinkhole.control.settings.upstream_schema import DEFAULT as USUAL_SERVERS
from sinkhole.control.settings.upstream_schema import UpstreamItem
from sinkhole.dns.upstream.bootstrap import Bootstrap, BootstrappedAddresses
from sinkhole.dns.upstream.forwarder import Forwarder
from sinkhole.dns.upstream.health import Server
from sinkhole.dns.upstream.links.addresses import Addresses, FixedAddresses
from sinkhole.dns.upstream.links.connect import Connector, Proxy
from sinkhole.dns.upstream.links.http2 import ALPN as HTTP2
from sinkhole.dns.upstream.links.http2 import http2_sessions
from sinkhole.dns.upstream.links.link import Link
from sinkhole.dns.upstream.links.plain import MOST_PER_SERVER, PlainLink
from sinkhole.dns.upstream.links.plain_by_name import PlainByName
from sinkhole.dns.upstream.links.plain_engine import PlainEngine
from sinkhole.dns.upstream.links.session import OpenSession, Session, SessionEvents
from sinkhole.dns.upstream.links.sessions import SessionLink
from sinkhole.dns.upstream.links.stream import stream_sessions
from sinkhole.dns.upstream.links.tls import TlsContexts
from sinkhole.dns.upstream.sets import DEFAULT, UpstreamSet
from sinkhole.dns.upstream.strategies import STRATEGIES
from sinkhole.model.errors import UpstreamError
from sinkhole.model.faults import Faults
from sinkhole.model.proxy_url import ProxyUrl
from sinkhole.model.upstream_url import UpstreamUrl

DOT: Final = ("dot",)
"""RFC 7858 asks for none; servers that share a port with HTTPS tell by it (RFC 9461 §7)."""


class LinkMaker:
    """Makes links, which share what is dear: sockets of UDP, TLS contexts, and who finds names.

    `sockets` are those that all plain links together may have open at one server.
    """

    def __init__(
        self,
        settings: Settings,
        *,
        most_by_udp: int = MOST_PER_SERVER,
        contexts: TlsContexts | None = None,
        clock: Callable[[], float] = time.monotonic,
        faults: Faults | None = None,
    ) -> None:
        upstream = settings.upstream
        self._clock, self._faults = clock, faults or Faults()
        self._most_by_udp = most_by_udp
        self._engine = PlainEngine(
            randomize_case=upstream.randomize_case, clock=clock, faults=self._faults
        )
        self._contexts = contexts or TlsContexts()
        self.bootstrap = Bootstrap(
            [(each.host, each.port) for each in upstream.bootstrap], clock=clock, faults=faults
        )
        self._proxy = self._proxied(upstream.proxy) if upstream.proxy else None

    def link(self, url: UpstreamUrl) -> Link:
        """The link to one server; by the proxy, where there is one and it can be."""
        addresses = self.addresses(url)
        if url.kind == "udp":
            if not url.is_named:
                return PlainLink(url.host, url.port, self._engine, self._most_by_udp)
            return PlainByName(addresses, url.port, self._engine, self._most_by_udp)
        opener = self._opener(url, addresses)
        return SessionLink(url.kind, opener, clock=self._clock, faults=self._faults)

    def connector(self, url: UpstreamUrl, addresses: Addresses) -> Connector:
        """What makes the connections of a tcp, tls or https link."""
        alpn = {"tls": DOT, "https": (HTTP2,)}.get(url.kind, ())
        return Connector(
            url,
            addresses,
            contexts=self._contexts,
            alpn=alpn,
            proxy=self._proxy,
            clock=self._clock,
        )

    def addresses(self, url: UpstreamUrl) -> Addresses:
        """Where a server is: as it says itself, else as the bootstrap resolvers say."""
        if url.addresses or not url.is_named:
            return FixedAddresses(url.addresses or (url.host,))
        return BootstrappedAddresses(url.host, self.bootstrap)

    def _opener(self, url: UpstreamUrl, addresses: Addresses) -> OpenSession:
        if url.kind in ("quic", "h3"):
            return self._quic_opener(url, addresses)
        connector = self.connector(url, addresses)
        if url.kind == "https":
            return http2_sessions(connector, url)
        return stream_sessions(connector, padded=url.is_encrypted)

    def _quic_opener(self, url: UpstreamUrl, addresses: Addresses) -> OpenSession:
        try:
            from sinkhole.dns.upstream.links.http3 import http3_opener
            from sinkhole.dns.upstream.links.quic import quic_opener
        except ImportError:
            return _cannot_speak_quic
        make = quic_opener if url.kind == "quic" else http3_opener
        return make(url, addresses, self._contexts, self._clock)

    def _proxied(self, url: ProxyUrl) -> Proxy:
        where = UpstreamUrl("tcp", url.host, url.port)
        return Proxy(url, self.addresses(where))


async def _cannot_speak_quic(events: SessionEvents, deadline: float) -> Session:
    raise UpstreamError("", "cannot be asked: install sinkhole[encrypted], which brings QUIC")


def make_forwarder(
    settings: Settings, sockets: int = 2 * MOST_PER_SERVER, faults: Faults | None = None
) -> Forwarder:
    """The upstreams, which share so many sockets; `faults` are told of bugs."""
    upstream = settings.upstream
    plain = {item.url for _, item in upstream.all_items if item.url.kind == "udp"}
    most = min(MOST_PER_SERVER, max(1, sockets // (2 * max(1, len(plain)))))
    maker = LinkMaker(settings, most_by_udp=most, faults=faults)
    made: dict[tuple[UpstreamUrl, float], Server] = {}

    def servers(items: Sequence[UpstreamItem]) -> tuple[Server, ...]:
        return tuple(server(item) for item in items)

    def server(item: UpstreamItem) -> Server:
        timeout_s = float(item.timeout or upstream.timeout)
        key = item.url, timeout_s
        if key not in made:
            made[key] = Server(str(item), maker.link(item.url), timeout_s)
        return made[key]

    usual = STRATEGIES[upstream.strategy]
    sets = {DEFAULT: UpstreamSet(servers(upstream.servers), servers(upstream.fallback), usual)}
    for name, each in upstream.sets.items():
        strategy = STRATEGIES[each.strategy or upstream.strategy]
        sets[name] = UpstreamSet(servers(each.servers), servers(each.fallback), strategy)
    for key, target in upstream.routes.items():
        if not isinstance(target, str):
            sets[set_of_route(key)] = UpstreamSet(servers(target), strategy=usual)
    return Forwarder(sets, faults=faults)


def set_of_route(key: str) -> str:
    """What the set is called that has the servers of one route; no set of the settings can be."""
    return f"route {key}"


def route_sets(settings: Settings) -> Mapping[str, str]:
    """For each route the name of the upstream set that it leads to."""
    return {
        key: (DEFAULT if target == USUAL_SERVERS else target)
        if isinstance(target, str)
        else set_of_route(key)
        for key, target in settings.upstream.routes.items()
    }
