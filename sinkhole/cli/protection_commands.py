"""The filter off and on: `sinkhole pause`, `resume` and `status`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import click

from sinkhole.cli.calling import Caller
from sinkhole.cli.options import F, TimeSpan, in_words
from sinkhole.cli.telling import Told, asking

LONGEST_PAUSE_S: Final = 30 * 86_400
_SCOPES: Final = {
    "client": "Only for this client.",
    "group": "Only for the clients of this group.",
    "service": "Only this service, by its id; group:ID for all of a kind.",
    "list": "Only this list.",
}
_OFF: Final = {
    "client": "The filter is off for {}",
    "group": "The filter is off for the group {}",
    "service": "The service {} is not blocked",
    "list": "The list {} is not asked",
}


class PauseTime(TimeSpan):
    """How long, such as 10m, or until when, such as 21:30 or "fri 21:30"; as the operation takes
    it."""

    name = "time"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """What of `protection.pause` it is; the command was written wrongly where it is neither."""
        if isinstance(value, dict):
            return value
        if ":" in str(value):
            return {"until": str(value)}
        return {"seconds": super().convert(value, param, ctx)}


def scope_options(function: F) -> F:
    """The options that say what of the filter is meant."""
    for scope, words in reversed(_SCOPES.items()):
        option = click.option(f"--{scope}", metavar="NAME", help=words)
        function = option(function)
    return function


def _scope(named: Mapping[str, str | None]) -> dict[str, str]:
    """What of the operations' input the options come to."""
    given = {scope: name for scope, name in named.items() if name is not None}
    if len(given) > 1:
        raise click.UsageError(f"one at a time: not --{' and --'.join(given)} together")
    return next(({"scope": scope, "name": name} for scope, name in given.items()), {})


@click.command()
@click.argument("how_long", required=False, type=PauseTime(LONGEST_PAUSE_S), metavar="[TIME]")
@scope_options
@asking()
def pause(caller: Caller, how_long: dict[str, Any] | None, **named: str | None) -> Told:
    """Switch the filter off, for a time or until resumed.

    It is off for everybody, or for one --group or --client; with --service or --list only that is
    off, for everybody. For a TIME such as 10m, until a time of the day such as 21:30 or "fri
    21:30", or until `sinkhole resume`. That counts from the next query on, also for answers that
    are kept already. It survives a restart of the server. A second pause of the same takes the
    place of the first. Without a running server it counts from the next start on.

    Exit code 1 when it could not be done.
    """
    told = caller.call("protection.pause", {**(how_long or {}), **_scope(named)})
    return Told(told, _pauses_in_words(told))


@click.command()
@scope_options
@asking()
def resume(caller: Caller, **named: str | None) -> Told:
    """Switch the filter on again, or what of it was paused.

    Without an option that is the pause for everybody; other pauses go on.

    Exit code 1 when it could not be done.
    """
    told = caller.call("protection.resume", _scope(named))
    return Told(told, _pauses_in_words(told))


@click.command()
@asking(offline=False)
def status(caller: Caller) -> Told:
    """Tell how the running server does.

    Its health, whether the filter is on, addresses, upstreams, and what somebody should look at.
    Exit code 0 when it is well or could be better, 1 when it fails or none runs.
    """
    told = caller.call("status.show")
    return Told(told, lambda: _tell_status(told), is_failure=told["health"] == "failing")


def _tell_status(told: dict[str, Any]) -> None:
    click.echo(f"sinkhole {told['version']}, {told['health']}, up {in_words(told['uptime_s'])}")
    for reason in told["reasons"]:
        click.echo(f"  {reason}")
    click.echo(_pauses_in_words(told["protection"]))
    click.echo(f"DNS        {', '.join((*told['listen'], *told['encrypted'])) or 'nowhere'}")
    click.echo(f"Page       {told['web'] or 'nowhere'}")
    lists = "1 list" if told["lists"] == 1 else f"{told['lists']} lists"
    click.echo(f"Lists      {told['names']:,} names in {lists}")
    up = sum(each["up"] for each in told["upstreams"])
    click.echo(f"Upstreams  {up} of {len(told['upstreams'])} up")
    click.echo(f"Cache      {told['cache']['entries']:,} answers")
    if (log := told["log"]) is not None:
        lost = f", {log['dropped']:,} queries lost" if log["dropped"] else ""
        click.echo(f"Log        {log['rows']:,} queries{lost}")
    for problem in told["problems"]:
        click.echo(f"{problem['severity'].capitalize():10} {problem['text']}")
        if problem["advice"] and not problem["is_in_text"]:
            click.echo(f"{'':10} {problem['advice']}")


def _pauses_in_words(told: dict[str, Any]) -> str:
    lines = [protection_in_words(told)]
    for each in told.get("pauses", ()):
        if each["scope"] != "all":
            end = _end_in_words(each["left_s"])
            by = each["paused_by"] or "somebody"
            lines.append(f"{_OFF[each['scope']].format(each['name'])}, {end}; paused by {by}.")
    return "\n".join(lines)


def protection_in_words(told: dict[str, Any]) -> str:
    """Whether names are refused now, in one sentence."""
    if told["enabled"]:
        return "The filter is on."
    end = _end_in_words(told["left_s"])
    return f"The filter is off, {end}; paused by {told['paused_by'] or 'somebody'}."


def _end_in_words(left_s: float | None) -> str:
    return "until it is resumed" if left_s is None else f"for {in_words(left_s)}"
