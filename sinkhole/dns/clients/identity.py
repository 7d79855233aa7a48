"""Whose address it is: the clients that the settings know by name."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import ip_address
from typing import NamedTuple

from sinkhole.dns.filter.language.line import Address, Network
from sinkhole.dns.filter.traits import Traits, traits_of


class KnownClient(NamedTuple):
    """A device, or a group of devices, with a name and its addresses.

    `tags` are of those that `$ctag` knows.
    """

    name: str
    networks: tuple[Network, ...]
    tags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class KnownClients:
    """Tells the traits of an address: those of `criteria`, which rules ask about, that hold for it.

    Where several of the `known` clients have the address, it is that of the smallest network. Two
    equal objects tell the same of every address, so a new Policy with an equal one changes no
    client.
    """

    criteria: Traits
    known: tuple[KnownClient, ...] = ()

    def __call__(self, packed: bytes) -> Traits:
        """The traits of an address of 4 or 16 bytes."""
        address = ip_address(packed)
        client = client_of(self.known, address)
        if client is None:
            return traits_of(self.criteria, address, (), ())
        return traits_of(self.criteria, address, (client.name,), client.tags)


def client_of(known: Iterable[KnownClient], address: Address) -> KnownClient | None:
    """The client that has an address; that of the smallest network where several have it."""
    found = [
        (network.prefixlen, client)
        for client in known
        for network in client.networks
        if network.version == address.version and address in network
    ]
    return max(found, key=lambda each: each[0])[1] if found else None
