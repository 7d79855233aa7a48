"""UDP over real sockets: batches, the fallback, addresses of answers, answers that come later."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from ipaddress import ip_network
from typing import Any

import dnslib
import pytest
from world import World, addresses, question

from sinkhole.dns.pipeline.pipeline import Pipeline
from sinkhole.dns.server import mmsg
from sinkhole.dns.server.sockets import Pair, bind
from sinkhole.dns.server.udp import UdpListener

BATCHED = [
    pytest.param(
        True, marks=pytest.mark.skipif(not mmsg.is_available(), reason="no recvmmsg here")
    ),
    False,
]


@asynccontextmanager
async def listening(pipeline: Pipeline, host: str, batched: bool) -> AsyncIterator[Pair]:
    pair = bind(host, 0)
    pair.tcp.close()
    listener = UdpListener(pair, pipeline, batched=batched)
    try:
        yield pair
    finally:
        await listener.close()


def client_socket(host: str = "127.0.0.1") -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    sock = socket.socket(family, socket.SOCK_DGRAM)
    sock.setblocking(False)
    sock.bind((host, 0))
    return sock


async def ask(sock: socket.socket, to: tuple[str, int], *queries: bytes) -> list[bytes]:
    loop = asyncio.get_running_loop()
    for query in queries:
        sock.sendto(query, to)
    async with asyncio.timeout(20):
        return [await loop.sock_recv(sock, 4096) for _ in queries]


def make_world() -> World:
    world = World(block=["ads.example.org"])
    world.upstreams.says("example.org", "A", "example.org. 60 A 192.0.2.1")
    return world


@pytest.mark.parametrize("batched", BATCHED)
@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
async def test_blocked_and_forwarded_names_are_answered(host: str, batched: bool) -> None:
    world = make_world()
    if host == "::1":
        access = world.pipeline.policy.access
        world.publish(access=replace(access, allow=(*access.allow, ip_network("::1/128"))))
    async with listening(world.pipeline, host, batched) as pair:
        with client_socket(host) as sock:
            (reply,) = await ask(sock, (host, pair.port), question("ads.example.org"))
            assert addresses(dnslib.DNSRecord.parse(reply)) == ["0.0.0.0"]
            (reply,) = await ask(sock, (host, pair.port), question("example.org"))
            assert addresses(dnslib.DNSRecord.parse(reply)) == ["192.0.2.1"]
    assert [client for b in world.buffer.drain(9) for _, client in b.records] == [host, host]


@pytest.mark.parametrize("batched", BATCHED)
async def test_many_at_once_each_get_their_own_answer(batched: bool) -> None:
    world = make_world()
    async with listening(world.pipeline, "127.0.0.1", batched) as pair:
        with client_socket() as sock:
            queries = [question(f"n{i}.ads.example.org") for i in range(200)]
            replies = await ask(sock, ("127.0.0.1", pair.port), *queries)
            names = {str(dnslib.DNSRecord.parse(reply).q.qname) for reply in replies}
            assert names == {f"n{i}.ads.example.org." for i in range(200)}
    assert len(world.reports()) == 200


@pytest.mark.parametrize("batched", BATCHED)
async def test_on_a_wildcard_bind_answers_leave_from_the_address_that_was_asked(
    batched: bool,
) -> None:
    world = make_world()
    async with listening(world.pipeline, "0.0.0.0", batched) as pair:
        for asked in ("127.0.0.1", "127.0.0.2", "127.9.9.9"):
            with client_socket() as sock:
                sock.connect((asked, pair.port))  # the kernel drops answers from elsewhere
                loop = asyncio.get_running_loop()
                for name in ("ads.example.org", "example.org", "example.org"):
                    sock.send(question(name))
                    async with asyncio.timeout(20):
                        reply = await loop.sock_recv(sock, 4096)
                    assert dnslib.DNSRecord.parse(reply).rr
                world.table.clear()


@pytest.mark.parametrize("batched", BATCHED)
async def test_garbage_is_survived_and_does_not_hold_up_others(batched: bool) -> None:
    world = make_world()
    async with listening(world.pipeline, "127.0.0.1", batched) as pair:
        with client_socket() as sock:
            target = ("127.0.0.1", pair.port)
            for garbage in (b"", b"\0", b"\xff" * 500, bytes(3000), question("x.org")[:20]):
                sock.sendto(garbage, target)
            while True:
                (reply,) = await ask(sock, target, question("ads.example.org"))
                if dnslib.DNSRecord.parse(reply).header.rcode == 0:
                    break


@pytest.mark.parametrize("batched", BATCHED)
async def test_the_kernel_refusing_an_answer_is_counted_and_nothing_more(batched: bool) -> None:
    world = make_world()
    async with listening(world.pipeline, "127.0.0.1", batched) as pair:
        with client_socket() as sock:
            sock.sendto(question("ads.example.org"), ("127.0.0.1", pair.port))
        with client_socket() as sock:  # the first client is gone: its answer bounces
            (reply,) = await ask(sock, ("127.0.0.1", pair.port), question("ads.example.org"))
            assert dnslib.DNSRecord.parse(reply).rr


@pytest.mark.skipif(not mmsg.is_available(), reason="no recvmmsg here")
async def test_what_needs_no_upstream_has_left_before_an_upstream_is_asked(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    world = make_world()
    seen: list[bytes] = []
    with client_socket() as sock:
        ask_upstream = world.upstreams.ask

        def look_first(asked: Any, tell: Any, client: bytes) -> None:
            seen.append(sock.recv(4096))  # raises BlockingIOError when there is nothing yet
            ask_upstream(asked, tell, client)

        monkeypatch.setattr(world.upstreams, "ask", look_first)
        async with listening(world.pipeline, "127.0.0.1", batched=True) as pair:
            target = ("127.0.0.1", pair.port)
            sock.sendto(question("example.org"), target)
            (later,) = await ask(sock, target, question("ads.example.org"))
    assert [addresses(dnslib.DNSRecord.parse(reply)) for reply in (*seen, later)] == [
        ["0.0.0.0"],
        ["192.0.2.1"],
    ]
