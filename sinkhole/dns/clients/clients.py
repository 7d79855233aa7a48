"""Who asks: an address, whether it may, how often it did, and what rules can ask about it.

Client state is the one mutable thing in this room: a rate budget per address.
"""

from __future__ import annotations

import sys
from collections import OrderedDict
from ipaddress import ip_address
from math import inf
from typing import Final

from sinkhole.dns.clients.access import NO_TAG, Access, Tags
from sinkhole.dns.filter.traits import NO_TRAITS

MAX_CLIENTS: Final = 10_000
"""More addresses than this are not remembered at once; the oldest is forgotten, budget and all."""


class Bucket:
    """A rate budget: holds one second's worth of queries and fills evenly."""

    __slots__ = ("_filled", "_tokens")

    def __init__(self) -> None:
        self._tokens = 0.0
        self._filled = -inf

    def spend(self, rate: float, now: float) -> bool:
        """Take one query if there is one left, at `rate` queries a second."""
        self._tokens = min(rate, self._tokens + (now - self._filled) * rate)
        self._filled = now
        if self._tokens < 1:
            return False
        self._tokens -= 1
        return True


class Client:
    """One address that asks, of 4 or 16 bytes.

    `gated` is True when the client may not ask at all, or its rate is limited: the hot path asks
    for this one attribute only. `tag` stands for its `traits` in keys of the table. UDP and TCP
    have a budget each, so that a client told to come back over TCP finds room there.
    """

    __slots__ = ("allowed", "gated", "packed", "tag", "tcp", "text", "traits", "udp")

    def __init__(self, packed: bytes) -> None:
        self.packed = packed
        self.text = str(ip_address(packed))
        self.allowed = False
        self.gated = True
        self.traits = NO_TRAITS
        self.tag = NO_TAG
        self.udp = Bucket()
        self.tcp = Bucket()


class Clients:
    """All clients by address, made when first seen.

    An address is its packed bytes (4 or 16), or, for IPv4, these bytes read as one int in the
    machine's byte order: what the batched listener finds in memory without making bytes of it.
    Loopback is exempt from the rate limit: it is the machine itself.
    """

    def __init__(self, access: Access) -> None:
        self.access = access
        self._tags = Tags()
        self._known: OrderedDict[bytes | int, Client] = OrderedDict()

    def __len__(self) -> int:
        return len(self._known)

    def of(self, address: bytes | int) -> Client:
        """The client at an address; 50 ns when known."""
        return self._known.get(address) or self._make(address)

    def text_of(self, address: bytes | int) -> str:
        """An address as people write it."""
        return str(ip_address(_packed(address)))

    def admits(self, bucket: Bucket, now: float) -> bool:
        """Whether a client that may ask has budget left in this bucket; takes one query."""
        rate_limit = self.access.rate_limit
        return rate_limit == 0 or bucket.spend(rate_limit, now)

    def renew(self, access: Access) -> None:
        """Apply another Access to everybody; budgets go on as they are.

        The clients stay the same objects, as connections and questions underway hold them.
        """
        if access == self.access:
            return
        self.access = access
        for client in set(self._known.values()):
            self._apply(client)

    def _make(self, key: bytes | int) -> Client:
        packed = _packed(key)
        if packed is not key and packed in self._known:
            client = self._known[packed]
        else:
            client = Client(packed)
            self._apply(client)
        for alias in {key, packed}:
            self._known[alias] = client
            if len(self._known) > MAX_CLIENTS:
                self._known.popitem(last=False)
        return client

    def _apply(self, client: Client) -> None:
        access, address = self.access, ip_address(client.packed)
        client.allowed = any(
            address.version == net.version and address in net for net in access.allow
        )
        limited = access.rate_limit > 0 and not address.is_loopback
        client.gated = limited or not client.allowed
        client.traits = access.traits(client.packed) if access.traits else NO_TRAITS
        client.tag = self._tags.of(client.traits)


def _packed(address: bytes | int) -> bytes:
    return address.to_bytes(4, sys.byteorder) if isinstance(address, int) else address
