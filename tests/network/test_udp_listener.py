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
from world import BrokenFilter, World, addresses, question

from sinkhole.dns.pipeline.pipeline import Pipeline
from sinkhole.dns.server import mmsg
from sinkhole.dns.server.sockets import Bound, bind
from sinkhole.dns.server.udp import UdpListener

BATCHED = [
    pytest.param(
        True, marks=pytest.mark.skipif(not mmsg.is_available(), reason="no recvmmsg here")
    ),
    False,
]


@asynccontextmanager
async def listening(pipeline: Pipeline, host: str, batched: bool) -> AsyncIterator[Bound]:
    async with listener_and_bound(pipeline, host, batched) as (_, bound):
        yield bound


@asynccontextmanager
async def listener_and_bound(
    pipeline: Pipeline, host: str, batched: bool
) -> AsyncIterator[tuple[UdpListener, Bound]]:
    bound = bind("UDP", host, 0)
    listener = UdpListener(bound, pipeline, batched=batched)
    try:
        yield listener, bound
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
    async with listening(world.pipeline, host, batched) as bound:
        with client_socket(host) as sock:
            (reply,) = await ask(sock, (host, bound.port), question("ads.example.org"))
            assert addresses(dnslib.DNSRecord.parse(reply)) == ["0.0.0.0"]
            (reply,) = await ask(sock, (host, bound.port), question("example.org"))
            assert addresses(dnslib.DNSRecord.parse(reply)) == ["192.0.2.1"]
    assert [client.text for b in world.buffer.drain(9) for _, client in b.records] == [host, host]


@pytest.mark.parametrize("batched", BATCHED)
async def test_many_at_once_each_get_their_own_answer(batched: bool) -> None:
    world = make_world()
    async with listening(world.pipeline, "127.0.0.1", batched) as bound:
        with client_socket() as sock:
            queries = [question(f"n{i}.ads.example.org") for i in range(200)]
            replies = await ask(sock, ("127.0.0.1", bound.port), *queries)
            names = {str(dnslib.DNSRecord.parse(reply).q.qname) for reply in replies}
            assert names == {f"n{i}.ads.example.org." for i in range(200)}
    assert len(world.reports()) == 200


@pytest.mark.parametrize("batched", BATCHED)
async def test_on_a_wildcard_bind_answers_leave_from_the_address_that_was_asked(
    batched: bool,
) -> None:
    world = make_world()
    async with listening(world.pipeline, "0.0.0.0", batched) as bound:
        for asked in ("127.0.0.1", "127.0.0.2", "127.9.9.9"):
            with client_socket() as sock:
                sock.connect((asked, bound.port))  # the kernel drops answers from elsewhere
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
    async with listening(world.pipeline, "127.0.0.1", batched) as bound:
        with client_socket() as sock:
            target = ("127.0.0.1", bound.port)
            for garbage in (b"", b"\0", b"\xff" * 500, bytes(3000), question("x.org")[:20]):
                sock.sendto(garbage, target)
            while True:
                (reply,) = await ask(sock, target, question("ads.example.org"))
                if dnslib.DNSRecord.parse(reply).header.rcode == 0:
                    break


@pytest.mark.parametrize("batched", BATCHED)
async def test_the_kernel_refusing_an_answer_is_counted_and_nothing_more(batched: bool) -> None:
    world = make_world()
    async with listening(world.pipeline, "127.0.0.1", batched) as bound:
        with client_socket() as sock:
            sock.sendto(question("ads.example.org"), ("127.0.0.1", bound.port))
        with client_socket() as sock:  # the first client is gone: its answer bounces
            (reply,) = await ask(sock, ("127.0.0.1", bound.port), question("ads.example.org"))
            assert dnslib.DNSRecord.parse(reply).rr


@pytest.mark.skipif(not mmsg.is_available(), reason="no recvmmsg here")
async def test_what_needs_no_upstream_has_left_before_an_upstream_is_asked(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    world = make_world()
    seen: list[bytes] = []
    with client_socket() as sock:
        ask_upstream = world.upstreams.ask

        def look_first(asked: Any, tell: Any, *whose: bytes) -> None:
            seen.append(sock.recv(4096))  # raises BlockingIOError when there is nothing yet
            ask_upstream(asked, tell, *whose)

        monkeypatch.setattr(world.upstreams, "ask", look_first)
        async with listening(world.pipeline, "127.0.0.1", batched=True) as bound:
            target = ("127.0.0.1", bound.port)
            sock.sendto(question("example.org"), target)
            (later,) = await ask(sock, target, question("ads.example.org"))
    assert [addresses(dnslib.DNSRecord.parse(reply)) for reply in (*seen, later)] == [
        ["0.0.0.0"],
        ["192.0.2.1"],
    ]


def rcodes(replies: list[bytes]) -> dict[str, int]:
    """The rcode by the first label of each name."""
    read = map(dnslib.DNSRecord.parse, replies)
    return {str(each.q.qname).partition(".")[0]: each.header.rcode for each in read}


@pytest.mark.parametrize("batched", BATCHED)
async def test_a_query_that_meets_a_bug_takes_no_other_with_it(batched: bool) -> None:
    world = make_world()
    world.publish(filter=BrokenFilter("bug.example.org", ["ads.example.org"]))
    names = [f"n{i}.ads.example.org" for i in range(10)]
    names += ["bug.example.org", *(f"m{i}.ads.example.org" for i in range(9))]
    async with listening(world.pipeline, "127.0.0.1", batched) as bound:
        with client_socket() as sock:
            replies = await ask(sock, ("127.0.0.1", bound.port), *map(question, names))
    expected = {name.partition(".")[0]: 2 * name.startswith("bug") for name in names}
    assert rcodes(replies) == expected
    assert world.pipeline.bugs.met == 1
    assert len(world.reports()) == 20


@pytest.mark.parametrize("batched", BATCHED)
async def test_an_answer_that_meets_a_bug_gives_its_place_back(batched: bool) -> None:
    world = make_world()
    world.publish(filter=BrokenFilter("bug.example.org", ["ads.example.org"]))
    for number in range(20):
        target = "bug.example.org" if number % 2 else "fine.example.org"
        name = f"n{number}.example.org"
        world.upstreams.says(name, "A", f"{name}. 60 CNAME {target}.\n{target}. 60 A 192.0.2.1")
    async with listener_and_bound(world.pipeline, "127.0.0.1", batched) as (listener, bound):
        with client_socket() as sock:
            queries = [question(f"n{number}.example.org") for number in range(20)]
            replies = await ask(sock, ("127.0.0.1", bound.port), *queries)
        assert listener.room.waiting == 0
    assert rcodes(replies) == {f"n{number}": 2 * (number % 2) for number in range(20)}
    assert world.pipeline.bugs.met == 10


@pytest.mark.parametrize("batched", BATCHED)
async def test_a_client_that_cannot_be_told_apart_is_answered_servfail(batched: bool) -> None:
    world = make_world()

    def traits(packed: bytes) -> frozenset[str]:
        if packed[-1] == 2:
            raise LookupError("nobody")
        return frozenset()

    world.publish(traits=traits)
    async with listening(world.pipeline, "127.0.0.1", batched) as bound:
        target, query = ("127.0.0.1", bound.port), question("ads.example.org")
        with client_socket("127.0.0.2") as strange, client_socket() as sock:
            assert [
                dnslib.DNSRecord.parse(each).header.rcode
                for each in await ask(strange, target, query)
            ] == [2]
            assert [
                dnslib.DNSRecord.parse(each).header.rcode for each in await ask(sock, target, query)
            ] == [0]
    assert [client.text for b in world.buffer.drain(9) for _, client in b.records] == [
        "127.0.0.2",
        "127.0.0.1",
    ]
