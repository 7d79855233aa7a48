"""The query log: `sinkhole log search`, `export` and `delete`."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, TypeVar

import click

from sinkhole.cli.backup_commands import written
from sinkhole.cli.calling import LONG_PATIENCE_S, calling
from sinkhole.cli.completion import list_names, names_by
from sinkhole.cli.options import (
    TimeSpan,
    config_option,
    confirm,
    honest,
    json_option,
    moment,
    print_json,
    yes_option,
)

SEARCH_PATIENCE_S: Final = 30.0
PAGE: Final = 500
"""Rows that are asked for at once, at most."""

F = TypeVar("F", bound=Callable[..., Any])

_MANY: Final = (
    ("--client", "clients", "Of this client: address, network, id or part of a name."),
    ("--name", "names", "Of names with this in them."),
    ("--list", "lists", "Decided by this list."),
    ("--upstream", "upstreams", "Answered by this server."),
    ("--transport", "transports", "By udp, tcp, tls, https, h3 or quic."),
    ("--rcode", "rcodes", "With this rcode, such as NXDOMAIN."),
    ("--verdict", "verdicts", "blocked, allowed, cached, forwarded, local, failed, ..."),
    ("--type", "types", "Of this type, such as AAAA."),
)


class Moment(click.ParamType):  # type: ignore[type-arg]  # older versions take no parameter
    """A moment as the log takes it, or how long ago as 2h."""

    name = "moment"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """The moment; a time span becomes seconds since 1970."""
        text = str(value).strip()
        try:
            return str(time.time() - TimeSpan().convert(text, param, ctx))
        except click.UsageError:
            return text


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
        "--from", "since", type=Moment(), help="From then on: 2h, 2030-01-31T20:00."
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
@json_option
@config_option
@honest
def log_search(limit: int, as_json: bool, config: Path | None, **found: Any) -> None:
    """Show queries, the newest last. Needs the running server.

    Exit code 1 when no server runs, or a filter is not understood; 0 also when nothing is found.
    """
    given = filters(found)
    rows: list[dict[str, Any]] = []
    with calling(config, offline=False) as caller:
        while True:
            page = {**given, "limit": min(PAGE, limit - len(rows))}
            told = caller.call("log.search", page, patience_s=SEARCH_PATIENCE_S)
            rows += told["rows"]
            if told["next"] is None or told["looked_back_to"] is not None or len(rows) >= limit:
                break
            given["cursor"] = told["next"]
    if as_json:
        print_json({**told, "rows": rows})
        return
    from sinkhole.cli.log_lines import LogLinesOut

    lines = LogLinesOut()
    for row in reversed(rows):
        lines.print(row)
    if told["looked_back_to"] is not None:
        when = moment(told["looked_back_to"])
        click.echo(f"Looked back to {when} only: go on with --to '{when}'", err=True)


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
@json_option
@config_option
@honest
def log_delete(
    client: str | None,
    name: str | None,
    below: bool,
    everything: bool,
    yes: bool,
    as_json: bool,
    config: Path | None,
) -> None:
    """Delete queries for good.

    All of them, those of a client, or those for a name. Needs the running server. Exit code 1 when
    nothing could be deleted, or nothing should.
    """
    if sum((client is not None, name is not None, everything)) != 1:
        raise click.UsageError("give one of --client, --name and --all")
    doing: tuple[str, dict[str, Any]]
    if client is not None:
        what, doing = f"all that {client} asked", ("log.delete_client", {"client": client})
    elif name is not None:
        what = f"all queries for {name}"
        doing = ("log.delete_name", {"name": name, "below": below})
    else:
        what, doing = "the whole log", ("log.delete_all", {})
    with calling(config, offline=False) as caller:
        confirm(f"Delete {what} for good?", yes=yes)
        told = caller.call(*doing, patience_s=LONG_PATIENCE_S)
    if as_json:
        print_json(told)
    else:
        click.echo(f"{told['rows']:,} queries deleted")
