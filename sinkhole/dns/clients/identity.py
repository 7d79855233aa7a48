"""Whose address it is: the clients of the settings, and what rules may ask about each."""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import ip_address
from typing import NamedTuple

from sinkhole.dns.filter.language.line import Network
from sinkhole.dns.filter.traits import Traits, traits_of


class KnownClient(NamedTuple):
    """A device or a group of devices of the settings."""

    name: str
    networks: tuple[Network, ...]
    tags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class KnownClients:
    """Tells the traits of an address: those of the `criteria` of all rules that hold for it.

    Of several `known` clients with an address the one with the smallest network is meant. Equal
    ones tell the same of every address, so a new Policy with an equal one changes no client.
    """

    criteria: Traits
    known: tuple[KnownClient, ...] = ()

    def __call__(self, packed: bytes) -> Traits:
        """The traits of an address of 4 or 16 bytes."""
        address = ip_address(packed)
        found = [
            (network.prefixlen, client)
            for client in self.known
            for network in client.networks
            if network.version == address.version and address in network
        ]
        if not found:
            return traits_of(self.criteria, address, (), ())
        _, client = max(found, key=lambda each: each[0])
        return traits_of(self.criteria, address, (client.name,), client.tags)
