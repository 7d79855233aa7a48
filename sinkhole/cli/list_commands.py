"""The commands about lists, each with a `--help` worth reading."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any, Literal

import click

from sinkhole.cli.calling import LONG_PATIENCE_S, calling
from sinkhole.cli.completion import list_names, names_by
from sinkhole.cli.options import config_option, honest, json_option, print_json

_KIND = click.option(
    "--kind",
    type=click.Choice(["block", "allow"]),
    default="block",
    show_default=True,
    help="Whether the names in the list are to be blocked or allowed.",
)
_NAME = click.argument("name", shell_complete=names_by(list_names))


@click.group("lists")
def lists_group() -> None:
    """Show the block and allow lists, choose them, fetch them.

    \b
    What there is to choose from: sinkhole lists catalogue
    What a list would change:     sinkhole lists preview hagezi-pro
    Use it:                       sinkhole lists add hagezi-pro
    What the lists do:            sinkhole lists status
    """


@lists_group.command("status")
@click.argument("name", required=False, shell_complete=names_by(list_names))
@json_option
@config_option
@honest
def lists_status(name: str | None, as_json: bool, config: Path | None) -> None:
    """Show each list: state, names, hits, age, what is wrong; all about one with its NAME.

    Asks the running server, else reads what the last update left in the data folder; nothing is
    fetched. A list is ready (in use), missing (not fetched yet), failed (could not be), held back
    (a new version needs a look) or disabled. Unique are the names that no other list of its kind
    covers, 24 h and 7 d count the queries that the list blocked in that time, refused are lines
    that hold no rule sinkhole knows. Exit code 0 whatever the state.
    """
    from sinkhole.cli import list_status as listing

    with calling(config) as caller:
        if name is None:
            told = caller.call("lists.list")
        else:
            told = caller.call("lists.show", {"name": name})
    for row in told.get("lists", [told]):
        row["added"] = row["origin"] == "stored"
    if as_json:
        print_json(told if name is not None else told["lists"])
    elif name is not None:
        listing.print_one(told)
    else:
        listing.print_table(told["lists"])
    for problem in told.get("problems", ()):
        click.echo(problem, err=True)


@lists_group.command("update")
@click.argument("names", nargs=-1, shell_complete=names_by(list_names))
@click.option(
    "--force", is_flag=True, help="Fetch even what is unchanged, use what would be held back."
)
@json_option
@config_option
@honest
def lists_update(names: tuple[str, ...], force: bool, as_json: bool, config: Path | None) -> None:
    """Fetch and compile the lists now, or only those called NAMES.

    Asks each source whether anything is new and compiles what is. The running server does it, and
    uses the new lists at once; where none runs, this command does. Without a terminal it prints a
    line for each list.

    Exit code 1 when a list could not be updated, or its new version is held back; the last good
    copy stays in use.
    """
    from sinkhole.cli.list_progress import watching_lists

    given = {"names": list(names) or None, "force": force}
    with calling(config) as caller, watching_lists(is_shown=not as_json) as tell:
        told = caller.call_watched("lists.update", given, "lists.progress", tell)
    if as_json:
        print_json(told)
    if told["failed"]:
        sys.exit(1)


@lists_group.command("catalogue")
@click.argument("word", required=False)
@json_option
@honest
def lists_catalogue(word: str | None, as_json: bool) -> None:
    """Show well-known public lists, or those that have WORD in any of their texts.

    None of them is in use by itself: `sinkhole lists add ID` adds one. Names is roughly how many
    it holds; what could not be checked has a question mark. The JSON has the home page, the
    address and the format of each as well, and where it was checked. Exit code 1 when nothing has
    the word in it.
    """
    from sinkhole.cli import list_choice as choice

    entries = choice.search(word)
    if as_json:
        print_json([entry.model_dump() for entry in entries])
    elif entries:
        choice.print_catalogue(entries)
    else:
        click.echo(f"nothing in the catalogue has {word!r} in it", err=True)
        sys.exit(1)


@lists_group.command("add")
@click.argument("id_or_url")
@click.option("--name", help="What to call it; from the catalogue or the address without it.")
@_KIND
@json_option
@config_option
@honest
def lists_add(
    id_or_url: str, name: str | None, kind: str, as_json: bool, config: Path | None
) -> None:
    """Use one more list: an id of the catalogue, or an address (https:, http: or file:).

    It is kept in the data folder and comes after the lists of the settings file, which is never
    rewritten. A running server fetches it by and by, without a restart. Exit code 1 when it is
    there already, or there is no such id.
    """
    with calling(config) as caller:
        told = caller.call("lists.add", {"source": id_or_url, "name": name, "kind": kind})
    _tell(told, f"{told['name']}: added, {told['url']}", as_json)


@lists_group.command("remove")
@_NAME
@json_option
@config_option
@honest
def lists_remove(name: str, as_json: bool, config: Path | None) -> None:
    """Stop using a list.

    Its files are kept for a week, in case it comes back. Exit code 1 for a list of the settings
    file: it is removed there.
    """
    with calling(config) as caller:
        told = caller.call("lists.remove", {"name": name})
    _tell(told, f"{name}: removed", as_json)


@lists_group.command("enable")
@_NAME
@json_option
@config_option
@honest
def lists_enable(name: str, as_json: bool, config: Path | None) -> None:
    """Switch a list on again.

    Exit code 1 for one of the settings file, which is changed there.
    """
    with calling(config) as caller:
        told = caller.call("lists.change", {"name": name, "enabled": True})
    _tell(told, f"{told['name']}: enabled", as_json)


@lists_group.command("disable")
@_NAME
@json_option
@config_option
@honest
def lists_disable(name: str, as_json: bool, config: Path | None) -> None:
    """Switch a list off and keep it.

    Exit code 1 for one of the settings file, which is changed there.
    """
    with calling(config) as caller:
        told = caller.call("lists.change", {"name": name, "enabled": False})
    _tell(told, f"{told['name']}: disabled", as_json)


@lists_group.command("preview")
@click.argument("id_or_url")
@_KIND
@json_option
@config_option
@honest
def lists_preview(
    id_or_url: str, kind: Literal["block", "allow"], as_json: bool, config: Path | None
) -> None:
    """Tell what a list would change, before it is used.

    Fetches and compiles it aside, asks the query log for the names of the last 7 days, and judges
    each with the lists in use and with this one added: how many names and queries it would newly
    block, which most, and who asks for them. Nothing is enabled and nothing is left behind. What a
    list would block only for what an answer leads to (a CNAME, an address) is not in the count.

    Exit code 1 when the list can't be had.
    """

    from sinkhole.cli import preview

    given = {"source": id_or_url, "kind": kind}
    with calling(config) as caller:
        told = preview.as_told(caller.call("lists.preview", given, patience_s=LONG_PATIENCE_S))
    if as_json:
        print_json(told)
    else:
        preview.print_preview(told)


@lists_group.command("accept")
@_NAME
@json_option
@config_option
@honest
def lists_accept(name: str, as_json: bool, config: Path | None) -> None:
    """Use the version of a list that is held back.

    A version is held back when it has shrunk or grown too much, when it would block a name that
    the household needs, or after a rollback; `sinkhole lists diff` shows what it would change. The
    names it blocks are not held against later versions. Exit code 1 when nothing is held back.
    """
    with calling(config) as caller:
        told = caller.call("lists.accept", {"name": name}, patience_s=LONG_PATIENCE_S)
    _tell(told, f"{told['name']}: {told['names']:,} names, now in use", as_json)


@lists_group.command("rollback")
@_NAME
@json_option
@config_option
@honest
def lists_rollback(name: str, as_json: bool, config: Path | None) -> None:
    """Use the version before the one in use.

    It stays in use until the source has something new; `sinkhole lists accept` returns to the
    version that was left. The last three versions are kept.

    Exit code 1 when no older version is kept.
    """
    with calling(config) as caller:
        told = caller.call("lists.rollback", {"name": name}, patience_s=LONG_PATIENCE_S)
    _tell(told, f"{told['name']}: {told['names']:,} names, now in use", as_json)


@lists_group.command("diff")
@_NAME
@json_option
@config_option
@honest
def lists_diff(name: str, as_json: bool, config: Path | None) -> None:
    """Tell which names came and went with the newest version of a list.

    Compares what is held back with what is in use, or, when nothing is held back, what is in use
    with the version before it. `||example.org^` stands for the name and all below it. Exit code 1
    when there are no two versions.
    """
    from sinkhole.cli.lists import print_diff

    with calling(config) as caller:
        told = caller.call("lists.diff", {"name": name}, patience_s=LONG_PATIENCE_S)
    if as_json:
        print_json(told)
    else:
        print_diff(told)


def _tell(told: dict[str, Any], words: str, as_json: bool) -> None:
    if as_json:
        print_json(told)
    else:
        click.echo(words)
