"""The TCP listener: pipelined queries, answers in any order, and limits on everything.

RFC 7766 asks servers to answer queries of one connection concurrently (§6.2.1.1) and lets them
close idle connections (§6.2.3) and guard themselves (§10). A connection never uses room that UDP
needs: each transport has its own bounds.

Who may not ask is not answered at all here, but closed at once: a stranger's connections and
messages must not cost what the household's do.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import time
from collections import Counter
from collections.abc import Iterable
from functools import partial
from typing import Final

from sinkhole.dns.clients.clients import Client
from sinkhole.dns.pipeline.pipeline import Pipeline
from sinkhole.dns.pipeline.reaction import DROP, TCP, Reaction
from sinkhole.dns.server.mmsg import QUERY_SIZE
from sinkhole.dns.server.sockets import Bound
from sinkhole.dns.wire.question import HEADER_SIZE
from sinkhole.model.acceptor import Acceptor
from sinkhole.model.faults import Faults

MAX_CONNECTIONS: Final = 64
MAX_PER_CLIENT: Final = 16
"""Of one network, as budgets are (see `Client.network`)."""
MAX_IN_FLIGHT: Final = 16
"""Queries of one connection that wait for upstreams; reading pauses beyond it."""
MAX_WAITING: Final = 2000
"""Queries that wait for upstreams, those of connections that are closed meanwhile among them."""
MAX_QUERIES: Final = 200
"""Queries on one connection before it is closed, so that none lives forever."""
IDLE_S: Final = 10.0
BUSY_IDLE_S: Final = 2.0
"""Idle time allowed when more than half of the connections are taken."""
MESSAGE_S: Final = 5.0
"""Time to send one whole message from its first byte on."""
WRITE_BUFFER: Final = 128 * 1024
"""Unread replies in bytes before a client that does not read is cut off (CVE-2024-0760)."""
SWEEP_S: Final = 0.5


class TcpListener:
    """Serves the TCP sockets of all listen addresses, `most` connections at once.

    `faults` are told of bugs in taking connections.
    """

    def __init__(
        self, pipeline: Pipeline, most: int = MAX_CONNECTIONS, faults: Faults | None = None
    ) -> None:
        self._faults = faults
        self.pipeline = pipeline
        self.most = most
        self.most_per_client = min(MAX_PER_CLIENT, max(2, most // 4))
        self.waiting = 0
        """Queries of all connections that wait for upstreams."""
        self.overloaded = 0
        """Queries dropped, with their connection, because MAX_WAITING others were waiting."""
        self.calm = asyncio.Event()
        """Set when the last of them was answered."""
        self.connections: dict[Connection, None] = {}
        """Open connections, the one that was idle longest first."""
        self.acceptors: list[Acceptor] = []
        self._sweeper: asyncio.TimerHandle | None = None

    def listen(self, bound: Bound) -> None:
        """Start accepting on one more socket."""
        make = partial(Connection, self)
        self.acceptors.append(Acceptor(bound.sock, make, self.make_room, self._faults))
        if self._sweeper is None:
            self._sweeper = asyncio.get_running_loop().call_later(SWEEP_S, self._sweep)

    async def close(self, patience_s: float = 0.0) -> None:
        """Stop accepting, give queries that wait `patience_s` to be answered, close everything."""
        for acceptor in self.acceptors:
            await acceptor.close()
        if self._sweeper is not None:
            self._sweeper.cancel()
        if self.waiting and patience_s > 0:
            self.calm.clear()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(patience_s):
                    await self.calm.wait()
        for connection in list(self.connections):
            connection.close()

    def admit(self, new: Connection) -> bool:
        """Give a new connection a place, if need be that of another one (see `_give_way`)."""
        networks = Counter(each.client.network for each in self.connections)
        own = networks[new.client.network]
        if own >= self.most_per_client or len(self.connections) >= self.most:
            gives_way = self._give_way(networks, new.client.network)
            if gives_way is None:
                return False
            gives_way.close()
        self.connections[new] = None
        if self._sweeper is None:
            self._sweeper = asyncio.get_running_loop().call_later(SWEEP_S, self._sweep)
        return True

    def _give_way(self, networks: Counter[bytes], network: bytes) -> Connection | None:
        """Whose place goes to another client of `network`, if anybody's.

        Beyond its share it can only be one of its own. Else those give way who have most, if that
        is more than the new one will have: the one unused longest, at best one that is idle. So
        nobody holds all places, however busy. Where all have about as many, only those that are
        idle give way.
        """
        own, most = networks[network], max(networks.values())
        if own >= self.most_per_client:
            return _first_idle(each for each in self.connections if each.client.network == network)
        if most <= own + 1:
            return _first_idle(self.connections)
        theirs = [each for each in self.connections if networks[each.client.network] == most]
        return _first_idle(theirs) or theirs[0]

    def touched(self, connection: Connection) -> None:
        """Move a connection that was just used to the end of the queue."""
        if connection in self.connections:
            del self.connections[connection]
            self.connections[connection] = None

    def make_room(self) -> None:
        """Close a connection that can be spared, as descriptors have run out."""
        if (idle := _first_idle(self.connections)) is not None:
            idle.close()

    def _sweep(self) -> None:
        """Close what is idle or slow; a timer for all instead of two a connection, while any is."""
        self._sweeper = None
        if not self.connections:
            return
        self._sweeper = asyncio.get_running_loop().call_later(SWEEP_S, self._sweep)
        now = time.monotonic()
        busy = len(self.connections) > self.most // 2
        for connection in list(self.connections):
            if connection.is_overdue(now, BUSY_IDLE_S if busy else IDLE_S):
                connection.close()


class Connection(asyncio.Protocol):
    """One connection: messages behind 2-byte lengths (RFC 1035 §4.2.2)."""

    client: Client

    def __init__(self, listener: TcpListener) -> None:
        self._listener = listener
        self._pipeline = listener.pipeline
        self._buffer = bytearray()
        self._in_flight = 0
        self._queries = 0
        self._used = time.monotonic()
        self._message_began: float | None = None
        self._at_end = False
        self._is_reading = False

    # ---- the connection's life, called by asyncio --------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take a place among the connections, or close at once."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        try:
            is_admitted = self._enter(transport)
        except Exception as error:  # else it would stay open, and nobody would know of it
            self._pipeline.bugs.meet(error)
            is_admitted = False
        if not is_admitted:
            transport.abort()

    def _enter(self, transport: asyncio.Transport) -> bool:
        """Whether this may stay: who may not ask is told nothing, and read nothing from."""
        peer = transport.get_extra_info("peername")
        if peer is None:  # gone before it was accepted
            return False
        family = socket.AF_INET6 if len(peer) == 4 else socket.AF_INET
        packed = socket.inet_pton(family, peer[0].partition("%")[0])
        self.client = self._pipeline.clients.of(packed)
        if not self.client.allowed:
            self._pipeline.turn_away(self.client, self._used)
            self._pipeline.close_batch(self._used)
            return False
        transport.set_write_buffer_limits(high=WRITE_BUFFER)
        return self._listener.admit(self)

    def connection_lost(self, exc: Exception | None) -> None:
        """Give the place back."""
        self._listener.connections.pop(self, None)

    def data_received(self, data: bytes) -> None:
        """Answer every complete message; the rest waits for more bytes."""
        self._buffer += data
        self._read()

    def eof_received(self) -> bool:
        """The client sends no more; it may still wait for answers (RFC 7766 §6.2.4)."""
        self._at_end = True
        return self._in_flight > 0

    def pause_writing(self) -> None:
        """The client does not read its replies: cut it off."""
        self._transport.abort()

    # ---- messages ----------------------------------------------------------------------------

    def _read(self) -> None:
        arrived = time.monotonic()
        buffer = self._buffer
        self._is_reading = True
        while len(buffer) >= 2 and not self._transport.is_closing():
            if self._in_flight >= MAX_IN_FLIGHT or self._queries >= MAX_QUERIES:
                self._transport.pause_reading()  # what is not read here waits at the client
                break
            size = int.from_bytes(buffer[:2], "big")
            end = 2 + (size if size <= QUERY_SIZE else HEADER_SIZE)
            if len(buffer) < end:
                break
            if size > QUERY_SIZE:  # no query can be: its header is answered, the rest never read
                self._queries = MAX_QUERIES
            wire = bytes(buffer[2:end])
            del buffer[:end]
            self._message_began = None
            self._take(wire, arrived)
        if buffer and self._message_began is None:
            self._message_began = arrived
        self._is_reading = False
        self._pipeline.close_batch(arrived)

    def _take(self, wire: bytes, arrived: float) -> None:
        self._used = arrived
        self._queries += 1
        self._listener.touched(self)
        reaction: Reaction
        try:
            client = self._pipeline.clients.of(self.client.packed)  # anew, as it may have changed
            reaction = self._pipeline.answer_now(wire, client, TCP, arrived)
        except Exception as error:
            reaction = self._pipeline.answer_bug(wire, self.client.packed, error)
        if isinstance(reaction, bytes):
            self._send(reaction)
        elif reaction is DROP:
            self._transport.close()  # what is no query over UDP is silence, over TCP the end
        elif self._listener.waiting >= MAX_WAITING:
            self._listener.overloaded += 1
            self._transport.close()
        else:
            self._in_flight += 1
            self._listener.waiting += 1
            self._pipeline.answer_then(reaction, self._answered)
        if self._queries >= MAX_QUERIES and not self._in_flight:
            self._transport.close()

    def _answered(self, reply: bytes) -> None:
        """Send what an upstream's answer was waited for; perhaps within `_read` already."""
        self._in_flight -= 1
        self._listener.waiting -= 1
        if not self._listener.waiting:
            self._listener.calm.set()
        self._used = time.monotonic()
        self._send(reply)
        if not self._is_reading:
            self._go_on()

    def _go_on(self) -> None:
        """After an answer: end if that was the last one, else read on where reading paused."""
        if not self._in_flight and (self._at_end or self._queries >= MAX_QUERIES):
            self._transport.close()
        elif not self._transport.is_closing():
            self._transport.resume_reading()
            self._read()

    def _send(self, reply: bytes) -> None:
        if not self._transport.is_closing():
            self._transport.write(len(reply).to_bytes(2, "big") + reply)

    # ---- limits ------------------------------------------------------------------------------

    @property
    def is_idle(self) -> bool:
        """Whether nobody would miss an answer if it were closed now."""
        return not self._in_flight

    def is_overdue(self, now: float, idle_s: float) -> bool:
        """Whether it has been idle, or busy with one incoming message, for too long."""
        if self._in_flight:
            return False
        if self._message_began is not None and now - self._message_began > MESSAGE_S:
            return True
        return now - self._used > idle_s

    def close(self) -> None:
        """Close; replies that the kernel has taken are still sent.

        One that it has not taken is given up: its client does not read, and waiting for it would
        hold a socket and megabytes of buffers that nobody counts any more.
        """
        self._listener.connections.pop(self, None)
        if self._transport.get_write_buffer_size():
            self._transport.abort()
        else:
            self._transport.close()


def _first_idle(connections: Iterable[Connection]) -> Connection | None:
    return next((each for each in connections if each.is_idle), None)
