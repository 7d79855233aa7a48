"""Places that clients share: who holds how many, and who gives way when all are taken.

Whoever asks for names that nobody answers holds a place for seconds each time. With 120 such
questions a second one client had every place before long, and the questions of all others failed.
So when none is free, the newest of whoever holds the most gives way: of all networks first, then
of the clients in it (all devices of a home are in one IPv6 network), then of the zones that this
client asks about. While places are free, anybody may hold any number of them; and who holds few
gets one whatever the others do. Where so many clients wait that each holds one, the zone with the
most waiting questions of all clients gives way, and who asks about it takes from nobody else: a
dead one that is asked from many addresses would have every place else.

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
Group = TypeVar("Group")
Key = TypeVar("Key")

OURSELVES: Final = b""
"""The client of questions that nobody asked: probes, hosts of lists, explanations."""


_NEW: Final = tuple.__new__
"""Makes a NamedTuple of what is in hand in half the time that its own constructor takes."""


class Holder(NamedTuple):
    """For whom a place is held: the packed network that shares a rate budget, as a device has as
    many addresses in it as it likes; the packed address of the client in it; and a zone."""

    network: bytes
    client: bytes
    zone: bytes

    def __str__(self) -> str:
        """As people are told of it."""
        who = str(ip_address(self.client)) if self.client else "sinkhole itself"
        return f"{who} for names below {to_text(self.zone)}"


def holder_of(name: bytes, client: bytes, network: bytes) -> Holder:
    """The holder of places for a question: a lower-cased wire name, and who asks from where.

    The zone is the last two labels of the name. Where the real one begins, a forwarder cannot
    tell. Too much in one zone (all of `co.uk`, all reverse names) only harms questions of a client
    that holds more places than anybody, or, where many clients fill all places, of who asks about
    that zone; too little (a zone for each of the random names below a dead one) would protect
    nobody.
    """
    before = last = at = 0
    while size := name[at]:
        before = last
        last = at
        at += size + 1
    return _NEW(Holder, (network, client, name[before:]))


class _Counts:
    """Who holds how many places: each network, in each of its clients, in each of its zones; and
    each zone, by which holder."""

    def __init__(self) -> None:
        self.networks = Tally[bytes]()
        self.zones = Tally[bytes]()
        self.of_network: dict[bytes, Tally[bytes]] = {}
        self.of_client: dict[tuple[bytes, bytes], Tally[Holder]] = {}
        self.of_zone: dict[bytes, Tally[Holder]] = {}

    def add(self, holder: Holder) -> None:
        network, client, zone = holder
        self.networks.add(network)
        self.zones.add(zone)
        self.of_network.setdefault(network, Tally()).add(client)
        self.of_client.setdefault((network, client), Tally()).add(holder)
        self.of_zone.setdefault(zone, Tally()).add(holder)

    def remove(self, holder: Holder) -> None:
        network, client, zone = holder
        self.networks.remove(network)
        self.zones.remove(zone)
        _remove(self.of_network, network, client)
        _remove(self.of_client, (network, client), holder)
        _remove(self.of_zone, zone, holder)

    def largest_in(self, network: bytes) -> Holder:
        """The largest holder of the largest client in a network that holds some."""
        return self.of_client[network, self.of_network[network].largest].largest

    def crowd(self, zone: bytes) -> int:
        """How many places those who ask about a zone hold for it, all but its largest holder."""
        return self.zones[zone] - self.of_zone[zone].most if zone in self.of_zone else 0


def _remove(tallies: dict[Group, Tally[Key]], group: Group, key: Key) -> None:
    """Count it once less in its group, which ends with its last."""
    tally = tallies[group]
    tally.remove(key)
    if not tally.most:
        del tallies[group]


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

    def held_by(self, holder: Holder) -> tuple[int, int]:
        """How many places its network holds, and how many its client."""
        counts, network = self._counted(), holder.network
        clients = counts.of_network.get(network)
        return counts.networks[network], 0 if clients is None else clients[holder.client]

    def admits(self, holder: Holder) -> bool:
        """Whether a place can be had: one is free, or somebody would give way."""
        return self.free > 0 or self.yields(holder) is not None

    def yields(self, holder: Holder) -> Place | None:
        """Who gives way to one more of `holder`; None if that would have to be the newcomer.

        Only who would still hold as many as the newcomer's holder then, so nobody is thrown out in
        turns. To be called when there is no room for another; costs a microsecond or two, however
        many holders there are; the first time after all were free, 4 µs for each place taken.
        """
        other = self._yielding(holder, self._counted())
        return None if other is None else next(reversed(self._held[other]))

    def _yielding(self, holder: Holder, counts: _Counts) -> Holder | None:
        """The holder whose newest place is to be had."""
        networks, zones, (network, client, zone) = counts.networks, counts.zones, holder
        biggest = counts.largest_in(networks.largest) if networks.most else holder
        if counts.crowd(zone) > networks.most:
            # Many ask for a dead zone, each for little: they share what the zone has already.
            biggest = counts.of_zone[zone].largest
        if networks[network] + 1 < networks[biggest.network]:
            return biggest
        clients = counts.of_network.get(network)
        if clients is not None and clients[client] + 1 < clients.most:
            return counts.largest_in(network)
        own = counts.of_client.get((network, client))
        if own is not None and own[holder] + 1 < own.most:
            return own.largest
        if zones[zone] + 1 < zones.most and counts.crowd(zones.largest) > networks[network]:
            return counts.of_zone[zones.largest].largest
        return None

    def _counted(self) -> _Counts:
        if self._counts is None:
            self._counts = _Counts()
            for holder, held in self._held.items():
                for _ in held:
                    self._counts.add(holder)
        return self._counts
