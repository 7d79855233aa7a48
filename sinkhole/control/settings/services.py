"""Services that can be blocked as a whole, by id or by group."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from functools import cache
from typing import Annotated, Any, NamedTuple

from pydantic import AfterValidator, PlainValidator

from sinkhole.control.settings.fields import conflict, read_text
from sinkhole.control.settings.shipped import read_shipped
from sinkhole.control.settings.words import meant, quoted, shown

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
    """Every service by its id, in the order of the file; SettingsError if it can't be read.

    Remembered, at some 600 KiB, by those whose settings name a service; others never read it.
    """
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


def _read_choice(value: Any) -> str:
    """An id, or a group behind "group:"; an empty list never comes here, nor reads the file."""
    word = read_text(value, 100)
    groups = {service.group for service in known_services().values()}
    group = word.removeprefix(GROUP)
    if word in known_services() or (group != word and group in groups):
        return word
    raise ValueError(_unknown(word, groups))


def _once_each(choice: tuple[str, ...]) -> tuple[str, ...]:
    for position, word in enumerate(choice):
        if word in choice[:position]:
            raise conflict(f"{shown(word)} is listed twice", "services", position)
    return choice


def _unknown(word: str, groups: Collection[str]) -> str:
    group = word.removeprefix(GROUP)
    near = _nearest_service(word) if group == word and word not in groups else ""
    if not near and (nearest_group := meant(group, groups)):
        near = GROUP + nearest_group
    if near:
        return f"{shown(word)} is no service, did you mean {quoted(near)}?"
    all_groups = ", ".join(sorted(groups))
    if group != word:
        return f"{shown(word)} is no group of services, known are {all_groups}"
    return f"{shown(word)} is no service, they stand in {FILE}, in the groups {all_groups}"


def _nearest_service(word: str) -> str:
    """The id of the service that has this name, else the nearest id, else ""."""
    services = known_services().values()
    named = (each.id for each in services if each.name.casefold() == word.casefold())
    return next(named, "") or meant(word, known_services())


ServiceChoice = Annotated[
    tuple[Annotated[str, PlainValidator(_read_choice)], ...], AfterValidator(_once_each)
]
"""What `filtering.services` holds: ids of services, and groups as "group:NAME"."""
