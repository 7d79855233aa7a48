"""What the service manager is told (sd_notify(3)): that DNS is answered, and goes on to be.

A datagram to the socket that the environment names, and nothing at all where it names none: a
terminal, a container.
"""

from __future__ import annotations

import asyncio
import logging
import os
import socket
import time
from collections.abc import Callable, Mapping
from typing import Final

log = logging.getLogger(__name__)

FEEDS: Final = 3
"""How often the watchdog is fed within the time after which it kills."""


END_S: Final = 10.0
"""What stopping may take after that; it is done within five."""


class ServiceManager:
    """Tells the manager that the environment names, if any."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._address = _address(environ.get("NOTIFY_SOCKET", ""))
        self.watchdog_s = _watchdog_s(environ) if self._address else 0.0
        """After so many seconds without a `feed` it kills; 0 for never."""

    def ready(self, status: str) -> None:
        """DNS is answered, or as good as can be; also, settings were read again."""
        self._tell("READY=1", f"STATUS={_one_line(status)}")

    def reloading(self) -> None:
        """Settings are being read again, until `ready`."""
        now_us = time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000
        self._tell("RELOADING=1", f"MONOTONIC_USEC={now_us}")

    def leaving(self, patience_s: float) -> None:
        """It has been told to stop, and goes on answering for so long before it does."""
        extended_us = round((patience_s + END_S) * 1e6)
        status = "STATUS=told to stop, answering until others are asked"
        self._tell("STOPPING=1", f"EXTEND_TIMEOUT_USEC={extended_us}", status)

    def stopping(self) -> None:
        """It stops."""
        self._tell("STOPPING=1", "STATUS=answering what is underway, writing the log")

    def show(self, status: str) -> None:
        """A line for who asks how the service does."""
        self._tell(f"STATUS={_one_line(status)}")

    async def feed(self, answers: Callable[[], bool], status: Callable[[], str]) -> None:
        """Tell that it lives while the event loop turns and `answers` says so, until cancelled.

        It is asked within the loop that serves DNS: one that is stuck feeds nobody.
        """
        shown, answered = "", True
        while self.watchdog_s:
            before, answered = answered, answers()
            if answered:
                self._tell("WATCHDOG=1")
            elif before:
                log.error("DNS does not answer: the service manager is left to begin it anew")
            if (now := status()) != shown:
                self.show(now)
                shown = now
            await asyncio.sleep(self.watchdog_s / FEEDS)

    def _tell(self, *lines: str) -> None:
        if not self._address:
            return
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sock:
            sock.setblocking(False)
            try:
                sock.sendto("\n".join(lines).encode(), self._address)
            except OSError as error:  # it is the manager's business whether it listens
                log.debug("the service manager is not told: %s", error)


def _address(named: str) -> str:
    """The socket's address: a path, or a name behind @, which the kernel knows by a zero byte."""
    if named.startswith("@"):
        return f"\0{named[1:]}"
    return named if named.startswith("/") else ""


def _watchdog_s(environ: Mapping[str, str]) -> float:
    try:
        of_us = int(environ.get("WATCHDOG_PID", os.getpid())) == os.getpid()
        return max(0, int(environ.get("WATCHDOG_USEC", 0))) / 1e6 if of_us else 0.0
    except ValueError:
        return 0.0


def _one_line(text: str) -> str:
    return " ".join(text.split())
