"""The upstreams that the settings ask for: sets of servers, each server with its link."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from functools import partial
from typing import Final, NamedTuple

from sinkhole.app.change import Change
from sinkhole.app.network_watch import NetworkWatch
from sinkhole.app.upstream_links import Facts, UpstreamLinks
from sinkhole.control.settings import Settings
from sinkhole.control.settings.upstream_schema import (
    USUAL_SERVERS,
    Servers,
    UpstreamItem,
    UpstreamSettings,
)
from sinkhole.dns.policy.routes import set_of_route
from sinkhole.dns.upstream.forwarder import Forwarder
from sinkhole.dns.upstream.health import Server
from sinkhole.dns.upstream.links.link import Link
from sinkhole.dns.upstream.links.plain import MOST_PER_SERVER
from sinkhole.dns.upstream.links.plain_engine import PlainEngine
from sinkhole.dns.upstream.links.tls import TlsContexts
from sinkhole.dns.upstream.sets import DEFAULT, UpstreamSet
from sinkhole.dns.upstream.strategies import STRATEGIES, Strategy
from sinkhole.model.faults import Faults
from sinkhole.model.tasks import Tasks
from sinkhole.model.upstream_url import UpstreamUrl

MOST_LEAVING: Final = 16
"""Changes of which the servers that left are not closed yet; a further one waits for that."""


class _Made(NamedTuple):
    """What is made of one version of the settings."""

    upstream: UpstreamSettings
    links: UpstreamLinks
    servers: dict[tuple[UpstreamUrl, float], Server]
    sets: dict[str, UpstreamSet]


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
        self._clock, self._faults, self.sockets = clock, faults or Faults(), sockets
        self._engine = PlainEngine(
            randomize_case=settings.upstream.randomize_case, clock=clock, faults=self._faults
        )
        self._contexts = contexts or TlsContexts()
        self._made = self._make(settings.upstream, None)
        self.forwarder = Forwarder(self._made.sets, clock=clock, faults=self._faults)
        self._network = NetworkWatch(self.forwarder.renew, clock=clock)
        self._leaving = Tasks("leaving upstreams", MOST_LEAVING, self._faults)

    def start(self) -> None:
        """Begin, within a running event loop; needs no network yet."""
        self.start_finding()
        self.forwarder.start()
        self._network.start()

    def start_finding(self) -> None:
        """Be ready for links that are asked one by one, without the forwarder."""
        self._made.links.start()

    async def close(self) -> None:
        """End every question with an error and close every socket."""
        self._network.close()
        await self._leaving.close()
        await self.forwarder.close()
        await self._made.links.close()
        await self._engine.close()

    def problems(self) -> list[str]:
        """What the person running sinkhole should know and do, one sentence each."""
        return [text for texts in self.troubles().values() for text in texts]

    def troubles(self) -> dict[str, list[str]]:
        """The same by what it is about, see `Forwarder.troubles`; "unfound" are servers whose
        address is not known."""
        return {**self.forwarder.troubles(), "unfound": self._made.links.problems()}

    def link(self, url: UpstreamUrl) -> Link:
        """The link to one server; by the proxy, where there is one and it can be."""
        return self.observed_link(url)[0]

    def observed_link(self, url: UpstreamUrl) -> tuple[Link, Facts]:
        """The same, and what tells of the connection that it made last."""
        return self._made.links.observed_link(url)

    # -- other settings --------------------------------------------------------------------

    def prepare(self, new: Settings, change: Change) -> None:
        """Go over to the upstreams of other settings: servers that stay keep their connections and
        what is known of them, questions underway end with the servers they began with."""
        old = self._made
        if new.upstream == old.upstream:
            return
        made = self._make(new.upstream, old)
        change.exchange(self._use, made, old)
        change.discards(partial(self._leave, made, old))
        change.afterwards(partial(self._leave, old, made))

    def _use(self, made: _Made) -> None:
        self._made = made
        self._engine.randomize_case = made.upstream.randomize_case
        made.links.start()
        self.forwarder.use(made.sets)

    async def _leave(self, left: _Made, stays: _Made) -> None:
        """Close what left, behind the change: that takes as long as a question may."""
        task = self._leaving.start("close", self._close(left, stays))
        if task is None:
            await self._close(left, stays)

    async def _close(self, left: _Made, stays: _Made) -> None:
        try:
            await self.forwarder.dismiss()
        finally:
            if left.links is not stays.links and left.links is not self._made.links:
                await left.links.close()

    # -- sets ------------------------------------------------------------------------------

    def _make(self, upstream: UpstreamSettings, before: _Made | None) -> _Made:
        """All of it, with the servers of `before` that are reached as they were."""
        plain = {item.url for _, item in upstream.all_items if item.url.kind == "udp"}
        most = min(MOST_PER_SERVER, max(1, self.sockets // (2 * max(1, len(plain)))))
        links = UpstreamLinks(
            upstream,
            self._engine,
            self._contexts,
            most_by_udp=most,
            clock=self._clock,
            faults=self._faults,
        )
        known: Mapping[tuple[UpstreamUrl, float], Server] = {}
        if before is not None and before.links.terms == links.terms:
            links, known = before.links, before.servers
        making = _Making(upstream, links, known)
        return _Made(upstream, links, making.servers, making.sets())


class _Making:
    """Makes the sets of one version of the settings, and their `servers`."""

    def __init__(
        self,
        upstream: UpstreamSettings,
        links: UpstreamLinks,
        known: Mapping[tuple[UpstreamUrl, float], Server],
    ) -> None:
        self.servers: dict[tuple[UpstreamUrl, float], Server] = {}
        self._upstream, self._links = upstream, links
        wanted = {self._key(item) for _, item in upstream.all_items}
        self._known = {key: server for key, server in known.items() if key in wanted}

    def sets(self) -> dict[str, UpstreamSet]:
        """The upstream sets by name: the usual one, those with a name, and those of routes."""
        upstream = self._upstream
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
        key = self._key(item)
        if key not in self.servers:
            self.servers[key] = self._known.get(key) or Server(
                self._name(item), self._links.observed_link(item.url)[0], key[1]
            )
        return self.servers[key]

    def _key(self, item: UpstreamItem) -> tuple[UpstreamUrl, float]:
        return item.url, float(item.timeout or self._upstream.timeout)

    def _name(self, item: UpstreamItem) -> str:
        """What it is called, and no other: pins, timeouts and masked paths are not part of it."""
        taken = {each.name for each in (*self.servers.values(), *self._known.values())}
        names = (str(item), *(f"{item} ({number})" for number in range(2, len(taken) + 2)))
        return next(name for name in names if name not in taken)


def route_sets(settings: Settings) -> Mapping[str, str]:
    """For each route the name of the upstream set that it leads to."""
    return {
        key: (DEFAULT if target == USUAL_SERVERS else target)
        if isinstance(target, str)
        else set_of_route(key)
        for key, target in settings.upstream.routes.items()
    }
