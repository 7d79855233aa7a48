"""Netlink on the wire (netlink(7), in this machine's byte order): messages and their attributes.

Garbage ends what is read, and raises nothing.
"""

from __future__ import annotations

import socket
import sys
from collections.abc import Iterator
from struct import Struct
from typing import Final, NamedTuple

ORDER: Final = sys.byteorder
"""Of the bytes of numbers."""

ERROR: Final = 2
DONE: Final = 3
"""The types of messages that end an answer: with an error, and with all of it told."""

DUMP: Final = 0x1 | 0x300
"""The flags of a request for all there is: NLM_F_REQUEST and NLM_F_DUMP."""

INTERRUPTED: Final = 0x10
"""NLM_F_DUMP_INTR: what is told changed meanwhile, something may be missing."""

PATIENCE_S: Final = 1.0
"""For each piece of the kernel's answer."""

MOST_DATAGRAMS: Final = 16
"""Of an answer to `dump`; a default route stands in front of all others."""

_DATAGRAM: Final = 1 << 16
_MESSAGE: Final = Struct("=IHHII")
"""Length of all, type, flags, sequence, port."""
_ATTRIBUTE: Final = Struct("=HH")
_TYPE: Final = 0x3FFF
"""Of an attribute's type, without its two flags."""


def listening(groups: int) -> socket.socket | None:
    """A socket that hears of these groups of routes, addresses and neighbours (rtnetlink(7)), for
    an event loop; None where the system has none. Raises OSError."""
    family = getattr(socket, "AF_NETLINK", None)
    if family is None:
        return None
    sock = socket.socket(family, socket.SOCK_RAW, 0)  # NETLINK_ROUTE
    try:
        sock.setblocking(False)
        sock.bind((0, groups))
    except OSError:
        sock.close()
        raise
    return sock


def dump(kind: int, body: bytes) -> Iterator[Message]:
    """All that the kernel tells to a request for all there is, up to MOST_DATAGRAMS.

    For a thread, though the kernel answers at once. Raises OSError, where it does not tell us, too.
    """
    family = getattr(socket, "AF_NETLINK", None)
    if family is None:
        raise OSError("this system has no netlink")
    with socket.socket(family, socket.SOCK_RAW | socket.SOCK_CLOEXEC, 0) as sock:
        sock.settimeout(PATIENCE_S)
        sock.bind((0, 0))
        sock.sendto(message(kind, DUMP, body), (0, 0))
        for _ in range(MOST_DATAGRAMS):
            for each in messages(sock.recv(_DATAGRAM)):
                if each.kind in (DONE, ERROR):
                    return
                yield each


class Message(NamedTuple):
    """One message without its head."""

    kind: int
    flags: int
    body: bytes


def messages(datagram: bytes) -> Iterator[Message]:
    """Each message in a datagram, up to one that is cut."""
    at = 0
    while at + _MESSAGE.size <= len(datagram):
        size, kind, flags, _, _ = _MESSAGE.unpack_from(datagram, at)
        if size < _MESSAGE.size or at + size > len(datagram):
            return
        yield Message(kind, flags, datagram[at + _MESSAGE.size : at + size])
        at += size + 3 & ~3


def attributes(data: bytes) -> dict[int, bytes]:
    """Attributes by their type; of several of one type the last."""
    found: dict[int, bytes] = {}
    at = 0
    while at + _ATTRIBUTE.size <= len(data):
        size, kind = _ATTRIBUTE.unpack_from(data, at)
        if size < _ATTRIBUTE.size or at + size > len(data):
            break
        found[kind & _TYPE] = data[at + _ATTRIBUTE.size : at + size]
        at += size + 3 & ~3
    return found


def message(kind: int, flags: int, body: bytes, sequence: int = 0) -> bytes:
    """A message as it is sent."""
    size = _MESSAGE.size + len(body)
    return _MESSAGE.pack(size, kind, flags, sequence, 0) + body + bytes(-size % 4)


def attribute(kind: int, data: bytes) -> bytes:
    """An attribute as it is sent."""
    size = _ATTRIBUTE.size + len(data)
    return _ATTRIBUTE.pack(size, kind) + data + bytes(-size % 4)
