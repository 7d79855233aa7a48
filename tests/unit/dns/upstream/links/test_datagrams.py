"""Sockets with random ports, on both kinds of readiness."""

import asyncio
import errno
import os
import select
import socket
from collections.abc import AsyncIterator, Callable, Iterator

import pytest
from places import nobodys_place, nobodys_port

from sinkhole.dns.upstream.links.datagrams import BIND_TRIES, LOWEST_PORT, Datagrams

LIMIT_S = 20.0
Arrivals = asyncio.Queue[tuple[str, bytes | OSError]]


@pytest.fixture
def arrivals() -> Arrivals:
    return asyncio.Queue()


@pytest.fixture(
    params=[
        pytest.param(True, marks=pytest.mark.skipif(not hasattr(select, "epoll"), reason="epoll")),
        False,
    ],
    ids=["epoll", "loop readers"],
)
async def datagrams(
    request: pytest.FixtureRequest, arrivals: Arrivals
) -> AsyncIterator[Datagrams[str]]:
    def receive(arrived: list[tuple[str, bytes | OSError]]) -> None:
        for each in arrived:
            arrivals.put_nowait(each)

    made: Datagrams[str] = Datagrams(receive, epoll=request.param)
    made.start()
    yield made
    made.close()


@pytest.fixture
def peer() -> Iterator[socket.socket]:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind(("127.0.0.1", 0))
        sock.settimeout(LIMIT_S)
        yield sock


async def next_of(arrivals: Arrivals) -> tuple[str, bytes | OSError]:
    return await asyncio.wait_for(arrivals.get(), LIMIT_S)


def scripted(*ports: int) -> Callable[[int], bytes]:
    """An entropy source that draws these ports, the last one for ever."""
    left = list(ports)
    return lambda size: (left.pop(0) if len(left) > 1 else left[0]).to_bytes(size, "big")


async def test_replies_reach_the_owner_of_their_socket(
    datagrams: Datagrams[str], arrivals: Arrivals, peer: socket.socket
) -> None:
    for owner in ("one", "two"):
        datagrams.send(socket.AF_INET, peer.getsockname(), owner.encode(), owner)
    for _ in range(2):
        data, source = peer.recvfrom(512)
        peer.sendto(b"to " + data, source)
    got = {await next_of(arrivals), await next_of(arrivals)}
    assert got == {("one", b"to one"), ("two", b"to two")}


async def test_a_socket_stays_open_for_more_until_it_is_closed(
    datagrams: Datagrams[str], arrivals: Arrivals, peer: socket.socket
) -> None:
    sock = datagrams.send(socket.AF_INET, peer.getsockname(), b"?", "owner")
    _, source = peer.recvfrom(512)
    for text in (b"first", b"second"):
        peer.sendto(text, source)
        assert await next_of(arrivals) == ("owner", text)
    datagrams.close_one(sock)
    assert len(datagrams) == 0
    assert sock.fileno() == -1


async def test_datagrams_of_strangers_never_arrive(
    datagrams: Datagrams[str], arrivals: Arrivals, peer: socket.socket
) -> None:
    datagrams.send(socket.AF_INET, peer.getsockname(), b"?", "owner")
    _, source = peer.recvfrom(512)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as stranger:
        stranger.bind(("127.0.0.1", 0))
        stranger.sendto(b"forged", source)
    peer.sendto(b"true", source)
    assert await next_of(arrivals) == ("owner", b"true")
    assert arrivals.empty()


async def test_a_refused_port_is_told_at_once(
    datagrams: Datagrams[str], arrivals: Arrivals
) -> None:
    datagrams.send(socket.AF_INET, nobodys_place(), b"?", "owner")
    owner, error = await next_of(arrivals)
    assert owner == "owner"
    assert isinstance(error, OSError)
    assert error.errno == errno.ECONNREFUSED


async def test_ports_are_drawn_from_the_entropy_source_until_one_is_free(
    peer: socket.socket,
) -> None:
    taken, free = peer.getsockname()[1], nobodys_port()
    datagrams: Datagrams[str] = Datagrams(
        lambda arrived: None, entropy=scripted(taken, LOWEST_PORT - 1, 0, taken, free)
    )
    datagrams.start()
    sock = datagrams.send(socket.AF_INET, peer.getsockname(), b"?", "owner")
    assert sock.getsockname()[1] == free
    datagrams.close()


async def test_no_free_port_is_an_error_and_leaves_nothing_open(peer: socket.socket) -> None:
    draws = []

    def always_taken(size: int) -> bytes:
        draws.append(size)
        return int(peer.getsockname()[1]).to_bytes(size, "big")

    datagrams: Datagrams[str] = Datagrams(lambda arrived: None, entropy=always_taken)
    datagrams.start()
    before = set(os.listdir("/proc/self/fd"))
    with pytest.raises(OSError, match="no free port"):
        datagrams.send(socket.AF_INET, peer.getsockname(), b"?", "owner")
    assert len(draws) == BIND_TRIES
    assert set(os.listdir("/proc/self/fd")) == before
    datagrams.close()


async def test_what_the_kernel_refuses_to_send_is_an_error_and_leaves_nothing_open(
    datagrams: Datagrams[str],
) -> None:
    with pytest.raises(OSError):  # a broadcast needs a permission that we do not ask for
        datagrams.send(socket.AF_INET, ("255.255.255.255", 53), b"?", "owner")
    assert len(datagrams) == 0


async def test_closing_closes_every_socket(datagrams: Datagrams[str], peer: socket.socket) -> None:
    socks = [datagrams.send(socket.AF_INET, peer.getsockname(), b"?", str(i)) for i in range(20)]
    assert len(datagrams) == 20
    datagrams.close()
    assert len(datagrams) == 0
    assert {sock.fileno() for sock in socks} == {-1}


@pytest.mark.skipif(not hasattr(select, "epoll"), reason="epoll")
async def test_what_arrives_together_is_told_together_and_its_sockets_may_be_closed(
    peer: socket.socket,
) -> None:
    socks: dict[str, socket.SocketType] = {}
    told: asyncio.Queue[list[tuple[str, bytes | OSError]]] = asyncio.Queue()

    def receive(arrived: list[tuple[str, bytes | OSError]]) -> None:
        told.put_nowait(arrived)
        for sock in socks.values():
            datagrams.close_one(sock)

    datagrams: Datagrams[str] = Datagrams(receive)
    datagrams.start()
    for owner in ("one", "two"):
        socks[owner] = datagrams.send(socket.AF_INET, peer.getsockname(), b"?", owner)
    for _ in range(2):
        _, source = peer.recvfrom(512)
        peer.sendto(b"answer", source)
    arrived = await asyncio.wait_for(told.get(), LIMIT_S)
    assert sorted(arrived) == [("one", b"answer"), ("two", b"answer")]
    await asyncio.sleep(0)
    assert told.empty()
    datagrams.close()
