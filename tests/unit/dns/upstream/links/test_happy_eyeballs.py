"""The first connection of several, with real sockets."""

from __future__ import annotations

import asyncio
import errno
import socket
from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from sinkhole.dns.upstream.links.happy_eyeballs import (
    MOST_ADDRESSES,
    ConnectionsFailed,
    connect_first,
)

LIMIT_S = 20.0


class Listening:
    """Sockets that listen on one port of several addresses, or take no more connections."""

    def __init__(self, stack: ExitStack) -> None:
        self._stack = stack
        self.port = 0

    def at(self, ip: str) -> None:
        self._listen(ip, 8)

    def full_at(self, ip: str) -> None:
        """Whoever connects there waits for ever: the kernel drops what comes beyond the queue."""
        sock = self._listen(ip, 0)
        for _ in range(4):
            waiting = self._stack.enter_context(socket.socket())
            waiting.setblocking(False)
            waiting.connect_ex(sock.getsockname())

    def _listen(self, ip: str, backlog: int) -> socket.socket:
        sock = self._stack.enter_context(socket.socket())
        sock.bind((ip, self.port))
        sock.listen(backlog)
        self.port = sock.getsockname()[1]
        return sock


@pytest.fixture
def listening() -> Iterator[Listening]:
    with ExitStack() as stack:
        yield Listening(stack)


async def connected(listening: Listening, *ips: str) -> tuple[str, list[str]]:
    """Where it got connected to, and which addresses were told to be no good."""
    failed: list[str] = []
    async with asyncio.timeout(LIMIT_S):
        sock, ip = await connect_first(ips, listening.port, failed.append)
    assert sock.getpeername() == (ip, listening.port)
    assert not sock.getblocking()
    sock.close()
    return ip, failed


async def test_the_first_address(listening: Listening) -> None:
    listening.at("127.77.3.1")
    assert await connected(listening, "127.77.3.1", "127.77.3.2") == ("127.77.3.1", [])


async def test_the_next_one_where_the_first_refuses(listening: Listening) -> None:
    listening.at("127.77.4.2")
    ips = ("127.77.4.1", "127.77.4.2")
    assert await connected(listening, *ips) == ("127.77.4.2", ["127.77.4.1"])


async def test_the_next_one_where_the_first_says_nothing(listening: Listening) -> None:
    listening.full_at("127.77.5.1")
    listening.at("127.77.5.2")
    assert await connected(listening, "127.77.5.1", "127.77.5.2") == ("127.77.5.2", [])


async def test_an_interface_that_is_not_there_is_an_address_that_failed(
    listening: Listening,
) -> None:
    listening.at("127.77.6.1")
    ips = ("fe80::1%nothing0", "127.77.6.1")
    assert await connected(listening, *ips) == ("127.77.6.1", ["fe80::1%nothing0"])


async def test_none_at_all(listening: Listening) -> None:
    listening.at("127.77.7.1")
    failed: list[str] = []
    ips = ("127.77.7.2", "fe80::1", "127.77.7.2")
    with pytest.raises(ConnectionsFailed) as caught:
        await connect_first(ips, listening.port, failed.append)
    assert sorted(failed) == ["127.77.7.2", "fe80::1"]
    assert caught.value.reasons["127.77.7.2"].errno == errno.ECONNREFUSED
    assert caught.value.reasons["fe80::1"].errno == errno.EINVAL


async def test_no_address_to_try() -> None:
    with pytest.raises(ConnectionsFailed) as caught:
        await connect_first((), 53, print)
    assert caught.value.reasons == {}


async def test_only_so_many_are_tried(listening: Listening) -> None:
    listening.at("127.77.8.1")
    failed: list[str] = []
    with pytest.raises(ConnectionsFailed):
        ips = tuple(f"127.77.8.{number}" for number in range(2, 30))
        await connect_first(ips, listening.port, failed.append)
    assert len(failed) == MOST_ADDRESSES


async def test_nothing_is_left_open_when_nobody_waits_any_more(listening: Listening) -> None:
    listening.full_at("127.77.9.1")
    before = asyncio.get_running_loop()._selector.get_map()  # type: ignore[attr-defined]  # asyncio's
    known = len(before)
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.05):
            await connect_first(("127.77.9.1",), listening.port, print)
    assert len(before) == known
