"""What takes room on the disk: `sinkhole storage`."""

from __future__ import annotations

from typing import Any, Final

import click

from sinkhole.cli.calling import Caller
from sinkhole.cli.telling import Told, asking

_PARTS: Final = {
    "log": "Log and statistics",
    "lists": "Lists",
    "state": "Settings, accounts",
    "cache": "Cache",
    "backups": "Backups",
    "other": "Everything else",
}


@click.command()
@asking()
def storage(caller: Caller) -> Told:
    """Tell what takes room on the disk.

    Log, lists, state, cache and backups, and how much is free. Exit code 0.
    """
    told = caller.call("storage.show")
    return Told(told, lambda: _print(told))


def _print(told: dict[str, Any]) -> None:
    from rich.filesize import decimal

    for each in told["parts"]:
        click.echo(f"{_PARTS[each['part']]:<20}{decimal(each['size_bytes'])}")
    free, whole = decimal(told["free_bytes"]), decimal(told["disk_bytes"])
    click.echo(f"{'Free':<20}{free} of {whole}, in {told['folder']}")
