"""Who asks: an address, whether it may, how often it did, and its group.

Client state is the one mutable thing in this room: a rate budget per address.
"""

from __future__ import annotations

import sys
from collections import OrderedDict
from collections.abc import Sequence
from ipaddress import IPv4Network, IPv6Network, ip_address
from math import inf
from typing import Final

Network = IPv4Network | IPv6Network

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
    """One address that asks.

    `gated` is True when the client may not ask at all, or its rate is limited: the hot path asks
    for this one attribute only. `tag` tells its group in keys of the table. UDP and TCP have a
    budget each, so that a client told to come back over TCP finds room there.
    """

    __slots__ = ("allowed", "gated", "tag", "tcp", "text", "udp")

    def __init__(self, text: str, *, allowed: bool, limited: bool, tag: bytes = b"\0") -> None:
        self.text = text
        self.allowed = allowed
        self.gated = limited or not allowed
        self.tag = tag
        self.udp = Bucket()
        self.tcp = Bucket()


class Clients:
    """All clients by address, made when first seen.

    An address is its packed bytes (4 or 16), or, for IPv4, these bytes read as one int in the
    machine's byte order: what the batched listener finds in memory without making bytes of it.

    `allow` are the networks that may ask at all (RFC 5358 §4); `rate_limit` is queries a second
    for each address, 0 for no limit. Loopback is exempt from the limit: it is the machine itself.
    """

    def __init__(self, allow: Sequence[Network], rate_limit: int) -> None:
        self.allow = tuple(allow)
        self.rate_limit = rate_limit
        self._known: OrderedDict[bytes | int, Client] = OrderedDict()

    def __len__(self) -> int:
        return len(self._known)

    def of(self, address: bytes | int) -> Client:
        """The client at an address; 50 ns when known."""
        return self._known.get(address) or self._make(address)

    def admits(self, bucket: Bucket, now: float) -> bool:
        """Whether a client that may ask has budget left in this bucket; takes one query."""
        return self.rate_limit == 0 or bucket.spend(self.rate_limit, now)

    def _make(self, key: bytes | int) -> Client:
        packed = key.to_bytes(4, sys.byteorder) if isinstance(key, int) else key
        if packed is not key and packed in self._known:
            client = self._known[packed]
        else:
            client = self._new(packed)
        for alias in {key, packed}:
            self._known[alias] = client
            if len(self._known) > MAX_CLIENTS:
                self._known.popitem(last=False)
        return client

    def _new(self, packed: bytes) -> Client:
        address = ip_address(packed)
        allowed = any(address.version == net.version and address in net for net in self.allow)
        limited = self.rate_limit > 0 and not address.is_loopback
        return Client(str(address), allowed=allowed, limited=limited)
