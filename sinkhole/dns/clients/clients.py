"""Who asks: an address, whether it may, whose budget it spends, and what rules can ask about it.

A Client is what one Access says of one address, and is never changed. Under another Access clients
are made anew, each when it is next seen. What lasts longer are the budgets.
"""

from __future__ import annotations

import sys
from collections import OrderedDict
from ipaddress import ip_address
from typing import Final

from sinkhole.dns.clients.access import NO_TAG, Access, Tags
from sinkhole.dns.clients.budgets import Budgets
from sinkhole.dns.filter.networks import Networks
from sinkhole.dns.filter.traits import NO_TRAITS

MAX_CLIENTS: Final = 10_000
"""Addresses that may ask and are remembered; the oldest is forgotten."""

MAX_STRANGERS: Final = 1000
"""The same of those that may not, so that they push out nobody else."""

Key = bytes | int | tuple[bytes, str]
"""An address as `Clients.of` takes it, or a packed one with a client's id."""


class Client:
    """One address that asks, of 4 or 16 bytes, or who calls himself something there.

    `text` is what records say: the id where there is one, else the address as people write it.

    `gated` is True when the client may not ask at all, or its rate is limited: the hot path asks
    for this one attribute only. `tag` stands for its `traits` in keys of the table, and for what
    upstreams are told of where it is; `shared_tag` for its traits alone. `network` is the network
    in which all share budgets and a share of the connections, as packed bytes.
    """

    __slots__ = ("allowed", "gated", "network", "packed", "shared_tag", "tag", "text", "traits")

    def __init__(self, packed: bytes, text: str, network: bytes) -> None:
        self.packed = packed
        self.text = text
        self.network = network
        self.allowed = False
        self.gated = True
        self.traits = NO_TRAITS
        self.tag = self.shared_tag = NO_TAG


class Clients:
    """All clients by address, made when first seen.

    An address is its packed bytes (4 or 16), or, for IPv4, these bytes read as one int in the
    machine's byte order: what the batched listener finds in memory without making bytes of it.
    UDP and TCP have a budget each, so that a client told to come back over TCP finds room there.
    Loopback is exempt from the rate limit: it is the machine itself.
    """

    def __init__(self, access: Access) -> None:
        self.access = access
        self.udp = Budgets(access.rate_limit)
        self.tcp = Budgets(access.rate_limit)
        self._tags = Tags()
        self._allowed = _allowed(access)
        self._known: OrderedDict[Key, Client] = OrderedDict()
        self._strangers: OrderedDict[Key, Client] = OrderedDict()

    def __len__(self) -> int:
        return len(self._known) + len(self._strangers)

    def of(self, address: bytes | int) -> Client:
        """The client at an address; 50 ns when known.

        Ask again for each query, as what it says holds under the Access in force only.
        """
        return self._known.get(address) or self._make(address)

    def identified(self, packed: bytes, client_id: str) -> Client:
        """The client at an address (4 or 16 bytes) that calls itself so, where the settings know
        the id; `of` where they do not.

        Its text is the id, wherever it asks from. Whether it may ask, and whose budget it spends,
        goes by the address all the same: an id is no secret.
        """
        if client_id not in self.access.ids:
            return self.of(packed)
        key = packed, client_id
        return self._known.get(key) or self._make(key)

    def text_of(self, address: bytes | int) -> str:
        """An address as people write it."""
        return str(ip_address(_packed(address)))

    def renew(self, access: Access) -> None:
        """Apply another Access from the next query on; budgets go on as they are."""
        if access == self.access:
            return
        if access.allow is not self.access.allow:
            self._allowed = _allowed(access)
        self.access = access
        self.udp.set_rate(access.rate_limit)
        self.tcp.set_rate(access.rate_limit)
        self._known, self._strangers = OrderedDict(), OrderedDict()

    def _make(self, key: Key) -> Client:
        """A client that is not known; whether it may ask comes first, as anybody can get here."""
        stranger = self._strangers.get(key)
        if stranger is not None:
            return stranger
        where, client_id = key if isinstance(key, tuple) else (key, "")
        packed, access = _packed(where), self.access
        address = ip_address(packed)
        client = Client(packed, client_id or str(address), access.network(packed))
        if any(self._allowed.of(packed)):
            client.allowed = True
            client.gated = access.rate_limit > 0 and not address.is_loopback
            client.traits = access.traits(packed, client_id) if access.traits else NO_TRAITS
            client.tag = client.shared_tag = self._tags.of(client.traits)
            if access.subnet is not None:
                client.tag = self._tags.of(client.traits, access.subnet(packed))
            _remember(self._known, MAX_CLIENTS, key, client)
        else:
            _remember(self._strangers, MAX_STRANGERS, key, client)
        return client


def _remember(known: OrderedDict[Key, Client], most: int, key: Key, client: Client) -> None:
    known[key] = client
    if len(known) > most:
        known.popitem(last=False)


def _allowed(access: Access) -> Networks[bool]:
    return Networks((network, True) for network in access.allow)


def _packed(address: bytes | int) -> bytes:
    return address.to_bytes(4, sys.byteorder) if isinstance(address, int) else address
