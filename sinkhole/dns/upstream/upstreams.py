"""Every upstream there is behind one forwarder: sets of servers, each server with its link.

Others come while it runs: servers that stay keep their connections and what is known of them, and
questions underway end with the servers they began with.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Final, NamedTuple

from sinkhole.dns.upstream.forwarder import Forwarder
from sinkhole.dns.upstream.health import Server
from sinkhole.dns.upstream.links.link import Link
from sinkhole.dns.upstream.links.plain import MOST_PER_SERVER
from sinkhole.dns.upstream.links.plain_engine import PlainEngine
from sinkhole.dns.upstream.links.tls import TlsContexts
from sinkhole.dns.upstream.probe_names import ProbeNames
from sinkhole.dns.upstream.sets import UpstreamSet
from sinkhole.dns.upstream.strategies import STRATEGIES
from sinkhole.dns.upstream.terms import ServerTerms, SetTerms, UpstreamTerms
from sinkhole.dns.upstream.upstream_links import Facts, UpstreamLinks
from sinkhole.model.faults import Faults
from sinkhole.model.tasks import Tasks
from sinkhole.model.upstream_url import UpstreamUrl

MOST_LEAVING: Final = 16
"""Changes of which the servers that left are not closed yet; a further one waits for that."""


class Made(NamedTuple):
    """What is made of one version of the terms."""

    terms: UpstreamTerms
    links: UpstreamLinks
    servers: dict[ServerTerms, Server]
    sets: dict[str, UpstreamSet]


class Upstreams:
    """Every upstream of `terms` behind one `forwarder`, from `start` to `close`.

    `made` is what is asked now. `sockets` are those that may be open to all plain servers together.
    `contexts` are for tests that trust an authority of their own; `faults` are told of bugs.
    """

    def __init__(
        self,
        terms: UpstreamTerms,
        *,
        sockets: int = 2 * MOST_PER_SERVER,
        contexts: TlsContexts | None = None,
        clock: Callable[[], float] = time.monotonic,
        faults: Faults | None = None,
    ) -> None:
        self._clock, self._faults, self.sockets = clock, faults or Faults(), sockets
        self._engine = PlainEngine(
            randomize_case=terms.randomize_case, clock=clock, faults=self._faults
        )
        self._contexts = contexts or TlsContexts()
        self.made = self._make(terms, None)
        names = ProbeNames(terms.secret)
        self.forwarder = Forwarder(self.made.sets, names=names, clock=clock, faults=self._faults)
        self._leaving = Tasks("leaving upstreams", MOST_LEAVING, self._faults)

    def start(self) -> None:
        """Begin, within a running event loop; needs no network yet."""
        self.start_finding()
        self.forwarder.start()

    def start_finding(self) -> None:
        """Be ready for links that are asked one by one, without the forwarder."""
        self.made.links.start()

    async def close(self) -> None:
        """End every question with an error and close every socket."""
        await self._leaving.close()
        await self.forwarder.close()
        await self.made.links.close()
        await self._engine.close()

    def troubles(self) -> dict[str, list[str]]:
        """What the person running sinkhole should know and do, by what it is about, one sentence
        each; see `Forwarder.troubles`. "unfound" are servers whose address is not known."""
        unfound = self.made.links.problems(self.made.terms)
        return {**self.forwarder.troubles(), "unfound": unfound}

    def observed_link(self, url: UpstreamUrl) -> tuple[Link, Facts]:
        """The link to one server, by the proxy where there is one and it can be; and what tells of
        the connection that it made last."""
        return self.made.links.observed_link(url)

    # -- other terms -----------------------------------------------------------------------

    def make(self, terms: UpstreamTerms) -> Made:
        """What is to be asked by other terms, for `use`; what nothing comes of, or was in use
        before, is to `leave`."""
        return self._make(terms, self.made)

    def use(self, made: Made) -> None:
        """Ask these from now on."""
        self.made = made
        self._engine.randomize_case = made.terms.randomize_case
        made.links.start()
        self.forwarder.use(made.sets)

    async def leave(self, left: Made, stays: Made) -> None:
        """Close what left, behind the change: that takes as long as a question may."""
        task = self._leaving.start("close", self._close(left, stays))
        if task is None:
            await self._close(left, stays)

    async def _close(self, left: Made, stays: Made) -> None:
        try:
            await self.forwarder.dismiss()
        finally:
            if left.links is not stays.links and left.links is not self.made.links:
                await left.links.close()

    def _make(self, terms: UpstreamTerms, before: Made | None) -> Made:
        """All of it, with the servers of `before` that are reached as they were."""
        plain = {each.url for each in terms.servers if each.url.kind == "udp"}
        most = min(MOST_PER_SERVER, max(1, self.sockets // (2 * max(1, len(plain)))))
        links = UpstreamLinks(
            terms,
            self._engine,
            self._contexts,
            most_by_udp=most,
            clock=self._clock,
            faults=self._faults,
        )
        known: Mapping[ServerTerms, Server] = {}
        if before is not None and before.links.basis == links.basis:
            links, known = before.links, before.servers
        making = _Making(terms, links, known)
        return Made(terms, links, making.servers, making.sets())


class _Making:
    """Makes the sets of one version of the terms, and their `servers`."""

    def __init__(
        self, terms: UpstreamTerms, links: UpstreamLinks, known: Mapping[ServerTerms, Server]
    ) -> None:
        self.servers: dict[ServerTerms, Server] = {}
        self._terms, self._links = terms, links
        wanted = set(terms.servers)
        self._known = {each: server for each, server in known.items() if each in wanted}

    def sets(self) -> dict[str, UpstreamSet]:
        """The upstream sets by name."""
        return {name: self._set(each) for name, each in self._terms.sets.items()}

    def _set(self, terms: SetTerms) -> UpstreamSet:
        servers, behind = (tuple(map(self._server, tier)) for tier in terms[:2])
        return UpstreamSet(servers, behind, STRATEGIES[terms.strategy])

    def _server(self, terms: ServerTerms) -> Server:
        """One server for each URL and timeout, in however many sets it is."""
        if terms not in self.servers:
            self.servers[terms] = self._known.get(terms) or Server(
                self._name(terms), self._links.observed_link(terms.url)[0], terms.timeout_s
            )
        return self.servers[terms]

    def _name(self, terms: ServerTerms) -> str:
        """What it is called, and no other: pins, timeouts and masked paths are not part of it."""
        called = str(terms.url)
        taken = {each.name for each in (*self.servers.values(), *self._known.values())}
        names = (called, *(f"{called} ({number})" for number in range(2, len(taken) + 2)))
        return next(name for name in names if name not in taken)
