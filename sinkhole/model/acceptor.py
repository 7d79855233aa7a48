"""Taking connections, without ever running out of descriptors by it.

asyncio's own server takes as many connections at once as wait, and where no descriptor is left,
complains about each and stops listening for a second. Here few are taken at a time, so that
whoever counts them can turn them away before they are many, and one descriptor is held in
reserve: where no other is left, it is spent on taking a connection and closing it at once, so
that its client is told now and the listening socket goes quiet.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import socket
import time
from collections.abc import Callable
from math import inf
from typing import Final

from sinkhole.model.faults import EXHAUSTED, Faults
from sinkhole.model.tasks import Tasks

log = logging.getLogger(__name__)

AT_ONCE: Final = 4
"""Connections of one listening socket that are taken but not yet their protocol's."""

PAUSE_S: Final = 0.5
"""How long nothing is taken, where not even the reserve could be had."""

_NOBODY: Final = (BlockingIOError, InterruptedError, ConnectionError)


class Acceptor:
    """Gives each connection of `sock`, which listens already, a protocol by `make`.

    `make_room` is called where descriptors have run out: it should close a connection that can
    be spared. `shed` counts the connections that were closed for want of a descriptor, `shed_at`
    is when the last one was, on the monotonic clock. `faults` are told of bugs.
    """

    def __init__(
        self,
        sock: socket.socket,
        make: Callable[[], asyncio.Protocol],
        make_room: Callable[[], object],
        faults: Faults | None = None,
    ) -> None:
        self.shed = 0
        self.shed_at = -inf
        self._sock = sock
        self._make = make
        self._make_room = make_room
        self._taking = Tasks("connections", AT_ONCE, faults)
        self._reserve: int | None = None
        self._pause: asyncio.TimerHandle | None = None
        self._loop = asyncio.get_running_loop()
        self._listen()

    def share(self) -> socket.socket:
        """The same socket once more, with its queue: for who takes connections instead."""
        return self._sock.dup()

    def rest(self) -> None:
        """Take what waits, and then nobody until `resume`."""
        if self._pause is not None:
            self._pause.cancel()
            self._pause = None
        self._accept()
        self._loop.remove_reader(self._sock)

    def resume(self) -> None:
        """Take connections again."""
        self._listen()

    async def close(self) -> None:
        """Take no more connections, and close the socket; those that were taken stay."""
        if self._pause is not None:
            self._pause.cancel()
        if self._sock.fileno() >= 0:  # not closed before
            self._loop.remove_reader(self._sock)
            self._sock.close()
        self._spend_reserve()
        await self._taking.close()

    def _listen(self) -> None:
        self._pause = None
        self._hold_reserve()
        self._loop.add_reader(self._sock, self._accept)

    def _accept(self) -> None:
        """Take what waits, AT_ONCE at most: what is more wakes the loop again."""
        while len(self._taking) < AT_ONCE:
            try:
                connection, _ = self._sock.accept()
            except _NOBODY:
                return
            except OSError as error:
                self._failed(error)
                return
            connection.setblocking(False)
            self._taking.start("one", self._take(connection))

    async def _take(self, connection: socket.socket) -> None:
        try:
            await self._loop.connect_accepted_socket(self._make, connection)
        except OSError:  # it ended before it began
            connection.close()
        except Exception:  # a bug, which the task notes
            connection.close()
            raise

    def _failed(self, error: OSError) -> None:
        if error.errno not in EXHAUSTED:
            log.warning("taking a connection failed: %s", error)
            self._rest()
            return
        self.shed += 1
        self.shed_at = time.monotonic()
        self._make_room()
        if self._reserve is None:
            self._rest()
            return
        self._spend_reserve()
        with contextlib.suppress(OSError):
            self._sock.accept()[0].close()
        self._hold_reserve()

    def _rest(self) -> None:
        """Listen again in a while; until then clients wait in the kernel's queue."""
        self._loop.remove_reader(self._sock)
        self._pause = self._loop.call_later(PAUSE_S, self._listen)

    def _hold_reserve(self) -> None:
        if self._reserve is None:
            with contextlib.suppress(OSError):
                self._reserve = os.open(os.devnull, os.O_RDONLY | os.O_CLOEXEC)

    def _spend_reserve(self) -> None:
        if self._reserve is not None:
            os.close(self._reserve)
            self._reserve = None
