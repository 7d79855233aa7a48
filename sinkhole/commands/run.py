"""The server, from start to signal."""

from __future__ import annotations

import asyncio
import os
import signal
from pathlib import Path
from typing import Final

import click

from sinkhole import __version__
from sinkhole.app import App
from sinkhole.settings import Settings
from sinkhole.tasks import Tasks

LISTS_PATIENCE_S: Final = 20.0
"""How long to wait for lists before saying what there is; DNS is answered meanwhile."""


async def run_until_signal(settings: Settings, config: Path | None) -> None:
    """Run until SIGTERM or SIGINT. Raises SinkholeError when DNS or the page cannot start."""
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopping.set)
    app, tasks = App(settings), Tasks("run", limit=1)
    await app.start()
    tasks.start("greeting", _greet(app, config))
    try:
        await stopping.wait()
    finally:
        await tasks.close()
        await app.stop()


async def _greet(app: App, config: Path | None) -> None:
    """Say what is listened on at once, and what lists hold when they are loaded."""
    assert app.site is not None
    click.echo(f"sinkhole {__version__}, settings from {config or 'defaults'}")
    click.echo(f"  DNS    {', '.join(app.addresses)} (UDP and TCP)")
    click.echo(f"  Page   {app.site.url}")
    click.echo(f"  Data   {app.settings.data_dir.absolute()}")
    if any(each["state"] == "missing" for each in app.library.status()):
        click.echo("  Lists  being fetched and compiled, until then they block nothing")
        await app.first_lists(LISTS_PATIENCE_S)
    lists = [each for each in app.library.status() if each["enabled"]]
    ready = [each for each in lists if each["state"] == "ready"]
    click.echo(f"  Lists  {app.matcher.names:,} names, {len(ready)} of {len(lists)} lists loaded")
    for each in lists:
        if each["error"]:
            click.echo(f"         {each['name']}: {each['error']}")
    if os.geteuid() == 0:
        click.echo(
            "  Note   this is root, which sinkhole has no need of; see the README for a service"
        )
    for problem in app.problems():
        click.echo(f"  Note   {problem}")
    host, _, port = app.addresses[0].rpartition(":")
    host = {"0.0.0.0": "127.0.0.1", "[::]": "::1"}.get(host, host.strip("[]"))
    click.echo(f"Try it:  dig @{host} -p {port} doubleclick.net")
