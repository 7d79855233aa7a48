"""DNS over TLS over real sockets: handshakes, certificates that change, ids, padding, limits."""

from __future__ import annotations

import asyncio
import socket
import ssl
from dataclasses import replace

import certificates
import dnslib
import pytest
from test_tcp_listener import ended, framed, read
from tls_house import (
    NAME,
    BareClient,
    connect,
    listening,
    make_world,
    padded_query,
    read_wire,
    tls_of,
    until,
)
from world import addresses, question

from sinkhole.dns.policy.access import Standing
from sinkhole.dns.server import places, stream, tls
from sinkhole.dns.wire.padding import BLOCK
from sinkhole.model.record import Who


async def test_queries_are_answered_over_tls_and_the_log_says_so() -> None:
    world = make_world()
    world.upstreams.gate = asyncio.Event()
    async with listening(world) as served:
        reader, writer = await connect(served.port)
        assert tls_of(writer).selected_alpn_protocol() == "dot"
        writer.write(framed(question("example.org")) + framed(question("ads.example.org")))
        assert addresses(await read(reader)) == ["0.0.0.0"]
        world.upstreams.gate.set()
        assert addresses(await read(reader)) == ["192.0.2.1"]
        assert [len(served.door.encrypted.holders), len(served.door.plain.holders)] == [1, 0]
        writer.close()
        await until(lambda: not served.door.encrypted.holders)
    assert {batch.channel for batch in world.buffer.drain(9)} == {"tls"}


async def test_other_protocols_than_dot_are_not_agreed_on_and_are_no_hindrance() -> None:
    async with listening(make_world()) as served:
        reader, writer = await connect(served.port, alpn="h2")
        assert tls_of(writer).selected_alpn_protocol() is None
        writer.write(framed(question("ads.example.org")))
        assert addresses(await read(reader)) == ["0.0.0.0"]
        writer.close()


async def test_a_client_is_known_by_the_label_in_front_of_our_name() -> None:
    world = make_world()
    policy = world.pipeline.policy
    told: list[tuple[bytes, str]] = []

    def standing(packed: bytes, client_id: str, mac: str) -> Standing:
        told.append((packed, client_id))
        return Standing(policy.group, Who(client_id or "127.0.0.1"))

    world.publish(access=replace(policy.access, standing=standing, ids=frozenset({"tablet"})))
    async with listening(world) as served:
        for name in (f"Tablet.{NAME}", NAME, f"unknown.{NAME}"):
            reader, writer = await connect(served.port, name)
            writer.write(framed(question("ads.example.org")))
            await read(reader)
            writer.close()
    clients = [client.text for batch in world.buffer.drain(9) for _, client in batch.records]
    assert clients == ["tablet", "127.0.0.1", "127.0.0.1"]
    assert (bytes((127, 0, 0, 1)), "tablet") in told


@pytest.mark.parametrize("name", ["example.org", "ads.example.org"])
async def test_replies_are_padded_for_who_asks_for_it(name: str) -> None:
    async with listening(make_world()) as served:
        reader, writer = await connect(served.port)
        writer.write(framed(padded_query(name)))
        wire = await read_wire(reader)
        assert len(wire) == BLOCK
        assert [option.code for option in dnslib.DNSRecord.parse(wire).ar[0].rdata][-1] == 12
        writer.write(framed(question(name, edns=True)))
        assert len(await read_wire(reader)) < BLOCK
        writer.close()


async def test_another_certificate_counts_for_the_next_connection() -> None:
    async with listening(make_world()) as served:
        first = await connect(served.port)
        other = certificates.leaf(NAME, "other.example.org")
        served.terms.ssl_context = certificates.server_context(other)
        second = await connect(served.port, "other.example.org")
        for reader, writer in (first, second):
            writer.write(framed(question("ads.example.org")))
            assert addresses(await read(reader)) == ["0.0.0.0"]
            writer.close()


async def test_without_a_certificate_connections_are_closed() -> None:
    async with listening(make_world()) as served:
        served.terms.ssl_context = None
        with pytest.raises((ConnectionError, ssl.SSLError)):
            await connect(served.port)


async def test_sessions_are_resumed_so_that_little_has_to_be_signed() -> None:
    async with listening(make_world()) as served:
        context = certificates.client_context()

        def twice() -> list[bool]:
            known, found = None, []
            for _ in range(2):
                plain = socket.create_connection(("127.0.0.1", served.port), 20)
                with context.wrap_socket(plain, server_hostname=NAME, session=known) as sock:
                    sock.sendall(framed(question("ads.example.org")))
                    assert sock.recv(512)
                    found.append(bool(sock.session_reused))
                    known = sock.session
            return found

        assert await asyncio.to_thread(twice) == [False, True]


async def test_a_client_that_ends_its_side_still_gets_its_answers() -> None:
    world = make_world()
    world.upstreams.gate = asyncio.Event()
    async with listening(world) as served:

        def ask(is_said_by_tls: bool) -> bytes:
            client = BareClient(served.port)
            client.tls.write(framed(question("example.org")))
            if is_said_by_tls:
                with pytest.raises(ssl.SSLWantReadError):
                    client.tls.unwrap()
            client.flush()
            client.tcp.shutdown(socket.SHUT_WR)
            return client.read_to_end()

        for is_said_by_tls in (False, True):
            world.table.clear()
            world.upstreams.gate.clear()
            asked = asyncio.create_task(asyncio.to_thread(ask, is_said_by_tls))
            await until(lambda: served.door.room.waiting)
            world.upstreams.gate.set()
            reply = dnslib.DNSRecord.parse((await asked)[2:])
            assert addresses(reply) == ["192.0.2.1"]
        await until(lambda: not served.door.encrypted.holders)


async def test_no_more_is_taken_than_may_wait_and_all_is_answered(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(stream, "MAX_IN_FLIGHT", 4)
    monkeypatch.setattr(tls, "READ_SIZE", 100)
    world = make_world()
    world.upstreams.gate = asyncio.Event()
    async with listening(world) as served:
        reader, writer = await connect(served.port)
        for _ in range(30):
            writer.write(framed(question("example.org")))
        await until(lambda: served.door.room.waiting == 4)
        world.upstreams.gate.set()
        for _ in range(30):
            assert addresses(await read(reader)) == ["192.0.2.1"]
        writer.close()


async def test_a_client_that_never_reads_is_cut_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stream, "WRITE_BUFFER", 1024)
    monkeypatch.setattr(stream, "MOST_ENCRYPTED", 1_000_000)
    world = make_world()
    zone = "\n".join(f'example.org. 60 TXT "{"x" * 250}{i}"' for i in range(100))
    world.upstreams.says("example.org", "TXT", zone)
    async with listening(world) as served, asyncio.timeout(60):
        _, writer = await connect(served.port)
        writer.transport.pause_reading()
        query = framed(question("example.org", "TXT"))
        try:
            while served.door.encrypted.holders:
                writer.write(query * 10)
                await writer.drain()
                await asyncio.sleep(0)
        except ConnectionError:
            await until(lambda: not served.door.encrypted.holders)
        writer.transport.abort()


async def test_what_is_no_tls_ends_the_connection_and_is_counted() -> None:
    async with listening(make_world()) as served:
        for number, garbage in enumerate((b"GET / HTTP/1.1\r\n\r\n", bytes(300)), start=1):
            reader, writer = await asyncio.open_connection("127.0.0.1", served.port)
            writer.write(garbage)
            async with asyncio.timeout(20):
                assert len(await reader.read()) < 50  # at most an alert
            await until(lambda number=number: served.door.handshakes.failed == number)
            writer.close()
        assert not served.door.handshakes.places.holders


@pytest.mark.parametrize("junk", [b"\x17\x03\x03\x00\x20" + bytes(32), b"\xff" * 4000])
async def test_what_is_broken_behind_the_handshake_ends_the_connection(junk: bytes) -> None:
    async with listening(make_world()) as served:

        def break_off() -> bytes:
            client = BareClient(served.port)
            client.tcp.sendall(junk)
            try:
                return client.read_to_end()
            except (ConnectionError, ssl.SSLError):
                return b""

        assert await asyncio.to_thread(break_off) == b""
        await until(lambda: not served.door.encrypted.holders)
        reader, writer = await connect(served.port)
        writer.write(framed(question("ads.example.org")))
        assert addresses(await read(reader)) == ["0.0.0.0"]
        writer.close()


async def test_who_does_not_trust_the_certificate_ends_the_handshake() -> None:
    async with listening(make_world()) as served:
        with pytest.raises(ssl.SSLCertVerificationError):
            await connect(served.port, "elsewhere.example.net")
        await until(lambda: served.door.handshakes.failed == 1)
        assert not served.door.handshakes.places.holders


@pytest.mark.parametrize("sent", [b"", b"\x16\x03\x01\x02\x00\x01"], ids=["nothing", "a beginning"])
async def test_a_handshake_that_takes_too_long_is_given_up(
    sent: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tls, "HANDSHAKE_S", 0.1)
    monkeypatch.setattr(places, "SWEEP_S", 0.02)
    async with listening(make_world()) as served:
        reader, writer = await asyncio.open_connection("127.0.0.1", served.port)
        writer.write(sent)
        assert await ended(reader)
        assert served.door.handshakes.failed == 1
        writer.close()


async def test_slow_handshakes_take_no_places_of_others() -> None:
    async with listening(make_world()) as served:
        served.door.handshakes.places.most, served.door.encrypted.most = 4, 1
        served.door.handshakes.places.most_per_client = 2
        held = await connect(served.port, address="127.0.0.9")
        slow = [
            await asyncio.open_connection(
                "127.0.0.1", served.port, local_addr=(f"127.0.0.{2 + number // 10}", 0)
            )
            for number in range(20)
        ]
        await until(lambda: len(served.door.handshakes.places.holders) == 4)
        held[1].write(framed(question("ads.example.org")))
        assert addresses(await read(held[0])) == ["0.0.0.0"]
        reader, writer = await connect(served.port, address="127.0.0.9")
        writer.write(framed(question("ads.example.org")))
        assert addresses(await read(reader)) == ["0.0.0.0"]
        assert await ended(held[0])
        for _, each in (*slow, held, (reader, writer)):
            each.transport.abort()


async def test_who_may_not_ask_gets_no_handshake() -> None:
    world = make_world()
    world.publish(access=replace(world.pipeline.policy.access, allow=()))
    async with listening(world) as served:
        with pytest.raises((ConnectionError, ssl.SSLError)):
            await connect(served.port)
        assert (served.door.handshakes.failed, served.door.handshakes.places.holders) == (0, {})
    assert [report.verdict.detail for report in world.reports()] == ["client not in dns.allow"]


async def test_a_bug_after_the_handshake_costs_that_connection(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    world = make_world()
    async with listening(world) as served:
        with monkeypatch.context() as patched:
            patched.setattr(tls, "client_id_of", lambda *_: 1 // 0)
            reader, writer = await connect(served.port)
            assert await ended(reader)
            writer.close()
        assert world.pipeline.bugs.met == 1
        reader, writer = await connect(served.port)
        writer.write(framed(question("ads.example.org")))
        assert addresses(await read(reader)) == ["0.0.0.0"]
        writer.close()
