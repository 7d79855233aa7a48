"""What is known about lists, in words: a table of all, and all about one."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import Any, Final

import click
from rich.filesize import decimal
from rich.table import Table

from sinkhole.cli.console import cell, tables_console

Row = Mapping[str, Any]
"""A list as `lists.show` tells of it."""

_COLUMNS: Final = {  # and whether it is a column of numbers
    "List": False, "State": False, "Names": True, "Unique": True, "24 h": True,
    "7 d": True, "Refused": True, "Checked": False, "Changed": False,
}  # fmt: skip

_ORIGINS: Final = {"stored": "added by hand", "default": "came with sinkhole"}


def print_table(rows: Sequence[Row]) -> None:
    """The lists as a table for people, and below it what is wrong."""
    table = Table(box=None, header_style="bold", pad_edge=False)
    for title, is_number in _COLUMNS.items():
        table.add_column(title, justify="right" if is_number else "left")
    for row in rows:
        table.add_row(
            cell(row["name"]), _state(row),
            _number(row["names"]), _number(row["unique"]), _number(row["hits_day"]),
            _number(row["hits_week"]), _number(row["refused"]),
            _ago(row["checked"]), _ago(row["changed"]),
        )  # fmt: skip
    tables_console().print(table)
    for row in rows:
        for trouble in _troubles(row):
            click.echo(f"{row['name']}: {trouble}")


def print_one(row: Row) -> None:
    """All that is known about one list."""
    origin = f"in {row['held_by']}" if row["held_by"] else _ORIGINS[row["origin"]]
    click.echo(f"{row['name']}: {_state(row)}, a list that {row['kind']}s, {origin}")
    click.echo(f"  from      {row['url']}")
    alone = f", {_number(row['unique'])} in no other list" if row["unique"] is not None else ""
    click.echo(f"  holds     {_number(row['names'])} names in {_number(row['rules'])} rules{alone}")
    if row["hits_week"] is not None:
        day, week = _number(row["hits_day"]), _number(row["hits_week"])
        click.echo(f"  blocked   {day} queries in the last day, {week} in the last week")
    click.echo(f"  checked   {_ago(row['checked'])}, changed {_ago(row['changed'])}")
    if row["taken_from"]:
        click.echo(f"  taken     from {row['taken_from']}, which had fetched it")
    click.echo(
        f"  took      {_span(row['fetch_s'])} to fetch, {_span(row['compile_s'])} to compile"
    )
    room, versions = decimal(row["disk_bytes"]), row["versions"]
    click.echo(f"  on disk   {room}, {versions} version{'s' * (versions != 1)} kept")
    if row["refused"]:
        click.echo(f"  refused   {_number(row['refused'])} lines that hold no rule")
        for reason, count in sorted(row["refused_reasons"].items(), key=lambda each: -each[1]):
            click.echo(f"            {count:,}  {reason}")
        for sample in row["refused_samples"]:
            click.echo(f"            line {sample['line']}: {sample['text']}")
    for trouble in _troubles(row):
        click.echo(f"  trouble   {trouble}")


def _state(row: Row) -> str:
    return "held back" if row["quarantine"] else str(row["state"])


def _troubles(row: Row) -> list[str]:
    found = [row["error"]] if row["error"] else []
    if held := row["quarantine"]:
        found.append(
            f"a version of {held['names']:,} names is held back: {held['reason']}; look at it "
            f"with `sinkhole lists diff`, use it with `sinkhole lists accept`"
        )
    return found


def _number(count: int | None) -> str:
    return "–" if count is None else f"{count:,}"


def _span(seconds: float | None) -> str:
    return "–" if seconds is None else f"{seconds:.1f} s"


def _ago(when: float | None) -> str:
    if when is None:
        return "never"
    seconds = max(0, int(time.time() - when))
    for size, unit in ((86_400, "d"), (3600, "h"), (60, "min")):
        if seconds >= size:
            return f"{seconds // size} {unit} ago"
    return "just now"
