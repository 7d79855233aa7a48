"""The query log: `sinkhole log`, and the filters that `sinkhole tail` has as well."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any, Final, TypeVar

import click

from sinkhole.cli.backup_commands import written
from sinkhole.cli.calling import LONG_PATIENCE_S, Caller, calling
from sinkhole.cli.completion import list_names, names_by
from sinkhole.cli.options import TimeSpan, config_option, confirm, honest, moment, yes_option
from sinkhole.cli.telling import Told, asking

SEARCH_PATIENCE_S: Final = 30.0
SUMMED_STEP_S: Final = 86_400
PAGE: Final = 200
"""Rows that are asked for at once, at most."""

F = TypeVar("F", bound=Callable[..., Any])

_MANY: Final = (
    ("--client", "clients", "Of this client: address, network, id or part of a name."),
    ("--group", "groups", "By clients that were in this group."),
    ("--device", "devices", "Of this device: its MAC, or the address or id it had last."),
    ("--name", "names", "Of names with this in them."),
    ("--list", "lists", "Decided by this list."),
    ("--upstream", "upstreams", "Answered by this server."),
    ("--transport", "transports", "By udp, tcp, tls, https, h3 or quic."),
    ("--rcode", "rcodes", "With this rcode, such as NXDOMAIN."),
    ("--verdict", "verdicts", "blocked, allowed, cached, forwarded, local, failed, ..."),
    ("--type", "types", "Of this type, such as AAAA."),
    (
        "--node",
        "nodes",
        "Answered by this one of several, or the other one of a pair.",
    ),
    ("--answer", "answers", "Answered with this address, or one of this network."),
)


class Moment(click.ParamType):  # type: ignore[type-arg]  # older versions take no parameter
    """A moment by this machine's clock, or how long ago as 2h; seconds since 1970 for the log."""

    name = "moment"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """The moment; the command was written wrongly where it is none."""
        text = str(value).strip()
        seconds: float | None
        try:
            seconds = time.time() - TimeSpan().convert(text, param, ctx)
        except click.UsageError:
            seconds = _seconds_of(text)
        if seconds is None or not 0 <= seconds < _LATEST_S:
            self.fail(f"{text!r} is no moment: write {_MOMENTS}", param, ctx)
        return f"{seconds:.6f}"


_MOMENTS: Final = "2h for two hours ago, 2030-01-31, '2030-01-31 20:00' or seconds since 1970"
_LATEST_S: Final = 1e11


def _seconds_of(text: str) -> float | None:
    """Seconds since 1970, written as such or by ISO 8601; None for what is neither."""
    try:
        return float(text) if text.replace(".", "", 1).isdecimal() else _of_iso(text)
    except (ValueError, OverflowError, OSError):
        return None


def _of_iso(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()


def log_filters(function: F) -> F:
    """Options by which rows are found; several of one kind mean any of them."""
    match = click.option(
        "--match",
        "name_match",
        type=click.Choice(["part", "exact", "below"]),
        default="part",
        show_default=True,
        help="How --name matches: a part, the whole, it and all below.",
    )
    text = click.option("--text", default="", help="Any part of a name or a client.")
    function = match(text(function))
    for option, key, told in reversed(_MANY):
        complete = names_by(list_names) if key == "lists" else None
        function = click.option(option, key, multiple=True, help=told, shell_complete=complete)(
            function
        )
    return function


def _period(function: F) -> F:
    since = click.option(
        "--from", "since", type=Moment(), help="From then on: 2h (ago), '2030-01-31 20:00'."
    )
    until = click.option("--to", "until", type=Moment(), help="Before then.")
    view = click.option("--view", help="A view that was frozen, in place of all filters.")
    return since(until(view(log_filters(function))))


def filters(found: dict[str, Any]) -> dict[str, Any]:
    """The filter of these options, as the API takes it; without what was not given."""
    given = {
        key: list(value) if isinstance(value, tuple) else value for key, value in found.items()
    }
    if not given.get("names"):
        given.pop("name_match", None)
    return {key: value for key, value in given.items() if value}


@click.group("log")
def log_group() -> None:
    """Search, export and delete what was asked.

    \b
    What a client asked lately:   sinkhole log search --client tablet --from 2h
    What a list refused:          sinkhole log search --list 'AdGuard DNS filter'
    All of a day, as a table:     sinkhole log export --from 1d --output day.csv
    """


@log_group.command("search")
@_period
@click.option(
    "--limit", type=click.IntRange(1, 100_000), default=100, show_default=True, help="Rows."
)
@asking(offline=False)
def log_search(caller: Caller, limit: int, **found: Any) -> Told:
    """Show queries, the newest last. Needs the running server.

    Exit code 1 when no server runs, or a filter is not understood; 0 also when nothing is found.
    """
    given = filters(found)
    rows: list[dict[str, Any]] = []
    while True:
        page = {**given, "limit": min(PAGE, limit - len(rows))}
        told = caller.call("log.search", page, patience_s=SEARCH_PATIENCE_S)
        rows += told["rows"]
        if told["next"] is None or told["looked_back_to"] is not None or len(rows) >= limit:
            break
        given["cursor"] = told["next"]
    return Told({**told, "rows": rows}, lambda: _print_rows(rows, told["looked_back_to"]))


def _print_rows(rows: list[dict[str, Any]], looked_back_to: float | None) -> None:
    from sinkhole.cli.log_lines import LogLinesOut

    lines = LogLinesOut()
    for row in reversed(rows):
        lines.print(row)
    if looked_back_to is not None:
        when = moment(math.ceil(looked_back_to))
        click.echo(f"Looked back to {when} only: go on with --to '{when}'", err=True)


@log_group.command("sum")
@_period
@asking(offline=False)
def log_sum(caller: Caller, **found: Any) -> Told:
    """Sum up the queries that are found, those of the last day without --from.

    How many, which share was blocked, and the names asked for and blocked most. Needs the running
    server. Exit code 1 when no server runs, or a filter is not understood.
    """
    given = {**filters(found), "step_s": SUMMED_STEP_S}
    told = caller.call("log.sum", given, patience_s=SEARCH_PATIENCE_S)
    return Told(told, lambda: _print_sums(told))


def _print_sums(told: dict[str, Any]) -> None:
    queries, blocked = told["totals"]["queries"], told["totals"]["blocked"]
    share = f" ({100 * blocked / queries:.1f}%)" if queries else ""
    click.echo(f"{queries:,} queries, {blocked:,} blocked{share}")
    for title, key in (("Asked for most", "top_names"), ("Blocked most", "top_blocked")):
        if told[key]:
            click.echo(f"\n{title}")
        for each in told[key]:
            click.echo(f"{each['count']:>9,}  {each['name_unicode']}")
    if (looked := told["looked_back_to"]) is not None:
        click.echo(f"Only those since {moment(math.ceil(looked))} are in it.", err=True)


@log_group.command("export")
@_period
@click.option(
    "--format",
    "form",
    type=click.Choice(["csv", "jsonl"]),
    default="csv",
    show_default=True,
    help="A table, or a JSON object a line.",
)
@click.option(
    "--output",
    "-o",
    default="-",
    type=click.Path(dir_okay=False),
    help="The file to write, for its owner only; standard output without it.",
)
@config_option
@honest
def log_export(form: str, output: str, config: Path | None, **found: Any) -> None:
    """Export all queries that are found, the newest first. Needs the running server.

    Exit code 1 when no server runs, or a filter is not understood.
    """
    with calling(config, offline=False) as caller, written(output) as sink:
        caller.download("log.export", {**filters(found), "format": form}, sink)


@log_group.command("delete")
@click.option("--client", help="All that this client asked: an address, a name or an id.")
@click.option("--name", help="All queries for this name.")
@click.option("--below", is_flag=True, help="With --name: and for all below it.")
@click.option("--all", "everything", is_flag=True, help="The whole log.")
@yes_option
@asking(offline=False)
def log_delete(
    caller: Caller,
    client: str | None,
    name: str | None,
    below: bool,
    everything: bool,
    yes: bool,
) -> Told:
    """Delete queries for good.

    All of them, those of a client, or those for a name. Needs the running server. Exit code 1 when
    nothing could be deleted, or nothing should.
    """
    if sum((client is not None, name is not None, everything)) != 1:
        raise click.UsageError("give one of --client, --name and --all")
    if below and name is None:
        raise click.UsageError("--below needs a --name")
    doing: tuple[str, dict[str, Any]]
    if client is not None:
        what, doing = f"all that {client} asked", ("log.delete_client", {"client": client})
    elif name is not None:
        what = f"all queries for {name}" + (" and all below it" if below else "")
        doing = ("log.delete_name", {"name": name, "below": below})
    else:
        what, doing = "the whole log", ("log.delete_all", {})
    confirm(f"Delete {what} for good?", yes=yes)
    told = caller.call(*doing, patience_s=LONG_PATIENCE_S)
    note = f"\n{told['note'][:1].upper()}{told['note'][1:]}." if told.get("note") else ""
    return Told(told, f"{told['rows']:,} queries deleted{note}")


@log_group.command("show")
@click.argument("row", metavar="ID", type=click.IntRange(0))
@asking(offline=False)
def log_show(caller: Caller, row: int) -> Told:
    """Show all about one query, by its id as `log search --json` and `tail --json` tell it.

    Needs the running server. Exit code 1 when the log has no such row, or no longer.
    """
    told = caller.call("log.show", {"id": row})

    def show() -> None:
        from sinkhole.cli.log_lines import LogLinesOut

        LogLinesOut().print_whole(told)

    return Told(told, show)


@log_group.command("freeze")
@_period
@asking(offline=False)
def log_freeze(caller: Caller, **found: Any) -> Told:
    """Print a view: a word by which `log search --view` finds these very rows again.

    None that are new, and the same clients and lists whatever they are called then. Needs the
    running server. Exit code 1 when a filter is not understood.
    """
    told = caller.call("log.freeze", filters(found))
    return Told(told, str(told["view"]))
