"""What is known of addresses, in a process that finds out nothing itself: it asks for it once."""

from __future__ import annotations

import marshal
from collections import OrderedDict
from collections.abc import Callable
from typing import Final, NamedTuple

from sinkhole.dns.clients.standing import Facts

MOST_ADDRESSES: Final = 20_000
"""Addresses of which something is kept; the one that was told of longest ago is asked for anew."""


class AddressFacts(NamedTuple):
    """One answer: an address (4 or 16 bytes), its MAC ("" for none), what it is called on the
    network, and for how many devices it stands."""

    packed: bytes
    mac: str = ""
    hosts: tuple[str, ...] = ()
    devices: int = 1

    def pack(self) -> bytes:
        """As bytes, for a worker."""
        return marshal.dumps(tuple(self))

    @classmethod
    def unpack(cls, message: bytes) -> AddressFacts:
        """What `pack` made."""
        return cls(*marshal.loads(message))


class FactsToldOf:
    """Facts by what one is told; `ask` is called with each address that nothing was told of yet."""

    def __init__(self, ask: Callable[[bytes], None]) -> None:
        self._ask = ask
        self._told: OrderedDict[bytes, AddressFacts | bool] = OrderedDict()
        """What was told of each; before that, whether somebody has waited for it."""
        self.facts = Facts(
            lambda packed: self._of(packed).mac,
            lambda packed: self._of(packed).hosts,
            lambda packed: self._of(packed).devices,
            self._seek,
        )

    def learn(self, told: AddressFacts) -> None:
        """Take note of what is known of an address now."""
        self._told.pop(told.packed, None)
        self._put(told.packed, told)

    def _of(self, packed: bytes) -> AddressFacts:
        told = self._told.get(packed)
        if told is None:
            self._put(packed, False)
            self._ask(packed)
        return told if isinstance(told, AddressFacts) else AddressFacts(packed)

    def _seek(self, packed: bytes) -> bool:
        """Whether it is worth waiting for more: once for each address."""
        self._of(packed)
        if self._told[packed] is not False:
            return False
        self._told[packed] = True
        return True

    def _put(self, packed: bytes, told: AddressFacts | bool) -> None:
        self._told[packed] = told
        if len(self._told) > MOST_ADDRESSES:
            self._told.popitem(last=False)
