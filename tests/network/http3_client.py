"""An HTTP/3 client that says whatever a test wants, on one connection.

client = Http3Client(place)
await client.connected()
response = await client.ask(b"GET", b"/dns-query?dns=...")
"""

from __future__ import annotations

import ssl
from typing import NamedTuple

from places import Place
from qh3.h3.connection import H3Connection
from qh3.h3.events import DataReceived, HeadersReceived
from qh3.quic.connection import QuicConnection
from qh3.quic.events import HandshakeCompleted, QuicEvent, StreamReset
from quic_asking import until

from sinkhole.dns.quic.connection import End, configuration
from sinkhole.dns.upstream.links.quic_transport import QuicTransport


class Response(NamedTuple):
    """What came: the status is 0, and the body empty, where the stream was reset."""

    status: int
    headers: dict[bytes, bytes]
    body: bytes


class Http3Client:
    """Believes whatever certificate it is shown."""

    def __init__(self, place: Place) -> None:
        settings = configuration(["h3"], is_client=True, idle_s=30, stream_size=1 << 20)
        settings.verify_mode = ssl.CERT_NONE
        self.native = QuicConnection(configuration=settings)
        self.http = H3Connection(self.native)
        self.is_connected = False
        self.ended_by: End | None = None
        self.heads: dict[int, dict[bytes, bytes]] = {}
        self.bodies: dict[int, bytes] = {}
        self.complete: set[int] = set()
        self.transport = QuicTransport(self.native, *place)
        self.transport.start(self)

    async def connected(self) -> Http3Client:
        await until(lambda: self.is_connected)
        return self

    async def ask(self, method: bytes, path: bytes, body: bytes = b"", **more: str) -> Response:
        """One request, and what comes of it; names of headers with _ for -."""
        stream = self.send(method, path, body, **more)
        await until(lambda: stream in self.complete)
        head = self.heads.get(stream, {})
        return Response(int(head.get(b":status", b"0")), head, self.bodies.get(stream, b""))

    def send(
        self, method: bytes, path: bytes, body: bytes = b"", end: bool = True, **more: str
    ) -> int:
        stream = self.native.get_next_available_stream_id()
        head = [
            (b":method", method),
            (b":scheme", b"https"),
            (b":authority", b"dns.example.org"),
            (b":path", path),
            *((name.replace("_", "-").encode(), value.encode()) for name, value in more.items()),
        ]
        self.http.send_headers(stream, head, end_stream=end and not body)
        if body:
            self.http.send_data(stream, body, end)
        self.transport.flush_soon()
        return stream

    def close(self) -> None:
        self.transport.close()

    def happened(self, event: QuicEvent) -> None:
        if isinstance(event, HandshakeCompleted):
            self.is_connected = True
        if isinstance(event, StreamReset):
            self.complete.add(event.stream_id)
        for each in self.http.handle_event(event):
            if isinstance(each, HeadersReceived):
                self.heads[each.stream_id] = dict(each.headers)
            elif isinstance(each, DataReceived):
                self.bodies[each.stream_id] = self.bodies.get(each.stream_id, b"") + each.data
            if isinstance(each, HeadersReceived | DataReceived) and each.stream_ended:
                self.complete.add(each.stream_id)

    def heard(self) -> None: ...

    def ended(self, what: str, end: End | None) -> None:
        self.ended_by = end
