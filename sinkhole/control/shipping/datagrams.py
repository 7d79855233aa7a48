"""One datagram for each query, over UDP or to a socket of this machine."""

from __future__ import annotations

import asyncio
import errno
import socket
from collections.abc import Sequence
from typing import Final

from sinkhole.control.settings.targets import Target
from sinkhole.control.shipping.carrier import NotSentError, reason_of
from sinkhole.control.shipping.sockets import PATIENCE_S, connect

AT_ONCE: Final = 16
"""Datagrams sent in one turn of the event loop."""


class Datagrams:
    """To one target. What does not fit into a datagram is lost; nobody says whether one came."""

    def __init__(self, target: Target) -> None:
        self._target = target
        self._socket: socket.socket | None = None

    async def send(self, items: Sequence[bytes]) -> None:
        """Send each of these."""
        sent = 0
        try:
            if self._socket is None:
                self._socket = await connect(self._target, socket.SOCK_DGRAM)
            async with asyncio.timeout(PATIENCE_S):
                for sent, item in enumerate(items):
                    await self._send_one(self._socket, item)
                    if sent % AT_ONCE == AT_ONCE - 1:
                        await asyncio.sleep(0)
        except OSError as error:
            await self.close()
            is_too_long = error.errno == errno.EMSGSIZE
            raise NotSentError(reason_of(error), sent, int(is_too_long)) from error

    async def close(self) -> None:
        """Close the socket."""
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    async def _send_one(self, sock: socket.socket, item: bytes) -> None:
        await asyncio.get_running_loop().sock_sendall(sock, item)
