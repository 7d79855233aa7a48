"""Drives a connection within the event loop: what happened is told, timers are kept, and what a
turn of the loop has to send leaves at its end."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from qh3.quic.events import QuicEvent

from sinkhole.dns.quic.connection import Connection, End


class Driver:
    """One connection, from its first datagram until it is over or `stop`.

    `send` takes a datagram. `happened` is told of every event; while it is None they wait. `over`
    is called once, when the connection has ended and its last datagram was sent.
    """

    def __init__(
        self,
        connection: Connection,
        send: Callable[[bytes], None],
        happened: Callable[[QuicEvent], None] | None,
        over: Callable[[End], None],
    ) -> None:
        self.connection = connection
        self.happened = happened
        self.is_stopped = False
        self._send = send
        self._over = over
        self._loop = asyncio.get_running_loop()
        self._timer: asyncio.TimerHandle | None = None
        self._flushing: asyncio.Handle | None = None

    def receive(self, datagrams: list[bytes], address: tuple[str, int]) -> None:
        """Take what arrived from the address, and all that follows from it."""
        if not self.is_stopped:
            self.connection.receive(datagrams, address, self._loop.time())
            self.settle()

    def flush_soon(self) -> None:
        """Send what is to be sent at the end of this turn of the loop."""
        if self._flushing is None and not self.is_stopped:
            self._flushing = self._loop.call_soon(self._flush)

    def settle(self) -> None:
        """Tell what has happened, send what that makes necessary, and see to the timer."""
        if self.happened is not None:
            for event in self.connection.events():
                self.happened(event)
                if self.happened is None or self.is_stopped:
                    break
        if self.is_stopped:
            return
        self.send_all()
        if self.connection.end is not None:
            self.stop()
            self._over(self.connection.end)
        elif not self.is_stopped:
            self._see_to_timer()

    def send_all(self) -> None:
        """Send what there is now."""
        for datagram in self.connection.datagrams(self._loop.time()):
            self._send(datagram)

    def stop(self) -> None:
        """Nothing is told or sent any more."""
        self.is_stopped = True
        for handle in (self._timer, self._flushing):
            if handle is not None:
                handle.cancel()
        self._timer = self._flushing = None

    def _flush(self) -> None:
        self._flushing = None
        self.settle()

    def _see_to_timer(self) -> None:
        """Have `_expired` called in time. A timer that is too early does no harm: looking again is
        cheaper than setting it anew for each datagram."""
        due = self.connection.timer
        if self._timer is not None:
            if due is None or self._timer.when() <= due:
                return
            self._timer.cancel()
        self._timer = None if due is None else self._loop.call_at(due, self._expired)

    def _expired(self) -> None:
        self._timer = None
        now = self._loop.time()
        due = self.connection.timer
        if due is not None and due <= now:
            self.connection.expire(now)
        self.settle()
