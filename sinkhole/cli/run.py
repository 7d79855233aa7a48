"""The server, from start to signal."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import subprocess
import sys
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Final

import click

from sinkhole import __version__
from sinkhole.app.app import App
from sinkhole.app.self_query import SelfQuery
from sinkhole.app.service_manager import ServiceManager
from sinkhole.cli.signals import Signals
from sinkhole.control.settings import Endpoint
from sinkhole.model.errors import SettingsError, SinkholeError
from sinkhole.model.tasks import Tasks

log = logging.getLogger(__name__)

LISTS_PATIENCE_S: Final = 20.0
"""How long to wait for lists before saying what there is; DNS is answered meanwhile."""
LATE_LISTS_PATIENCE_S: Final = 900.0
"""How long after that it is still told what became of them: a fetch and a compilation may take
five minutes each, and lists are compiled one after the other."""


async def run_until_signal(config: Path | None) -> None:
    """Run until `Signals` say otherwise. SinkholeError where it can serve nobody (`App.start`)."""
    signals = Signals()
    signals.listen()
    manager = ServiceManager(os.environ)
    app = await App.of(config, os.environ)
    logging.getLogger().setLevel(app.settings.log.level.upper())
    tasks = Tasks("run", limit=4, faults=app.faults)
    answers = SelfQuery(app.pipeline).is_answered

    def tell() -> None:  # before the log is opened, which may take minutes after an upgrade
        manager.ready(app.overview.line())
        tasks.keep("watchdog", partial(manager.feed, answers, app.overview.line))

    await app.start(tell)
    tasks.start("greeting", _greet_whoever_reads(app, config))
    tasks.keep("settings", partial(_reload_when, signals.changed, app, config, manager))
    tasks.keep("restart", partial(_restart_when, signals.restarting, app, config, manager))
    try:
        await signals.stopping.wait()
        await _leave(app, signals.at_once, manager)
    finally:
        manager.stopping()
        await tasks.close()
        await app.stop()


async def _leave(app: App, at_once: asyncio.Event, manager: ServiceManager) -> None:
    """Go on answering for as long as the settings say, while /readyz says that it stops."""
    drain_s = float(app.settings.dns.drain)
    if not drain_s or at_once.is_set():
        return
    app.overview.readiness.is_leaving = True
    manager.leaving(drain_s)
    log.info("told to stop: DNS is answered for %s more, see dns.drain", app.settings.dns.drain)
    with suppress(TimeoutError):
        async with asyncio.timeout(drain_s):
            await at_once.wait()


async def _restart_when(
    restarting: asyncio.Event, app: App, config: Path | None, manager: ServiceManager
) -> None:
    """Begin anew when `restarting` is set, unless that would fail: then all goes on as it was."""
    while True:
        await restarting.wait()
        restarting.clear()
        if app.overview.readiness.is_leaving:
            log.warning("not restarted, as it is told to stop")
            continue
        if trouble := await asyncio.to_thread(_trouble_with, config):
            log.error("not restarted, as the program would not start: %s", trouble)
            continue
        manager.reloading()
        try:
            left = await app.hand_over()
        except (SinkholeError, TimeoutError) as error:
            log.error("not restarted, as nobody could answer meanwhile: %s", error)
            manager.ready(app.overview.line())
            continue
        log.info("DNS goes on being answered while sinkhole begins anew")
        for number in left.handles:
            os.set_inheritable(number, True)
        for number in (signal.SIGUSR2, signal.SIGHUP):  # what they ask for is being done
            signal.signal(number, signal.SIG_IGN)  # until there is a handler again
        try:
            os.execve(sys.executable, sys.orig_argv, left.into(os.environ))
        except OSError as error:  # all is stopped: whoever looks after us starts it
            log.critical("%s can't be started: %s", sys.executable, error)
            os._exit(1)


def _trouble_with(config: Path | None) -> str:
    """Why the program that is installed now would not start with the settings; "" if it would."""
    file = [] if config is None else [str(config)]
    command = [sys.executable, "-P", "-m", "sinkhole", "check-config", *file]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return "" if done.returncode == 0 else (done.stderr or done.stdout).strip()


async def _reload_when(
    changed: asyncio.Event, app: App, config: Path | None, manager: ServiceManager
) -> None:
    """Read the settings again each time `changed` is set; signals meanwhile count as one."""
    while True:
        await changed.wait()
        changed.clear()
        manager.reloading()
        await _reload(app, config)
        manager.ready(app.overview.line())


async def _reload(app: App, config: Path | None) -> None:
    """Read the settings again, and say what came of it."""
    try:
        waits = (await app.reload()).waits
    except SinkholeError as error:
        mistakes = error.problems if isinstance(error, SettingsError) else [str(error)]
        for mistake in mistakes:
            log.error("the settings stay as they were: %s", mistake)
        return
    except Exception as error:
        log.error("the settings stay as they were, by an error of sinkhole's own")
        app.faults.note("reading the settings again", error)
        return
    log.info("settings from %s are in force", config or "defaults")
    for problem in app.problems():
        log.warning("%s", problem)
    for key in waits:
        log.warning("%s has changed, which takes effect after a restart", key)


async def _greet_whoever_reads(app: App, config: Path | None) -> None:
    with suppress(OSError):  # `sinkhole run | head -1` has read enough, and it goes on
        await greet(app, config)


async def greet(app: App, config: Path | None) -> None:
    """Say what is listened on at once, and what lists hold when they are loaded.

    Lists that take longer are named, and told about again when they are there or have failed.
    """
    _say(app, f"sinkhole {__version__}, settings from {config or 'defaults'}")
    over = " (UDP and TCP)" if app.dns.is_complete else ", see the notes below"
    _say(app, f"  DNS    {', '.join(app.addresses) or 'nowhere yet'}{over}")
    if app.dns.added:
        _say(app, f"  Secure {', '.join(f'{where} ({over})' for over, where in app.dns.added)}")
    _say(app, f"  Page   {app.listening.url or 'nowhere yet, see the notes below'}")
    _say(app, f"  Data   {app.settings.data_dir.absolute()}")
    if coming := app.publishing.coming:
        _say(app, f"  Lists  {_still_coming(coming)}")
        await app.first_lists(LISTS_PATIENCE_S)
    late = app.publishing.coming
    _tell_lists(app)
    if code := app.front.identity.first_code:
        first = f"`sinkhole account add NAME`, or on the page with the code {code}"
        _say(app, f"  Users  nobody has an account yet. Make the first: {first}")
    if os.geteuid() == 0:
        _say(
            app,
            "  Note   this is root, which sinkhole has no need of; see the README for a service",
        )
    for problem in app.problems():
        _say(app, f"  Note   {problem}")
    if app.dns.obstacle is not None:
        _say(
            app, f"Next:    open {app.listening.url or 'the page'}, which sees it when that is done"
        )
        return
    if not app.addresses:
        return
    dns = Endpoint.parse(app.addresses[0], 53).reachable
    _say(app, f"Try it:  dig @{dns.host} -p {dns.port} doubleclick.net")
    if late:
        await app.first_lists(LATE_LISTS_PATIENCE_S)
        _tell_lists(app)


def _say(app: App, text: str) -> None:
    """A line for whoever has started it; never between the lines that are shipped."""
    click.echo(text, err=app.settings.shipping.stdout)


def _tell_lists(app: App) -> None:
    """What is in use, what is still coming, and why something is not."""
    lists = [each for each in app.library.status() if each["enabled"]]
    ready = [each for each in lists if each["state"] == "ready"]
    names = app.publishing.matcher.names
    _say(app, f"  Lists  {names:,} names, {len(ready)} of {len(lists)} lists loaded")
    if coming := app.publishing.coming:
        _say(app, f"         {_still_coming(coming)}")
    for each in lists:
        if each["error"]:
            _say(app, f"         {each['name']}: {each['error']}")
        if held := each["quarantine"]:
            _say(app, f"         {each['name']}: a version is held back: {held['reason']}")


def _still_coming(names: list[str]) -> str:
    are = "1 list is" if len(names) == 1 else f"{len(names)} lists are"
    return f"{are} still being fetched: {', '.join(names)}"
