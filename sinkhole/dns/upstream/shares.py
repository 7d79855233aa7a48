"""Places that clients share: who holds how many, and who gives way when all are taken.

Whoever asks for names that nobody answers holds a place for seconds each time. With 120 such
questions a second one client had every place before long, and the questions of all others failed.
So when none is free, the newest of whoever holds the most gives way: of all clients first, then of
the zones that this client asks about. While places are free, anybody may hold any number of them;
and who holds few gets one whatever the others do. Where so many clients wait that each holds one,
the zone with the most waiting questions of all clients gives way, and who asks about it takes from
nobody else: a dead one that is asked from many addresses would have every place else.

Others use fixed numbers: BIND `fetches-per-zone` and a quota beyond which the oldest question is
dropped, Unbound `wait-limit` for each client, dnsmasq one number for all. A number that stops a
flood is too small for a router that asks for a whole household; a share is not.
"""

from __future__ import annotations

from ipaddress import ip_address
from typing import Final, Generic, NamedTuple, TypeVar

from sinkhole.dns.upstream.tally import Tally
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


class _Counts:
    """Who holds how many places: each client, in each of its zones; each zone, by which holder."""

    def __init__(self) -> None:
        self.clients = Tally[bytes]()
        self.zones = Tally[bytes]()
        self.of_client: dict[bytes, Tally[Holder]] = {}
        self.of_zone: dict[bytes, Tally[Holder]] = {}

    def add(self, holder: Holder) -> None:
        client, zone = holder
        self.clients.add(client)
        self.zones.add(zone)
        self.of_client.setdefault(client, Tally()).add(holder)
        self.of_zone.setdefault(zone, Tally()).add(holder)

    def remove(self, holder: Holder) -> None:
        client, zone = holder
        self.clients.remove(client)
        self.zones.remove(zone)
        for tallies, key in ((self.of_client, client), (self.of_zone, zone)):
            tally = tallies[key]
            tally.remove(holder)
            if not tally.most:
                del tallies[key]

    def crowd(self, zone: bytes) -> int:
        """How many places those who ask about a zone hold for it, all but its largest holder."""
        return self.zones[zone] - self.of_zone[zone].most if zone in self.of_zone else 0


class Shares(Generic[Place]):
    """`most` places. Taking and leaving one costs a quarter of a microsecond each, and a few
    microseconds from when they first run short until all are free again.

    `free` is how many are not taken. Where there is none, `yields` tells who has to leave before
    another may `take` one.
    """

    def __init__(self, most: int) -> None:
        self.most = most
        self.free = most
        self._held: dict[Holder, dict[Place, None]] = {}
        self._counts: _Counts | None = None
        """Made when first asked for, kept until nobody holds a place: mostly nobody asks."""

    def take(self, holder: Holder, place: Place) -> None:
        """Hold a place; it is the newest of its holder."""
        self.free -= 1
        if holder in self._held:
            self._held[holder][place] = None
        else:
            self._held[holder] = {place: None}
        if self._counts is not None:
            self._counts.add(holder)

    def leave(self, holder: Holder, place: Place) -> None:
        """Hold it no longer."""
        self.free += 1
        held = self._held[holder]
        del held[place]
        if not held:
            del self._held[holder]
        if self._counts is not None:
            self._counts.remove(holder)
            if not self._held:
                self._counts = None

    def held_by(self, client: bytes) -> int:
        """How many places a client holds."""
        return self._counted().clients[client]

    def admits(self, holder: Holder) -> bool:
        """Whether a place can be had: one is free, or somebody would give way."""
        return self.free > 0 or self.yields(holder) is not None

    def yields(self, holder: Holder) -> Place | None:
        """Who gives way to one more of `holder`; None if that would have to be the newcomer.

        Only who would still hold as many as the newcomer's holder then, so nobody is thrown out in
        turns. To be called when there is no room for another; costs a microsecond or two, however
        many holders there are, but for the first time after all places were free.
        """
        other = self._yielding(holder, self._counted())
        return None if other is None else next(reversed(self._held[other]))

    def _yielding(self, holder: Holder, counts: _Counts) -> Holder | None:
        """The holder whose newest place is to be had."""
        clients, zones = counts.clients, counts.zones
        own_count = clients[holder.client]
        biggest = counts.of_client[clients.largest].largest if clients.most else holder
        if counts.crowd(holder.zone) > clients.most:
            # Many ask for a dead zone, each for little: they share what the zone has already.
            biggest = counts.of_zone[holder.zone].largest
        if own_count + 1 < clients[biggest.client]:
            return biggest
        own = counts.of_client.get(holder.client)
        if own is not None and own[holder] + 1 < own.most:
            return own.largest
        if zones[holder.zone] + 1 < zones.most and counts.crowd(zones.largest) > own_count:
            return counts.of_zone[zones.largest].largest
        return None

    def _counted(self) -> _Counts:
        if self._counts is None:
            self._counts = _Counts()
            for holder, held in self._held.items():
                for _ in held:
                    self._counts.add(holder)
        return self._counts
