"""Any bytes are a PROXY header, the beginning of one, or a WireError; what is one is read the same
however it is cut, and whatever stands behind it."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address

from hypothesis import given, settings
from hypothesis import strategies as st

from sinkhole.dns.server.proxy_protocol import MOST_HEADER, ProxyHeader, read_proxy_header
from sinkhole.model.errors import WireError

SIGNATURE = b"\r\n\r\n\0\r\nQUIT\n"
beginnings = st.sampled_from(
    [b"", b"PROXY ", b"PROXY TCP4 ", b"PROXY TCP6 ::1 ", SIGNATURE, SIGNATURE + b"\x21\x11"]
)


def read(data: bytes) -> ProxyHeader | str | None:
    try:
        return read_proxy_header(data)
    except WireError as error:
        return str(error)


@settings(max_examples=500, deadline=None)
@given(beginnings, st.binary(max_size=300), st.booleans())
def test_any_bytes_are_a_header_a_beginning_or_an_error(
    beginning: bytes, rest: bytes, ends: bool
) -> None:
    data = beginning + rest + b"\r\n" * ends
    found = read(data)
    if isinstance(found, ProxyHeader):
        assert 0 < found.size <= min(len(data), MOST_HEADER)
        assert found.source is None or len(found.source) in (4, 16)
        assert read(data[: found.size]) == read(data + b"more") == found
        assert read(data[: found.size - 1]) is None
    elif found is None:
        assert len(data) < MOST_HEADER


@settings(deadline=None)
@given(st.ip_addresses(), st.binary(max_size=200))
def test_the_address_that_was_written_is_read(
    source: IPv4Address | IPv6Address, tlvs: bytes
) -> None:
    v6 = isinstance(source, IPv6Address)
    packed = source.packed
    body = packed + bytes(len(packed)) + bytes(4) + tlvs
    head = bytes((0x21, 0x21 if v6 else 0x11)) + len(body).to_bytes(2, "big")
    mapped = source.ipv4_mapped if isinstance(source, IPv6Address) else None
    expected = mapped.packed if mapped else packed
    wire = SIGNATURE + head + body
    assert read(wire) == ProxyHeader(expected, len(wire))
    line = f"PROXY TCP{6 if v6 else 4} {source} {source} 1 65535\r\n".encode()
    assert read(line) == ProxyHeader(expected, len(line))
