"""TCP over real sockets: pipelining, answers out of order, and every limit."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

import dnslib
import pytest
from world import BrokenFilter, World, addresses, question

from sinkhole.dns.policy.access import Standing
from sinkhole.dns.server import mmsg, places, stream
from sinkhole.dns.server.door import Door
from sinkhole.dns.server.sockets import bind
from sinkhole.dns.server.stream import StreamListener


@asynccontextmanager
async def listening(world: World) -> AsyncIterator[tuple[Door, int]]:
    bound = bind("TCP", "127.0.0.1", 0)
    door = Door(world.pipeline)
    listener = StreamListener(door)
    listener.listen(bound)
    try:
        yield door, bound.port
    finally:
        await listener.stop()
        await door.close()


def framed(query: bytes) -> bytes:
    return len(query).to_bytes(2, "big") + query


async def read(reader: asyncio.StreamReader) -> dnslib.DNSRecord:
    async with asyncio.timeout(20):
        size = int.from_bytes(await reader.readexactly(2), "big")
        return dnslib.DNSRecord.parse(await reader.readexactly(size))


async def ended(reader: asyncio.StreamReader) -> bool:
    """Whether the server closes the connection without another byte."""
    async with asyncio.timeout(20):
        try:
            return await reader.read() == b""
        except ConnectionResetError:
            return True


def make_world() -> World:
    world = World(block=["ads.example.org"])
    world.upstreams.says("example.org", "A", "example.org. 60 A 192.0.2.1")
    return world


async def test_pipelined_queries_are_answered_as_soon_as_each_is_known() -> None:
    world = make_world()
    world.upstreams.gate = asyncio.Event()
    async with listening(world) as (_, port):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(framed(question("example.org")) + framed(question("ads.example.org")))
        assert addresses(await read(reader)) == ["0.0.0.0"]
        world.upstreams.gate.set()
        assert addresses(await read(reader)) == ["192.0.2.1"]
        writer.close()


async def test_messages_may_come_byte_by_byte() -> None:
    world = make_world()
    async with listening(world) as (_, port):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        for byte in framed(question("ads.example.org")):
            writer.write(bytes((byte,)))
            await writer.drain()
        assert addresses(await read(reader)) == ["0.0.0.0"]
        writer.close()


async def test_a_client_that_ends_its_side_still_gets_its_answers() -> None:
    world = make_world()
    world.upstreams.gate = asyncio.Event()
    async with listening(world) as (door, port):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(framed(question("example.org")))
        writer.write_eof()
        while door.room.waiting == 0:
            await asyncio.sleep(0)
        world.upstreams.gate.set()
        assert addresses(await read(reader)) == ["192.0.2.1"]
        assert await ended(reader)
        writer.close()


async def test_no_more_than_so_many_queries_wait_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stream, "MAX_IN_FLIGHT", 4)
    world = make_world()
    world.upstreams.gate = asyncio.Event()
    async with listening(world) as (door, port):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(framed(question("example.org")) * 10)
        while door.room.waiting < 4:
            await asyncio.sleep(0)
        assert door.room.waiting == 4
        world.upstreams.gate.set()
        for _ in range(10):
            assert addresses(await read(reader)) == ["192.0.2.1"]
        writer.close()


async def test_a_connection_ends_after_so_many_queries(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stream, "MAX_QUERIES", 5)
    world = make_world()
    async with listening(world) as (_, port):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(framed(question("ads.example.org")) * 9)
        for _ in range(5):
            await read(reader)
        assert await ended(reader)
        writer.close()


@pytest.mark.parametrize(
    "sent",
    [b"", b"\x00", framed(question("ads.example.org"))[:-3]],
    ids=["nothing", "half a length", "half a message"],
)
async def test_idle_and_slow_connections_are_closed(
    sent: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stream, "IDLE_S", 0.2)
    monkeypatch.setattr(stream, "MESSAGE_S", 0.1)
    monkeypatch.setattr(places, "SWEEP_S", 0.02)
    async with listening(make_world()) as (door, port):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(sent)
        assert await ended(reader)
        assert not door.plain.holders
        writer.close()


async def test_idle_connections_are_closed_though_there_were_none_for_a_while(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(stream, "IDLE_S", 0.05)
    monkeypatch.setattr(places, "SWEEP_S", 0.01)
    async with listening(make_world()) as (door, port):
        for _ in range(2):
            while door.plain._sweeper is not None:
                await asyncio.sleep(0.005)
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            assert await ended(reader)
            writer.close()


async def test_what_is_no_query_ends_the_connection() -> None:
    async with listening(make_world()) as (_, port):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(framed(b"\x12\x34\x81\x80" + bytes(20)))
        assert await ended(reader)
        writer.close()


async def test_the_longest_idle_connection_makes_room_for_a_new_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(places, "MAX_PER_CLIENT", 3)
    world = make_world()
    async with listening(world) as (door, port):
        streams = []
        for _ in range(4):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(framed(question("ads.example.org")))
            await read(reader)
            streams.append((reader, writer))
        assert await ended(streams[0][0])
        assert len(door.plain.holders) == 3
        streams[3][1].write(framed(question("ads.example.org")))
        await read(streams[3][0])
        for _, writer in streams:
            writer.close()


async def test_a_connection_that_ends_before_it_is_taken_is_no_error() -> None:
    world = make_world()
    told: list[dict[str, object]] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: told.append(context))
    async with listening(world) as (door, port):
        for _ in range(10):
            with socket.create_connection(("127.0.0.1", port)) as client:  # the server waits
                client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(framed(question("ads.example.org")))
        assert addresses(await read(reader)) == ["0.0.0.0"]
        assert len(door.plain.holders) == 1
        writer.close()
    assert told == []


async def test_a_client_that_never_reads_is_cut_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stream, "WRITE_BUFFER", 1024)
    monkeypatch.setattr(stream, "MAX_QUERIES", 1_000_000)
    world = make_world()
    zone = "\n".join(f'example.org. 60 TXT "{"x" * 250}{i}"' for i in range(100))
    world.upstreams.says("example.org", "TXT", zone)
    async with listening(world) as (door, port):
        _, writer = await asyncio.open_connection("127.0.0.1", port, limit=1)
        query = framed(question("example.org", "TXT"))
        with contextlib.suppress(ConnectionError):
            for _ in range(100_000):
                writer.write(query * 10)
                await writer.drain()
                await asyncio.sleep(0)
                if not door.plain.holders:
                    break
        while door.plain.holders:
            await asyncio.sleep(0)
        writer.close()


async def test_no_more_is_read_than_will_be_answered() -> None:
    world = make_world()
    world.upstreams.gate = asyncio.Event()
    async with listening(world) as (_, port):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        blocked = framed(question("ads.example.org")) * (stream.MAX_QUERIES - 1)
        writer.write(framed(question("example.org")) + blocked)
        for _ in range(stream.MAX_QUERIES - 1):
            await read(reader)
        writer.write(bytes(1 << 25))  # more than the kernel takes for a server that does not read
        for _ in range(2000):
            await asyncio.sleep(0)
        assert writer.transport.get_write_buffer_size()
        world.upstreams.gate.set()
        assert addresses(await read(reader)) == ["192.0.2.1"]
        assert await ended(reader)
        writer.transport.abort()


async def test_what_a_client_does_not_read_is_given_up_when_it_is_closed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(stream, "IDLE_S", 0.2)
    monkeypatch.setattr(places, "SWEEP_S", 0.02)
    monkeypatch.setattr(stream, "WRITE_BUFFER", 1 << 30)
    world = make_world()
    strings = f'"{"x" * 250}" ' * 200
    world.upstreams.says("example.org", "TXT", f"example.org. 60 TXT {strings}")
    async with listening(world) as (door, port):
        loop, sock = asyncio.get_running_loop(), socket.socket()
        sock.setblocking(False)
        await loop.sock_connect(sock, ("127.0.0.1", port))
        await loop.sock_sendall(sock, framed(question("example.org", "TXT")) * 199)
        while not door.plain.holders:
            await asyncio.sleep(0)
        while door.plain.holders:
            await asyncio.sleep(0.01)
        received = bytearray()
        with contextlib.suppress(ConnectionResetError):
            while data := await loop.sock_recv(sock, 1 << 20):
                received += data
        assert len(received) < (2 + int.from_bytes(received[:2], "big")) * 199
        sock.close()


async def test_what_meets_a_bug_costs_neither_the_connection_nor_its_other_queries() -> None:
    world = make_world()
    world.publish(filter=BrokenFilter("bug.example.org", ["ads.example.org"]))
    for name, target in (("a.example.org", "bug.example.org"), ("b.example.org", "c.example.org")):
        world.upstreams.says(name, "A", f"{name}. 60 CNAME {target}.\n{target}. 60 A 192.0.2.1")
    names = ["ads.example.org", "bug.example.org", "a.example.org", "b.example.org"]
    async with listening(world) as (door, port):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"".join(framed(question(name)) for name in names))
        replies = [await read(reader) for _ in names]
        found = {str(reply.q.qname): reply.header.rcode for reply in replies}
        assert found == dict(zip([f"{name}." for name in names], [0, 2, 2, 0], strict=True))
        assert (door.room.waiting, world.pipeline.bugs.met) == (0, 2)
        writer.close()


async def test_a_connection_that_meets_a_bug_when_it_is_accepted_is_closed() -> None:
    world = make_world()

    def standing(packed: bytes, client_id: str, mac: str) -> Standing:
        raise LookupError("nobody")

    world.publish(access=replace(world.pipeline.policy.access, standing=standing))
    async with listening(world) as (door, port):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        assert await ended(reader)
        assert (world.pipeline.bugs.met, len(door.plain.holders)) == (1, 0)
        writer.close()


async def test_the_longest_query_is_as_long_as_over_udp() -> None:
    async with listening(make_world()) as (_, port):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        longest = padded("ads.example.org", mmsg.QUERY_SIZE)
        assert len(longest) == mmsg.QUERY_SIZE
        writer.write(framed(longest))
        assert addresses(await read(reader)) == ["0.0.0.0"]
        writer.close()


async def test_what_is_too_long_for_a_query_is_refused_unread_and_the_last() -> None:
    """64 KiB of EDNS options would take 22 ms to read; they are not even waited for."""
    world = make_world()
    world.upstreams.gate = asyncio.Event()
    async with listening(world) as (door, port):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        too_long = framed(padded("ads.example.org", mmsg.QUERY_SIZE + 1))
        writer.write(framed(question("example.org")) + too_long[:20])
        refused = await read(reader)
        assert (refused.header.rcode, refused.header.id) == (
            1,
            int.from_bytes(too_long[2:4], "big"),
        )
        assert door.room.waiting == 1
        writer.write(too_long[20:] + framed(question("ads.example.org")))
        world.upstreams.gate.set()
        assert addresses(await read(reader)) == ["192.0.2.1"]
        assert await ended(reader)
        writer.close()


def padded(name: str, size: int) -> bytes:
    """A query that padding (RFC 7830) makes so long."""
    record = dnslib.DNSRecord.question(name)
    padding = bytes(size - len(record.pack()) - 15)
    record.add_ar(dnslib.EDNS0(opts=[dnslib.EDNSOption(12, padding)]))
    return bytes(record.pack())
