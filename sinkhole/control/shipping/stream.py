"""A connection in which queries are sent one behind the other.

What was given to the kernel before a connection broke may have arrived or not: up to one call's
worth is counted as lost then. Before anything is sent it is looked whether the other side has
closed, so that one that goes and comes back misses nothing by that.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Sequence

from sinkhole.control.settings.targets import Target
from sinkhole.control.shipping.carrier import NotSentError, reason_of
from sinkhole.control.shipping.sockets import PATIENCE_S, connect, has_left
from sinkhole.model.errors import WireError


class Stream:
    """To one target; `_greet` and `_part` are what a protocol says around the items."""

    def __init__(self, target: Target) -> None:
        self._target = target
        self._socket: socket.socket | None = None

    async def send(self, items: Sequence[bytes]) -> None:
        """Send all of these."""
        lost = 0
        try:
            sock = await self._opened()
            lost = len(items)
            async with asyncio.timeout(PATIENCE_S):
                await asyncio.get_running_loop().sock_sendall(sock, b"".join(items))
        except (OSError, WireError) as error:
            self._drop()
            reason = str(error) if isinstance(error, WireError) else reason_of(error)
            raise NotSentError(reason, lost=lost) from error

    async def close(self) -> None:
        """Take leave, and close the connection."""
        sock, self._socket = self._socket, None
        if sock is None:
            return
        try:
            async with asyncio.timeout(PATIENCE_S):
                await self._part(sock)
        except (OSError, WireError):
            return  # it is over in any case
        finally:
            sock.close()

    async def _opened(self) -> socket.socket:
        if self._socket is not None and has_left(self._socket):
            self._drop()
        if self._socket is None:
            sock = await connect(self._target, socket.SOCK_STREAM)
            try:
                async with asyncio.timeout(PATIENCE_S):
                    await self._greet(sock)
            except BaseException:
                sock.close()
                raise
            self._socket = sock
        return self._socket

    def _drop(self) -> None:
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    async def _greet(self, sock: socket.socket) -> None:
        """What is said first."""

    async def _part(self, sock: socket.socket) -> None:
        """What is said last."""
