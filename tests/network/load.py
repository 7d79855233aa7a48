"""Clients that never stop asking, and notice when a single query is lost.

async with load(app.addresses[0]):
    await app.apply(other_settings)
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, closing
from itertools import cycle
from typing import Final

import dnslib
from house import endpoint, query, until

AT_ONCE: Final = 8


class Load:
    """Clients that ask again as soon as they were answered, by UDP and by one connection each."""

    def __init__(self, where: str, names: Sequence[str]) -> None:
        self.answered = 0
        self._names = cycle(names)
        self._where = endpoint(where)
        self._is_over = False

    async def by_udp(self) -> None:
        """One socket; a query that gets no answer hangs it for ever."""
        loop = asyncio.get_running_loop()
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
            sock.setblocking(False)
            sock.connect(self._where)
            while not self._is_over:
                wire = query(next(self._names))
                await loop.sock_sendall(sock, wire)
                self._take(wire, await loop.sock_recv(sock, 4096))

    async def by_tcp(self) -> None:
        """One connection after another, each for as many queries as it lasts."""
        while not self._is_over:
            reader, writer = await asyncio.open_connection(*self._where)
            with closing(writer):
                for _ in range(50):
                    wire = query(next(self._names))
                    writer.write(len(wire).to_bytes(2, "big") + wire)
                    size = int.from_bytes(await reader.readexactly(2), "big")
                    self._take(wire, await reader.readexactly(size))

    def _take(self, wire: bytes, reply: bytes) -> None:
        assert reply[:2] == wire[:2]
        assert [str(rr.rdata) for rr in dnslib.DNSRecord.parse(reply).rr] == ["0.0.0.0"]
        self.answered += 1

    def end(self) -> None:
        self._is_over = True


@asynccontextmanager
async def load(
    where: str, *, names: Sequence[str] = ("ads.example",), tcp: bool = True
) -> AsyncIterator[Load]:
    """Load until the end of the block, in which nothing may be lost; all names are blocked."""
    found = Load(where, names)
    async with asyncio.TaskGroup() as group:
        for _ in range(AT_ONCE):
            group.create_task(found.by_udp())
            if tcp:
                group.create_task(found.by_tcp())
        await until(lambda: found.answered > 100)
        yield found
        before = found.answered
        await until(lambda: found.answered > before + 100, "more answers")
        found.end()
