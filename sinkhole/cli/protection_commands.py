"""The filter off and on: `sinkhole pause`, `resume` and `status`."""

from __future__ import annotations

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
    """Switch the filter off for everybody: for a TIME such as 10m, or until it is resumed.

    Counts from the next query on, also for answers that are kept already. It survives a restart of
    the server. A second pause takes the place of the first. Without a running server it counts
    from the next start on. Exit code 1 when it could not be done.
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
