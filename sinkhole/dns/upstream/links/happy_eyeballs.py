"""One TCP connection to a server of several addresses: the first that can be made (RFC 8305).

A house whose IPv6 leads nowhere must not wait for it: where the first address has not connected
after a quarter of a second, the next one is tried beside it.
"""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import Callable, Sequence
from typing import Final

from sinkhole.model.socket_address import family_of, socket_address

NEXT_AFTER_S: Final = 0.25
"""RFC 8305 §5: the recommended delay between the starts of two attempts."""

MOST_ADDRESSES: Final = 8
"""Addresses tried for one connection; further ones have their turn when these failed."""


class ConnectionsFailed(Exception):
    """No address could be connected to: why, for each that was tried."""

    def __init__(self, reasons: dict[str, OSError]) -> None:
        super().__init__(str(reasons))
        self.reasons = reasons


async def connect_first(
    addresses: Sequence[str], port: int, failed: Callable[[str], None]
) -> tuple[socket.socket, str]:
    """A connected, non-blocking socket, and the address it goes to; the caller closes it.

    `failed` is told of each address as soon as it is known to be no good. Raises ConnectionsFailed
    when all are; there is no time limit here, and what is open is closed when it is cancelled.
    """
    race = _Race(list(dict.fromkeys(addresses))[:MOST_ADDRESSES], port, failed)
    race.start_next()
    try:
        return await race.won
    except asyncio.CancelledError:
        race.give_back()
        raise
    finally:
        race.end()


class _Race:
    """The attempts underway for one connection."""

    def __init__(self, addresses: list[str], port: int, failed: Callable[[str], None]) -> None:
        self._loop = asyncio.get_running_loop()
        self._waiting = addresses
        self._port = port
        self._failed = failed
        self._running: dict[str, socket.socket] = {}
        self._reasons: dict[str, OSError] = {}
        self._timer: asyncio.TimerHandle | None = None
        self.won: asyncio.Future[tuple[socket.socket, str]] = self._loop.create_future()

    def start_next(self) -> None:
        """Try the next address that can be tried at all; the one behind it a while later."""
        self._stop_timer()
        while self._waiting and not self.won.done():
            ip = self._waiting.pop(0)
            try:
                self._start(ip)
            except OSError as error:
                self._note(ip, error)
                continue
            if self._waiting:
                self._timer = self._loop.call_later(NEXT_AFTER_S, self.start_next)
            return
        if not self._running and not self.won.done():
            self.won.set_exception(ConnectionsFailed(self._reasons))

    def end(self) -> None:
        """Close what is open, but for what won."""
        self._stop_timer()
        for ip in list(self._running):
            self._take(ip).close()
        if not self.won.done():
            self.won.cancel()

    def give_back(self) -> None:
        """Close what won, as nobody waits for it any more."""
        if self.won.done() and not self.won.cancelled() and self.won.exception() is None:
            self.won.result()[0].close()

    def _start(self, ip: str) -> None:
        """Begin to connect; raises OSError where the kernel knows at once that it cannot be."""
        address = socket_address(ip, self._port)
        sock = socket.socket(family_of(ip), socket.SOCK_STREAM)
        try:
            sock.setblocking(False)
            # DNS messages are small, and none waits for the acknowledgement of another.
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            try:
                sock.connect(address)
            except BlockingIOError:
                self._loop.add_writer(sock, self._on_writable, ip)
            else:
                self._loop.call_soon(self._on_writable, ip)
        except OSError:
            sock.close()
            raise
        self._running[ip] = sock

    def _on_writable(self, ip: str) -> None:
        if ip not in self._running:
            return  # the race ended meanwhile
        sock = self._take(ip)
        code = sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
        if code == 0 and not self.won.done():
            self.won.set_result((sock, ip))
            return
        sock.close()
        self._note(ip, OSError(code, os.strerror(code)))
        self.start_next()

    def _take(self, ip: str) -> socket.socket:
        sock = self._running.pop(ip)
        self._loop.remove_writer(sock)
        return sock

    def _note(self, ip: str, error: OSError) -> None:
        self._reasons[ip] = error
        self._failed(ip)

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
