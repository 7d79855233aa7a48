"""The commands, each with a `--help` worth reading. Exit codes: 0 done, 1 not done, 2 misused."""

from __future__ import annotations

import asyncio
import json
import logging
import os
import sys
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Any, Literal, TypeVar

import click

from sinkhole import __version__
from sinkhole.errors import SettingsError, SinkholeError
from sinkhole.settings import Settings, effective, load

F = TypeVar("F", bound=Callable[..., Any])


def _config_option(function: F) -> F:
    return click.option(
        "--config",
        "-c",
        type=click.Path(dir_okay=False, path_type=Path),
        help="The settings file. Without one the defaults and the environment apply.",
    )(function)


def _honest(function: F) -> F:
    """Errors that are ours become one message on stderr and exit code 1; no stack trace."""

    @wraps(function)
    def wrapped(*args: Any, **kwargs: Any) -> Any:
        try:
            return function(*args, **kwargs)
        except SinkholeError as error:
            click.echo(
                f"sinkhole: {error}" if not isinstance(error, SettingsError) else error, err=True
            )
            sys.exit(1)
        except BrokenPipeError:  # the reader of our output has seen enough
            sys.stderr.close()
            sys.exit(1)

    return wrapped  # type: ignore[return-value]  # same signature


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="sinkhole")
def main() -> None:
    """A DNS sinkhole and caching forwarder for the home server.

    \b
    Start it:        sinkhole run --config config/sinkhole.yaml
    Ask it:          dig @127.0.0.1 -p 5353 doubleclick.net
    Ask it why:      sinkhole explain doubleclick.net
    """


@main.command()
@_config_option
@_honest
def run(config: Path | None) -> None:
    """Start answering DNS, until SIGTERM or Ctrl-C."""
    from sinkhole.commands.run import run_until_signal

    settings = load(config, os.environ)
    _log_to_stderr(settings)
    asyncio.run(run_until_signal(settings, config))


@main.command("check-config")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path), required=False)
@_honest
def check_config(file: Path | None) -> None:
    """Print the settings in force, or every mistake with its line.

    FILE is a settings file; the environment (SINKHOLE__SECTION__KEY) counts as it does for `run`.
    """
    click.echo(effective(load(file, os.environ)), nl=False)


@main.command()
@click.argument("name", required=False)
@click.option("--type", "qtype", default="A", show_default=True, help="The record type asked for.")
@click.option("--client", help="The address of the client that asks.")
@click.option("--json", "as_json", is_flag=True, help="JSON instead of sentences.")
@click.option(
    "--block-list", multiple=True, help="A list file to use instead of the settings' lists."
)
@click.option("--allow-list", multiple=True, help="The same, with names to allow.")
@click.option(
    "--queries", type=click.File("r"), help="Questions, a JSON object a line; - is stdin."
)
@_config_option
@_honest
def explain(
    name: str | None,
    qtype: str,
    client: str | None,
    as_json: bool,
    block_list: tuple[str, ...],
    allow_list: tuple[str, ...],
    queries: Any,
    config: Path | None,
) -> None:
    """Tell who decides what about NAME, and why.

    Uses the lists of the settings as they were last compiled, whether the server runs or not. With
    --block-list or --allow-list it needs neither settings nor server, and reads the list files
    given. With --queries it answers many questions, one JSON object a line:

    \b
    {"name": "example.org", "type": "A", "client": {"ip": "192.0.2.7", "name": "tv", "tags": []}}
    """
    from sinkhole.commands import explain as explaining

    if (name is None) == (queries is None):
        raise click.UsageError("give either a NAME or --queries FILE")
    if queries is not None:
        if not (block_list or allow_list):
            raise click.UsageError("--queries needs list files: --block-list or --allow-list")
        for answer in explaining.about_queries(block_list, allow_list, queries):
            click.echo(json.dumps(answer, ensure_ascii=False))
        return
    settings = None if block_list or allow_list else load(config, os.environ)
    lists = (block_list, allow_list)
    told = explaining.about_name(str(name), qtype, client, settings=settings, files=lists)
    click.echo(json.dumps(told, ensure_ascii=False) if as_json else explaining.in_words(told))


@main.group("lists")
def lists_group() -> None:
    """Look at the block and allow lists, or fetch them."""


@lists_group.command("status")
@click.option("--json", "as_json", is_flag=True, help="JSON instead of a table.")
@_config_option
@_honest
def lists_status(as_json: bool, config: Path | None) -> None:
    """Show every list: names, refused lines, when it was checked and changed, what is wrong."""
    from sinkhole.commands import lists as listing

    statuses = listing.statuses(load(config, os.environ))
    if as_json:
        click.echo(json.dumps(statuses))
    else:
        listing.print_table(statuses)


@lists_group.command("update")
@click.argument("names", nargs=-1)
@click.option(
    "--force", is_flag=True, help="Fetch even what is unchanged, accept a list that shrank."
)
@_config_option
@_honest
def lists_update(names: tuple[str, ...], force: bool, config: Path | None) -> None:
    """Fetch and compile the lists, or those called NAMES. A running server takes them over.

    Exit code 1 when a list could not be updated; its last good copy stays in use.
    """
    from sinkhole.commands import lists as listing

    settings = load(config, os.environ)
    if not asyncio.run(listing.update(settings, names, force=force)):
        sys.exit(1)


@main.command()
@click.option("--period", default="24h", show_default=True, help="1h, 24h, 7d, 30d or 365d.")
@click.option("--json", "as_json", is_flag=True, help="JSON as /api/stats answers it.")
@_config_option
@_honest
def stats(period: str, as_json: bool, config: Path | None) -> None:
    """Show what the running server did: queries, blocked, cached, times, top names."""
    from sinkhole.commands import ask as asking

    settings = load(config, os.environ)
    summary = asking.summary(settings, period)
    if as_json:
        click.echo(json.dumps(summary))
    else:
        asking.print_summary(summary)


@main.command("compile")
@click.argument("sources", nargs=-1, required=True, metavar="LIST...")
@click.option("--output", "-o", required=True, type=click.Path(dir_okay=False, path_type=Path))
@click.option("--kind", type=click.Choice(["block", "allow"]), default="block", show_default=True)
@_honest
def compile_lists(sources: tuple[str, ...], output: Path, kind: Literal["block", "allow"]) -> None:
    """Compile list files into one file that a server can map, and report what was in them."""
    from sinkhole.commands import lists as listing

    listing.compile_to(tuple(Path(source) for source in sources), output, kind)


@main.command()
@_config_option
@_honest
def healthcheck(config: Path | None) -> None:
    """Ask the running server over DNS and HTTP; exit code 0 if both answer. For containers."""
    from sinkhole.commands import ask as asking

    asking.check_health(load(config, os.environ))


def _log_to_stderr(settings: Settings) -> None:
    logging.basicConfig(
        level=settings.log.level.upper(),
        format="%(asctime)s %(levelname)s %(name)s: %(message)s",
        stream=sys.stderr,
    )


if __name__ == "__main__":
    main()
