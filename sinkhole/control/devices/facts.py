"""What is known of addresses: MACs and names. Looked up in dictionaries only, by both planes.

Everything is by packed address (4 or 16 bytes) and MAC (6 bytes). Whoever keeps something that was
worked out of a fact is told by `on_change` when it may be another one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import chain
from typing import Final, Literal, get_args

Source = Literal["settings", "hosts_file", "leases", "reverse", "mdns"]
"""Where a name comes from: local records, the hosts file, lease files, the router, the device."""

SOURCES: Final[tuple[Source, ...]] = get_args(Source)
"""From the best to the least."""

MOST_ADDRESSES: Final = 8192
"""Addresses of which a MAC is known from the kernel; the one not met for longest is forgotten."""

MOST_OF_ONE: Final = 64
"""Addresses of one MAC that lend each other their names; the one not met for longest does not."""

MOST_NAMES: Final = 8
"""Names of one address that are kept."""

GUESS: Final = 20
"""Devices that are taken to be behind an address that stands for many."""

Names = tuple[str, ...]
_NO_NAMES: Final[Mapping[bytes, Names]] = {}


class DeviceFacts:
    """Learns from all sources; nothing here asks anybody.

    `on_change` is called with an address whenever something was learned about it, or forgotten.
    """

    def __init__(self, on_change: Callable[[bytes], object] = bool) -> None:
        self.on_change = on_change
        self._macs: dict[bytes, bytes] = {}
        """By the kernel, the one met last at the end."""
        self._leased: dict[bytes, bytes] = {}
        self._places: dict[bytes, dict[bytes, int]] = {}
        """Addresses of a MAC by the kernel, with the interface they are at, the last one at the
        end."""
        self._shared: set[bytes] = set()
        self._shared_macs: set[bytes] = set()
        self._names: dict[Source, dict[bytes, Names]] = {source: {} for source in SOURCES}

    # ---- looking up --------------------------------------------------------------------------

    def mac_of(self, packed: bytes) -> bytes:
        """The MAC that an address has, or had when it was last heard of; b"" if none is known."""
        return self._macs.get(packed) or self._leased.get(packed, b"")

    def device_of(self, packed: bytes) -> str:
        """The device at an address, as records name it: its MAC as text; "" where none is known or
        where it is that of several."""
        mac = self.mac_of(packed)
        return "" if mac in self._shared_macs else mac.hex(":")

    def is_shared(self, packed: bytes) -> bool:
        """Whether an address stands for many devices, as that of a container's bridge does."""
        return packed in self._shared

    def devices_at(self, packed: bytes) -> int:
        """For how many devices an address may ask: 1, or a guess where it stands for many."""
        return GUESS if packed in self._shared else 1

    def has_shared_mac(self, packed: bytes) -> bool:
        """Whether the MAC of an address is that of several devices, as with a repeater; the address
        is one device's all the same."""
        return self.mac_of(packed) in self._shared_macs

    def hosts_of(self, packed: bytes) -> Names:
        """What the device at an address is called, lower-cased, the best name first.

        All of its addresses count: what is known of one of a MAC is true of all. A name such as
        "tablet.home" is followed by its first label.
        """
        found: dict[str, None] = {}
        for _, names in self.named_by(packed):
            for name in names:
                found[name] = None
                found.setdefault(name.partition(".")[0])
        return tuple(found)

    def named_by(self, packed: bytes) -> list[tuple[Source, Names]]:
        """The names of the device at an address by their source, the best first."""
        addresses = (packed, *(each for each in self.addresses_of(packed) if each != packed))
        found = []
        for source in SOURCES:
            known = self._names[source]
            if not known:
                continue
            names = tuple(dict.fromkeys(chain(*(known.get(each, ()) for each in addresses))))
            if names:
                found.append((source, names))
        return found

    def named_at(self, packed: bytes) -> list[tuple[Source, Names]]:
        """The names of this address alone, by their source, the best first."""
        return [(source, names) for source in SOURCES if (names := self._names[source].get(packed))]

    def addresses_of(self, packed: bytes) -> tuple[bytes, ...]:
        """The addresses of the device at this one, as far as the kernel has told."""
        mac = self.mac_of(packed)
        return () if mac in self._shared_macs else tuple(self._places.get(mac, ()))

    def interface_of(self, packed: bytes) -> int:
        """The number of the interface that a neighbour is at; 0 for what is no neighbour."""
        return self._places.get(self._macs.get(packed, b""), {}).get(packed, 0)

    # ---- learning ----------------------------------------------------------------------------

    def learn_neighbour(self, packed: bytes, mac: bytes, interface: int) -> None:
        """The kernel says that an address has this MAC, whatever it had before."""
        before = self._macs.pop(packed, b"")
        self._macs[packed] = mac
        if before != mac:
            self._leave(packed, before)
        places = self._places.setdefault(mac, {})
        places.pop(packed, None)
        places[packed] = interface
        if before == mac:
            return
        if len(places) > MOST_OF_ONE:
            del places[next(iter(places))]
        if len(self._macs) > MOST_ADDRESSES:
            oldest = next(iter(self._macs))
            self._leave(oldest, self._macs.pop(oldest))
        # Its names are theirs from now on, too; most have none, and there may be many of them.
        for address in tuple(places) if self.named_at(packed) else (packed,):
            self.on_change(address)

    def learn_leases(self, macs: Mapping[bytes, bytes]) -> None:
        """Lease files say which address has which MAC; the kernel's word counts for more."""
        before, self._leased = self._leased, dict(macs)
        for address in {*before, *macs}:
            if address not in self._macs and before.get(address) != macs.get(address):
                self.on_change(address)

    def learn_names(self, source: Source, names: Mapping[bytes, Names]) -> None:
        """All names that a source has now."""
        before, self._names[source] = self._names[source], {}
        for address in {*before, *names}:
            now = names.get(address, ())[:MOST_NAMES]
            if now:
                self._names[source][address] = now
            if before.get(address, ()) != now:
                self._renamed(address)

    def learn_name(self, source: Source, packed: bytes, names: Names) -> None:
        """What a source says of one address; nothing, if it has no name for it."""
        known = self._names[source]
        before, now = known.pop(packed, ()), names[:MOST_NAMES]
        if now:
            known[packed] = now
            if len(known) > MOST_ADDRESSES:
                del known[next(iter(known))]
        if before != now:
            self._renamed(packed)

    def set_shared(self, packed: bytes, *, is_shared: bool) -> None:
        """Whether an address stands for many devices."""
        if is_shared != (packed in self._shared):
            (self._shared.add if is_shared else self._shared.discard)(packed)
            self.on_change(packed)

    def set_shared_mac(self, mac: bytes, *, is_shared: bool) -> None:
        """Whether a MAC stands for several devices: its addresses have nothing in common then."""
        if is_shared != (mac in self._shared_macs):
            (self._shared_macs.add if is_shared else self._shared_macs.discard)(mac)
            for address in tuple(self._places.get(mac, ())):
                self.on_change(address)

    def forget(self, source: Source) -> None:
        """A source is not to be used any more."""
        self.learn_names(source, _NO_NAMES)

    def forget_neighbours(self) -> None:
        """The kernel's word is not to be used any more."""
        before, self._macs, self._places = self._macs, {}, {}
        for address in before:
            self.on_change(address)

    def _leave(self, packed: bytes, mac: bytes) -> None:
        """An address is not this MAC's any more."""
        places = self._places.get(mac)
        if places is not None:
            places.pop(packed, None)
            if not places:
                del self._places[mac]

    def _renamed(self, packed: bytes) -> None:
        for address in dict.fromkeys((packed, *self.addresses_of(packed))):
            self.on_change(address)
