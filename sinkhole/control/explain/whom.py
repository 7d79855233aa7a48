"""Who asks: found by whatever people call a client, and recognised as those who ask are."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from ipaddress import ip_address, ip_network
from typing import Final, NamedTuple, get_args

from sinkhole.control.devices.book import packed_of
from sinkhole.control.devices.devices import HIDES_CLIENTS, Devices, ShownDevice
from sinkhole.control.explain.audience import known_clients
from sinkhole.control.settings import ClientSettings, Settings
from sinkhole.control.settings.clients_schema import read_mac
from sinkhole.dns.clients.clients import Client, Clients
from sinkhole.dns.clients.identity import NOBODY, By, Identified, KnownClient, KnownClients
from sinkhole.dns.clients.standing import StandingBy
from sinkhole.dns.policy.address_gate import Gate, Keeper
from sinkhole.dns.policy.snapshot import Policy

THIS_MACHINE: Final = bytes((127, 0, 0, 1))

_BEST: Final[tuple[By, ...]] = get_args(By)

LATELY_S: Final = 3600.0
"""What a device asked from longer ago than this, before it asked last, may be another one's now."""


class NobodyMeant(ValueError):
    """What is neither an address nor a client that the settings know."""


class Meant(NamedTuple):
    """A packed address, b"" where none is known; the id that the client gives itself; and its name,
    where it was called by that and is meant wherever it is."""

    packed: bytes
    client_id: str = ""
    name: str = ""


def who_is_meant(text: str, settings: Settings, devices: Devices | None = None) -> Meant:
    """Who is called so: by an address, a name, id, MAC or host of a client of the settings, or a
    MAC or name of one of the `devices`; this machine for "".

    Where the client is comes from the settings, else from where its `devices` were met last.
    NobodyMeant, or ValueError for an address with a zone.
    """
    if not text:
        return Meant(THIS_MACHINE)
    if packed := packed_of(text):
        address = ip_address(text)
        if getattr(address, "scope_id", None):
            raise ValueError(f"{text!r} has a zone behind the %; leave it out")
        mapped = getattr(address, "ipv4_mapped", None)
        return Meant(mapped.packed if mapped else packed)
    client = client_called(text, settings)
    if client is None:
        return Meant(_met_at(text, settings, devices))
    client_id = next((each for each in client.ids if each == text.casefold()), "")
    if not client_id and client.ids and not (client.addresses or client.macs or client.hosts):
        client_id = client.ids[0]
    return Meant(_address_of(client, settings, devices), client_id, client.name)


def client_called(text: str, settings: Settings) -> ClientSettings | None:
    """The client of the settings with this name, id, MAC or host, in any spelling."""
    folded = text.strip().casefold()
    mac = _mac_in(folded)
    for each in settings.clients:
        if folded == each.name.casefold() or folded in (*each.ids, *each.hosts):
            return each
        if mac in each.macs:
            return each
    return None


def _mac_in(text: str) -> str:
    """The MAC that a text is, in the spelling of the settings; "" for anything else."""
    try:
        return read_mac(text)
    except ValueError:
        return ""


def _met_at(text: str, settings: Settings, devices: Devices | None) -> bytes:
    """Where a device of this MAC or name was met last; NobodyMeant for any other text."""
    if devices is None or settings.query_log.privacy in HIDES_CLIENTS:
        raise NobodyMeant(f"{text!r} is no address, and no client that the settings know")
    device = devices.called(text)
    if device is None or not device.addresses:
        raise NobodyMeant(
            f"{text!r} is no address, no client that the settings know, and no device that asked"
            " lately from an address of its own"
        )
    return packed_of(list(device.addresses)[-1])


def _address_of(client: ClientSettings, settings: Settings, devices: Devices | None) -> bytes:
    if client.addresses:
        return client.addresses[0].network_address.packed
    if devices is None or settings.query_log.privacy in HIDES_CLIENTS:
        return b""
    for device in reversed(list(devices.book)):
        names = {name.partition(".")[0] for names in device.names.values() for name in names}
        is_its = device.mac.hex(":") in client.macs or not names.isdisjoint(client.hosts)
        if is_its and device.addresses:
            return packed_of(list(device.addresses)[-1])
    return b""


class Asking(NamedTuple):
    """Who asks, as a Policy sees it, and by what that is recognised."""

    client: Client
    recognised: Identified


def asking(clients: Clients, meant: Meant, settings: Settings) -> Asking:
    """Who is meant, as the Policy of `clients` sees it.

    One that is called by its name has what applies to it, though another one be at its address now.
    """
    packed = meant.packed or THIS_MACHINE
    recognised = recognised_at(clients.policy, settings, packed, meant.client_id)
    if meant.name and (recognised.owner is None or recognised.owner.name != meant.name):
        return _as_named(clients.policy, meant, settings, packed)
    client = clients.identified(packed, meant.client_id) if meant.client_id else clients.of(packed)
    return Asking(client, recognised)


def recognised_at(
    policy: Policy, settings: Settings, packed: bytes, client_id: str = ""
) -> Identified:
    """Whom a Policy takes somebody at an address for."""
    standing = policy.access.standing
    if isinstance(standing, StandingBy):
        return standing.identify(packed, client_id)
    return known_clients(settings).identify(packed, client_id)


def _as_named(policy: Policy, meant: Meant, settings: Settings, packed: bytes) -> Asking:
    known = known_clients(settings)
    owner = next((each for each in known.all if each.name == meant.name), None)
    standing = policy.access.standing
    if owner is None or not isinstance(standing, StandingBy):
        return Asking(Clients(policy).of(packed), Identified(owner, _known_by(owner)))
    here = owner._replace(networks=(ip_network((packed, 8 * len(packed))),))
    there = replace(standing, known=KnownClients([here]))
    access = replace(policy.access, standing=there)
    client = Clients(replace(policy, access=access)).of(packed)
    return Asking(client, Identified(owner, _known_by(owner)))


def _known_by(owner: KnownClient | None) -> By:
    """The most telling of what a client is known by."""
    if owner is None:
        return ""
    is_single = any(each.prefixlen == each.max_prefixlen for each in owner.networks)
    has = owner.ids, is_single, owner.macs, owner.hosts, owner.networks
    return next((by for by, found in zip(_BEST, has, strict=False) if found), "")


# ---- devices -----------------------------------------------------------------------------------


class DeviceKnown(NamedTuple):
    """The client that a device is by the settings, "" for none, and by what."""

    client: str
    by: By


class KnownDevices:
    """Whom the settings take devices for, each, and from where they may ask."""

    def __init__(self, settings: Settings, devices: Devices) -> None:
        self._known = known_clients(settings)
        self._hosts_of = devices.facts.hosts_of
        self._gate = Gate(settings.dns.allow, settings.dns.deny)
        self._has_forwarders = bool(settings.devices.forwarders)

    def of(self, device: ShownDevice) -> DeviceKnown:
        """Whom one is taken for, by where it asked from last; where that tells nothing but its
        network, by another of the addresses that it has asked from lately."""
        found = NOBODY
        for each in self._by_address(device):
            found = min(found, each, key=lambda one: _BEST.index(one.by))
            if found.by not in ("network", ""):
                break
        return DeviceKnown(found.owner.name if found.owner else "", found.by)

    def turned_away_by(self, address: str) -> Keeper:
        """What turns away who asks from there; "" where a forwarder may have asked for it, as then
        the forwarder's address counts."""
        return "" if self._has_forwarders else self._gate.turns_away_by(packed_of(address))

    def _by_address(self, device: ShownDevice) -> Iterator[Identified]:
        """Whose each of its addresses is, the latest first."""
        latest = sorted(device.addresses, key=lambda each: -each[1].last_s)
        for text, seen in latest:
            if seen.last_s < latest[0][1].last_s - LATELY_S:
                return
            packed = packed_of(text)
            hosts = self._hosts_of(packed)
            yield self._known.identify(packed, device.key, device.mac, hosts)
        if not device.addresses:  # an id, or a MAC that a router told
            yield self._known.identify(bytes(16), device.key, device.mac)
