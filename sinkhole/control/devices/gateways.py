"""Addresses behind which there are many devices: noticed, and said in words.

    a container's bridge     the program runs in a container, and all of the house asks from the
                             address of the bridge
    a router that passes on  it has most of all queries
    a repeater               one MAC has many IPv4 addresses that ask within an hour, and no client
                             of the settings is known by it
    one of many names        several DHCP leases or reverse names are those of one address

What is noticed is true for a day from when it was seen last.
"""

from __future__ import annotations

from collections.abc import Iterable
from ipaddress import ip_address, ip_network
from pathlib import Path
from typing import Final, NamedTuple

from sinkhole.control.devices.facts import DeviceFacts

MANY_ADDRESSES: Final = 5
"""IPv4 addresses of one MAC that ask within WITHIN_S."""

MANY_NAMES: Final = 5
"""Names of one address, by leases and by the router, that differ in their first label."""

MANY_QUERIES: Final = 500
"""Queries from which on it is told what share of all a router has."""

MOST_SHARE: Final = 0.6
"""That share, if the router passes on what the house asks."""

TRUE_S: Final = 86_400.0
"""How long something counts behind the last time it was seen."""

MAC_SIZE: Final = 6

WITHIN_S: Final = 3600.0

MOST_NOTICED: Final = 100
"""Addresses that stand for many; further ones are not noticed."""

MOST_MACS: Final = 2000
"""MACs whose addresses are counted; the one not met for longest is forgotten."""

CONTAINER_MARKS: Final = (Path("/.dockerenv"), Path("/run/.containerenv"))
"""Files that Docker and Podman put into each container."""

_BRIDGES: Final = tuple(
    ip_network(text) for text in ("172.16.0.0/12", "10.88.0.0/16", "10.0.2.0/24")
)
"""The networks of containers that Docker, Podman and slirp4netns make unless told otherwise."""


class Notice(NamedTuple):
    """Why an address stands for many, in words, and what to do about it."""

    text: str
    advice: str
    seen_s: float


class Gateways:
    """Notices them as they ask.

    `routers` are the packed addresses of this machine's default gateways, `in_container` tells
    whether it runs in one: both are set by whoever knows.
    """

    def __init__(self, facts: DeviceFacts) -> None:
        self.routers: frozenset[bytes] = frozenset()
        self.in_container = False
        self._facts = facts
        self._named: frozenset[bytes] = frozenset()
        self._noticed: dict[bytes, Notice] = {}
        """By address, or by MAC."""
        self._seen: dict[bytes, dict[bytes, float]] = {}
        """When which IPv4 address of a MAC asked last."""
        self._of_router: dict[bytes, float] = {}
        self._all = 0.0

    def __len__(self) -> int:
        return len(self._noticed)

    def why(self, packed: bytes) -> Notice | None:
        """Why an address, or its MAC, stands for many; None if it is not known to."""
        return self._noticed.get(packed) or self._noticed.get(self._facts.mac_of(packed))

    def all(self) -> list[Notice]:
        """All that was noticed."""
        return list(self._noticed.values())

    def use_named(self, macs: Iterable[str]) -> None:
        """These MACs are those of clients of the settings: each is that client, however many
        addresses it has, or a few more would be all it takes to be somebody else."""
        self._named = frozenset(bytes.fromhex(mac.replace(":", "")) for mac in macs)
        for mac in self._named & self._noticed.keys():
            del self._noticed[mac]
            self._tell(mac, is_shared=False)

    def note(self, packed: bytes, count: int, at_s: float) -> None:
        """So many queries came from an address."""
        mac = self._facts.mac_of(packed)
        for each in (packed, mac):
            self._expire(each, at_s)
        self._count(packed, count)
        found = self._of_bridge(packed) or self._of_router_share(packed) or self._of_names(packed)
        if found is not None:
            self._notice(packed, Notice(*found, at_s))
        if mac and len(packed) == 4 and mac not in self._named:
            self._of_mac(mac, packed, at_s)

    # ---- what there is to notice -------------------------------------------------------------

    def _of_bridge(self, packed: bytes) -> tuple[str, str] | None:
        address = ip_address(packed)
        if not self.in_container or packed not in self.routers:
            return None
        if not any(address in network for network in _BRIDGES):
            return None
        return (
            f"{address} is the container's bridge: all devices behind it look like one",
            "give the container the network of its host (network_mode: host), or macvlan",
        )

    def _of_router_share(self, packed: bytes) -> tuple[str, str] | None:
        share = self._of_router.get(packed, 0.0) / self._all if self._all else 0.0
        if self._all < MANY_QUERIES or share < MOST_SHARE:
            return None
        return (
            f"{ip_address(packed)} is the router, and most queries come from it: the devices behind"
            " it look like one",
            "let it hand out this server's address by DHCP; or let it say who asks (add-mac of"
            " dnsmasq), and write it under devices.forwarders",
        )

    def _of_names(self, packed: bytes) -> tuple[str, str] | None:
        told = dict(self._facts.named_at(packed))
        names = (*told.get("leases", ()), *told.get("reverse", ()))
        labels = {name.partition(".")[0] for name in names}
        if len(labels) < MANY_NAMES:
            return None
        return (
            f"{ip_address(packed)} goes by {len(labels)} names: it stands for several devices",
            "",
        )

    def _of_mac(self, mac: bytes, packed: bytes, at_s: float) -> None:
        seen = self._seen.pop(mac, {})
        self._seen[mac] = seen
        seen[packed] = at_s
        for address in [each for each, then in seen.items() if then < at_s - WITHIN_S]:
            del seen[address]
        if len(seen) > 2 * MANY_ADDRESSES:
            del seen[next(iter(seen))]
        if len(self._seen) > MOST_MACS:
            del self._seen[next(iter(self._seen))]
        if len(seen) >= MANY_ADDRESSES:
            text = (
                f"{mac.hex(':')} has {len(seen)} addresses that ask, so it passes on what other"
                " devices send: they are told apart by their addresses only"
            )
            self._notice(mac, Notice(text, "", at_s))

    # ---- keeping it --------------------------------------------------------------------------

    def _count(self, packed: bytes, count: int) -> None:
        """Shares are of about the last ten times MANY_QUERIES."""
        self._all += count
        if packed in self.routers:
            self._of_router[packed] = self._of_router.get(packed, 0.0) + count
        if self._all > 10 * MANY_QUERIES:
            self._all /= 2
            self._of_router = {
                each: asked / 2 for each, asked in self._of_router.items() if each in self.routers
            }

    def _notice(self, about: bytes, notice: Notice) -> None:
        if about in self._noticed or len(self._noticed) < MOST_NOTICED:
            self._noticed[about] = notice
            self._tell(about, is_shared=True)

    def _expire(self, about: bytes, at_s: float) -> None:
        notice = self._noticed.get(about)
        if notice is not None and at_s - notice.seen_s >= TRUE_S:
            del self._noticed[about]
            self._tell(about, is_shared=False)

    def _tell(self, about: bytes, *, is_shared: bool) -> None:
        tell = self._facts.set_shared_mac if len(about) == MAC_SIZE else self._facts.set_shared
        tell(about, is_shared=is_shared)


def runs_in_container(marks: Iterable[Path] = CONTAINER_MARKS) -> bool:
    """Whether this program runs in a container of Docker's or Podman's; asks the disk."""
    return any(mark.exists() for mark in marks)
