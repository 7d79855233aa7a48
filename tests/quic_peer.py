"""A server of DoQ and HTTP/3 for tests, made with the library's own asyncio layer.

    async with QuicPeer(certificate).running() as peer:
        peer.answer = lambda exchange: exchange.reply(some_wire)
        ...
        assert peer.asked[0].wire == ...

What becomes of each question is up to `answer`, which may also do nothing, or break things.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

from certificates import Certificate
from qh3.asyncio.protocol import QuicConnectionProtocol
from qh3.asyncio.server import QuicServer, serve
from qh3.h3.connection import FrameType, H3Connection, encode_frame, encode_uint_var
from qh3.h3.events import DataReceived, HeadersReceived
from qh3.quic.configuration import QuicConfiguration
from qh3.quic.events import QuicEvent, StreamDataReceived, StreamReset


class Exchange:
    """One question as it arrived: `wire`, and for HTTP its headers."""

    def __init__(self, client: Client, stream: int) -> None:
        self.client = client
        self.stream = stream
        self.wire = b""
        self.headers: dict[bytes, bytes] = {}

    def reply(self, wire: bytes, *, end: bool = True) -> None:
        """Answer as a good server does."""
        if self.client.http is None:
            self.send(len(wire).to_bytes(2, "big") + wire, end=end)
        else:
            self.respond(200, wire, end=end)

    def respond(self, status: int, body: bytes, *, kind: str = "", end: bool = True) -> None:
        """A response of HTTP."""
        assert self.client.http is not None
        head = [
            (b":status", str(status).encode()),
            (b"content-type", (kind or "application/dns-message").encode()),
        ]
        self.client.http.send_headers(self.stream, head)
        self.client.http.send_data(self.stream, body, end)
        self.client.transmit()

    def send(self, data: bytes, *, end: bool = True) -> None:
        """Any bytes on the question's stream."""
        self.client.quic.send_stream_data(self.stream, data, end)
        self.client.transmit()

    def reset(self, code: int) -> None:
        """Give the question up."""
        self.client.quic.reset_stream(self.stream, code)
        self.client.transmit()


class Client(QuicConnectionProtocol):
    """One connection, on the server's side."""

    def __init__(self, peer: QuicPeer, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        self.peer = peer
        self.quic = self._quic
        self.http: H3Connection | None = None
        self.exchanges: dict[int, Exchange] = {}
        self.cancelled: list[int] = []
        peer.clients.append(self)

    def goaway(self, stream: int) -> None:
        """HTTP/3: nothing from this stream on is worked on."""
        assert self.http is not None
        frame = encode_frame(FrameType.GOAWAY, encode_uint_var(stream))
        self.quic.send_stream_data(self.http._local_control_stream_id, frame)
        self.transmit()

    def hang_up(self, code: int = 0, reason: str = "") -> None:
        """Close the connection."""
        self.quic.close(error_code=code, reason_phrase=reason)
        self.transmit()

    def quic_event_received(self, event: QuicEvent) -> None:
        if self.peer.alpn == "h3" and self.http is None:
            self.http = H3Connection(self.quic)
        if isinstance(event, StreamReset):
            self.cancelled.append(event.stream_id)
        if self.http is not None:
            for each in self.http.handle_event(event):
                self._http(each)
        elif isinstance(event, StreamDataReceived):
            exchange = self._exchange(event.stream_id)
            exchange.wire += event.data
            if event.end_stream:
                assert int.from_bytes(exchange.wire[:2], "big") == len(exchange.wire) - 2
                exchange.wire = exchange.wire[2:]
                self._complete(exchange)

    def _http(self, event: object) -> None:
        if isinstance(event, HeadersReceived):
            self._exchange(event.stream_id).headers = dict(event.headers)
        elif isinstance(event, DataReceived):
            self._exchange(event.stream_id).wire += event.data
        if isinstance(event, HeadersReceived | DataReceived) and event.stream_ended:
            self._complete(self._exchange(event.stream_id))

    def _exchange(self, stream: int) -> Exchange:
        return self.exchanges.setdefault(stream, Exchange(self, stream))

    def _complete(self, exchange: Exchange) -> None:
        self.peer.asked.append(exchange)
        self.peer.answer(exchange)


class QuicPeer:
    """A server on 127.0.0.1. `asked` is what arrived, `clients` who came."""

    def __init__(self, certificate: Certificate, alpn: str = "doq") -> None:
        self.alpn = alpn
        self.port = 0
        self.asked: list[Exchange] = []
        self.clients: list[Client] = []
        self.answer: Callable[[Exchange], object] = lambda exchange: None
        self._configuration = QuicConfiguration(is_client=False, alpn_protocols=[alpn])
        self._configuration.max_datagram_frame_size = 65536  # HTTP/3 of the library wants it
        self._configuration.load_cert_chain(certificate.chain_pem, certificate.key_pem)

    @asynccontextmanager
    async def running(self, *, retry: bool = False) -> AsyncIterator[QuicPeer]:
        server: QuicServer = await serve(
            "127.0.0.1",
            0,
            configuration=self._configuration,
            create_protocol=lambda *args, **more: Client(self, *args, **more),
            retry=retry,
        )
        assert server._transport is not None
        self.port = server._transport.get_extra_info("sockname")[1]
        try:
            yield self
        finally:
            server.close()
            await asyncio.sleep(0)
