"""One port for two sockets of ours for a moment, so that the new one is there before the old one
closes."""

from __future__ import annotations

import socket
from collections.abc import Iterator, Sequence
from contextlib import contextmanager


@contextmanager
def shared_port(socks: Sequence[socket.socket]) -> Iterator[None]:
    """Let another socket with this option be bound to what these are bound to, such as one address
    of all (Linux looks at the option when the other one is bound)."""
    for each in socks:
        share_port(each, is_shared=True)
    try:
        yield
    finally:
        for each in socks:
            share_port(each, is_shared=False)


def share_port(sock: socket.socket, *, is_shared: bool) -> None:
    """Set the option, or take it back when both are bound."""
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, int(is_shared))
