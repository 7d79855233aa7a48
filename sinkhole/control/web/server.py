"""Starting and stopping the web server on a host and port."""

from __future__ import annotations

import asyncio
import os

from aiohttp import web

from sinkhole.control.settings import Endpoint
from sinkhole.control.web.connections import ConnectionLimiter
from sinkhole.model.errors import SettingsError
from sinkhole.model.socket_address import socket_address

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


class WebServer:
    """An application served at `host` and `port`; port 0 takes any free one."""

    def __init__(
        self,
        app: web.Application,
        host: str,
        port: int,
        *,
        most_connections: int = MOST_CONNECTIONS,
        most_per_client: int = MOST_PER_CLIENT,
        patience_s: float = PATIENCE_S,
    ) -> None:
        self.host = host
        self.port = port
        """The port of the settings; after `start` the one that is really used."""
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=STOP_S)
        self._most_connections = most_connections
        self._most_per_client = most_per_client
        self._patience_s = patience_s
        self._listener: asyncio.Server | None = None

    @property
    def url(self) -> str:
        """The page's address, as to be typed into a browser on this machine."""
        return f"http://{Endpoint(self.host, self.port).reachable.in_url}"

    async def start(self) -> None:
        """Listen. Raises SettingsError when the address can not be had; nothing then runs."""
        try:
            socket_address(self.host, self.port)
        except OSError as error:
            raise SettingsError([f"web.listen: {error.strerror}"]) from error
        await self._runner.setup()
        assert self._runner.server is not None
        limiter = ConnectionLimiter(
            self._runner.server,
            most=self._most_connections,
            most_per_client=self._most_per_client,
            loopback_places=LOOPBACK_PLACES,
            patience_s=self._patience_s,
            access_log=None,
            lingering_time=1.0,
            max_line_size=8190,
            max_field_size=8190,
            max_headers=64,
            # Nothing we accept is compressed, and unpacking would get round the body limit.
            auto_decompress=False,
        )
        loop = asyncio.get_running_loop()
        try:
            self._listener = await loop.create_server(limiter, self.host, self.port)
        except OSError as error:
            await self._runner.cleanup()
            raise SettingsError([_why_not(self.host, self.port, error)]) from error
        self.port = self._listener.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        """Stop listening, give running requests `STOP_S`, then close what is left."""
        if self._listener is not None:
            self._listener.close()
            self._listener = None
        await self._runner.cleanup()


def _why_not(host: str, port: int, error: OSError) -> str:
    # asyncio writes the address into `strerror`, so that the plain words are to be had here only.
    reason = os.strerror(error.errno) if error.errno and error.errno > 0 else str(error)
    return f"web.listen: can not listen on {host} port {port}: {reason}; choose another address"
