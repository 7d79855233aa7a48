"""Lists on the command line: status, update, compile."""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

import click
from rich.console import Console
from rich.table import Table
from rich.text import Text

from sinkhole.errors import SinkholeError
from sinkhole.filter.compile import compile_files
from sinkhole.lists.library import Library
from sinkhole.lists.progress import ProgressDisplay
from sinkhole.lists.status import ListStatus
from sinkhole.settings import Settings


def statuses(settings: Settings) -> list[ListStatus]:
    """Every list of the settings, as the last update left it; no server is asked."""
    library = Library(settings.filtering, settings.data_dir)
    library.load_now()
    return library.status()


def print_table(rows: Sequence[ListStatus]) -> None:
    """The lists as a table for people."""
    table = Table(box=None, header_style="bold", pad_edge=False)
    for title in ("List", "State", "Names", "Refused lines", "Checked", "Changed"):
        table.add_column(title, justify="right" if title in ("Names", "Refused lines") else "left")
    for row in rows:
        table.add_row(
            Text(row["name"]), row["state"], f"{row['names']:,}", f"{row['refused']:,}",
            _ago(row["checked"]), _ago(row["changed"]),
        )  # fmt: skip
    Console().print(table)
    for row in rows:
        if row["error"]:
            click.echo(f"{row['name']}: {row['error']}")


def _ago(when: float | None) -> str:
    if when is None:
        return "never"
    seconds = max(0, int(time.time() - when))
    for size, unit in ((86_400, "d"), (3600, "h"), (60, "min")):
        if seconds >= size:
            return f"{seconds // size} {unit} ago"
    return "just now"


async def update(settings: Settings, names: Sequence[str], *, force: bool) -> bool:
    """Update all lists or the named ones, showing progress; whether every one is well."""
    logging.getLogger("sinkhole.lists").addHandler(logging.NullHandler())  # the display says it all
    library = Library(settings.filtering, settings.data_dir)
    await library.load()
    with ProgressDisplay(Console()) as progress:
        await library.update(list(names) or None, force=force, progress=progress)
    chosen = [
        row
        for row in library.status()
        if row["enabled"] and row["name"] in (names or {row["name"]})
    ]
    return all(row["error"] is None for row in chosen)


def compile_to(sources: tuple[Path, ...], output: Path, kind: Literal["block", "allow"]) -> None:
    """Compile list files into one and print the report as JSON."""
    if any(source.exists() and output.exists() and source.samefile(output) for source in sources):
        raise SinkholeError(f"{output} is one of the lists; choose another file to write")
    report: dict[str, Any] = compile_files(sources, output, kind).as_dict()
    click.echo(json.dumps(report, ensure_ascii=False))
