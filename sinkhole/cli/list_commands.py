"""The commands about lists, each with a `--help` worth reading."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any, Literal

import click

from sinkhole.cli.calling import LONG_PATIENCE_S, Caller, calling
from sinkhole.cli.completion import list_names, names_by
from sinkhole.cli.options import config_option, honest, json_option, moment, print_json
from sinkhole.cli.telling import Told, asking, tell

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
@asking()
def lists_status(caller: Caller, name: str | None) -> Told:
    """Show each list: state, names, hits, age, what is wrong; all about one with its NAME.

    Asks the running server, else reads what the last update left in the data folder; nothing is
    fetched. A list is ready (in use), missing (not fetched yet), failed (could not be), held back
    (a new version needs a look) or disabled. Unique are the names that no other list of its kind
    covers, 24 h and 7 d count the queries that the list blocked in that time, refused are lines
    that hold no rule sinkhole knows. Exit code 0 whatever the state.
    """
    from sinkhole.cli import list_status as listing

    if name is not None:
        one = _as_before(caller.call("lists.show", {"name": name}))
        return Told(one, lambda: listing.print_one(one))
    told = caller.call("lists.list")
    rows = [_as_before(each) for each in told["lists"]]
    for problem in told["problems"]:
        click.echo(problem, err=True)
    return Told(rows, lambda: listing.print_table(rows))


def _as_before(row: dict[str, Any]) -> dict[str, Any]:
    """A list with the key that this command has always had."""
    return {**row, "added": row["origin"] == "stored"}


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
    from sinkhole.cli.list_choice import print_catalogue
    from sinkhole.control.settings.shipped import search_catalogue

    entries = search_catalogue(word or "")

    def show() -> None:
        if entries:
            print_catalogue(entries)
        else:
            click.echo(f"nothing in the catalogue has {word!r} in it", err=True)

    value = [entry.model_dump() for entry in entries]
    tell(Told(value, show, is_failure=not entries), as_json=as_json)


@lists_group.command("add")
@click.argument("id_or_url")
@click.option("--name", help="What to call it; from the catalogue or the address without it.")
@_KIND
@asking()
def lists_add(caller: Caller, id_or_url: str, name: str | None, kind: str) -> Told:
    """Use one more list: an id of the catalogue, or an address (https:, http: or file:).

    It is kept in the data folder and comes after the lists of the settings file, which is never
    rewritten. A running server fetches it by and by, without a restart. Exit code 1 when it is
    there already, or there is no such id.
    """
    told = caller.call("lists.add", {"source": id_or_url, "name": name, "kind": kind})
    return Told(told, f"{told['name']}: added, {told['url']}")


@lists_group.command("remove")
@_NAME
@asking()
def lists_remove(caller: Caller, name: str) -> Told:
    """Stop using a list.

    Its files are kept for a week, in case it comes back. Exit code 1 for a list of the settings
    file: it is removed there.
    """
    return Told(caller.call("lists.remove", {"name": name}), f"{name}: removed")


@lists_group.command("enable")
@_NAME
@asking()
def lists_enable(caller: Caller, name: str) -> Told:
    """Switch a list on again.

    Exit code 1 for one of the settings file, which is changed there.
    """
    told = caller.call("lists.change", {"name": name, "enabled": True})
    return Told(told, f"{told['name']}: enabled")


@lists_group.command("disable")
@_NAME
@asking()
def lists_disable(caller: Caller, name: str) -> Told:
    """Switch a list off and keep it.

    Exit code 1 for one of the settings file, which is changed there.
    """
    told = caller.call("lists.change", {"name": name, "enabled": False})
    return Told(told, f"{told['name']}: disabled")


@lists_group.command("preview")
@click.argument("id_or_url")
@_KIND
@asking()
def lists_preview(caller: Caller, id_or_url: str, kind: Literal["block", "allow"]) -> Told:
    """Tell what a list would change, before it is used.

    Fetches and compiles it aside, asks the query log for the names of the last 7 days, and judges
    each with the lists in use and with this one added: how many names and queries it would newly
    block, which most, and who asks for them. Nothing is enabled and nothing is left behind. What a
    list would block only for what an answer leads to (a CNAME, an address) is not in the count.

    Exit code 1 when the list can't be had.
    """
    from sinkhole.cli import preview

    given = {"source": id_or_url, "kind": kind}
    told = preview.as_told(caller.call("lists.preview", given, patience_s=LONG_PATIENCE_S))
    return Told(told, lambda: preview.print_preview(told))


@lists_group.command("accept")
@_NAME
@asking()
def lists_accept(caller: Caller, name: str) -> Told:
    """Use the version of a list that is held back.

    A version is held back when it has shrunk or grown too much, when it would block a name that
    the household needs, or after a rollback; `sinkhole lists diff` shows what it would change. The
    names it blocks are not held against later versions. Exit code 1 when nothing is held back.
    """
    told = caller.call("lists.accept", {"name": name}, patience_s=LONG_PATIENCE_S)
    return Told(told, f"{told['name']}: {told['names']:,} names, now in use")


@lists_group.command("rollback")
@_NAME
@asking()
def lists_rollback(caller: Caller, name: str) -> Told:
    """Use the version before the one in use.

    It stays in use until the source has something new; `sinkhole lists accept` returns to the
    version that was left. The last three versions are kept.

    Exit code 1 when no older version is kept.
    """
    told = caller.call("lists.rollback", {"name": name}, patience_s=LONG_PATIENCE_S)
    return Told(told, f"{told['name']}: {told['names']:,} names, now in use")


@lists_group.command("versions")
@_NAME
@asking()
def lists_versions(caller: Caller, name: str) -> Told:
    """Show the versions of a list that are kept. Exit code 1 when there is no such list."""
    told = caller.call("lists.versions", {"name": name})
    if not told["versions"]:
        return Told(told, f"{told['name']}: there is none yet")

    def show() -> None:
        from sinkhole.cli.console import print_table

        print_table(
            ("Since", "Names#", "Rules#", "Use"),
            [
                (moment(each["since"]), f"{each['names']:,}", f"{each['rules']:,}", each["use"])
                for each in told["versions"]
            ],
        )

    return Told(told, show)


@lists_group.command("overlap")
@asking()
def lists_overlap(caller: Caller) -> Told:
    """Tell how many names of each list no other list in use has or covers.

    A running server counts them when lists have changed; else this command does. Exit code 0.
    """
    told = caller.call("lists.overlap", patience_s=LONG_PATIENCE_S)
    if not told["lists"]:
        return Told(told, "No list is in use.")

    def show() -> None:
        from sinkhole.cli.console import print_table

        print_table(
            ("List", "Kind", "Names#", "Unique#"), [_coverage(each) for each in told["lists"]]
        )

    return Told(told, show)


def _coverage(each: dict[str, Any]) -> tuple[str, ...]:
    share = "" if each["unique_percent"] is None else f" ({each['unique_percent']:g} %)"
    unique = "not counted yet" if each["unique"] is None else f"{each['unique']:,}{share}"
    return each["name"], each["kind"], f"{each['names']:,}", unique


@lists_group.command("diff")
@_NAME
@asking()
def lists_diff(caller: Caller, name: str) -> Told:
    """Tell which names came and went with the newest version of a list.

    Compares what is held back with what is in use, or, when nothing is held back, what is in use
    with the version before it. `||example.org^` stands for the name and all below it. Exit code 1
    when there are no two versions.
    """
    told = caller.call("lists.diff", {"name": name}, patience_s=LONG_PATIENCE_S)

    def show() -> None:
        from sinkhole.cli.lists import print_diff

        print_diff(told)

    return Told(told, show)
