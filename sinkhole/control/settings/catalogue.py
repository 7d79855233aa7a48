"""The catalogue of well-known public lists, and lists that are named outside the settings file."""

from __future__ import annotations

from collections.abc import Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Final, Literal

import yaml
from pydantic import Field, TypeAdapter, ValidationError

import sinkhole
from sinkhole.control.settings.document import LOADER
from sinkhole.control.settings.fields import Section
from sinkhole.control.settings.filtering import ListSettings
from sinkhole.control.settings.words import listing, shown
from sinkhole.model.errors import SettingsError

_PACKAGE: Final = Path(sinkhole.__file__).parent
_FILE: Final = Path("blocklists/catalogue.yaml")
_MOST_BYTES: Final = 4 << 20


class CatalogueEntry(Section):
    """One public list; `names` is roughly how many it holds, `group` what kind of list it is."""

    id: str = Field(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$", max_length=40)
    name: str = Field(min_length=1, max_length=100)
    group: str
    purpose: str = Field(min_length=1, max_length=200)
    licence: str = Field(min_length=1, max_length=100)
    home: str = Field(pattern="^https://")
    url: str = Field(pattern="^https://")
    format: Literal["adblock", "dnsmasq", "hosts", "names", "rpz", "wildcard"]
    names: int = Field(gt=0)


def shipped_catalogue() -> Path:
    """The catalogue that came with sinkhole: inside an installed package, beside a checkout."""
    inside = _PACKAGE / "_shipped" / _FILE
    return inside if inside.is_file() else _PACKAGE.parent / _FILE


def read_catalogue(path: Path | None = None) -> tuple[CatalogueEntry, ...]:
    """All entries in the order of the file, or of the shipped one; SettingsError if it is broken.

    The file maps each group to its entries.
    """
    path = path or shipped_catalogue()
    try:
        with path.open("rb") as file:
            groups: Any = yaml.load(file.read(_MOST_BYTES), Loader=LOADER)
        found = [{**entry, "group": group} for group, some in groups.items() for entry in some]
        return TypeAdapter(tuple[CatalogueEntry, ...]).validate_python(found)
    except OSError as error:
        raise SettingsError([f"{path}: cannot be read: {error.strerror}"]) from error
    except (yaml.YAMLError, AttributeError, TypeError, ValueError) as error:
        raise SettingsError([f"{path}: is no catalogue of lists: {error}"]) from error


def find_entry(catalogue: Sequence[CatalogueEntry], wanted: str) -> CatalogueEntry:
    """The entry of an id; SettingsError with the nearest ids when there is none."""
    for entry in catalogue:
        if entry.id == wanted.lower():
            return entry
    near = get_close_matches(wanted.lower(), [entry.id for entry in catalogue], n=3)
    hint = f"did you mean {listing(near)}?" if near else "see `sinkhole lists catalogue`"
    raise SettingsError([f"{shown(wanted)} is neither an address nor in the catalogue, {hint}"])


def make_list(name: str, url: str, kind: str) -> ListSettings:
    """A list checked as if it stood in the settings file; SettingsError if it could not."""
    try:
        return ListSettings.model_validate({"name": name, "url": url, "kind": kind})
    except ValidationError as error:
        told = [f"{each['loc'][0]}: {each['msg']}" for each in error.errors()]
        raise SettingsError([text.replace("Value error, ", "") for text in told]) from error
