"""DNS over TCP and over TLS: messages with their length in front (RFC 7766, RFC 7858).

Questions are sent as they come and answered in any order, told apart by their ids. What is asked in
one turn of the event loop leaves as one write, and so as one TLS record.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import partial
from typing import Final

from sinkhole.dns.upstream.entropy import Entropy
from sinkhole.dns.upstream.links.connect import Connector
from sinkhole.dns.upstream.links.session import Asking, OpenSession, Session, SessionEvents
from sinkhole.dns.wire.query import render_query
from sinkhole.model.errors import UpstreamError

MOST_AT_ONCE: Final = 1000
"""Questions underway on one connection, with those that were given up and not answered yet."""

MOST_STRAYS: Final = 100
"""Messages that answer nothing that was asked; then the connection is closed."""


def stream_sessions(connector: Connector, *, padded: bool) -> OpenSession:
    """Makes sessions of the connector's connections; `padded` is for TLS (RFC 8467)."""
    draw = Entropy().draw

    async def open_session(events: SessionEvents, deadline: float) -> Session:
        make = partial(StreamSession, events, draw, padded=padded)
        _, session = await connector.open(make, deadline)
        if session.room == 0:
            raise UpstreamError("", "closed the connection at once")
        session.address = connector.facts.address if connector.facts else ""
        return session

    return open_session


class StreamSession(asyncio.Protocol):
    """One TCP or TLS connection. `draw` gives random bytes, of which ids are made.

    The id of a question that was cancelled is not used again before it was answered, as its answer
    would be taken for that of another.
    """

    def __init__(
        self, events: SessionEvents, draw: Callable[[int], bytes], *, padded: bool
    ) -> None:
        self.room = MOST_AT_ONCE
        self.address = ""
        self._events = events
        self._draw = draw
        self._padded = padded
        self._transport: asyncio.Transport | None = None
        self._asked: dict[int, Asking | None] = {}  # None: cancelled, and not answered yet
        self._out: list[bytes] = []
        self._in = bytearray()
        self._wanted = 0
        self._strays = 0
        self._paused = False
        self._over = False

    # -- what the link does --------------------------------------------------------------------

    def send(self, asking: Asking) -> None:
        """Ask, at the end of this turn of the loop. Cost: 3 µs, and TLS for all of the turn."""
        asked = self._asked
        key = int.from_bytes(self._draw(2), "big")
        while key in asked:
            key = int.from_bytes(self._draw(2), "big")
        asked[key] = asking
        asking.key = key
        self.room -= 1
        query = render_query(asking.question, key, edns=asking.edns, padded=self._padded)
        if not self._out:
            asyncio.get_running_loop().call_soon(self._flush)
        self._out += (len(query).to_bytes(2, "big"), query)

    def cancel(self, asking: Asking) -> None:
        """Forget a question; its answer will be no stray."""
        self._asked[asking.key] = None

    def close(self) -> None:
        """Close the connection at once."""
        self._end()

    def _flush(self) -> None:
        out, self._out = self._out, []
        if self._transport is not None and not self._over:
            self._transport.write(b"".join(out))

    # -- what comes of it ----------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Called by asyncio, or by who let the connection through."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        """Take the messages out of what arrived; what is incomplete waits for its rest."""
        if self._in:
            self._in += data
            if len(self._in) < self._wanted:
                return
            data = bytes(self._in)
            self._in.clear()
        start, size = 0, len(data)
        while size - start >= 2:
            end = start + 2 + (data[start] << 8 | data[start + 1])
            if end > size:
                break
            self._on_message(data[start + 2 : end])
            if self._over:
                return
            start = end
        if start < size:
            self._in += data[start:]
            wanted = int.from_bytes(data[start : start + 2], "big") if size - start > 1 else 0
            self._wanted = 2 + wanted

    def _on_message(self, wire: bytes) -> None:
        key = int.from_bytes(wire[:2], "big")
        if key not in self._asked or len(wire) < 2:
            self._on_stray()
            return
        asking = self._asked.pop(key)
        if not self._paused:
            self.room += 1
        if asking is None:
            self._events.heard(self)
        else:
            self._events.answered(asking, wire)
        if self.room == 1:
            self._events.has_room(self)

    def _on_stray(self) -> None:
        self._strays += 1
        self._events.heard(self, stray=True)
        if self._strays >= MOST_STRAYS:
            self._end("answered questions that were not asked")

    def pause_writing(self) -> None:
        """The server does not take what is sent: nothing more is, until it does."""
        self._paused = True
        self.room = 0

    def resume_writing(self) -> None:
        """It takes it again."""
        self._paused = False
        if not self._over:
            self.room = MOST_AT_ONCE - len(self._asked)
            if self.room:
                self._events.has_room(self)

    def connection_lost(self, error: Exception | None) -> None:
        """The connection is gone, for whatever reason."""
        said = getattr(error, "strerror", None) or type(error).__name__
        self._end(f"broke the connection ({said})" if error else "closed the connection")

    def _end(self, what: str = "") -> None:
        """Once: close, and tell the link unless it was its own wish."""
        if self._over:
            return
        self._over = True
        self.room = 0
        if self._transport is not None:
            self._transport.abort()
        if what:
            self._events.ended(self, what)
