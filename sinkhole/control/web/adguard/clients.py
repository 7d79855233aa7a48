"""The clients of the settings, and the devices that were met, in the form of that server."""

from __future__ import annotations

import asyncio
from ipaddress import ip_address
from itertools import takewhile
from typing import Any, Final

from pydantic import Field

from sinkhole.control.operations import devices
from sinkhole.control.operations.asker import known_as
from sinkhole.control.operations.operation import Nothing as NoInput
from sinkhole.control.settings import ClientSettings, Settings
from sinkhole.control.settings.clients_schema import KNOWN_TAGS
from sinkhole.control.settings.in_force import Change
from sinkhole.control.settings.renaming import CLIENTS, renamed
from sinkhole.control.settings.shipped import known_services
from sinkhole.control.web.adguard.access import network_text
from sinkhole.control.web.adguard.answers import NOTHING, Nothing
from sinkhole.control.web.adguard.asked import Asked, Body, bad_request
from sinkhole.control.web.adguard.client_form import ClientBody, Scene, edited, said_of, shown
from sinkhole.control.web.adguard.pauses import (
    owner_of_client,
    pause_in,
    paused_by,
    zone_changes,
)
from sinkhole.model.actor import Permission
from sinkhole.model.errors import RequestError

MOST_SOUGHT: Final = 1000

_SET, _REMOVE = "clients.set", "clients.remove"
_SOURCES: Final = {"hosts_file": "etc/hosts", "leases": "DHCP", "reverse": "rDNS", "mdns": "rDNS"}
_OFF: Final = (
    *("filtering_enabled", "parental_enabled", "safebrowsing_enabled", "safesearch_enabled"),
    *("use_global_blocked_services", "use_global_settings"),
)
_NULL: Final = (
    *("safe_search", "blocked_services_schedule", "blocked_services", "tags", "upstreams"),
    *("ignore_querylog", "ignore_statistics", "upstreams_cache_enabled"),
)


async def show_all(asked: Asked) -> dict[str, Any]:
    """GET clients: null for none, as there."""
    scene = await _scene(asked)
    configured = [shown(each, scene) for each in scene.settings.clients]
    return {
        "clients": configured or None,
        "auto_clients": await _met(asked),
        "supported_tags": list(KNOWN_TAGS),
    }


async def _scene(asked: Asked) -> Scene:
    return Scene(asked.settings, await asyncio.to_thread(known_services))


async def _met(asked: Asked) -> list[dict[str, Any]]:
    """Devices that are no client of the settings, an entry for each address; as far as whoever asks
    may see who asked."""
    if not asked.actor.may(Permission.LOG_READ):
        return []
    try:
        found = await asked.do(devices.list_devices, NoInput())
    except RequestError:  # it is not known yet
        return []
    return [
        {
            "ip": address.address,
            "name": each.name,
            "source": _SOURCES.get(each.names[0].source, "ARP") if each.names else "ARP",
            "whois_info": {},
        }
        for each in found.devices
        if not each.client
        for address in each.addresses
    ]


# ---- changing ----------------------------------------------------------------------------------


async def add(asked: Asked) -> Nothing:
    """POST clients/add."""
    given, scene = await asked.body(ClientBody), await _scene(asked)
    if not given.name.strip():
        raise bad_request("adding client: empty name")
    if _named(scene.settings, given.name) is not None:
        raise bad_request(f'adding client: another client uses the same name "{given.name}"')
    item, more = edited(None, given, scene)
    zone = zone_changes(scene.settings, given.blocked_services_schedule)
    changes = [*zone, *more, Change(CLIENTS, given.name, "set", item)]
    await asked.change(_SET, changes, f"client {given.name} set")
    return NOTHING


class _Update(Body):
    name: str = Field(default="", max_length=100)
    data: ClientBody


async def update(asked: Asked) -> Nothing:
    """POST clients/update: under another name, too."""
    given, scene = await asked.body(_Update), await _scene(asked)
    client = _named(scene.settings, given.name)
    if client is None:
        raise bad_request(f'updating client: client "{given.name}" is not found')
    if not given.data.name.strip():
        raise bad_request("updating client: empty name")
    item, more = edited(client, given.data, scene)
    changes = [*zone_changes(scene.settings, given.data.blocked_services_schedule), *more]
    if given.data.name != client.name:
        changes += renamed(scene.settings, CLIENTS, client.name, given.data.name, item)
    elif item != said_of(client):
        changes.append(Change(CLIENTS, client.name, "set", item))
    await asked.change(_SET, changes, f"client {given.name} set")
    return NOTHING


class _Which(Body):
    name: str = Field(default="", max_length=100)


async def delete(asked: Asked) -> Nothing:
    """POST clients/delete."""
    given, settings = await asked.body(_Which), asked.settings
    client = _named(settings, given.name)
    if client is None:
        raise bad_request("Client not found")
    now, owners = pause_in(client.schedules), {owner_of_client(client.name)}
    changes = paused_by(settings, now, [], owners, "").changes
    changes.append(Change(CLIENTS, client.name, "remove"))
    await asked.change(_REMOVE, changes, f"client {client.name} removed")
    return NOTHING


def _named(settings: Settings, name: str) -> ClientSettings | None:
    folded = name.strip().casefold()
    return next((each for each in settings.clients if each.name.casefold() == folded), None)


# ---- looking for some --------------------------------------------------------------------------


class _Sought(Body):
    id: str = Field(max_length=300)


class _Search(Body):
    clients: list[_Sought] = Field(default=[], max_length=MOST_SOUGHT)


async def search(asked: Asked) -> list[dict[str, Any]]:
    """POST clients/search: what applies to each of some ids, whether it is known or not."""
    given, scene = await asked.body(_Search), await _scene(asked)
    wanted = [each.id for each in given.clients if each.id]
    return [{each: await _found(asked, scene, each)} for each in wanted]


async def find(asked: Asked) -> list[dict[str, Any]]:
    """GET clients/find?ip0&ip1…: the same, up to the first number that is missing."""
    scene, query = await _scene(asked), asked.request.query
    numbered = (query.get(f"ip{at}", "") for at in range(MOST_SOUGHT))
    wanted = takewhile(bool, numbered)
    return [{each: await _found(asked, scene, each[:300])} for each in wanted]


async def _found(asked: Asked, scene: Scene, wanted: str) -> dict[str, Any]:
    rule = _disallowed_by(scene.settings, wanted)
    access: dict[str, Any] = {"disallowed": rule is not None}
    if rule:
        access["disallowed_rule"] = rule
    client = known_as(asked.house, wanted)
    if client is not None:
        return {**shown(client, scene), **access}
    return {
        **dict.fromkeys(_OFF, False),
        **dict.fromkeys(_NULL),
        "upstreams_cache_size": 0,
        "name": await _called(asked, wanted),
        "ids": [wanted],
        "whois_info": {},
        **access,
    }


async def _called(asked: Asked, wanted: str) -> str:
    """What the network calls a device, as far as whoever asks may know."""
    if not asked.actor.may(Permission.LOG_READ):
        return ""
    try:
        found = await asked.do(devices.show_device, devices.WhichDevice(device=wanted))
    except RequestError:
        return ""
    return found.name


def _disallowed_by(settings: Settings, wanted: str) -> str | None:
    """The network by which an address may not ask, "" where it is in none that may; None for one
    that may, and for what is no address."""
    try:
        address = ip_address(wanted)
    except ValueError:
        return None
    dns = settings.dns
    for each in dns.deny:
        if address.version == each.version and address in each:
            return network_text(each)
    is_allowed = any(address.version == each.version and address in each for each in dns.allow)
    return None if is_allowed else ""
