"""UDP towards upstreams: a fresh socket on a random port for every query.

The port and the id are what a forger has to guess, so each query gets a socket of its own, bound
to a port drawn from the operating system's random source and connected to the server: the kernel
then drops whatever comes from elsewhere (RFC 5452 §9.2).

asyncio's own datagram endpoints need a transport, a protocol and a turn of the event loop for
each query. Here all sockets hang in one epoll object, which is the only thing the loop watches:
what a query costs is the kernel's work for its socket, and little more.
"""

from __future__ import annotations

import asyncio
import errno
import os
import select
import socket
from collections.abc import Callable
from typing import Final, Generic, TypeVar

from sinkhole.model.socket_address import SocketAddress

Owner = TypeVar("Owner")

RECEIVE_SIZE: Final = 4096
"""We announce 1232 bytes; what is longer than this is cut, and then refused as malformed."""

MOST_PER_WAKE: Final = 64
"""Datagrams read before the event loop gets its turn, so that a burst cannot starve clients."""

LOWEST_PORT: Final = 1024
BIND_TRIES: Final = 16

_TAKEN: Final = (errno.EADDRINUSE, errno.EACCES)
# In figures: "" would be looked up at every bind.
_ANY_ADDRESS: Final = {int(socket.AF_INET): "0.0.0.0", int(socket.AF_INET6): "::"}
_NONBLOCK: Final = int(getattr(socket, "SOCK_NONBLOCK", 0))
_KIND: Final = socket.SOCK_DGRAM | _NONBLOCK


class Datagrams(Generic[Owner]):
    """The open sockets, each with the owner whose query was sent from it.

    `receive(arrived)` gets all that arrived in one wake-up, at most once a socket: the owner with
    the datagram, or with the OSError the kernel reports instead, such as ECONNREFUSED when nobody
    listens there. It may close sockets, also those of owners further down in the list. How many
    sockets are open is bounded by the caller.
    """

    def __init__(
        self,
        receive: Callable[[list[tuple[Owner, bytes | OSError]]], None],
        *,
        entropy: Callable[[int], bytes] = os.urandom,
        epoll: bool = hasattr(select, "epoll"),
    ) -> None:
        self._receive = receive
        self._entropy = entropy
        self._open: dict[int, tuple[socket.SocketType, Owner]] = {}
        self._epoll: select.epoll | None = None
        self._wants_epoll = epoll

    def start(self) -> None:
        """Have the running event loop watch the sockets from now on."""
        if self._wants_epoll:
            self._epoll = select.epoll()
            asyncio.get_running_loop().add_reader(self._epoll.fileno(), self._drain)

    def __len__(self) -> int:
        """How many sockets are open."""
        return len(self._open)

    def send(
        self, family: int, address: SocketAddress, query: bytes, owner: Owner
    ) -> socket.SocketType:
        """Send one query from a new socket, which is listened to until `close_one`.

        To be called between `start` and `close`. Raises OSError when the kernel refuses: no
        descriptors left, no route, no free port.
        """
        # SocketType is the C type below socket.socket, and saves 2 µs a query.
        sock = socket.SocketType(family, _KIND)
        try:
            if not _NONBLOCK:
                sock.setblocking(False)
            self._bind(sock, _ANY_ADDRESS[family])
            sock.connect(address)
            fd = sock.fileno()
            if self._epoll is not None:
                self._epoll.register(fd, select.EPOLLIN)
            else:
                asyncio.get_running_loop().add_reader(fd, self._read_alone, fd)
            self._open[fd] = (sock, owner)
            sock.send(query)
        except OSError:
            self.close_one(sock)
            raise
        return sock

    def close_one(self, sock: socket.SocketType) -> None:
        """Close a socket of `send`; nothing is read from it any more."""
        fd = sock.fileno()
        if self._open.pop(fd, None) is not None and self._epoll is None:
            asyncio.get_running_loop().remove_reader(fd)
        sock.close()  # which also takes it out of the epoll object

    def close(self) -> None:
        """Close every socket; nothing can be sent any more."""
        for sock, _ in list(self._open.values()):
            self.close_one(sock)
        if self._epoll is not None:
            asyncio.get_running_loop().remove_reader(self._epoll.fileno())
            self._epoll.close()
            self._epoll = None

    def _bind(self, sock: socket.SocketType, host: str) -> None:
        for _ in range(BIND_TRIES):
            port = int.from_bytes(self._entropy(2), "big")
            if port < LOWEST_PORT:
                continue
            try:
                return sock.bind((host, port))
            except OSError as error:
                if error.errno not in _TAKEN:
                    raise
        raise OSError(errno.EADDRINUSE, f"no free port in {BIND_TRIES} random draws")

    def _drain(self) -> None:
        """Read what has arrived; what is left over wakes the loop again at once."""
        if self._epoll is not None:
            self._read([fd for fd, _ in self._epoll.poll(0, MOST_PER_WAKE)])

    def _read_alone(self, fd: int) -> None:
        """As `_drain`, where the loop watches each socket."""
        self._read([fd])

    def _read(self, fds: list[int]) -> None:
        """Take a datagram from each of these sockets, and hand over all of them."""
        arrived: list[tuple[Owner, bytes | OSError]] = []
        for fd in fds:
            sock, owner = self._open[fd]
            try:
                arrived.append((owner, sock.recv(RECEIVE_SIZE)))
            except (BlockingIOError, InterruptedError):
                continue
            except OSError as error:
                arrived.append((owner, error))
        if arrived:
            self._receive(arrived)
