"""`lists preview`: what a list would newly block, judged by what the household asked lately."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Final, NotRequired, TypedDict

import click
from rich.table import Table

from sinkhole.app.from_settings import known_clients
from sinkhole.app.list_hosts import list_hosts
from sinkhole.cli.console import cell, console, tables_console
from sinkhole.cli.list_progress import ProgressDisplay
from sinkhole.control.database import Reader
from sinkhole.control.lists.library import Library
from sinkhole.control.lists.preview import PreviewedList
from sinkhole.control.operations.lists import chosen
from sinkhole.control.querylog.recent_names import RecentNames
from sinkhole.control.settings import Settings
from sinkhole.dns.filter.language.line import Kind
from sinkhole.dns.filter.match import Matcher
from sinkhole.dns.filter.trie import CompiledList
from sinkhole.dns.wire.international import in_unicode
from sinkhole.dns.wire.name import from_text
from sinkhole.dns.wire.numbers import Type
from sinkhole.model.errors import StorageError
from sinkhole.model.masking import masked_address

DAYS: Final = 7
TOP: Final = 20
MOST_NAMES: Final = 500_000
"""Distinct names that are looked at; some 100 MB. A log with more is not read to its end."""


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
    kind: Kind
    names: int
    rules: int
    refused: int
    size_bytes: int
    suspicion: str
    log: Effect | None
    log_error: str | None


async def preview(settings: Settings, named: str, kind: Kind) -> Preview:
    """Try a list that is not in use: fetched and compiled apart, nothing is left behind.

    Raises ListError when the list can't be had.
    """
    entry = chosen(named, None, kind)
    with tempfile.TemporaryDirectory(prefix="sinkhole-") as folder:
        async with list_hosts(settings) as resolve:
            library = Library(settings.filtering, settings.data_dir, resolve=resolve)
            await library.load()
            with ProgressDisplay(console(stderr=True)) as progress:
                previewed = await library.preview(entry, Path(folder), progress)
        found = _about(entry.url, previewed)
        reader = Reader(settings.data_dir / "querylog.db")
        try:
            effect = _EffectCounter(library.lists, previewed.compiled)
            names = RecentNames(reader, DAYS * 86_400.0)
            async for page in names.pages():
                if not effect.take(page):
                    break
            found["log"] = changed = await effect.found(names)
            _add_names(changed["top"], settings)
        except StorageError as error:
            found["log_error"] = str(error)
        finally:
            await reader.close()
            previewed.compiled.close()
    return found


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
        click.echo(f"The log has no queries of the last {DAYS} days to try it on.")
        return
    click.echo(
        f"It would newly {verb} {log['names']:,} of the {log['names_asked']:,} names asked for in "
        f"the last {DAYS} days: {log['queries_changed']:,} of {log['queries']:,} queries "
        f"({log['percent']} %)."
    )
    if log["partial"]:
        click.echo(f"Only the first {MOST_NAMES:,} names of the log were looked at.")
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


def _add_names(top: Sequence[ChangedName], settings: Settings) -> None:
    """Add what people call the names and the clients."""
    client_name = known_clients(settings).called
    for each in top:
        if (shown := in_unicode(each["name"])) != each["name"]:
            each["name_unicode"] = shown
        for who in each["clients"]:
            if called := client_name(who["client"]):
                who["client_name"] = called


class _EffectCounter:
    """Counts what a further list changes: each name is judged without it and with it."""

    def __init__(self, lists: Sequence[CompiledList], new: CompiledList) -> None:
        self._before = Matcher(lists)
        self._after = Matcher([*lists, new])
        self._is_changed: dict[int, bool] = {}
        self._changed: dict[int, tuple[str, int]] = {}
        self._queries = 0
        self._partial = False

    def take(self, page: Sequence[tuple[int, str, int]]) -> bool:
        """Judge a page of the log; False when enough names have been looked at."""
        for number, name, queries in page:
            is_changed = self._is_changed.get(number)
            if is_changed is None:
                if len(self._is_changed) >= MOST_NAMES:
                    self._partial = True
                    return False
                is_changed = self._is_changed[number] = self._changes(name)
            self._queries += queries
            if is_changed:
                _, before = self._changed.get(number, (name, 0))
                self._changed[number] = (name, before + queries)
        return True

    async def found(self, names: RecentNames) -> Effect:
        """What was found, with who asked for the top names."""
        changed = sum(queries for _, queries in self._changed.values())
        ranked = sorted(self._changed.items(), key=lambda each: (-each[1][1], each[1][0]))[:TOP]
        clients = await names.clients([number for number, _ in ranked]) if ranked else {}
        return {
            "days": DAYS,
            "names_asked": len(self._is_changed),
            "names": len(self._changed),
            "queries": self._queries,
            "queries_changed": changed,
            "percent": round(100 * changed / self._queries, 1) if self._queries else 0.0,
            "partial": self._partial,
            "top": [
                {
                    "name": name,
                    "queries": queries,
                    "clients": [
                        {"client": client, "queries": count}
                        for client, count in clients.get(number, [])
                    ],
                }
                for number, (name, queries) in ranked
            ],
        }

    def _changes(self, name: str) -> bool:
        try:
            wire_name = from_text(name).lower()
        except ValueError:
            return False
        return _blocks(self._before, wire_name) != _blocks(self._after, wire_name)


def _blocks(matcher: Matcher, name: bytes) -> bool:
    found = matcher.match(name, Type.A)
    return found is not None and not found.allowed


def _about(url: str, previewed: PreviewedList) -> Preview:
    compiled = previewed.compiled
    return {
        "name": compiled.name,
        "url": masked_address(url),
        "kind": compiled.kind,
        "names": compiled.names,
        "rules": compiled.rules,
        "refused": compiled.report.refused,
        "size_bytes": previewed.size_bytes,
        "suspicion": previewed.suspicion,
        "log": None,
        "log_error": None,
    }
