"""Having the kernel look for the MAC of a new address, before it is answered anything.

It looks when something is sent there. What is sent is empty, to the port that is there for being
sent what nobody reads (discard, RFC 863): by the address that a query came from, so it tells nobody
anything, and is no larger than what the query was. `Neighbours` hear what comes of it.
"""

from __future__ import annotations

import socket
from collections import OrderedDict
from collections.abc import Callable
from ipaddress import ip_address
from typing import Final

DISCARD: Final = 9

MOST_SOUGHT: Final = 8192
"""Addresses that were looked for once; the one of longest ago is looked for again when it asks."""


class Seeker:
    """Looks for each address once, from `start` to `close`; `mac_of` is what is known."""

    def __init__(self, mac_of: Callable[[bytes], bytes]) -> None:
        self._mac_of = mac_of
        self._sought: OrderedDict[bytes, None] = OrderedDict()
        self._sockets: dict[int, socket.socket] = {}
        self.is_on = True
        """Whether anything would be heard of it."""

    def start(self) -> None:
        """Begin; a family that the machine has not is left out."""
        for size, family in ((4, socket.AF_INET), (16, socket.AF_INET6)):
            try:
                self._sockets[size] = socket.socket(family, socket.SOCK_DGRAM)
                self._sockets[size].setblocking(False)
            except OSError:
                continue

    def close(self) -> None:
        """End."""
        for each in self._sockets.values():
            each.close()
        self._sockets.clear()

    def seek(self, packed: bytes) -> bool:
        """Have the MAC of an address (4 or 16 bytes) looked for; False where it was before, or
        nothing can come of it. Some 10 µs."""
        sock = self._sockets.get(len(packed))
        if sock is None or not self.is_on or packed in self._sought or self._mac_of(packed):
            return False
        self._sought[packed] = None
        if len(self._sought) > MOST_SOUGHT:
            self._sought.popitem(last=False)
        address = ip_address(packed)
        if address.is_loopback or address.is_multicast or address.is_link_local:
            return False  # of a link-local one nobody says here at which interface it is
        try:
            sock.sendto(b"", (str(address), DISCARD))
        except OSError:  # no way there, or no room: whoever asks is answered as it is
            return False
        return True
