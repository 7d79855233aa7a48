"""The TCP listener: pipelined queries, answers in any order, and limits on everything.

RFC 7766 asks servers to answer queries of one connection concurrently (§6.2.1.1) and lets them
close idle connections (§6.2.3) and guard themselves (§10). A connection never uses room that UDP
needs: each transport has its own bounds.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import time
from typing import Final

from sinkhole.dns.clients.clients import Client
from sinkhole.dns.pipeline.pipeline import Pipeline
from sinkhole.dns.pipeline.reaction import DROP, TCP
from sinkhole.dns.server.sockets import Pair

MAX_CONNECTIONS: Final = 64
MAX_PER_CLIENT: Final = 16
MAX_IN_FLIGHT: Final = 16
"""Queries of one connection that wait for upstreams; reading pauses beyond it."""
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
    """Serves the TCP sockets of all listen addresses."""

    def __init__(self, pipeline: Pipeline) -> None:
        self.pipeline = pipeline
        self.waiting = 0
        """Queries of all connections that wait for upstreams."""
        self.calm = asyncio.Event()
        """Set when the last of them was answered."""
        self.connections: dict[Connection, None] = {}
        """Open connections, the one that was idle longest first."""
        self._servers: list[asyncio.Server] = []
        self._sweeper: asyncio.TimerHandle | None = None

    async def listen(self, pair: Pair) -> None:
        """Start accepting on one more socket."""
        loop = asyncio.get_running_loop()
        server = await loop.create_server(lambda: Connection(self), sock=pair.tcp)
        self._servers.append(server)
        if self._sweeper is None:
            self._sweeper = loop.call_later(SWEEP_S, self._sweep)

    async def close(self, patience_s: float = 0.0) -> None:
        """Stop accepting, give queries that wait `patience_s` to be answered, close everything."""
        for server in self._servers:
            server.close()
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
        """Make room for a new connection, at the cost of the one idle longest."""
        same = [c for c in self.connections if c.client is new.client]
        if len(same) >= MAX_PER_CLIENT and not self._evict(same):
            return False
        if len(self.connections) >= MAX_CONNECTIONS and not self._evict(list(self.connections)):
            return False
        self.connections[new] = None
        if self._sweeper is None:
            self._sweeper = asyncio.get_running_loop().call_later(SWEEP_S, self._sweep)
        return True

    def touched(self, connection: Connection) -> None:
        """Move a connection that was just used to the end of the queue."""
        if connection in self.connections:
            del self.connections[connection]
            self.connections[connection] = None

    @staticmethod
    def _evict(candidates: list[Connection]) -> bool:
        for connection in candidates:
            if connection.is_idle:
                connection.close()
                return True
        return False

    def _sweep(self) -> None:
        """Close what is idle or slow; a timer for all instead of two a connection, while any is."""
        self._sweeper = None
        now = time.monotonic()
        busy = len(self.connections) > MAX_CONNECTIONS // 2
        for connection in list(self.connections):
            if connection.is_overdue(now, BUSY_IDLE_S if busy else IDLE_S):
                connection.close()
        if self.connections:
            self._sweeper = asyncio.get_running_loop().call_later(SWEEP_S, self._sweep)


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
        family = (
            socket.AF_INET6 if len(transport.get_extra_info("peername")) == 4 else socket.AF_INET
        )
        host = transport.get_extra_info("peername")[0].partition("%")[0]
        self.client = self._pipeline.clients.of(socket.inet_pton(family, host))
        transport.set_write_buffer_limits(high=WRITE_BUFFER)
        if not self._listener.admit(self):
            transport.abort()

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
            end = 2 + int.from_bytes(buffer[:2], "big")
            if len(buffer) < end:
                break
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
        reaction = self._pipeline.answer_now(wire, self.client, TCP, arrived)
        if isinstance(reaction, bytes):
            self._send(reaction)
        elif reaction is DROP:
            self._transport.close()  # what is no query over UDP is silence, over TCP the end
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
