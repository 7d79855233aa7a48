"""Which of many networks an address is in: a look-up for each length that prefixes have."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Generic, TypeVar

from sinkhole.dns.filter.language.line import Network

T = TypeVar("T")


class Networks(Generic[T]):
    """What is said of networks, found by an address in them; never changed.

    Making it takes 1 µs a network; a question takes 0.1 µs for each length of prefix among them,
    of which there are 33 for IPv4 and 129 for IPv6 at most.
    """

    def __init__(self, said: Iterable[tuple[Network, T]] = ()) -> None:
        tables: dict[int, dict[int, dict[int, list[T]]]] = {4: {}, 16: {}}
        for network, what in said:
            bits = network.max_prefixlen
            shift = bits - network.prefixlen
            table = tables[bits // 8].setdefault(shift, {})
            table.setdefault(int(network.network_address) >> shift, []).append(what)
        self._tables = {size: sorted(by_shift.items()) for size, by_shift in tables.items()}

    def of(self, packed: bytes) -> Iterator[T]:
        """What is said of the networks that an address (4 or 16 bytes) is in, smallest first."""
        number = int.from_bytes(packed, "big")
        for shift, table in self._tables[len(packed)]:
            yield from table.get(number >> shift, ())
