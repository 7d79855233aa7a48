"""Block and allow lists: shown, chosen from the catalogue or by address, changed, removed.

Lists are items of the setting `filtering.lists`. What is fetched and which version is in use is
`list_versions`' business.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Literal
from urllib.parse import urlsplit

from pydantic import Field

from sinkhole.control.lists.status import ListWithHits, with_hits
from sinkhole.control.operations.house import House
from sinkhole.control.operations.kept_lists import WantedBy, no_such, not_to_be_changed, wanted_by
from sinkhole.control.operations.operation import Input, Nothing, Output, operation
from sinkhole.control.operations.origins import HELD_BY, Origin, origin_of
from sinkhole.control.operations.refusals import refusal
from sinkhole.control.settings import ListSettings, make_list
from sinkhole.control.settings.in_force import Change
from sinkhole.control.settings.renaming import Renamed, renamed
from sinkhole.control.settings.shipped import (
    CatalogueEntry,
    find_entry,
    read_catalogue,
    search_catalogue,
)
from sinkhole.model.actor import Actor, Permission
from sinkhole.model.errors import RequestError, SettingsError, StorageError
from sinkhole.model.masking import masked_address

KEY = "filtering.lists"

Kind = Literal["block", "allow"]

# ---- what is shown -----------------------------------------------------------------------------


class RefusedLine(Output):
    """A line of a list that holds no rule sinkhole knows."""

    line: int = Field(description="Its number in the list, from 1.")
    text: str
    reason: str


class HeldVersion(Output):
    """A version of a list that is held back until somebody accepts it."""

    reason: str = Field(description="Why it is not used by itself.")
    since: float = Field(description="When it came, in seconds since 1970.")
    names: int
    rules: int


class ListInfo(Output):
    """One list: where it comes from, what it holds and does, and what is wrong with it."""

    name: str = Field(examples=["AdGuard DNS filter"])
    kind: Kind = Field(description="Whether its names are blocked, or allowed whatever others say.")
    url: str = Field(description="Its address; a password or key in it is masked.")
    enabled: bool
    origin: Origin | Literal["category"] = Field(
        description="Who says that it is there; `category` for one that nobody chose by itself: it "
        "can't be changed or removed, and goes when nobody has its category."
    )
    held_by: str = Field(description=HELD_BY)
    wanted_by: list[WantedBy] = Field(
        description="Who has a category that it is fetched for: the household, groups, clients. "
        "Empty for whoever may not read settings."
    )
    state: Literal["ready", "missing", "failed", "quarantined", "disabled"] = Field(
        description="In use, not fetched yet, not to be had, come but held back, or switched off."
    )
    names: int = Field(description="Names in use.")
    rules: int = Field(description="Rules in use; one may stand for many names.")
    unique: int | None = Field(
        description="Names that no other list of its kind has; null until they are counted."
    )
    hits_day: int | None = Field(
        description="Queries it refused in the last 24 hours; null without statistics."
    )
    hits_week: int | None = Field(description="The same for the last 7 days.")
    refused: int = Field(description="Lines that hold no rule sinkhole knows.")
    refused_reasons: dict[str, int] = Field(description="How many of them for each reason.")
    refused_samples: list[RefusedLine] = Field(description="Some of them.")
    checked: float | None = Field(
        description="When its source was last looked at, in seconds since 1970."
    )
    changed: float | None = Field(
        description="When another version was last put in use, in seconds since 1970."
    )
    taken_from: str = Field(
        description="The sinkhole of those with the same database that has fetched the version in "
        "use; empty where this one did."
    )
    fetch_s: float | None = Field(description="Seconds that the last fetch took.")
    compile_s: float | None = Field(description="Seconds that compiling it took.")
    size_bytes: int = Field(description="Size of the version in use, unpacked.")
    disk_bytes: int = Field(description="Room that all kept versions take.")
    versions: int = Field(description="Versions that are kept, the one in use among them.")
    error: str | None = Field(description="What went wrong last; the last good version stays.")
    quarantine: HeldVersion | None


class Lists(Output):
    """All lists in their order, and what is wrong beyond a single one."""

    lists: list[ListInfo]
    problems: list[str]


class ListName(Input):
    """Which list."""

    name: str = Field(
        max_length=200, description="Its name, in any letter case.", examples=["AdGuard DNS filter"]
    )


@operation("lists.list", Permission.LISTS_READ)
async def list_all(house: House, actor: Actor, given: Nothing) -> Lists:
    """Show every list with its state, what it holds, and how often it refused something."""
    wanting = await wanted_by(house, actor)
    rows = [_info(house, row, wanting) for row in await _rows(house)]
    return Lists(lists=rows, problems=house.library.problems)


@operation("lists.show", Permission.LISTS_READ)
async def show(house: House, actor: Actor, given: ListName) -> ListInfo:
    """Show all about one list."""
    return await info_of(house, actor, given.name)


async def info_of(house: House, actor: Actor, name: str) -> ListInfo:
    """All about a list; RequestError where there is none of this name."""
    for row in await _rows(house):
        if row["name"].casefold() == name.casefold():
            return _info(house, row, await wanted_by(house, actor))
    raise no_such(name, house.settings.settings.filtering.lists)


def _info(house: House, row: ListWithHits, wanting: Mapping[str, list[WantedBy]]) -> ListInfo:
    settings, name = house.settings.settings, row["name"]
    origin: tuple[str, str] = "category", ""
    if any(each.name == name for each in settings.filtering.lists):
        origin = origin_of(settings, KEY, name)
    more = {"origin": origin[0], "held_by": origin[1], "wanted_by": wanting.get(name, [])}
    return ListInfo.model_validate({**row, **more})


async def _rows(house: House) -> list[ListWithHits]:
    try:
        hits = await house.statistics().list_hits()
    except (StorageError, RequestError):  # a list is shown whether or not it is known what it did
        hits = None
    return with_hits(house.library.status(), hits)


# ---- the catalogue -----------------------------------------------------------------------------


class CatalogueSearch(Input):
    """What to look for in the catalogue."""

    search: str = Field(
        default="",
        max_length=100,
        description="A word that stands in any text of an entry; all entries without one.",
        examples=["malware"],
    )


class CatalogueItem(Output):
    """A well-known public list."""

    id: str = Field(description="What `lists.add` takes.", examples=["hagezi-pro"])
    name: str
    group: str = Field(description="What kind of list it is.")
    purpose: str
    licence: str
    licence_checked: bool
    home: str = Field(description="Its home page.")
    url: str
    format: str
    names: int = Field(description="Roughly how many names it holds.")
    names_checked: bool
    living: Literal["calm", "some", "strict", "wanted", "old"] = Field(
        description="What it is like to live with, by what its authors say: hardly noticed; now "
        "and then a name has to be allowed; sites and apps will break; takes away what somebody "
        "may want, on purpose; no longer kept up."
    )
    used_as: str | None = Field(description="The name of the list here that has this address.")


class Catalogue(Output):
    """Lists to choose from, in groups."""

    entries: list[CatalogueItem]


@operation("lists.catalogue", Permission.LISTS_READ)
async def catalogue(house: House, actor: Actor, given: CatalogueSearch) -> Catalogue:
    """Show well-known public lists to choose from.

    None of them is in use by itself. What could not be checked is marked: ask the list's authors
    before you rely on it.
    """
    used = {each.url: each.name for each in house.settings.settings.filtering.lists}
    found = await asyncio.to_thread(search_catalogue, given.search)
    return Catalogue(entries=[_item(each, used.get(each.url)) for each in found])


def _item(entry: CatalogueEntry, used_as: str | None) -> CatalogueItem:
    return CatalogueItem(
        **entry.model_dump(exclude={"checked"}),
        licence_checked=entry.checked.licence != "no",
        names_checked=entry.checked.names != "no",
        used_as=used_as,
    )


# ---- choosing ----------------------------------------------------------------------------------


class NewList(Input):
    """A list to use."""

    source: str = Field(
        min_length=1,
        max_length=4000,
        description="An id of the catalogue, or an address (https:, http: or file:).",
        examples=["hagezi-pro", "https://lists.example.org/ads.txt"],
    )
    name: str | None = Field(
        default=None,
        max_length=200,
        description="What to call it; without one, as the catalogue does, or by its address.",
    )
    kind: Kind = Field(default="block", description="Whether its names are blocked or allowed.")


class ListChange(ListName):
    """What is to be different about a list; what is left out stays as it is."""

    enabled: bool | None = Field(default=None, description="Whether it is in use.")
    rename: str | None = Field(default=None, max_length=200, description="Another name for it.")
    url: str | None = Field(default=None, max_length=4000, description="Another address.")
    kind: Kind | None = None


@operation("lists.add", Permission.LISTS_WRITE, changes=True, audited=frozenset({"name", "kind"}))
async def add(house: House, actor: Actor, given: NewList) -> ListInfo:
    """Use one more list: from the catalogue, or by its address.

    It is fetched by and by; until then its state is `missing`. A file of the server also needs
    `settings:write`.
    """
    entry = await asyncio.to_thread(chosen, given.source, given.name, given.kind)
    check_source(actor, entry.url)
    _refuse_taken(house, entry)
    await house.settings.change([_set(entry)], actor, note=f"list {entry.name} added")
    return await info_of(house, actor, entry.name)


@operation("lists.remove", Permission.LISTS_WRITE, changes=True)
async def remove(house: House, actor: Actor, given: ListName) -> Lists:
    """Stop using a list.

    Its files are kept for a week, in case it comes back. One that the settings file holds is
    removed there.
    """
    entry = await find(house, given.name)
    change = Change(KEY, entry.name, "remove")
    await house.settings.change([change], actor, note=f"list {entry.name} removed")
    return await list_all.run(house, actor, Nothing())


@operation(
    "lists.change",
    Permission.LISTS_WRITE,
    changes=True,
    audited=frozenset({"name", "enabled", "rename", "kind"}),
)
async def change(house: House, actor: Actor, given: ListChange) -> ListInfo:
    """Switch a list on or off, or give it another name, address or kind.

    A list that is renamed keeps its copies, its history, and who chose it by name. One that the
    settings file holds is changed there. A file of the server as its address also needs
    `settings:write`.
    """
    entry = await find(house, given.name)
    wanted = await asyncio.to_thread(
        make_list, given.rename or entry.name, given.url or entry.url, given.kind or entry.kind
    )
    if wanted.url != entry.url:
        check_source(actor, wanted.url)
    enabled = entry.enabled if given.enabled is None else given.enabled
    wanted = wanted.model_copy(update={"enabled": enabled})
    _refuse_taken(house, wanted, besides=entry)
    changes, other = [_set(wanted)], list[Renamed]()
    if wanted.name != entry.name:
        settings, value = house.settings.settings, changes[0].value
        changes = renamed(settings, KEY, entry.name, wanted.name, value)
        other = [Renamed("list", entry.name, wanted.name)]
    note = f"list {entry.name} changed"
    await house.settings.change(changes, actor, note=note, renamed=other)
    return await info_of(house, actor, wanted.name)


def chosen(source: str, name: str | None, kind: Kind) -> ListSettings:
    """The list that an address or an id of the catalogue stands for, checked; reads the catalogue.

    RequestError for an unknown id, with the nearest ones; SettingsError for an address that can't
    be one.
    """
    if ":" in source:
        return make_list(name or _name_of(source), source, kind)
    try:
        entry = find_entry(read_catalogue(), source)
    except SettingsError as error:
        raise refusal("invalid", "entry_unknown", str(error)) from error
    return make_list(name or entry.name, entry.url, kind)


def check_source(actor: Actor, url: str) -> None:
    """RequestError where somebody may not choose an address: what a list says of its lines shows
    pieces of them, and the files that the server can read hold passwords."""
    if url.lower().startswith("file:") and not actor.may(Permission.SETTINGS_WRITE):
        raise RequestError(
            "forbidden",
            "permission_missing",
            f"a file of the server as a list needs the permission {Permission.SETTINGS_WRITE}, "
            f"which {actor.name} does not have",
            {"permission": str(Permission.SETTINGS_WRITE)},
        )


async def find(house: House, name: str) -> ListSettings:
    """The list of a name in the settings in force; RequestError where there is none."""
    for each in house.settings.settings.filtering.lists:
        if each.name.casefold() == name.casefold():
            return each
    raise await not_to_be_changed(house, name)


def _refuse_taken(house: House, wanted: ListSettings, besides: ListSettings | None = None) -> None:
    for each in house.settings.settings.filtering.lists:
        if each is besides:
            continue
        if each.name.casefold() == wanted.name.casefold():
            text = f"{each.name!r} is the name of another list, choose one"
            raise refusal("conflict", "list_name_taken", text)
        if each.url == wanted.url and each.kind == wanted.kind:
            text = f"the list {each.name!r} has this address already"
            raise refusal("conflict", "list_name_taken", text)


def _set(entry: ListSettings) -> Change:
    value = {"url": entry.url, "kind": entry.kind, "enabled": entry.enabled}
    return Change(KEY, entry.name, "set", {"name": entry.name, **value})


def _name_of(url: str) -> str:
    """A name for a list that was given by its address only: host and file, as people see it."""
    url = masked_address(url)
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
    except ValueError:
        return url
    file = parts.path.rstrip("/").rpartition("/")[2]
    return " ".join(part for part in (host, file) if part)[:100] or url
