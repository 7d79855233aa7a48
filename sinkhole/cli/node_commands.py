"""The sinkholes that share a database: `sinkhole nodes`."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import click

from sinkhole.cli.calling import Caller, calling
from sinkhole.cli.options import config_option, confirm, honest, in_words, json_option, yes_option
from sinkhole.cli.telling import Told, asking, tell


@click.group("nodes", invoke_without_command=True)
@json_option
@config_option
@click.pass_context
@honest
def nodes_group(context: click.Context, as_json: bool, config: Path | None) -> None:
    """Show, drain and forget sinkholes that share a database.

    Without a command it shows each with how it does, what it answered since its start, and how many
    queries wait to be sent to the database; where none is shared, this one alone. Needs the running
    server. Exit code 0 whether they are up or not.
    """
    if context.invoked_subcommand is None:
        with calling(config, offline=False) as caller:
            told = caller.call("nodes.list")
        tell(Told(told, lambda: _print(told)), as_json=as_json)


@nodes_group.command("drain")
@click.argument("name")
@click.option("--off", is_flag=True, help="Have it asked again.")
@asking(offline=False)
def drain(caller: Caller, name: str, off: bool) -> Told:
    """Have whatever is in front of all nodes send nobody to NAME.

    It goes on answering, and does it within five seconds. It lasts until it is taken back, or NAME
    begins anew. Exit code 1 when there is no such node, it is away, or the database is.
    """
    told = caller.call("nodes.drain", {"name": name, "drained": not off})
    return Told(told, f"{name}: {'to be asked again' if off else 'drained'}")


@nodes_group.command("forget")
@click.argument("name")
@yes_option
@asking(offline=False)
def forget(caller: Caller, name: str, yes: bool) -> Told:
    """Forget NAME, which is away and does not come back.

    What it answered stays in the log. Exit code 1 when there is no such node, it is not away, or
    nothing should be forgotten.
    """
    confirm(f"Forget the node {name}?", yes=yes)
    return Told(caller.call("nodes.forget", {"name": name}), f"{name}: forgotten")


def _print(told: dict[str, Any]) -> None:
    from sinkhole.cli.console import print_table

    versions = Counter(each["version"] for each in told["nodes"])
    print_table(
        ("Node", "State", "Queries#", "Blocked#", "A second#", "Median#", "Waiting#", "Version"),
        [_row(each, is_mixed=len(versions) > 1) for each in told["nodes"]],
    )
    if told["error"]:
        click.echo(f"Nothing is known of others now: {told['error']}", err=True)


def _row(each: dict[str, Any], *, is_mixed: bool) -> tuple[str, ...]:
    share = 100 * each["blocked"] / each["queries"] if each["queries"] else 0
    median = "" if each["median_ms"] is None else f"{each['median_ms']:.1f} ms"
    version = f"{each['version']} (others differ)" if is_mixed else each["version"]
    return (
        *(each["name"], _state(each), f"{each['queries']:,}", f"{share:.1f} %"),
        *(f"{each['rate']:g}", median, f"{each['waiting']:,}", version),
    )


def _state(each: dict[str, Any]) -> str:
    """How it does, in a few words."""
    if each["state"] == "unknown":
        return f"unknown since {in_words(each['silent_s'])}"
    if each["state"] == "away":
        return f"away for {in_words(each['silent_s'])}"
    words = [each["health"]]
    if each["drained"]:
        words.append("drained")
    if each["wants_drain"] is not None and each["wants_drain"] != each["drained"]:
        words.append("to be drained" if each["wants_drain"] else "to be asked again")
    if each["same_name"]:
        words.append("its name is taken twice")
    return ", ".join(words)
