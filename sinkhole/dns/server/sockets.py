"""Listening sockets: UDP and TCP on one address and port, each to be had or not by itself."""

from __future__ import annotations

import errno
import socket
import sys
from collections.abc import Iterable
from typing import Final, Literal, NamedTuple

from sinkhole.model.errors import SinkholeError
from sinkhole.model.shared_port import share_port, shared_port
from sinkhole.model.socket_address import address_text, family_of, socket_address

RECEIVE_BUFFER: Final = 1 << 20
"""Room in the kernel for queries that arrive while Python does something else, in bytes."""

BACKLOG: Final = 128

WILDCARDS: Final = ("0.0.0.0", "::")
"""Every address of this machine, of one family."""

Transport = Literal["UDP", "TCP"]


class Bound(NamedTuple):
    """A socket bound to one listen address; `port` is the real one, also for port 0."""

    sock: socket.socket
    transport: Transport
    host: str
    port: int
    pktinfo: bool = False
    """Bound to a wildcard, with UDP: replies must be told which address to leave from."""


class ListenError(SinkholeError):
    """An address of `dns.listen` cannot be listened on; the text says what to do."""

    def __init__(self, host: str, port: int, error: OSError) -> None:
        self.advice = _advice(host, port, error)
        """The text without the key of the settings in front, as there are others with addresses."""
        super().__init__(f"dns.listen: {self.advice}")
        self.has_no_family = error.errno == errno.EAFNOSUPPORT
        """Whether this machine knows no such addresses at all, as without IPv6."""
        self.is_late = error.errno in (errno.EADDRNOTAVAIL, errno.ENODEV)
        """Whether the address or its interface is not there, and so may come yet."""
        self.is_taken = error.errno == errno.EADDRINUSE
        """Whether another program has the port."""
        self.is_denied = error.errno in (errno.EACCES, errno.EPERM)
        """Whether the right to the port is missing, which the kernel may be told to give."""

    @property
    def may_pass(self) -> bool:
        """Whether it can be had without a restart, when the machine has changed."""
        return self.is_late or self.is_taken or self.is_denied


def bind(transport: Transport, host: str, port: int, leaving: Iterable[Bound] = ()) -> Bound:
    """Bind one socket, for TCP with its queue; port 0 takes any.

    `leaving` are sockets of ours that are about to be closed, and are no reason why it can't be
    had: of the same address it is the same socket once more, so that nothing in its queue is lost.
    Raises ListenError, e.g. when the port is taken or needs rights.
    """
    rivals = [each for each in leaving if port and (each.port, each.transport) == (port, transport)]
    for each in rivals:
        if each.host == host:
            return each._replace(sock=each.sock.dup())
    with shared_port([each.sock for each in rivals]):
        return _bind(transport, host, port, is_shared=bool(rivals))


def bind_beside(bound: Bound) -> Bound:
    """One more socket for the same address and port: the kernel gives each of the two a part of
    what comes from now on. ListenError as from `bind`."""
    share_port(bound.sock, is_shared=True)
    other = _bind(bound.transport, bound.host, bound.port, is_shared=True)
    share_port(other.sock, is_shared=True)
    return other


def _bind(transport: Transport, host: str, port: int, *, is_shared: bool) -> Bound:
    sock = None
    try:
        sock = _socket(family_of(host), transport)
        if is_shared:
            share_port(sock, is_shared=True)
        sock.bind(socket_address(host, port))
        pktinfo = transport == "UDP" and host in WILDCARDS
        if pktinfo:
            _ask_for_pktinfo(sock, sock.family)
        if transport == "TCP":
            sock.listen(BACKLOG)
        if is_shared:
            share_port(sock, is_shared=False)
        return Bound(sock, transport, host, sock.getsockname()[1], pktinfo)
    except OSError as error:
        if sock is not None:
            sock.close()
        raise ListenError(host, port, error) from error


def bind_both(host: str) -> tuple[Bound, Bound]:
    """UDP and TCP on a port that is free for both; ListenError as from `bind`."""
    udp = bind("UDP", host, 0)
    try:
        return udp, bind("TCP", host, udp.port)
    except ListenError as error:
        udp.sock.close()
        if error.is_taken:
            return bind_both(host)  # there are other ports
        raise


def _socket(family: socket.AddressFamily, transport: Transport) -> socket.socket:
    kind = socket.SOCK_DGRAM if transport == "UDP" else socket.SOCK_STREAM
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
    where = address_text(host, port)
    if error.errno == errno.EADDRINUSE:
        which = f"`ss -lnptu 'sport = :{port}'` tells which one; stop it, or choose another port."
        if port == 53:
            which = (
                f"`ss -lnptu 'sport = :{port}'` tells which one; often it is systemd-resolved, see "
                'the README, "Freeing port 53".'
            )
        return " ".join((f"{where} is in use by another program.", which))
    if error.errno in (errno.EACCES, errno.EPERM):
        return (
            f"{where} needs the right to use ports below 1024. Run as a service "
            "(CAP_NET_BIND_SERVICE, see packaging/sinkhole.service) or choose a port like 5353."
        )
    if error.errno == errno.EAFNOSUPPORT and ":" in host:
        return f"{where}: this machine has no IPv6."
    if error.errno == errno.EADDRNOTAVAIL:
        return f"this machine has no address {host}."
    return f"{where}: {error.strerror}."
