"""`lists preview`: what a list would newly block, judged by what the household asked lately."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal, NotRequired, TypedDict, cast

import click
from rich.table import Table

from sinkhole.cli.console import cell, tables_console


class NameAsker(TypedDict):
    """A client, and how often it asked; `client_name` is there where the settings know it."""

    client: str
    queries: int
    client_name: NotRequired[str]


class ChangedName(TypedDict):
    """A name that the list would change something about, how often it was asked for, by whom.

    `name_unicode` is there for an international domain name.
    """

    name: str
    queries: int
    clients: list[NameAsker]
    name_unicode: NotRequired[str]


class Effect(TypedDict):
    """What a list would change of the queries of the last `days`; `partial` where not all were
    looked at, `top` the names asked for most."""

    days: int
    names_asked: int
    names: int
    queries: int
    queries_changed: int
    percent: float
    partial: bool
    top: list[ChangedName]


class Preview(TypedDict):
    """A list that is not in use, and its effect.

    `suspicion` is why it would be held back, or ""; `log` is None where the log can't be read,
    with the reason in `log_error`.
    """

    name: str
    url: str
    kind: Literal["block", "allow"]
    names: int
    rules: int
    refused: int
    size_bytes: int
    suspicion: str
    log: Effect | None
    log_error: str | None


def as_told(found: Mapping[str, Any]) -> Preview:
    """The same in the keys that this command has always had: of what changes, the list has one
    effect only, as it blocks or allows."""
    return cast(Preview, {**found, "log": _effect(found["log"]) if found["log"] else None})


def _effect(log: Mapping[str, Any]) -> Effect:
    return {
        "days": log["days"],
        "names_asked": log["names_asked"],
        "names": log["names_blocked"] + log["names_freed"],
        "queries": log["queries"],
        "queries_changed": log["queries_blocked"] + log["queries_freed"],
        "percent": log["percent"],
        "partial": log["partial"],
        "top": [_changed(each) for each in log["top"]],
    }


def _changed(each: Mapping[str, Any]) -> ChangedName:
    changed: ChangedName = {
        "name": each["name"],
        "queries": each["queries"],
        "clients": [_asker(who) for who in each["clients"]],
    }
    if each["name_unicode"] != each["name"]:
        changed["name_unicode"] = each["name_unicode"]
    return changed


def _asker(who: Mapping[str, Any]) -> NameAsker:
    asker: NameAsker = {"client": who["client"], "queries": who["queries"]}
    if who["client_name"]:
        asker["client_name"] = who["client_name"]
    return asker


def print_preview(told: Preview) -> None:
    """The same in words."""
    click.echo(f"{told['name']}: {told['names']:,} names, {told['rules']:,} rules")
    if told["refused"]:
        click.echo(f"{told['refused']:,} lines hold no rule sinkhole knows")
    if told["suspicion"]:
        click.echo(f"It would be held back until you accept it: {told['suspicion']}")
    log = told["log"]
    if log is None:
        click.echo(f"What it would do to your queries is not known: {told['log_error']}")
        return
    verb = "block" if told["kind"] == "block" else "allow again"
    if not log["queries"]:
        click.echo(f"The log has no queries of the last {log['days']} days to try it on.")
        return
    click.echo(
        f"It would newly {verb} {log['names']:,} of the {log['names_asked']:,} names asked for in "
        f"the last {log['days']} days: {log['queries_changed']:,} of {log['queries']:,} queries "
        f"({log['percent']} %)."
    )
    if log["partial"]:
        click.echo(f"Only the first {log['names_asked']:,} names of the log were looked at.")
    if log["top"]:
        _print_top(log["top"])


def _print_top(top: Sequence[ChangedName]) -> None:
    table = Table(box=None, header_style="bold", pad_edge=False)
    table.add_column("Queries", justify="right")
    table.add_column("Name")
    table.add_column("Asked by")
    for each in top:
        clients = ", ".join(
            f"{who.get('client_name', who['client'])} ({who['queries']:,})"
            for who in each["clients"]
        )
        read = f" ({each['name_unicode']})" if "name_unicode" in each else ""
        table.add_row(f"{each['queries']:,}", cell(each["name"] + read), cell(clients))
    click.echo()
    tables_console().print(table)
