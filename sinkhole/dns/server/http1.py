"""DNS over HTTP/1.1: requests of a connection one behind the other, answered in their order.

Pipelined requests are answered concurrently, but as HTTP/1.1 has it a response waits for those
before it (RFC 9112 §9.3.2).
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from functools import partial
from typing import Final

from sinkhole.dns.http.http1 import Head, body_size, read_head, render
from sinkhole.dns.http.request import NO_SUCH_PATH, QUERY_SIZE, Asked, Refusal
from sinkhole.dns.http.response import Response
from sinkhole.dns.server.doh import (
    BUSY_IDLE_S,
    IDLE_S,
    MAX_REQUESTS,
    REQUEST_S,
    WRITE_BUFFER,
    Doh,
)

MOST_PIPELINED: Final = 16
"""Requests of one connection that wait for their responses; reading pauses beyond it."""


class _Exchange:
    """A request, and its response once it is there; `closes` ends the connection behind it."""

    __slots__ = ("closes", "response")

    def __init__(self, *, closes: bool) -> None:
        self.closes = closes
        self.response: Response | None = None


class Http1Requests(asyncio.Protocol):
    """One HTTP/1.1 connection of a client, behind TLS; it holds a place of the Door.

    At the first request for something else than DNS it becomes the page's, if there is one. That of
    a proxy only for this request: the next one may be DNS, or of somebody who may not see the page.
    """

    def __init__(self, doh: Doh) -> None:
        self.channel = doh.channel
        self.client = doh.door.client_at(doh.packed, doh.channel)
        self._doh = doh
        self._buffer = bytearray()
        self._exchanges: deque[_Exchange] = deque()
        self._requests = 0
        self._used = time.monotonic()
        self._began: float | None = None
        self._is_last = False
        self._is_reading = False

    # ---- the connection's life, called by the transport --------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take a place among the connections, or close at once."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        transport.set_write_buffer_limits(high=WRITE_BUFFER)
        if not self._doh.door.admit(self):
            transport.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        """Give the place back."""
        self._doh.door.leave(self)

    def eof_received(self) -> bool:
        """The client sends no more; it may still wait for responses."""
        self._is_last = True
        return not self.is_idle

    def pause_writing(self) -> None:
        """The client does not read its responses: cut it off."""
        self._transport.abort()

    def data_received(self, data: bytes) -> None:
        """Answer every whole request; the rest waits for more bytes."""
        self._buffer += data
        self._read()

    # ---- requests ----------------------------------------------------------------------------

    def _read(self) -> None:
        arrived = time.monotonic()
        self._is_reading = True
        while self._buffer and not self._is_last and not self._transport.is_closing():
            if len(self._exchanges) >= MOST_PIPELINED and not self._send():
                self._transport.pause_reading()  # what is not read here waits at the client
                break
            if not self._take(arrived):
                break
            self._began = None
        if self._buffer and self._began is None:
            self._began = arrived
        self._is_reading = False
        self._send()
        self._doh.close_batch(arrived)

    def _take(self, arrived: float) -> bool:
        """Take one request from the buffer; False where it has to wait."""
        head = read_head(self._buffer)
        if head is None:
            return False
        if isinstance(head, Refusal):
            self._begin(closes=True).response = self._doh.refuse(head)
            return True
        asked = self._doh.begin(head.method, head.target, head.value(b"content-type"))
        is_for_page = asked is NO_SUCH_PATH and self._doh.service.page is not None
        if is_for_page and self._doh.may_see_page(head.headers, arrived):
            return self._hand_over()
        size = body_size(head, QUERY_SIZE)
        if isinstance(size, Refusal):
            self._refuse(size if isinstance(asked, Asked) else asked, head, closes=True)
            return True
        if len(self._buffer) < head.size + size:
            return False
        body = bytes(self._buffer[head.size : head.size + size])
        del self._buffer[: head.size + size]
        self._count(arrived)
        closes = head.closes or self._requests >= MAX_REQUESTS
        if isinstance(asked, Refusal):
            self._refuse(asked, head, closes=closes)
        else:
            self._answer(asked, body, head, arrived, closes=closes)
        return True

    def _count(self, arrived: float) -> None:
        self._used = arrived
        self._requests += 1
        self._doh.door.touched(self)

    def _answer(
        self, asked: Asked, body: bytes, head: Head, arrived: float, *, closes: bool
    ) -> None:
        exchange = self._begin(closes=closes)
        respond = partial(self._answered, exchange)
        self._doh.answer(asked, body, head.headers, arrived, respond)

    def _refuse(self, refused: Refusal, head: Head, *, closes: bool) -> None:
        self._begin(closes=closes).response = self._doh.refuse(refused, head.method)

    def _begin(self, *, closes: bool) -> _Exchange:
        exchange = _Exchange(closes=closes)
        self._exchanges.append(exchange)
        self._is_last = closes
        return exchange

    def _hand_over(self) -> bool:
        """Let the page have the connection, once what is before this request is answered."""
        page = self._doh.service.page
        self._send()
        if self._exchanges or page is None:
            return False
        self._doh.door.leave(self)
        protocol = page()
        self._transport.set_protocol(protocol)
        protocol.connection_made(self._transport)
        data, self._buffer = bytes(self._buffer), bytearray()
        # It may have put another one in its place by now.
        speaking = self._transport.get_protocol()
        assert isinstance(speaking, asyncio.Protocol)
        speaking.data_received(_alone(data) if self._doh.is_proxied else data)
        return False

    # ---- responses ---------------------------------------------------------------------------

    def _answered(self, exchange: _Exchange, response: Response) -> None:
        """Take a response; it comes within `_read`, or later when an upstream was asked."""
        exchange.response = response
        if self._is_reading or self._transport.is_closing():
            return
        self._used = time.monotonic()
        self._send()
        if not self._transport.is_closing():
            self._transport.resume_reading()
            self._read()

    def _send(self) -> bool:
        """Send the responses whose turn it is, if any, and close behind the last one."""
        if self._transport.is_closing():
            return False
        ready = []
        while self._exchanges and (response := self._exchanges[0].response) is not None:
            exchange = self._exchanges.popleft()
            ready.append(render(response, closes=exchange.closes))
        if ready:
            self._transport.write(b"".join(ready))
        if self._is_last and not self._exchanges:
            self._transport.close()
        return bool(ready)

    # ---- a holder of a place -----------------------------------------------------------------

    @property
    def is_idle(self) -> bool:
        """Whether nobody would miss an answer if it were closed now."""
        return not self._exchanges

    def is_overdue(self, now: float, *, busy: bool) -> bool:
        """Whether it has been idle, or busy with one incoming request, for too long."""
        if not self.is_idle:
            return False
        if self._began is not None and now - self._began > REQUEST_S:
            return True
        return now - self._used > (BUSY_IDLE_S if busy else IDLE_S)

    def close(self) -> None:
        """Close; responses that the kernel has taken are still sent."""
        if self._transport.get_write_buffer_size():
            self._transport.abort()
        else:
            self._transport.close()


def _alone(request: bytes) -> bytes:
    """A request that is told to be the last of its connection."""
    line, _, rest = request.partition(b"\r\n")
    return line + b"\r\nConnection: close\r\n" + rest
