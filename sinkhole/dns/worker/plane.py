"""A whole DNS plane by plain terms: what answers, who is asked, and what is listened on.

It opens no socket to listen on: places are handed to it, each with one that is bound.
"""

from __future__ import annotations

import socket
from typing import Final, NamedTuple

from sinkhole.dns.cache.answer import TtlLimits
from sinkhole.dns.cache.table import Table
from sinkhole.dns.filter.language.line import Network
from sinkhole.dns.pipeline.pipeline import Pipeline
from sinkhole.dns.pipeline.table_size import TableSize
from sinkhole.dns.policy.snapshot import Policy
from sinkhole.dns.server.address import ListenAddress
from sinkhole.dns.server.encrypted import EncryptedListeners, EncryptedTerms
from sinkhole.dns.server.listeners import Listeners
from sinkhole.dns.server.sockets import Bound, Transport
from sinkhole.dns.upstream.terms import UpstreamTerms
from sinkhole.dns.upstream.upstreams import Upstreams
from sinkhole.dns.worker.kept import About, forget
from sinkhole.dns.worker.state import PlaneState, state_of
from sinkhole.model.faults import Faults
from sinkhole.model.record import RecordBuffer
from sinkhole.model.server_context import server_context
from sinkhole.model.tasks import Tasks

PATIENCE_S: Final = 1.5
"""How long queries that came by a place that is closed may wait for their answers."""


class PlaneTerms(NamedTuple):
    """What a plane goes by beside its Policy: all that the settings say of it, in plain values.

    `connections` is how many of a kind there may be, `sockets` those to plain upstreams. `proxies`
    say whose queries they bring. `cache_bytes` is what the table may hold, and `share` what of its
    rate each client may send here.
    """

    upstream: UpstreamTerms
    encrypted: EncryptedTerms = EncryptedTerms()
    proxies: tuple[Network, ...] = ()
    connections: int = 100
    sockets: int = 100
    cache_bytes: int = 64 << 20
    share: float = 1.0
    limits: TtlLimits = TtlLimits()
    serve_stale_s: float = 86_400.0
    prefetch: bool = True


class Place(NamedTuple):
    """Where something is listened on, with a number that it is called by.

    `over` is what is spoken there, as `Listeners.other` has it, "" for plain DNS; `key` is that of
    the settings. `pktinfo` is as of `Bound`.
    """

    number: int
    transport: Transport
    host: str
    port: int
    pktinfo: bool = False
    over: str = ""
    key: str = "dns.listen"


class Plane:
    """Answers by `policy` and `terms`, from `start` to `stop`, within a running event loop."""

    def __init__(self, terms: PlaneTerms, policy: Policy, faults: Faults) -> None:
        self.buffer = RecordBuffer()
        self.table = Table(terms.cache_bytes)
        self._size = TableSize(self.table, faults)
        self.upstreams = Upstreams(terms.upstream, sockets=terms.sockets, faults=faults)
        self.pipeline = Pipeline(
            policy=policy,
            table=self.table,
            upstreams=self.upstreams.forwarder,
            buffer=self.buffer,
            limits=terms.limits,
            serve_stale_s=terms.serve_stale_s,
            prefetch=terms.prefetch,
        )
        self.pipeline.clients.limit_to(terms.share)
        self.listeners = Listeners(
            (),
            self.pipeline,
            most_connections=terms.connections,
            proxies=terms.proxies,
            faults=faults,
        )
        self._encrypted = EncryptedListeners(self.listeners, faults)
        self._encrypted.use(terms.encrypted)
        self._faults = faults
        self._terms = terms
        self._places: dict[int, ListenAddress] = {}
        self._pair = b"", b""
        self._tasks = Tasks("plane", faults=faults)

    def start(self) -> None:
        """Be ready to ask; needs no network yet."""
        self.upstreams.start()

    async def stop(self, patience_s: float) -> None:
        """Take nothing more, answer what waits for so long, and close everything."""
        for address in self._places.values():
            address.rest()
        await self._size.close()
        await self._tasks.close()
        await self.listeners.close(patience_s)
        await self.upstreams.close()

    # -- places --------------------------------------------------------------------------------

    def take(self, place: Place, sock: socket.socket) -> None:
        """Answer what comes by a socket, which is this plane's to close from now on."""
        sock.setblocking(False)
        address = self._address(place)
        bound = Bound(sock, place.transport, place.host, place.port, place.pktinfo)
        address.bound[place.transport] = bound
        self._places[place.number] = address
        self.listeners.add([address])
        address.serve()

    def rest(self, number: int) -> None:
        """Answer what waits at a place, and take no more until `resume`."""
        self._places[number].rest()

    def resume(self, number: int) -> None:
        """Go on there."""
        self._places[number].resume()

    async def close(self, number: int) -> None:
        """Close a place, when what waits for answers has had its time."""
        address = self._places.pop(number)
        self.listeners.use(tuple(self._places.values()))
        await self.listeners.dismiss([address], PATIENCE_S)

    def _address(self, place: Place) -> ListenAddress:
        where = place.host, place.port
        if not place.over:
            return self.listeners.plain([where])[0]
        terms = {"TLS": EncryptedTerms(tls=(where,)), "QUIC": EncryptedTerms(quic=(where,))}
        wanted = terms.get(place.over) or EncryptedTerms(https=(where,))
        had = set(self._encrypted.by_quic)
        found = [each for each in self._encrypted.addresses(wanted) if each.over == place.over]
        if had != set(self._encrypted.by_quic):
            self.show(*self._pair)
        return found[0]

    async def forget(self, about: About) -> int:
        """Forget answers that are kept; how many it were."""
        count = await forget(self.table, about)
        self.pipeline.clients.lanes.clear()
        return count

    # -- other terms ---------------------------------------------------------------------------

    def use(self, terms: PlaneTerms) -> None:
        """Go by other terms from now on."""
        before, self._terms = self._terms, terms
        if terms.upstream != before.upstream:
            left, made = self.upstreams.made, self.upstreams.make(terms.upstream)
            self.upstreams.use(made)
            self._tasks.start("leave", self.upstreams.leave(left, made))
        self.upstreams.sockets = terms.sockets
        self._encrypted.use(terms.encrypted)
        self.listeners.door.hold(terms.connections)
        if terms.proxies != before.proxies:
            self.listeners.trust(terms.proxies)
            self.listeners.hang_up()
        forwarding = self.pipeline.forwarding
        forwarding.limits, forwarding.serve_stale_s = terms.limits, terms.serve_stale_s
        self.pipeline.prefetch.enabled = terms.prefetch
        self.pipeline.clients.limit_to(terms.share)
        self._size.use(terms.cache_bytes)

    def show(self, chain_pem: bytes, key_pem: bytes) -> None:
        """Show a certificate with its chain from now on; none where both are empty."""
        self._pair = chain_pem, key_pem
        if not chain_pem:
            self._encrypted.show(lambda: None)
            return
        self._encrypted.show(lambda: server_context(chain_pem, key_pem))
        for terms in self._encrypted.by_quic.values():
            with self._faults.contain("showing the certificate by QUIC"):
                terms.use(chain_pem, key_pem)

    # -- how it does ---------------------------------------------------------------------------

    def state(self) -> PlaneState:
        """How it does now."""
        state = state_of(self.pipeline, self.table, self.listeners, self.upstreams)
        return {**state, "records_dropped": self.buffer.dropped, "faults": self._faults.count}
