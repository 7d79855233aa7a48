"""Settings of clients that are known by name, so that rules can be for them alone."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator

from sinkhole.control.settings.addresses import Network, parse_network
from sinkhole.control.settings.fields import Section, conflict, known_word, network, not_empty, text
from sinkhole.control.settings.words import shown
from sinkhole.dns.filter.language.modifiers import CLIENT_TAGS

TAGS = tuple(sorted(CLIENT_TAGS))
"""The words `$ctag` knows: public lists use them, so nobody can add to them."""


def _is_no_address(name: str) -> str:
    """Refuse a name that `$client` would take for an address."""
    try:
        parse_network(name)
    except ValueError:
        return name
    raise ValueError(f"{shown(name)} is an address, write a name, and the address below it")


class ClientSettings(Section):
    """A device or a group of devices: what rules call it, and where it asks from."""

    name: Annotated[str, text(100), AfterValidator(_is_no_address)]
    addresses: Annotated[
        tuple[Annotated[Network, network()], ...],
        not_empty('nobody could be meant, write for instance ["192.0.2.7"]'),
    ]
    tags: tuple[Annotated[str, known_word(TAGS, f"known are {', '.join(TAGS)}")], ...] = ()


def all_differ(clients: tuple[ClientSettings, ...]) -> tuple[ClientSettings, ...]:
    """Refuse two clients with the same name, whatever its case, or with the same address."""
    names: set[str] = set()
    owners: dict[Network, str] = {}
    for position, client in enumerate(clients):
        if client.name.casefold() in names:
            message = f"{shown(client.name)} is the name of another client too"
            raise conflict(message, "clients", position, "name")
        names.add(client.name.casefold())
        for number, address in enumerate(client.addresses):
            if owner := owners.get(address):
                message = f'"{address}" already belongs to {shown(owner)}'
                raise conflict(message, "clients", position, "addresses", number)
            owners[address] = client.name
    return clients
