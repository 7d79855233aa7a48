"""An application on a socket that listens: what a port and a socket in a folder have in common."""

from __future__ import annotations

import asyncio
import socket
from typing import Final, NamedTuple

from aiohttp import web

from sinkhole.control.web.connections import ConnectionLimiter, Tls
from sinkhole.model.acceptor import Acceptor
from sinkhole.model.faults import Faults

PATIENCE_S: Final = 10.0
"""How long a client may take over a handshake, over a request's head, or over reading its
response."""
STOP_S: Final = 1.5
"""How long requests that are being answered may go on when the server stops."""


class Room(NamedTuple):
    """How many connections there may be, how many of one address, and how many places of them all
    are for this machine alone."""

    most: int
    most_per_client: int
    loopback_places: int = 0


class Serving:
    """One application, from `begin` to `end`; it may begin again. `faults` are told of bugs."""

    def __init__(
        self,
        app: web.Application,
        room: Room,
        *,
        patience_s: float,
        tls: Tls | None = None,
        faults: Faults | None = None,
    ) -> None:
        self.acceptor: Acceptor | None = None
        """What takes connections; None while nothing does."""
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=STOP_S)
        self._room = room
        self._patience_s = patience_s
        self._tls = tls
        self._faults = faults
        self._limiter: ConnectionLimiter | None = None

    async def begin(self, sock: socket.socket) -> None:
        """Serve on a socket that listens, and is ours to close from now on."""
        try:
            await self._runner.setup()
        except BaseException:
            sock.close()
            raise
        assert self._runner.server is not None
        self._limiter = limiter = ConnectionLimiter(
            self._runner.server,
            **self._room._asdict(),
            patience_s=self._patience_s,
            tls=self._tls,
            faults=self._faults,
            access_log=None,
            lingering_time=1.0,
            max_line_size=8190,
            max_field_size=8190,
            max_headers=64,
            # Nothing we accept is compressed, and unpacking would get round the body limit.
            auto_decompress=False,
        )
        self.acceptor = Acceptor(sock, limiter, limiter.make_room, self._faults)

    def protocol(self) -> asyncio.Protocol | None:
        """What serves one connection that somebody else has taken, TLS done; None while nothing is
        served."""
        return self._limiter.plain() if self._limiter is not None else None

    async def end(self) -> None:
        """Take no more connections, give running requests `STOP_S`, then close what is left."""
        if self.acceptor is not None:
            await self.acceptor.close()
            self.acceptor = None
        if self._limiter is not None:
            await self._limiter.close()
            self._limiter = None
        await self._runner.cleanup()
