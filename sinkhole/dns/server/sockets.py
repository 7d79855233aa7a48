"""Listening sockets: UDP and TCP on one address and port."""

from __future__ import annotations

import errno
import logging
import socket
import sys
from collections.abc import Iterable
from typing import Final, NamedTuple

from sinkhole.model.errors import SinkholeError
from sinkhole.model.socket_address import family_of, socket_address

log = logging.getLogger(__name__)

RECEIVE_BUFFER: Final = 1 << 20
"""Room in the kernel for queries that arrive while Python does something else, in bytes."""

BACKLOG: Final = 128


class Pair(NamedTuple):
    """The two sockets of one listen address; `port` is the real one, also for port 0."""

    udp: socket.socket
    tcp: socket.socket
    host: str
    port: int
    pktinfo: bool
    """Bound to a wildcard: replies must be told which address to leave from."""

    def close(self) -> None:
        """Close both."""
        self.udp.close()
        self.tcp.close()


class ListenError(SinkholeError):
    """An address cannot be listened on; the text says what to do."""

    def __init__(self, host: str, port: int, error: OSError) -> None:
        super().__init__(_advice(host, port, error))
        self.has_no_family = error.errno == errno.EAFNOSUPPORT
        """Whether this machine knows no such addresses at all, as without IPv6."""


def bind(host: str, port: int) -> Pair:
    """Bind UDP and TCP on one port; port 0 takes one that is free for both.

    Raises ListenError, e.g. when the port is taken or needs rights.
    """
    family = family_of(host)
    udp = tcp = None
    try:
        udp = _socket(family, socket.SOCK_DGRAM)
        udp.bind(socket_address(host, port))
        real_port = udp.getsockname()[1]
        tcp = _socket(family, socket.SOCK_STREAM)
        tcp.bind(socket_address(host, real_port))
        tcp.listen(BACKLOG)
        pktinfo = host in ("0.0.0.0", "::")
        if pktinfo:
            _ask_for_pktinfo(udp, family)
    except OSError as error:
        for sock in (udp, tcp):
            if sock is not None:
                sock.close()
        if port == 0 and error.errno == errno.EADDRINUSE:
            return bind(host, port)  # the free UDP port was taken for TCP; there are others
        raise ListenError(host, port, error) from error
    return Pair(udp, tcp, host, real_port, pktinfo)


def bind_all(listen: Iterable[tuple[str, int]]) -> list[Pair]:
    """Bind each (host, port), or none; ListenError as from `bind`.

    On a machine without IPv6, "::" is left out where other addresses remain: it stands in the
    default settings, and means "every address there is".
    """
    pairs: list[Pair] = []
    missing: ListenError | None = None
    try:
        for host, port in listen:
            try:
                pairs.append(bind(host, port))
            except ListenError as error:
                if host != "::" or not error.has_no_family:
                    raise
                missing = error
        if missing is not None and not pairs:
            raise missing
    except ListenError:
        for pair in pairs:
            pair.close()
        raise
    if missing is not None:
        log.warning("%s It is left out.", missing)
    return pairs


def _socket(family: socket.AddressFamily, kind: socket.SocketKind) -> socket.socket:
    sock = socket.socket(family, kind)
    sock.setblocking(False)
    if kind == socket.SOCK_STREAM:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    else:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER)
    if family == socket.AF_INET6:
        sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
    return sock


def _ask_for_pktinfo(sock: socket.socket, family: socket.AddressFamily) -> None:
    """Have the kernel say which of our addresses each datagram was sent to."""
    if family == socket.AF_INET6:
        sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_RECVPKTINFO, 1)
    elif sys.platform == "linux":
        sock.setsockopt(socket.IPPROTO_IP, IP_PKTINFO, 1)


IP_PKTINFO: Final = 8  # Linux; the socket module of Python 3.11 has no name for it


def _advice(host: str, port: int, error: OSError) -> str:
    where = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    if error.errno == errno.EADDRINUSE:
        found = (
            f"dns.listen: {where} is in use by another program. "
            f"`ss -lnptu 'sport = :{port}'` tells which one"
        )
        if port == 53:
            return f'{found}; often it is systemd-resolved, see the README, "Freeing port 53".'
        return f"{found}; stop it, or choose another port."
    if error.errno in (errno.EACCES, errno.EPERM):
        return (
            f"dns.listen: {where} needs the right to use ports below 1024. Run as a service "
            "(CAP_NET_BIND_SERVICE, see packaging/sinkhole.service) or choose a port like 5353."
        )
    if error.errno == errno.EAFNOSUPPORT and ":" in host:
        return f"dns.listen: {where}: this machine has no IPv6."
    if error.errno == errno.EADDRNOTAVAIL:
        return f"dns.listen: this machine has no address {host}."
    return f"dns.listen: {where}: {error.strerror}."
