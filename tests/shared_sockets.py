"""Several UDP sockets on one port, and which of them the kernel gives a datagram to."""

from __future__ import annotations

import select
import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from places import nobodys_place, nobodys_port

from sinkhole.model.shared_port import share_port


class SharedSockets:
    """The sockets of a port in the order in which they were bound, and a client."""

    def __init__(self, socks: list[socket.socket], client: socket.socket) -> None:
        self.socks = socks
        self.client = client

    def taker(self, datagram: bytes, client: socket.socket | None = None) -> int:
        """Which one gets it, by its place among those that are left."""
        (client or self.client).sendto(datagram, self.socks[0].getsockname())
        [taker], _, _ = select.select(self.socks, [], [])
        assert taker.recv(2048) == datagram
        return self.socks.index(taker)

    def close(self, place: int) -> None:
        """Close one; the last one gets its place, as in the kernel."""
        self.socks[place].close()
        last = self.socks.pop()
        if place < len(self.socks):
            self.socks[place] = last


@contextmanager
def shared_sockets(count: int, *, ipv6: bool = False) -> Iterator[SharedSockets]:
    """So many of them."""
    place = ("::1", nobodys_port()) if ipv6 else tuple(nobodys_place())
    family = socket.AF_INET6 if ipv6 else socket.AF_INET
    with ExitStack() as stack:
        socks = [
            stack.enter_context(socket.socket(family, socket.SOCK_DGRAM)) for _ in range(count)
        ]
        for each in socks:
            share_port(each, is_shared=True)
            each.bind(place)
        client = stack.enter_context(socket.socket(family, socket.SOCK_DGRAM))
        yield SharedSockets(socks, client)
