"""What a household names: `sinkhole records`, `routes` and `upstream-sets`; and what such groups of
commands have in common.

Each is a group of the same three commands: show all, set one whole, do without one. `settings` can
do the same by keys; here nobody has to know how the settings file writes them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, Final

import click

from sinkhole.cli.calling import Caller
from sinkhole.cli.completion import Complete, names_by
from sinkhole.cli.policy_preview import Tried, preview_options, previewed
from sinkhole.cli.settings_commands import dry_run_option, told_change
from sinkhole.cli.telling import Told, asking

Columns = Callable[[Any], Sequence[str]]
"""What a table shows of an item's value."""

rename_option: Final = click.option(
    "--rename", metavar="NAME", help="What it is to be called from now."
)


def names_of(kind: str) -> Complete:
    """What completes the name of an item."""

    def names(caller: Caller) -> Iterable[str]:
        return [str(each["name"]) for each in caller.call(f"{kind}.list")["items"]]

    return names_by(names)


def add_list(
    group: click.Group, kind: str, told: str, titles: Sequence[str], columns: Columns
) -> None:
    """Give a group the command that shows all items of a kind."""

    @group.command("list", help=f"{told} Exit code 0.")
    @asking()
    def show_all(caller: Caller) -> Told:
        items = caller.call(f"{kind}.list")["items"]
        if not items:
            return Told(items, "There are none.")

        def show() -> None:
            from sinkhole.cli.console import print_table

            print_table(
                ("Name", *titles, "Set by"),
                [(each["name"], *columns(each["value"]), each["origin"]) for each in items],
            )

        return Told(items, show)


def add_remove(group: click.Group, kind: str, told: str) -> None:
    """Give a group the command that does without one item of a kind."""

    @group.command(
        "remove",
        help=f"{told}\n\nExit code 1 when there is none of this name, or the settings file holds "
        "it.",
    )
    @click.argument("name", shell_complete=names_of(kind))
    @dry_run_option
    @preview_options
    @asking()
    def remove(caller: Caller, name: str, dry_run: bool, tried: Tried) -> Told:
        return done(caller, f"{kind}.remove", name, dry_run, tried)


def add_rename(group: click.Group, kind: str, told: str) -> None:
    """Give a group the command that gives one item of a kind another name."""

    @group.command(
        "rename",
        help=f"{told}\n\nOne change, which `settings undo` takes back. Exit code 1 when there is "
        "none of this name, or one of the new name, or the settings file holds any of it.",
    )
    @click.argument("name", shell_complete=names_of(kind))
    @click.argument("new_name")
    @dry_run_option
    @asking()
    def rename(caller: Caller, name: str, new_name: str, dry_run: bool) -> Told:
        return done(caller, f"{kind}.rename", name, dry_run, None, to=new_name)


def done(
    caller: Caller,
    operation: str,
    name: str,
    dry_run: bool,
    tried: Tried,
    **given: Any,
) -> Told:
    """Have something changed about one item, or only `tried`, and tell what that came to."""
    told = caller.call(operation, {"name": name, "dry_run": dry_run, **given})
    return told_change(told) if tried is None else previewed(caller, told["differences"], tried)


def together(value: Any) -> str:
    """Several things in one cell."""
    return value if isinstance(value, str) else ", ".join(map(str, value or ()))


# ---- local records -----------------------------------------------------------------------------


@click.group("records")
def records_group() -> None:
    """Give names of the house addresses, or other records.

    \b
    An address:       sinkhole records set nas.home 192.0.2.10
    Several records:  sinkhole records set home 'MX 10 mail.home' 'TXT "hello"'
    All names below:  sinkhole records set '*.nas.home' 192.0.2.10
    """


add_list(
    records_group,
    "records",
    "Show all local names with their records.",
    ("Records",),
    lambda value: [together(value)],
)


@records_group.command("set")
@click.argument("name", shell_complete=names_of("records"))
@click.argument("records", nargs=-1, required=True, metavar="RECORD...")
@rename_option
@dry_run_option
@preview_options
@asking()
def records_set(
    caller: Caller,
    name: str,
    records: tuple[str, ...],
    rename: str | None,
    dry_run: bool,
    tried: Tried,
) -> Told:
    """Give NAME these records, in place of those it has.

    Each is an address, or written as in zone files: 'CNAME nas.home'. Exit code 1 when one of them
    is none, or the settings file holds the name.
    """
    return done(caller, "records.set", name, dry_run, tried, rename=rename, records=list(records))


add_remove(records_group, "records", "Forget a local name with all its records.")

# ---- routes and sets of upstreams --------------------------------------------------------------


@click.group("routes")
def routes_group() -> None:
    """Have other servers asked about some names.

    \b
    A domain:   sinkhole routes set corp.example 192.0.2.1
    To a set:   sinkhole routes set corp.example vpn
    The usual:  sinkhole routes set www.corp.example default
    """


add_list(
    routes_group,
    "routes",
    "Show which names other servers are asked about.",
    ("To",),
    lambda value: [together(value)],
)


@routes_group.command("set")
@click.argument("name", shell_complete=names_of("routes"))
@click.argument("to", nargs=-1, required=True, metavar="TO...")
@rename_option
@dry_run_option
@preview_options
@asking()
def routes_set(
    caller: Caller,
    name: str,
    to: tuple[str, ...],
    rename: str | None,
    dry_run: bool,
    tried: Tried,
) -> Told:
    """Ask these servers about NAME, and about all below it.

    TO is a set of `upstream-sets`, `default` for the usual servers, or servers, written as in
    upstream.servers. Exit code 1 when it does not fit, or the settings file holds the route.
    """
    leads = to[0] if len(to) == 1 else list(to)
    return done(caller, "routes.set", name, dry_run, tried, rename=rename, to=leads)


add_remove(routes_group, "routes", "Ask the usual servers about a name again.")


@click.group("upstream-sets")
def upstream_sets_group() -> None:
    """Give servers a name, for routes to lead to.

    \b
    Make one:       sinkhole upstream-sets set family tls://family.example.org
    Lead names to:  sinkhole routes set kids.example family
    """


def _columns_of_set(value: Any) -> list[str]:
    keys = ("servers", "fallback", "strategy", "client_subnet")
    return [together(value.get(key)) for key in keys]


add_list(
    upstream_sets_group,
    "upstream_sets",
    "Show the sets of upstreams; secrets are masked.",
    ("Servers", "Fallback", "Strategy", "Client subnet"),
    _columns_of_set,
)


@upstream_sets_group.command("set")
@click.argument("name", shell_complete=names_of("upstream_sets"))
@click.argument("servers", nargs=-1, required=True, metavar="SERVER...")
@click.option("--fallback", multiple=True, help="A server to ask where none of them answers.")
@click.option(
    "--strategy",
    type=click.Choice(["fastest", "parallel", "load_balance", "strict"]),
    help="Which is asked; that of upstream.strategy without it.",
)
@click.option("--client-subnet", help="What they are told of clients, as upstream.client_subnet.")
@dry_run_option
@preview_options
@asking()
def upstream_sets_set(
    caller: Caller,
    name: str,
    servers: tuple[str, ...],
    fallback: tuple[str, ...],
    strategy: str | None,
    client_subnet: str | None,
    dry_run: bool,
    tried: Tried,
) -> Told:
    """Give these servers a name, or the set of this NAME these servers.

    They are written as in upstream.servers. What is left out of the options is as in the section
    `upstream`. Exit code 1 when it does not fit, or the settings file holds the set.
    """
    given = {"servers": list(servers), "fallback": list(fallback)}
    options = {"strategy": strategy, "client_subnet": client_subnet}
    return done(caller, "upstream_sets.set", name, dry_run, tried, **given, **options)


add_remove(upstream_sets_group, "upstream_sets", "Forget a set; refused while a route leads to it.")
