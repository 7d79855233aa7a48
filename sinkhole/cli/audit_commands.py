"""Who did what: `sinkhole audit`."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any, Final

import click

from sinkhole.cli.calling import Caller
from sinkhole.cli.options import moment
from sinkhole.cli.telling import Told, asking

PAGE: Final = 500
"""Entries that are asked for at once, at most."""


@click.command()
@click.option(
    "--limit", type=click.IntRange(1, 10_000), default=50, show_default=True, help="Entries."
)
@click.option("--by", "actor", default="", metavar="NAME", help="Only what NAME did.")
@click.option(
    "--operation",
    default="",
    metavar="NAME",
    help="Only this operation, or those that begin so, such as settings.",
)
@click.option("--failed", is_flag=True, help="Only what failed.")
@asking()
def audit(caller: Caller, limit: int, **wanted: Any) -> Told:
    """Show who changed what and when, the newest last.

    All that was done by people, programs and commands is kept for a year, 10,000 entries at most;
    what failed has its reason. Exit code 0.
    """
    entries: list[dict[str, Any]] = []
    cursor: int | None = None
    while len(entries) < limit:
        page = {"limit": min(PAGE, limit - len(entries)), "cursor": cursor, **wanted}
        told = caller.call("audit.list", page)
        entries += told["entries"]
        cursor = told["next"]
        if cursor is None:
            break
    return Told(entries, "\n".join(map(_line, reversed(entries))) or "Nothing was done yet.")


def _line(entry: Mapping[str, Any]) -> str:
    where = f", {entry['address']}" if entry["address"] else ""
    failed = f"  failed: {entry['error']}" if entry["error"] else ""
    who = f"{entry['actor']} ({entry['kind']}{where})"
    return f"{moment(entry['time'])}  {who}  {entry['operation']}{_given(entry['given'])}{failed}"


def _given(given: Mapping[str, Any]) -> str:
    """What was asked for, as `key=value`."""
    pairs: Iterable[str] = (
        f"{key}={value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)}"
        for key, value in given.items()
    )
    return "".join(f" {each}" for each in pairs)
