"""Everything in one file, and back: `sinkhole backup` and `sinkhole restore`."""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext, suppress
from pathlib import Path
from typing import Any, BinaryIO

import click

from sinkhole.cli.calling import LONG_PATIENCE_S, Caller, calling
from sinkhole.cli.completion import names_by
from sinkhole.cli.options import (
    config_option,
    confirm,
    honest,
    json_option,
    moment,
    print_json,
    yes_option,
)
from sinkhole.cli.telling import Told, tell
from sinkhole.model.errors import StorageError


def _kept(caller: Caller) -> list[str]:
    return [str(each["name"]) for each in caller.call("backup.list")["backups"]]


@click.command()
@click.argument("file", required=False, type=click.Path(dir_okay=False))
@click.option("--with-log", is_flag=True, help="The query log as well, which may be large.")
@click.option("--list", "is_list", is_flag=True, help="Show the backups in the data folder.")
@click.option("--remove", "unwanted", metavar="NAME", help="Remove one of them.")
@json_option
@config_option
@honest
def backup(
    file: str | None,
    with_log: bool,
    is_list: bool,
    unwanted: str | None,
    as_json: bool,
    config: Path | None,
) -> None:
    """Back up everything into one file, while it runs.

    Without FILE the backup stays in the data folder. It has accounts, tokens, settings and the
    settings file, with all secrets in them; FILE is for its owner only, and - is standard
    output. Those of the data folder are made daily and before an upgrade as well, and the last
    seven of each kind are kept.

    Exit code 1 when it can't be made.
    """
    if sum((is_list, unwanted is not None, file is not None or with_log)) > 1:
        raise click.UsageError("either make a backup, or --list, or --remove")
    with calling(config) as caller:
        if is_list:
            tell(_kept_ones(caller.call("backup.list")["backups"]), as_json=as_json)
        elif unwanted is not None:
            told = caller.call("backup.remove", {"name": unwanted})
            tell(Told(told, f"{unwanted}: removed"), as_json=as_json)
        else:
            made = _made(caller, file, {"with_log": with_log})
            if file != "-":
                words = f"{file or made['name']}: {made['size_bytes']:,} bytes"
                tell(Told(made, words), as_json=as_json)


@click.command()
@click.argument("file", required=False, shell_complete=names_by(_kept))
@click.option("--with-settings-file", is_flag=True, help="Put the settings file back, too.")
@click.option("--with-log", is_flag=True, help="The query log too, at the next start.")
@click.option("--dry-run", is_flag=True, help="Only check it and tell what is in it.")
@click.option("--accept", is_flag=True, help="Go on with what is read in place of a damaged state.")
@yes_option
@json_option
@config_option
@honest
def restore(
    file: str | None,
    with_settings_file: bool,
    with_log: bool,
    dry_run: bool,
    accept: bool,
    yes: bool,
    as_json: bool,
    config: Path | None,
) -> None:
    """Restore a backup, checked before anything is replaced.

    FILE is one, or the name of one in the data folder. All of it is checked before anything is
    replaced, and what there was is kept as a backup. One of an older sinkhole is brought up to
    date. On a terminal it asks before it does anything; else --yes has to be given.

    With --accept, and no FILE: where the state is damaged, a backup is read in its place, and
    nothing is written until you restore one or accept that.

    Exit code 1 when nothing was restored.
    """
    if (file is None) != accept:
        raise click.UsageError("give either FILE, or --accept")
    with calling(config) as caller:
        if file is None:
            confirm("Go on with what is read in place of the state?", yes=yes)
            tell(
                Told(caller.call("backup.accept"), "The state is as it should be."), as_json=as_json
            )
            return
        how = {"with_settings_file": with_settings_file, "with_log": with_log}
        told = _restored(caller, file, {**how, "dry_run": True})
        if not as_json:
            _tell_content(told)
        if not dry_run:
            confirm("Restore it?", yes=yes)
            told = _restored(caller, file, {**how, "dry_run": False})
    if as_json:
        print_json(told)
    elif not dry_run:
        _tell_done(told)


def _made(caller: Caller, file: str | None, given: dict[str, Any]) -> dict[str, Any]:
    """A new backup, in a file as well; none is made where that can't be written."""
    with written(file) if file is not None else nullcontext() as sink:
        made: dict[str, Any] = caller.call("backup.make", given, patience_s=LONG_PATIENCE_S)
        if sink is not None:
            caller.download("backup.download", {"name": made["name"]}, sink)
    return made


def _restored(caller: Caller, file: str, how: dict[str, Any]) -> dict[str, Any]:
    path = Path(file)
    try:
        if path.is_file():
            told = caller.upload("backup.restore", how, path)
        else:
            given = {**how, "name": file}
            told = caller.call("backup.restore_kept", given, patience_s=LONG_PATIENCE_S)
    except OSError as error:
        raise StorageError(f"{file} cannot be read: {error.strerror}") from None
    return dict(told)


@contextmanager
def written(file: str) -> Iterator[BinaryIO]:
    """Where a backup goes: for its owner only, and there as a whole or not at all."""
    if file == "-":
        yield sys.stdout.buffer
        sys.stdout.flush()
        return
    path = Path(file)
    try:
        handle, draft = tempfile.mkstemp(dir=path.absolute().parent, prefix=f".{path.name}.")
    except OSError as error:
        raise StorageError(f"{file} cannot be written: {error.strerror}") from None
    try:
        with os.fdopen(handle, "wb") as sink:
            yield sink
        os.replace(draft, path)
    except OSError as error:
        raise StorageError(f"{file} cannot be written: {error.strerror}") from None
    finally:
        with suppress(FileNotFoundError):  # it has become the file
            os.unlink(draft)


def _kept_ones(backups: list[dict[str, Any]]) -> Told:
    if not backups:
        return Told(backups, "There are no backups in the data folder.")

    def show() -> None:
        from rich.filesize import decimal

        from sinkhole.cli.console import print_table

        print_table(
            ("Name", "Made", "Because", "Size#"),
            [
                (each["name"], moment(each["made"]), each["reason"], decimal(each["size_bytes"]))
                for each in backups
            ],
        )

    return Told(backups, show)


def _tell_content(told: dict[str, Any]) -> None:
    log = ", and the query log" if told["log"] else ""
    click.echo(
        f"Of {moment(told['made'])}, by sinkhole {told['sinkhole']}: {told['accounts']} accounts, "
        f"{told['tokens']} tokens, {len(told['settings_files'])} settings files{log}"
    )
    for token in told["returned"]:
        click.echo(f"  the token {token}, which was removed since, would let programs in again")


def _tell_done(told: dict[str, Any]) -> None:
    click.echo("Restored." + (f" What there was is {told['kept']}." if told["kept"] else ""))
    for each in told["settings_files"]:
        if not each["is_in_place"]:
            click.echo(f"  the settings file {each['origin']} was not replaced: see {each['path']}")
    for each in told["waits"]:
        click.echo(f"  {each} takes effect at the next start")
