"""Beginning anew as the program that is installed now, while DNS goes on being answered."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import subprocess
import sys
from asyncio import Future
from pathlib import Path
from typing import TYPE_CHECKING

from sinkhole.app.handover import Left
from sinkhole.app.service_manager import ServiceManager
from sinkhole.model.errors import RequestError, SinkholeError

if TYPE_CHECKING:
    from sinkhole.app.app import App

log = logging.getLogger(__name__)


class Restart:
    """Of one App, each time that `wanted` is set, or somebody asks; `run` as long as the server."""

    def __init__(
        self, app: App, config: Path | None, manager: ServiceManager, wanted: asyncio.Event
    ) -> None:
        self._app, self._config, self._manager = app, config, manager
        self._wanted = wanted
        self._asked: list[Future[None]] = []

    async def ask(self) -> None:
        """Begin anew: done when nothing keeps it from that any more. RequestError where something
        does; then all goes on as it was."""
        told: Future[None] = asyncio.get_running_loop().create_future()
        self._asked.append(told)
        self._wanted.set()
        await told

    async def run(self) -> None:
        """Begin anew when that is wanted, unless it would fail."""
        while True:
            await self._wanted.wait()
            self._wanted.clear()
            try:
                left = await self._leave()
            except SinkholeError as error:
                log.error("not restarted, %s", error)
                self._tell(str(error))
            except BaseException:
                self._tell("it met a bug: see what the log says about it")
                raise
            else:
                _execute(left)

    async def _leave(self) -> Left:
        """Have DNS answered by workers alone. SinkholeError where that can't be."""
        if self._app.overview.readiness.is_leaving:
            raise SinkholeError("as it is told to stop")
        if trouble := await asyncio.to_thread(_trouble_with, self._config):
            raise SinkholeError(f"as the program would not start: {trouble}")
        self._manager.reloading()
        try:
            return await self._app.hand_over(self._nothing_stops_it)
        except (SinkholeError, TimeoutError) as error:
            self._manager.ready(self._app.overview.line())
            raise SinkholeError(f"as nobody could answer meanwhile: {error}") from error

    def _nothing_stops_it(self) -> None:
        log.info("DNS goes on being answered while sinkhole begins anew")
        self._tell("")

    def _tell(self, trouble: str) -> None:
        """Tell those who asked."""
        asked, self._asked = self._asked, []
        for each in asked:
            if each.done():  # who asked is gone
                continue
            if trouble:
                text = f"not restarted, {trouble}"
                each.set_exception(RequestError("conflict", "restart_refused", text))
            else:
                each.set_result(None)


def _execute(left: Left) -> None:
    """Be the program that is installed now; it is given what is left."""
    for number in left.handles:
        os.set_inheritable(number, True)
    for signal_number in (signal.SIGUSR2, signal.SIGHUP):  # what they ask for is being done
        signal.signal(signal_number, signal.SIG_IGN)  # until there is a handler again
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
