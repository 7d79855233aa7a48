"""A connection that was just accepted: whose it is, before anything else is made of it.

Who may not ask is not answered at all, but closed at once, and nothing is read from him. A proxy
that the settings trust says whose connection it is (`proxy_protocol`), and is waited for.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Final

from sinkhole.dns.clients.clients import Client
from sinkhole.dns.pipeline.channel import HTTPS, Channel
from sinkhole.dns.server.door import Door, packed_address
from sinkhole.dns.server.handshakes import HANDSHAKE_S
from sinkhole.dns.server.proxy_protocol import ProxyHeader, read_proxy_header
from sinkhole.model.errors import WireError

_TLS_HANDSHAKE: Final = b"\x16"
"""What every connection of TLS begins with, and no PROXY header (RFC 8446 §5.1)."""


class Arrival(asyncio.Protocol):
    """Finds out whose connection it is, and hands it over to what `make` makes for his address."""

    client: Client

    def __init__(
        self,
        door: Door,
        channel: Channel,
        make: Callable[[bytes], asyncio.Protocol],
        noted: Callable[[asyncio.Transport], None] | None = None,
    ) -> None:
        """`noted` is told of the connection, if it is one."""
        self._noted = noted
        self.channel = channel
        self._door = door
        self._make = make
        self._began = time.monotonic()
        self._header = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Hand over at once; wait for the header of a proxy; or close."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        peer = transport.get_extra_info("peername")
        if peer is None:  # gone before it was accepted
            transport.abort()
            return
        if self._noted is not None:
            self._noted(transport)
        packed = packed_address(peer)
        with self._door.guarding(transport):
            if not self._door.is_proxy(packed):
                self._hand_over(packed)
                return
            self.client = self._door.client_at(packed, self.channel)
            if not self._door.handshakes.places.admit(self):
                transport.abort()

    def data_received(self, data: bytes) -> None:
        """Read the header of a proxy; what is none ends the connection."""
        self._header += data
        try:
            header = read_proxy_header(self._header)
        except WireError:
            if not self._tells_later():
                self.close()
                return
            header = ProxyHeader(None, 0)
        if header is None:
            return
        with self._door.guarding(self._transport):
            self._door.handshakes.places.leave(self)
            self._hand_over(header.source or self.client.packed, self._header[header.size :])

    def _tells_later(self) -> bool:
        """Whether it is a proxy that speaks HTTP itself: each request says whose it is then."""
        return self.channel == HTTPS and self._header[:1] == _TLS_HANDSHAKE

    def connection_lost(self, exc: Exception | None) -> None:
        """Give the place back; nobody is missed."""
        self._door.handshakes.places.leave(self)

    def _hand_over(self, packed: bytes, data: bytes = b"") -> None:
        """Let another protocol have it, with what came already; not for who may not ask."""
        client = self._door.client_at(packed, self.channel)
        if not self._door.lets_in(client, self.channel, self._began):
            self._transport.abort()
            return
        protocol = self._make(packed)
        self._transport.set_protocol(protocol)
        protocol.connection_made(self._transport)
        if data and not self._transport.is_closing():
            protocol.data_received(data)

    # ---- a holder of a place among the handshakes --------------------------------------------

    @property
    def is_idle(self) -> bool:
        """Nobody waits for an answer yet."""
        return True

    def is_overdue(self, now: float, *, busy: bool) -> bool:
        """Whether the header takes too long."""
        return now - self._began > HANDSHAKE_S

    def close(self) -> None:
        """Give it up."""
        self._door.handshakes.failed += 1
        self._transport.abort()
