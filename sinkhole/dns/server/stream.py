"""Queries over streams, TCP: pipelined, answers in any order, and limits on everything.

RFC 7766 asks servers to answer queries of one connection concurrently (§6.2.1.1) and lets them
close idle connections (§6.2.3) and guard themselves (§10).
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from functools import partial
from typing import Final
from weakref import WeakSet

from sinkhole.dns.pipeline.channel import TCP, Channel
from sinkhole.dns.server.arrival import Arrival
from sinkhole.dns.server.door import Door
from sinkhole.dns.server.mmsg import QUERY_SIZE
from sinkhole.dns.server.sockets import Bound
from sinkhole.dns.wire.question import HEADER_SIZE
from sinkhole.model.acceptor import Acceptor
from sinkhole.model.faults import Faults

MAX_IN_FLIGHT: Final = 16
"""Queries of one connection that wait for upstreams; reading pauses beyond it."""
MAX_QUERIES: Final = 200
"""Queries on one connection before it is closed, so that none lives forever."""
MOST_ENCRYPTED: Final = 10_000
"""The same where a new connection costs a handshake: that takes as long as thirty queries."""
IDLE_S: Final = 10.0
ENCRYPTED_IDLE_S: Final = 30.0
"""The same where a new connection costs a handshake (RFC 7858 §3.4); IDLE_S when they are many."""
BUSY_IDLE_S: Final = 2.0
"""Idle time allowed when more than half of the connections are taken."""
MESSAGE_S: Final = 5.0
"""Time to send one whole message from its first byte on."""
WRITE_BUFFER: Final = 128 * 1024
"""Unread replies in bytes before a client that does not read is cut off (CVE-2024-0760)."""


class StreamListener:
    """Serves stream sockets of listen addresses by one channel.

    `make` makes the protocol of a connection from an address; without it, queries are read from the
    plain stream. `faults` are told of bugs in taking connections.
    """

    def __init__(
        self,
        door: Door,
        channel: Channel = TCP,
        make: Callable[[bytes], asyncio.Protocol] | None = None,
        faults: Faults | None = None,
    ) -> None:
        self.acceptors: list[Acceptor] = []
        self._door = door
        self._connections: WeakSet[asyncio.Transport] = WeakSet()
        make = make or partial(StreamConnection, door, channel)
        self._arrive = partial(Arrival, door, channel, make, self._connections.add)
        self._faults = faults

    def listen(self, bound: Bound) -> None:
        """Start accepting on one more socket."""
        self.acceptors.append(
            Acceptor(bound.sock, self._arrive, self._door.make_room, self._faults)
        )

    def rest(self) -> None:
        """Take no more connections until `resume`."""
        for acceptor in self.acceptors:
            acceptor.rest()

    def resume(self) -> None:
        """Take connections again."""
        for acceptor in self.acceptors:
            acceptor.resume()

    async def stop(self) -> None:
        """Take no more connections; the Door closes those there are."""
        for acceptor in self.acceptors:
            await acceptor.close()

    def hang_up(self) -> None:
        """Close those that were taken; what was sent already still arrives."""
        for each in list(self._connections):
            each.close()


class StreamConnection(asyncio.Protocol):
    """One connection: messages behind 2-byte lengths (RFC 1035 §4.2.2)."""

    def __init__(self, door: Door, channel: Channel, packed: bytes) -> None:
        self.channel = channel
        self.client = door.client_at(packed, channel)
        self._door = door
        self._buffer = bytearray()
        self._in_flight = 0
        self._left = MOST_ENCRYPTED if channel.encrypted else MAX_QUERIES
        self._used = time.monotonic()
        self._message_began: float | None = None
        self._at_end = False
        self._is_reading = False

    # ---- the connection's life, called by asyncio --------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take a place among the connections, or close at once."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        transport.set_write_buffer_limits(high=WRITE_BUFFER)
        if not self._door.admit(self):
            transport.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        """Give the place back."""
        self._door.leave(self)

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
            if self._in_flight >= MAX_IN_FLIGHT or not self._left:
                self._transport.pause_reading()  # what is not read here waits at the client
                break
            size = int.from_bytes(buffer[:2], "big")
            end = 2 + (size if size <= QUERY_SIZE else HEADER_SIZE)
            if len(buffer) < end:
                break
            if size > QUERY_SIZE:  # no query can be: its header is answered, the rest never read
                self._left = 1
            wire = bytes(buffer[2:end])
            del buffer[:end]
            self._message_began = None
            self._take(wire, arrived)
        if buffer and self._message_began is None:
            self._message_began = arrived
        self._is_reading = False
        self._door.close_batch(self.channel, arrived)

    def _take(self, wire: bytes, arrived: float) -> None:
        self._used = arrived
        self._left -= 1
        self._in_flight += 1
        self._door.touched(self)
        if not self._door.serve(wire, self.client.packed, self.channel, arrived, self._answered):
            self._in_flight -= 1
            self._transport.close()  # what is no query over UDP is silence, over TCP the end
        elif not self._left and not self._in_flight:
            self._transport.close()

    def _answered(self, reply: bytes) -> None:
        """Send a reply; it comes within `_read`, or later when an upstream was asked."""
        self._in_flight -= 1
        if not self._transport.is_closing():
            self._transport.write(len(reply).to_bytes(2, "big") + reply)
        if not self._is_reading:
            self._used = time.monotonic()
            self._go_on()

    def _go_on(self) -> None:
        """After an answer: end if that was the last one, else read on where reading paused."""
        if not self._in_flight and (self._at_end or not self._left):
            self._transport.close()
        elif not self._transport.is_closing():
            self._transport.resume_reading()
            self._read()

    # ---- limits ------------------------------------------------------------------------------

    @property
    def is_idle(self) -> bool:
        """Whether nobody would miss an answer if it were closed now."""
        return not self._in_flight

    def is_overdue(self, now: float, *, busy: bool) -> bool:
        """Whether it has been idle, or busy with one incoming message, for too long."""
        if self._in_flight:
            return False
        if self._message_began is not None and now - self._message_began > MESSAGE_S:
            return True
        if self.channel.encrypted:
            return now - self._used > (IDLE_S if busy else ENCRYPTED_IDLE_S)
        return now - self._used > (BUSY_IDLE_S if busy else IDLE_S)

    def close(self) -> None:
        """Close; replies that the kernel has taken are still sent.

        One that it has not taken is given up: its client does not read, and waiting for it would
        hold a socket and megabytes of buffers that nobody counts any more.
        """
        if self._transport.get_write_buffer_size():
            self._transport.abort()
        else:
            self._transport.close()
