"""Devices that asked lately: shown, made named clients of the settings, forgotten."""

from __future__ import annotations

import asyncio
from typing import Any, Final, Literal

from pydantic import Field

from sinkhole.control.devices.devices import HIDES_CLIENTS, ShownDevice
from sinkhole.control.devices.facts import Source
from sinkhole.control.explain.whom import KnownDevices
from sinkhole.control.operations.house import House
from sinkhole.control.operations.household import CLIENTS
from sinkhole.control.operations.operation import Done, Input, Nothing, Output, operation
from sinkhole.control.operations.refusals import refusal
from sinkhole.control.operations.settings import ChangeResult, DryRun, Revision, result_of
from sinkhole.control.settings.groups_schema import DEFAULT_GROUP
from sinkhole.control.settings.in_force import Change
from sinkhole.control.settings.plain import plain_of
from sinkhole.model.actor import Actor, Permission

SLICE: Final = 100
"""Devices told in one turn of the event loop: about two milliseconds."""

_HIDDEN: Final = (
    "query_log.privacy is {}, so it is not told who asks; `clients` can be named by MAC or address "
    "all the same"
)


class DeviceNames(Output):
    """What one source calls a device."""

    source: Source = Field(
        description="Local records, the hosts file, leases, the router, or the device itself."
    )
    names: list[str]


class DeviceAddress(Output):
    """One address of a device; times are seconds since 1970, null where they are not known."""

    address: str
    first_seen: float | None
    last_seen: float | None
    turned_away_by: Literal["", "dns.allow", "dns.deny"] = Field(
        description="The setting by which it may not ask from there, so that no query of it is "
        "answered; empty where it may."
    )


class DeviceShown(Output):
    """A device, and whom the settings take it for; times as of its addresses."""

    id: str = Field(description="What finds it again.", examples=["02:00:5e:10:00:01"])
    mac: str = Field(description="Empty where none is known.")
    maker: str = Field(description="Who made it, by its MAC.")
    random_mac: bool = Field(description="Whether it made its MAC up, for this network alone.")
    name: str = Field(description="The best of its names.")
    names: list[DeviceNames] = Field(description="All of them, the best source first.")
    addresses: list[DeviceAddress] = Field(description="The one used last first.")
    first_seen: float | None
    last_seen: float | None
    queries: int
    client: str = Field(description="The client of the settings that it is.")
    known_by: Literal["id", "address", "mac", "host", "network", ""]
    group: str
    stands_for_many: str = Field(description="Why it is not one device; empty for most.")


class DevicesShown(Output):
    """All devices, the one that asked last first."""

    devices: list[DeviceShown]
    hidden: str = Field(description="Why none is told, where nobody is to know who asks.")


class WhichDevice(Input):
    """Which device."""

    device: str = Field(
        min_length=1,
        max_length=300,
        description="Its MAC, one of its addresses, its id, a name that the network has, or its "
        "client's.",
        examples=["02:00:5e:10:00:01"],
    )


@operation("devices.list", Permission.LOG_READ)
async def list_devices(house: House, actor: Actor, given: Nothing) -> DevicesShown:
    """Show all devices that asked lately."""
    devices = house.devices()
    if why := _hidden(house):
        return DevicesShown(devices=[], hidden=why)
    known, told = KnownDevices(house.settings.settings, devices), []
    for number, each in enumerate(await devices.all(), start=1):
        told.append(_told(house, each, known))
        if number % SLICE == 0:
            await asyncio.sleep(0)
    return DevicesShown(devices=told, hidden="")


@operation("devices.show", Permission.LOG_READ)
async def show_device(house: House, actor: Actor, given: WhichDevice) -> DeviceShown:
    """Show one device."""
    found = await _found(house, given.device)
    return _told(house, found, KnownDevices(house.settings.settings, house.devices()))


class Adoption(WhichDevice):
    """Which device is to be which client."""

    name: str = Field(min_length=1, max_length=100, examples=["Kids tablet"])
    group: str | None = Field(
        default=None,
        min_length=1,
        max_length=100,
        description="Of a new client; one that is there already stays in its group.",
    )
    revision: str | None = Revision
    dry_run: bool = DryRun


@operation("devices.adopt", Permission.SETTINGS_WRITE, changes=True)
async def adopt(house: House, actor: Actor, given: Adoption) -> ChangeResult:
    """Make a device a client of the settings, or one of the devices of a client there is.

    It is known by its MAC from then on, else by its addresses, or the id it gives itself. A client
    there is keeps its group, as its other devices are in it.
    """
    found, settings = await _found(house, given.device), house.settings.settings
    owner, by = KnownDevices(settings, house.devices()).of(found)
    if owner and by != "network":
        text = f"{given.device} is {owner} already, known by its {by}"
        raise refusal("conflict", "device_has_a_name", text)
    folded = given.name.strip().casefold()
    client = next((each for each in settings.clients if each.name.casefold() == folded), None)
    value: dict[str, Any] = {"name": given.name}
    if client is not None:
        value = plain_of(client)
    elif given.group is not None:
        value["group"] = given.group
    key, known = found.known_by
    value[key] = [*value.get(key, ()), *known]
    done = await house.settings.change(
        [Change(CLIENTS, given.name, "set", value)],
        actor,
        revision=given.revision,
        dry_run=given.dry_run,
        note=f"device {found.key} is {given.name}",
    )
    return result_of(done, dry_run=given.dry_run)


@operation("devices.forget", Permission.LOG_WRITE, changes=True)
async def forget(house: House, actor: Actor, given: WhichDevice) -> Done:
    """Take a device out of the list: it comes back when it asks."""
    devices = house.devices()
    found = await devices.find(given.device) or await _of_client(house, given.device)
    if found is None or not devices.forget(found.key):
        raise _unknown(given.device)
    return Done()


# ---- what is known -----------------------------------------------------------------------------


def _hidden(house: House) -> str:
    privacy = house.settings.settings.query_log.privacy
    return _HIDDEN.format(privacy) if privacy in HIDES_CLIENTS else ""


async def _found(house: House, text: str) -> ShownDevice:
    devices = house.devices()
    if why := _hidden(house):
        raise refusal("not_found", "devices_hidden", why)
    found = await devices.find(text) or await _of_client(house, text)
    if found is None:
        raise _unknown(text)
    return found


async def _of_client(house: House, text: str) -> ShownDevice | None:
    """The device of a client of the settings; of several the one that asked last."""
    folded, settings = text.strip().casefold(), house.settings.settings
    if all(each.name.casefold() != folded for each in settings.clients):
        return None
    known = KnownDevices(settings, house.devices())
    for number, each in enumerate(await house.devices().all(), start=1):
        if known.of(each).client.casefold() == folded:
            return each
        if number % SLICE == 0:
            await asyncio.sleep(0)
    return None


def _unknown(text: str) -> Exception:
    return refusal("not_found", "device_unknown", f"no device {text!r} asked lately")


def _told(house: House, device: ShownDevice, known: KnownDevices) -> DeviceShown:
    owner, by = known.of(device)
    return DeviceShown(
        id=device.key,
        mac=device.mac,
        maker=device.maker,
        random_mac=device.is_random,
        name=device.name,
        names=[DeviceNames(source=source, names=list(names)) for source, names in device.names],
        addresses=[
            DeviceAddress(
                address=address,
                first_seen=seen.first_s or None,
                last_seen=seen.last_s or None,
                turned_away_by=known.turned_away_by(address),
            )
            for address, seen in device.addresses
        ],
        first_seen=device.seen.first_s or None,
        last_seen=device.seen.last_s or None,
        queries=device.queries,
        client=owner,
        known_by=by,
        group=_group_of(house, owner),
        stands_for_many=device.stands_for_many,
    )


def _group_of(house: House, name: str) -> str:
    """The group of a client, called as it calls itself."""
    settings = house.settings.settings
    written = next((each.group for each in settings.clients if each.name == name), None)
    folded = (written or DEFAULT_GROUP).casefold()
    groups = (each.name for each in settings.groups if each.name.casefold() == folded)
    return next(groups, DEFAULT_GROUP)
