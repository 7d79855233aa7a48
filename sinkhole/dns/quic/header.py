"""The part of a QUIC packet that anybody can read: whose connection it is of (RFC 8999, RFC 9000).

long header    flags 1 | version 4 | size 1, destination | size 1, source | ...
Initial, on    size 1-8, token | ...
short header   flags 1 | destination, of the size that this side gave it
"""

from __future__ import annotations

from typing import Final, NamedTuple

CONNECTION_ID_SIZE: Final = 8
"""Bytes of the connection ids that we give."""

VERSION_1: Final = 1
LEAST_INITIAL: Final = 1200
"""Bytes of a client's first datagram at least, so that answers cannot be much longer (§14.1)."""

_LONG: Final = 0x80
_FIXED: Final = 0x40
_TYPE: Final = 0x30
_MOST_ID_SIZE: Final = 20


class QuicHeader(NamedTuple):
    """The first packet of a datagram. `version`, `source` and `token` are of long headers; the
    token is of an Initial packet, with which alone a connection begins."""

    destination: bytes
    version: int | None = None
    source: bytes = b""
    is_initial: bool = False
    token: bytes = b""


def read_header(datagram: bytes) -> QuicHeader | None:
    """The header, or None for what is no QUIC packet. Cost: 1 µs."""
    if not datagram or not datagram[0] & (_LONG | _FIXED):
        return None
    if not datagram[0] & _LONG:
        destination = datagram[1 : 1 + CONNECTION_ID_SIZE]
        return QuicHeader(destination) if len(destination) == CONNECTION_ID_SIZE else None
    try:
        return _read_long(datagram)
    except IndexError:
        return None


def _read_long(datagram: bytes) -> QuicHeader | None:
    """Raises IndexError where the datagram ends too soon."""
    version = int.from_bytes(datagram[1:5], "big")
    destination, position = _part(datagram, 6, datagram[5])
    source, position = _part(datagram, position + 1, datagram[position])
    if version != VERSION_1:
        return QuicHeader(destination, version, source)
    if max(len(destination), len(source)) > _MOST_ID_SIZE:
        return None
    if datagram[0] & _TYPE:
        return QuicHeader(destination, version, source)
    width = 1 << (datagram[position] >> 6)  # a variable-length integer, §16
    size = int.from_bytes(datagram[position : position + width], "big")
    token, _ = _part(datagram, position + width, size & (1 << 8 * width - 2) - 1)
    return QuicHeader(destination, version, source, True, token)


def _part(datagram: bytes, start: int, size: int) -> tuple[bytes, int]:
    end = start + size
    if end > len(datagram):
        raise IndexError
    return datagram[start:end], end
