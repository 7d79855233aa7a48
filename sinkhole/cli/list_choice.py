"""Choosing lists by command: the catalogue, which came with the program."""

from __future__ import annotations

from collections.abc import Sequence

import click
from rich.table import Table

from sinkhole.cli.console import cell, tables_console
from sinkhole.control.settings.shipped import CatalogueEntry


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
