"""The book of devices: whoever asked lately, under what addresses, and since when.

A device is known by its MAC; where none is known by its address, and over encrypted transports by
the id it gives itself. What one asked is not in here, only how often.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from ipaddress import ip_address
from typing import Final, NamedTuple

from sinkhole.control.devices.facts import DeviceFacts, Names, Source

MOST_DEVICES: Final = 2000
"""Devices in the book; the one that was silent for longest goes."""

MOST_ADDRESSES: Final = 32
"""Addresses of a device; the one that was not used for longest goes."""

EARLIEST_S: Final = 1_767_225_600.0
"""2026: a clock that shows less has not been set yet, and tells of no time."""


class Seen(NamedTuple):
    """When something was met first and last, in seconds since 1970; 0 where nobody knows."""

    first_s: float = 0.0
    last_s: float = 0.0

    def with_time(self, at_s: float) -> Seen:
        """The same with another time it was met."""
        if at_s < EARLIEST_S:
            return self
        return Seen(min(self.first_s or at_s, at_s), max(self.last_s, at_s))


class Asked(NamedTuple):
    """So many queries of one client, the last of them at `last_s`.

    `client` is what records call it: an address, an id, or a MAC that a trusted router told. `mac`
    is the device's, b"" where nobody knew.
    """

    client: str
    queries: int
    last_s: float
    mac: bytes = b""


@dataclass(slots=True)
class Device:
    """One device; `names` are those that are known now or were last, by their source."""

    key: str
    mac: bytes = b""
    queries: int = 0
    seen: Seen = field(default_factory=Seen)
    addresses: dict[str, Seen] = field(default_factory=dict)
    names: dict[Source, Names] = field(default_factory=dict)

    def note(self, queries: int, at_s: float) -> None:
        """It asked so often."""
        self.queries += queries
        self.seen = self.seen.with_time(at_s)

    def use(self, address: str, at_s: float) -> None:
        """It asked from this address."""
        self.addresses[address] = self.addresses.pop(address, Seen()).with_time(at_s)
        if len(self.addresses) > MOST_ADDRESSES:
            del self.addresses[next(iter(self.addresses))]

    def absorb(self, other: Device) -> None:
        """The other one has turned out to be this one."""
        self.queries += other.queries
        for at_s in other.seen:
            self.seen = self.seen.with_time(at_s)
        for address, seen in other.addresses.items():
            for at_s in seen:
                self.use(address, at_s)
        self.names = {**other.names, **self.names}


class Book:
    """All devices, the one that asked last at the end; `is_changed` until it is written down."""

    def __init__(self, facts: DeviceFacts) -> None:
        self.is_changed = False
        self._facts = facts
        self._devices: dict[str, Device] = {}
        self._owners: dict[str, str] = {}
        """Who had an address last: the key of the device."""

    def __len__(self) -> int:
        return len(self._devices)

    def __iter__(self) -> Iterator[Device]:
        return iter(list(self._devices.values()))

    def of(self, text: str) -> Device | None:
        """The device of a MAC, an address or an id; who had the address last."""
        return self._devices.get(self._owners.get(text, text))

    def note(self, asked: Asked, *, is_counted: bool = True) -> None:
        """Somebody asked. Where it is not to be counted, it is known that there is such a device,
        and neither how often nor when it asked."""
        packed = packed_of(asked.client)
        mac = self._own_mac(packed) or asked.mac
        device = self._device(mac.hex(":") if mac else asked.client, mac)
        queries, at_s = (asked.queries, asked.last_s) if is_counted else (0, 0.0)
        device.note(queries, at_s)
        if packed:
            if asked.client not in device.addresses:
                self._learn_names(device, packed)
            self._give(asked.client, device)
            device.use(asked.client, at_s)
        self.is_changed = True

    def learned(self, packed: bytes) -> None:
        """Something was learned about an address: perhaps that it is a device's that is known."""
        text = str(ip_address(packed))
        device = self.of(text)
        if device is None:
            return
        mac = self._own_mac(packed)
        if mac and device.key == text:
            del self._devices[text]
            whole = self._device(mac.hex(":"), mac)
            whole.absorb(device)
            self._give(text, whole)
            device = whole
        if mac == device.mac:
            self._learn_names(device, packed)
        self.is_changed = True

    def forget(self, text: str) -> bool:
        """Take a device out of the book; whether there was one. It comes back when it asks."""
        device = self.of(text)
        if device is None:
            return False
        del self._devices[device.key]
        for address in device.addresses:
            if self._owners.get(address) == device.key:
                del self._owners[address]
        self.is_changed = True
        return True

    def forget_before(self, at_s: float) -> None:
        """Take out who was seen last before a time, and addresses that were; not those of whom no
        time is known."""
        for device in self:
            if 0.0 < device.seen.last_s < at_s:
                self.forget(device.key)
            for address, seen in list(device.addresses.items()):
                if 0.0 < seen.last_s < at_s:
                    del device.addresses[address]

    def clear(self) -> None:
        """Take all out."""
        self.is_changed = bool(self._devices)
        self._devices, self._owners = {}, {}

    def _own_mac(self, packed: bytes) -> bytes:
        """The MAC that a device is known by; b"" where there is none, or it is that of several."""
        if not packed or self._facts.has_shared_mac(packed):
            return b""
        return self._facts.mac_of(packed)

    def _device(self, key: str, mac: bytes) -> Device:
        device = self._devices.pop(key, None) or Device(key, mac)
        self._devices[key] = device
        if len(self._devices) > MOST_DEVICES:
            self.forget(next(iter(self._devices)))
        return device

    def _give(self, address: str, device: Device) -> None:
        self._owners.pop(address, None)
        self._owners[address] = device.key
        if len(self._owners) > 4 * MOST_DEVICES:
            del self._owners[next(iter(self._owners))]

    def _learn_names(self, device: Device, packed: bytes) -> None:
        """Names that were known once stay until their source has another."""
        device.names.update(self._facts.named_by(packed))

    def restore(self, devices: Iterable[Device]) -> None:
        """Take in who was met before, the one that asked last at the end."""
        for device in devices:
            self._devices[device.key] = device
            for address in device.addresses:
                self._give(address, device)
        while len(self._devices) > MOST_DEVICES:
            self.forget(next(iter(self._devices)))


def packed_of(client: str) -> bytes:
    """The packed address that a client's text is; b"" for an id."""
    try:
        return ip_address(client).packed
    except ValueError:
        return b""
