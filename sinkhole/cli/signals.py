"""What the process is told by signals, from start to end."""

from __future__ import annotations

import asyncio
import os
import signal


class Signals:
    """An event for each thing that the process may be told to do.

    SIGTERM means "stop" (`stopping`), which may take a while; a second one, or SIGINT, means "stop
    `at_once`". SIGHUP means "read the settings again" (`changed`), unless it is what it once was:
    the terminal is gone. SIGUSR2 means "begin anew, as the program that is installed now"
    (`restarting`).
    """

    def __init__(self) -> None:
        self.stopping, self.at_once = asyncio.Event(), asyncio.Event()
        self.changed, self.restarting = asyncio.Event(), asyncio.Event()
        self._on_terminal = _is_on_terminal()

    def listen(self) -> None:
        """Have the event loop take them from now on."""
        loop = asyncio.get_running_loop()
        loop.add_signal_handler(signal.SIGTERM, self._stop)
        loop.add_signal_handler(signal.SIGINT, self._stop_at_once)
        loop.add_signal_handler(signal.SIGHUP, self._hang_up)
        loop.add_signal_handler(signal.SIGUSR2, self.restarting.set)

    def _stop(self) -> None:
        (self.at_once if self.stopping.is_set() else self.stopping).set()

    def _stop_at_once(self) -> None:
        self.stopping.set()
        self.at_once.set()

    def _hang_up(self) -> None:
        if self._on_terminal and not _is_on_terminal():
            self._stop_at_once()
        else:
            self.changed.set()


def _is_on_terminal() -> bool:
    return os.isatty(0)
