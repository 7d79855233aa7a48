"""The answers that are remembered: `sinkhole cache`."""

from __future__ import annotations

from pathlib import Path

import click

from sinkhole.cli.calling import calling
from sinkhole.cli.options import config_option, honest, in_words, json_option, print_json

_BELOW = click.option("--below", is_flag=True, help="All names below it as well.")


@click.group("cache")
def cache_group() -> None:
    """Show, look up and forget remembered answers."""


@cache_group.command("show")
@json_option
@config_option
@honest
def show(as_json: bool, config: Path | None) -> None:
    """Tell how full the cache is, and how much it answers. Exit code 1 without a server."""
    with calling(config, offline=False) as caller:
        told = caller.call("cache.show")
    if as_json:
        print_json(told)
        return
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
@json_option
@config_option
@honest
def look_up(name: str, below: bool, as_json: bool, config: Path | None) -> None:
    """Show what is kept about NAME, at most 100 entries. Exit code 1 when nothing is."""
    with calling(config, offline=False) as caller:
        told = caller.call("cache.look_up", {"name": name, "below": below})
    if as_json:
        print_json(told["entries"])
    for entry in told["entries"] if not as_json else ():
        left = f", {in_words(entry['ttl_s'])} left" if entry["ttl_s"] is not None else ""
        old = ", to be judged again" if entry["outdated"] else ""
        asked = "".join(f" {word}" for word in ("dnssec", "unchecked") if entry[word])
        click.echo(
            f"{entry['name']} {entry['type']}{asked}: {entry['state']}, {entry['outcome']}, "
            f"{entry['rcode']}{left}{old}"
        )
        for record in entry["records"]:
            click.echo(f"  {record['name']}  {record['ttl']}  {record['type']}  {record['data']}")
    if not told["entries"]:
        click.echo(f"nothing is kept about {name}", err=True)
        raise SystemExit(1)


@cache_group.command("flush")
@click.argument("name", required=False)
@_BELOW
@json_option
@config_option
@honest
def flush(name: str | None, below: bool, as_json: bool, config: Path | None) -> None:
    """Forget every answer, or those about NAME.

    Each is asked for again when somebody wants it.

    Exit code 1 without a server, 0 also when nothing was kept.
    """
    if below and name is None:
        raise click.UsageError("--below needs a NAME")
    with calling(config, offline=False) as caller:
        if name is None:
            told = caller.call("cache.flush")
        else:
            told = caller.call("cache.flush_name", {"name": name, "below": below})
    if as_json:
        print_json(told)
    else:
        click.echo(f"{told['entries']:,} answers forgotten")
