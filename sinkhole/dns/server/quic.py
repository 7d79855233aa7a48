"""The QUIC listener: one UDP socket for all connections of an address (RFC 9000, RFC 9250).

A datagram finds its connection by the id in it. Who may not ask is not answered, not even with an
error: his datagrams are dropped when they are met. Where many handshakes are underway, clients
must prove their address first, by a token that costs us nothing to keep.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import time
from math import inf
from typing import Final

from qh3.quic.packet import encode_quic_retry, encode_quic_version_negotiation

from sinkhole.dns.pipeline.channel import H3, QUIC, Channel
from sinkhole.dns.quic.accepted import AcceptedConnection
from sinkhole.dns.quic.header import (
    CONNECTION_ID_SIZE,
    LEAST_INITIAL,
    VERSION_1,
    QuicHeader,
    read_header,
)
from sinkhole.dns.server.door import Door, packed_address
from sinkhole.dns.server.doq import DoqConnection
from sinkhole.dns.server.http3 import Http3Connection
from sinkhole.dns.server.quic_connection import Control, Peer, QuicClient, Speak, Way
from sinkhole.dns.server.quic_terms import QuicTerms
from sinkhole.dns.server.sockets import Bound
from sinkhole.model.acceptor import Acceptor

log = logging.getLogger(__name__)

MOST_PER_WAKE: Final = 64
"""Datagrams read before other work gets its turn."""

RETRY_ABOVE: Final = 8
"""Handshakes underway, of all transports, above which clients must prove their address first."""

DATAGRAM_SIZE: Final = 2048
"""Bytes of a datagram that are read; what is longer is no use to anybody."""

_CONTROL_SIZE: Final = 64

PROTOCOLS: Final[dict[str, tuple[Channel, Speak]]] = {
    "doq": (QUIC, DoqConnection),
    "h3": (H3, Http3Connection),
}
"""By ALPN: how it came, and what speaks it."""


class QuicListener:
    """Serves the UDP sockets of listen addresses by the protocols of `terms`."""

    def __init__(self, door: Door, terms: QuicTerms) -> None:
        self.acceptors: list[Acceptor] = []
        self._door = door
        self._terms = terms
        self._sockets: list[QuicSocket] = []

    def listen(self, bound: Bound) -> None:
        """Serve one more socket."""
        self._sockets.append(QuicSocket(bound, self._door, self._terms))

    def rest(self) -> None:
        """Take nothing until `resume`; answers to those there are are sent."""
        for each in self._sockets:
            each.rest()

    def resume(self) -> None:
        """Take datagrams again."""
        for each in self._sockets:
            each.resume()

    async def stop(self) -> None:
        """Take nobody new; the Door closes those there are."""
        for each in self._sockets:
            each.stop()

    def hang_up(self) -> None:
        """Close the connections there are, and tell their clients."""
        for each in self._sockets:
            each.hang_up()


class QuicSocket:
    """One socket, and the connections that come by it: the `ConnectionOwner` of each."""

    def __init__(self, bound: Bound, door: Door, terms: QuicTerms) -> None:
        self._bound = bound
        self._door = door
        self._terms = terms
        self._by_id: dict[bytes, QuicClient] = {}
        self._ids: dict[QuicClient, set[bytes]] = {}
        self._is_stopping = False
        self._warned = -inf
        self._loop = asyncio.get_running_loop()
        self.resume()

    def __len__(self) -> int:
        """How many connections there are, in their handshake or behind it."""
        return len(self._ids)

    def resume(self) -> None:
        """Take datagrams."""
        self._loop.add_reader(self._bound.sock, self._readable)

    def rest(self) -> None:
        """Take what waits, and then nothing until `resume`."""
        self._readable()
        self._loop.remove_reader(self._bound.sock)

    def hang_up(self) -> None:
        """Close the connections there are, and tell their clients."""
        for client in list(self._ids):
            client.close()

    def stop(self) -> None:
        """Take nobody new, and listen only as long as there is anybody."""
        self._is_stopping = True
        self._listen_no_more()

    # ---- what comes --------------------------------------------------------------------------

    def _readable(self) -> None:
        now = time.monotonic()
        arrived: dict[QuicClient, list[bytes]] = {}
        for _ in range(MOST_PER_WAKE):
            try:
                datagram, control, _, peer = self._bound.sock.recvmsg(DATAGRAM_SIZE, _CONTROL_SIZE)
            except (BlockingIOError, InterruptedError):
                break
            except OSError as error:
                self._warn(error, now)
                break
            client = self._whose(datagram, control, peer, now)
            if client is not None:
                client.way = Way(control, peer)
                arrived.setdefault(client, []).append(datagram)
        for client, datagrams in arrived.items():
            client.receive(datagrams)

    def _whose(
        self, datagram: bytes, control: Control, peer: Peer, now: float
    ) -> QuicClient | None:
        """The connection that a datagram is of, perhaps a new one; None for what is to be dropped.

        Also dropped is what comes from another address than all before: who moves connects anew.
        """
        header = read_header(datagram)
        if header is None:
            return None
        client = self._by_id.get(header.destination)
        if client is not None:
            return client if client.way.peer == peer else None
        if header.version is None or len(datagram) < LEAST_INITIAL or self._is_stopping:
            return None
        return self._begin(header, Way(control, peer), now)

    def _begin(self, header: QuicHeader, way: Way, now: float) -> QuicClient | None:
        packed = packed_address(way.peer)
        protocols = {each: PROTOCOLS[each] for each in self._terms.protocols}
        channel = next(iter(protocols.values()))[0]
        if not self._door.lets_in(self._door.client_at(packed, channel), channel, now):
            return None
        if header.version != VERSION_1:
            self._send(way, _other_version(header))
            return None
        if self._terms.configuration is None or not header.is_initial:
            return None
        proven = self._proven(header, packed, way, now)
        if proven is None and len(self._door.handshakes.places.holders) >= RETRY_ABOVE:
            self._send(way, self._retry(header, packed, way, now))
            return None
        native = AcceptedConnection(
            configuration=self._terms.configuration,
            original_destination_connection_id=proven or header.destination,
            retry_source_connection_id=header.destination if proven else None,
        )
        client = QuicClient(self._door, self, native, way, packed, protocols, self._terms.names)
        if not self._door.handshakes.places.admit(client):
            return None
        self._ids[client] = set()
        self.add(header.destination, client)
        self.add(native.host_cid, client)
        return client

    def _proven(self, header: QuicHeader, packed: bytes, way: Way, now: float) -> bytes | None:
        """The id that a client first chose, if it comes back with a token for its address."""
        if not header.token:
            return None
        address, tokens = _with_port(packed, way), self._terms.tokens
        return tokens.read(address, header.destination, header.token, now)

    def _retry(self, header: QuicHeader, packed: bytes, way: Way, now: float) -> bytes:
        ours = os.urandom(CONNECTION_ID_SIZE)
        address = _with_port(packed, way)
        datagram: bytes = encode_quic_retry(
            version=VERSION_1,
            source_cid=ours,
            destination_cid=header.source,
            original_destination_cid=header.destination,
            retry_token=self._terms.tokens.make(address, header.destination, ours, now),
        )
        return datagram

    # ---- as ConnectionOwner ------------------------------------------------------------------

    def add(self, connection_id: bytes, client: QuicClient) -> None:
        """Datagrams for this id are the client's."""
        if client in self._ids:
            self._by_id[connection_id] = client
            self._ids[client].add(connection_id)

    def remove(self, connection_id: bytes) -> None:
        """They are no longer."""
        client = self._by_id.pop(connection_id, None)
        if client is not None:
            self._ids[client].discard(connection_id)

    def leave(self, client: QuicClient) -> None:
        """A connection is over; what still comes for it is dropped."""
        for each in self._ids.pop(client, ()):
            self._by_id.pop(each, None)
        self._listen_no_more()

    def send(self, client: QuicClient, datagram: bytes) -> None:
        """Send to where the client's latest datagram came from, from the address it went to."""
        self._send(client.way, datagram)

    def _send(self, way: Way, datagram: bytes) -> None:
        with contextlib.suppress(OSError):  # no route, or a full buffer: it will be sent again
            self._bound.sock.sendmsg([datagram], way.control, 0, way.peer)

    def _listen_no_more(self) -> None:
        if self._is_stopping and not self._ids:
            self._loop.remove_reader(self._bound.sock)

    def _warn(self, error: OSError, now: float) -> None:
        """Say once a minute that the kernel gives us no datagrams; there may be many failures."""
        if now - self._warned >= 60:
            self._warned = now
            log.warning("receiving on %s:%d failed: %s", self._bound.host, self._bound.port, error)


def _with_port(packed: bytes, way: Way) -> bytes:
    port: int = way.peer[1]
    return packed + port.to_bytes(2, "big")


def _other_version(header: QuicHeader) -> bytes:
    """Which version we speak, for a client that asked by another one."""
    return bytes(encode_quic_version_negotiation(header.destination, header.source, [VERSION_1]))
