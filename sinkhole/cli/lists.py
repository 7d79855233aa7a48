"""Lists on the command line: update, versions, compile. What is shown of them is in `listing`."""

from __future__ import annotations

import json
import logging
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

import click

from sinkhole.cli.list_progress import ProgressDisplay
from sinkhole.cli.terminal import console
from sinkhole.control.lists.diff import Difference
from sinkhole.control.lists.library import Library
from sinkhole.control.lists.status import ListStatus
from sinkhole.control.settings import Settings
from sinkhole.dns.filter.compiled.compile import compile_files
from sinkhole.model.errors import SinkholeError


async def update(settings: Settings, names: Sequence[str], *, force: bool) -> bool:
    """Update all lists or the named ones, showing progress; whether every one is well."""
    library = await _quiet_library(settings)
    with ProgressDisplay(console()) as progress:
        await library.update(list(names) or None, force=force, progress=progress)
    await library.count_unique()
    return all(
        row["error"] is None and row["quarantine"] is None
        for row in library.status()
        if row["enabled"] and row["name"] in (names or {row["name"]})
    )


async def accept(settings: Settings, name: str) -> ListStatus:
    """Use what is held back of a list; its status then."""
    library = await _quiet_library(settings)
    await library.accept(name)
    return _status_of(library, name)


async def roll_back(settings: Settings, name: str) -> ListStatus:
    """Use the version before; the list's status then."""
    library = await _quiet_library(settings)
    await library.roll_back(name)
    return _status_of(library, name)


async def diff(settings: Settings, name: str) -> Difference:
    """What the newest two versions of a list differ in."""
    return await (await _quiet_library(settings)).diff(name)


def print_diff(told: Difference) -> None:
    """A difference in words, added names with + and removed ones with -."""
    old, new = told["old"]["names"], told["new"]["names"]
    what = "held back against in use" if told["new_is"] == "held back" else "in use against before"
    click.echo(f"{told['name']} ({what}): {old:,} names before, {new:,} now")
    for sign, count, samples in (
        ("+", told["added"], told["added_samples"]),
        ("-", told["removed"], told["removed_samples"]),
    ):
        click.echo(f"{sign} {count:,} names" + (", such as" if count > len(samples) else ""))
        for sample in samples:
            click.echo(f"  {sign} {sample}")


def compile_to(sources: tuple[Path, ...], output: Path, kind: Literal["block", "allow"]) -> None:
    """Compile list files into one and print the report as JSON."""
    if any(source.exists() and output.exists() and source.samefile(output) for source in sources):
        raise SinkholeError(f"{output} is one of the lists; choose another file to write")
    report: dict[str, Any] = compile_files(sources, output, kind).as_dict()
    click.echo(json.dumps(report))


async def _quiet_library(settings: Settings) -> Library:
    """The lists, their log messages off: what we print says it all."""
    logging.getLogger("sinkhole.control.lists").addHandler(logging.NullHandler())
    library = Library(settings.filtering, settings.data_dir)
    await library.load()
    return library


def _status_of(library: Library, name: str) -> ListStatus:
    return next(row for row in library.status() if row["name"] == name)
