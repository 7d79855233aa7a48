"""Whose address or id it is: the clients that the settings know by name."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import ip_address
from typing import NamedTuple

from sinkhole.dns.filter.language.line import Network
from sinkhole.dns.filter.networks import Networks
from sinkhole.dns.filter.traits import Criteria, Traits


class KnownClient(NamedTuple):
    """A device, or a group of devices, with a name and its addresses.

    `tags` are of those that `$ctag` knows. `ids` are what it calls itself on encrypted transports,
    as `dns/server/client_id` reads them.
    """

    name: str
    networks: tuple[Network, ...]
    tags: tuple[str, ...] = ()
    ids: tuple[str, ...] = ()


class KnownClients:
    """The clients of the settings, found by address or id; never changed.

    Where several have an address, it is that of the smallest network.
    """

    def __init__(self, known: Iterable[KnownClient] = ()) -> None:
        known = tuple(known)
        self._owners = Networks((network, each) for each in known for network in each.networks)
        self._by_id = {client_id: each for each in known for client_id in each.ids}
        self.ids = frozenset(self._by_id)

    def traits(self, criteria: Criteria, packed: bytes, client_id: str = "") -> Traits:
        """The criteria that hold for an address of 4 or 16 bytes, and an id if there is one.

        An id counts for more than the address, and is a name as well.
        """
        address = ip_address(packed)
        owner = self._by_id.get(client_id) or self.owner_of(packed)
        if owner is None:
            return criteria.traits(address, (), ())
        return criteria.traits(address, (owner.name, client_id), owner.tags)

    def called(self, client: str) -> str:
        """The name of the client that a record's text, an id or an address, is about; "" for none
        that is known."""
        owner = self._by_id.get(client)
        if owner is None:
            try:
                owner = self.owner_of(ip_address(client).packed)
            except ValueError:  # the log has lost whose it was
                return ""
        return owner.name if owner else ""

    def owner_of(self, packed: bytes) -> KnownClient | None:
        """The client that has an address of 4 or 16 bytes."""
        return next(self._owners.of(packed), None)


@dataclass(frozen=True, slots=True)
class TraitsBy:
    """The traits of a packed address and an id, by some clients and what rules ask; equal ones tell
    every client the same."""

    known: KnownClients
    criteria: Criteria

    def __call__(self, packed: bytes, client_id: str) -> Traits:
        """See `KnownClients.traits`."""
        return self.known.traits(self.criteria, packed, client_id)
