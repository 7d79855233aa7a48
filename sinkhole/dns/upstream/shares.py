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

from collections import Counter
from ipaddress import ip_address
from typing import Final, Generic, NamedTuple, TypeVar

from sinkhole.dns.wire.name import to_text

Place = TypeVar("Place")

IPV6_SIZE: Final = 16

OURSELVES: Final = b""
"""The client of questions that nobody asked: probes, hosts of lists, explanations."""


_NEW: Final = tuple.__new__
"""Makes a NamedTuple of what is in hand in half the time that its own constructor takes."""


class Holder(NamedTuple):
    """For whom a place is held: a client, by the packed network that shares a rate budget, as a
    device has as many addresses in it as it likes; and a zone."""

    client: bytes
    zone: bytes

    def __str__(self) -> str:
        """As people are told of it."""
        who = str(ip_address(self.client)) if self.client else "sinkhole itself"
        if len(self.client) == IPV6_SIZE:
            who = f"the network of {who}"
        return f"{who} for names below {to_text(self.zone)}"


def holder_of(name: bytes, client: bytes) -> Holder:
    """The holder of places for a question: a lower-cased wire name, and the network that asks.

    The zone is the last two labels of the name. Where the real one begins, a forwarder cannot
    tell. Too much in one zone (all of `co.uk`, all reverse names) can only harm the client's own
    questions, and only while it holds more places than anybody; too little (a zone for each of
    the random names below a dead one) would protect nobody.
    """
    before = last = at = 0
    while size := name[at]:
        before = last
        last = at
        at += size + 1
    return _NEW(Holder, (client, name[before:]))


class Shares(Generic[Place]):
    """`most` places. Taking and leaving one costs a quarter of a microsecond each.

    `free` is how many are not taken. Where there is none, `yields` tells who has to leave before
    another may `take` one.
    """

    def __init__(self, most: int) -> None:
        self.most = most
        self.free = most
        self._held: dict[Holder, dict[Place, None]] = {}

    def take(self, holder: Holder, place: Place) -> None:
        """Hold a place; it is the newest of its holder."""
        self.free -= 1
        if holder in self._held:
            self._held[holder][place] = None
        else:
            self._held[holder] = {place: None}

    def leave(self, holder: Holder, place: Place) -> None:
        """Hold it no longer."""
        self.free += 1
        held = self._held[holder]
        del held[place]
        if not held:
            del self._held[holder]

    def held_by(self, client: bytes) -> int:
        """How many places a client holds; counted when asked for, as that is seldom."""
        return sum(len(held) for holder, held in self._held.items() if holder.client == client)

    def admits(self, holder: Holder) -> bool:
        """Whether a place can be had: one is free, or somebody would give way."""
        return self.free > 0 or self.yields(holder) is not None

    def yields(self, holder: Holder) -> Place | None:
        """Who gives way to one more of `holder`; None if that would have to be the newcomer.

        Only who would still hold as many as the newcomer's holder then, so nobody is thrown out in
        turns. To be called when there is no room for another; costs 100 ns for each holder.
        """
        clients = Counter[bytes]()
        for each, held in self._held.items():
            clients[each.client] += len(held)
        biggest = max(clients, key=clients.__getitem__, default=holder.client)
        if clients[holder.client] + 1 >= clients[biggest]:
            biggest = holder.client
        zones = [each for each in self._held if each.client == biggest]
        largest = max(zones, key=lambda each: len(self._held[each]), default=holder)
        places = self._held.get(largest, {})
        if biggest == holder.client and len(self._held.get(holder, ())) + 1 >= len(places):
            return None
        return next(reversed(places))
