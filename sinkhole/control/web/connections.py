"""How many connections there may be at once, and how long each may take.

The library has no limit on either that holds on every version: a client that opens sockets, or
sends its headers a byte a minute, or never reads its response, would take descriptors from DNS.
So each connection is bounded by one deadline. It runs while the other side has to act (do its part
of a TLS handshake, send the whole head of a request, take the response) and stands still while a
handler works. While all places are taken, a connection that only waits for its client makes room
for a new one.
"""

from __future__ import annotations

import asyncio
import logging
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from ipaddress import IPv6Address, ip_address
from typing import Any, Final

from aiohttp import web

from sinkhole.control.web.responses import SAFE_HEADERS, error_response
from sinkhole.model.faults import Faults
from sinkhole.model.tasks import Tasks

log = logging.getLogger(__name__)

Tls = Callable[[], ssl.SSLContext | None]
"""The context for a connection that begins now; None while there is no certificate to show."""

_GOODBYE_S: Final = 1.0
"""How long the end of TLS may take: nobody waits for the other side's."""


class HttpConnection(web.RequestHandler):
    """One connection, closed when the other side keeps it waiting for `patience_s`.

    `body_since` is since when a handler waits for the rest of a request, on the loop's clock.
    `pointless` is the task that nobody needs any more once the other side is gone.
    """

    __slots__ = ("_deadline", "_on_end", "_patience_s", "_raw", "body_since", "pointless")

    def __init__(
        self,
        server: web.Server,
        patience_s: float,
        on_end: Callable[[HttpConnection], None],
        **options: Any,
    ) -> None:
        super().__init__(server, loop=asyncio.get_running_loop(), **options)
        self._patience_s = patience_s
        self._on_end = on_end
        self._deadline: asyncio.TimerHandle | None = None
        self._raw: asyncio.Transport | None = None  # what there is while TLS begins
        self.body_since: float | None = None
        self.pointless: asyncio.Task[Any] | None = None

    def begin_tls(self, transport: asyncio.Transport) -> None:
        """The connection is there, and its handshake begins."""
        transport.pause_reading()  # the first bytes are the handshake's
        self._raw = transport
        self.wait_for_peer()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin to wait for the first request."""
        self._raw = None
        super().connection_made(transport)
        self.wait_for_peer()

    def connection_lost(self, exc: BaseException | None) -> None:
        """Forget the deadline with the connection, and end what only the other side wanted."""
        self.stop_waiting()
        self._on_end(self)
        if self.pointless is not None:
            self.pointless.cancel()
        super().connection_lost(exc)

    def wait_for_peer(self) -> None:
        """From now on the other side has `patience_s` to take our response and ask again."""
        self.stop_waiting()
        self._deadline = self._loop.call_later(self._patience_s, self.give_up)

    def stop_waiting(self) -> None:
        """The other side has sent a request: the time it takes is now our own."""
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    @property
    def idle_since(self) -> float | None:
        """Since when it waits for a request or its body, on the loop's clock; None at work."""
        if self.body_since is not None:
            return self.body_since
        transport = self.transport or self._raw
        if self._deadline is None or transport is None:
            return None
        is_sending = self._raw is None and transport.get_write_buffer_size() > 0
        return None if is_sending else self._deadline.when() - self._patience_s

    def give_up(self) -> None:
        """Close the connection now, whatever the other side does."""
        # abort() and not close(): close() would wait for a client that does not read.
        transport = self.transport or self._raw
        if transport is not None:
            transport.abort()

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


@contextmanager
def while_connected(request: web.Request) -> Iterator[None]:
    """Cancel what this block does once the other side is gone: for what changes nothing."""
    connection, task = request.protocol, asyncio.current_task()
    assert isinstance(connection, HttpConnection) and task is not None  # as our servers make them
    connection.pointless = task
    if connection.transport is None:
        task.cancel()
    try:
        yield
    finally:
        connection.pointless = None


class ConnectionLimiter:
    """Makes the connections of one server: at most `most` at once, `most_per_client` of an address.

    At a bound the connection that has waited longest for its client is closed for the new one; the
    new one is told 503 where all are at work. Addresses of this machine may have as many as there
    are (a proxy stands for many), and the last `loopback_places` are for them alone, so that
    somebody who can log in here always gets through.
    """

    def __init__(
        self,
        server: web.Server,
        *,
        most: int,
        most_per_client: int,
        loopback_places: int,
        patience_s: float,
        tls: Tls | None = None,
        faults: Faults | None = None,
        **options: Any,
    ) -> None:
        self.refused = 0
        self._tls = tls
        self._handshakes = Tasks("handshakes", most, faults)
        self._open: dict[HttpConnection, str] = {}  # with the address of each client
        self._server = server
        self._most = most
        self._most_per_client = most_per_client
        self._most_from_afar = most - loopback_places
        self._patience_s = patience_s
        self._options = options

    def __call__(self) -> asyncio.Protocol:
        """The protocol for a connection that was just accepted, whose client is not known yet."""
        return _Arrival(lambda transport: self._admit(transport, self._tls))

    def plain(self) -> asyncio.Protocol:
        """The same for a connection whose TLS is somebody else's."""
        return _Arrival(lambda transport: self._admit(transport, None))

    def make_room(self) -> None:
        """Close the connection that has been idle longest, if one is: descriptors have run out."""
        self._evict(list(self._open))

    async def close(self) -> None:
        """End the handshakes that are underway."""
        await self._handshakes.close()

    def _admit(self, transport: asyncio.Transport, tls: Tls | None) -> None:
        context = tls() if tls is not None else None
        client = _client_of(transport)
        if not self._has_room(client):
            self.refused += 1
            if tls is None:
                transport.write(_FULL)
            transport.close()
            return
        connection = HttpConnection(self._server, self._patience_s, self._forget, **self._options)
        self._open[connection] = client
        if tls is None:
            transport.set_protocol(connection)
            connection.connection_made(transport)
        elif context is None:  # the certificate is gone: nothing can be said
            self._forget(connection)
            transport.abort()
        else:
            connection.begin_tls(transport)
            self._handshakes.start("one", self._shake(transport, connection, context))

    async def _shake(
        self, transport: asyncio.Transport, connection: HttpConnection, context: ssl.SSLContext
    ) -> None:
        loop = asyncio.get_running_loop()
        try:
            encrypted = await loop.start_tls(
                *(transport, connection, context),
                server_side=True,
                ssl_handshake_timeout=self._patience_s,
                ssl_shutdown_timeout=_GOODBYE_S,
            )
        except (OSError, TimeoutError) as error:  # of who speaks no TLS, or went away
            log.debug("no TLS with %s: %s", self._open.get(connection), error)
            encrypted = None
        if encrypted is None or connection not in self._open:
            connection.stop_waiting()
            self._forget(connection)
            transport.abort()
            return
        connection.connection_made(encrypted)

    def _forget(self, connection: HttpConnection) -> None:
        self._open.pop(connection, None)

    def _has_room(self, client: str) -> bool:
        if not _is_loopback(client):
            own = [each for each, address in self._open.items() if address == client]
            if len(own) >= self._most_per_client and not self._evict(own):
                return False
            afar = [each for each, address in self._open.items() if not _is_loopback(address)]
            if len(afar) >= self._most_from_afar and not self._evict(afar):
                return False
        return len(self._open) < self._most or self._evict(list(self._open))

    def _evict(self, candidates: list[HttpConnection]) -> bool:
        """Close the one that has been idle longest; False when none is."""
        idle = [(each.idle_since, each) for each in candidates if each.idle_since is not None]
        if not idle:
            return False
        _, longest = min(idle, key=lambda pair: pair[0])
        self._forget(longest)  # at once: the transport tells of its end only in its next turn
        longest.give_up()
        return True


def _client_of(transport: asyncio.Transport) -> str:
    """The client's address, "::1" for this machine when it comes from the address it calls.

    Of IPv6 it is the /64: one machine may have as many addresses of that as it likes.
    """
    peer, own = (
        str((transport.get_extra_info(name) or ("",))[0]) for name in ("peername", "sockname")
    )
    if peer == own:
        return "::1"
    if ":" not in peer or _is_loopback(peer):
        return peer
    address = IPv6Address(peer.partition("%")[0])
    return str(address.ipv4_mapped or IPv6Address(int(address) >> 64 << 64))


def _is_loopback(address: str) -> bool:
    try:
        found = ip_address(address)
    except ValueError:
        return False
    mapped = found.ipv4_mapped if isinstance(found, IPv6Address) else None
    return (mapped or found).is_loopback


_FULL = (
    b"HTTP/1.1 503 Service Unavailable\r\nServer: sinkhole\r\nRetry-After: 5\r\n"
    b"Content-Length: 0\r\nConnection: close\r\n\r\n"
)
"""For whoever comes when all connections are taken, without reading a byte of theirs."""


class _Arrival(asyncio.Protocol):
    """Stands until the connection is made, as only then it is known who the client is."""

    def __init__(self, admit: Callable[[asyncio.Transport], None]) -> None:
        self._admit = admit

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._admit(transport)
