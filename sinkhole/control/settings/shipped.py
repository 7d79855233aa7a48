"""Files that came with the program: services, safe search and the catalogue of public lists.

None of them is read before a setting or a command asks for it.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable, Mapping, Sequence
from difflib import get_close_matches
from functools import cache
from pathlib import Path
from typing import Annotated, Any, Literal, NamedTuple, NotRequired, TypedDict

from pydantic import AfterValidator, BaseModel, Field, TypeAdapter

import sinkhole
from sinkhole.control.settings.document import Problem, read_document
from sinkhole.control.settings.quoting import listing, nearest, quoted, shown
from sinkhole.control.settings.values import Kind, conflict, read_text
from sinkhole.model.errors import SettingsError

SERVICES_FILE = "blocklists/services.yaml"
SAFE_SEARCH_FILE = "blocklists/safesearch.yaml"
CATALOGUE_FILE = "blocklists/catalogue.yaml"

GROUP = "group:"
"""What a group of services begins with where an id could stand."""

_PACKAGE = Path(sinkhole.__file__).parent
# An installed package carries its files inside; a checkout has them beside the package.
ROOTS = (_PACKAGE / "_shipped", _PACKAGE.parent)


def find_shipped(path: str | Path) -> Path:
    """Where a shipped file such as "blocklists/starter.txt" is; `path` itself if there is none."""
    return next((root / path for root in ROOTS if os.path.exists(root / path)), Path(path))


def read_shipped(path: str | Path) -> Any:
    """The plain values of a YAML file, such as "blocklists/services.yaml".

    Takes 8 ms for the services, and is not remembered. Raises SettingsError if the file is missing
    or damaged.
    """
    found = find_shipped(path)
    problems: list[Problem] = []
    try:
        value = read_document(found.read_text("utf-8"), f"file {found}", problems)
    except (OSError, UnicodeDecodeError) as error:
        reason = f"{found}: cannot be read: {error}; it comes with sinkhole, install that again"
        raise SettingsError([reason]) from None
    if problems or value is None:
        raise SettingsError([str(problem) for problem in problems] or [f"{found}: is empty"])
    return value.plain()


# ---- services ----------------------------------------------------------------------------------


class BlockableService(NamedTuple):
    """A service to block as a whole; `domains` (text) stand for all that is below them too."""

    id: str
    name: str
    group: str
    domains: tuple[str, ...]


@cache
def known_services() -> Mapping[str, BlockableService]:
    """Every service by its id, in the order of the file; SettingsError if it can't be read.

    Remembered, at some 600 KiB, by those whose settings name a service; others never read it.
    """
    services = (
        BlockableService(entry["id"], entry["name"], entry["group"], tuple(entry["domains"]))
        for entry in read_shipped(SERVICES_FILE)["services"]
    )
    return {service.id: service for service in services}


def chosen_services(choice: Iterable[str]) -> list[BlockableService]:
    """The services that ids and "group:NAME" stand for, each once, in the order of the file."""
    chosen = set(choice)
    return [
        service
        for service in known_services().values()
        if service.id in chosen or GROUP + service.group in chosen
    ]


def _read_choice(value: Any) -> str:
    """An id, or a group behind "group:"; an empty list never comes here, nor reads the file."""
    word = read_text(value, 100)
    groups = {service.group for service in known_services().values()}
    group = word.removeprefix(GROUP)
    if word in known_services() or (group != word and group in groups):
        return word
    raise ValueError(_no_service(word, groups))


def _once_each(choice: tuple[str, ...]) -> tuple[str, ...]:
    for position, word in enumerate(choice):
        if word in choice[:position]:
            raise conflict(f"{shown(word)} is listed twice", "services", position)
    return choice


def _no_service(word: str, groups: Collection[str]) -> str:
    group = word.removeprefix(GROUP)
    near = _nearest_service(word) if group == word and word not in groups else ""
    if not near and (nearest_group := nearest(group, groups)):
        near = GROUP + nearest_group
    if near:
        return f"{shown(word)} is no service, did you mean {quoted(near)}?"
    all_groups = ", ".join(sorted(groups))
    if group != word:
        return f"{shown(word)} is no group of services, known are {all_groups}"
    return f"{shown(word)} is no service, they stand in {SERVICES_FILE}, in the groups {all_groups}"


def _nearest_service(word: str) -> str:
    """The id of the service that has this name, else the nearest id, else ""."""
    services = known_services().values()
    named = (each.id for each in services if each.name.casefold() == word.casefold())
    return next(named, "") or nearest(word, known_services())


ServiceChoice = Annotated[
    tuple[Annotated[str, Kind(_read_choice, accepts={"type": "string"})], ...],
    AfterValidator(_once_each),
]
"""What `filtering.services` holds: ids of services, and groups as "group:NAME"."""


# ---- safe search -------------------------------------------------------------------------------


class SearchEngine(TypedDict):
    """A search engine: its hosts, and the host that each level of safe search leads them to."""

    name: str
    hosts: list[str]
    strict: str
    moderate: NotRequired[str]


def known_engines() -> Mapping[str, SearchEngine]:
    """What is known of each search engine.

    The keys are those of `filtering.safe_search`. SettingsError if the file can't be read.
    """
    engines: Mapping[str, SearchEngine] = read_shipped(SAFE_SEARCH_FILE)
    return engines


# ---- catalogue of lists ------------------------------------------------------------------------


class Checked(BaseModel, frozen=True, extra="forbid"):
    """Where each of three claims about a list was found; the head of the file says what is meant.

    "no" is a claim that could not be checked.
    """

    address: Literal["own", "registry", "others", "no"]
    licence: Literal["own", "others", "no"]
    names: Literal["counted", "size", "others", "no"]


class CatalogueEntry(BaseModel, frozen=True, extra="forbid"):
    """One public list; `names` is roughly how many it holds, `group` what kind of list it is,
    `living` what it is like to live with; the head of the file says what the words mean."""

    id: str = Field(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$", max_length=40)
    name: str = Field(min_length=1, max_length=100)
    group: str
    purpose: str = Field(min_length=1, max_length=200)
    licence: str = Field(min_length=1, max_length=100)
    home: str = Field(pattern="^https://")
    url: str = Field(pattern="^https://")
    format: Literal["adblock", "dnsmasq", "hosts", "names", "rpz", "wildcard"]
    names: int = Field(gt=0)
    living: Literal["calm", "some", "strict", "wanted", "old"]
    checked: Checked


def read_catalogue(path: str | Path = CATALOGUE_FILE) -> tuple[CatalogueEntry, ...]:
    """All entries in the order of the file; SettingsError if it is missing or broken.

    The file maps each group to its entries.
    """
    groups = read_shipped(path)
    try:
        found = [{**entry, "group": group} for group, some in groups.items() for entry in some]
        return TypeAdapter(tuple[CatalogueEntry, ...]).validate_python(found)
    except (AttributeError, TypeError, ValueError) as error:
        raise SettingsError([f"{find_shipped(path)}: is no catalogue of lists: {error}"]) from error


def search_catalogue(word: str) -> list[CatalogueEntry]:
    """The entries that have a word in any of their texts; all for ""."""
    wanted = word.casefold()
    return [
        entry
        for entry in read_catalogue()
        if any(
            wanted in str(text).casefold()
            for text in entry.model_dump(exclude={"checked"}).values()
        )
    ]


def find_entry(catalogue: Sequence[CatalogueEntry], entry_id: str) -> CatalogueEntry:
    """The entry of an id, in any case; SettingsError with the nearest ids if there is none."""
    for entry in catalogue:
        if entry.id == entry_id.lower():
            return entry
    near = get_close_matches(entry_id.lower(), [entry.id for entry in catalogue], n=3)
    hint = f"did you mean {listing(near)}?" if near else "see `sinkhole lists catalogue`"
    raise SettingsError([f"{shown(entry_id)} is neither an address nor in the catalogue, {hint}"])
