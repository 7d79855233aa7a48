"""How many connections there may be at once, and how long each may take.

The library has no limit on either that holds on every version: a client that opens sockets, or
sends its headers a byte a minute, or never reads its response, would take descriptors from DNS.
So each connection is bounded by one deadline. It runs while the other side has to act (send the
whole head of a request, take the response) and stands still while a handler works.
"""

from __future__ import annotations

import asyncio
import logging
from typing import Any

from aiohttp import web

from sinkhole.control.web.responses import SAFE_HEADERS, error_response

log = logging.getLogger(__name__)


class HttpConnection(web.RequestHandler):
    """One connection, closed when the other side keeps it waiting for `patience_s`."""

    __slots__ = ("_deadline", "_patience_s")

    def __init__(self, server: web.Server, patience_s: float, **options: Any) -> None:
        super().__init__(server, loop=asyncio.get_running_loop(), **options)
        self._patience_s = patience_s
        self._deadline: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin to wait for the first request."""
        super().connection_made(transport)
        self.wait_for_peer()

    def connection_lost(self, exc: BaseException | None) -> None:
        """Forget the deadline with the connection."""
        self.stop_waiting()
        super().connection_lost(exc)

    def wait_for_peer(self) -> None:
        """From now on the other side has `patience_s` to take our response and ask again."""
        self.stop_waiting()
        self._deadline = self._loop.call_later(self._patience_s, self._give_up)

    def stop_waiting(self) -> None:
        """The other side has sent a request: the time it takes is now our own."""
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _give_up(self) -> None:
        # abort() and not close(): close() would wait for a client that does not read.
        if self.transport is not None:
            self.transport.abort()

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,
    ) -> web.StreamResponse:
        """Answer what never reached a handler, mostly bytes that are not HTTP."""
        if status >= 500:
            super().handle_error(request, status, exc, message)  # logs it
            text = "something went wrong; the server's log says what"
        else:
            log.debug("not HTTP from %s: %s", request.remote, message)
            text = "this is not a valid HTTP request"
        response = error_response(status, text)
        response.headers.update(SAFE_HEADERS)
        response.force_close()
        return response


class ConnectionLimiter:
    """Makes the connections of one server: at most `most` at once, the rest are told 503."""

    def __init__(self, server: web.Server, most: int, patience_s: float, **options: Any) -> None:
        self.refused = 0
        self._server = server
        self._most = most
        self._patience_s = patience_s
        self._options = options

    def __call__(self) -> asyncio.Protocol:
        """The protocol for a connection that was just accepted."""
        if len(self._server.connections) < self._most:
            return HttpConnection(self._server, self._patience_s, **self._options)
        self.refused += 1
        return _Full()


class _Full(asyncio.Protocol):
    """Says 503 to whoever comes when all connections are taken, without reading a byte."""

    _RESPONSE = (
        b"HTTP/1.1 503 Service Unavailable\r\nServer: sinkhole\r\nRetry-After: 5\r\n"
        b"Content-Length: 0\r\nConnection: close\r\n\r\n"
    )

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.WriteTransport)
        transport.write(self._RESPONSE)
        transport.close()
