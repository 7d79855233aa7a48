"""The answers that are remembered: `sinkhole cache`."""

from __future__ import annotations

from typing import Any

import click

from sinkhole.cli.calling import Caller
from sinkhole.cli.options import in_words
from sinkhole.cli.telling import Told, asking

_BELOW = click.option("--below", is_flag=True, help="All names below it as well.")


@click.group("cache")
def cache_group() -> None:
    """Show, look up and forget remembered answers."""


@cache_group.command("show")
@asking(offline=False)
def show(caller: Caller) -> Told:
    """Tell how full the cache is, and how much it answers. Exit code 1 without a server."""
    told = caller.call("cache.show")
    return Told(told, lambda: _print_fill(told))


def _print_fill(told: dict[str, Any]) -> None:
    from rich.filesize import decimal

    share = 100 * told["size_bytes"] / told["limit_bytes"] if told["limit_bytes"] else 0
    click.echo(f"{told['entries']:,} answers in {decimal(told['size_bytes'])}, {share:.0f} % full")
    click.echo(
        f"{told['hits']:,} of {told['queries']:,} queries answered from it since the start "
        f"({told['hits_percent']:g} %), {told['stale']:,} of them by expired answers"
    )
    if told["evicted"]:
        click.echo(f"{told['evicted']:,} answers had to go for want of room")
    prefetch = told["prefetch"]
    if prefetch["enabled"]:
        click.echo(f"{prefetch['asked']:,} asked for again in time, {prefetch['saved']:,} to use")


@cache_group.command("lookup")
@click.argument("name")
@_BELOW
@asking(offline=False)
def look_up(caller: Caller, name: str, below: bool) -> Told:
    """Show what is kept about NAME, at most 100 entries. Exit code 1 when nothing is."""
    entries = caller.call("cache.look_up", {"name": name, "below": below})["entries"]

    def print_all() -> None:
        for entry in entries:
            _print_entry(entry)
        if not entries:
            click.echo(f"nothing is kept about {name}", err=True)

    return Told(entries, print_all, is_failure=not entries)


def _print_entry(entry: dict[str, Any]) -> None:
    left = f", {in_words(entry['ttl_s'])} left" if entry["ttl_s"] is not None else ""
    old = ", to be judged again" if entry["outdated"] else ""
    asked = "".join(f" {word}" for word in ("dnssec", "unchecked") if entry[word])
    click.echo(
        f"{entry['name']} {entry['type']}{asked}: {entry['state']}, {entry['outcome']}, "
        f"{entry['rcode']}{left}{old}"
    )
    for record in entry["records"]:
        click.echo(f"  {record['name']}  {record['ttl']}  {record['type']}  {record['data']}")


@cache_group.command("flush")
@click.argument("name", required=False)
@_BELOW
@asking(offline=False)
def flush(caller: Caller, name: str | None, below: bool) -> Told:
    """Forget every answer, or those about NAME.

    Each is asked for again when somebody wants it.

    Exit code 1 without a server, 0 also when nothing was kept.
    """
    if below and name is None:
        raise click.UsageError("--below needs a NAME")
    if name is None:
        told = caller.call("cache.flush")
    else:
        told = caller.call("cache.flush_name", {"name": name, "below": below})
    return Told(told, f"{told['entries']:,} answers forgotten")
