"""The commands, each with a `--help` worth reading. Exit codes: 0 done, 1 not done, 2 misused."""

from __future__ import annotations

import logging
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import click

from sinkhole import __version__
from sinkhole.cli.options import config_option, honest, json_option, print_json
from sinkhole.cli.terminal import LogLines, guard_output

if TYPE_CHECKING:
    from sinkhole.control.settings import Settings


class _Program(click.Group):
    """The command `sinkhole`, of which nothing comes to the terminal but by the guard."""

    def main(self, *args: Any, **extra: Any) -> Any:
        """Run the command that the arguments name."""
        guard_output()
        return super().main(*args, **extra)

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The names of all commands."""
        self._load_others()
        return super().list_commands(ctx)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of a name; None where there is none."""
        if cmd_name not in self.commands:
            self._load_others()
        return super().get_command(ctx, cmd_name)

    def _load_others(self) -> None:
        """They take 2 MB, which `run` is spared."""
        from sinkhole.cli.other_commands import OTHER_COMMANDS

        for each in OTHER_COMMANDS:
            self.add_command(each)


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


@main.command()
@config_option
@honest
def run(config: Path | None) -> None:
    """Start answering DNS, until SIGTERM or Ctrl-C.

    Says what it listens on and what the lists hold, then reports about itself on standard error.
    Lists that are not there yet are fetched while it answers already. When told to stop, it
    answers what is waiting, writes the log and the cache, and exits with 0 within five seconds;
    before that SIGTERM has it go on answering for the time that dns.drain says.

    An address that can't be had takes nothing else down: what is missing is told, with who has it
    and what to type, here and on the page, and tried again until it can be had. Exit code 1 when
    it can't start: a mistake in the settings, neither DNS nor the page can listen, a data folder
    that can't be used or belongs to a sinkhole that runs already.
    """
    import asyncio

    from sinkhole.cli.run import run_until_signal
    from sinkhole.control.settings import load_written

    _log_to_stderr(load_written(config, os.environ))  # no longer needed then, as it may be large
    asyncio.run(run_until_signal(config))


@main.command("check-config")
@click.argument(
    "file",
    type=click.Path(path_type=Path),
    required=False,
    envvar="SINKHOLE_CONFIG",
)
@click.option(
    "--secrets", is_flag=True, help="Show lists, upstreams and the proxy with their secrets."
)
@honest
def check_config(file: Path | None, secrets: bool) -> None:
    """Print the settings in force, or each mistake and its line.

    What was set by page or command counts as far as it can be read in the data folder.

    FILE is a settings file or a folder of some, without it the one that SINKHOLE_CONFIG names; the
    environment (SINKHOLE__SECTION__KEY) counts as it does for `run`. What is printed is a settings
    file itself: every key, its value, and who set it where that is not the default. For what is
    secret in the address of a list or an upstream, or in that of the proxy, it has *** (user and
    password, the values behind a question mark, what looks random), unless --secrets is given.

    Exit code 1 when anything is wrong, own rules that are none included. `run` would start with
    such rules, without them.
    """
    from sinkhole.cli.check_config import refuse_odd_rules, stored_with
    from sinkhole.control.settings import effective, load, without_secrets

    settings = load(file, os.environ, stored_with(file, os.environ))
    refuse_odd_rules(settings)
    click.echo(effective(settings if secrets else without_secrets(settings)), nl=False)


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
@json_option
@config_option
@honest
def healthcheck(as_json: bool, config: Path | None) -> None:
    """Ask the running server whether it is well.

    One query over DNS to each address of dns.listen, and one request over HTTP. Exits with 0 when
    one address and the page answer, and prints nothing but what could be better, a line each
    (another address does not, no upstream answers); otherwise says what does not, and exits
    with 1. A page that is too busy to answer is no failure. For containers and monitoring; the
    queries appear in no log and no statistics.
    """
    from sinkhole.cli import running_server as asking
    from sinkhole.cli.calling import settings_in_force

    reasons = asking.check_health(settings_in_force(config))
    if as_json:
        print_json({"health": "degraded" if reasons else "ok", "reasons": reasons})
        return
    for reason in reasons:
        click.echo(f"degraded: {reason}")


def _log_to_stderr(settings: Settings) -> None:
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(LogLines("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    logging.basicConfig(level=settings.log.level.upper(), handlers=[handler])


if __name__ == "__main__":
    main()
