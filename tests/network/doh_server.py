"""A DNS over HTTPS server of the tests, by the plain h2 library: what a session has to cope with.

async with DohServer().running(certificate) as server:
    server.hold = True           # answer nothing until `release`
    ...
    server.connections[0].transport.abort()
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import dnslib
from certificates import Certificate, server_context
from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.events import DataReceived, StreamEnded
from h2.settings import SettingCodes

ADDRESS = "192.0.2.1"


class DohConnection(asyncio.Protocol):
    """One connection: answers every POST with an address, or holds it."""

    def __init__(self, server: DohServer) -> None:
        self.server = server
        self.is_over = False
        self.held: dict[int, bytes] = {}
        self.http = H2Connection(H2Configuration(client_side=False))
        self._bodies: dict[int, bytes] = {}

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin."""
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        self.server.connections.append(self)
        if self.server.streams:
            self.http.update_settings({SettingCodes.MAX_CONCURRENT_STREAMS: self.server.streams})
        self.http.initiate_connection()
        self.flush()

    def connection_lost(self, error: Exception | None) -> None:
        """Gone."""
        self.is_over = True

    def goaway(self, last_stream: int) -> None:
        """Say that no more streams are taken; h2 would say nothing afterwards."""
        body = last_stream.to_bytes(4, "big") + bytes(4)
        self.transport.write(b"\0\0\x08\x07\0\0\0\0\0" + body)

    def data_received(self, data: bytes) -> None:
        """Take requests."""
        for event in self.http.receive_data(data):
            if isinstance(event, DataReceived):
                self._bodies[event.stream_id] = self._bodies.get(event.stream_id, b"") + event.data
                self.http.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
            elif isinstance(event, StreamEnded):
                self.held[event.stream_id] = self._bodies.pop(event.stream_id)
        if not self.server.hold:
            self.release()
        self.flush()

    def release(self) -> None:
        """Answer what is held, the newest first."""
        for stream in sorted(self.held, reverse=True):
            query = dnslib.DNSRecord.parse(self.held.pop(stream))
            self.server.asked.append(str(query.q.qname).rstrip("."))
            reply = query.reply()
            reply.add_answer(*dnslib.RR.fromZone(f"{query.q.qname} 60 A {ADDRESS}"))
            self.http.send_headers(
                stream, [(":status", "200"), ("content-type", "application/dns-message")]
            )
            self.http.send_data(stream, bytes(reply.pack()), end_stream=True)
        self.flush()

    def flush(self) -> None:
        """Send what h2 has to say."""
        if data := self.http.data_to_send():
            self.transport.write(data)


class DohServer:
    """The server: `asked` are the names that were answered, in order.

    `hold` makes new requests wait; `streams` are so many at once, 0 for as many as h2 likes.
    """

    def __init__(self) -> None:
        self.connections: list[DohConnection] = []
        self.asked: list[str] = []
        self.hold = False
        self.streams = 0
        self.port = 0

    @asynccontextmanager
    async def running(
        self, certificate: Certificate, *alpn: str, context: ssl.SSLContext | None = None
    ) -> AsyncIterator[DohServer]:
        """Listens on 127.0.0.1; ALPN is "h2" unless it is given."""
        loop = asyncio.get_running_loop()
        server = await loop.create_server(
            lambda: DohConnection(self),
            "127.0.0.1",
            0,
            ssl=context or server_context(certificate, alpn or ("h2",)),
        )
        self.port = server.sockets[0].getsockname()[1]
        try:
            yield self
        finally:
            server.close()
            for connection in self.connections:
                connection.transport.abort()
