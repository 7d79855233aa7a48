"""A client that asks an address all the time, and knows who answered and how long nobody did."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable
from contextlib import suppress
from itertools import pairwise
from typing import Final, NamedTuple

import dnslib
from front_net import WHO

GAP_S: Final = 0.005
PORTS: Final = 16
"""It asks from so many in turns: a router may send each to another box."""
UNDERWAY: Final = 8
"""The newest questions may not be answered yet."""
PATIENCE_S: Final = 2.0


class Told(NamedTuple):
    """What became of the questions of a while."""

    asked: int
    lost: int
    silent_s: float
    """The longest time between two answered questions of one port; each asks about every 0.09 s."""


class Client:
    """Asks from the moment it is entered; so many answers `in_a_row` are no chance any more."""

    def __init__(self, address: str, in_a_row: int) -> None:
        self._in_a_row = in_a_row
        self._address = address
        self._query = dnslib.DNSRecord.question(WHO).pack()[2:]
        self._asked: list[float] = []
        """When each question was asked, by its number."""
        self._who: dict[int, str] = {}
        """Who answered it."""

    async def __aenter__(self) -> Client:
        self._loop = asyncio.get_running_loop()
        family = socket.AF_INET6 if ":" in self._address else socket.AF_INET
        self._ports = [socket.socket(family, socket.SOCK_DGRAM) for _ in range(PORTS)]
        for port in self._ports:
            port.setblocking(False)
            port.connect((self._address, 53))  # so what comes from another address is no answer
            self._loop.add_reader(port, self._hear, port)
        self._asking = asyncio.create_task(self._ask())
        return self

    async def __aexit__(self, *_: object) -> None:
        self._asking.cancel()
        for port in self._ports:
            self._loop.remove_reader(port)
            port.close()

    def mark(self) -> int:
        """Where we are, for `told`."""
        return len(self._asked)

    async def answered_by(self, *whose: str) -> None:
        """Wait until all questions are answered, by these and each of them."""
        least = self.mark() + self._in_a_row + UNDERWAY

        def newest() -> set[str]:
            end = self.mark() - UNDERWAY
            return {self._who.get(number, "") for number in range(end - self._in_a_row, end)}

        await self._until(lambda: self.mark() > least and newest() == {*whose})

    async def told(self, since: int) -> Told:
        """What became of the questions since a mark; those underway have `PATIENCE_S`."""
        end, late = self.mark(), self._loop.time() + PATIENCE_S

        def lost() -> int:
            return sum(number not in self._who for number in range(since, end))

        await self._until(lambda: lost() == 0 or self._loop.time() > late)
        return Told(
            end - since, lost(), round(max(map(self._silence(since, end), range(PORTS))), 2)
        )

    def _silence(self, since: int, end: int) -> Callable[[int], float]:
        """By port, the longest time between two of its questions that were answered."""

        def longest(port: int) -> float:
            first = max(0, since - PORTS)
            numbers = range(first + (port - first) % PORTS, end, PORTS)
            times = [self._asked[number] for number in numbers if number in self._who]
            return max((after - before for before, after in pairwise(times)), default=0.0)

        return longest

    async def _until(self, holds: Callable[[], bool]) -> None:
        while not holds():
            await asyncio.sleep(GAP_S)

    async def _ask(self) -> None:
        while True:
            number = self.mark()
            self._asked.append(self._loop.time())
            with suppress(OSError):  # nobody is there, says the kernel
                query = (number & 0xFFFF).to_bytes(2, "big") + self._query
                self._ports[number % PORTS].send(query)
            await asyncio.sleep(GAP_S)

    def _hear(self, port: socket.socket) -> None:
        with suppress(OSError):
            reply = dnslib.DNSRecord.parse(port.recv(2048))
            newest = self.mark() - 1
            number = newest - ((newest - reply.header.id) & 0xFFFF)
            self._who.setdefault(number, str(reply.rr[0].rdata))
