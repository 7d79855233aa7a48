"""A connection to a receiver of dnstap, with the handshake of frame streams."""

from __future__ import annotations

import asyncio
import socket

from sinkhole.control.shipping.frame_streams import (
    DNSTAP,
    HEAD_SIZE,
    Control,
    ControlFrame,
    control_frame,
    control_size,
    read_control,
)
from sinkhole.control.shipping.stream import Stream
from sinkhole.model.errors import WireError


class FrameStream(Stream):
    """To one receiver; the items are frames of data."""

    async def _greet(self, sock: socket.socket) -> None:
        loop = asyncio.get_running_loop()
        await loop.sock_sendall(sock, control_frame(Control.READY, DNSTAP))
        answer = await _next_control(sock)
        if answer.kind != Control.ACCEPT or not answer.accepts(DNSTAP):
            raise WireError("it does not accept dnstap")
        await loop.sock_sendall(sock, control_frame(Control.START, DNSTAP))

    async def _part(self, sock: socket.socket) -> None:
        await asyncio.get_running_loop().sock_sendall(sock, control_frame(Control.STOP))
        while (await _next_control(sock)).kind != Control.FINISH:
            continue


async def _next_control(sock: socket.socket) -> ControlFrame:
    head = await _exactly(sock, HEAD_SIZE)
    return read_control(await _exactly(sock, control_size(head)))


async def _exactly(sock: socket.socket, size: int) -> bytes:
    loop, found = asyncio.get_running_loop(), b""
    while len(found) < size:
        more = await loop.sock_recv(sock, size - len(found))
        if not more:
            raise WireError("it has closed the connection in the middle of the handshake")
        found += more
    return found
