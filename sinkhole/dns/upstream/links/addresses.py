"""At which addresses a server is to be found: those it was given as, or those of its name.

A link asks for them when it connects, and tells what came of them. `FixedAddresses` are for servers
given by address; those of names are looked up by `upstream/bootstrap.py`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol


class Addresses(Protocol):
    """The addresses of one server."""

    async def find(self, deadline: float) -> Sequence[str]:
        """IP addresses to try, the best first; at once where they are known.

        Raises UpstreamError, saying why, when none can be had by then.
        """
        ...

    def worked(self, ip: str) -> None:
        """A connection to this address was made: it is the best from now on."""
        ...

    def failed(self, ip: str) -> None:
        """None could be made, or it broke: others come first, and names are looked up again."""
        ...


class FixedAddresses:
    """Addresses that never change, in the order given; one that failed comes last."""

    def __init__(self, addresses: Sequence[str]) -> None:
        self._addresses = list(addresses)

    async def find(self, deadline: float) -> Sequence[str]:
        """All of them, at once."""
        return tuple(self._addresses)

    def worked(self, ip: str) -> None:
        """Put it first."""
        if ip in self._addresses:
            self._addresses.remove(ip)
            self._addresses.insert(0, ip)

    def failed(self, ip: str) -> None:
        """Put it last."""
        if ip in self._addresses:
            self._addresses.remove(ip)
            self._addresses.append(ip)
