"""Whose address or id it is: the clients that the settings know by name."""

from __future__ import annotations

from collections.abc import Iterable
from ipaddress import ip_address
from typing import Final, Literal, NamedTuple

from sinkhole.dns.filter.language.line import Network
from sinkhole.dns.filter.networks import Networks
from sinkhole.dns.filter.traits import Criteria, Traits

By = Literal["id", "address", "mac", "host", "network", ""]
"""By what a client was recognised, the most specific first; "" for one that nobody knows."""


class KnownClient(NamedTuple):
    """A device, or several, with a name and what these are recognised by.

    `tags` are of those that `$ctag` knows. `ids` are what it calls itself on encrypted transports,
    as `dns/server/client_id` reads them. `macs` are written `aa:bb:cc:dd:ee:ff`. `hosts` are what
    devices are called on the network: a name without a dot stands for any that begins with it.
    """

    name: str
    networks: tuple[Network, ...] = ()
    tags: tuple[str, ...] = ()
    ids: tuple[str, ...] = ()
    macs: tuple[str, ...] = ()
    hosts: tuple[str, ...] = ()


class Identified(NamedTuple):
    """Whose a question is, None for nobody's that is known, and by what that was recognised."""

    owner: KnownClient | None
    by: By


NOBODY: Final = Identified(None, "")


class KnownClients:
    """The clients of the settings, found by all that tells who somebody is; never changed.

    Where several are meant, the most specific wins: an id, a single address, a MAC, a host name,
    the smallest network.
    """

    def __init__(self, known: Iterable[KnownClient] = ()) -> None:
        self.all = tuple(known)
        owned = [(network, each) for each in self.all for network in each.networks]
        self._networks = Networks(owned)
        self._by_address = {
            network.network_address.packed: each
            for network, each in reversed(owned)
            if network.prefixlen == network.max_prefixlen
        }
        self._by_id = {client_id: each for each in self.all for client_id in each.ids}
        self._by_mac = {mac.lower(): each for each in self.all for mac in each.macs}
        self._by_host = {_host(host): each for each in self.all for host in each.hosts}
        self.ids = frozenset(self._by_id)

    @property
    def asks_facts(self) -> bool:
        """Whether MACs or host names have a say at all."""
        return bool(self._by_mac or self._by_host)

    def identify(
        self, packed: bytes, client_id: str = "", mac: str = "", hosts: Iterable[str] = ()
    ) -> Identified:
        """Who is at an address of 4 or 16 bytes, calls itself so, has this MAC and these names."""
        if owner := self._by_id.get(client_id):
            return Identified(owner, "id")
        if owner := self._by_address.get(packed):
            return Identified(owner, "address")
        if mac and (owner := self._by_mac.get(mac.lower())):
            return Identified(owner, "mac")
        for host in map(_host, hosts) if self._by_host else ():
            owner = self._by_host.get(host) or self._by_host.get(host.partition(".")[0])
            if owner:
                return Identified(owner, "host")
        owner = next(self._networks.of(packed), None)
        return Identified(owner, "network") if owner else NOBODY

    def traits(self, criteria: Criteria, packed: bytes, client_id: str = "") -> Traits:
        """The criteria that hold for an address of 4 or 16 bytes, and an id if there is one, where
        no more is known; an id is a name as well."""
        owner = self.identify(packed, client_id).owner
        return traits_of(criteria, packed, client_id, owner)

    def called(self, client: str, device: str = "", hosts: Iterable[str] = ()) -> str:
        """The name of the client that a record is about, as `owner_called` finds it; "" for none
        that is known."""
        owner = self.owner_called(client, device, hosts)
        return owner.name if owner else ""

    def owner_called(
        self, client: str, device: str = "", hosts: Iterable[str] = ()
    ) -> KnownClient | None:
        """The client that a record is about, by its text, which is an id or an address, its device
        and what that is called on the network."""
        if owner := self._by_id.get(client):
            return owner
        try:
            return self.identify(ip_address(client).packed, "", device, hosts).owner
        except ValueError:  # an id of nobody's, a MAC, or the log has lost whose it was
            return self._by_mac.get(device or client)

    def owner_of(self, packed: bytes) -> KnownClient | None:
        """The client that has an address of 4 or 16 bytes."""
        return self.identify(packed).owner


def traits_of(
    criteria: Criteria, packed: bytes, client_id: str, owner: KnownClient | None
) -> Traits:
    """The criteria that hold for an address of 4 or 16 bytes, which is a client's, or nobody's."""
    address = ip_address(packed)
    if owner is None:
        return criteria.traits(address, (), ())
    return criteria.traits(address, (owner.name, client_id), owner.tags)


def _host(name: str) -> str:
    return name.rstrip(".").lower()
