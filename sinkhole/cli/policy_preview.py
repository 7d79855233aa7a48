"""What changes would have done to the queries of the last days: `sinkhole settings preview`, and
`--preview` of the commands that set groups, clients and schedules."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import wraps
from typing import Any, Final

import click

from sinkhole.cli.calling import Caller
from sinkhole.cli.name_commands import TRIAL_PATIENCE_S
from sinkhole.cli.telling import Told

_MOST_SHOWN: Final = 20
"""Clients shown in a table of their own."""

_WORDS: Final = {"blocked": "blocked", "freed": "freed", "changed": "otherwise"}


Decorated = Callable[..., None]

Tried = Mapping[str, Any] | None
"""What to try a change on, as settings.preview takes it; None to make it."""


def preview_options(function: Decorated) -> Decorated:
    """Have a command that takes --dry-run take --preview: its `tried` are then what to try the
    change on, else None, and it runs dry."""

    @click.option(
        "--preview",
        is_flag=True,
        help="Only tell what it would have done to the queries of the last 7 days.",
    )
    @click.option(
        "--at",
        metavar="MOMENT",
        help="With --preview: as if all of them came then, such as 'fri 21:30'.",
    )
    @wraps(function)
    def with_preview(preview: bool, at: str | None, dry_run: bool, **given: Any) -> None:
        if at and not preview:
            raise click.UsageError("--at says when a --preview is for: give both")
        tried = {"at": at or ""} if preview else None
        function(tried=tried, dry_run=dry_run or preview, **given)

    return with_preview


def previewed(
    caller: Caller, differences: Iterable[Mapping[str, Any]], tried: Mapping[str, Any]
) -> Told:
    """Have what a dry run told of tried on the log, and tell what it would have done."""
    changes = [_change(each) for each in differences]
    if not changes:
        return Told(changes, "Nothing changes.")
    return told_preview(caller, {"changes": changes, **tried})


def told_preview(caller: Caller, given: Mapping[str, Any]) -> Told:
    """What changes would have done to the log."""
    told = caller.call("settings.preview", given, patience_s=TRIAL_PATIENCE_S)
    return Told(told, lambda: _show(told))


def _change(difference: Mapping[str, Any]) -> dict[str, Any]:
    place = {"key": difference["key"], "item": difference["item"]}
    if difference["after"] is None:
        return {**place, "action": "remove"}
    return {**place, "value": difference["after"]}


def _show(told: Mapping[str, Any]) -> None:
    from sinkhole.cli.console import print_table

    click.echo("\n".join(_summary(told)))
    clients = told["clients"]
    if clients:
        click.echo()
        titles = ("Client", "Group", "Queries#", "Blocked#", "Freed#", "Otherwise#")
        print_table(titles, map(_client_row, clients))
    if told["more_clients"]:
        click.echo(f"and {told['more_clients']} more")
    for each in clients[:_MOST_SHOWN]:
        if each["names"]:
            click.echo(f"\n{_who(each)}")
            print_table(
                ("Queries#", "Name", "Types", "Becomes", "Before", "After"),
                map(_name_row, each["names"]),
            )


def _summary(told: Mapping[str, Any]) -> Iterable[str]:
    days = f"the last {told['days']} days" if told["days"] > 1 else "the last day"
    if not told["differences"]:
        yield "Nothing changes."
    elif not told["queries"]:
        yield f"Nothing would have been different for anybody who asked in {days}."
    else:
        yield (
            f"Of {told['queries']:,} queries of {days} by those to whom other things would apply "
            f"it would have blocked {told['blocked']:,}, freed {told['freed']:,} and answered "
            f"{told['changed']:,} otherwise."
        )
    if told["unnamed"]:
        yield f"{told['unnamed']:,} of them have no name in the log, and were not judged."
    if told["partial"]:
        yield "There is more in the log than was looked at."
    yield from (f"Note: {each}." for each in told["notes"])


def _client_row(client: Mapping[str, Any]) -> tuple[str, ...]:
    groups = dict.fromkeys((client["group_before"], client["group_after"]))
    numbers = (client[key] for key in ("queries", "blocked", "freed", "changed"))
    return (_who(client), " -> ".join(groups), *(f"{each:,}" for each in numbers))


def _who(client: Mapping[str, Any]) -> str:
    return str(client["name"] or client["client"] or client["device"] or "(not told)")


def _name_row(name: Mapping[str, Any]) -> tuple[str, ...]:
    return (
        f"{name['queries']:,}",
        name["name_unicode"],
        " ".join(name["types"]),
        _WORDS[name["becomes"]],
        _said(name["before"]),
        _said(name["after"]),
    )


def _said(said: Mapping[str, Any]) -> str:
    """What becomes of a question, and by whom."""
    by = said["list"] or said["detail"]
    rule = f": {said['rule']}" if said["rule"] else ""
    via = f", asked of {said['via']}" if said["via"] else ""
    return f"{said['outcome']}{f' by {by}' if by else ''}{rule}{via}"
