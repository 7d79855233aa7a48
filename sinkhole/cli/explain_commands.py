"""What the server does and did, and why: `sinkhole explain` and `sinkhole stats`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from sinkhole.cli.calling import LONG_PATIENCE_S, calling, settings_in_force
from sinkhole.cli.options import config_option, confirm, honest, yes_option
from sinkhole.cli.telling import Told, tell


@click.command()
@click.argument("name", required=False)
@click.option("--type", "qtype", default="A", show_default=True, help="The record type asked for.")
@click.option(
    "--client", help="Who asks: an address, or a client of the settings; else this machine."
)
@click.option("--at", help='What will be at a moment, such as 21:30 or "fri 21:30".')
@click.option("--also", metavar="CLIENT", help="Tell what it is for this client as well.")
@click.option("--ask", is_flag=True, help="Have the running server ask an upstream, and look on.")
@click.option("--json", "as_json", is_flag=True, help="JSON as /api/explain answers it.")
@click.option(
    "--block-list",
    multiple=True,
    metavar="FILE",
    help="A list file to ask instead of settings; may be given several times.",
)
@click.option("--allow-list", multiple=True, metavar="FILE", help="The same, with names to allow.")
@click.option(
    "--queries",
    type=click.File("r", encoding="utf-8-sig", errors="replace"),
    help="Many questions, a JSON object a line; - is standard input.",
)
@config_option
@honest
def explain(
    name: str | None,
    qtype: str,
    client: str | None,
    at: str | None,
    also: str | None,
    ask: bool,
    as_json: bool,
    block_list: tuple[str, ...],
    allow_list: tuple[str, ...],
    queries: Any,
    config: Path | None,
) -> None:
    """Tell who decides what about NAME, and why.

    Goes through the stages of a query: who asks, names of the house, every rule that matches and
    why it decides or not, what is answered or asked upstream, what the cache holds for that
    client, where the answer leads, what would change the outcome, and what it is for other clients.
    Rules that it proposes have been tried on those in use. With --at it tells what will be then: by
    the schedules that are open at that time, and the pauses that last until then.

    Asks the running server, by the socket in its data folder, else over HTTP at web.listen of the
    settings. Where none answers, it goes by the settings, and the lists as they were last compiled.
    Nothing is sent to an upstream, but with --ask: then what the answer leads to is known as well.

    With --block-list or --allow-list it needs neither settings nor server, and asks these files.
    With --queries it then answers many questions, each a line such as

    \b
    {"name": "example.org", "type": "A", "client": {"ip": "192.0.2.7", "name": "tv", "tags": []}}

    of which only the name is needed, by a line such as

    \b
    {"name": "example.org", "type": "A", "verdict": "block", "rule": "||example.org^",
     "list": "ads.txt", "line": 7, "rewrite": null}

    Verdicts are block, allow, none (no list knows it) and rewrite (answered here). Exit code 0
    whatever the verdict, 1 for a name, type or file that is none.
    """
    from sinkhole.cli import explain as explaining
    from sinkhole.cli.explanation import in_words

    files = bool(block_list or allow_list)
    if (not name) == (queries is None):
        raise click.UsageError("give either a NAME or --queries FILE")
    if files and _on_command_line("config"):
        raise click.UsageError("give either --config or list files: these are asked by themselves")
    if queries is not None:
        if not files:
            raise click.UsageError("--queries needs list files: --block-list or --allow-list")
        for answer in explaining.about_queries(block_list, allow_list, queries):
            click.echo(json.dumps(answer))
        return
    if files:
        if ask or client or at or also:
            raise click.UsageError(
                "--ask, --client, --at and --also are about the server; list files have none"
            )
        told = explaining.by_files(str(name), qtype, block_list, allow_list)
    else:
        settings = settings_in_force(config)
        who = {"client": client or "", "at": at or "", "also": also or ""}
        told = explaining.by_server(settings, {"name": str(name), "type": qtype, **who}, ask=ask)
    click.echo(json.dumps(told) if as_json else in_words(told))


@click.command()
@click.option(
    "--period",
    type=click.Choice(["1h", "24h", "7d", "30d", "365d"]),
    default="24h",
    show_default=True,
    help="How far back.",
)
@click.option("--json", "as_json", is_flag=True, help="JSON as /api/stats answers it.")
@click.option("--reset", is_flag=True, help="Let them begin anew; the log stays.")
@yes_option
@config_option
@honest
def stats(period: str, as_json: bool, reset: bool, yes: bool, config: Path | None) -> None:
    """Show what the running server did.

    Queries, the share that was blocked and that came from the cache, the median and the 99th
    percentile of the time to answer, the names asked for and blocked most. Asks the server by the
    socket in its data folder, or over HTTP at web.listen of the settings; exit code 1 when it does
    not answer.
    """
    if reset:
        with calling(config, offline=False) as caller:
            confirm("Let all statistics begin anew?", yes=yes)
            told = caller.call("statistics.reset", patience_s=LONG_PATIENCE_S)
        tell(Told(told, "The statistics begin anew."), as_json=as_json)
        return
    from sinkhole.cli import running_server as asking

    settings = settings_in_force(config)
    summary = asking.summary(settings, period)
    if as_json:
        click.echo(json.dumps(summary))
    else:
        asking.print_summary(summary)


def _on_command_line(option: str) -> bool:
    """Whether an option was given there, and not by a variable."""
    source = click.get_current_context().get_parameter_source(option)
    return source is click.core.ParameterSource.COMMANDLINE
