"""Choosing lists by command: the catalogue, and the lists that were added beside the settings."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from urllib.parse import urlsplit

import click
from rich.table import Table

from sinkhole.cli.terminal import cell, tables_console
from sinkhole.control.lists.added import AddedList, AddedLists
from sinkhole.control.settings import ListSettings, Settings, make_list
from sinkhole.control.settings.shipped import CatalogueEntry, find_entry, read_catalogue
from sinkhole.model.errors import SettingsError, SinkholeError
from sinkhole.model.masking import masked_address


def search(word: str | None) -> list[CatalogueEntry]:
    """The entries with `word` in any of their texts; all without one."""
    catalogue = read_catalogue()
    if word is None:
        return list(catalogue)
    wanted = word.casefold()
    return [
        entry
        for entry in catalogue
        if any(
            wanted in str(text).casefold()
            for text in entry.model_dump(exclude={"checked"}).values()
        )
    ]


def print_catalogue(entries: Sequence[CatalogueEntry]) -> None:
    """Entries as a table for people."""
    table = Table(box=None, header_style="bold", pad_edge=False)
    table.add_column("Id", no_wrap=True)
    table.add_column("Names", justify="right", no_wrap=True)
    table.add_column("Kind")
    table.add_column("Purpose")
    table.add_column("Licence")
    for entry in entries:
        checked = entry.checked
        names = _marked(f"{entry.names:,}", is_known=checked.names != "no")
        licence = _marked(entry.licence, is_known=checked.licence != "no")
        table.add_row(entry.id, names, entry.group, cell(entry.purpose), cell(licence))
    tables_console().print(table)
    if any("no" in (entry.checked.names, entry.checked.licence) for entry in entries):
        click.echo("? could not be checked; ask the list's authors before you rely on it")


def _marked(text: str, *, is_known: bool) -> str:
    return text if is_known else f"{text} ?"


def chosen(wanted: str, name: str | None, kind: str) -> ListSettings:
    """The list that an address or an id of the catalogue stands for, checked.

    SettingsError for an address that can't be one, and for an unknown id with the nearest ones.
    """
    if ":" in wanted:
        return make_list(name or _name_of(wanted), wanted, kind)
    entry = find_entry(read_catalogue(), wanted)
    return make_list(name or entry.name, entry.url, kind)


def add(settings: Settings, wanted: str, name: str | None, kind: str) -> AddedList:
    """Keep a list; a running server takes it up within seconds. SettingsError if it is there."""
    entry = chosen(wanted, name, kind)
    new = AddedList(entry.name, entry.url, entry.kind)

    def edit(lists: tuple[AddedList, ...]) -> tuple[AddedList, ...]:
        known: tuple[ListSettings | AddedList, ...] = (*settings.filtering.lists, *lists)
        for each in known:
            if each.url == new.url and each.kind == new.kind:
                raise SettingsError([f"the list {each.name!r} has this address already"])
            if each.name.casefold() == new.name.casefold():
                problem = f"{each.name!r} is the name of another list, choose one with --name"
                raise SettingsError([problem])
        return (*lists, new)

    _added_lists(settings).change(edit)
    return new


def remove(settings: Settings, name: str) -> None:
    """Forget a list that was added; SinkholeError for any other."""

    def edit(lists: tuple[AddedList, ...]) -> tuple[AddedList, ...]:
        found = _find(settings, lists, name, "remove it there")
        return tuple(each for each in lists if each is not found)

    _added_lists(settings).change(edit)


def enable(settings: Settings, name: str, *, on: bool) -> None:
    """Switch a list that was added on or off; SinkholeError for any other."""

    def edit(lists: tuple[AddedList, ...]) -> tuple[AddedList, ...]:
        advice = f"set `enabled: {str(on).lower()}` there"
        found = _find(settings, lists, name, advice)
        return tuple(replace(each, enabled=on) if each is found else each for each in lists)

    _added_lists(settings).change(edit)


def _added_lists(settings: Settings) -> AddedLists:
    return AddedLists(settings.data_dir / "lists")


def _find(settings: Settings, lists: Sequence[AddedList], name: str, advice: str) -> AddedList:
    for each in lists:
        if each.name.casefold() == name.casefold():
            return each
    if any(each.name.casefold() == name.casefold() for each in settings.filtering.lists):
        raise SinkholeError(f"the list {name!r} is in the settings, {advice}")
    there = ", ".join(each.name for each in lists) or "none"
    raise SinkholeError(f"no list {name!r} was added by command; there are {there}")


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
