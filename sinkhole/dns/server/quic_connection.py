"""One client's QUIC connection: its handshake, its place, its limits; what is spoken is elsewhere.

A step of the handshake waits for its turn among all handshakes, as over TCP (`handshakes`).
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any, Final, NamedTuple, Protocol

from qh3.quic.events import (
    ConnectionIdIssued,
    ConnectionIdRetired,
    HandshakeCompleted,
    QuicEvent,
)

from sinkhole.dns.pipeline.channel import Channel
from sinkhole.dns.quic.accepted import AcceptedConnection
from sinkhole.dns.quic.connection import Connection, End
from sinkhole.dns.quic.driver import Driver
from sinkhole.dns.server.client_id import client_id_of
from sinkhole.dns.server.door import Door
from sinkhole.dns.server.handshakes import HANDSHAKE_S
from sinkhole.dns.server.stream import BUSY_IDLE_S, ENCRYPTED_IDLE_S, MESSAGE_S, WRITE_BUFFER

MAX_QUERIES: Final = 10_000
"""Queries on one connection before it is closed, so that none lives forever."""

MAX_IN_FLIGHT: Final = 100
"""Queries of one connection that wait for upstreams, those among them that the client has given up:
so many streams the library lets it have."""

MAX_INBOX: Final = 16
"""Datagrams of one handshake that wait for its next step."""

NO_ERROR: Final = 0
"""A code of QUIC, and of DoQ; HTTP/3 has one of its own (`Spoken`)."""


Peer = Any
"""A socket address, as the kernel gives and takes it."""

Control = list[Any]
"""What the kernel says along with a datagram: which of our addresses it was sent to."""


class Way(NamedTuple):
    """The way back to a client."""

    control: Control
    peer: Peer


class Spoken(Protocol):
    """A protocol on one connection."""

    @property
    def no_error(self) -> int:
        """Its code for a connection that is closed with nothing wrong."""
        ...

    @property
    def message_began(self) -> float | None:
        """Since when a message is incomplete, None while none is."""
        ...

    def happened(self, event: QuicEvent) -> None:
        """Something came on one of the streams."""
        ...


Speak = Callable[["QuicClient"], Spoken]
"""Begins to speak a protocol on a connection whose handshake is complete."""


class ConnectionOwner(Protocol):
    """How datagrams find their connection, and the way back."""

    def add(self, connection_id: bytes, client: QuicClient) -> None:
        """Datagrams for this id are the client's."""
        ...

    def remove(self, connection_id: bytes) -> None:
        """They are no longer."""
        ...

    def leave(self, client: QuicClient) -> None:
        """A connection is over."""
        ...

    def send(self, client: QuicClient, datagram: bytes) -> None:
        """Send to where the client's latest datagram came from."""
        ...


class QuicClient:
    """One connection, a holder of a place: among the handshakes first, then among the others.

    `way` is back to where its datagrams come from, which stays: whoever moves connects anew.
    `protocols` are a channel and what speaks it, by ALPN; `names` as of `QuicTerms`.
    """

    def __init__(
        self,
        door: Door,
        owner: ConnectionOwner,
        native: AcceptedConnection,
        way: Way,
        packed: bytes,
        protocols: dict[str, tuple[Channel, Speak]],
        names: tuple[str, ...],
    ) -> None:
        self.door = door
        self.way = way
        self.arrived = time.monotonic()
        """When the datagrams came that are looked at, or came last."""
        self.channel = next(iter(protocols.values()))[0]
        self.client = door.client_at(packed, self.channel)
        self.connection = Connection(native)
        self._native = native
        self._owner = owner
        self._protocols = protocols
        self._names = names
        self._driver = Driver(self.connection, self._send, self._happened, self._over)
        self._spoken: Spoken | None = None
        self._began = self.arrived
        self._wanted: set[int] = set()
        self._used = self.arrived
        self._in_flight = 0
        self.count = 0
        """Queries so far, for MAX_QUERIES; who speaks counts."""
        self._inbox: list[bytes] = []

    def receive(self, datagrams: list[bytes]) -> None:
        """Take what arrived; within the handshake only when it is its turn."""
        self.arrived = time.monotonic()
        if self._spoken is not None:
            self._take(datagrams)
            return
        if not self._inbox:
            self.door.handshakes.queue(self._take_step)
        self._inbox += datagrams[: MAX_INBOX - len(self._inbox)]

    def begin(self, stream: int) -> bool:
        """Whether one more query is taken, which came on this stream; `finish` must follow then."""
        if self._in_flight >= MAX_IN_FLIGHT:
            return False
        self._in_flight += 1
        self._used = self.arrived
        self._wanted.add(stream)
        self.door.touched(self)
        return True

    def forget(self, stream: int) -> None:
        """The client does not want this answer any more."""
        self._wanted.discard(stream)

    def finish(self, stream: int) -> bool:
        """A query of `begin` has its answer; whether the client still wants it."""
        self._in_flight -= 1
        self._used = time.monotonic()
        is_wanted = stream in self._wanted and not self._driver.is_stopped
        self._wanted.discard(stream)
        return is_wanted

    def sent(self) -> None:
        """Something was put on a stream: it leaves at the end of this turn of the loop."""
        unread = self.connection.guarded(self._native.get_send_buffer_size) or 0
        if unread > WRITE_BUFFER:
            self._driver.stop()  # it does not read
            self._leave()
        else:
            self._driver.flush_soon()

    def end(self, code: int, reason: str = "") -> None:
        """Close, telling the client why."""
        self.connection.close(code, reason)
        if not self._driver.is_stopped:
            self._driver.send_all()
            self._driver.stop()
        self._leave()

    # ---- the connection's life ---------------------------------------------------------------

    def _take_step(self) -> None:
        datagrams, self._inbox = self._inbox, []
        self._take(datagrams)

    def _take(self, datagrams: list[bytes]) -> None:
        with self.door.guarding(self):
            host, port, *_ = self.way.peer
            self._driver.receive(datagrams, (host.partition("%")[0], port))
        self.door.close_batch(self.channel, self.arrived)
        if self.count >= MAX_QUERIES and self.is_idle and self._spoken is not None:
            self.end(self._spoken.no_error)

    def _happened(self, event: QuicEvent) -> None:
        if isinstance(event, ConnectionIdIssued):
            self._owner.add(event.connection_id, self)
        elif isinstance(event, ConnectionIdRetired):
            self._owner.remove(event.connection_id)
        elif isinstance(event, HandshakeCompleted):
            self._speak(event.alpn_protocol or "")
        elif self._spoken is not None:
            self._spoken.happened(event)

    def _speak(self, alpn: str) -> None:
        """The handshake is done: take a place among the others."""
        if alpn not in self._protocols:
            self.close()
            return
        self.channel, speak = self._protocols[alpn]
        client_id = client_id_of(self._native.server_name, self._names)
        if client_id:
            self.channel = replace(self.channel, client_id=client_id)
            self.client = self.door.client_at(self.client.packed, self.channel)
        self.door.handshakes.places.leave(self)
        self._spoken = speak(self)
        if not self.door.admit(self):
            self.close()

    def _over(self, end: End) -> None:
        if self._spoken is None:
            self.door.handshakes.failed += 1
        self._leave()

    def _leave(self) -> None:
        self.door.handshakes.places.leave(self)
        self.door.leave(self)
        self._owner.leave(self)

    def _send(self, datagram: bytes) -> None:
        self._owner.send(self, datagram)

    # ---- limits ------------------------------------------------------------------------------

    @property
    def is_idle(self) -> bool:
        """Whether nobody would miss an answer if it were closed now."""
        return not self._in_flight

    def is_overdue(self, now: float, *, busy: bool) -> bool:
        """Whether the handshake, one message or the next query takes too long."""
        if self._spoken is None:
            return now - self._began > HANDSHAKE_S
        if not self.is_idle:
            return False
        began = self._spoken.message_began
        if began is not None and now - began > MESSAGE_S:
            return True
        return now - self._used > (BUSY_IDLE_S if busy else ENCRYPTED_IDLE_S)

    def close(self) -> None:
        """Close, with nothing wrong."""
        if self._spoken is None:
            self.door.handshakes.failed += 1
        self.end(self._spoken.no_error if self._spoken else NO_ERROR)
