"""The commands about lists, each with a `--help` worth reading."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from sinkhole.cli.options import config_option, honest
from sinkhole.model.masking import masked_address

if TYPE_CHECKING:
    from sinkhole.control.lists.status import ListStatus

_KIND = click.option(
    "--kind",
    type=click.Choice(["block", "allow"]),
    default="block",
    show_default=True,
    help="Whether the names in the list are to be blocked or allowed.",
)
_JSON = click.option("--json", "as_json", is_flag=True, help="JSON instead of words.")


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
@click.argument("name", required=False)
@_JSON
@config_option
@honest
def lists_status(name: str | None, as_json: bool, config: Path | None) -> None:
    """Show each list: state, names, hits, age, what is wrong; all about one with its NAME.

    Reads what the last update left in the data folder; no server is asked, and nothing is fetched.
    A list is ready (in use), missing (not fetched yet), failed (could not be), held back (a new
    version needs a look) or disabled. Unique are the names that no other list of its kind
    covers, 24 h and 7 d count the queries that the list blocked in that time, refused are lines
    that hold no rule sinkhole knows. Exit code 0 whatever the state.
    """
    import asyncio

    from sinkhole.cli import list_status as listing
    from sinkhole.control.settings import load

    rows = asyncio.run(listing.statuses(load(config, os.environ)))
    shown: Any = listing.only(rows, name) if name is not None else rows
    if as_json:
        click.echo(json.dumps(shown))
    elif name is not None:
        listing.print_one(shown)
    else:
        listing.print_table(shown)


@lists_group.command("update")
@click.argument("names", nargs=-1)
@click.option(
    "--force", is_flag=True, help="Fetch even what is unchanged, use what would be held back."
)
@config_option
@honest
def lists_update(names: tuple[str, ...], force: bool, config: Path | None) -> None:
    """Fetch and compile the lists now, or only those called NAMES.

    Asks each source whether anything is new and compiles what is. A running server notices within
    seconds and takes the new lists over, without a restart; to have that at once, ask the server
    itself: POST /api/lists/update. Without a terminal it prints a line for each list.

    Exit code 1 when a list could not be updated, or its new version is held back; the last good
    copy stays in use.
    """
    import asyncio

    from sinkhole.cli import lists as listing
    from sinkhole.control.settings import load

    settings = load(config, os.environ)
    if not asyncio.run(listing.update(settings, names, force=force)):
        sys.exit(1)


@lists_group.command("catalogue")
@click.argument("word", required=False)
@_JSON
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
        click.echo(json.dumps([entry.model_dump() for entry in entries]))
    elif entries:
        choice.print_catalogue(entries)
    else:
        click.echo(f"nothing in the catalogue has {word!r} in it", err=True)
        sys.exit(1)


@lists_group.command("add")
@click.argument("id_or_url")
@click.option("--name", help="What to call it; from the catalogue or the address without it.")
@_KIND
@config_option
@honest
def lists_add(id_or_url: str, name: str | None, kind: str, config: Path | None) -> None:
    """Use one more list: an id of the catalogue, or an address (https:, http: or file:).

    It is kept in the data folder and comes after the lists of the settings file, which is never
    rewritten. A running server takes it up within seconds, without a restart. Exit code 1 when it
    is there already, or there is no such id.
    """
    from sinkhole.cli import list_choice as choice
    from sinkhole.control.settings import load

    added = choice.add(load(config, os.environ), id_or_url, name, kind)
    click.echo(f"{added.name}: added, {masked_address(added.url)}")


@lists_group.command("remove")
@click.argument("name")
@config_option
@honest
def lists_remove(name: str, config: Path | None) -> None:
    """Stop using a list that was added by command.

    Its files are kept for a week, in case it comes back. Exit code 1 for any other list: those of
    the settings file are removed there.
    """
    from sinkhole.cli import list_choice as choice
    from sinkhole.control.settings import load

    choice.remove(load(config, os.environ), name)
    click.echo(f"{name}: removed")


@lists_group.command("enable")
@click.argument("name")
@config_option
@honest
def lists_enable(name: str, config: Path | None) -> None:
    """Switch a list on again that was added by command; exit code 1 for any other."""
    from sinkhole.cli import list_choice as choice
    from sinkhole.control.settings import load

    choice.enable(load(config, os.environ), name, on=True)
    click.echo(f"{name}: enabled")


@lists_group.command("disable")
@click.argument("name")
@config_option
@honest
def lists_disable(name: str, config: Path | None) -> None:
    """Switch a list off that was added by command, and keep it; exit code 1 for any other."""
    from sinkhole.cli import list_choice as choice
    from sinkhole.control.settings import load

    choice.enable(load(config, os.environ), name, on=False)
    click.echo(f"{name}: disabled")


@lists_group.command("preview")
@click.argument("id_or_url")
@_KIND
@_JSON
@config_option
@honest
def lists_preview(id_or_url: str, kind: str, as_json: bool, config: Path | None) -> None:
    """Tell what a list would change, before it is used.

    Fetches and compiles it aside, asks the query log for the names of the last 7 days, and judges
    each with the lists in use and with this one added: how many names and queries it would newly
    block, which most, and who asks for them. Nothing is enabled and nothing is left behind. What a
    list would block only for what an answer leads to (a CNAME, an address) is not in the count.

    Exit code 1 when the list can't be had.
    """
    import asyncio

    from sinkhole.cli import preview as previewing
    from sinkhole.control.settings import load

    told = asyncio.run(previewing.preview(load(config, os.environ), id_or_url, kind))
    if as_json:
        click.echo(json.dumps(told))
    else:
        previewing.print_preview(told)


@lists_group.command("accept")
@click.argument("name")
@config_option
@honest
def lists_accept(name: str, config: Path | None) -> None:
    """Use the version of a list that is held back.

    A version is held back when it has shrunk or grown too much, when it would block a name that
    the household needs, or after a rollback; `sinkhole lists diff` shows what it would change. The
    names it blocks are not held against later versions. A running server follows within seconds.
    Exit code 1 when nothing is held back.
    """
    import asyncio

    from sinkhole.cli import lists as listing
    from sinkhole.control.settings import load

    _tell(asyncio.run(listing.accept(load(config, os.environ), name)))


@lists_group.command("rollback")
@click.argument("name")
@config_option
@honest
def lists_rollback(name: str, config: Path | None) -> None:
    """Use the version before the one in use.

    It stays in use until the source has something new; `sinkhole lists accept` returns to the
    version that was left. The last three versions are kept. A running server follows within
    seconds. Exit code 1 when no older version is kept.
    """
    import asyncio

    from sinkhole.cli import lists as listing
    from sinkhole.control.settings import load

    _tell(asyncio.run(listing.roll_back(load(config, os.environ), name)))


@lists_group.command("diff")
@click.argument("name")
@_JSON
@config_option
@honest
def lists_diff(name: str, as_json: bool, config: Path | None) -> None:
    """Tell which names came and went with the newest version of a list.

    Compares what is held back with what is in use, or, when nothing is held back, what is in use
    with the version before it. `||example.org^` stands for the name and all below it. Exit code 1
    when there are no two versions.
    """
    import asyncio

    from sinkhole.cli import lists as listing
    from sinkhole.control.settings import load

    told = asyncio.run(listing.diff(load(config, os.environ), name))
    if as_json:
        click.echo(json.dumps(told))
    else:
        listing.print_diff(told)


def _tell(status: ListStatus) -> None:
    click.echo(f"{status['name']}: {status['names']:,} names, now in use")
