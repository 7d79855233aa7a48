"""Services that can be blocked as a whole, by id or by group."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache
from typing import Annotated, NamedTuple

from pydantic import AfterValidator

from sinkhole.settings.fields import conflict, text
from sinkhole.settings.shipped import read_shipped
from sinkhole.settings.words import meant, quoted, shown

FILE = "blocklists/services.yaml"
GROUP = "group:"


class Service(NamedTuple):
    """One service; `domains` (text) stand for themselves and everything below them."""

    id: str
    name: str
    group: str
    domains: tuple[str, ...]


@cache
def known_services() -> Mapping[str, Service]:
    """Every service by its id, in the order of the file; SettingsError if it can't be read."""
    entries = read_shipped(FILE)["services"]
    return {
        entry["id"]: Service(entry["id"], entry["name"], entry["group"], tuple(entry["domains"]))
        for entry in entries
    }


def chosen_services(choice: Iterable[str]) -> list[Service]:
    """The services that ids and "group:NAME" stand for, each once, in the order of the file."""
    wanted = set(choice)
    return [
        service
        for service in known_services().values()
        if service.id in wanted or GROUP + service.group in wanted
    ]


def _all_known(choice: tuple[str, ...]) -> tuple[str, ...]:
    """Refuse what is neither an id nor a group, and what is written twice."""
    if not choice:
        return choice  # the usual case: the file is not even read
    known = dict.fromkeys(GROUP + service.group for service in known_services().values())
    known |= dict.fromkeys(known_services())
    for position, word in enumerate(choice):
        if word not in known:
            raise conflict(_unknown(word, list(known)), "services", position)
        if word in choice[:position]:
            raise conflict(f"{shown(word)} is listed twice", "services", position)
    return choice


def _unknown(word: str, known: list[str]) -> str:
    by_name = {service.name.casefold(): service.id for service in known_services().values()}
    near = by_name.get(word.casefold()) or meant(word, known)
    if not near and GROUP + word in known:
        near = GROUP + word
    if near:
        return f"{shown(word)} is no service, did you mean {quoted(near)}?"
    groups = ", ".join(each.removeprefix(GROUP) for each in known if each.startswith(GROUP))
    if word.startswith(GROUP):
        return f"{shown(word)} is no group of services, known are {groups}"
    return f"{shown(word)} is no service, they stand in {FILE}, in the groups {groups}"


ServiceChoice = Annotated[tuple[Annotated[str, text(100)], ...], AfterValidator(_all_known)]
"""What `filtering.services` holds: ids of services, and groups as "group:NAME"."""
