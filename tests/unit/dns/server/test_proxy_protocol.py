"""The PROXY protocol as HAProxy specifies it."""

from __future__ import annotations

from ipaddress import ip_address

import pytest

from sinkhole.dns.server.proxy_protocol import MOST_HEADER, ProxyHeader, read_proxy_header
from sinkhole.model.errors import WireError

SIGNATURE = b"\r\n\r\n\0\r\nQUIT\n"


def binary(
    source: str, *, command: int = 1, transport: int = 1, tlvs: bytes = b"", family: int = 0
) -> bytes:
    """A header of version 2."""
    packed = ip_address(source).packed
    family = family or (1 if len(packed) == 4 else 2)
    body = packed + packed[::-1] + b"\x12\x34\x00\x35" + tlvs
    head = bytes((0x20 | command, family << 4 | transport)) + len(body).to_bytes(2, "big")
    return SIGNATURE + head + body


@pytest.mark.parametrize(
    ("header", "source"),
    [
        (b"PROXY TCP4 192.0.2.7 198.51.100.1 56324 853\r\n", "192.0.2.7"),
        (b"PROXY TCP6 2001:db8::7 2001:db8::1 56324 853\r\n", "2001:db8::7"),
        (b"PROXY TCP6 ::ffff:192.0.2.7 ::1 1 1\r\n", "192.0.2.7"),
        (b"PROXY UNKNOWN\r\n", ""),
        (b"PROXY UNKNOWN ffff::1 whatever\r\n", ""),
        (binary("192.0.2.7"), "192.0.2.7"),
        (binary("192.0.2.7", transport=2), "192.0.2.7"),
        (binary("2001:db8::7", tlvs=b"\x03\x00\x04abcd"), "2001:db8::7"),
        (binary("::ffff:192.0.2.7"), "192.0.2.7"),
        (binary("192.0.2.7", command=0), ""),
        (SIGNATURE + b"\x20\x00\x00\x00", ""),
        (SIGNATURE + b"\x21\x31\x00\xd8" + bytes(216), ""),
    ],
)
def test_a_header_names_the_client_and_ends_where_it_says(header: bytes, source: str) -> None:
    packed = ip_address(source).packed if source else None
    assert read_proxy_header(header + b"query") == ProxyHeader(packed, len(header))
    for size in range(len(header)):
        assert read_proxy_header(header[:size]) is None


@pytest.mark.parametrize(
    "data",
    [
        b"\x00\x1e",
        b"\r\n\r\n\0\r\nQUIt",
        b"PROXY TCP4 192.0.2.7 198.51.100.1 56324\r\n",
        b"PROXY TCP4 2001:db8::7 2001:db8::1 1 1\r\n",
        b"PROXY TCP6 192.0.2.7 198.51.100.1 1 1\r\n",
        b"PROXY TCP4 192.0.2.7 198.51.100.1 1 65536\r\n",
        b"PROXY TCP4 192.0.2.7 198.51.100.1 1 -1\r\n",
        b"PROXY TCP4 192.0.2 198.51.100.1 1 1\r\n",
        b"PROXY TCP4 192.0.2.7  198.51.100.1 1 1\r\n",
        b"PROXY UDP4 192.0.2.7 198.51.100.1 1 1\r\n",
        b"PROXY \xff\r\n",
        b"PROXY " + b"x" * 120,
        SIGNATURE + b"\x11\x11\x00\x0c" + bytes(12),
        SIGNATURE + b"\x22\x11\x00\x0c" + bytes(12),
        SIGNATURE + b"\x21\x11\x00\x0b" + bytes(11),
        SIGNATURE + b"\x21\x21\x00\x0c" + bytes(12),
        SIGNATURE + b"\x21\x11" + MOST_HEADER.to_bytes(2, "big"),
    ],
)
def test_what_is_no_header_is_an_error(data: bytes) -> None:
    with pytest.raises(WireError):
        read_proxy_header(data)
