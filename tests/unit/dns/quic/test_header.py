"""What anybody can read of a QUIC packet."""

from __future__ import annotations

import pytest

from sinkhole.dns.quic.header import QuicHeader, read_header

ID = b"OURSHERE"


def initial(token: bytes, size: bytes) -> bytes:
    return b"\xc3\0\0\0\1\x08" + ID + b"\x04SRCE" + size + token + b"\x44\xd0"


@pytest.mark.parametrize(
    ("datagram", "header"),
    [
        (b"\x40" + ID + b"more", QuicHeader(ID)),
        (initial(b"", b"\0"), QuicHeader(ID, 1, b"SRCE", True)),
        (initial(b"abc", b"\x03"), QuicHeader(ID, 1, b"SRCE", True, b"abc")),
        (initial(b"t" * 70, b"\x40\x46"), QuicHeader(ID, 1, b"SRCE", True, b"t" * 70)),
        (b"\xe3\0\0\0\1\x08" + ID + b"\x04SRCE", QuicHeader(ID, 1, b"SRCE")),  # a handshake packet
        (b"\xc3\xfa\xce\xb0\x0c\x08" + ID + b"\0", QuicHeader(ID, 0xFACEB00C, b"")),
        (b"\x80\0\0\0\0\x04DEST\0", QuicHeader(b"DEST", 0, b"")),
    ],
)
def test_the_first_packet(datagram: bytes, header: QuicHeader) -> None:
    assert read_header(datagram) == header


@pytest.mark.parametrize(
    "datagram",
    [
        b"",
        b"\x00" + ID,  # the fixed bit is missing
        b"\x40" + ID[:7],
        b"\xc3\0\0\0\1",
        b"\xc3\0\0\0\1\x08" + ID[:7],
        b"\xc3\0\0\0\1\x08" + ID + b"\x04SR",
        initial(b"abc", b"\x3f"),
        b"\xc3\0\0\0\1\x15" + bytes(21) + b"\0\0",  # no id of version 1 is that long
    ],
)
def test_what_is_no_packet(datagram: bytes) -> None:
    assert read_header(datagram) is None
