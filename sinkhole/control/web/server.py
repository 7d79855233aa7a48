"""Starting and stopping the web server on a host and port."""

from __future__ import annotations

import asyncio
import socket
from typing import Final

from aiohttp import web

from sinkhole.control.settings import Endpoint
from sinkhole.control.web.connections import Tls
from sinkhole.control.web.serving import PATIENCE_S, Room, Serving
from sinkhole.model.acceptor import Acceptor
from sinkhole.model.errors import SettingsError
from sinkhole.model.faults import Faults
from sinkhole.model.shared_port import share_port, shared_port
from sinkhole.model.socket_address import family_of, socket_address

MOST_CONNECTIONS = 32
"""A browser opens up to six, so this serves a handful of open pages and a scraper."""
MOST_PER_CLIENT = 8
"""Of one address, but for this machine's own: one browser, and something beside it."""
LOOPBACK_PLACES = 4
"""Of all places, how many only this machine itself may take: for commands and health checks."""
BACKLOG: Final = 100


class WebServer:
    """An application served at `host` and `port`; port 0 takes any free one.

    With `tls` by HTTPS only: it is asked at each connection, so that another certificate counts
    from the next one on. `faults` are told of bugs in taking connections.
    """

    def __init__(
        self,
        app: web.Application,
        host: str,
        port: int,
        *,
        most_connections: int = MOST_CONNECTIONS,
        most_per_client: int = MOST_PER_CLIENT,
        patience_s: float = PATIENCE_S,
        tls: Tls | None = None,
        faults: Faults | None = None,
    ) -> None:
        self.place = host, port
        """As the settings have it."""
        self.host = host
        self.port = port
        """The port of the settings; after `start` the one that is really used."""
        self.is_https = tls is not None
        half = most_connections // 2
        room = Room(
            most_connections, min(most_per_client, max(1, half)), min(LOOPBACK_PLACES, half)
        )
        self._serving = Serving(app, room, patience_s=patience_s, tls=tls, faults=faults)

    @property
    def url(self) -> str:
        """The page's address, as to be typed into a browser on this machine."""
        scheme = "https" if self.is_https else "http"
        return f"{scheme}://{Endpoint(self.host, self.port).reachable.in_url}"

    @property
    def acceptor(self) -> Acceptor | None:
        """What takes connections; None while it does not listen."""
        return self._serving.acceptor

    async def start(self, before: WebServer | None = None) -> None:
        """Listen. Raises SettingsError when the address can not be had; nothing then runs, and it
        may be called again. One that listened there `before`, and is to stop, is not in the way."""
        acceptor = before.acceptor if before is not None else None
        if before is not None and acceptor is not None and before.place == self.place:
            sock = acceptor.share()
        elif before is not None and acceptor is not None and before.port == self.port:
            sock = self._bind_beside(acceptor.share())
        else:
            sock = _bind(self.host, self.port)
        await self._serving.begin(sock)
        self.port = sock.getsockname()[1]

    def _bind_beside(self, leaving: socket.socket) -> socket.socket:
        """A socket of another address, such as all of this machine, on the port of one of ours that
        is about to close."""
        with leaving, shared_port([leaving]):
            return _bind(self.host, self.port, is_shared=True)

    def protocol(self) -> asyncio.Protocol | None:
        """What serves one connection that somebody else has taken, as of a port for HTTPS; None
        while the page is nowhere."""
        return self._serving.protocol()

    async def stop(self) -> None:
        """Stop listening, give running requests a moment, then close what is left."""
        await self._serving.end()


def try_listening(host: str, port: int) -> None:
    """See whether a page could listen there; SettingsError as of `WebServer.start`."""
    _bind(host, port).close()


def _bind(host: str, port: int, *, is_shared: bool = False) -> socket.socket:
    sock = None
    try:
        sock = socket.socket(family_of(host))
        sock.setblocking(False)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if sock.family == socket.AF_INET6:
            sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        share_port(sock, is_shared=is_shared)
        sock.bind(socket_address(host, port))
        sock.listen(BACKLOG)
        share_port(sock, is_shared=False)
    except OSError as error:
        if sock is not None:
            sock.close()
        raise SettingsError([_why_not(host, port, error)]) from error
    return sock


def _why_not(host: str, port: int, error: OSError) -> str:
    where = f"{host} port {port}"
    return f"web.listen: can not listen on {where}: {error.strerror}; choose another address"
