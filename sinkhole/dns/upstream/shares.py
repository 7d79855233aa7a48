"""Places that clients share: who holds how many, and who gives way when all are taken.

Whoever asks for names that nobody answers holds a place for seconds each time. With 120 such
questions a second one client had every place before long, and the questions of all others failed.
So when none is free, the newest of whoever holds the most gives way: of all clients first, then of
the zones that this client asks about. While places are free, anybody may hold any number of them;
and who holds few gets one whatever the others do.

Others use fixed numbers: BIND `fetches-per-zone` and a quota beyond which the oldest question is
dropped, Unbound `wait-limit` for each client, dnsmasq one number for all. A number that stops a
flood is too small for a router that asks for a whole household; a share is not.
"""

from __future__ import annotations

from ipaddress import ip_address, ip_network
from typing import Final, Generic, NamedTuple, TypeVar

from sinkhole.dns.wire.name import to_text

Place = TypeVar("Place")

NETWORK_SIZE: Final = 8
"""Bytes of an address that tell clients apart: all of IPv4, and the /64 of IPv6, in which a device
has as many addresses as it likes."""

OURSELVES: Final = b""
"""The client of questions that nobody asked: probes, hosts of lists, explanations."""


class Holder(NamedTuple):
    """For whom a place is held: a client, by its first NETWORK_SIZE bytes, and a zone."""

    client: bytes
    zone: bytes

    def __str__(self) -> str:
        """As people are told of it."""
        return f"{_client_text(self.client)} for names below {to_text(self.zone)}"


def holder_of(name: bytes, client: bytes) -> Holder:
    """The holder of places for a question: a lower-cased wire name, and who asks for it.

    The zone is the last two labels of the name. Where the real one begins, a forwarder cannot
    tell. Too much in one zone (all of `co.uk`, all reverse names) can only harm the client's own
    questions, and only while it holds more places than anybody; too little (a zone for each of
    the random names below a dead one) would protect nobody.
    """
    before = last = at = 0
    while size := name[at]:
        before, last = last, at
        at += size + 1
    return Holder(client[:NETWORK_SIZE], name[before:])


class Shares(Generic[Place]):
    """`most` places. Taking and leaving one costs half a microsecond each.

    `free` is how many are not taken. Where there is none, `yields` tells who has to leave before
    another may `take` one.
    """

    def __init__(self, most: int) -> None:
        self.most = most
        self.free = most
        self._held: dict[Holder, dict[Place, None]] = {}
        self._clients: dict[bytes, int] = {}

    def take(self, holder: Holder, place: Place) -> None:
        """Hold a place; it is the newest of its holder."""
        self.free -= 1
        held = self._held.get(holder)
        if held is None:
            held = self._held[holder] = {}
        held[place] = None
        self._clients[holder.client] = self._clients.get(holder.client, 0) + 1

    def leave(self, holder: Holder, place: Place) -> None:
        """Hold it no longer."""
        self.free += 1
        held = self._held[holder]
        del held[place]
        if not held:
            del self._held[holder]
        left = self._clients[holder.client] - 1
        if left:
            self._clients[holder.client] = left
        else:
            del self._clients[holder.client]

    def held_by(self, client: bytes) -> int:
        """How many places a client holds."""
        return self._clients.get(client, 0)

    def admits(self, holder: Holder) -> bool:
        """Whether a place can be had: one is free, or somebody would give way."""
        return self.free > 0 or self.yields(holder) is not None

    def yields(self, holder: Holder) -> Place | None:
        """Who gives way to one more of `holder`; None if that would have to be the newcomer.

        Only who would still hold as many as the newcomer's holder then, so nobody is thrown out in
        turns. To be called while no place is free; costs 30 ns for each holder.
        """
        biggest = max(self._clients, key=self._clients.__getitem__, default=holder.client)
        if self.held_by(holder.client) + 1 >= self.held_by(biggest):
            biggest = holder.client
        zones = [held for held in self._held if held.client == biggest]
        largest = max(zones, key=lambda held: len(self._held[held]), default=holder)
        places = self._held.get(largest, {})
        if biggest == holder.client and len(self._held.get(holder, ())) + 1 >= len(places):
            return None
        return next(reversed(places))


def _client_text(client: bytes) -> str:
    if not client:
        return "sinkhole itself"
    if len(client) == NETWORK_SIZE:
        return str(ip_network((client + bytes(16 - NETWORK_SIZE), 8 * NETWORK_SIZE)))
    return str(ip_address(client))
