"""Whose address it is: the clients that the settings know by name."""

from __future__ import annotations

from collections.abc import Iterable
from ipaddress import ip_address
from typing import NamedTuple

from sinkhole.dns.filter.language.line import Network
from sinkhole.dns.filter.networks import Networks
from sinkhole.dns.filter.traits import Criteria, Traits


class KnownClient(NamedTuple):
    """A device, or a group of devices, with a name and its addresses.

    `tags` are of those that `$ctag` knows.
    """

    name: str
    networks: tuple[Network, ...]
    tags: tuple[str, ...] = ()


class KnownClients:
    """The clients of the settings, found by address; never changed.

    Where several have an address, it is that of the smallest network.
    """

    def __init__(self, known: Iterable[KnownClient] = ()) -> None:
        self._owners = Networks((network, each) for each in known for network in each.networks)

    def traits(self, criteria: Criteria, packed: bytes) -> Traits:
        """The criteria that hold for an address of 4 or 16 bytes."""
        address = ip_address(packed)
        owner = self.owner_of(packed)
        if owner is None:
            return criteria.traits(address, (), ())
        return criteria.traits(address, (owner.name,), owner.tags)

    def owner_of(self, packed: bytes) -> KnownClient | None:
        """The client that has an address of 4 or 16 bytes."""
        return next(self._owners.of(packed), None)
