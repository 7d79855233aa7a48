"""Noticing that the network may be another one: after sleep, and when routes or addresses change.

Connections made before are dead then, mostly without anybody telling. Nothing is looked at from
time to time: the kernel wakes us, by a socket for routes and addresses and by a signal at resume.
"""

from __future__ import annotations

import asyncio
import logging
import socket
import time
from collections.abc import Callable
from math import inf
from typing import Final

from sinkhole.app.route_news import GROUPS, RouteNews
from sinkhole.app.wake_signal import WakeSignal
from sinkhole.model import netlink

log = logging.getLogger(__name__)

PAUSE_S: Final = 0.5
"""Changes come in swarms: the first one is told at once, the rest of half a second as one."""

ASLEEP_S: Final = 1.0
"""Time that the machine was asleep and that is worth telling."""

MOST_AT_ONCE: Final = 64
"""Datagrams of the kernel read in one wake-up."""

_DATAGRAM: Final = 1 << 16


class NetworkWatch:
    """Calls `changed` when connections are not to be trusted any more, within the running loop.

    Where the system has nothing of this (it is Linux's), it is never called.
    """

    def __init__(
        self,
        changed: Callable[[], None],
        *,
        clock: Callable[[], float] = time.monotonic,
        asleep: Callable[[], float] | None = None,
    ) -> None:
        self._changed = changed
        self._clock = clock
        self._asleep = asleep or slept_s
        self._slept_s = 0.0
        self._news = RouteNews()
        self._socket: socket.socket | None = None
        self._wake: WakeSignal | None = None
        self._told_at = -inf
        self._timer: asyncio.TimerHandle | None = None

    def start(self) -> None:
        """Watch, within a running event loop; what cannot be watched is left out and logged."""
        loop = asyncio.get_running_loop()
        self._slept_s = self._asleep()
        try:
            self._socket = netlink.listening(GROUPS)
            if self._socket is not None:
                loop.add_reader(self._socket, self._on_news)
        except OSError as error:
            log.info("changes of the network are not noticed at once (%s)", error.strerror)
        self._wake = WakeSignal()
        if self._wake.handle >= 0:
            loop.add_reader(self._wake.handle, self._on_wake)

    def close(self) -> None:
        """Watch nothing any more."""
        loop = asyncio.get_running_loop()
        if self._socket is not None:
            loop.remove_reader(self._socket)
            self._socket.close()
            self._socket = None
        if self._wake is not None and self._wake.handle >= 0:
            loop.remove_reader(self._wake.handle)
            self._wake.close()
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def look(self) -> None:
        """Compare the clocks: has the machine slept since the last look? Cost: under a µs."""
        slept_s = self._asleep()
        if slept_s - self._slept_s > ASLEEP_S:
            log.info(
                "this machine slept for %d s: connections are made anew", slept_s - self._slept_s
            )
            self._note()
        self._slept_s = slept_s

    def _on_wake(self) -> None:
        assert self._wake is not None
        self._wake.take()
        self.look()

    def _on_news(self) -> None:
        """Read what the kernel says; what is left over wakes the loop again at once."""
        assert self._socket is not None
        for _ in range(MOST_AT_ONCE):
            try:
                datagram = self._socket.recv(_DATAGRAM)
            except (BlockingIOError, InterruptedError):
                return
            except OSError:  # more than its buffer holds: something is missing
                self._note()
                return
            if self._news.take(datagram):
                self._note()

    def _note(self) -> None:
        """Tell now, or once when the pause is over."""
        if self._timer is not None:
            return
        wait_s = self._told_at + PAUSE_S - self._clock()
        if wait_s <= 0:
            self._tell()
        else:
            self._timer = asyncio.get_running_loop().call_later(wait_s, self._tell)

    def _tell(self) -> None:
        self._timer = None
        self._told_at = self._clock()
        self._changed()


def slept_s() -> float:
    """How long this machine slept since it was booted; 0.0 where nobody knows."""
    boottime = getattr(time, "CLOCK_BOOTTIME", None)
    if boottime is None:
        return 0.0
    return time.clock_gettime(boottime) - time.clock_gettime(time.CLOCK_MONOTONIC)
