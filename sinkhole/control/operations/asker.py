"""Which client is meant, by whatever people call it."""

from __future__ import annotations

from ipaddress import ip_address

from sinkhole.control.operations.house import House
from sinkhole.control.operations.refusals import refusal
from sinkhole.control.settings import ClientSettings


def address_of(house: House, client: str) -> str:
    """The address of who is meant by an address, or by the name or id of a client of the settings;
    "" stays that. RequestError for one that is not known, or has no address."""
    if not client or _is_address(client):
        return client
    known = known_as(house, client)
    if known is None:
        text = f"{client!r} is no address, and no client that the settings know"
        raise refusal("invalid", "client_unknown", text)
    if not known.addresses:
        text = f"{known.name} is known by an id only: say which address it asks from"
        raise refusal("invalid", "client_unknown", text)
    return str(known.addresses[0].network_address)


def known_as(house: House, client: str) -> ClientSettings | None:
    """The client of the settings that is called so, or has this id or address; None for none."""
    if not client:
        return None
    clients = house.settings.settings.clients
    folded = client.casefold()
    for each in clients:
        if each.name.casefold() == folded or folded in each.ids:
            return each
    called = house.client_name(client)
    return next((each for each in clients if called and each.name == called), None)


def _is_address(client: str) -> bool:
    try:
        ip_address(client)
    except ValueError:
        return False
    return True
