"""Sockets to a target, open to be sent to; connecting takes no longer than is waited for it."""

from __future__ import annotations

import asyncio
import socket
from typing import Final

from sinkhole.control.settings.targets import Target

PATIENCE_S: Final = 5.0
"""For a connection, for the other side's word, and for room in its buffer."""

KEEPALIVE_S: Final = 30
"""After so long without a word the kernel asks whether the other side is still there."""


async def connect(target: Target, kind: socket.SocketKind) -> socket.socket:
    """A connected socket, which never blocks; OSError, of which TimeoutError is one."""
    async with asyncio.timeout(PATIENCE_S):
        if target.scheme == "unix":
            return await asyncio.to_thread(_to_path, target.path, kind)
        loop = asyncio.get_running_loop()
        places = await loop.getaddrinfo(target.host, target.port, type=kind)
        error: OSError | None = None
        for family, _, _, _, address in places:
            sock = socket.socket(family, kind)
            try:
                sock.setblocking(False)
                await loop.sock_connect(sock, address)
            except OSError as failed:
                sock.close()
                error = failed
            except BaseException:
                sock.close()
                raise
            else:
                _watch(sock)
                return sock
    raise error or OSError("it has no address")


def has_left(sock: socket.socket) -> bool:
    """Whether the other side has closed the connection, as far as is known without sending."""
    try:
        return not sock.recv(1, socket.MSG_PEEK)
    except BlockingIOError:
        return False
    except OSError:
        return True


def _to_path(path: str, kind: socket.SocketKind) -> socket.socket:
    """In a thread, as a path is looked up on the disk, and as a full queue is waited for."""
    sock = socket.socket(socket.AF_UNIX, kind)
    try:
        sock.settimeout(PATIENCE_S)
        sock.connect(path)
        sock.setblocking(False)
    except BaseException:
        sock.close()
        raise
    return sock


def _watch(sock: socket.socket) -> None:
    """Have the kernel find out when the other side is gone without a word."""
    if sock.type is not socket.SOCK_STREAM:
        return
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for option in ("TCP_KEEPIDLE", "TCP_KEEPINTVL"):
        if hasattr(socket, option):
            sock.setsockopt(socket.IPPROTO_TCP, getattr(socket, option), KEEPALIVE_S)
    if hasattr(socket, "TCP_USER_TIMEOUT"):
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, KEEPALIVE_S * 1000)
