"""Queries that a trusted proxy brings are those of clients it names; nobody else is believed."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from ipaddress import ip_address, ip_network

import certificates
import dnslib
import pytest
from test_tcp_listener import ended, framed, read
from test_udp_listener import BATCHED, ask, client_socket
from tls_house import NAME, until
from tls_house import listening as listening_by_tls
from world import BrokenFilter, World, addresses, question

from sinkhole.dns.server import arrival, places
from sinkhole.dns.server.door import Door
from sinkhole.dns.server.sockets import bind
from sinkhole.dns.server.stream import StreamListener
from sinkhole.dns.server.udp import UdpListener

PROXIES = (ip_network("127.0.0.2/32"),)
LINE = b"PROXY TCP4 192.0.2.7 198.51.100.1 56324 53\r\n"


def header(source: str, *, own: bool = False) -> bytes:
    """A header of version 2, for a datagram."""
    packed = ip_address(source).packed
    body = packed + packed + b"\x12\x34\x00\x35"
    family = 0x12 if len(packed) == 4 else 0x22
    size = len(body).to_bytes(2, "big")
    return b"\r\n\r\n\0\r\nQUIT\n" + bytes((0x20 if own else 0x21, family)) + size + body


def make_world() -> World:
    world = World(block=["ads.example.org"])
    world.upstreams.says("example.org", "A", "example.org. 60 A 192.0.2.1")
    return world


def recorded(world: World) -> list[tuple[str, str]]:
    """Channel and client of every record."""
    return [
        (batch.channel, who.text) for batch in world.buffer.drain(99) for _, who in batch.records
    ]


@asynccontextmanager
async def by_udp(world: World, batched: bool) -> AsyncIterator[tuple[str, int]]:
    bound = bind("UDP", "127.0.0.1", 0)
    listener = UdpListener(bound, world.pipeline, batched=batched, proxies=PROXIES)
    try:
        yield "127.0.0.1", bound.port
    finally:
        await listener.close()


@asynccontextmanager
async def by_tcp(world: World) -> AsyncIterator[tuple[Door, int]]:
    bound = bind("TCP", "127.0.0.1", 0)
    door = Door(world.pipeline, proxies=PROXIES)
    listener = StreamListener(door)
    listener.listen(bound)
    try:
        yield door, bound.port
    finally:
        await listener.stop()
        await door.close()


async def connect(port: int, host: str) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    return await asyncio.open_connection("127.0.0.1", port, local_addr=(host, 0))


@pytest.mark.parametrize("batched", BATCHED)
async def test_over_udp_the_client_is_the_one_in_the_header(batched: bool) -> None:
    world = make_world()
    world.upstreams.says("later.example.org", "A", "later.example.org. 60 A 192.0.2.1")
    names = ("ads.example.org", "example.org", "later.example.org")
    async with by_udp(world, batched) as to:
        with client_socket("127.0.0.2") as proxy, client_socket() as direct:
            for source, name in zip(("192.0.2.7", "2001:db8::9", "192.0.2.8"), names, strict=True):
                (reply,) = await ask(proxy, to, header(source) + question(name))
                assert dnslib.DNSRecord.parse(reply).rr
            (reply,) = await ask(proxy, to, header("192.0.2.7", own=True) + question(names[0]))
            (reply,) = await ask(direct, to, question(names[0]))
            assert addresses(dnslib.DNSRecord.parse(reply)) == ["0.0.0.0"]
    clients = ["192.0.2.7", "2001:db8::9", "192.0.2.8", "127.0.0.2", "127.0.0.1"]
    assert recorded(world) == [("udp", each) for each in clients]


@pytest.mark.parametrize("batched", BATCHED)
async def test_over_udp_who_may_ask_and_how_often_goes_by_the_header(batched: bool) -> None:
    world = make_world()
    async with by_udp(world, batched) as to:
        with client_socket("127.0.0.2") as proxy:
            (reply,) = await ask(proxy, to, header("198.51.100.7") + question("ads.example.org"))
            assert dnslib.DNSRecord.parse(reply).header.rcode == 5
    assert recorded(world) == [("udp", "198.51.100.7")]


@pytest.mark.parametrize("batched", BATCHED)
async def test_over_udp_a_proxy_without_a_header_is_not_answered(batched: bool) -> None:
    world = make_world()
    async with by_udp(world, batched) as to:
        with client_socket("127.0.0.2") as proxy:
            for nonsense in (question("ads.example.org"), header("192.0.2.7")[:20], b"", LINE[:9]):
                proxy.sendto(nonsense, to)
            query = question("ads.example.org")
            (reply,) = await ask(proxy, to, header("192.0.2.7") + query)
            assert reply[:2] == query[:2]
    assert world.pipeline.dropped == 4


@pytest.mark.parametrize("batched", BATCHED)
async def test_from_others_a_header_is_a_broken_query(batched: bool) -> None:
    world = make_world()
    async with by_udp(world, batched) as to:
        with client_socket() as stranger:
            (reply,) = await ask(stranger, to, header("192.0.2.7") + question("ads.example.org"))
            assert dnslib.DNSRecord.parse(reply).header.rcode != 0
    assert recorded(world) == [("udp", "127.0.0.1")]


@pytest.mark.parametrize("batched", BATCHED)
async def test_a_bug_behind_a_header_is_answered_to_who_asked(batched: bool) -> None:
    world = make_world()
    world.publish(filter=BrokenFilter("bug.example.org"))
    async with by_udp(world, batched) as to:
        with client_socket("127.0.0.2") as proxy:
            query = question("bug.example.org")
            (reply,) = await ask(proxy, to, header("192.0.2.7") + query)
            assert (reply[:2], reply[3] & 15) == (query[:2], 2)
    assert recorded(world) == [("udp", "192.0.2.7")]


@pytest.mark.parametrize("head", [LINE, header("192.0.2.7")], ids=["version 1", "version 2"])
async def test_over_tcp_the_client_is_the_one_in_the_header(head: bytes) -> None:
    world = make_world()
    async with by_tcp(world) as (door, port):
        reader, writer = await connect(port, "127.0.0.2")
        for byte in head:
            writer.write(bytes((byte,)))
            await writer.drain()
        writer.write(framed(question("ads.example.org")))
        assert addresses(await read(reader)) == ["0.0.0.0"]
        writer.write(framed(question("example.org")))
        assert addresses(await read(reader)) == ["192.0.2.1"]
        assert [each.client.text for each in door.plain.holders] == ["192.0.2.7"]
        writer.close()
        at_once = await connect(port, "127.0.0.2")
        at_once[1].write(head + framed(question("ads.example.org")))
        assert addresses(await read(at_once[0])) == ["0.0.0.0"]
        at_once[1].close()
    assert recorded(world) == [("tcp", "192.0.2.7")] * 3


async def test_over_tcp_who_may_not_ask_is_closed_whoever_brings_him() -> None:
    world = make_world()
    async with by_tcp(world) as (door, port):
        reader, writer = await connect(port, "127.0.0.2")
        writer.write(LINE.replace(b"192.0.2.7", b"198.51.100.7"))
        assert await ended(reader)
        writer.close()
        await until(lambda: not door.handshakes.places.holders)
    assert recorded(world) == [("tcp", "198.51.100.7")]


async def test_a_proxy_that_may_not_ask_itself_may_bring_those_who_may() -> None:
    world = make_world()
    allow = (ip_network("192.0.2.0/24"),)
    world.publish(access=replace(world.pipeline.policy.access, allow=allow))
    async with by_tcp(world) as (_, port):
        reader, writer = await connect(port, "127.0.0.2")
        writer.write(LINE + framed(question("ads.example.org")))
        assert addresses(await read(reader)) == ["0.0.0.0"]
        writer.close()


async def test_over_tcp_what_is_no_header_ends_the_connection_of_a_proxy() -> None:
    async with by_tcp(make_world()) as (door, port):
        for number, nonsense in enumerate((framed(question("ads.example.org")), b"PROXY x\r\n"), 1):
            reader, writer = await connect(port, "127.0.0.2")
            writer.write(nonsense)
            assert await ended(reader)
            assert (door.handshakes.failed, door.handshakes.places.holders) == (number, {})
            writer.close()


async def test_a_header_that_takes_too_long_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(arrival, "HANDSHAKE_S", 0.1)
    monkeypatch.setattr(places, "SWEEP_S", 0.02)
    async with by_tcp(make_world()) as (door, port):
        reader, writer = await connect(port, "127.0.0.2")
        writer.write(LINE[:20])
        assert await ended(reader)
        assert door.handshakes.failed == 1
        writer.close()


async def test_from_others_a_header_over_tcp_is_a_query_that_is_too_long() -> None:
    world = make_world()
    async with by_tcp(world) as (_, port):
        reader, writer = await connect(port, "127.0.0.1")
        writer.write(header("192.0.2.7") + framed(question("ads.example.org")))
        assert (await read(reader)).header.rcode != 0
        assert await ended(reader)
        writer.close()
    assert recorded(world) == [("tcp", "127.0.0.1")]


async def test_before_tls_the_header_comes_before_the_handshake() -> None:
    world = make_world()
    async with listening_by_tls(world, PROXIES) as served:

        def ask_by_tls() -> bytes:
            plain = socket.socket()
            plain.settimeout(20)
            plain.bind(("127.0.0.2", 0))
            plain.connect(("127.0.0.1", served.port))
            plain.sendall(LINE)
            context = certificates.client_context()
            with context.wrap_socket(plain, server_hostname=NAME) as sock:
                sock.sendall(framed(question("ads.example.org")))
                return sock.recv(512)

        reply = await asyncio.to_thread(ask_by_tls)
        assert addresses(dnslib.DNSRecord.parse(reply[2:])) == ["0.0.0.0"]
    assert recorded(world) == [("tls", "192.0.2.7")]
