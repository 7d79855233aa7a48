"""Starting and stopping the web server on a host and port."""

from __future__ import annotations

import asyncio
import socket
from typing import Final

from aiohttp import web

from sinkhole.control.settings import Endpoint
from sinkhole.control.web.connections import ConnectionLimiter
from sinkhole.model.acceptor import Acceptor
from sinkhole.model.errors import SettingsError
from sinkhole.model.faults import Faults
from sinkhole.model.socket_address import family_of, socket_address

MOST_CONNECTIONS = 32
"""A browser opens up to six, so this serves a handful of open pages and a scraper."""
MOST_PER_CLIENT = 8
"""Of one address, but for this machine's own: one browser, and something beside it."""
LOOPBACK_PLACES = 4
"""Of all places, how many only this machine itself may take: for commands and health checks."""
PATIENCE_S = 10.0
"""How long a client may take over a request's head, or over reading its response."""
STOP_S = 1.5
"""How long requests that are being answered may go on when the server stops."""
BACKLOG: Final = 100


class WebServer:
    """An application served at `host` and `port`; port 0 takes any free one. `faults` are told of
    bugs in taking connections."""

    def __init__(
        self,
        app: web.Application,
        host: str,
        port: int,
        *,
        most_connections: int = MOST_CONNECTIONS,
        most_per_client: int = MOST_PER_CLIENT,
        patience_s: float = PATIENCE_S,
        faults: Faults | None = None,
    ) -> None:
        self._faults = faults
        self.place = host, port
        """As the settings have it."""
        self.host = host
        self.port = port
        """The port of the settings; after `start` the one that is really used."""
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=STOP_S)
        self._most_connections = most_connections
        self._most_per_client = min(most_per_client, max(1, most_connections // 2))
        self._patience_s = patience_s
        self.acceptor: Acceptor | None = None
        """What takes connections; None while it does not listen."""
        self._limiter: ConnectionLimiter | None = None

    @property
    def url(self) -> str:
        """The page's address, as to be typed into a browser on this machine."""
        return f"http://{Endpoint(self.host, self.port).reachable.in_url}"

    async def start(self, before: WebServer | None = None) -> None:
        """Listen. Raises SettingsError when the address can not be had; nothing then runs, and it
        may be called again. One that listened there `before`, and is to stop, is not in the way."""
        if before is not None and before.acceptor is not None and before.place == self.place:
            sock = before.acceptor.share()
        else:
            sock = _bind(self.host, self.port)
        try:
            await self._runner.setup()
        except BaseException:
            sock.close()
            raise
        assert self._runner.server is not None
        self._limiter = limiter = ConnectionLimiter(
            self._runner.server,
            most=self._most_connections,
            most_per_client=self._most_per_client,
            loopback_places=min(LOOPBACK_PLACES, self._most_connections // 2),
            patience_s=self._patience_s,
            access_log=None,
            lingering_time=1.0,
            max_line_size=8190,
            max_field_size=8190,
            max_headers=64,
            # Nothing we accept is compressed, and unpacking would get round the body limit.
            auto_decompress=False,
        )
        self.port = sock.getsockname()[1]
        self.acceptor = Acceptor(sock, limiter, limiter.make_room, self._faults)

    def protocol(self) -> asyncio.Protocol | None:
        """What serves one connection that somebody else has taken, as of a port for HTTPS; None
        while the page is nowhere."""
        return self._limiter() if self._limiter is not None else None

    async def stop(self) -> None:
        """Stop listening, give running requests `STOP_S`, then close what is left."""
        if self.acceptor is not None:
            await self.acceptor.close()
            self.acceptor = self._limiter = None
        await self._runner.cleanup()


def _bind(host: str, port: int) -> socket.socket:
    sock = None
    try:
        sock = socket.socket(family_of(host))
        sock.setblocking(False)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if sock.family == socket.AF_INET6:
            sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        sock.bind(socket_address(host, port))
        sock.listen(BACKLOG)
    except OSError as error:
        if sock is not None:
            sock.close()
        raise SettingsError([_why_not(host, port, error)]) from error
    return sock


def _why_not(host: str, port: int, error: OSError) -> str:
    where = f"{host} port {port}"
    return f"web.listen: can not listen on {where}: {error.strerror}; choose another address"
