"""The commands, each with a `--help` worth reading. Exit codes: 0 done, 1 not done, 2 misused."""

from __future__ import annotations

import asyncio
import json
import logging
import os
import sys
from pathlib import Path
from typing import Any, Literal

import click

from sinkhole import __version__
from sinkhole.cli.certificate_commands import certificate_group
from sinkhole.cli.list_commands import lists_group
from sinkhole.cli.options import config_option, honest
from sinkhole.cli.terminal import LogLines, guard_output
from sinkhole.cli.upstream_commands import upstream_group
from sinkhole.control.settings import Settings, effective, load, without_secrets


class _Program(click.Group):
    """The command `sinkhole`, of which nothing comes to the terminal but by the guard."""

    def main(self, *args: Any, **extra: Any) -> Any:
        """Run the command that the arguments name."""
        guard_output()
        return super().main(*args, **extra)


# "color": click would leave out what looks like a colour; the guard shows it as the escape it is.
@click.group(cls=_Program, context_settings={"help_option_names": ["-h", "--help"], "color": True})
@click.version_option(__version__, prog_name="sinkhole")
def main() -> None:
    """A DNS sinkhole and caching forwarder for the home server.

    \b
    Check settings:  sinkhole check-config sinkhole.yaml
    Start it:        sinkhole run --config sinkhole.yaml
    Ask it:          dig @127.0.0.1 doubleclick.net
    Ask it why:      sinkhole explain --config sinkhole.yaml doubleclick.net
    See what it did: sinkhole stats --config sinkhole.yaml

    Every command reads the same settings: a file, and variables such as SINKHOLE__DNS__LISTEN
    that win over it. Exit codes: 0 done, 1 not done and the reason is on standard error, 2 the
    command was written wrongly.
    """


main.add_command(lists_group)
main.add_command(certificate_group)
main.add_command(upstream_group)


@main.command()
@config_option
@honest
def run(config: Path | None) -> None:
    """Start answering DNS, until SIGTERM or Ctrl-C.

    Says what it listens on and what the lists hold, then reports about itself on standard error.
    Lists that are not there yet are fetched while it answers already. When told to stop, it
    answers what is waiting, writes the log and the cache, and exits with 0 within five seconds.

    An address that can't be had takes no other down: what is missing is told, and tried again.
    Exit code 1 when it can't start: a mistake in the settings, the ports of all addresses taken or
    forbidden, a data folder that can't be used or belongs to a sinkhole that runs already.
    """
    from sinkhole.cli.run import run_until_signal

    settings = load(config, os.environ)
    _log_to_stderr(settings)
    asyncio.run(run_until_signal(settings, config))


@main.command("check-config")
@click.argument(
    "file",
    type=click.Path(dir_okay=False, path_type=Path),
    required=False,
    envvar="SINKHOLE_CONFIG",
)
@click.option(
    "--secrets", is_flag=True, help="Show lists, upstreams and the proxy with their secrets."
)
@honest
def check_config(file: Path | None, secrets: bool) -> None:
    """Print the settings in force, or every mistake with its line.

    FILE is a settings file, without it the one that SINKHOLE_CONFIG names; the environment
    (SINKHOLE__SECTION__KEY) counts as it does for `run`. What is printed is a settings file itself:
    every key, its value, and who set it where that is not the default. For what is secret in the
    address of a list or an upstream, or in that of the proxy, it has *** (user and password, the
    values behind a question mark, what looks random), unless --secrets is given.

    Exit code 1 when anything is wrong, own rules that are none included. `run` would start with
    such rules, without them.
    """
    from sinkhole.cli.check_config import refuse_odd_rules

    settings = load(file, os.environ)
    refuse_odd_rules(settings)
    click.echo(effective(settings if secrets else without_secrets(settings)), nl=False)


@main.command()
@click.argument("name", required=False)
@click.option("--type", "qtype", default="A", show_default=True, help="The record type asked for.")
@click.option("--client", help="The address of the client that asks; this machine without it.")
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
    client, where the answer leads, and what would change the outcome. Rules that it
    proposes have been tried on those in use.

    Asks the running server over HTTP at web.listen of the settings. Where none answers, it goes
    by the settings, and the lists as they were last compiled. Nothing is sent to an upstream, but
    with --ask: then what the answer leads to is known as well.

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
        if ask or client:
            raise click.UsageError("--ask and --client are about the server; list files have none")
        told = explaining.by_files(str(name), qtype, block_list, allow_list)
    else:
        settings = load(config, os.environ)
        told = explaining.by_server(settings, str(name), qtype, client or "", ask=ask)
    click.echo(json.dumps(told) if as_json else in_words(told))


@main.command()
@click.option(
    "--period",
    type=click.Choice(["1h", "24h", "7d", "30d", "365d"]),
    default="24h",
    show_default=True,
    help="How far back.",
)
@click.option("--json", "as_json", is_flag=True, help="JSON as /api/stats answers it.")
@config_option
@honest
def stats(period: str, as_json: bool, config: Path | None) -> None:
    """Show what the running server did.

    Queries, the share that was blocked and that came from the cache, the median and the 99th
    percentile of the time to answer, the names asked for and blocked most. Asks the server over
    HTTP at web.listen of the settings; exit code 1 when it does not answer.
    """
    from sinkhole.cli import running_server as asking

    settings = load(config, os.environ)
    summary = asking.summary(settings, period)
    if as_json:
        click.echo(json.dumps(summary))
    else:
        asking.print_summary(summary)


@main.command("compile")
@click.argument("sources", nargs=-1, required=True, metavar="LIST...")
@click.option(
    "--output",
    "-o",
    required=True,
    type=click.Path(dir_okay=False, path_type=Path),
    help="The file to write, as a whole or not at all.",
)
@click.option(
    "--kind",
    type=click.Choice(["block", "allow"]),
    default="block",
    show_default=True,
    help="Whether the names in the lists are to be blocked or allowed.",
)
@honest
def compile_lists(sources: tuple[str, ...], output: Path, kind: Literal["block", "allow"]) -> None:
    """Compile list files into one, and report what is in them.

    The report is JSON: lines, rules, names (distinct), duplicates, comments, ignored (right, but
    not about DNS), refused (no rule, counted by reason, with samples of [line, text, reason]).
    Lines of further files are numbered on from the first. Exit code 1 when a file can't be read or
    written; refused lines are no failure.
    """
    from sinkhole.cli import lists as listing

    listing.compile_to(tuple(Path(source) for source in sources), output, kind)


@main.command()
@config_option
@honest
def healthcheck(config: Path | None) -> None:
    """Ask the running server whether it is well.

    One query over DNS to each address of dns.listen, and one request over HTTP. Exits with 0 when
    one address and the page answer, and prints nothing but what could be better, a line each
    (another address does not, no upstream answers); otherwise says what does not, and exits
    with 1. A page that is too busy to answer is no failure. For containers and monitoring; the
    queries appear in no log and no statistics.
    """
    from sinkhole.cli import running_server as asking

    for reason in asking.check_health(load(config, os.environ)):
        click.echo(f"degraded: {reason}")


def _on_command_line(option: str) -> bool:
    """Whether an option was given there, and not by a variable."""
    source = click.get_current_context().get_parameter_source(option)
    return source is click.core.ParameterSource.COMMANDLINE


def _log_to_stderr(settings: Settings) -> None:
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(LogLines("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    logging.basicConfig(level=settings.log.level.upper(), handlers=[handler])


if __name__ == "__main__":
    main()
