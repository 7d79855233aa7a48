"""The filter off and on: `sinkhole pause`, `resume` and `status`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click

from sinkhole.cli.calling import calling
from sinkhole.cli.options import (
    TimeSpan,
    config_option,
    honest,
    in_words,
    json_option,
    print_json,
)


@click.command()
@click.argument("time_span", required=False, type=TimeSpan(), metavar="[TIME]")
@json_option
@config_option
@honest
def pause(time_span: float | None, as_json: bool, config: Path | None) -> None:
    """Switch the filter off, for a time or until resumed.

    It is off for everybody: for a TIME such as 10m, or until `sinkhole resume`. That counts
    from the next query on, also for answers that are kept already. It survives a restart of the
    server. A second pause takes the place of the first. Without a running server it counts from
    the next start on. Exit code 1 when it could not be done.
    """
    with calling(config) as caller:
        _tell(caller.call("protection.pause", {"seconds": time_span}), as_json)


@click.command()
@json_option
@config_option
@honest
def resume(as_json: bool, config: Path | None) -> None:
    """Switch the filter on again. Exit code 1 when it could not be done."""
    with calling(config) as caller:
        _tell(caller.call("protection.resume"), as_json)


@click.command()
@json_option
@config_option
@honest
def status(as_json: bool, config: Path | None) -> None:
    """Tell how the running server does.

    Its health, whether the filter is on, addresses, upstreams, and what somebody should look at.
    Exit code 0 when it is well or could be better, 1 when it fails or none runs.
    """
    with calling(config, offline=False) as caller:
        told = caller.call("status.show")
    if as_json:
        print_json(told)
    else:
        _tell_status(told)
    if told["health"] == "failing":
        sys.exit(1)


def _tell_status(told: dict[str, Any]) -> None:
    click.echo(f"sinkhole {told['version']}, {told['health']}, up {in_words(told['uptime_s'])}")
    for reason in told["reasons"]:
        click.echo(f"  {reason}")
    click.echo(protection_in_words(told["protection"]))
    click.echo(f"DNS        {', '.join((*told['listen'], *told['encrypted'])) or 'nowhere'}")
    click.echo(f"Page       {told['web'] or 'nowhere'}")
    click.echo(f"Lists      {told['names']:,} names in {told['lists']} lists")
    up = sum(each["up"] for each in told["upstreams"])
    click.echo(f"Upstreams  {up} of {len(told['upstreams'])} up")
    click.echo(f"Cache      {told['cache']['entries']:,} answers")
    if (log := told["log"]) is not None:
        lost = f", {log['dropped']:,} queries lost" if log["dropped"] else ""
        click.echo(f"Log        {log['rows']:,} queries{lost}")
    for problem in told["problems"]:
        click.echo(f"{problem['severity'].capitalize():10} {problem['text']}")
        if problem["advice"]:
            click.echo(f"{'':10} {problem['advice']}")


def _tell(told: dict[str, Any], as_json: bool) -> None:
    if as_json:
        print_json(told)
    else:
        click.echo(protection_in_words(told))


def protection_in_words(told: dict[str, Any]) -> str:
    """Whether names are refused now, in one sentence."""
    if told["enabled"]:
        return "The filter is on."
    end = "until it is resumed" if told["left_s"] is None else f"for {in_words(told['left_s'])}"
    return f"The filter is off, {end}; paused by {told['paused_by'] or 'somebody'}."
