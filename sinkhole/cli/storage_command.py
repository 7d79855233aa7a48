"""What takes room on the disk, and the log on its way to a database or back: `sinkhole storage`."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import Any, Final

import click

from sinkhole.cli.calling import WATCH_S, Caller, calling
from sinkhole.cli.options import config_option, honest, json_option
from sinkhole.cli.telling import Told, asking, tell
from sinkhole.model.counted import counted

_PARTS: Final = {
    "log": "Log and statistics",
    "lists": "Lists",
    "state": "Settings, accounts",
    "cache": "Cache",
    "backups": "Backups",
    "other": "Everything else",
}

PATIENCE_S: Final = 24 * 3600.0
"""How long the server may take for all that a database has."""


@click.group(invoke_without_command=True)
@json_option
@config_option
@click.pass_context
@honest
def storage(context: click.Context, as_json: bool, config: Path | None) -> None:
    """Tell what takes room on the disk.

    Log, lists, state, cache and backups, and how much is free. Exit code 0.
    """
    if context.invoked_subcommand is None:
        with calling(config) as caller:
            told = caller.call("storage.show")
        tell(Told(told, lambda: _print(told)), as_json=as_json)


@storage.command("migrate")
@click.option("--from-database", is_flag=True, help="Take what others sent into the log here.")
@click.option("--node", metavar="NAME", default="", help="Only what this node sent.")
@click.option("--database", metavar="URL", default="", help="Not that of storage.url.")
@click.option("--again", is_flag=True, help="Send everything once more.")
@click.option("--dry-run", is_flag=True, help="Only tell how much there is to do.")
@asking()
def migrate(
    caller: Caller, from_database: bool, node: str, database: str, again: bool, dry_run: bool
) -> Told:
    """Send the log to the database of storage.url, or take it back.

    To the database it goes by itself as soon as the settings name one: this shows how far it is,
    and ends when all is there. Back comes all that others sent, up to the beginning of this hour,
    queries and statistics, each once. Interrupted, either goes on where it was.

    Exit code 1 where there is no database, or it can't be reached.
    """
    given = {
        "direction": "from_database" if from_database else "to_database",
        "node": node,
        "url": database,
        "again": again,
        "dry_run": dry_run,
    }
    if dry_run:
        told = caller.call("storage.migrate", given, patience_s=PATIENCE_S)
        return Told(told, _to_do(told, from_database))
    if from_database:
        progress = _Progress()
        told = caller.call_watched(
            "storage.migrate", given, "storage.migration", progress.taken, patience_s=PATIENCE_S
        )
        return Told(told, f"{_queries(told['rows'])} taken{_of(told)}")
    return _until_sent(caller, given)


def _until_sent(caller: Caller, given: dict[str, Any]) -> Told:
    caller.call("storage.migrate", given)
    progress = _Progress()
    while not (told := caller.call("storage.migration"))["is_sent"]:
        if told["is_away"]:
            words = "the database is away: sinkhole goes on by itself when it is there again"
            return Told(told, words, is_failure=True)
        progress.sent(told)
        time.sleep(WATCH_S)
    return Told(told, f"all is in the database: {_queries(told['rows'])} of before, and all since")


def _to_do(told: dict[str, Any], from_database: bool) -> str:
    verb = "to take" if from_database else "to send"
    return f"{_queries(told['rows'])} {verb}{_of(told)}, in about {_span(told['seconds'])}"


def _of(told: dict[str, Any]) -> str:
    return f" of {', '.join(told['nodes'])}" if told["nodes"] else ""


def _span(seconds: int) -> str:
    return f"{seconds} s" if seconds < 120 else f"{-(-seconds // 60)} min"


def _queries(count: int) -> str:
    return counted(count, "query", "queries")


class _Progress:
    """A line that says how far it is, each time by a hundredth more; for people, so to stderr."""

    def __init__(self) -> None:
        self._shown = -1

    def taken(self, told: dict[str, Any]) -> None:
        """Show how much was taken."""
        if told["to_take"] is not None:
            self._show(told["taken"], told["to_take"], "taken")

    def sent(self, told: dict[str, Any]) -> None:
        """Show how much was sent."""
        self._show(told["rows"] - told["left"], told["rows"], "sent")

    def _show(self, count: int, whole: int, verb: str) -> None:
        share = min(count * 100 // whole, 100) if whole else 0
        if share > self._shown:
            self._shown = share
            text = f"{count:,} of {_queries(whole)} {verb} ({share} %)"
            end = "\r" if sys.stderr.isatty() and share < 100 else "\n"
            click.echo(f"{text}{end}", err=True, nl=False)


def _print(told: dict[str, Any]) -> None:
    from rich.filesize import decimal

    for each in told["parts"]:
        click.echo(f"{_PARTS[each['part']]:<20}{decimal(each['size_bytes'])}")
    free, whole = decimal(told["free_bytes"]), decimal(told["disk_bytes"])
    click.echo(f"{'Free':<20}{free} of {whole}, in {told['folder']}")
