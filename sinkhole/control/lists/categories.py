"""Kinds of names that a group refuses by one word: lists of the catalogue, fetched for whoever has
the word, and asked for nobody else."""

from __future__ import annotations

from collections.abc import Container, Mapping
from typing import Final, Literal, NamedTuple

from sinkhole.control.settings import (
    ClientSettings,
    FilteringSettings,
    GroupSettings,
    ListSettings,
    Settings,
)
from sinkhole.control.settings.shipped import find_entry, read_catalogue

LISTS_OF: Final[Mapping[str, tuple[str, ...]]] = {
    "malware": ("hagezi-tif-medium", "urlhaus"),
    "adult": ("oisd-nsfw",),
}
"""By category, what the catalogue calls them."""


class Wanting(NamedTuple):
    """Somebody who has a category, if only while a schedule is open; the household has no name."""

    category: str
    scope: Literal["household", "group", "client"]
    name: str


def wanting(settings: Settings) -> list[Wanting]:
    """Who has which categories: the household, then groups, then clients."""
    found = [Wanting(word, "household", "") for word in settings.filtering.categories]
    for group in settings.groups:
        found += [Wanting(word, "group", group.name) for word in _words_of(group)]
    for client in settings.clients:
        found += [Wanting(word, "client", client.name) for word in _words_of(client)]
    return found


def _words_of(owner: GroupSettings | ClientSettings) -> list[str]:
    layers = (owner, *owner.schedules)
    words = {word for layer in layers for word in layer.categories or ()}
    return [word for word in LISTS_OF if word in words]


def wanted_categories(settings: Settings) -> tuple[str, ...]:
    """Those that anybody has."""
    words = {each.category for each in wanting(settings)}
    return tuple(word for word in LISTS_OF if word in words)


def category_lists(settings: Settings) -> dict[str, tuple[ListSettings, ...]]:
    """The lists of the categories that are wanted; where the household has such a list already,
    that one, used by it or not. Reads the catalogue if any is: some 10 ms."""
    wanted = wanted_categories(settings)
    if not wanted:
        return {}
    catalogue = read_catalogue()
    own = {each.id: each for each in settings.filtering.lists}
    taken = {each.name.casefold() for each in own.values()}
    found: dict[str, tuple[ListSettings, ...]] = {}
    for word in wanted:
        entries = (find_entry(catalogue, entry_id) for entry_id in LISTS_OF[word])
        names = ((_free_name(f"{word}: {each.name}", taken), each.url) for each in entries)
        lists = (ListSettings(name=name, url=url) for name, url in names)
        found[word] = tuple(own.get(each.id, each) for each in lists)
    return found


def with_categories(settings: Settings) -> FilteringSettings:
    """What the library has to keep: the lists of the household, and those of categories; also those
    that the household has, but not in use."""
    filtering = settings.filtering
    every = [each for lists in category_lists(settings).values() for each in lists]
    wanted = {each.id: each.model_copy(update={"enabled": True}) for each in every}
    own = (wanted.pop(each.id, each) for each in filtering.lists)
    lists = (*own, *wanted.values())
    return filtering if lists == filtering.lists else filtering.model_copy(update={"lists": lists})


def _free_name(name: str, taken: Container[str]) -> str:
    """As people would take it for a list of theirs, that of a category is not called so."""
    return f"{name} (catalogue)" if name.casefold() in taken else name
