"""Which client is meant, by whatever people call it."""

from __future__ import annotations

from ipaddress import ip_address

from sinkhole.control.explain.whom import Meant, NobodyMeant, who_is_meant
from sinkhole.control.operations.house import House
from sinkhole.control.operations.refusals import refusal
from sinkhole.control.querylog.sought import mac_of
from sinkhole.control.settings import ClientSettings


def address_of(house: House, client: str) -> str:
    """The address of who is meant by an address, or by what a client of the settings is called and
    known by; "" stays that. RequestError for one that is not known, or has no address."""
    if not client or _is_address(client):
        return client
    meant = meant_by(house, client)
    if not meant.packed:
        text = f"no address of {meant.name} is known: say which one it asks from"
        raise refusal("invalid", "client_unknown", text)
    return str(ip_address(meant.packed))


def meant_by(house: House, client: str) -> Meant:
    """Who is called so, as `who_is_meant` has it; RequestError for nobody's name."""
    devices = house.devices() if house.is_serving else None
    try:
        return who_is_meant(client, house.settings.settings, devices)
    except NobodyMeant as error:
        raise refusal("invalid", "client_unknown", str(error)) from error


def known_as(house: House, client: str) -> ClientSettings | None:
    """The client of the settings that is called so, or has this id or address; None for none."""
    if not client:
        return None
    clients = house.settings.settings.clients
    folded = client.casefold()
    for each in clients:
        if each.name.casefold() == folded or folded in (*each.ids, *each.macs, *each.hosts):
            return each
    called = house.client_name(client, mac_of(client))
    return next((each for each in clients if called and each.name == called), None)


def _is_address(client: str) -> bool:
    try:
        ip_address(client)
    except ValueError:
        return False
    return True
