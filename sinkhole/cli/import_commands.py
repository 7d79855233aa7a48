"""Settings of other programs: `sinkhole import`."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import click

from sinkhole.cli.calling import Caller, calling
from sinkhole.cli.import_files import whole_settings
from sinkhole.cli.import_queries import asked, files_of, lines
from sinkhole.cli.options import (
    config_option,
    confirm,
    honest,
    json_option,
    print_json,
    yes_option,
)
from sinkhole.cli.settings_commands import told_change
from sinkhole.model.errors import StorageError

Option = Callable[[Any], Any]

STDOUT: Final = Path("-")
"""In the place of a file that is written: it is printed."""

_PLURALS: Final = {"rule": "own rules", "name": "local names", "setting": "other settings"}

_OPTIONS: Final = (
    click.option("--listeners", is_flag=True, help="Take where it listens and its certificate."),
    click.option("--dry-run", is_flag=True, help="Only tell what would change."),
    click.option(
        "--to-file",
        type=click.Path(dir_okay=False, path_type=Path),
        help="Write a settings file of its own instead (- prints it), and change nothing.",
    ),
    yes_option,
    json_option,
    config_option,
)


@click.group("import")
def import_group() -> None:
    """Take over the settings of another program.

    First it is told what is taken, what is not quite the same here, and what can't be taken; then
    it asks. All of it is one change, which `sinkhole settings undo` takes back, but for accounts
    and queries. The other program and its files are left alone.

    \b
    From AdGuard Home:  sinkhole import adguardhome /opt/AdGuardHome/AdGuardHome.yaml
    From Pi-hole:       sinkhole import pihole pi-hole_teleporter.zip
    With its queries:   sinkhole import pihole /etc/pihole/gravity.db --log /etc/pihole
    From blocky:        sinkhole import blocky config.yml
    """


def _add(source: str, what: str, *options: Option) -> None:
    """Give the group the command for one program."""

    def command(
        file: Path,
        listeners: bool,
        dry_run: bool,
        to_file: Path | None,
        yes: bool,
        as_json: bool,
        config: Path | None,
        log: Path | None = None,
    ) -> None:
        if log is not None and to_file is not None:
            raise click.UsageError("--log can't be written to a settings file")
        is_printed = to_file == STDOUT
        if is_printed and as_json:
            raise click.UsageError("--to-file - and --json both print: --json has the file as well")
        files = [] if log is None else files_of(source, log)
        how = {"source": source, "listeners": listeners, "as_file": to_file is not None}
        with calling(config) as caller, whole_settings(file) as whole:
            told = _told(caller, whole, {**how, "dry_run": True}, files)
            if not as_json:
                click.echo("\n".join(_lines(told)), err=is_printed)
            if to_file is not None:
                _write(to_file, told["document"])
            elif not dry_run:
                confirm("Take that over?", yes=yes)
                told = _told(caller, whole, {**how, "dry_run": False}, files)
        if as_json:
            print_json(told)
        else:
            click.echo(_end(told, to_file, dry_run=dry_run), err=is_printed)

    command.__doc__ = _help(what)
    made = honest(command)
    for option in reversed((*options, *_OPTIONS)):
        made = option(made)
    argument = click.argument("file", type=click.Path(path_type=Path))
    import_group.command(source)(argument(made))


def _help(what: str) -> str:
    return f"""Take over FILE, which is {what}.

    On a terminal it asks before anything is changed; else --yes has to be given. Exit code 1 when
    FILE can't be read or nothing was changed.
    """


def _log_option(what: str) -> Option:
    return click.option(
        "--log",
        type=click.Path(exists=True, path_type=Path),
        help=f"Take its queries as well, out of {what}; each is taken once.",
    )


_add("adguardhome", "AdGuardHome.yaml", _log_option("querylog.json, or the folder it is in"))
_add(
    "pihole",
    "an archive of Teleporter, pihole.toml, or gravity.db",
    _log_option("pihole-FTL.db, or the folder it is in"),
)
_add("blocky", "its config.yml")


def _told(
    caller: Caller, file: Path, how: Mapping[str, Any], files: Sequence[Path]
) -> dict[str, Any]:
    """What becomes of the settings, and of each file of the log."""
    told = _asked(caller, file, how)
    is_dry = bool(how["dry_run"])
    told["logs"] = asked(caller, str(how["source"]), files, told["lists"], dry_run=is_dry)
    return told


def _asked(caller: Caller, file: Path, how: Mapping[str, Any]) -> dict[str, Any]:
    try:
        return dict(caller.upload("imports.settings", how, file))
    except OSError as error:
        raise StorageError(f"{file} cannot be read: {error.strerror}") from None


def _lines(told: Mapping[str, Any]) -> Iterator[str]:
    """What is taken, in words: how much, what differs, what is left, what changes."""
    counts = ", ".join(
        f"{e['count']} {_PLURALS.get(e['what'], e['what'] + 's') if e['count'] != 1 else e['what']}"
        for e in told["taken"]
    )
    yield f"{told['source']}: {counts or 'nothing to take'}."
    for kind, title in (("differs", "Not quite the same here:"), ("left", "Not taken:")):
        notes = [each for each in told["notes"] if each["kind"] == kind]
        if notes:
            yield title
            yield from (f"  {each['about']}: {each['text']}" for each in notes)
    if told["change"] is not None:
        yield "What changes:"
        yield str(told_change(told["change"]).words)
    for each in told["logs"]:
        yield from lines(each, dry_run=True)


def _end(told: Mapping[str, Any], to_file: Path | None, *, dry_run: bool) -> str:
    if to_file == STDOUT:
        return "Nothing was changed."
    if to_file is not None:
        return f"Written to {to_file}. Nothing was changed."
    if dry_run:
        return "Nothing was changed."
    number, logs = told["change"]["number"], told["logs"]
    done = (
        f"Done. `sinkhole settings undo {number}` takes it back."
        if number
        else "Nothing changed in the settings."
        if logs
        else "Nothing changed."
    )
    return "\n".join([done, *(line for each in logs for line in lines(each, dry_run=False))])


def _write(path: Path, text: str) -> None:
    """Write a new file, for its owner only: there may be secrets in it; or print it."""
    if path == STDOUT:
        click.echo(text, nl=False)
        return
    try:
        path.touch(mode=0o600, exist_ok=False)
        path.write_text(text)
    except OSError as error:
        raise StorageError(f"{path} cannot be written: {error.strerror}") from None


@click.group("export")
def export_group() -> None:
    """Write your settings for another program."""


@export_group.command("adguardhome")
@click.argument("file", required=False, type=click.Path(dir_okay=False, path_type=Path))
@json_option
@config_option
@honest
def export_adguardhome(file: Path | None, as_json: bool, config: Path | None) -> None:
    """Write AdGuardHome.yaml to FILE, which must be new; without FILE, or with -, print it.

    What AdGuard Home has no place for is told on standard error. There are all secrets in it, and
    no users. Exit code 1 when FILE can't be written.
    """
    with calling(config) as caller:
        told = caller.call("exports.adguardhome")
    if as_json:
        print_json(told)
        return
    _write(file or STDOUT, told["document"])
    for each in told["notes"]:
        click.echo(f"{each['about']}: {each['text']}", err=True)
