"""A resolver that speaks DNS over TCP or TLS, and does to connections what it is told.

    async with StreamServer().running(certificate) as server:
        server.on_query = closing          # what becomes of each query from now on
        ...
        assert len(server.connections) == 2

A query is answered by one A record, 192.0.2.1. Queries and replies are read and written by dnslib.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import dnslib
from places import nobodys_place, nobodys_port

ADDRESS = "192.0.2.1"


class Connection(asyncio.Protocol):
    """One connection of a client: `queries` are those that arrived on it."""

    def __init__(self, server: StreamServer) -> None:
        self.server = server
        self.queries: list[bytes] = []
        self.transport: asyncio.Transport | None = None
        self.is_over = False
        self._read = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        self.server.connections.append(self)

    def connection_lost(self, error: Exception | None) -> None:
        self.is_over = True

    def data_received(self, data: bytes) -> None:
        self._read += data
        while len(self._read) >= 2:
            end = 2 + int.from_bytes(self._read[:2], "big")
            if len(self._read) < end:
                return
            query, self._read = self._read[2:end], self._read[end:]
            self.queries.append(query)
            self.server.on_query(self, query)

    def send(self, wire: bytes) -> None:
        """One message, with its length."""
        self.send_raw(len(wire).to_bytes(2, "big") + wire)

    def send_raw(self, data: bytes) -> None:
        """These very bytes."""
        assert self.transport is not None
        self.transport.write(data)

    def close(self) -> None:
        """Say goodbye, behind all that was sent."""
        assert self.transport is not None
        self.transport.close()

    def abort(self) -> None:
        """Be gone at once."""
        assert self.transport is not None
        self.transport.abort()


OnQuery = Callable[[Connection, bytes], None]


def reply_to(query: bytes, rcode: str = "NOERROR") -> bytes:
    """The ordinary answer."""
    record = dnslib.DNSRecord.parse(query)
    reply = record.reply(ra=1, aa=0)
    reply.header.rcode = getattr(dnslib.RCODE, rcode)
    if rcode == "NOERROR":
        reply.add_answer(*dnslib.RR.fromZone(f"{record.q.qname} 60 A {ADDRESS}"))
    return bytes(reply.pack())


def answering(connection: Connection, query: bytes) -> None:
    """Answer at once."""
    connection.send(reply_to(query))


def answering_quickly(connection: Connection, query: bytes) -> None:
    """Answer at once, and without dnslib, that there is no address."""
    end = 12
    while query[end]:
        end += 1 + query[end]
    connection.send(query[:2] + b"\x81\x80\0\1\0\0\0\0\0\0" + query[12 : end + 5])


def silent(connection: Connection, query: bytes) -> None:
    """Never answer."""


def answering_once(connection: Connection, query: bytes) -> None:
    """Answer the first question of a connection, and close it."""
    if len(connection.queries) == 1:
        connection.send(reply_to(query))
        connection.close()


def closing(connection: Connection, query: bytes) -> None:
    """Close instead of an answer."""
    connection.abort()


def closing_within(connection: Connection, query: bytes) -> None:
    """Close in the middle of the answer."""
    wire = reply_to(query)
    connection.send_raw((len(wire).to_bytes(2, "big") + wire)[:20])
    connection.close()


class StreamServer:
    """The server; every connection that was ever made to it is in `connections`."""

    def __init__(self) -> None:
        self.on_query: OnQuery = answering
        self.connections: list[Connection] = []
        self.host, self.port = nobodys_place()
        self._server: asyncio.Server | None = None

    @property
    def queries(self) -> int:
        """How many arrived on all connections."""
        return sum(len(connection.queries) for connection in self.connections)

    @property
    def open(self) -> list[Connection]:
        """The connections that are still there."""
        return [connection for connection in self.connections if not connection.is_over]

    @asynccontextmanager
    async def running(
        self, context: ssl.SSLContext | None = None, host: str = ""
    ) -> AsyncIterator[StreamServer]:
        """Listen, over TLS where there is a context; all is closed at the end."""
        if host:
            self.host, self.port = host, nobodys_port()
        loop = asyncio.get_running_loop()
        make = lambda: Connection(self)  # noqa: E731  # a protocol factory
        self._server = await loop.create_server(make, self.host, self.port, ssl=context)
        try:
            yield self
        finally:
            self.stop()

    def stop(self) -> None:
        """Listen no more, and be gone."""
        if self._server is not None:
            self._server.close()
        for connection in self.open:
            connection.abort()
