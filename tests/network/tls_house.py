"""A listener for DNS over TLS, and clients of it."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from ipaddress import IPv4Network
from typing import NamedTuple

import certificates
import dnslib
from world import World

from sinkhole.dns.server.door import Door
from sinkhole.dns.server.sockets import bind
from sinkhole.dns.server.stream import StreamListener
from sinkhole.dns.server.tls import DOT, tls_listener
from sinkhole.dns.server.tls_terms import TlsTerms

NAME = "dns.example.org"


class Served(NamedTuple):
    """What listens, and where."""

    door: Door
    terms: TlsTerms
    listener: StreamListener
    port: int


@asynccontextmanager
async def listening(world: World, proxies: tuple[IPv4Network, ...] = ()) -> AsyncIterator[Served]:
    bound = bind("TCP", "127.0.0.1", 0)
    door = Door(world.pipeline, proxies=proxies)
    terms = TlsTerms([DOT], [NAME])
    terms.ssl_context = certificates.server_context(certificates.leaf(NAME, f"*.{NAME}"))
    listener = tls_listener(door, terms)
    listener.listen(bound)
    try:
        yield Served(door, terms, listener, bound.port)
    finally:
        await listener.stop()
        await door.close()


def make_world() -> World:
    world = World(block=["ads.example.org"])
    world.upstreams.says("example.org", "A", "example.org. 60 A 192.0.2.1")
    return world


async def connect(
    port: int, name: str = NAME, *, address: str = "127.0.0.1", alpn: str = DOT
) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """A connection of a client at `address` that asks for `name`."""
    return await asyncio.open_connection(
        "127.0.0.1",
        port,
        ssl=certificates.client_context([alpn]),
        server_hostname=name,
        local_addr=(address, 0),
    )


def tls_of(writer: asyncio.StreamWriter) -> ssl.SSLObject:
    found = writer.get_extra_info("ssl_object")
    assert isinstance(found, ssl.SSLObject)
    return found


def padded_query(name: str, padding: int = 10, *, edns: bool = True) -> bytes:
    """A query with the padding option (RFC 7830)."""
    record = dnslib.DNSRecord.question(name)
    if edns:
        record.add_ar(dnslib.EDNS0(opts=[dnslib.EDNSOption(12, bytes(padding))]))
    return bytes(record.pack())


async def read_wire(reader: asyncio.StreamReader) -> bytes:
    async with asyncio.timeout(20):
        size = int.from_bytes(await reader.readexactly(2), "big")
        return await reader.readexactly(size)


class BareClient:
    """A client that has TLS and TCP in its own hands; it blocks, so it belongs in a thread."""

    def __init__(self, port: int) -> None:
        self.tcp = socket.create_connection(("127.0.0.1", port), 20)
        self._incoming, self._outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        context = certificates.client_context()
        self.tls = context.wrap_bio(self._incoming, self._outgoing, server_hostname=NAME)
        while True:
            try:
                self.tls.do_handshake()
                break
            except ssl.SSLWantReadError:
                self.flush()
                self._incoming.write(self.tcp.recv(65536))
        self.flush()

    def flush(self) -> None:
        """Send what was encrypted."""
        self.tcp.sendall(self._outgoing.read())

    def read_to_end(self) -> bytes:
        """What the server sends until it closes."""
        with self.tcp:
            while data := self.tcp.recv(65536):
                self._incoming.write(data)
        self._incoming.write_eof()
        return self.tls.read()


async def until(condition: object) -> None:
    """Until a callable says so; a test that passes never waits as long as the limit."""
    assert callable(condition)
    async with asyncio.timeout(30):
        while not condition():
            await asyncio.sleep(0.001)
