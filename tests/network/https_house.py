"""A listener for DNS over HTTPS, and clients of it by the plain h2 library or by hand.

async with listening(make_world()) as served, h2_client(served.port) as client:
    response = await client.post("/dns-query", question("ads.example.org"))
    assert response.status == 200
"""

from __future__ import annotations

import asyncio
from base64 import urlsafe_b64encode
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from ipaddress import IPv4Network
from typing import NamedTuple

import certificates
from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.events import (
    ConnectionTerminated,
    DataReceived,
    ResponseReceived,
    StreamEnded,
    StreamReset,
    WindowUpdated,
)
from world import World

from sinkhole.dns.server.doh import Service
from sinkhole.dns.server.door import Door
from sinkhole.dns.server.https import PROTOCOLS, https_listener
from sinkhole.dns.server.sockets import bind
from sinkhole.dns.server.tls_terms import TlsTerms

NAME = "dns.example.org"
CERTIFICATE_NAMES = (NAME, f"*.{NAME}", "127.0.0.1")
LIMIT_S = 60.0
DNS = ("content-type", "application/dns-message")


class Served(NamedTuple):
    """What listens, and where."""

    door: Door
    service: Service
    port: int


@asynccontextmanager
async def listening(world: World, proxies: tuple[IPv4Network, ...] = ()) -> AsyncIterator[Served]:
    bound = bind("TCP", "127.0.0.1", 0)
    door, service = Door(world.pipeline, proxies=proxies), Service()
    terms = TlsTerms(PROTOCOLS, [NAME])
    terms.ssl_context = certificates.server_context(certificates.leaf(*CERTIFICATE_NAMES))
    listener = https_listener(door, terms, service)
    listener.listen(bound)
    try:
        yield Served(door, service, bound.port)
    finally:
        await listener.stop()
        await door.close()


def make_world() -> World:
    world = World(block=["ads.example.org"])
    world.upstreams.says("example.org", "A", "example.org. 60 A 192.0.2.1")
    return world


def as_parameter(query: bytes) -> str:
    return urlsafe_b64encode(query).rstrip(b"=").decode()


class Response(NamedTuple):
    """What came of a request; `reset` is the code where the stream was reset before its end."""

    status: int
    headers: dict[str, str]
    body: bytes
    reset: int | None = None


class H2Client(asyncio.Protocol):
    """A client of HTTP/2: `http` is to be used for what is unusual, then `flush`."""

    def __init__(self) -> None:
        self.http = H2Connection(H2Configuration(client_side=True, header_encoding="utf-8"))
        self.http.initiate_connection()
        self.ended = asyncio.Event()
        self.goodbye: ConnectionTerminated | None = None
        self.acknowledges = True
        self._news = asyncio.Event()
        self._heads: dict[int, dict[str, str]] = {}
        self._bodies: dict[int, bytes] = {}
        self._done: dict[int, int | None] = {}

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        self.flush()

    def data_received(self, data: bytes) -> None:
        for event in self.http.receive_data(data):
            if isinstance(event, ResponseReceived):
                self._heads[event.stream_id] = dict(event.headers)
            elif isinstance(event, DataReceived):
                self._bodies[event.stream_id] = self._bodies.get(event.stream_id, b"") + event.data
                if self.acknowledges:
                    size = event.flow_controlled_length
                    self.http.acknowledge_received_data(size, event.stream_id)
            elif isinstance(event, StreamEnded):
                self._done.setdefault(event.stream_id)
            elif isinstance(event, StreamReset):
                self._done.setdefault(event.stream_id, int(event.error_code))
            elif isinstance(event, ConnectionTerminated):
                self.goodbye = event
            elif isinstance(event, WindowUpdated):
                pass
        self._news.set()
        self.flush()

    def connection_lost(self, exc: Exception | None) -> None:
        self.ended.set()
        self._news.set()

    def flush(self) -> None:
        if not self.transport.is_closing():
            self.transport.write(self.http.data_to_send())

    def begin(
        self, method: str, path: str, *headers: tuple[str, str], body: bytes | None = None
    ) -> int:
        """Send a request; without a body it is left open where it has one."""
        stream = self.http.get_next_available_stream_id()
        head = [(":method", method), (":scheme", "https"), (":authority", NAME), (":path", path)]
        is_get = method in ("GET", "HEAD")
        self.http.send_headers(stream, [*head, *headers], end_stream=is_get)
        if body is not None:
            self.http.send_data(stream, body, end_stream=True)
        self.flush()
        return stream

    async def response(self, stream: int) -> Response:
        """What comes of a request."""
        async with asyncio.timeout(LIMIT_S):
            while stream not in self._done:
                assert not self.ended.is_set(), "the connection ended"
                self._news.clear()
                await self._news.wait()
        head = self._heads.get(stream, {})
        status = int(head.get(":status", 0))
        return Response(status, head, self._bodies.get(stream, b""), self._done[stream])

    async def post(self, path: str, query: bytes, *headers: tuple[str, str]) -> Response:
        return await self.response(self.begin("POST", path, DNS, *headers, body=query))

    async def get(self, path: str, *headers: tuple[str, str]) -> Response:
        return await self.response(self.begin("GET", path, *headers))


@asynccontextmanager
async def h2_client(port: int, name: str = NAME, prefix: bytes = b"") -> AsyncIterator[H2Client]:
    loop = asyncio.get_running_loop()
    _, client = await loop.create_connection(
        H2Client,
        "127.0.0.1",
        port,
        ssl=certificates.client_context(["h2"]),
        server_hostname=name,
    )
    try:
        yield client
    finally:
        client.transport.abort()


class H1Client:
    """A client of HTTP/1.1, by hand."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer

    def send(self, method: str, path: str, *headers: str, body: bytes = b"") -> None:
        """Send a request, with its length where it has a body."""
        lines = [f"{method} {path} HTTP/1.1", f"Host: {NAME}", *headers]
        if body:
            lines += ["Content-Type: application/dns-message", f"Content-Length: {len(body)}"]
        self.writer.write("\r\n".join([*lines, "", ""]).encode() + body)

    async def response(self, *, is_head: bool = False) -> Response:
        """Read a response."""
        async with asyncio.timeout(LIMIT_S):
            head = (await self.reader.readuntil(b"\r\n\r\n")).decode()
            first, *lines = head.strip().split("\r\n")
            headers = dict(line.split(": ", 1) for line in lines)
            size = 0 if is_head else int(headers.get("content-length", "0"))
            return Response(int(first.split()[1]), headers, await self.reader.readexactly(size))

    async def is_over(self) -> bool:
        """Whether the server closes, with nothing more said."""
        async with asyncio.timeout(LIMIT_S):
            return await self.reader.read() == b""


@asynccontextmanager
async def h1_client(port: int, alpn: Iterable[str] = ("http/1.1",)) -> AsyncIterator[H1Client]:
    context = certificates.client_context(list(alpn))
    reader, writer = await asyncio.open_connection(
        "127.0.0.1", port, ssl=context, server_hostname=NAME
    )
    try:
        yield H1Client(reader, writer)
    finally:
        writer.transport.abort()


async def until(condition: object) -> None:
    """Until a callable says so; a test that passes never waits as long as the limit."""
    assert callable(condition)
    async with asyncio.timeout(LIMIT_S):
        while not condition():
            await asyncio.sleep(0.001)
